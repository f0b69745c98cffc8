/* Planning: ini files, suites, allocator choice, the order of trials. */
#include "allocator_catalog.h"
#include "ini_file.h"
#include "message.h"
#include "plan.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/heapmark-test-plan-XXXXXX";

static const char *write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static int make_path(void **state)
{
    (void)state;
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void ini_keeps_order_lines_and_continuations(void **state)
{
    (void)state;
    struct ini_file ini;
    char message[MESSAGE_BYTES];
    assert_int_equal(
        ini_file_load(&ini, write_file("; note\n[a]\nk = 1\nm = x\n  y z\n\n[empty]\n[b]\nk=2\n"),
                      message),
        0);
    assert_int_equal(ini.section_count, 3);
    assert_string_equal(ini.sections[0].name, "a");
    assert_string_equal(ini_get(&ini.sections[0], "k"), "1");
    assert_string_equal(ini_get(&ini.sections[0], "m"), "x\ny z");
    assert_int_equal(ini.sections[0].entries[0].line, 3);
    assert_string_equal(ini.sections[1].name, "empty");
    assert_int_equal(ini.sections[1].entry_count, 0);
    assert_string_equal(ini_get(&ini.sections[2], "k"), "2");
    assert_null(ini_get(&ini.sections[2], "m"));
    ini_file_release(&ini);
}

#define TEN       "0123456789"
#define HUNDRED   TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG_LINE "[a]\nk = " HUNDRED " " HUNDRED " x=y\n"

static void ini_refuses_what_is_wrong_and_names_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"[a]\nnonsense\n",             ":2:"         },
        {"[a]\nk=1\n[a]\nk=2\n",        "stands twice"},
        {"[a]\nk=1\nm=2\nk=3\n",        "stands twice"},
        {"k = before any section\n[a]", ":1:"         },
        {"[a]\nk=1\nk=2\n",             "stands twice"},
        {"[a]\n [b]\nk=1\n",            "begin with"  },
        {LONG_LINE,                     ":2: longer"  },
        {"[" TEN TEN TEN TEN TEN "]\n", ":1: a sect"  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ini_file ini;
        char message[MESSAGE_BYTES] = "";
        assert_int_equal(ini_file_load(&ini, write_file(cases[i].text), message), -1);
        assert_non_null(strstr(message, cases[i].expected));
        assert_non_null(strstr(message, path));
    }
}

static void suite_takes_labels_params_blocks_and_filters(void **state)
{
    (void)state;
    char named[64], message[MESSAGE_BYTES];
    struct suite suite;
    snprintf(named, sizeof named, "%s",
             write_file("[suite]\nsummary = s\nblocks = 7\n[matrix]\n"
                        "[two]\nworkload = webserver\n"
                        "params = threads=2\nblocks=3\n"
                        "allocators = -bump\n"));
    assert_int_equal(suite_load(&suite, "/nowhere", named, message), 0);
    assert_int_equal(suite.blocks, 7);
    assert_int_equal(suite.item_count, 2);
    assert_string_equal(suite.items[0].text, "matrix");
    assert_string_equal(suite.items[1].text, "webserver:threads=2");
    assert_int_equal(suite.items[1].blocks, 3);
    suite_release(&suite);
}

static void suite_names_allocators_and_includes_others(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES], text[256], other[] = "/tmp/heapmark-test-other-XXXXXX.ini";
    int file = mkstemps(other, 4);
    static const char included[] = "[suite]\nblocks = 3\n[b]\n[c]\nblocks = 5\n";
    assert_int_equal(write(file, included, sizeof included - 1), sizeof included - 1);
    close(file);
    struct suite suite;
    snprintf(
        text, sizeof text,
        "[suite]\nblocks = 7\ninclude = %s\nallocators = glibc\n  a:x=1..4\ntime = 2 min\n[a]\n",
        other);
    assert_int_equal(suite_load(&suite, "/nowhere", write_file(text), message), 0);
    assert_int_equal(suite.item_count, 3);
    assert_string_equal(suite.items[0].label, "a");
    assert_int_equal(suite.items[0].blocks, 0);
    assert_string_equal(suite.items[1].label, "b");
    assert_int_equal(suite.items[1].blocks, 3);
    assert_int_equal(suite.items[2].blocks, 5);
    assert_int_equal(suite.allocator_count, 2);
    assert_string_equal(suite.allocators[1], "a:x=1..4");
    assert_string_equal(suite.time, "2 min");
    suite_release(&suite);
    snprintf(text, sizeof text, "[suite]\ninclude = %s\n", path);
    assert_int_equal(suite_load(&suite, "/nowhere", write_file(text), message), -1);
    snprintf(text, sizeof text, "[suite]\ninclude = /no/such.ini\n");
    assert_int_equal(suite_load(&suite, "/nowhere", write_file(text), message), -1);
    unlink(other);
}

