/* heapmark check: is a library a correct drop-in malloc? */
#include "allocator_catalog.h"
#include "check_options.h"
#include "check_output.h"
#include "check_run.h"
#include "cli.h"
#include "clock.h"
#include "ending_signals.h"
#include "facts.h"
#include "message.h"
#include "part_file.h"
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct checking {
    struct check_options options;
    struct paths paths;
    struct check_catalog tests;
    struct allocator_catalog allocators;
    struct run run; /* holds the allocators and the machine's facts */
    struct check_table table;
    char **unusable; /* of each allocator: why it cannot be used, or NULL */
    char message[MESSAGE_BYTES];
};

static volatile sig_atomic_t interrupted;

static void note_interruption(int number)
{
    (void)number;
    interrupted = 1;
}

/* "./build/libmine.so.2" is called mine. */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    if (strncmp(base, "lib", 3) == 0 && base[3] != '.' && base[3] != '\0')
        base += 3;
    const char *end = strstr(base, ".so");
    size_t length = end != NULL && end != base ? (size_t)(end - base) : strlen(base);
    if (length >= ALLOCATOR_NAME_BYTES)
        length = ALLOCATOR_NAME_BYTES - 1;
    return strndup(base, length);
}

static bool is_path(const char *word)
{
    size_t length = strlen(word);
    return strchr(word, '=') == NULL &&
           (strchr(word, '/') != NULL || (length > 3 && strcmp(word + length - 3, ".so") == 0));
}

static int take_word(struct checking *checking, const char *word)
{
    if (!is_path(word))
        return allocator_select(&checking->allocators, &word, 1, &checking->run, checking->message);
    char *name = name_of(word);
    int result =
        name == NULL ? message_set(checking->message, "out of memory")
        : run_find_allocator(&checking->run, name) >= 0
            ? message_set(checking->message,
                          "%s: '%s' is named twice; give NAME=%s to tell them apart", word, name,
                          word)
            : allocator_add(&checking->allocators, word, name, &checking->run, checking->message);
    free(name);
    return result;
}

/* What cannot be used is a result, not the end: the others are checked all the same. */
static int probe(struct checking *checking)
{
    char why[MESSAGE_BYTES];
    checking->unusable = calloc(checking->run.allocator_count, sizeof *checking->unusable);
    if (checking->unusable == NULL)
        return message_set(checking->message, "out of memory");
    for (size_t a = 0; a < checking->run.allocator_count; a++) {
        struct allocator *allocator = &checking->run.allocators[a];
        if (allocator_probe(allocator, &checking->paths, why) < 0)
            checking->unusable[a] = strdup(why);
        if (allocator->file == NULL)
            allocator->file = strdup("");
    }
    return allocator_versions(&checking->run, &checking->paths, checking->message);
}

static int take_allocators(struct checking *checking)
{
    const struct word_list *words = &checking->options.allocators;
    run_init(&checking->run);
    if (allocator_catalog_load(&checking->allocators, &checking->paths, checking->message) < 0)
        return -1;
    if (words->count == 0 &&
        allocator_select(&checking->allocators, NULL, 0, &checking->run, checking->message) < 0)
        return -1;
    for (size_t i = 0; i < words->count; i++)
        if (take_word(checking, words->words[i]) < 0)
            return -1;
    return probe(checking);
}

static int take_tests(struct checking *checking)
{
    const struct check_options *options = &checking->options;
    struct check_choice choice = {
        .groups = options->groups.words,
        .patterns = options->patterns.words,
        .group_count = options->groups.count,
        .pattern_count = options->patterns.count,
        .soak = options->soak_ns > 0 ||
                (options->list && options->groups.count == 0 && options->patterns.count == 0),
    };
    if (check_catalog_load(&checking->tests, &checking->paths, checking->message) < 0)
        return -1;
    return check_catalog_choose(&checking->tests, &choice, checking->message);
}

