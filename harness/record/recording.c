/* One process image being recorded; see recording.h. */
#include "recording.h"

#include "clock.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_NS = 1000000,
    FLUSH_NS = 1000000000,
    REAP_TICKS = 100,
    IDLE_TICKS = 16,    /* without a record before it goes to sleep */
    HEARTBEAT_MS = 100, /* asleep or not */
    STACK_BYTES = 256 << 10,
};
/* Longer than a record that never comes is waited for (merge_stuck.c), which may make room. */
#define EXHAUSTED_NS UINT64_C(4000000000)

struct recording *recording_create(struct recording_host *host, const struct process_origin *origin,
                                   uint64_t ring_bytes, int *file, char *message)
{
    struct recording *recording = calloc(1, sizeof *recording);
    *file = -1;
    if (recording == NULL) {
        message_set(message, "out of memory");
        return NULL;
    }
    recording->host = host;
    recording->origin = *origin;
    recording->pidfd = -1;
    process_name(origin->pid, recording->name);
    if (ring_memory_init(&recording->memory, ring_bytes, file, message) < 0) {
        free(recording);
        return NULL;
    }
    struct merge_moment now = tick_clock_moment(&host->clock, 0);
    recording->epoch_ns = recording->flushed_ns = now.ns;
    recording->memory.ring->clock_hz = (uint64_t)(1e9 / now.ns_per_tick);
    process_facts(&recording->facts,
                  origin); /* short of memory: facts are missing, the trace is not */
    return recording;
}

void recording_end(struct recording *recording, enum recording_ending ending)
{
    uint32_t before = RECORDING_GOES_ON;
    /* Release: partner of the look that each pass begins with. */
    if (atomic_compare_exchange_strong_explicit(&recording->ending, &before, ending,
                                                memory_order_release, memory_order_relaxed))
        ring_memory_ring(&recording->memory);
}

/* ---- the file ------------------------------------------------------------------ */

static void set_allocator(struct recording *recording, struct trace_facts *facts)
{
    char allocator[sizeof recording->memory.ring->allocator + 1];
    snprintf(allocator, sizeof allocator, "%.*s", (int)sizeof recording->memory.ring->allocator,
             recording->memory.ring->allocator);
    if (allocator[0] != '\0')
        trace_facts_set(facts, "allocator", allocator);
}

static int open_file(struct recording *recording, char *message)
{
    set_allocator(recording, &recording->facts);
    char *path =
        output_names_take(&recording->host->names, recording->is_first, recording->name, message);
    if (path == NULL)
        return -1;
    recording->writer = trace_writer_create(path, &recording->facts, message);
    if (recording->writer == NULL) {
        free(path);
        return -1;
    }
    recording->result.path = path;
    return 0;
}

static int take_thread(void *argument, uint32_t index, uint32_t tid, char *message)
{
    struct recording *recording = argument;
    char name[64]; /* longer than the kernel lets them be */
    if (recording->writer == NULL && open_file(recording, message) < 0)
        return -1;
    process_thread_name(recording->origin.pid, (pid_t)tid, name, sizeof name);
    return trace_writer_thread(recording->writer, index, tid, name, message);
}

static int write_ahead(struct recording *recording, char *message)
{
    unsigned count = recording->ahead_count;
    recording->ahead_count = 0;
    for (unsigned i = 0; i < count; i++)
        if (trace_writer_add(recording->writer, &recording->ahead[i], message) < 0)
            return -1;
    return 0;
}

static int take_op(void *argument, const struct trace_op *op, char *message)
{
    struct recording *recording = argument;
    trace_writer_expect(recording->writer, op);
    recording->ahead[recording->ahead_count++] = *op;
    return recording->ahead_count < RECORDING_AHEAD ? 0 : write_ahead(recording, message);
}

/* At most a second of recording is missing when recording itself is killed. */
static int flush_now_and_then(struct recording *recording, char *message)
{
    uint64_t now_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
    uint64_t operations = merge_operations(recording->merge);
    if (now_ns - recording->flushed_ns < FLUSH_NS || operations == recording->flushed_operations)
        return 0;
    recording->flushed_ns = now_ns;
    recording->flushed_operations = operations;
    if (write_ahead(recording, message) < 0)
        return -1;
    return trace_writer_flush(recording->writer, message);
}

