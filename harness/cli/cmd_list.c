/* heapmark list: what there is to run, and what has been run. */
#include "allocator_catalog.h"
#include "cli.h"
#include "list_workloads.h"
#include "message.h"
#include "plan.h"
#include "report.h"
#include "store.h"
#include "suite.h"
#include "summary.h"
#include "workload_catalog.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct list_options {
    const char *what, *name, *store;
};

static const struct argp_option option_table[] = {
    {"store", 'i', "FILE", 0, "The SQLite file of `list runs` (default: results/heapmark.db)", 0},
    {0},
};

static const char documentation[] =
    "Lists what there is: workloads (with parameters, defaults, touch policy and source), "
    "allocators, suites, measures, runs; without a word, the first three in short. With NAME only "
    "that one."
    "\v"
    "Examples:\n"
    "  heapmark list\n"
    "  heapmark list workloads webserver\n"
    "  heapmark list runs";

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct list_options *options = state->input;
    switch (key) {
    case 'i':
        options->store = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options->what == NULL)
            options->what = argument;
        else if (options->name == NULL)
            options->name = argument;
        else
            argp_failure(state, EXIT_UNUSABLE, 0, "one name at a time: %s or %s?", options->name,
                         argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool wanted(const struct list_options *options, const char *name)
{
    return options->name == NULL || strcmp(options->name, name) == 0;
}

static int list_workloads(const struct list_options *options, const struct paths *paths,
                          char *message)
{
    return list_workloads_print(paths, options->name, options->what == NULL, message);
}

static void print_options(const struct allocator_entry *entry)
{
    if (entry->option_count == 0)
        return;
    printf("%20soptions:", "");
    for (size_t i = 0; i < entry->option_count; i++)
        printf("%s %s", i > 0 ? "," : "", entry->options[i].name);
    putchar('\n');
}

static int list_allocators(const struct list_options *options, const struct paths *paths,
                           char *message)
{
    struct allocator_catalog catalog;
    size_t printed = 0;
    if (allocator_catalog_load(&catalog, paths, message) < 0)
        return -1;
    puts(
        "Allocators (heapmark run -a NAME or -a NAME:OPTION=VALUE,...; * marks those of 'all'):\n");
    for (size_t i = 0; i < catalog.count; i++) {
        const struct allocator_entry *entry = &catalog.entries[i];
        const struct allocator *allocator = &entry->allocator;
        if (!wanted(options, allocator->name))
            continue;
        printf("%c %-17s %s\n", entry->standard ? '*' : ' ', allocator->name, allocator->summary);
        if (!entry->installed)
            printf("%20snot installed: apt-get install %s\n", "", allocator->package);
        else if (allocator->path != NULL)
            printf("%20s%s\n", "", allocator->path);
        if (allocator->env[0] != '\0') {
            char *lines = strdup(allocator->env), *rest = lines, *line;
            while ((line = strsep(&rest, "\n")) != NULL)
                printf("%20s%s\n", "", line);
            free(lines);
        }
        print_options(entry);
        printf("%20ssource: %s\n", "", allocator->source);
        printed++;
    }
    allocator_catalog_release(&catalog);
    return printed > 0 ? 0 : message_set(message, "no allocator is called '%s'", options->name);
}

static void print_suite(const struct list_options *options, const struct suite *suite)
{
    printf("\n  %s: %s\n      %u blocks", suite->name, suite->summary,
           suite->blocks > 0 ? suite->blocks : PLAN_BLOCKS_DEFAULT);
    if (suite->time[0] != '\0')
        printf("; with %s about %s",
               suite->allocator_count > 0 ? "these allocators" : "four allocators", suite->time);
    putchar('\n');
    if (suite->allocator_count > 0) {
        printf("      allocators:");
        for (size_t i = 0; i < suite->allocator_count; i++)
            printf(" %s", suite->allocators[i]);
        putchar('\n');
    }
    for (size_t i = 0; options->what != NULL && i < suite->item_count; i++) {
        const struct suite_item *item = &suite->items[i];
        printf("      %-18s %s", item->label, item->text);
        if (item->blocks > 0 && item->blocks != suite->blocks)
            printf("  (%u blocks)", item->blocks);
        if (item->allocators[0] != '\0')
            printf("  (allocators: %s)", item->allocators);
        putchar('\n');
    }
}

static int list_suites(const struct list_options *options, const struct paths *paths, char *message)
{
    char *names = suite_names(paths->suites, message), *rest = names, *name;
    size_t printed = 0;
    if (names == NULL)
        return -1;
    puts("Suites (heapmark run NAME):");
    while ((name = strsep(&rest, "\n")) != NULL) {
        struct suite suite;
        if (!wanted(options, name))
            continue;
        if (suite_load(&suite, paths->suites, name, message) < 0) {
            free(names);
            return -1;
        }
        print_suite(options, &suite);
        suite_release(&suite);
        printed++;
    }
    free(names);
    return printed > 0 ? 0 : message_set(message, "no suite is called '%s'", options->name);
}

static int list_measures(const struct list_options *options, const struct paths *paths,
                         char *message)
{
    (void)paths;
    size_t printed = 0;
#define X(name, unit, ...)      \
    if (wanted(options, #name)) \
        printf("  %-24s %-9s %s\n", #name, unit, LAST(__VA_ARGS__)), printed++;
#define LAST(title, help) help
    puts("Figures of the tables and charts:");
    SUMMARY_MEASURES(X)
#undef LAST
#define LAST(help) help
    puts("\nRaw measures of a trial:");
    TRIAL_MEASURES(X)
    puts("\nRaw measures at a checkpoint:");
    CHECKPOINT_MEASURES(X)
#undef LAST
#undef X
    return printed > 0 ? 0 : message_set(message, "no measure is called '%s'", options->name);
}

static int list_runs(const struct list_options *options, const struct paths *paths, char *message)
{
    char *path = options->store != NULL ? strdup(options->store) : report_default_store(paths);
    struct store *store = store_open(path, STORE_READ);
    struct run_line *lines = NULL;
    size_t count = 0, printed = 0;
    int result = store != NULL ? store_list_runs(store, &lines, &count) : -1;
    if (result < 0)
        message_set(message, "%s", store != NULL ? store_message(store) : "out of memory");
    if (result == 0)
        printf("Runs in %s, newest first:\n\n", path);
    for (size_t i = 0; i < count; i++) {
        const struct run_line *line = &lines[i];
        if (!wanted(options, line->name))
            continue;
        printf("  %-42s %-10s %zu of %zu trials%s", line->name,
               line->suite[0] != '\0' ? line->suite : "-", line->trials_done, line->trials_planned,
               line->trials_done < line->trials_planned ? " (--resume)" : "");
        printf(line->trials_failed > 0 ? ", %zu failed\n" : "\n", line->trials_failed);
        printed++;
    }
    run_lines_free(lines, count);
    if (store != NULL)
        store_close(store);
    free(path);
    if (result == 0 && printed == 0)
        result = message_set(message, "no run is stored there yet");
    return result;
}

typedef int list_fn(const struct list_options *options, const struct paths *paths, char *message);

static const struct {
    const char *what;
    list_fn *list;
    bool by_default;
} lists[] = {
    {"workloads",  list_workloads,  true },
    {"allocators", list_allocators, true },
    {"suites",     list_suites,     true },
    {"measures",   list_measures,   false},
    {"runs",       list_runs,       false},
};
enum { LISTS = sizeof lists / sizeof lists[0] };

static int list_what(const struct list_options *options, const struct paths *paths, char *message)
{
    bool found = false;
    for (int i = 0; i < LISTS; i++) {
        bool chosen =
            options->what != NULL ? strcmp(options->what, lists[i].what) == 0 : lists[i].by_default;
        if (!chosen)
            continue;
        if (found)
            putchar('\n');
        found = true;
        if (lists[i].list(options, paths, message) < 0)
            return -1;
    }
    if (!found)
        return message_set(message,
                           "there is no list of '%s'; say workloads, allocators, suites, measures "
                           "or runs",
                           options->what);
    return 0;
}

int cmd_list(int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[workloads|allocators|suites|measures|runs [NAME]]",
        .doc = documentation,
    };
    struct list_options options = {0};
    struct paths paths = {0};
    char message[MESSAGE_BYTES] = "";
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, &options);

    int result = paths_init(&paths, message);
    if (result == 0)
        result = list_what(&options, &paths, message);
    paths_release(&paths);
    if (result < 0) {
        fflush(stdout);
        fprintf(stderr, "heapmark list: %s\n", message);
        return EXIT_UNUSABLE;
    }
    if (fflush(stdout) == 0)
        return EXIT_OK;
    fprintf(stderr, "heapmark list: cannot write standard output: %s\n", strerror(errno));
    return EXIT_UNUSABLE;
}