static void suite_refuses_unknown_keys_and_absurd_blocks(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[suite]\nsummary = s\n[a]\nthreads = 2\n",
        "[suite]\nblocks = 0\n[a]\n",
        "[a]\nblocks = -1\n",
        "[a]\nblocks = 1000000000000000000000000000000\n",
        "[suite]\nsummary = nothing in it\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct suite suite;
        char message[MESSAGE_BYTES] = "";
        assert_int_equal(suite_load(&suite, "/nowhere", write_file(texts[i]), message), -1);
        assert_true(strlen(message) > 0);
    }
}

static void filters_admit_and_exclude(void **state)
{
    (void)state;
    assert_true(suite_filter_admits("", "bump"));
    assert_true(suite_filter_admits("glibc bump", "bump"));
    assert_false(suite_filter_admits("glibc", "bump"));
    assert_false(suite_filter_admits("-bump", "bump"));
    assert_true(suite_filter_admits("-bump -glibc", "jemalloc"));
    assert_true(suite_filter_admits("jemalloc", "jemalloc:narenas=1"));
    assert_false(suite_filter_admits("-jemalloc", "jemalloc:narenas=1"));
    assert_false(suite_filter_admits("jemalloc", "jemalloc-hoard:narenas=1"));
}

/* A catalog of `count` allocators named a, b, c, ... that need no library. */
static void make_catalog(struct allocator_catalog *catalog, size_t count)
{
    *catalog = (struct allocator_catalog){.entries = calloc(count, sizeof *catalog->entries),
                                          .count = count};
    for (size_t i = 0; i < count; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        struct allocator *allocator = &catalog->entries[i].allocator;
        allocator->name = strdup(name);
        allocator->env = strdup("");
        allocator->package = strdup(i == 2 ? "libmissing" : "");
        allocator->programs = true;
        catalog->entries[i].standard = true;
        catalog->entries[i].installed = i != 2;
    }
}

static void allocators_are_chosen_by_name_all_and_path(void **state)
{
    (void)state;
    struct allocator_catalog catalog;
    struct run run;
    char message[MESSAGE_BYTES];
    make_catalog(&catalog, 4);

    run_init(&run);
    assert_int_equal(allocator_select(&catalog, NULL, 0, &run, message), 0);
    assert_int_equal(run.allocator_count, 3); /* 'c' is not installed */
    run_release(&run);

    const char *const words[] = {"d", "a"};
    assert_int_equal(allocator_select(&catalog, words, 2, &run, message), 0);
    assert_string_equal(run.allocators[0].name, "d");
    run_release(&run);

    static const struct {
        const char *word, *expected;
    } refused[] = {
        {"nosuch",             "unknown allocator"         },
        {"c",                  "apt-get install libmissing"},
        {"x=/no/such/lib.so",  "cannot find"               },
        {"x=/etc/passwd",      "not an ELF file"           },
        {"bad name=/lib/x.so", "the name before"           },
        {"=/lib/x.so",         "the name before"           },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        message[0] = '\0';
        assert_int_equal(allocator_select(&catalog, &refused[i].word, 1, &run, message), -1);
        assert_non_null(strstr(message, refused[i].expected));
        run_release(&run);
    }
    const char *const twice[] = {"a", "a"};
    assert_int_equal(allocator_select(&catalog, twice, 2, &run, message), -1);
    run_release(&run);
    allocator_catalog_release(&catalog);
}

