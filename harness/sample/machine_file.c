/* Small files of /proc and /sys; see machine_file.h. */
#include "machine_file.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_below(const char *root, const char *path)
{
    char whole[PATH_MAX];
    if (snprintf(whole, sizeof whole, "%s%s", root, path) >= (int)sizeof whole)
        return NULL;
    return fopen(whole, "re");
}

static bool read_line(char *text, const char *root, const char *path)
{
    FILE *file = open_below(root, path);
    text[0] = '\0';
    if (file == NULL)
        return false;
    bool read = fgets(text, MACHINE_TEXT_BYTES, file) != NULL;
    fclose(file);
    if (!read)
        text[0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return read;
}

bool machine_line(char *text, const char *root, const char *path, ...)
{
    char formatted[PATH_MAX];
    va_list arguments;
    va_start(arguments, path);
    vsnprintf(formatted, sizeof formatted, path, arguments);
    va_end(arguments);
    return read_line(text, root, formatted);
}

bool machine_number(int64_t *value, const char *root, const char *path, ...)
{
    char formatted[PATH_MAX], text[MACHINE_TEXT_BYTES], *end;
    va_list arguments;
    va_start(arguments, path);
    vsnprintf(formatted, sizeof formatted, path, arguments);
    va_end(arguments);
    if (!read_line(text, root, formatted))
        return false;
    *value = strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

/* The value in a line of that key, or NULL. */
static char *value_in(char *line, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0 || strchr(" \t:", line[length]) == NULL)
        return NULL;
    char *value = line + length;
    value += strspn(value, " \t:");
    value[strcspn(value, "\n")] = '\0';
    return value;
}

/* The line that begins with the key, to be freed, its value in `*value`; or NULL. */
static char *find_line(const char *root, const char *path, const char *key, char **value)
{
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = open_below(root, path);
    if (file == NULL)
        return NULL;
    while (getline(&line, &capacity, file) > 0)
        if ((*value = value_in(line, key)) != NULL) {
            fclose(file);
            return line;
        }
    fclose(file);
    free(line);
    return NULL;
}

bool machine_value(char *text, const char *root, const char *path, const char *key)
{
    char *value, *line = find_line(root, path, key, &value);
    snprintf(text, MACHINE_TEXT_BYTES, "%s", line != NULL ? value : "");
    free(line);
    return line != NULL;
}

bool machine_value_number(int64_t *value, const char *root, const char *path, const char *key)
{
    char text[MACHINE_TEXT_BYTES], *end;
    if (!machine_value(text, root, path, key))
        return false;
    *value = strtoll(text, &end, 10);
    return end != text;
}

bool machine_has_word(const char *root, const char *path, const char *key, const char *word)
{
    char *value, *line = find_line(root, path, key, &value), *rest, *one;
    bool found = false;
    for (rest = line != NULL ? value : NULL; (one = strsep(&rest, " \t")) != NULL;)
        found = found || strcmp(one, word) == 0;
    free(line);
    return found;
}

bool machine_exists(const char *root, const char *path)
{
    char whole[PATH_MAX];
    return snprintf(whole, sizeof whole, "%s%s", root, path) < (int)sizeof whole &&
           access(whole, F_OK) == 0;
}

struct machine_list machine_parse_list(const char *text)
{
    struct machine_list list = {0, -1};
    char *end;
    for (;; text = end + 1) {
        long first = strtol(text, &end, 10), last = first;
        if (end == text || first < 0)
            return list;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (last < first || last - first >= INT_MAX - list.count)
            return list;
        list.count += (int)(last - first) + 1;
        list.last = (int)last;
        if (*end != ',')
            return list;
    }
}
