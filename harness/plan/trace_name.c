/* How a recorded workload is named; see trace_name.h. */
#include "trace_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char suffix[] = ".hmt";
enum { SUFFIX_LENGTH = sizeof suffix - 1 };

size_t trace_name_length(const char *text)
{
    for (const char *at = text; (at = strstr(at, suffix)) != NULL; at++)
        if (at > text && (at[SUFFIX_LENGTH] == ':' || at[SUFFIX_LENGTH] == '\0'))
            return (size_t)(at - text) + SUFFIX_LENGTH;
    size_t length = strcspn(text, ":");
    char *path = strndup(text, length);
    struct stat status;
    bool file = path != NULL && strchr(path, '/') != NULL && stat(path, &status) == 0 &&
                S_ISREG(status.st_mode);
    free(path);
    return file ? length : 0;
}

char *trace_name_label(const char *text)
{
    size_t length = trace_name_length(text), base = length, end = length;
    char *label = NULL;
    if (length == 0)
        return strdup(text);
    while (base > 0 && text[base - 1] != '/')
        base--;
    if (end - base > SUFFIX_LENGTH &&
        memcmp(text + end - SUFFIX_LENGTH, suffix, SUFFIX_LENGTH) == 0)
        end -= SUFFIX_LENGTH;
    if (asprintf(&label, "%.*s%s", (int)(end - base), text + base, text + length) < 0)
        return NULL;
    return label;
}