/* A workload catalog without a runner: programs need none. */
static void make_program_catalog(struct workload_catalog *catalog, const char *const *names,
                                 size_t count)
{
    *catalog = (struct workload_catalog){0};
    catalog->programs.programs = calloc(count, sizeof *catalog->programs.programs);
    catalog->programs.count = count;
    for (size_t i = 0; i < count; i++) {
        struct program *program = &catalog->programs.programs[i];
        program->name = strdup(names[i]);
        program->summary = strdup("");
        program->source = strdup("");
        program->package = strdup("");
        program->needs = strdup("");
        program->setup = strdup("");
        program->prepare = strdup("");
        program->command = strdup("{under} true");
        program->cleanup = strdup("");
    }
}

enum { ALLOCATORS = 4, WORKLOADS = 2, BLOCKS = 50 };

static void plan_twice(struct run runs[2], uint64_t order_seed)
{
    static const char *const names[WORKLOADS] = {"one", "two"};
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
    char message[MESSAGE_BYTES];
    make_catalog(&allocators, ALLOCATORS + 1);
    make_program_catalog(&workloads, names, WORKLOADS);
    struct plan_request request = {.workloads = names,
                                   .workload_count = WORKLOADS,
                                   .blocks = BLOCKS};
    for (int i = 0; i < 2; i++) {
        run_init(&runs[i]);
        runs[i].order_seed = order_seed;
        assert_int_equal(plan_make(&runs[i], &request, &allocators, &workloads, message), 0);
    }
    allocator_catalog_release(&allocators);
    workload_catalog_release(&workloads);
}

static void plan_holds_each_cell_once_a_block(void **state)
{
    (void)state;
    struct run runs[2];
    plan_twice(runs, 42);
    unsigned seen[BLOCKS][WORKLOADS][ALLOCATORS] = {0};
    size_t timed = 0;
    for (size_t i = 0; i < runs[0].trial_count; i++) {
        const struct trial_key *key = &runs[0].trials[i].key;
        if (key->pass != PASS_TIMED)
            continue;
        seen[key->block][key->workload][key->allocator]++;
        timed++;
    }
    assert_int_equal(timed, BLOCKS * WORKLOADS * ALLOCATORS);
    for (int b = 0; b < BLOCKS; b++)
        for (int w = 0; w < WORKLOADS; w++)
            for (int a = 0; a < ALLOCATORS; a++)
                assert_int_equal(seen[b][w][a], 1);
    run_release(&runs[0]);
    run_release(&runs[1]);
}

static void plan_repeats_with_its_seed_and_shuffles(void **state)
{
    (void)state;
    struct run runs[2];
    plan_twice(runs, 7);
    assert_int_equal(runs[0].trial_count, runs[1].trial_count);
    size_t first[ALLOCATORS] = {0};
    for (size_t i = 0; i < runs[0].trial_count; i++) {
        const struct trial_key *key = &runs[0].trials[i].key, *other = &runs[1].trials[i].key;
        assert_memory_equal(key, other, sizeof *key);
        bool begins_row = key->pass == PASS_TIMED &&
                          (i == 0 || runs[0].trials[i - 1].key.workload != key->workload ||
                           runs[0].trials[i - 1].key.block != key->block ||
                           runs[0].trials[i - 1].key.pass != key->pass);
        first[key->allocator] += begins_row;
    }
    /* 100 rows, four allocators: each should come first some 25 times. */
    for (int a = 0; a < ALLOCATORS; a++)
        assert_in_range(first[a], 8, 50);
    run_release(&runs[0]);
    run_release(&runs[1]);
}

/* Beside each timed trial one that times calls; but not of programs, whose calls nobody sees. */
static void plan_holds_latency_passes_where_asked(void **state)
{
    static const char *const names[] = {"one", "prog"};
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
    struct run run;
    char message[MESSAGE_BYTES];
    size_t count[2][PASS_COUNT] = {0};
    (void)state;
    make_catalog(&allocators, ALLOCATORS + 1);
    make_program_catalog(&workloads, names, 2);
    struct plan_request request = {.workloads = names, .workload_count = 2, .blocks = BLOCKS};
    run_init(&run);
    assert_int_equal(plan_make(&run, &request, &allocators, &workloads, message), 0);
    run_release(&run);
    run_init(&run);
    request.latency = true;
    assert_int_equal(plan_make(&run, &request, &allocators, &workloads, message), 0);
    for (size_t i = 0; i < run.trial_count; i++)
        count[run.trials[i].key.workload][run.trials[i].key.pass]++;
    for (int w = 0; w < 2; w++) {
        assert_int_equal(count[w][PASS_TIMED], BLOCKS * ALLOCATORS);
        assert_int_equal(count[w][PASS_LATENCY], 0);
        assert_int_equal(count[w][PASS_MEMORY], ALLOCATORS);
    }
    run_release(&run);
    /* Beside each timed trial a memory pass, where it is asked for. */
    run_init(&run);
    request.program_memory = true;
    assert_int_equal(plan_make(&run, &request, &allocators, &workloads, message), 0);
    size_t memory = 0;
    for (size_t i = 0; i < run.trial_count; i++)
        memory += run.trials[i].key.pass == PASS_MEMORY;
    assert_int_equal(memory, 2 * BLOCKS * ALLOCATORS);
    run_release(&run);
    allocator_catalog_release(&allocators);
    workload_catalog_release(&workloads);
}

