/*
 * replay: the calls of a recorded program, made again; see replayer.h.
 *
 * Lap 0 makes none of them, unless the script begins with a fill. Laps 1 .. N make them all,
 * and again in laps N + 1 .. 2N where `repeat` says so, after what the trace left has been freed.
 */
#include "replayer.h"
#include "session.h"

#include <sys/mman.h>

enum { TOUCH, SPEED, THREADS, REPEAT };

static const struct param replayer_params[] = {
    PARAM_CHOICE_ROW("touch", "page", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_WORD_ROW("speed", "max", 1, 1000000,
                   "1: in the time of the recording, 10: ten times as fast"),
    PARAM_CHOICE_ROW("threads", "recorded", "recorded|fold",
                     "those of the recording, or all on one, in the recorded order"),
    PARAM_WORD_ROW("repeat", "auto", 1, TRIAL_LAPS_MAXIMUM,
                   "how often the trace is replayed; what it left is freed in between, untimed"),
    PARAM_TABLE_END,
};

static const char *replayer_setup(struct trial *trial)
{
    struct session *session = session_of(trial);
    const uint64_t *values = trial->values;
    if (session->page == NULL)
        return NULL; /* parameters are being checked: there is no script yet */
    bool careful = trial->verify || session->page->map_stop_count > 0;
    struct replayer *replayer = session_map(sizeof *replayer, MAP_POPULATE);
    if (replayer == NULL)
        return "there is no memory for it";
    replayer->touch = (enum touch)values[TOUCH];
    replayer->speed = values[SPEED];
    replayer->verify = trial->verify;
    if (replayer->speed > 0) {
        int64_t grain_ns = SCRIPT_DUE_STEP_NS / (int64_t)replayer->speed;
        session->call_grain_ns = grain_ns > 0 ? grain_ns : 1;
    }
    trial->state = replayer;
    const char *complaint = replayer_load(replayer, trial, careful);
    uint64_t repeat = values[REPEAT] > 0 ? values[REPEAT] : 1;
    if (session->page->count_laps > 0)
        repeat = 1;
    if (complaint != NULL)
        return complaint;
    if (replayer->head.fill_rows > 0 && repeat > 1)
        return "what begins with a fill is not repeated; leave repeat= out";
    if (repeat * replayer->head.laps > TRIAL_LAPS_MAXIMUM)
        return "its laps and repetitions are too many; choose a smaller repeat=";
    trial->laps = (unsigned)repeat * replayer->head.laps;
    return NULL;
}

/* The row of the script that a lap makes. A script that begins with a fill is not repeated. */
static unsigned row_of(const struct replayer *replayer, unsigned lap)
{
    return replayer->head.fill_rows > 0 ? lap : (lap - 1) % replayer->head.laps;
}

static void replayer_prepare(struct worker *worker, unsigned lap)
{
    struct replayer *replayer = replayer_of(worker);
    if (lap == 0 && replayer->head.fill_rows == 0)
        return;
    unsigned row = row_of(replayer, lap);
    atomic_store_explicit(&replayer->places[worker->index].stretch, 0, memory_order_relaxed);
    if (lap > 1 && row == 0)
        replayer_free_rest(worker);
    if (worker->index != 0)
        return;
    replayer_load_lap(worker, row);
    if (row == replayer->head.fill_rows || row == 0)
        atomic_store_explicit(&replayer->started_ns, 0, memory_order_relaxed);
}

static void replayer_lap(struct worker *worker, unsigned lap)
{
    struct replayer *replayer = replayer_of(worker);
    if (lap == 0 && replayer->head.fill_rows == 0)
        return;
    const struct script_stream *stream =
        replayer_stream(replayer, row_of(replayer, lap), worker->index);
    const uint64_t *word = replayer_words(replayer, stream);
    uint64_t before = atomic_load_explicit(&worker->tally.operations, memory_order_relaxed);
    if (replayer->sizes == NULL && worker->sampler == NULL) {
        replayer_run(worker, word);
    } else if (replayer->sizes == NULL) {
        replayer_run_sampled(worker, word);
    } else {
        struct replayer_call call;
        while ((word = replayer_next(worker, word, &call)) != NULL)
            replayer_make_call(worker, &call);
    }
    replayer_reach(worker, REPLAYER_DONE);
    /* The quick loop does not count: the script knows how many they were. */
    atomic_store_explicit(&worker->tally.operations, before + stream->calls, memory_order_relaxed);
}

static void replayer_blocks(struct trial *trial,
                            void (*visit)(void *argument, void *block, size_t bytes),
                            void *argument)
{
    const struct replayer *replayer = trial->state;
    for (uint32_t slot = 0; slot < replayer->head.slots; slot++) {
        void *block = atomic_load_explicit(&replayer->slots[slot], memory_order_relaxed);
        if (block != NULL)
            visit(argument, block, replayer->sizes[slot]);
    }
}

static const struct workload replay = {
    .name = "replay",
    .summary = "the calls of a recorded program, each thread's in its order; a block is freed "
               "elsewhere only after its allocation",
    .source = "a trace: heapmark record, or heapmark trace import",
    .touch = "the first byte of each 4 KiB of a block by default",
    .params = replayer_params,
    .threads_maximum = 1, /* as many as the trace has; `threads` is a word of ours */
    .laps = 0,
    .recorded = true,
    .setup = replayer_setup,
    .prepare = replayer_prepare,
    .lap = replayer_lap,
    .drain = replayer_free_rest,
    .blocks = replayer_blocks,
};
WORKLOAD_REGISTER(replay)
