/*
 * replay: the calls of a recorded program, made again; see replay.h.
 *
 * Lap 0 makes none of them: it is there, since every workload has one. Laps 1 .. N make them all,
 * and again in laps N + 1 .. 2N where `repeat` says so, after what the trace left has been freed.
 */
#include "replay.h"
#include "session.h"

#include <sys/mman.h>

enum { TOUCH, SPEED, THREADS, REPEAT };

static const struct param replay_params[] = {
    PARAM_CHOICE_ROW("touch", "page", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_WORD_ROW("speed", "max", 1, 1000000,
                   "1: in the time of the recording, 10: ten times as fast"),
    PARAM_CHOICE_ROW("threads", "recorded", "recorded|fold",
                     "those of the recording, or all on one, in the recorded order"),
    PARAM_WORD_ROW("repeat", "auto", 1, TRIAL_LAPS_MAXIMUM,
                   "how often the trace is replayed; what it left is freed in between, untimed"),
    PARAM_TABLE_END,
};

static const char *replay_setup(struct trial *trial)
{
    struct session *session = session_of(trial);
    const uint64_t *values = trial->values;
    if (session->page == NULL)
        return NULL; /* parameters are being checked: there is no script yet */
    bool careful = trial->verify || session->page->map_stop_count > 0;
    struct replay *replay = session_map(sizeof *replay, MAP_POPULATE);
    if (replay == NULL)
        return "there is no memory for it";
    replay->touch = (enum touch)values[TOUCH];
    replay->speed = values[SPEED];
    replay->verify = trial->verify;
    trial->state = replay;
    const char *complaint = replay_load(replay, trial, careful);
    uint64_t repeat = values[REPEAT] > 0 ? values[REPEAT] : 1;
    if (complaint != NULL)
        return complaint;
    if (repeat * replay->head.laps > TRIAL_LAPS_MAXIMUM)
        return "its laps and repetitions are too many; choose a smaller repeat=";
    trial->laps = (unsigned)repeat * replay->head.laps;
    return NULL;
}

/* The place of a lap in its repetition, from 0. */
static unsigned row_of(const struct replay *replay, unsigned lap)
{
    return (lap - 1) % replay->head.laps;
}

static void replay_prepare(struct worker *worker, unsigned lap)
{
    struct replay *replay = replay_of(worker);
    if (lap == 0)
        return;
    unsigned row = row_of(replay, lap);
    if (lap > 1 && row == 0)
        replay_free_rest(worker);
    if (worker->index != 0)
        return;
    replay_load_lap(worker, row);
    if (row == 0)
        atomic_store_explicit(&replay->started_ns, 0, memory_order_relaxed);
}

static void replay_lap(struct worker *worker, unsigned lap)
{
    struct replay *replay = replay_of(worker);
    if (lap == 0)
        return;
    const struct script_stream *stream = replay_stream(replay, row_of(replay, lap), worker->index);
    const uint64_t *word = replay_words(replay, stream);
    uint64_t before = atomic_load_explicit(&worker->tally.operations, memory_order_relaxed);
    if (replay->sizes == NULL) {
        replay_run(worker, word);
    } else {
        struct replay_call call;
        while ((word = replay_next(worker, word, &call)) != NULL)
            replay_make_call(worker, &call);
    }
    /* The quick loop does not count: the script knows how many they were. */
    atomic_store_explicit(&worker->tally.operations, before + stream->calls, memory_order_relaxed);
}

static void replay_blocks(struct trial *trial,
                          void (*visit)(void *argument, void *block, size_t bytes), void *argument)
{
    const struct replay *replay = trial->state;
    for (uint32_t slot = 0; slot < replay->head.slots; slot++) {
        void *block = atomic_load_explicit(&replay->slots[slot], memory_order_relaxed);
        if (block != NULL)
            visit(argument, block, replay->sizes[slot]);
    }
}

static const struct workload replayer = {
    .name = "replay",
    .summary = "the calls of a recorded program, each thread's in its order; a block is freed "
               "elsewhere only after its allocation",
    .source = "a trace: heapmark record, or heapmark trace import",
    .touch = "the first byte of each 4 KiB of a block by default",
    .params = replay_params,
    .threads_maximum = 1, /* as many as the trace has; `threads` is a word of ours */
    .laps = 0,
    .recorded = true,
    .setup = replay_setup,
    .prepare = replay_prepare,
    .lap = replay_lap,
    .drain = replay_free_rest,
    .blocks = replay_blocks,
};
WORKLOAD_REGISTER(replayer)