static void plan_orders_passes(void **state)
{
    (void)state;
    enum { ROWS = WORKLOADS * ALLOCATORS };
    struct run runs[2];
    plan_twice(runs, 1);
    for (size_t i = 0; i < runs[0].trial_count; i++) {
        const struct trial_key *key = &runs[0].trials[i].key;
        enum pass expected = i < ROWS ? PASS_MEMORY : i / ROWS == 2 ? PASS_INSPECT : PASS_TIMED;
        assert_int_equal(key->pass, expected);
        if (i >= ROWS && i < 2 * ROWS)
            assert_int_equal(key->block, 0);
        if (i >= 3 * ROWS)
            assert_true(key->block > 0);
    }
    run_release(&runs[0]);
    run_release(&runs[1]);
}

static void a_stanza_is_never_glibc_by_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } refused[] = {
        {"[glibc]\n[mine]\nsummary = path forgotten\n", "names no library"},
        {"[a]\nbase = b\n[b]\nbase = a\n",              "base upon base"  },
        {"[a]\nlibrary = x.so\npath = /x.so\n",         "give one"        },
        {"[a]\npath = x.so\n",                          "begin with '/'"  },
        {"[a b]\nlibrary = x.so\n",                     "made of letters" },
    };
    struct paths paths = {.allocators = path, .programs = (char[]){"/programs"}};
    struct allocator_catalog catalog;
    char message[MESSAGE_BYTES];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_file(refused[i].text);
        assert_int_equal(allocator_catalog_load(&catalog, &paths, message), -1);
        assert_non_null(strstr(message, refused[i].expected));
    }
    write_file("[a]\nlibrary = a.so\nenv = A=1\n[b]\nbase = a\nsummary = b\n"
               "[c]\nbase = b\npath = /no/such.so\n[glibc]\n[d]\nbase = glibc\nenv = D=1\n");
    assert_int_equal(allocator_catalog_load(&catalog, &paths, message), 0);
    assert_int_equal(catalog.count, 5);
    assert_string_equal(catalog.entries[1].allocator.path, "/programs/a.so");
    assert_string_equal(catalog.entries[1].allocator.env, "A=1");
    assert_null(catalog.entries[2].allocator.path); /* its own path, not the library of a */
    assert_false(catalog.entries[2].installed);
    assert_string_equal(catalog.entries[2].allocator.env, "A=1");
    assert_true(catalog.entries[4].installed && !catalog.entries[4].standard);
    allocator_catalog_release(&catalog);
}

static const char with_options[] =
    "[glibc]\njoin = :\noption.arena_max = TUNABLES=a={}\noption.tcache = TUNABLES=t={}\n"
    "option.two = ONE=1\n    TWO={}x\n"
    "[calm]\nbase = glibc\nenv = TUNABLES=c=1\noption.arena_max = MINE={}\n"
    "[alone]\nbase = glibc\njoin =\n";

