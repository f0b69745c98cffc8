/* The first reading of a trace; see survey.h. */
#include "survey.h"

#include "lives.h"
#include "message.h"
#include "trial_page.h"

#include <stdlib.h>

/* Of each thread: the numbers of its first and last operation. */
struct span {
    uint64_t first, last;
    bool seen;
};

struct surveying {
    struct survey *survey;
    struct trace_reader *reader;
    const struct replay_options *options;
    struct span *span;
    struct lives lives;
    bool follow; /* a stop at the peak is asked for */
    int64_t peak_bytes;
    uint64_t peak_call;
    char *message;
};

static int take(struct surveying *surveying, const struct trace_op *op, uint64_t index)
{
    struct survey *survey = surveying->survey;
    struct change change;
    if (op->thread >= survey->threads)
        return message_set(surveying->message, "operation %llu names thread %u, and there are %u",
                           (unsigned long long)index, op->thread, survey->threads);
    struct span *span = &surveying->span[op->thread];
    if (!span->seen)
        *span = (struct span){.first = index, .seen = true};
    span->last = index;
    if (index == 0)
        survey->first_ns = op->time_ns;
    survey->last_ns = op->time_ns;
    survey->calls += trace_op_is_call(op);
    if (!surveying->follow)
        return 0;
    if (lives_apply(&surveying->lives, op, &change) < 0)
        return message_set(surveying->message, "out of memory");
    if (change.ended != LIFE_NONE)
        lives_forget(&surveying->lives, change.ended);
    if (surveying->lives.live_bytes > surveying->peak_bytes) {
        surveying->peak_bytes = surveying->lives.live_bytes;
        surveying->peak_call = survey->calls;
    }
    return 0;
}

static int read_through(struct surveying *surveying)
{
    struct trace_op op;
    int got;
    for (uint64_t index = 0;
         (got = trace_reader_next(surveying->reader, &op, surveying->message)) > 0; index++)
        if (take(surveying, &op, index) < 0)
            return -1;
    if (got < 0)
        return -1;
    if (surveying->survey->calls == 0)
        return message_set(surveying->message, "it holds no call of malloc: nothing to replay");
    return 0;
}

/* Threads that work one after the other share a worker where there are too many for one each. */
static int share_workers(struct surveying *surveying)
{
    struct survey *survey = surveying->survey;
    uint64_t busy_until[TRIAL_THREADS_MAXIMUM];
    /* Threads are numbered in the order of their first operation. */
    for (uint32_t t = 0; t < survey->threads; t++) {
        const struct span *span = &surveying->span[t];
        uint32_t w = 0;
        while (w < survey->workers && busy_until[w] >= span->first)
            w++;
        if (w == TRIAL_THREADS_MAXIMUM)
            return message_set(surveying->message,
                               "more than %d of its threads live at once; put them on one with "
                               "threads=fold",
                               TRIAL_THREADS_MAXIMUM);
        if (w == survey->workers)
            survey->workers++;
        busy_until[w] = span->last;
        survey->worker[t] = (uint16_t)w;
    }
    return 0;
}

static int choose_workers(struct surveying *surveying)
{
    struct survey *survey = surveying->survey;
    survey->workers = 1;
    if (surveying->options->fold)
        return 0;
    if (survey->threads > TRIAL_THREADS_MAXIMUM) {
        survey->workers = 0;
        return share_workers(surveying);
    }
    survey->workers = survey->threads > 0 ? survey->threads : 1;
    for (uint32_t t = 0; t < survey->threads; t++)
        survey->worker[t] = (uint16_t)t;
    return 0;
}

/* ---- laps ---------------------------------------------------------------------- */

static uint64_t share_of(uint64_t calls, uint64_t part, uint64_t parts)
{
    return (uint64_t)((__uint128_t)calls * part / parts);
}

