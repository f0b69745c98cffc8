/* What is installed; see doctor_tools.h. */
#include "doctor_tools.h"

#include "allocator_catalog.h"
#include "program.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds a word behind a blank, unless it is there already or there is no room. */
static void add_word(char *words, size_t bytes, const char *word)
{
    size_t used = strlen(words), length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at++)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return;
    if (used + length + 2 <= bytes)
        snprintf(words + used, bytes - used, "%s%s", used > 0 ? " " : "", word);
}

static void judge_missing(struct finding *finding, const char *packages, const char *effect)
{
    char mend[FINDING_BYTES];
    snprintf(mend, sizeof mend, "apt-get install %.160s", packages);
    finding_judge(finding, SEVERITY_NOTE, effect, mend);
}

static void look_at_programs(struct findings *findings)
{
    static const struct {
        const char *name, *package;
    } programs[] = {
        {"gnuplot",   "gnuplot-nox"},
        {"strace",    "strace"     },
        {"hyperfine", "hyperfine"  },
        {"valgrind",  "valgrind"   },
    };
    char there[FINDING_BYTES / 2] = "", missing[FINDING_BYTES / 2] = "", packages[128] = "",
                               one[64];
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "%s", programs[i].name);
        bool absent = program_missing(&(struct program){.needs = name}, one);
        add_word(absent ? missing : there, sizeof there, programs[i].name);
        if (absent)
            add_word(packages, sizeof packages, programs[i].package);
    }
    struct finding *finding =
        finding_add(findings, "tools", "%s%s%s", there[0] != '\0' ? there : "none",
                    missing[0] != '\0' ? "; not found: " : "", missing);
    if (missing[0] != '\0')
        judge_missing(finding, packages,
                      "gnuplot draws, strace counts system calls, hyperfine times programs, "
                      "valgrind counts instructions");
}

int doctor_tools(struct findings *findings, const struct paths *paths, char *message)
{
    struct allocator_catalog catalog = {0};
    char there[FINDING_BYTES / 2] = "", missing[FINDING_BYTES / 2] = "", packages[128] = "";
    look_at_programs(findings);
    if (allocator_catalog_load(&catalog, paths, message) < 0)
        return -1;
    for (size_t i = 0; i < catalog.count; i++) {
        const struct allocator_entry *entry = &catalog.entries[i];
        if (!entry->standard)
            continue;
        add_word(entry->installed ? there : missing, sizeof there, entry->allocator.name);
        if (!entry->installed && entry->allocator.package[0] != '\0')
            add_word(packages, sizeof packages, entry->allocator.package);
    }
    struct finding *finding =
        finding_add(findings, "allocators", "%s%s%s", there[0] != '\0' ? there : "none",
                    missing[0] != '\0' ? "; not found: " : "", missing);
    if (packages[0] != '\0')
        judge_missing(finding, packages, "they are left out of 'all'");
    allocator_catalog_release(&catalog);
    return 0;
}
