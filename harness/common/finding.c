/* Findings about the machine; see finding.h. */
#include "finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *severity_word(enum severity severity)
{
    static const char *const words[] = {
#define X(name, word, help) word,
        SEVERITIES(X)
#undef X
    };
    return words[severity];
}

/* What /sys or a path holds may end on a terminal. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            *text = ' ';
}

struct finding *finding_add(struct findings *findings, const char *name, const char *format, ...)
{
    /* One list of names makes them all: it is the maximum that would be wrong. */
    assert(findings->count < FINDINGS_MAXIMUM);
    struct finding *finding = &findings->item[findings->count++];
    va_list arguments;
    *finding = (struct finding){.name = name};
    va_start(arguments, format);
    vsnprintf(finding->found, sizeof finding->found, format, arguments);
    va_end(arguments);
    clean(finding->found);
    return finding;
}

void finding_judge(struct finding *finding, enum severity severity, const char *effect,
                   const char *mend)
{
    if (severity <= finding->severity)
        return;
    finding->severity = severity;
    finding->effect = effect;
    snprintf(finding->mend, sizeof finding->mend, "%s", mend);
}

const struct finding *findings_find(const struct findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->item[i].name, name) == 0)
            return &findings->item[i];
    return NULL;
}

size_t findings_count(const struct findings *findings, enum severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->item[i].severity == severity;
    return count;
}
