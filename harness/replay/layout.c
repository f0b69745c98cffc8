/* The first reading of a trace; see layout.h. */
#include "layout.h"

#include "lives.h"
#include "message.h"
#include "op_source.h"
#include "trial_page.h"

#include <stdlib.h>

/* Of each thread: the numbers of its first and last operation. */
struct span {
    uint64_t first, last;
    bool seen;
};

struct laying {
    struct layout *layout;
    struct op_source *source;
    const struct replay_options *options;
    struct span *span;
    struct lives lives;
    bool follow; /* a stop at the peak is asked for */
    int64_t peak_bytes;
    uint64_t peak_call;
    char *message;
};

static int take(struct laying *laying, const struct trace_op *op, uint64_t index)
{
    struct layout *layout = laying->layout;
    struct change change;
    if (op->thread >= layout->threads)
        return message_set(laying->message, "operation %llu names thread %u, and there are %u",
                           (unsigned long long)index, op->thread, layout->threads);
    struct span *span = &laying->span[op->thread];
    if (!span->seen)
        *span = (struct span){.first = index, .seen = true};
    span->last = index;
    if (index == 0)
        layout->first_ns = op->time_ns;
    layout->last_ns = op->time_ns;
    layout->calls += trace_op_is_call(op);
    if (!laying->follow)
        return 0;
    if (lives_apply(&laying->lives, op, &change) < 0)
        return message_set(laying->message, "out of memory");
    if (change.ended != LIFE_NONE)
        lives_forget(&laying->lives, change.ended);
    if (laying->lives.live_bytes > laying->peak_bytes) {
        laying->peak_bytes = laying->lives.live_bytes;
        laying->peak_call = layout->calls;
    }
    return 0;
}

static int read_through(struct laying *laying)
{
    struct trace_op op;
    int got;
    const struct op_source *source = laying->source;
    for (uint64_t index = 0; (got = source->next(source->argument, &op, laying->message)) > 0;
         index++)
        if (take(laying, &op, index) < 0)
            return -1;
    if (got < 0)
        return -1;
    if (laying->layout->calls == 0)
        return message_set(laying->message, "it holds no call of malloc: nothing to replay");
    return 0;
}

/* Threads that work one after the other share a worker where there are too many for one each. */
static int share_workers(struct laying *laying)
{
    struct layout *layout = laying->layout;
    uint64_t busy_until[TRIAL_THREADS_MAXIMUM];
    /* Threads are numbered in the order of their first operation. */
    for (uint32_t t = 0; t < layout->threads; t++) {
        const struct span *span = &laying->span[t];
        uint32_t w = 0;
        while (w < layout->workers && busy_until[w] >= span->first)
            w++;
        if (w == TRIAL_THREADS_MAXIMUM)
            return message_set(laying->message,
                               "more than %d of its threads live at once; put them on one with "
                               "threads=fold",
                               TRIAL_THREADS_MAXIMUM);
        if (w == layout->workers)
            layout->workers++;
        busy_until[w] = span->last;
        layout->worker[t] = (uint16_t)w;
    }
    return 0;
}

static int choose_workers(struct laying *laying)
{
    struct layout *layout = laying->layout;
    layout->workers = 1;
    if (laying->options->fold)
        return 0;
    if (layout->threads > TRIAL_THREADS_MAXIMUM) {
        layout->workers = 0;
        return share_workers(laying);
    }
    layout->workers = layout->threads > 0 ? layout->threads : 1;
    for (uint32_t t = 0; t < layout->threads; t++)
        layout->worker[t] = (uint16_t)t;
    return 0;
}

/* ---- laps ---------------------------------------------------------------------- */

static uint64_t share_of(uint64_t calls, uint64_t part, uint64_t parts)
{
    return (uint64_t)((__uint128_t)calls * part / parts);
}

static uint64_t place_of(const struct laying *laying, const struct replay_stop *stop)
{
    uint64_t calls = laying->layout->calls;
    switch (stop->place) {
    case REPLAY_AT_PEAK:
        return laying->peak_call;
    case REPLAY_AT_END:
        return calls;
    case REPLAY_AT_SHARE:
        return stop->value < REPLAY_SHARES ? share_of(calls, stop->value, REPLAY_SHARES) : calls;
    default:
        return stop->value < calls ? stop->value : calls;
    }
}

