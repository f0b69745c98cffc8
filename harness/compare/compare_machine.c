/* The machine of a comparison, in one line; see compare_words.h. */
#include "compare_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char warning[] = "warning: ", note[] = "note: ";

__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, COMPARE_WORDS_BYTES - used, format, arguments);
    va_end(arguments);
}

static const char *find_fact(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, name) == 0)
            return run->facts[i].value;
    return NULL;
}

static void append_fact(char *text, const struct run *run, const char *name, const char *format)
{
    const char *value = find_fact(run, name);
    char shown[128];
    if (value == NULL)
        return;
    snprintf(shown, sizeof shown, "%s", value);
    append(text, "%s", text[0] != '\0' ? ", " : "");
    for (const char *c = format; *c != '\0'; c++)
        append(text, *c == '@' ? "%s" : "%.1s", *c == '@' ? shown : c);
}

static void append_noise(char *text, const struct run *run)
{
    const char *half_width = find_fact(run, FACT_NOISE_HALF_WIDTH);
    const char *seconds = find_fact(run, FACT_NOISE_SECONDS);
    const char *smallest = find_fact(run, FACT_NOISE_SMALLEST);
    append(text, ". Noise floor: ");
    if (half_width == NULL || seconds == NULL) {
        append(text, "not measured here (heapmark doctor does)");
        return;
    }
    append(text, "+-%.2f %% in %.0f s of an allocator against itself",
           100 * strtod(half_width, NULL), strtod(seconds, NULL));
    if (smallest != NULL)
        append(text, ", smallest change shown %.2f %%", 100 * strtod(smallest, NULL));
}

static void append_warnings(char *text, const struct run *run)
{
    const size_t prefix = strlen(FACT_DOCTOR_PREFIX);
    const char *before = ". Disturbing: ";
    for (size_t i = 0; i < run->fact_count; i++) {
        const struct fact *fact = &run->facts[i];
        if (strncmp(fact->name, FACT_DOCTOR_PREFIX, prefix) != 0 ||
            strncmp(fact->value, warning, strlen(warning)) != 0)
            continue;
        append(text, "%s%s (%.60s)", before, fact->name + prefix, fact->value + strlen(warning));
        before = ", ";
    }
}

char *compare_words_machine(const struct run *run, char *text)
{
    const char *guest = find_fact(run, FACT_DOCTOR_PREFIX "virtual");
    text[0] = '\0';
    append_fact(text, run, "cpu", "@");
    append_fact(text, run, "cpus", "@ CPUs");
    append_fact(text, run, "kernel", "Linux @");
    append_fact(text, run, "libc", "glibc @");
    if (text[0] == '\0')
        return text;
    if (guest != NULL && strncmp(guest, note, strlen(note)) == 0)
        append(text, ", %.80s", guest + strlen(note));
    append_noise(text, run);
    append_warnings(text, run);
    append(text, ".");
    return text;
}
