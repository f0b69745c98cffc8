/*
 * dynamic-array: many arrays that grow by push, as std::vector, Vec, ArrayList and their kin do.
 *
 * Takes: a number of arrays and the distribution of their final lengths. A step picks an array
 * and pushes a burst of elements, an eighth of its final length; a full array is moved into a
 * larger one. An array that has reached its length is dropped, or shrunk to fit, kept for a
 * while and then dropped; another begins in its place. Invariant: capacity >= length, and the
 * block is exactly capacity * element bytes large.
 *
 * Growth: by two (libstdc++, Rust's Vec), by one and a half (MSVC, folly's FBVector), by a fixed
 * number of elements. Move: by realloc (C) or by allocate, copy and free (C++ containers, which
 * know no realloc). Lengths are log-normal, so most arrays are small and a few hold most of the
 * bytes: the shape that surveys of real programs find for objects in general (Wilson, Johnstone,
 * Neely and Boles, 'Dynamic Storage Allocation: A Survey and Critical Review', IWMM 1995). Its
 * median and spread are ours.
 */
#include "distribution.h"
#include "touch.h"
#include "workload.h"

enum { ARRAYS, STEPS, MEDIAN, LARGEST, GROWTH, MOVE, SHRINK, TOUCH };
enum growth { GROWTH_DOUBLE, GROWTH_HALF, GROWTH_FIXED, GROWTH_MIXED };
enum move { MOVE_REALLOC, MOVE_COPY, MOVE_MIXED };

static const struct param dynamic_array_params[] = {
    PARAM_COUNT_ROW("arrays", "3000", 1, 10000000, "arrays of a worker"),
    PARAM_COUNT_ROW("steps", "36k", 1, 1000000000, "bursts of pushes of a worker in a lap"),
    PARAM_COUNT_ROW("median", "32", 1, 1000000, "median of an array's final length, elements"),
    PARAM_BYTES_ROW("largest", "256k", 1024, 1 << 30, "limit of an array's final size"),
    PARAM_CHOICE_ROW("growth", "mixed", "double|half|fixed|mixed",
                     "a full array grows by 100 %, by 50 %, by a quarter of its final length"),
    PARAM_CHOICE_ROW("move", "mixed", "realloc|copy|mixed",
                     "how elements get into the larger block"),
    PARAM_COUNT_ROW("shrink", "25", 0, 100, "percent of finished arrays that are shrunk to fit"),
    PARAM_CHOICE_ROW("touch", "all", TOUCH_CHOICES, TOUCH_HELP),
    PARAM_TABLE_END,
};

#define LENGTH_SIGMA 1.3 /* the largest thousandth is 50 times the median */

enum { FIRST_CAPACITY = 4, BURSTS = 8, LONGEST = 1 << 24 };

struct array {
    unsigned char *elements;          /* NULL: not begun */
    uint32_t length, capacity, final; /* in elements */
    uint8_t element_bytes, growth, mark;
    bool copies; /* moves by copy */
    bool shrunk;
};

struct arrays {
    struct distribution lengths;
    uint32_t count; /* of one worker */
    struct array array[];
};

static const uint8_t element_sizes[] = {4, 8, 8, 12, 16, 16, 24, 32, 48, 64};

static const char *dynamic_array_setup(struct trial *trial)
{
    uint64_t count = trial->values[ARRAYS] * trial->threads;
    struct arrays *arrays = trial_memory(trial, sizeof *arrays + count * sizeof arrays->array[0]);
    struct log_normal shape = {(double)trial->values[MEDIAN], LENGTH_SIGMA, 1, LONGEST};
    arrays->count = (uint32_t)trial->values[ARRAYS];
    distribution_log_normal(&arrays->lengths, &shape);
    trial->state = arrays;
    return NULL;
}

static struct array *own_arrays(const struct worker *worker)
{
    struct arrays *arrays = worker->trial->state;
    return arrays->array + (size_t)worker->index * arrays->count;
}

static size_t bytes_of(const struct array *array, uint32_t elements)
{
    return (size_t)elements * array->element_bytes;
}

/* Decides what an array will be; `elements` stays NULL. */
static void design(struct worker *worker, struct array *array)
{
    const struct arrays *arrays = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    uint64_t random = random_next(&worker->random);
    uint32_t largest = (uint32_t)(values[LARGEST] >> 6); /* elements of the widest kind */
    *array = (struct array){
        .final = distribution_at(&arrays->lengths, random),
        .element_bytes = element_sizes[random % (sizeof element_sizes)],
        .growth = (uint8_t)values[GROWTH],
        .copies = values[MOVE] == MOVE_MIXED ? (random >> 40 & 1) != 0 : values[MOVE] == MOVE_COPY,
        .mark = (uint8_t)(random >> 8 | 1),
    };
    if (array->final > largest)
        array->final = largest;
    if (array->growth == GROWTH_MIXED)
        array->growth = (uint8_t)((random >> 16) % GROWTH_MIXED);
}

