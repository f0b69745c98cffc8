/* Runs a trial for its maps; see map_trial.h. */
#include "map_trial.h"

#include "child.h"
#include "descriptor.h"
#include "message.h"
#include "trial_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapping_trial {
    const struct map_trial *given;
    struct map_series *series;
    int blocks; /* memfd that the runner lists its blocks in */
    bool failed;
    char *message;
};

static pid_t runner_pid(const struct child *child)
{
    return atomic_load_explicit(&child->page->pid, memory_order_relaxed);
}

/* The lap at whose end the moment lies; UINT32_MAX for one that is no lap's end. */
static uint32_t lap_of(const struct map_trial *trial, size_t moment)
{
    size_t stop = 0;
    if (trial->places[moment] != MAP_AT_STOP)
        return UINT32_MAX;
    for (size_t i = 0; i < moment; i++)
        stop += trial->places[i] == MAP_AT_STOP;
    return trial->replay->stop_lap[stop];
}

static void read_map(struct mapping_trial *mapping, const struct child *child, size_t moment,
                     const struct block_list *list)
{
    if (!mapping->failed &&
        heap_map_read(&mapping->series->map[moment], runner_pid(child), list, mapping->message) < 0)
        mapping->failed = true;
}

static void take_list(struct mapping_trial *mapping, const struct child *child,
                      const struct block_list *list, size_t bytes)
{
    if (bytes < sizeof *list || (bytes - sizeof *list) / sizeof list->entry[0] < list->count) {
        mapping->failed = true;
        message_set(mapping->message, "the runner's list of blocks is cut off");
        return;
    }
    for (size_t m = 0; m < mapping->given->moments; m++)
        if (lap_of(mapping->given, m) == list->lap)
            read_map(mapping, child, m, list);
}

static void at_stop(void *argument, const struct child *child)
{
    struct mapping_trial *mapping = argument;
    struct stat status;
    size_t bytes = fstat(mapping->blocks, &status) == 0 ? (size_t)status.st_size : 0;
    void *list =
        bytes > 0 ? mmap(NULL, bytes, PROT_READ, MAP_SHARED, mapping->blocks, 0) : MAP_FAILED;
    if (list == MAP_FAILED) {
        mapping->failed = true;
        message_set(mapping->message, "cannot read the runner's list of blocks: %s",
                    strerror(errno));
        return;
    }
    take_list(mapping, child, list, bytes);
    munmap(list, bytes);
}

/* No block is left then, so there is no list; nor does anybody walk the heap. */
static void at_checkpoint(void *argument, const struct child *child, enum checkpoint checkpoint)
{
    struct mapping_trial *mapping = argument;
    const struct block_list nothing = {.operations = mapping->given->replay->head.calls};
    for (size_t m = 0; m < mapping->given->moments; m++)
        if (checkpoint == CHECKPOINT_DRAINED && mapping->given->places[m] == MAP_AT_DRAINED)
            read_map(mapping, child, m, &nothing);
}

/* Laps that end at moments, each once. */
static uint32_t list_laps(const struct map_trial *trial, uint32_t *laps)
{
    uint32_t count = 0;
    for (size_t m = 0; m < trial->moments; m++) {
        uint32_t lap = lap_of(trial, m);
        if (lap != UINT32_MAX && (count == 0 || laps[count - 1] != lap))
            laps[count++] = lap;
    }
    return count;
}

/* An allocator that hands out bytes twice may well live through a replay. */
static bool tell_overlaps(const struct mapping_trial *mapping)
{
    for (size_t m = 0; m < mapping->given->moments; m++) {
        const struct heap_map *map = &mapping->series->map[m];
        if (map->overlaps == 0)
            continue;
        message_set(mapping->message,
                    "allocator %s: it has handed out the same bytes twice: the live blocks at "
                    "0x%" PRIx64 " and 0x%" PRIx64 " overlap (%" PRIu64 " such blocks at map %zu)",
                    mapping->series->allocator->name, map->overlapped_address, map->overlap_address,
                    map->overlaps, m + 1);
        return true;
    }
    return false;
}

static int judge(const struct mapping_trial *mapping, const struct trial_record *record)
{
    const char *name = mapping->series->allocator->name;
    char reason[MESSAGE_BYTES];
    snprintf(reason, sizeof reason, "%s", mapping->message);
    if (*mapping->given->interrupted) {
        message_set(mapping->message, "interrupted");
        return 1;
    }
    if (record->status != STATUS_OK) {
        message_set(mapping->message, "allocator %s: %s: %s", name,
                    trial_status_name(record->status), record->detail);
        return 1;
    }
    if (mapping->failed)
        return message_set(mapping->message, "allocator %s: %s", name, reason);
    for (size_t m = 0; m < mapping->given->moments; m++)
        if (mapping->series->map[m].page_bytes == 0) {
            message_set(mapping->message, "allocator %s: the runner did not stand for map %zu",
                        name, m + 1);
            return 1;
        }
    if (tell_overlaps(mapping))
        return 1;
    mapping->series->count = mapping->given->moments;
    return 0;
}

static int run_child(struct mapping_trial *mapping)
{
    const struct map_trial *given = mapping->given;
    uint32_t laps[TRIAL_MAP_STOPS_MAXIMUM];
    struct child_spec spec = {
        .paths = given->paths,
        .workload = given->workload,
        .allocator = mapping->series->allocator,
        .seed = given->seed,
        .cpu = -1,
        .script = given->replay->descriptor,
        .blocks = mapping->blocks,
        .map_stop = laps,
        .map_stop_count = list_laps(given, laps),
    };
    struct trial_watch_options options = {
        .allocator = spec.allocator,
        .time_limit_ns = given->time_limit_ns,
        .interrupted = given->interrupted,
        .map_stop = at_stop,
        .at_checkpoint = at_checkpoint,
        .argument = mapping,
    };
    struct trial_record record;
    struct child child;
    if (child_start(&child, &spec, mapping->message) < 0)
        return -1;
    trial_record_init(&record);
    trial_watch(&child, &options, &record);
    child_end(&child);
    int result = judge(mapping, &record);
    trial_record_release(&record);
    return result;
}

int map_trial_run(const struct map_trial *trial, struct map_series *series, char *message)
{
    struct mapping_trial mapping = {
        .given = trial,
        .series = series,
        .blocks = descriptor_lift(memfd_create("heapmark-blocks", MFD_CLOEXEC)),
        .message = message,
    };
    if (mapping.blocks < 0)
        return message_set(message, "cannot make a list of blocks: %s", strerror(errno));
    int result = run_child(&mapping);
    descriptor_close(&mapping.blocks);
    return result;
}
