/*
 * Which runs there are, and which one is meant by a name or its beginning.
 */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 3 };

/* "a, b, c and more": the first names that `which` yields for `name`. */
static int list_names(struct store *store, enum store_statement which, const char *name,
                      char names[MESSAGE_BYTES / 2])
{
    sqlite3_stmt *row = store_prepare(store, which);
    if (row == NULL)
        return -1;
    if (name != NULL)
        store_bind_text(row, 1, name);
    int more, count = 0;
    size_t used = 0;
    names[0] = '\0';
    while ((more = store_next(store, row)) == 1 && count < NAMES_SHOWN) {
        int length = snprintf(names + used, MESSAGE_BYTES / 2 - used, "%s%s",
                              count++ == 0 ? "" : ", ", (const char *)sqlite3_column_text(row, 1));
        used += (size_t)length;
        if (used >= MESSAGE_BYTES / 2)
            break;
    }
    if (more == 1 && used < MESSAGE_BYTES / 2)
        snprintf(names + used, MESSAGE_BYTES / 2 - used, " and more");
    sqlite3_reset(row);
    return more < 0 ? -1 : count;
}

/* How many runs `which` finds for `name`, up to 2, and the id of the first. */
static int find(struct store *store, enum store_statement which, const char *name, int64_t *id)
{
    sqlite3_stmt *row = store_prepare(store, which);
    if (row == NULL)
        return -1;
    if (name != NULL)
        store_bind_text(row, 1, name);
    int found = store_next(store, row);
    if (found == 1) {
        *id = sqlite3_column_int64(row, 0);
        int second = store_next(store, row);
        found = second < 0 ? -1 : 1 + second;
    }
    sqlite3_reset(row);
    return found;
}

static int refuse_name(struct store *store, const char *name, int found)
{
    char names[MESSAGE_BYTES / 2];
    if (found == 0) {
        int count = list_names(store, STORE_FIND_RUN_NEWEST, NULL, names);
        if (count < 0)
            return -1;
        if (count == 0)
            return store_refuse(store, "%s holds no run yet; 'heapmark run' makes one",
                                store->path);
        return store_refuse(store, "%s holds no run called %s; it has %s", store->path, name,
                            names);
    }
    if (list_names(store, STORE_FIND_RUN_PREFIX, name, names) < 0)
        return -1;
    return store_refuse(store, "more than one run in %s begins with %s: %s; give more of the name",
                        store->path, name, names);
}

int store_find_run(struct store *store, const char *name, int64_t *id)
{
    int found;
    if (name == NULL) {
        found = find(store, STORE_FIND_RUN_NEWEST, NULL, id);
        if (found < 0)
            return -1;
        return found > 0 ? 0 : refuse_name(store, "", 0);
    }
    found = find(store, STORE_FIND_RUN_EXACT, name, id);
    if (found == 0)
        found = find(store, STORE_FIND_RUN_PREFIX, name, id);
    if (found < 0)
        return -1;
    return found == 1 ? 0 : refuse_name(store, name, found);
}

static bool read_line(sqlite3_stmt *row, struct run_line *line)
{
    *line = (struct run_line){
        .name = store_column_text(row, 0),
        .suite = store_column_text(row, 1),
        .started_ns = sqlite3_column_int64(row, 2),
        .trials_planned = (size_t)sqlite3_column_int64(row, 3),
        .trials_done = (size_t)sqlite3_column_int64(row, 4),
        .trials_failed = (size_t)sqlite3_column_int64(row, 5),
    };
    return line->name != NULL && line->suite != NULL;
}

int store_list_runs(struct store *store, struct run_line **lines, size_t *count)
{
    *lines = NULL;
    *count = 0;
    if (store->unusable)
        return -1;
    sqlite3_stmt *row = store_prepare(store, STORE_LIST_RUNS);
    if (row == NULL)
        return -1;
    int more;
    while ((more = store_next(store, row)) == 1) {
        struct run_line *larger = reallocarray(*lines, *count + 1, sizeof **lines);
        if (larger != NULL)
            *lines = larger;
        if (larger == NULL || !read_line(row, &larger[(*count)++])) {
            more = store_fail_memory(store);
            break;
        }
    }
    sqlite3_reset(row);
    if (more == 0)
        return 0;
    run_lines_free(*lines, *count);
    *lines = NULL;
    *count = 0;
    return -1;
}

void run_lines_free(struct run_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(lines[i].name);
        free(lines[i].suite);
    }
    free(lines);
}
