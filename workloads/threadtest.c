/*
 * threadtest: every thread allocates many small equal objects, then frees them in the order in
 * which they were allocated, over and over; threads share nothing.
 *
 * The pattern of Berger, McKinley, Blumofe and Wilson, 'Hoard: A Scalable Memory Allocator for
 * Multithreaded Applications', ASPLOS 2000, where N objects are divided among the threads; here
 * every worker has its own number. Invariant: no object outlives its round.
 */
#include "touch.h"
#include "workload.h"

enum { SIZE, OBJECTS, ROUNDS, WORK, TOUCH };

static const struct param threadtest_params[] = {
    PARAM_BYTES_ROW("size", "64", 1, 1 << 20, "of every object"),
    PARAM_COUNT_ROW("objects", "10k", 1, 10000000, "that a worker allocates before it frees them"),
    PARAM_COUNT_ROW("rounds", "20", 1, 1000000, "of a worker in a lap"),
    PARAM_COUNT_ROW("work", "0", 0, 1000000, "turns of an empty loop after every call"),
    PARAM_CHOICE_ROW("touch", "first", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

static const struct preset threadtest_presets[] = {
    {"classic", "size=64,objects=10k,rounds=25,work=0,touch=all,laps=40",
     "1000 rounds of 10000 objects of 64 bytes; divide objects by the threads"},
    PRESET_TABLE_END,
};

enum { MARK = 0x74 };

struct threadtest {
    void **objects[64]; /* of each worker */
};

static const char *threadtest_setup(struct trial *trial)
{
    struct threadtest *test = trial_memory(trial, sizeof *test);
    for (unsigned i = 0; i < trial->threads; i++)
        test->objects[i] = trial_memory(trial, trial->values[OBJECTS] * sizeof(void *));
    trial->state = test;
    return NULL;
}

static inline void turn(uint64_t turns)
{
    for (; turns > 0; turns--)
        __asm__ volatile(""); /* or there would be no loop */
}

static void allocate(struct worker *worker, void **objects)
{
    const uint64_t *values = worker->trial->values;
    size_t bytes = values[SIZE];
    enum touch touch = (enum touch)values[TOUCH];
    for (uint64_t i = 0; i < values[OBJECTS]; i++) {
        objects[i] = worker_malloc(worker, bytes);
        touch_range(objects[i], 0, bytes, touch, MARK);
        turn(values[WORK]);
    }
}

static void release(struct worker *worker, void **objects)
{
    const uint64_t *values = worker->trial->values;
    size_t bytes = values[SIZE];
    for (uint64_t i = 0; i < values[OBJECTS]; i++) {
        if (heapmark_unlikely(worker->trial->verify) &&
            !touch_holds(objects[i], bytes, (enum touch)values[TOUCH], MARK))
            worker_corrupt(worker, "an object of threadtest");
        worker_free(worker, objects[i], bytes);
        turn(values[WORK]);
    }
}

static void threadtest_lap(struct worker *worker, unsigned lap)
{
    struct threadtest *test = worker->trial->state;
    (void)lap;
    for (uint64_t i = worker->trial->values[ROUNDS]; i > 0; i--) {
        allocate(worker, test->objects[worker->index]);
        release(worker, test->objects[worker->index]);
    }
}

static void threadtest_drain(struct worker *worker)
{
    (void)worker; /* no object outlives its round */
}

static const struct workload threadtest = {
    .name = "threadtest",
    .summary = "thousands of equal small objects, allocated, then freed, by each thread for itself",
    .source = "Berger, McKinley, Blumofe and Wilson, 'Hoard: A Scalable Memory Allocator for "
              "Multithreaded Applications', ASPLOS 2000",
    .touch = "the first byte of each object (touch=first)",
    .params = threadtest_params,
    .presets = threadtest_presets,
    .threads_maximum = 64,
    .laps = 40,
    .setup = threadtest_setup,
    .lap = threadtest_lap,
    .drain = threadtest_drain,
};
WORKLOAD_REGISTER(threadtest)
