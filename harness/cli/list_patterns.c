/* heapmark list: workload files; see list_patterns.h. */
#include "list_patterns.h"

#include "message.h"
#include "pattern.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_keys(void)
{
    puts("\n  FILE.ini (workload file): a pattern of your own; docs/workload-files.md explains it\n"
         "      keys of [global], of phases, of kinds of blocks; each can be given behind the "
         "name:");
    for (unsigned i = 0; i < pattern_key_count; i++) {
        const struct pattern_key *key = &pattern_keys[i];
        printf("      %-6s %-10s %s\n", key->where, key->name, key->help);
    }
}

static bool is_called(const char *path, const char *name)
{
    const char *base = strrchr(path, '/') + 1;
    size_t length = strlen(base) - strlen(".ini");
    return name == NULL || strcmp(path, name) == 0 || strcmp(base, name) == 0 ||
           (strlen(name) == length && strncmp(base, name, length) == 0);
}

static int print_file(const char *path, bool brief, char *message)
{
    struct pattern pattern;
    if (pattern_load(&pattern, path, NULL, message) < 0)
        return -1;
    const char *base = strrchr(path, '/') + 1;
    if (brief)
        printf("  %-18s %s\n", base, pattern.summary);
    else
        printf("\n  %s: %s\n      imitates: %s\n      source: %s\n      %u phase%s, %u thread%s\n",
               path, pattern.summary, pattern.imitates, pattern.source, pattern.phases,
               pattern.phases == 1 ? "" : "s", pattern.threads, pattern.threads == 1 ? "" : "s");
    pattern_release(&pattern);
    return 1;
}

int list_patterns(const struct paths *paths, const char *name, bool brief, char *message)
{
    char *folder = path_join(paths->suites, "../patterns"), *real = NULL, *all = NULL;
    int printed = 0, got = 0;
    glob_t files = {0};
    if (folder != NULL)
        real = realpath(folder, NULL);
    if (real != NULL)
        all = path_join(real, "*.ini");
    if (name == NULL) {
        if (brief)
            printf("  %-18s %s\n", "FILE.ini", "a pattern of your own; docs/workload-files.md");
        else
            print_keys();
        printed++;
    }
    if (all != NULL && glob(all, 0, NULL, &files) == 0)
        for (size_t i = 0; i < files.gl_pathc && got >= 0; i++)
            if (is_called(files.gl_pathv[i], name) &&
                (got = print_file(files.gl_pathv[i], brief, message)) > 0)
                printed++;
    globfree(&files);
    free(all);
    free(real);
    free(folder);
    return got < 0 ? -1 : printed;
}