static void set_number(struct trace_facts *facts, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    trace_facts_set(facts, name, text);
}

static void set_end(struct recording *recording, struct trace_facts *facts,
                    enum recording_ending ending)
{
    char text[32] = "cut";
    if (ending == RECORDING_EXECUTED)
        snprintf(text, sizeof text, "exec");
    else if (ending == RECORDING_DIED)
        process_end(recording->pidfd, text, sizeof text);
    trace_facts_set(facts, "end", text);
}

static int finish_file(struct recording *recording, enum recording_ending ending, char *message)
{
    struct recording_result *result = &recording->result;
    const struct ring *ring = recording->memory.ring;
    struct trace_facts facts = {0};
    result->lost = merge_lost(recording->merge);
    result->stalls = atomic_load_explicit(&ring->stalls, memory_order_relaxed);
    result->stall_ns = atomic_load_explicit(&ring->stall_ns, memory_order_relaxed);
    set_allocator(recording, &facts);
    set_end(recording, &facts, ending);
    set_number(&facts, "stalls", result->stalls);
    set_number(&facts, "stall_ns", result->stall_ns);
    set_number(&facts, "lost", result->lost);
    int written = write_ahead(recording, message);
    result->operations = trace_writer_operations(recording->writer);
    if (written < 0) {
        trace_facts_release(&facts);
        return -1;
    }
    int status = trace_writer_finish(recording->writer, &facts, message);
    recording->writer = NULL;
    trace_facts_release(&facts);
    return status;
}

static void measure_file(struct recording_result *result)
{
    FILE *file = result->path != NULL ? fopen(result->path, "re") : NULL;
    if (file == NULL)
        return;
    if (fseeko(file, 0, SEEK_END) == 0)
        result->bytes = (uint64_t)ftello(file);
    fclose(file);
}

/* ---- the work ------------------------------------------------------------------ */

static bool is_thread_gone(void *argument, uint32_t tid)
{
    const struct recording *recording = argument;
    return process_threads_lack(&recording->threads, (pid_t)tid);
}

static int reap(struct recording *recording, char *message)
{
    process_threads_look(&recording->threads, recording->origin.pid);
    return merge_reap(recording->merge, is_thread_gone, recording, message);
}

/* Each thread that has ever allocated keeps a chunk until it ends: with as many threads as there
 * are chunks nobody would get on any more. Recording ends instead. */
static int check_room(struct recording *recording, char *message)
{
    const struct ring_memory *memory = &recording->memory;
    uint64_t now_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
    if (!ring_memory_is_awaited(memory) || !ring_memory_is_exhausted(memory)) {
        recording->exhausted_ns = 0;
        return 0;
    }
    if (recording->exhausted_ns == 0 || recording->exhausted_given != memory->given) {
        recording->exhausted_ns = now_ns;
        recording->exhausted_given = memory->given;
    }
    if (now_ns - recording->exhausted_ns < EXHAUSTED_NS)
        return 0;
    return message_set(message,
                       "%zu threads hold all of the ring's %u chunks; try a larger --buffer",
                       merge_threads(recording->merge), memory->chunk_count);
}

static void beat(struct recording *recording)
{
    struct ring *ring = recording->memory.ring;
    atomic_fetch_add_explicit(&ring->heartbeat, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&ring->tick, 1, memory_order_relaxed);
}

static int pass(struct recording *recording, enum merge_haste haste, char *message)
{
    struct merge_moment now = tick_clock_moment(&recording->host->clock, recording->epoch_ns);
    int result = merge_pass(recording->merge, &now, haste, message);
    beat(recording);
    ring_memory_stock(&recording->memory);
    return result;
}

/* Sleeps until the process has something to say, unless it has already. */
static int sleep_if_quiet(struct recording *recording, char *message)
{
    struct ring *ring = recording->memory.ring;
    uint64_t before = merge_operations(recording->merge);
    uint32_t seen = atomic_load_explicit(&ring->doorbell, memory_order_acquire);
    if (atomic_load_explicit(&recording->ending, memory_order_acquire) != RECORDING_GOES_ON)
        return 0;
    /* Who writes a record after this look rings: it sees a tick that it has not seen, then that
     * we are asleep. */
    atomic_store(&ring->asleep, 1);
    if (pass(recording, MERGE_LIVE, message) < 0)
        return -1;
    if (merge_operations(recording->merge) == before && !merge_is_behind(recording->merge))
        ring_memory_doze(&recording->memory, seen, HEARTBEAT_MS);
    atomic_store(&ring->asleep, 0);
    return 0;
}

