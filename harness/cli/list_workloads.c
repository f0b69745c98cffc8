/* Workloads in groups; see list_workloads.h. */
#include "list_workloads.h"

#include "list_patterns.h"
#include "message.h"
#include "suite.h"
#include "workload_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_PATTERNS, GROUP_CLASSICS, GROUP_FRAGMENTATION, GROUPS };

/* A workload belongs to the group of the suite that it stands in. */
static const struct {
    const char *suite, *title;
} groups[GROUPS] = {
    [GROUP_PATTERNS] = {NULL,            "Synthetic patterns"   },
    [GROUP_CLASSICS] = {"classics",      "Classics of the field"},
    [GROUP_FRAGMENTATION] = {"fragmentation", "Fragmentation"        },
};

struct listing {
    const struct paths *paths;
    const char *name;
    bool brief;
    struct workload_catalog catalog;
    struct suite suites[GROUPS]; /* without items where there is none */
    size_t printed;
    char *message;
};

static bool wanted(const struct listing *listing, const char *name)
{
    return listing->name == NULL || strcmp(listing->name, name) == 0;
}

static bool stands_in(const struct suite *suite, const char *workload)
{
    size_t length = strlen(workload);
    for (size_t i = 0; i < suite->item_count; i++) {
        const char *text = suite->items[i].text;
        if (strncmp(text, workload, length) == 0 && (text[length] == '\0' || text[length] == ':'))
            return true;
    }
    return false;
}

static int group_of(const struct listing *listing, const struct workload_entry *entry)
{
    for (int g = GROUPS - 1; g > GROUP_PATTERNS; g--)
        if (stands_in(&listing->suites[g], entry->name))
            return g;
    return GROUP_PATTERNS;
}

static void load_groups(struct listing *listing)
{
    char ignored[MESSAGE_BYTES];
    for (int g = GROUP_PATTERNS + 1; g < GROUPS; g++)
        if (suite_load(&listing->suites[g], listing->paths->suites, groups[g].suite, ignored) < 0)
            listing->suites[g] = (struct suite){0};
}

static void print_params(const struct workload_entry *entry)
{
    for (size_t i = 0; i < entry->param_count; i++) {
        const struct workload_param *param = &entry->params[i];
        char range[256];
        if (param->choices[0] != '\0')
            snprintf(range, sizeof range, "%s", param->choices);
        else
            snprintf(range, sizeof range, "%s to %s", param->minimum, param->maximum);
        printf("      %-14s = %-9s %s (%s)\n", param->name, param->fallback, param->help, range);
    }
    for (size_t i = 0; i < entry->preset_count; i++) {
        const struct workload_preset *preset = &entry->presets[i];
        printf("      preset %s:%s: %s\n          %s\n", entry->name, preset->name, preset->help,
               preset->params);
    }
}

static void print_workload(struct listing *listing, const struct workload_entry *entry)
{
    const char *name = entry->recorded ? "FILE.hmt" : entry->name;
    listing->printed++;
    if (listing->brief) {
        printf("  %-18s %s\n", name, entry->summary);
        return;
    }
    printf("\n  %s%s: %s\n      touches: %s\n      source: %s\n", name,
           entry->recorded ? " (recorded)" : "", entry->summary, entry->touch, entry->source);
    print_params(entry);
}

/* The heading stands where something follows. */
static void print_heading(const struct listing *listing, const char *title, size_t *under)
{
    if (listing->name == NULL && (*under)++ == 0)
        printf("\n%s\n", title);
}

static void print_group(struct listing *listing, int group)
{
    size_t under = 0;
    for (size_t i = 0; i < listing->catalog.count; i++) {
        const struct workload_entry *entry = &listing->catalog.entries[i];
        if (entry->recorded || !wanted(listing, entry->name) || group_of(listing, entry) != group)
            continue;
        print_heading(listing, groups[group].title, &under);
        print_workload(listing, entry);
    }
}

static void print_recorded(struct listing *listing)
{
    size_t under = 0;
    for (size_t i = 0; i < listing->catalog.count; i++) {
        const struct workload_entry *entry = &listing->catalog.entries[i];
        if (!entry->recorded || !wanted(listing, entry->name))
            continue;
        print_heading(listing, "Recorded (the suite 'recorded' replays those that ship)", &under);
        print_workload(listing, entry);
    }
}

static void print_program(struct listing *listing, const struct program *program)
{
    char missing[64];
    bool lacks = program_missing(program, missing);
    listing->printed++;
    if (listing->brief) {
        printf("  %-18s %s%s\n", program->name, program->summary, lacks ? " (not here)" : "");
        return;
    }
    printf("\n  %s (program): %s\n      source: %s\n", program->name, program->summary,
           program->source);
    if (lacks)
        printf("      not here: %s is missing; apt-get install %s\n", missing, program->package);
}

static int print_all(struct listing *listing)
{
    size_t under = 0;
    for (int g = 0; g < GROUPS; g++)
        print_group(listing, g);
    print_recorded(listing);
    if (listing->name == NULL)
        puts("\nWorkload files");
    int patterns = list_patterns(listing->paths, listing->name, listing->brief, listing->message);
    if (patterns < 0)
        return -1;
    listing->printed += (size_t)patterns;
    for (size_t i = 0; i < listing->catalog.programs.count; i++) {
        const struct program *program = &listing->catalog.programs.programs[i];
        if (!wanted(listing, program->name))
            continue;
        print_heading(listing, "Whole programs", &under);
        print_program(listing, program);
    }
    if (listing->printed == 0)
        return message_set(listing->message, "no workload is called '%s'", listing->name);
    return 0;
}

int list_workloads_print(const struct paths *paths, const char *name, bool brief, char *message)
{
    struct listing listing = {.paths = paths, .name = name, .brief = brief, .message = message};
    if (workload_catalog_load(&listing.catalog, paths, message) < 0)
        return -1;
    load_groups(&listing);
    puts("Workloads (heapmark run -w NAME:param=value,... or NAME:PRESET,param=value,...):");
    int result = print_all(&listing);
    if (result == 0 && brief)
        puts(
            "\n'heapmark list workloads [NAME]' has their parameters, sources and touch policies.");
    for (int g = 0; g < GROUPS; g++)
        suite_release(&listing.suites[g]);
    workload_catalog_release(&listing.catalog);
    return result;
}
