/*
 * robson: the worst that can be done to first fit with blocks of powers of two (robson_plan.h).
 * Word-sized blocks fill the heap; then, step by step, all are freed but those that spoil a place
 * for a block twice as large, and such blocks are allocated until as many bytes live as before.
 *
 * A lap is the whole program, then everything is freed. `header` is taken off every size, so that
 * with an allocator's own header blocks come to powers of two. Invariant: live bytes never exceed
 * `live`.
 */
#include "robson_plan.h"
#include "touch.h"
#include "workload.h"

enum { LIVE, WORD, STEPS, HEADER, TOUCH };

static const struct param robson_params[] = {
    PARAM_BYTES_ROW("live", "2M", 65536, 1 << 28, "that live at most, of a worker"),
    PARAM_BYTES_ROW("word", "64", 32, 4096, "of the smallest block"),
    PARAM_COUNT_ROW("steps", "10", 1, ROBSON_STEPS_MAXIMUM - 1, "doublings of the size"),
    PARAM_BYTES_ROW("header", "16", 0, 16, "less than a power of two are asked for"),
    PARAM_CHOICE_ROW("touch", "page", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

enum { MARK = 'r' };

struct robson_state {
    struct robson_plan plan;
    struct robson_model model;
    void **blocks; /* of worker 0, of worker 1, ...: plan.blocks each, by id */
};

static const char *robson_setup(struct trial *trial)
{
    struct robson_state *state = trial_memory(trial, sizeof *state);
    struct robson_plan *plan = &state->plan;
    plan->words = (uint32_t)(trial->values[LIVE] / trial->values[WORD]);
    plan->steps = (uint32_t)trial->values[STEPS] + 1;
    if (plan->words >> (plan->steps - 1) == 0)
        return "`live` must have room for the largest block: word x 2^steps";
    size_t words = plan->words;
    plan->freed = trial_memory(trial, 2 * words * sizeof plan->freed[0]);
    state->model.exponent = trial_memory(trial, 2 * words);
    state->model.live = trial_memory(trial, words * sizeof state->model.live[0]);
    state->model.merged = trial_memory(trial, words * sizeof state->model.merged[0]);
    robson_plan_make(plan, &state->model);
    state->blocks = trial_memory(trial, trial->threads * plan->blocks * sizeof(void *));
    trial->state = state;
    return NULL;
}

static size_t bytes_of(const struct worker *worker, uint32_t step)
{
    return (worker->trial->values[WORD] << step) - worker->trial->values[HEADER];
}

static void give(struct worker *worker, void **blocks, uint32_t id)
{
    const struct robson_state *state = worker->trial->state;
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    size_t bytes = bytes_of(worker, state->model.exponent[id]);
    if (heapmark_unlikely(worker->trial->verify) && !touch_holds(blocks[id], bytes, touch, MARK))
        worker_corrupt(worker, "a block of Robson's program");
    worker_free(worker, blocks[id], bytes);
}

static void robson_lap(struct worker *worker, unsigned lap)
{
    const struct robson_state *state = worker->trial->state;
    const struct robson_plan *plan = &state->plan;
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    void **blocks = state->blocks + (size_t)worker->index * plan->blocks;
    uint32_t id = 0;
    (void)lap;
    for (uint32_t step = 0; step < plan->steps; step++) {
        const struct robson_step *now = &plan->step[step];
        size_t bytes = bytes_of(worker, step);
        for (uint32_t i = 0; i < now->frees; i++)
            give(worker, blocks, plan->freed[now->first_free + i]);
        for (uint32_t i = 0; i < now->allocations; i++, id++) {
            blocks[id] = worker_malloc(worker, bytes);
            touch_range(blocks[id], 0, bytes, touch, MARK);
        }
    }
    for (uint32_t i = 0; i < state->model.live_count; i++)
        give(worker, blocks, state->model.live[i].id);
}

static void robson_drain(struct worker *worker)
{
    (void)worker; /* nothing outlives its lap */
}

static const struct workload robson = {
    .name = "robson",
    .summary = "the program of powers of two that is worst for first fit, after Robson",
    .source = "J. M. Robson, Journal of the ACM 18(3), 1971, and 21(3), 1974",
    .touch = "the first byte of every 4 KiB of a block (touch=page)",
    .params = robson_params,
    .threads_maximum = 16,
    .laps = 40,
    .setup = robson_setup,
    .lap = robson_lap,
    .drain = robson_drain,
};
WORKLOAD_REGISTER(robson)