/* What is to be done once in a while. */
static int look_after(struct recording *recording, uint64_t tick, char *message)
{
    bool awaited = ring_memory_is_awaited(&recording->memory);
    if ((tick % REAP_TICKS == 0 || awaited) && reap(recording, message) < 0)
        return -1;
    if (check_room(recording, message) < 0)
        return -1;
    return recording->writer != NULL ? flush_now_and_then(recording, message) : 0;
}

/* Until the image's end; 0, or -1 with a message. */
static int collect(struct recording *recording, enum recording_ending *ending, char *message)
{
    unsigned idle = 0;
    for (uint64_t tick = 0;; tick++) {
        uint64_t before = merge_operations(recording->merge);
        *ending = atomic_load_explicit(&recording->ending, memory_order_acquire);
        bool stopped = ring_memory_is_stopped(&recording->memory);
        bool last = *ending != RECORDING_GOES_ON || stopped;
        if (pass(recording, last ? MERGE_LAST : MERGE_LIVE, message) < 0)
            return -1;
        if (*ending == RECORDING_GOES_ON && stopped)
            *ending = RECORDING_LEFT;
        if (last)
            return 0;
        if (look_after(recording, tick, message) < 0)
            return -1;
        idle = merge_operations(recording->merge) > before ? 0 : idle + 1;
        if (idle > IDLE_TICKS && sleep_if_quiet(recording, message) < 0)
            return -1;
        struct timespec pause = {.tv_nsec = TICK_NS};
        if (idle <= IDLE_TICKS)
            nanosleep(&pause, NULL);
    }
}

static void fail(struct recording *recording, const char *message)
{
    char line[MESSAGE_BYTES];
    recording->result.failed = true;
    ring_memory_stop(&recording->memory);
    bool over = atomic_load_explicit(&recording->ending, memory_order_relaxed) != RECORDING_GOES_ON;
    message_set(line, "%.*s%s%s%s", MESSAGE_BYTES - 64 - PROCESS_NAME_BYTES, message,
                over ? "" : "; ", over ? "" : recording->name, over ? "" : " goes on unrecorded");
    recording->host->say(recording->host->say_argument, line);
}

static void *recording_run(void *argument)
{
    struct recording *recording = argument;
    const struct merge_sink sink = {take_thread, take_op, recording};
    char message[MESSAGE_BYTES] = "";
    enum recording_ending ending = RECORDING_GOES_ON;
    recording->merge = merge_create(&recording->memory, &sink);
    int result = recording->merge != NULL ? 0 : message_set(message, "out of memory");
    if (result == 0 && recording->is_first)
        result = open_file(recording, message);
    if (result == 0)
        result = collect(recording, &ending, message);
    if (result == 0 && ending == RECORDING_LEFT && !ring_memory_is_stopped(&recording->memory))
        ring_memory_stop(&recording->memory);
    if (result == 0 && recording->writer != NULL)
        result = finish_file(recording, ending, message);
    if (result < 0)
        fail(recording, message);
    if (recording->writer != NULL) {
        recording->result.operations = trace_writer_operations(recording->writer);
        trace_writer_abandon(recording->writer);
    }
    merge_free(recording->merge);
    measure_file(&recording->result);
    atomic_store_explicit(&recording->done, true, memory_order_release);
    eventfd_write(recording->host->done_event, 1);
    return NULL;
}

int recording_start(struct recording *recording, char *message)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int error = pthread_create(&recording->thread, &attributes, recording_run, recording);
    pthread_attr_destroy(&attributes);
    return error == 0 ? 0 : message_set(message, "cannot start a thread: %s", strerror(error));
}

struct recording_result recording_finish(struct recording *recording)
{
    if (recording->thread != 0)
        pthread_join(recording->thread, NULL);
    struct recording_result result = recording->result;
    ring_memory_release(&recording->memory);
    trace_facts_release(&recording->facts);
    process_threads_release(&recording->threads);
    if (recording->pidfd >= 0)
        close(recording->pidfd);
    free(recording);
    return result;
}