static int list_tests(const struct check_catalog *tests)
{
    for (size_t t = 0; t < tests->count; t++)
        printf("%-11s %-28s %s\n", tests->tests[t].group, tests->tests[t].name,
               tests->tests[t].summary);
    return fflush(stdout) == 0 ? 0 : -1;
}

static unsigned cpus(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (unsigned)count : 1;
}

static int run_tests(struct checking *checking)
{
    const struct check_options *options = &checking->options;
    struct check_limits limits = {
        .time_limit_ns = (uint64_t)options->time_limit_ns,
        .soak_ns = (uint64_t)options->soak_ns,
        .jobs = options->jobs > 0 ? options->jobs : cpus(),
        .interrupted = &interrupted,
    };
    if (facts_collect(&checking->run) < 0 ||
        check_table_init(&checking->table, &checking->tests, &checking->run) < 0)
        return message_set(checking->message, "out of memory");
    ending_signals_catch(note_interruption, 0);
    checking->run.started_ns = clock_ns(CLOCK_REALTIME);
    int result = check_run(&checking->table, &limits, (const char *const *)checking->unusable,
                           &checking->paths, checking->message);
    checking->run.finished_ns = clock_ns(CLOCK_REALTIME);
    ending_signals_release(note_interruption);
    return result;
}

static int write_results(struct checking *checking)
{
    struct check_report report = {.table = &checking->table, .all = checking->options.all};
    const char *path = checking->options.output != NULL ? checking->options.output : "-";
    check_output_fn *print = check_output_find(checking->options.format);
    struct part_file part;
    if (checking->options.output == NULL)
        return print(stdout, &report) == 0
                   ? 0
                   : message_set(checking->message, "cannot write standard output: %s",
                                 strerror(errno));
    if (part_file_begin(&part, path, checking->message) < 0)
        return -1;
    FILE *file = fopen(part.draft, "we");
    int result = file != NULL ? print(file, &report) : -1;
    int error = errno;
    if (file != NULL && fclose(file) != 0 && result == 0) {
        error = errno;
        result = -1;
    }
    if (result < 0)
        message_set(checking->message, "cannot write %s: %s", path, strerror(error));
    return part_file_end(&part, result, checking->message);
}

static void release(struct checking *checking)
{
    for (size_t a = 0; checking->unusable != NULL && a < checking->run.allocator_count; a++)
        free(checking->unusable[a]);
    free(checking->unusable);
    check_table_release(&checking->table);
    check_catalog_release(&checking->tests);
    allocator_catalog_release(&checking->allocators);
    run_release(&checking->run);
    paths_release(&checking->paths);
    check_options_release(&checking->options);
}

static int check(struct checking *checking)
{
    if (paths_init(&checking->paths, checking->message) < 0 || take_tests(checking) < 0)
        return EXIT_UNUSABLE;
    if (checking->options.list) {
        if (list_tests(&checking->tests) == 0)
            return EXIT_OK;
        message_set(checking->message, "cannot write standard output: %s", strerror(errno));
        return EXIT_UNUSABLE;
    }
    if (take_allocators(checking) < 0 || run_tests(checking) < 0 || write_results(checking) < 0)
        return EXIT_UNUSABLE;
    if (interrupted)
        return EXIT_INTERRUPTED;
    /* A list of deviations that does not hold hides what comes next. */
    return check_table_bad(&checking->table) > 0 || check_table_unexpected(&checking->table) > 0
               ? EXIT_FAILURE
               : EXIT_OK;
}

int cmd_check(int argc, char **argv)
{
    struct checking checking = {0};
    check_options_parse(&checking.options, argc, argv);
    int status = check(&checking);
    if (status == EXIT_UNUSABLE)
        fprintf(stderr, "heapmark check: %s\n", checking.message);
    if (status == EXIT_INTERRUPTED)
        fputs("heapmark check: interrupted; what is 'not run' was not reached\n", stderr);
    release(&checking);
    return status;
}
