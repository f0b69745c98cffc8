/*
 * Reading: a whole run, back into the structs it was written from. Rows of one run are loaded
 * in the order of their ids, which is the order in which its plan was written.
 */
#include "store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more element of an array that doubles: true when there is. */
static bool grow(void **array, size_t count, size_t element_bytes)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return true;
    size_t capacity = count == 0 ? 1 : 2 * count;
    void *larger = reallocarray(*array, capacity, element_bytes);
    if (larger == NULL)
        return false;
    *array = larger;
    return true;
}

/* Row ids in ascending order; the place of one is its index in the run. */
struct id_list {
    int64_t *ids;
    size_t count;
};

static bool id_list_add(struct id_list *list, int64_t id)
{
    if (!grow((void **)&list->ids, list->count, sizeof *list->ids))
        return false;
    list->ids[list->count++] = id;
    return true;
}

static int id_list_find(const struct id_list *list, int64_t id)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->ids[middle] == id)
            return (int)middle;
        if (list->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

struct loading {
    struct store *store;
    struct run *run;
    int64_t run_id;
    struct id_list workloads, allocators;
};

/* A query whose only parameter is an id. */
static sqlite3_stmt *query(struct store *store, enum store_statement which, int64_t id)
{
    sqlite3_stmt *statement = store_prepare(store, which);
    if (statement != NULL)
        sqlite3_bind_int64(statement, 1, id);
    return statement;
}

static int refuse_damaged(struct loading *loading, const char *what)
{
    return store_refuse(loading->store, "%s is damaged: run %s has %s; choose another run",
                        loading->store->path, loading->run->name, what);
}

static int load_run_row(struct loading *loading)
{
    struct run *run = loading->run;
    sqlite3_stmt *row = query(loading->store, STORE_GET_RUN, loading->run_id);
    int found = row == NULL ? -1 : store_next(loading->store, row);
    if (found < 0)
        return -1;
    int column = 0;
    run->name = store_column_text(row, column++);
    run->suite = store_column_text(row, column++);
    char *seed = store_column_text(row, column++);
    char *order_seed = store_column_text(row, column++);
    bool complete = run->name != NULL && run->suite != NULL && seed != NULL && order_seed != NULL;
    if (complete) {
        run->seed = strtoull(seed, NULL, 10);
        run->order_seed = strtoull(order_seed, NULL, 10);
    }
    free(seed);
    free(order_seed);
    run->started_ns = sqlite3_column_int64(row, column++);
    run->finished_ns = sqlite3_column_int64(row, column++);
    run->sample_step_ns = sqlite3_column_int64(row, column++);
    run->time_limit_ns = sqlite3_column_int64(row, column++);
    run->memory_limit_bytes = sqlite3_column_int64(row, column++);
    sqlite3_reset(row);
    return complete ? 0 : store_fail_memory(loading->store);
}

static bool read_allocator(sqlite3_stmt *row, struct allocator *allocator)
{
    int column = 1;
    *allocator = (struct allocator){.name = store_column_text(row, column++)};
    bool preloaded = sqlite3_column_type(row, column) != SQLITE_NULL;
    allocator->path = preloaded ? store_column_text(row, column) : NULL;
    column++;
    allocator->env = store_column_text(row, column++);
    allocator->summary = store_column_text(row, column++);
    allocator->source = store_column_text(row, column++);
    allocator->package = store_column_text(row, column++);
    allocator->programs = sqlite3_column_int(row, column++) != 0;
    allocator->file = store_column_text(row, column++);
    allocator->version = store_column_text(row, column++);
    const unsigned char *sha256 = sqlite3_column_text(row, column++);
    snprintf(allocator->sha256, sizeof allocator->sha256, "%s",
             sha256 == NULL ? "" : (const char *)sha256);
    return allocator->name != NULL && (allocator->path != NULL || !preloaded) &&
           allocator->env != NULL && allocator->summary != NULL && allocator->source != NULL &&
           allocator->package != NULL && allocator->file != NULL && allocator->version != NULL;
}

static int load_allocators(struct loading *loading)
{
    struct run *run = loading->run;
    sqlite3_stmt *row = query(loading->store, STORE_GET_ALLOCATORS, loading->run_id);
    int more = -1;
    while (row != NULL && (more = store_next(loading->store, row)) == 1) {
        if (!grow((void **)&run->allocators, run->allocator_count, sizeof *run->allocators) ||
            !read_allocator(row, &run->allocators[run->allocator_count++]) ||
            !id_list_add(&loading->allocators, sqlite3_column_int64(row, 0)))
            return store_fail_memory(loading->store);
    }
    return more;
}

static int load_workloads(struct loading *loading)
{
    struct run *run = loading->run;
    sqlite3_stmt *row = query(loading->store, STORE_GET_WORKLOADS, loading->run_id);
    int more = -1;
    while (row != NULL && (more = store_next(loading->store, row)) == 1) {
        if (!grow((void **)&run->workloads, run->workload_count, sizeof *run->workloads))
            return store_fail_memory(loading->store);
        struct workload_spec *workload = &run->workloads[run->workload_count++];
        const char *kind_name = (const char *)sqlite3_column_text(row, 4);
        int kind = kind_name == NULL ? -1 : workload_kind_parse(kind_name);
        *workload = (struct workload_spec){
            .label = store_column_text(row, 1),
            .name = store_column_text(row, 2),
            .params = store_column_text(row, 3),
            .kind = kind < 0 ? WORKLOAD_SYNTHETIC : (enum workload_kind)kind,
            .threads = (unsigned)sqlite3_column_int64(row, 5),
            .blocks = (unsigned)sqlite3_column_int64(row, 6),
        };
        if (kind < 0)
            return refuse_damaged(loading, "a workload of unknown kind");
        if (workload->label == NULL || workload->name == NULL || workload->params == NULL ||
            !id_list_add(&loading->workloads, sqlite3_column_int64(row, 0)))
            return store_fail_memory(loading->store);
    }
    return more;
}

static int load_facts(struct loading *loading)
{
    struct run *run = loading->run;
    sqlite3_stmt *row = query(loading->store, STORE_GET_FACTS, loading->run_id);
    int more = -1;
    while (row != NULL && (more = store_next(loading->store, row)) == 1) {
        if (!grow((void **)&run->facts, run->fact_count, sizeof *run->facts))
            return store_fail_memory(loading->store);
        struct fact *fact = &run->facts[run->fact_count++];
        fact->name = store_column_text(row, 0);
        fact->value = store_column_text(row, 1);
        if (fact->name == NULL || fact->value == NULL)
            return store_fail_memory(loading->store);
    }
    return more;
}

static void read_text_into(sqlite3_stmt *row, int column, char *text, size_t text_bytes)
{
    const unsigned char *value = sqlite3_column_text(row, column);
    snprintf(text, text_bytes, "%s", value == NULL ? "" : (const char *)value);
}

static int read_trial(struct loading *loading, sqlite3_stmt *row, struct trial_record *trial)
{
    char pass_text[32], status_text[32];
    int column = 0;
    trial_record_init(trial);
    trial->id = sqlite3_column_int64(row, column++);
    int workload = id_list_find(&loading->workloads, sqlite3_column_int64(row, column++));
    int allocator = id_list_find(&loading->allocators, sqlite3_column_int64(row, column++));
    trial->key.block = (unsigned)sqlite3_column_int64(row, column++);
    read_text_into(row, column++, pass_text, sizeof pass_text);
    read_text_into(row, column++, status_text, sizeof status_text);
    int pass = pass_parse(pass_text), status = trial_status_parse(status_text);
    if (workload < 0 || allocator < 0 || pass < 0 || status < 0)
        return refuse_damaged(loading, "a trial of an unknown workload, allocator, pass or status");
    trial->key.workload = (unsigned)workload;
    trial->key.allocator = (unsigned)allocator;
    trial->key.pass = (enum pass)pass;
    trial->status = (enum trial_status)status;
    read_text_into(row, column++, trial->detail, sizeof trial->detail);
    read_text_into(row, column++, trial->malloc_file, sizeof trial->malloc_file);
    trial->started_ns = sqlite3_column_int64(row, column++);
#define X(name, unit, help) trial->name = store_column_measure(row, column++);
    TRIAL_MEASURES(X)
#undef X
    return 0;
}

static int load_trials(struct loading *loading)
{
    struct run *run = loading->run;
    sqlite3_stmt *row = query(loading->store, STORE_GET_TRIALS, loading->run_id);
    int more = -1;
    while (row != NULL && (more = store_next(loading->store, row)) == 1) {
        if (!grow((void **)&run->trials, run->trial_count, sizeof *run->trials))
            return store_fail_memory(loading->store);
        if (read_trial(loading, row, &run->trials[run->trial_count++]) != 0)
            return -1;
    }
    for (size_t i = 0; more == 0 && i < run->trial_count; i++)
        more = store_load_trial_parts(loading->store, &run->trials[i]);
    return more;
}

static int load_all(struct loading *loading)
{
    if (load_run_row(loading) != 0 || load_allocators(loading) != 0 ||
        load_workloads(loading) != 0 || load_facts(loading) != 0)
        return -1;
    return load_trials(loading);
}

int store_load_run(struct store *store, const char *name, struct run *run)
{
    struct loading loading = {.store = store, .run = run};
    if (store->unusable || store_find_run(store, name, &loading.run_id) != 0)
        return -1;
    /* One snapshot for all queries, so that a run under way is not seen half before, half after
     * a trial that ends meanwhile. */
    sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL);
    int result = load_all(&loading);
    free(loading.workloads.ids);
    free(loading.allocators.ids);
    store_reset_all(store);
    sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return result;
}
