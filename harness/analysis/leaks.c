/* Groups what is live at the end; see leaks.h. */
#include "leaks.h"

#include "message.h"
#include "trace_walk.h"

#include <stdlib.h>
#include <string.h>

/* What the visit of the ledger fills in. */
struct collection {
    struct leaks *leaks;
    struct ledger_object *object;
    size_t count;
};

static bool take_object(void *argument, const struct ledger_object *object)
{
    struct collection *all = argument;
    struct leaks *leaks = all->leaks;
    uint64_t age = leaks->operations - object->born_index;
    uint64_t age_ns = leaks->duration_ns - object->born_ns;
    all->object[all->count++] = *object;
    leaks->blocks++;
    leaks->bytes += object->size;
    histogram_add(&leaks->age, age);
    histogram_add(&leaks->age_ns, age_ns);
    leaks->age_bytes[histogram_class(age)] += object->size;
    leaks->age_ns_bytes[histogram_class(age_ns)] += object->size;
    return true;
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_sizes(const void *left, const void *right)
{
    const struct ledger_object *a = left, *b = right;
    int by = order(a->size, b->size);
    by = by != 0 ? by : order(a->thread, b->thread);
    return by != 0 ? by : order(a->serial, b->serial);
}

static int compare_threads(const void *left, const void *right)
{
    const struct ledger_object *a = left, *b = right;
    int by = order(a->thread, b->thread);
    return by != 0 ? by : order(a->serial, b->serial);
}

static int compare_groups(const void *left, const void *right)
{
    const struct leak_group *a = left, *b = right;
    int by = order(b->bytes, a->bytes);
    by = by != 0 ? by : order(b->blocks, a->blocks);
    return by != 0 ? by : order(a->key, b->key);
}

static void add_to_group(struct leak_group *group, const struct ledger_object *object,
                         bool new_thread)
{
    if (group->blocks == 0 || object->born_index < group->oldest_operation) {
        group->oldest_operation = object->born_index;
        group->oldest_ns = object->born_ns;
        group->thread = object->thread;
    }
    group->threads += new_thread;
    group->blocks++;
    group->bytes += object->size;
}

static bool same_group(const struct ledger_object *a, const struct ledger_object *b, bool by_size)
{
    return by_size ? a->size == b->size : a->thread == b->thread;
}

/* One group for each size or thread of the sorted objects, most bytes first. */
static struct leak_group *make_groups(const struct collection *all, bool by_size, size_t *count)
{
    size_t groups = 0;
    for (size_t i = 0; i < all->count; i++)
        groups += i == 0 || !same_group(&all->object[i - 1], &all->object[i], by_size);
    struct leak_group *group = calloc(groups + 1, sizeof *group), *at = group;
    if (group == NULL)
        return NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct ledger_object *object = &all->object[i];
        bool first = i == 0, same = !first && same_group(object - 1, object, by_size);
        at += !first && !same;
        at->key = by_size ? object->size : object->thread;
        add_to_group(at, object, !same || object->thread != object[-1].thread);
    }
    qsort(group, groups, sizeof *group, compare_groups);
    *count = groups;
    return group;
}

static void collect(void *argument, const struct ledger *ledger)
{
    struct leaks *leaks = argument;
    struct collection all = {.leaks = leaks};
    all.object = calloc(ledger_live_blocks(ledger) + 1, sizeof *all.object);
    if (all.object != NULL) {
        ledger_visit(ledger, take_object, &all);
        qsort(all.object, all.count, sizeof *all.object, compare_sizes);
        leaks->by_size = make_groups(&all, true, &leaks->sizes);
        qsort(all.object, all.count, sizeof *all.object, compare_threads);
        leaks->by_thread = make_groups(&all, false, &leaks->threads);
    }
    leaks->failed = leaks->by_size == NULL || leaks->by_thread == NULL;
    free(all.object);
}

static int leaks_step(void *argument, const struct trace_step *step, char *message)
{
    struct leaks *leaks = argument;
    (void)message;
    leaks->operations = step->index + 1;
    leaks->duration_ns = step->op->time_ns;
    if (step->effect->begun) {
        leaks->objects++;
        leaks->bytes_begun += step->effect->new.size;
    }
    return 0;
}

int leaks_find(struct trace_reader *reader, struct leaks *leaks, char *message)
{
    *leaks = (struct leaks){0};
    if (trace_walk(reader, UINT64_MAX, leaks_step, collect, leaks, message) < 0)
        return -1;
    return leaks->failed ? message_set(message, "out of memory") : 0;
}

void leaks_release(struct leaks *leaks)
{
    free(leaks->by_size);
    free(leaks->by_thread);
    leaks->by_size = leaks->by_thread = NULL;
}