static void settings_become_allocators_with_an_environment(void **state)
{
    (void)state;
    static const struct {
        const char *word, *names, *env;
    } cases[] = {
        {"glibc:arena_max=1..4",                  "glibc:arena_max=1 glibc:arena_max=2 glibc:arena_max=4",
         "TUNABLES=a=4"                                                                                                                            },
        {"glibc:arena_max=2,tcache=0",            "glibc:arena_max=2,tcache=0",                            "TUNABLES=a=2:t=0"                      },
        {"glibc:two=-1/0,VAR=a:1,b:2,OTHER=/x/y",
         "glibc:two=-1,VAR=a:1,b:2,OTHER=/x/y glibc:two=0,VAR=a:1,b:2,OTHER=/x/y",                         "ONE=1\nTWO=0x\nVAR=a:1,b:2\nOTHER=/x/y"},
        {"glibc:TUNABLES=z=1,tcache=3",           "glibc:TUNABLES=z=1,tcache=3",                           "TUNABLES=z=1:t=3"                      },
        {"calm:arena_max=1,tcache=2",             "calm:arena_max=1,tcache=2",                             "TUNABLES=c=1:t=2\nMINE=1"              },
    };
    struct paths paths = {.allocators = path, .programs = (char[]){"/programs"}};
    struct allocator_catalog catalog;
    char message[MESSAGE_BYTES] = "";
    write_file(with_options);
    assert_int_equal(allocator_catalog_load(&catalog, &paths, message), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run run;
        char names[512] = "";
        run_init(&run);
        assert_int_equal(allocator_select(&catalog, &cases[i].word, 1, &run, message), 0);
        for (size_t a = 0; a < run.allocator_count; a++)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", a > 0 ? " " : "",
                     run.allocators[a].name);
        assert_string_equal(names, cases[i].names);
        assert_string_equal(run.allocators[run.allocator_count - 1].env, cases[i].env);
        run_release(&run);
    }
    allocator_catalog_release(&catalog);
}

static void settings_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *word, *expected;
    } cases[] = {
        {"glibc:nosuch=1",              "it has arena_max, tcache, two;"},
        {"glibc:",                      "is not OPTION=VALUE"           },
        {"glibc:tcache",                "is not OPTION=VALUE"           },
        {"glibc:tcache=",               "is not OPTION=VALUE"           },
        {"glibc:=1",                    "is not OPTION=VALUE"           },
        {"glibc:tcache=9..1",           "begins with the smaller"       },
        {"all:tcache=1",                "name one"                      },
        {"nosuch:tcache=1",             "unknown allocator"             },
        {"alone:tcache=1,TUNABLES=u=1", "is set twice"                  },
        {"x=/no/such/lib.so:VAR=1",     "cannot find"                   },
    };
    struct paths paths = {.allocators = path, .programs = (char[]){"/programs"}};
    struct allocator_catalog catalog;
    char message[MESSAGE_BYTES] = "";
    write_file(with_options);
    assert_int_equal(allocator_catalog_load(&catalog, &paths, message), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run run;
        run_init(&run);
        assert_int_equal(allocator_select(&catalog, &cases[i].word, 1, &run, message), -1);
        assert_non_null(strstr(message, cases[i].expected));
        run_release(&run);
    }
    struct run run;
    run_init(&run);
    assert_int_equal(allocator_add(&catalog, "glibc:tcache=1/2", "a:tcache", &run, message), -1);
    assert_non_null(strstr(message, "name one value"));
    assert_int_equal(allocator_add(&catalog, "glibc:tcache=1", "a:tcache=1", &run, message), 0);
    assert_string_equal(run.allocators[0].env, "TUNABLES=t=1");
    run_release(&run);
    allocator_catalog_release(&catalog);
    write_file("[glibc]\noption.x = VAR=1\n");
    assert_int_equal(allocator_catalog_load(&catalog, &paths, message), -1);
    assert_non_null(strstr(message, "where the setting belongs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ini_keeps_order_lines_and_continuations),
        cmocka_unit_test(ini_refuses_what_is_wrong_and_names_the_line),
        cmocka_unit_test(a_stanza_is_never_glibc_by_mistake),
        cmocka_unit_test(suite_takes_labels_params_blocks_and_filters),
        cmocka_unit_test(suite_names_allocators_and_includes_others),
        cmocka_unit_test(suite_refuses_unknown_keys_and_absurd_blocks),
        cmocka_unit_test(filters_admit_and_exclude),
        cmocka_unit_test(allocators_are_chosen_by_name_all_and_path),
        cmocka_unit_test(plan_holds_each_cell_once_a_block),
        cmocka_unit_test(plan_repeats_with_its_seed_and_shuffles),
        cmocka_unit_test(plan_orders_passes),
        cmocka_unit_test(settings_become_allocators_with_an_environment),
        cmocka_unit_test(settings_that_cannot_be_are_refused),
        cmocka_unit_test(plan_holds_latency_passes_where_asked),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