static int compare_ends(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static unsigned usual_laps(const struct laying *laying)
{
    const struct replay_options *options = laying->options;
    uint64_t calls = laying->layout->calls, laps = options->laps;
    if (options->only_stops)
        laps = (calls + REPLAY_STOPPED_LAP_CALLS - 1) / REPLAY_STOPPED_LAP_CALLS;
    else if (laps == 0)
        laps = options->due ? REPLAY_LAPS_DUE : calls / REPLAY_LAP_CALLS;
    if (laps > TRIAL_LAPS_MAXIMUM - options->stop_count)
        laps = TRIAL_LAPS_MAXIMUM - options->stop_count;
    return (unsigned)(laps == 0 ? 1 : laps < calls ? laps : calls);
}

static int choose_laps(struct laying *laying)
{
    struct layout *layout = laying->layout;
    const struct replay_options *options = laying->options;
    unsigned usual = usual_laps(laying);
    uint64_t fill = options->fill_calls < layout->calls ? options->fill_calls : 0;
    size_t count = 0;
    layout->lap_end = calloc(usual + options->stop_count + 1, sizeof *layout->lap_end);
    if (layout->lap_end == NULL)
        return message_set(laying->message, "out of memory");
    if (fill > 0) {
        layout->lap_end[count++] = fill;
        layout->fill = 1;
    }
    for (unsigned lap = 1; lap <= usual; lap++)
        layout->lap_end[count++] = fill + share_of(layout->calls - fill, lap, usual);
    for (size_t i = 0; i < options->stop_count; i++)
        layout->lap_end[count++] = layout->stop_call[i] = place_of(laying, &options->stops[i]);
    qsort(layout->lap_end, count, sizeof *layout->lap_end, compare_ends);
    for (size_t i = 0; i < count; i++) {
        uint64_t end = layout->lap_end[i];
        if (end > 0 && (layout->laps == 0 || end > layout->lap_end[layout->laps - 1]))
            layout->lap_end[layout->laps++] = end;
    }
    return 0;
}

static int choose_repeat(struct laying *laying)
{
    struct layout *layout = laying->layout;
    const struct replay_options *options = laying->options;
    uint64_t most = TRIAL_LAPS_MAXIMUM / (layout->laps - layout->fill), repeat = options->repeat;
    if (repeat > most)
        return message_set(laying->message,
                           "%u laps repeated %u times are more than %d; choose a smaller laps= or "
                           "repeat=",
                           layout->laps, options->repeat, TRIAL_LAPS_MAXIMUM);
    /* Where many workers meet, that takes its time, and more repetitions only more of it. */
    uint64_t weight = layout->calls;
    if (layout->workers > 1)
        weight += (uint64_t)layout->laps * layout->workers * REPLAY_MEETING_CALLS;
    if (repeat == 0)
        repeat = options->due ? 1 : (REPLAY_TRIAL_CALLS + weight - 1) / weight;
    layout->repeat = (uint32_t)(repeat < most ? repeat : most);
    return 0;
}

static bool wants_peak(const struct replay_options *options)
{
    for (size_t i = 0; i < options->stop_count; i++)
        if (options->stops[i].place == REPLAY_AT_PEAK)
            return true;
    return false;
}

int layout_make(struct layout *layout, struct op_source *source,
                const struct replay_options *options, char *message)
{
    struct laying laying = {
        .layout = layout,
        .source = source,
        .options = options,
        .follow = wants_peak(options),
        .message = message,
    };
    *layout = (struct layout){.threads = source->threads};
    laying.span = calloc(layout->threads + 1, sizeof *laying.span);
    layout->worker = calloc(layout->threads + 1, sizeof *layout->worker);
    int result = -1;
    if (laying.span == NULL || layout->worker == NULL || lives_init(&laying.lives, true) < 0)
        message_set(message, "out of memory");
    else
        result = read_through(&laying);
    if (result == 0)
        result = choose_workers(&laying);
    if (result == 0)
        result = choose_laps(&laying);
    if (result == 0)
        result = choose_repeat(&laying);
    lives_release(&laying.lives);
    free(laying.span);
    if (result < 0)
        layout_release(layout);
    return result;
}

void layout_release(struct layout *layout)
{
    free(layout->worker);
    free(layout->lap_end);
    *layout = (struct layout){0};
}
