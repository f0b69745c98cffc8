/*
 * blowup: phases that tempt an allocator to hoard. One thread after another builds up a live set,
 * replaces blocks in it, and frees all of it; then it starts the next and waits. Never does more
 * than one of the live sets exist. An allocator that keeps for each thread what that thread has
 * freed takes as many times the memory as there are threads.
 *
 * A lap is all phases. Invariant: at a phase's start and end nothing lives.
 */
#include "distribution.h"
#include "piece.h"

enum { PHASES, LIVE, SMALLEST, LARGEST, REPLACE, TWICE, TOUCH };
enum { TWICE_NO, TWICE_YES };

static const struct param blowup_params[] = {
    PARAM_COUNT_ROW("phases", "12", 1, 64, "each on a thread of its own; the others wait"),
    PARAM_BYTES_ROW("live", "1M", 4096, 1 << 30, "live set of a phase, of a worker"),
    PARAM_BYTES_ROW("smallest", "8", 1, 1 << 20, "block"),
    PARAM_BYTES_ROW("largest", "16k", 1, 1 << 24, "block; every octave of sizes is as likely"),
    PARAM_COUNT_ROW("replace", "500", 0, 1000000000, "blocks of the live set of a phase"),
    PARAM_CHOICE_ROW("twice", "no", "no|yes", "yes: each phase does all of it two times"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset blowup_presets[] = {
    {"classic",
     "phases=12,live=100M,smallest=8,largest=16k,replace=100k,twice=yes,touch=all,laps=1", "100 MiB live in each of 12 phases"},
    PRESET_TABLE_END,
};

struct blowup {
    struct piece *pieces;
    uint32_t count;
    unsigned phase;
} __attribute__((aligned(128)));

struct blowup_state {
    struct distribution sizes;
    uint32_t capacity; /* pieces of a worker */
    struct blowup of[];
};

static const char *blowup_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct blowup_state *state =
        trial_memory(trial, sizeof *state + trial->threads * sizeof state->of[0]);
    uint64_t sum = 0;
    if (values[LARGEST] < values[SMALLEST] || values[LARGEST] > values[LIVE])
        return "`largest` must be between `smallest` and `live`";
    distribution_log_uniform(&state->sizes, (uint32_t)values[SMALLEST], (uint32_t)values[LARGEST]);
    for (int i = 0; i < DISTRIBUTION_POINTS; i++)
        sum += state->sizes.quantile[i];
    /* Half more than the mean size lets expect. */
    state->capacity = (uint32_t)(values[LIVE] * DISTRIBUTION_POINTS / sum * 3 / 2 + 64);
    for (unsigned i = 0; i < trial->threads; i++)
        state->of[i].pieces = trial_memory(trial, state->capacity * sizeof(struct piece));
    trial->state = state;
    return NULL;
}

static void run_phase(struct worker *worker)
{
    struct blowup_state *state = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    struct blowup *own = &state->of[worker->index];
    enum touch touch = (enum touch)values[TOUCH];
    for (uint64_t live = 0; live < values[LIVE] && own->count < state->capacity;) {
        uint32_t bytes = distribution_draw(&state->sizes, &worker->random);
        own->pieces[own->count++] = piece_take(worker, bytes, touch);
        live += bytes;
    }
    for (uint64_t i = 0; i < values[REPLACE]; i++) {
        struct piece *piece = &own->pieces[random_below(&worker->random, own->count)];
        uint32_t bytes = distribution_draw(&state->sizes, &worker->random);
        piece_give(worker, piece, touch);
        *piece = piece_take(worker, bytes, touch);
    }
    while (own->count > 0)
        piece_give(worker, &own->pieces[--own->count], touch);
}

/* The thread of one phase starts that of the next, and lives until all after it have ended. */
static void thread_of_phase(struct worker *worker, unsigned number)
{
    struct blowup_state *state = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    (void)number;
    run_phase(worker);
    if (values[TWICE] == TWICE_YES)
        run_phase(worker);
    if (++state->of[worker->index].phase < values[PHASES])
        worker_relay(worker, thread_of_phase, 1);
}

static void blowup_lap(struct worker *worker, unsigned lap)
{
    struct blowup_state *state = worker->trial->state;
    (void)lap;
    state->of[worker->index].phase = 0;
    worker_relay(worker, thread_of_phase, 1);
}

static void blowup_drain(struct worker *worker)
{
    (void)worker; /* no live set outlives its phase */
}

static const struct workload blowup = {
    .name = "blowup",
    .summary = "thread after thread builds a live set and frees it all: who hoards takes it again",
    .source = "the pattern of allocbench's blowup; after Berger et al., Hoard, ASPLOS 2000",
    .touch = "every byte (touch=all)",
    .params = blowup_params,
    .presets = blowup_presets,
    .threads_maximum = 16,
    .laps = 40,
    .starts_threads = true,
    .setup = blowup_setup,
    .lap = blowup_lap,
    .drain = blowup_drain,
};
WORKLOAD_REGISTER(blowup)