static uint64_t place_of(const struct surveying *surveying, const struct replay_stop *stop)
{
    uint64_t calls = surveying->survey->calls;
    switch (stop->place) {
    case REPLAY_AT_PEAK:
        return surveying->peak_call;
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

static unsigned usual_laps(const struct surveying *surveying)
{
    const struct replay_options *options = surveying->options;
    uint64_t calls = surveying->survey->calls, laps = options->laps;
    if (options->only_stops)
        return 1;
    if (laps == 0)
        laps = options->due ? REPLAY_LAPS_DUE : calls / REPLAY_LAP_CALLS;
    if (laps > TRIAL_LAPS_MAXIMUM - options->stop_count)
        laps = TRIAL_LAPS_MAXIMUM - options->stop_count;
    return (unsigned)(laps == 0 ? 1 : laps < calls ? laps : calls);
}

static int choose_laps(struct surveying *surveying)
{
    struct survey *survey = surveying->survey;
    const struct replay_options *options = surveying->options;
    unsigned usual = usual_laps(surveying);
    size_t count = 0;
    survey->lap_end = calloc(usual + options->stop_count, sizeof *survey->lap_end);
    if (survey->lap_end == NULL)
        return message_set(surveying->message, "out of memory");
    for (unsigned lap = 1; lap <= usual; lap++)
        survey->lap_end[count++] = share_of(survey->calls, lap, usual);
    for (size_t i = 0; i < options->stop_count; i++)
        survey->lap_end[count++] = survey->stop_call[i] = place_of(surveying, &options->stops[i]);
    qsort(survey->lap_end, count, sizeof *survey->lap_end, compare_ends);
    for (size_t i = 0; i < count; i++) {
        uint64_t end = survey->lap_end[i];
        if (end > 0 && (survey->laps == 0 || end > survey->lap_end[survey->laps - 1]))
            survey->lap_end[survey->laps++] = end;
    }
    return 0;
}

static int choose_repeat(struct surveying *surveying)
{
    struct survey *survey = surveying->survey;
    const struct replay_options *options = surveying->options;
    uint64_t most = TRIAL_LAPS_MAXIMUM / survey->laps, repeat = options->repeat;
    if (repeat > most)
        return message_set(surveying->message,
                           "%u laps repeated %u times are more than %d; choose a smaller laps= or "
                           "repeat=",
                           survey->laps, options->repeat, TRIAL_LAPS_MAXIMUM);
    if (repeat == 0)
        repeat = options->due ? 1 : (REPLAY_TRIAL_CALLS + survey->calls - 1) / survey->calls;
    survey->repeat = (uint32_t)(repeat < most ? repeat : most);
    return 0;
}

static bool wants_peak(const struct replay_options *options)
{
    for (size_t i = 0; i < options->stop_count; i++)
        if (options->stops[i].place == REPLAY_AT_PEAK)
            return true;
    return false;
}

int survey_make(struct survey *survey, struct trace_reader *reader,
                const struct replay_options *options, char *message)
{
    struct surveying surveying = {
        .survey = survey,
        .reader = reader,
        .options = options,
        .follow = wants_peak(options),
        .message = message,
    };
    *survey = (struct survey){.threads = trace_reader_threads(reader)};
    surveying.span = calloc(survey->threads + 1, sizeof *surveying.span);
    survey->worker = calloc(survey->threads + 1, sizeof *survey->worker);
    int result = -1;
    if (surveying.span == NULL || survey->worker == NULL || lives_init(&surveying.lives, true) < 0)
        message_set(message, "out of memory");
    else
        result = read_through(&surveying);
    if (result == 0)
        result = choose_workers(&surveying);
    if (result == 0)
        result = choose_laps(&surveying);
    if (result == 0)
        result = choose_repeat(&surveying);
    lives_release(&surveying.lives);
    free(surveying.span);
    if (result < 0)
        survey_release(survey);
    return result;
}

void survey_release(struct survey *survey)
{
    free(survey->worker);
    free(survey->lap_end);
    *survey = (struct survey){0};
}
