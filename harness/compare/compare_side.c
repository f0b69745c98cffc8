/* BASE and NEW; see compare_side.h. */
#include "compare_side.h"

#include "allocator_setting.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, SUFFIX_BYTES = 6 };

struct side {
    const char *word;
    char *head;           /* the word without settings */
    const char *settings; /* "" if none */
    char *library;        /* of a revision; NULL: `word` is what allocator_add() takes */
    char name[NAME_BYTES];
    bool chosen; /* the name: by us, so that it may be another's already */
};

/* path/to/libmine.so.2 is called mine. */
static void name_after_file(struct side *side, const char *path)
{
    const char *file = strrchr(path, '/');
    file = file != NULL ? file + 1 : path;
    if (strncmp(file, "lib", 3) == 0)
        file += 3;
    const char *end = strstr(file, ".so");
    size_t length = end != NULL ? (size_t)(end - file) : strlen(file);
    if (length == 0 || length >= NAME_BYTES - SUFFIX_BYTES)
        snprintf(side->name, sizeof side->name, "library");
    else
        snprintf(side->name, sizeof side->name, "%.*s", (int)length, file);
}

static int name_side(struct side *side, const struct revision_source *source,
                     const struct paths *paths, const volatile sig_atomic_t *interrupted,
                     char *message)
{
    const char *word = side->head;
    size_t length = strcspn(word, "=@");
    if (revision_is(word)) {
        struct revision revision;
        if (revision_build(&revision, word, source, paths, interrupted, message) < 0)
            return -1;
        side->library = revision.library;
        snprintf(side->name, sizeof side->name, "%.*s-%s",
                 NAME_BYTES - 1 - SUFFIX_BYTES - REVISION_SHORT_BYTES < (int)length
                     ? NAME_BYTES - 1 - SUFFIX_BYTES - REVISION_SHORT_BYTES
                     : (int)length,
                 word, revision.short_name);
        return 0;
    }
    side->chosen = word[length] != '=' && strchr(word, '/') != NULL;
    const char *dot = strrchr(word, '.');
    if (word[length] != '=' && dot != NULL && strcmp(dot, ".so") == 0)
        side->chosen = true;
    if (side->chosen)
        name_after_file(side, word);
    else if (length >= NAME_BYTES - SUFFIX_BYTES)
        return message_set(message, "%s: that name is too long", word);
    else
        snprintf(side->name, sizeof side->name, "%.*s", (int)length, word);
    return 0;
}

static void add_suffix(struct side *side, const char *suffix)
{
    size_t used = strlen(side->name);
    snprintf(side->name + used, sizeof side->name - used, "%s", suffix);
}

static int cut_settings(struct side *side, char *message)
{
    const char *settings = allocator_settings(side->word);
    side->settings = settings != NULL ? settings : "";
    side->head = settings != NULL ? strndup(side->word, (size_t)(settings - side->word) - 1)
                                  : strdup(side->word);
    return side->head != NULL ? 0 : message_set(message, "out of memory");
}

static int add_side(const struct side *side, const struct allocator_catalog *catalog,
                    struct run *run, char *message)
{
    const char *head = side->library != NULL ? side->library : side->head;
    const char *colon = side->settings[0] != '\0' ? ":" : "";
    char *word = NULL, *name = NULL;
    int result = -1;
    if (asprintf(&word, "%s%s%s", head, colon, side->settings) < 0)
        word = NULL;
    if (asprintf(&name, "%s%s%s", side->name, colon, side->settings) < 0)
        name = NULL;
    if (word != NULL && name != NULL)
        result = allocator_add(catalog, word, name, run, message);
    else
        message_set(message, "out of memory");
    free(word);
    free(name);
    return result;
}

int compare_sides_add(struct run *run, const char *const words[COMPARE_SIDES],
                      const struct revision_source *source, const struct allocator_catalog *catalog,
                      const struct paths *paths, const volatile sig_atomic_t *interrupted,
                      char *message)
{
    static const char *const suffixes[] = {"-base", "-new"};
    struct side sides[COMPARE_SIDES] = {{.word = words[COMPARE_BASE]},
                                        {.word = words[COMPARE_NEW]}};
    int result = 0;
    for (int s = 0; s < COMPARE_SIDES && result == 0; s++)
        if ((result = cut_settings(&sides[s], message)) == 0)
            result = name_side(&sides[s], source, paths, interrupted, message);
    bool same = result == 0 && strcmp(sides[COMPARE_BASE].name, sides[COMPARE_NEW].name) == 0 &&
                strcmp(sides[COMPARE_BASE].settings, sides[COMPARE_NEW].settings) == 0;
    for (int s = 0; s < COMPARE_SIDES && result == 0; s++) {
        struct side *side = &sides[s];
        bool named = strchr(side->head, '=') != NULL && side->library == NULL;
        bool known = allocator_is_known(catalog, run, side->name);
        if (named && known)
            result = message_set(message,
                                 "%s: '%s' means something else already (see heapmark list "
                                 "allocators); give this library another name",
                                 side->word, side->name);
        else if (same || (side->chosen && known))
            add_suffix(side, suffixes[s]);
        if (result == 0)
            result = add_side(side, catalog, run, message);
    }
    for (int s = 0; s < COMPARE_SIDES; s++) {
        free(sides[s].library);
        free(sides[s].head);
    }
    return result;
}
