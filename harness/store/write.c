/*
 * Writing a run: its plan at the start, its end at the end. The trials are in write_trial.c.
 */
#include "store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows of one run, found while its plan is written. */
struct row_ids {
    int64_t run;
    int64_t *workload, *allocator;
};

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* Runs an INSERT and gives the id of its row. */
static int insert(struct store *store, sqlite3_stmt *statement, int64_t *id)
{
    if (store_run(store, statement) != 0)
        return -1;
    *id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

static int add_run_row(struct store *store, const struct run *run, int64_t *id)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_ADD_RUN);
    if (statement == NULL)
        return -1;
    /* As text: SQL has no unsigned 64-bit integers, and a seed is there to be copied. */
    char seed[24], order_seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, run->seed);
    snprintf(order_seed, sizeof order_seed, "%" PRIu64, run->order_seed);
    int column = 0;
    store_bind_text(statement, ++column, run->name);
    store_bind_text(statement, ++column, text_or_empty(run->suite));
    store_bind_text(statement, ++column, seed);
    store_bind_text(statement, ++column, order_seed);
    sqlite3_bind_int64(statement, ++column, run->started_ns);
    sqlite3_bind_int64(statement, ++column, run->sample_step_ns);
    sqlite3_bind_int64(statement, ++column, run->time_limit_ns);
    sqlite3_bind_int64(statement, ++column, run->memory_limit_bytes);
    return insert(store, statement, id);
}

static int add_allocator(struct store *store, const struct allocator *allocator, int64_t run_id,
                         int64_t *id)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_ADD_ALLOCATOR);
    if (statement == NULL)
        return -1;
    int column = 0;
    sqlite3_bind_int64(statement, ++column, run_id);
    store_bind_text(statement, ++column, allocator->name);
    store_bind_text(statement, ++column, allocator->path); /* NULL: nothing is preloaded */
    store_bind_text(statement, ++column, text_or_empty(allocator->env));
    store_bind_text(statement, ++column, text_or_empty(allocator->summary));
    store_bind_text(statement, ++column, text_or_empty(allocator->source));
    store_bind_text(statement, ++column, text_or_empty(allocator->package));
    sqlite3_bind_int(statement, ++column, allocator->programs);
    store_bind_text(statement, ++column, text_or_empty(allocator->file));
    store_bind_text(statement, ++column, text_or_empty(allocator->version));
    store_bind_text(statement, ++column, allocator->sha256);
    return insert(store, statement, id);
}

static int add_workload(struct store *store, const struct workload_spec *workload, int64_t run_id,
                        int64_t *id)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_ADD_WORKLOAD);
    if (statement == NULL)
        return -1;
    int column = 0;
    sqlite3_bind_int64(statement, ++column, run_id);
    store_bind_text(statement, ++column, workload->label);
    store_bind_text(statement, ++column, workload->name);
    store_bind_text(statement, ++column, text_or_empty(workload->params));
    store_bind_text(statement, ++column, workload_kind_name(workload->kind));
    sqlite3_bind_int64(statement, ++column, workload->threads);
    sqlite3_bind_int64(statement, ++column, workload->blocks);
    return insert(store, statement, id);
}

static int add_fact(struct store *store, const struct fact *fact, int64_t run_id)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_ADD_FACT);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, run_id);
    store_bind_text(statement, 2, fact->name);
    store_bind_text(statement, 3, text_or_empty(fact->value));
    return store_run(store, statement);
}

static int add_trial(struct store *store, struct trial_record *trial, const struct row_ids *ids)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_ADD_TRIAL);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, ids->run);
    sqlite3_bind_int64(statement, 2, ids->workload[trial->key.workload]);
    sqlite3_bind_int64(statement, 3, ids->allocator[trial->key.allocator]);
    sqlite3_bind_int64(statement, 4, trial->key.block);
    store_bind_text(statement, 5, pass_name(trial->key.pass));
    return insert(store, statement, &trial->id);
}

static int add_rows(struct store *store, struct run *run, struct row_ids *ids)
{
    if (add_run_row(store, run, &ids->run) != 0)
        return -1;
    for (size_t i = 0; i < run->allocator_count; i++)
        if (add_allocator(store, &run->allocators[i], ids->run, &ids->allocator[i]) != 0)
            return -1;
    for (size_t i = 0; i < run->workload_count; i++)
        if (add_workload(store, &run->workloads[i], ids->run, &ids->workload[i]) != 0)
            return -1;
    for (size_t i = 0; i < run->fact_count; i++)
        if (add_fact(store, &run->facts[i], ids->run) != 0)
            return -1;
    for (size_t i = 0; i < run->trial_count; i++)
        if (add_trial(store, &run->trials[i], ids) != 0)
            return -1;
    return 0;
}

/* A run that exists is the one mistake worth its own words; the rest SQLite says. */
static int check_name_is_new(struct store *store, const struct run *run)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_FIND_RUN_EXACT);
    if (statement == NULL)
        return -1;
    store_bind_text(statement, 1, run->name);
    int found = store_next(store, statement);
    sqlite3_reset(statement);
    if (found == 1)
        return store_refuse(store, "%s holds a run called %s already; choose another name or file",
                            store->path, run->name);
    return found;
}

int store_check_writable(struct store *store)
{
    if (store->unusable)
        return -1;
    if (store->mode != STORE_WRITE)
        return store_refuse(store, "%s was opened for reading only", store->path);
    return 0;
}

int store_add_run(struct store *store, struct run *run)
{
    struct store_transaction transaction;
    if (store_check_writable(store) != 0)
        return -1;
    int64_t *ids = calloc(run->workload_count + run->allocator_count + 1, sizeof *ids);
    if (ids == NULL)
        return store_fail_memory(store);
    struct row_ids rows = {.workload = ids, .allocator = ids + run->workload_count};
    int result = store_transaction_begin(store, &transaction);
    if (result == 0) {
        result = check_name_is_new(store, run);
        if (result == 0)
            result = add_rows(store, run, &rows);
        result = store_transaction_end(store, &transaction, result);
    }
    free(ids);
    return result;
}

static int run_of_name(struct store *store, enum store_statement which, const struct run *run)
{
    sqlite3_stmt *statement = store_prepare(store, which);
    if (statement == NULL)
        return -1;
    store_bind_text(statement, 1, run->name);
    return store_run(store, statement);
}

static int note_end(struct store *store, const struct run *run)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_FINISH_RUN);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, run->finished_ns);
    store_bind_text(statement, 2, run->name);
    return store_run(store, statement);
}

int store_finish_run(struct store *store, const struct run *run)
{
    struct store_transaction transaction;
    if (store_check_writable(store) != 0 || store_transaction_begin(store, &transaction) != 0)
        return -1;
    return store_transaction_end(store, &transaction, note_end(store, run));
}

int store_cut_run(struct store *store, const struct run *run)
{
    struct store_transaction transaction;
    if (store_check_writable(store) != 0 || store_transaction_begin(store, &transaction) != 0)
        return -1;
    int result = run_of_name(store, STORE_DROP_PLANNED, run);
    if (result == 0)
        result = run_of_name(store, STORE_FIT_BLOCKS, run);
    if (result == 0)
        result = note_end(store, run);
    return store_transaction_end(store, &transaction, result);
}
