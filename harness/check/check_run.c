/* Runs tests, several at once; see check_run.h. */
#include "check_run.h"

#include "clock.h"
#include "environment.h"
#include "message.h"
#include "subprocess.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_BYTES = 1 << 16, JOBS_MAXIMUM = 256 };

struct check_pool {
    struct check_table *table;
    const struct check_limits *limits;
    const char *const *unusable;
    const char *program;
    atomic_size_t next; /* of all pairs of allocator and test */
    atomic_bool failed;
    pthread_mutex_t lock; /* guards message */
    char *message;
};

static void note_failure(struct check_pool *pool, const char *what)
{
    pthread_mutex_lock(&pool->lock);
    message_set(pool->message, "%s", what);
    pthread_mutex_unlock(&pool->lock);
    atomic_store(&pool->failed, true);
}

/* A known deviation is no failure; one that is gone is news. */
static void apply_deviation(struct check_result *result, const struct check_deviation *deviation)
{
    if (deviation->reason == NULL)
        return;
    result->unexpected_pass = result->outcome == CHECK_PASS && !deviation->sometimes;
    if (!check_outcome_is_bad(result->outcome) || result->outcome == CHECK_NOT_INJECTED)
        return;
    char found[CHECK_REASON_BYTES];
    snprintf(found, sizeof found, "%s", result->reason);
    snprintf(result->reason, sizeof result->reason, "%.200s (%s: %.150s)", deviation->reason,
             check_outcome_word(result->outcome), found);
    result->outcome = CHECK_KNOWN;
}

static int spawn(const struct check_pool *pool, const struct allocator *allocator,
                 const struct check_test *test, struct subprocess_result *said)
{
    char soak[32];
    bool is_soak = strcmp(test->group, CHECK_GROUP_SOAK) == 0;
    snprintf(soak, sizeof soak, "%llu", (unsigned long long)(pool->limits->soak_ns / 1000000));
    const char *argv[] = {pool->program, test->name, is_soak ? soak : NULL, NULL};
    struct environment environment;
    int result = -1;
    if (environment_init(&environment) == 0 &&
        environment_add_allocator(&environment, allocator) == 0) {
        struct subprocess spec = {
            .argv = argv,
            .environment = (const char *const *)environment.variables,
            .time_limit_ns = pool->limits->time_limit_ns + (is_soak ? pool->limits->soak_ns : 0),
            .output_maximum_bytes = OUTPUT_BYTES,
            .interrupted = pool->limits->interrupted,
        };
        result = subprocess_run(&spec, said);
    }
    int error = errno;
    environment_release(&environment);
    errno = error;
    return result;
}

static void run_one(struct check_pool *pool, size_t a, size_t t)
{
    const struct allocator *allocator = &pool->table->run->allocators[a];
    const struct check_test *test = &pool->table->catalog->tests[t];
    struct check_result *result = check_table_at(pool->table, a, t);
    struct subprocess_result said = {0};
    int64_t started_ns = clock_ns(CLOCK_MONOTONIC);
    if (spawn(pool, allocator, test, &said) < 0) {
        char what[MESSAGE_BYTES];
        message_set(what, "cannot start %s: %s", pool->program, strerror(errno));
        note_failure(pool, what);
    } else if (!*pool->limits->interrupted) {
        struct check_end end = {
            .output = said.output,
            .errors = said.errors,
            .exit_status = said.exit_status,
            .signal = said.signal,
            .timed_out = said.timed_out,
            .malloc_file = allocator->file,
        };
        struct check_deviation deviation =
            check_catalog_deviation(pool->table->catalog, allocator->name, test->name);
        check_judge(result, test, &end);
        apply_deviation(result, &deviation);
    }
    result->took_ns = clock_ns(CLOCK_MONOTONIC) - started_ns;
    subprocess_result_release(&said);
}

static void *work(void *argument)
{
    struct check_pool *pool = argument;
    size_t tests = pool->table->catalog->count;
    size_t count = tests * pool->table->run->allocator_count;
    for (;;) {
        size_t i = atomic_fetch_add(&pool->next, 1);
        if (i >= count || *pool->limits->interrupted || atomic_load(&pool->failed))
            return NULL;
        const char *unusable = pool->unusable[i / tests];
        struct check_result *result = check_table_at(pool->table, i / tests, i % tests);
        if (unusable == NULL) {
            run_one(pool, i / tests, i % tests);
            continue;
        }
        result->outcome = CHECK_NOT_INJECTED;
        snprintf(result->reason, sizeof result->reason, "%s", unusable);
    }
}

int check_run(struct check_table *table, const struct check_limits *limits,
              const char *const *unusable, const struct paths *paths, char *message)
{
    pthread_t threads[JOBS_MAXIMUM];
    unsigned jobs = limits->jobs < JOBS_MAXIMUM ? limits->jobs : JOBS_MAXIMUM, started = 0;
    char *program = path_join(paths->programs, "heapmark-check");
    struct check_pool pool = {
        .table = table,
        .limits = limits,
        .unusable = unusable,
        .program = program,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .message = message,
    };
    if (program == NULL)
        return message_set(message, "out of memory");
    while (started < jobs && pthread_create(&threads[started], NULL, work, &pool) == 0)
        started++;
    if (started == 0)
        work(&pool);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(program);
    return atomic_load(&pool.failed) ? -1 : 0;
}
