/* How a recorded workload is named; see trace_name.h. */
#include "trace_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Both are cut off in tables. */
static const char *const suffixes[] = {".hmt", ".ini"};
enum { SUFFIX_LENGTH = 4, SUFFIXES = 2, PATTERN_SUFFIX = 1 };

static size_t length_to(const char *text, const char *suffix)
{
    for (const char *at = text; (at = strstr(at, suffix)) != NULL; at++)
        if (at > text && (at[SUFFIX_LENGTH] == ':' || at[SUFFIX_LENGTH] == '\0'))
            return (size_t)(at - text) + SUFFIX_LENGTH;
    return 0;
}

size_t trace_name_length(const char *text)
{
    for (int i = 0; i < SUFFIXES; i++)
        if (length_to(text, suffixes[i]) > 0)
            return length_to(text, suffixes[i]);
    size_t length = strcspn(text, ":");
    char *path = strndup(text, length);
    struct stat status;
    bool file = path != NULL && strchr(path, '/') != NULL && stat(path, &status) == 0 &&
                S_ISREG(status.st_mode);
    free(path);
    return file ? length : 0;
}

static bool ends_in_suffix(const char *text, size_t length)
{
    for (int i = 0; i < SUFFIXES; i++)
        if (length > SUFFIX_LENGTH &&
            memcmp(text + length - SUFFIX_LENGTH, suffixes[i], SUFFIX_LENGTH) == 0)
            return true;
    return false;
}

char *trace_name_label(const char *text)
{
    size_t length = trace_name_length(text), base = length, end = length;
    char *label = NULL;
    if (length == 0)
        return strdup(text);
    while (base > 0 && text[base - 1] != '/')
        base--;
    if (end - base > SUFFIX_LENGTH && ends_in_suffix(text, end))
        end -= SUFFIX_LENGTH;
    if (asprintf(&label, "%.*s%s", (int)(end - base), text + base, text + length) < 0)
        return NULL;
    return label;
}

bool trace_name_is_pattern(const char *path)
{
    size_t length = strlen(path);
    return length > SUFFIX_LENGTH &&
           strcmp(path + length - SUFFIX_LENGTH, suffixes[PATTERN_SUFFIX]) == 0;
}

bool trace_name_is_pattern_text(const char *text)
{
    size_t length = trace_name_length(text);
    return length > SUFFIX_LENGTH &&
           memcmp(text + length - SUFFIX_LENGTH, suffixes[PATTERN_SUFFIX], SUFFIX_LENGTH) == 0;
}

char *trace_name_runner_params(const char *params)
{
    static const char *const taken[] = {"touch=", "speed=", "repeat=", "laps="};
    char *kept = calloc(1, strlen(params) + 2), *end = kept;
    for (const char *param = params; kept != NULL && *param != '\0';) {
        size_t length = strcspn(param, ",");
        for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
            if (strncmp(param, taken[i], strlen(taken[i])) != 0)
                continue;
            if (end > kept)
                *end++ = ',';
            end = mempcpy(end, param, length);
        }
        param += length + (param[length] == ',');
    }
    return kept;
}