static void resize(struct worker *worker, struct array *array, uint32_t capacity)
{
    size_t old_bytes = bytes_of(array, array->capacity), bytes = bytes_of(array, capacity);
    if (array->copies) {
        unsigned char *moved = worker_malloc(worker, bytes);
        memcpy(moved, array->elements, bytes_of(array, array->length));
        worker_free(worker, array->elements, old_bytes);
        array->elements = moved;
    } else {
        array->elements = worker_realloc(worker, array->elements, old_bytes, bytes);
    }
    array->capacity = capacity;
}

static uint32_t grown_capacity(const struct array *array, uint32_t needed)
{
    uint32_t capacity = array->capacity;
    if (array->growth == GROWTH_FIXED)
        capacity += array->final / 4 + 1;
    else
        capacity += array->growth == GROWTH_DOUBLE ? capacity : capacity / 2 + 1;
    return capacity < needed ? needed : capacity;
}

static void push(struct worker *worker, struct array *array, uint32_t count)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    uint32_t length = array->length + count;
    if (length > array->capacity)
        resize(worker, array, grown_capacity(array, length));
    touch_range(array->elements, bytes_of(array, array->length), bytes_of(array, length), touch,
                array->mark);
    array->length = length;
}

static void begin(struct worker *worker, struct array *array, uint32_t capacity)
{
    array->elements = worker_malloc(worker, bytes_of(array, capacity));
    array->capacity = capacity;
}

static void drop(struct worker *worker, struct array *array)
{
    enum touch touch = (enum touch)worker->trial->values[TOUCH];
    if (heapmark_unlikely(worker->trial->verify) &&
        !touch_holds(array->elements, bytes_of(array, array->length), touch, array->mark))
        worker_corrupt(worker, "an array");
    worker_free(worker, array->elements, bytes_of(array, array->capacity));
    array->elements = NULL;
}

static void step(struct worker *worker)
{
    struct arrays *arrays = worker->trial->state;
    struct array *array = own_arrays(worker) + random_below(&worker->random, arrays->count);
    if (array->elements == NULL) {
        design(worker, array);
        begin(worker, array, FIRST_CAPACITY);
    }
    if (array->length < array->final) {
        uint32_t burst = array->final / BURSTS + 1, room = array->final - array->length;
        push(worker, array, burst < room ? burst : room);
        return;
    }
    /* Finished: kept once more when it is shrunk. */
    if (!array->shrunk && array->length < array->capacity &&
        random_below(&worker->random, 100) < worker->trial->values[SHRINK]) {
        array->shrunk = true;
        resize(worker, array, array->length);
        return;
    }
    drop(worker, array);
}

/* As if the steps had gone on for long: every array stands somewhere in its life. */
static void dynamic_array_fill(struct worker *worker)
{
    struct arrays *arrays = worker->trial->state;
    struct array *array = own_arrays(worker);
    for (uint32_t i = 0; i < arrays->count; i++, array++) {
        design(worker, array);
        uint32_t length = random_below(&worker->random, array->final) + 1;
        begin(worker, array, length < FIRST_CAPACITY ? FIRST_CAPACITY : length + length / 4);
        push(worker, array, length);
    }
}

static void dynamic_array_lap(struct worker *worker, unsigned lap)
{
    (void)lap;
    for (uint64_t i = worker->trial->values[STEPS]; i > 0; i--)
        step(worker);
}

static void dynamic_array_drain(struct worker *worker)
{
    struct arrays *arrays = worker->trial->state;
    struct array *array = own_arrays(worker);
    for (uint32_t i = 0; i < arrays->count; i++, array++)
        if (array->elements != NULL)
            drop(worker, array);
}

static const struct workload dynamic_array = {
    .name = "dynamic-array",
    .summary = "arrays growing by push (x2, x1.5, +k), some shrunk to fit, all dropped at last",
    .source = "growth of libstdc++, MSVC, folly, Rust; shape after Wilson et al., IWMM 1995",
    .touch = "every element pushed, nothing of the spare capacity (touch=all)",
    .params = dynamic_array_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = dynamic_array_setup,
    .fill = dynamic_array_fill,
    .lap = dynamic_array_lap,
    .drain = dynamic_array_drain,
};
WORKLOAD_REGISTER(dynamic_array)
