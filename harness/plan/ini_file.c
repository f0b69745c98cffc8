/* An .ini file as a list of sections; see ini_file.h. */
#include "ini_file.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* inih keeps that much of a name, MAX_SECTION in its source. */
enum { SECTION_NAME_BYTES = 50 };

struct loading {
    struct ini_file *ini;
    FILE *file;
    int line;       /* the last one read; Debian's inih does not tell its handler */
    bool continues; /* that line starts blank */
    char *message;  /* set when a line is refused */
};

static struct ini_section *add_section(struct ini_file *ini, const char *name, int line)
{
    struct ini_section *sections =
        realloc(ini->sections, (ini->section_count + 1) * sizeof *sections);
    if (sections == NULL)
        return NULL;
    ini->sections = sections;
    struct ini_section *section = &sections[ini->section_count];
    *section = (struct ini_section){.name = strdup(name), .line = line};
    if (section->name == NULL)
        return NULL;
    ini->section_count++;
    return section;
}

static int append_line(struct ini_entry *entry, const char *value)
{
    char *longer = NULL;
    if (asprintf(&longer, "%s\n%s", entry->value, value) < 0)
        return -1;
    free(entry->value);
    entry->value = longer;
    return 0;
}

static int add_entry(struct ini_section *section, const char *key, const char *value, int line)
{
    struct ini_entry *entries =
        realloc(section->entries, (section->entry_count + 1) * sizeof *entries);
    if (entries == NULL)
        return -1;
    section->entries = entries;
    entries[section->entry_count] =
        (struct ini_entry){.key = strdup(key), .value = strdup(value), .line = line};
    section->entry_count++;
    if (entries[section->entry_count - 1].key == NULL ||
        entries[section->entry_count - 1].value == NULL)
        return -1;
    return 0;
}

/* Refuses the file: inih stops at the line where its handler returns 0. */
static int refuse(struct loading *loading, const char *what, const char *name)
{
    if (loading->message[0] == '\0')
        message_set(loading->message, "%s:%d: %s '%s' stands twice", loading->ini->path,
                    loading->line, what, name);
    return 0;
}

static void start_section(struct loading *loading, const char *line)
{
    char name[SECTION_NAME_BYTES];
    struct ini_file *ini = loading->ini;
    if (strcspn(line, "]") > sizeof name) { /* its bracket counts; inih would cut it short */
        message_set(loading->message, "%s:%d: a section's name may have %zu characters at most",
                    ini->path, loading->line, sizeof name - 1);
        return;
    }
    if (sscanf(line, "[%49[^]\n]]", name) != 1)
        return;
    for (size_t i = 0; i < ini->section_count; i++)
        if (strcmp(ini->sections[i].name, name) == 0)
            refuse(loading, "section", name);
    if (add_section(ini, name, loading->line) == NULL)
        message_set(loading->message, "out of memory");
}

/* inih reads through this; it is also where sections begin, since inih's handler never hears
 * of one without entries, and '[name]' alone is a fair line of a suite. */
static char *read_line(char *text, int text_bytes, void *stream)
{
    struct loading *loading = stream;
    loading->line++;
    char *line = fgets(text, text_bytes, loading->file);
    if (line == NULL)
        return NULL;
    /* inih would take the rest for another line: a blank at the cut would become a line end. */
    if (strlen(line) == (size_t)text_bytes - 1 && line[text_bytes - 2] != '\n') {
        message_set(loading->message, "%s:%d: longer than %d characters: go on in an indented line",
                    loading->ini->path, loading->line, text_bytes - 2);
        return NULL;
    }
    loading->continues = line[0] == ' ' || line[0] == '\t';
    if (line[0] == '[')
        start_section(loading, line);
    return line;
}

/* inih calls this once a value line; a continuation line comes under the key before it. */
static int take_line(void *user, const char *section_name, const char *key, const char *value)
{
    struct loading *loading = user;
    struct ini_file *ini = loading->ini;
    if (loading->message[0] != '\0' || ini->section_count == 0)
        return 0;
    struct ini_section *section = &ini->sections[ini->section_count - 1];
    struct ini_entry *last =
        section->entry_count > 0 ? &section->entries[section->entry_count - 1] : NULL;
    if (strcmp(section->name, section_name) != 0) { /* inih takes an indented one too */
        message_set(loading->message, "%s:%d: the line of a section must begin with its '['",
                    ini->path, loading->line);
        return 0;
    }
    if (last != NULL && loading->continues && strcmp(last->key, key) == 0)
        return append_line(last, value) == 0;
    if (ini_get(section, key) != NULL)
        return refuse(loading, "key", key);
    return add_entry(section, key, value, loading->line) == 0;
}

/* A FIFO would keep us waiting for ever, a folder reads as an empty file. */
static FILE *open_regular(const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return NULL;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
        return fdopen(file, "r");
    close(file);
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return NULL;
}

int ini_file_load(struct ini_file *ini, const char *path, char *message)
{
    *ini = (struct ini_file){.path = strdup(path)};
    char reason[MESSAGE_BYTES] = "";
    struct loading loading = {.ini = ini, .message = reason, .file = open_regular(path)};

    if (loading.file == NULL) {
        int error = errno;
        ini_file_release(ini);
        return message_set(message, "cannot read %s: %s", path, strerror(error));
    }
    int line = ini_parse_stream(read_line, &loading, take_line, &loading);
    fclose(loading.file);
    if (line == 0 && reason[0] == '\0')
        return 0;
    ini_file_release(ini);
    if (reason[0] != '\0')
        return message_set(message, "%s", reason);
    return message_set(message, "%s:%d: not 'key = value', '[section]' or a comment", path, line);
}

void ini_file_release(struct ini_file *ini)
{
    for (size_t i = 0; i < ini->section_count; i++) {
        struct ini_section *section = &ini->sections[i];
        for (size_t k = 0; k < section->entry_count; k++) {
            free(section->entries[k].key);
            free(section->entries[k].value);
        }
        free(section->entries);
        free(section->name);
    }
    free(ini->sections);
    free(ini->path);
    *ini = (struct ini_file){0};
}

const char *ini_get(const struct ini_section *section, const char *key)
{
    for (size_t i = 0; i < section->entry_count; i++)
        if (strcmp(section->entries[i].key, key) == 0)
            return section->entries[i].value;
    return NULL;
}

/* "option.*" is any key that begins so. */
static bool key_matches(const char *known, const char *key)
{
    size_t length = strlen(known);
    if (length > 0 && known[length - 1] == '*')
        return strncmp(known, key, length - 1) == 0;
    return strcmp(known, key) == 0;
}

int ini_file_check_keys(const struct ini_file *ini, const struct ini_section *section,
                        const char *const *known, char *message)
{
    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *entry = &section->entries[i];
        size_t k = 0;
        while (known[k] != NULL && !key_matches(known[k], entry->key))
            k++;
        if (known[k] != NULL)
            continue;
        char list[256] = "";
        for (k = 0; known[k] != NULL; k++) {
            size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "", known[k]);
        }
        return message_set(message, "%s:%d: unknown key '%s' in [%s]; known: %s", ini->path,
                           entry->line, entry->key, section->name, list);
    }
    return 0;
}
