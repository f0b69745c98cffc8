/*
 * realloc-growth: strings and buffers that grow by realloc, many at a time.
 *
 * Takes: a number of small strings, and two large buffers. A step grows one string, picked at
 * random, so its neighbours in the heap are others that grow as well and growing in place is
 * sometimes possible and sometimes not. A string grows either by exactly what is appended, as
 * naive string building and CPython's in-place concatenation do, or to twice or one and a half
 * times its size; at its final length it is freed and another begins. In between, evenly spread
 * over the lap, the large buffers grow: one by doubling up to `large`, to be cut back to a 32nd of
 * it, one by fixed steps up to a quarter of it, to be freed: through the sizes at which allocators
 * go over to mmap and mremap.
 *
 * Invariant: word i of a block holds its key + i, wherever the touch policy wrote it. The first
 * and the last written word are checked after every step, all words at the end of a block's
 * life when contents are verified. A realloc that loses or shifts data is noticed.
 *
 * Final lengths are log-normal with a median of 160 bytes: most strings are short (Wilson et al.,
 * IWMM 1995, on the prevalence of small blocks); median, spread and steps are ours.
 */
#include "distribution.h"
#include "workload.h"

enum { STRINGS, STEPS, MEDIAN, APPEND, GROWTH, LARGE, TOUCH };
enum growth { GROWTH_EXACT, GROWTH_HALF, GROWTH_DOUBLE, GROWTH_MIXED };
enum touch_words { TOUCH_ENDS, TOUCH_PAGE, TOUCH_ALL };

static const struct param realloc_growth_params[] = {
    PARAM_COUNT_ROW("strings", "4000", 1, 4000000, "strings of a worker"),
    PARAM_COUNT_ROW("steps", "46k", 100, 1000000000, "growths of strings of a worker in a lap"),
    PARAM_BYTES_ROW("median", "160", 16, 1 << 20, "median of a string's final size"),
    PARAM_BYTES_ROW("append", "24", 1, 1 << 20, "mean of what an exact growth appends"),
    PARAM_CHOICE_ROW("growth", "mixed", "exact|half|double|mixed",
                     "a string grows by what is appended, by 50 %, by 100 %"),
    PARAM_BYTES_ROW("large", "4M", 0, UINT64_C(4) << 30,
                    "final size of the doubling buffer; 0: no large buffers"),
    PARAM_CHOICE_ROW("touch", "all", "ends|page|all",
                     "words written: first and last of what is appended, one a 4 KiB, all"),
    PARAM_TABLE_END,
};

#define STRING_SIGMA 0.9

enum {
    WORD_BYTES = 8,
    WORDS_A_PAGE = 4096 / WORD_BYTES,
    STRING_MAXIMUM_BYTES = 1 << 24,
    FIRST_BYTES = 16,
    LARGE_FIRST_SHIFT = 5,            /* the doubling buffer begins at a 32nd of its final size */
    LARGE_LINEAR_STEPS = 4,           /* the other has as many steps, to a quarter of that size */
    LARGE_SHRINK = LARGE_FIRST_SHIFT, /* the event after its growths */
    LARGE_EVENTS = LARGE_SHRINK + 1 + LARGE_LINEAR_STEPS + 1,
    LARGE_LEAST_BYTES = 4096,
};

struct string {
    uint64_t *words; /* NULL: not begun */
    uint64_t bytes, final;
    uint32_t key;
    uint8_t growth;
};

/* Of one worker. */
struct strings {
    struct string doubling, linear;
    unsigned large_event; /* goes on from lap to lap: the live set never ends with one */
    struct string string[];
};

struct shared {
    struct distribution lengths;
    size_t worker_bytes;
    unsigned char *workers;
};

static const char *realloc_growth_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct shared *shared = trial_memory(trial, sizeof *shared);
    struct log_normal shape = {(double)values[MEDIAN], STRING_SIGMA, FIRST_BYTES,
                               STRING_MAXIMUM_BYTES};
    if (values[LARGE] != 0 && values[LARGE] >> LARGE_FIRST_SHIFT < LARGE_LEAST_BYTES)
        return "large must be 0 or at least 128 KiB, since the buffer begins at a 32nd of it";
    distribution_log_normal(&shared->lengths, &shape);
    shared->worker_bytes =
        (sizeof(struct strings) + values[STRINGS] * sizeof(struct string) + 127) & ~(size_t)127;
    shared->workers = trial_memory(trial, shared->worker_bytes * trial->threads);
    trial->state = shared;
    return NULL;
}

static struct strings *own(const struct worker *worker)
{
    const struct shared *shared = worker->trial->state;
    return (struct strings *)(void *)(shared->workers + worker->index * shared->worker_bytes);
}

/* ---- contents ------------------------------------------------------------------ */

static uint64_t word_at(const struct string *string, size_t i)
{
    return ((uint64_t)string->key << 32) + i;
}

/* Writes the words that lie wholly between byte `from` and the end. */
static void write_words(const struct worker *worker, struct string *string, uint64_t from)
{
    enum touch_words touch = (enum touch_words)worker->trial->values[TOUCH];
    size_t first = from / WORD_BYTES, end = string->bytes / WORD_BYTES;
    size_t stride = touch == TOUCH_PAGE ? WORDS_A_PAGE : 1;
    if (first == end)
        return;
    string->words[end - 1] = word_at(string, end - 1);
    if (touch == TOUCH_ENDS) {
        string->words[first] = word_at(string, first);
        return;
    }
    if (touch == TOUCH_PAGE)
        first = (first + WORDS_A_PAGE - 1) / WORDS_A_PAGE * WORDS_A_PAGE;
    for (size_t i = first; i < end; i += stride)
        string->words[i] = word_at(string, i);
}

static void check_word(struct worker *worker, const struct string *string, size_t i)
{
    if (heapmark_unlikely(string->words[i] != word_at(string, i)))
        worker_corrupt(worker, "a block grown by realloc");
}

static void check_all(struct worker *worker, const struct string *string)
{
    enum touch_words touch = (enum touch_words)worker->trial->values[TOUCH];
    size_t end = string->bytes / WORD_BYTES;
    size_t stride = touch == TOUCH_ENDS ? end : touch == TOUCH_PAGE ? WORDS_A_PAGE : 1;
    for (size_t i = 0; i < end; i += stride)
        check_word(worker, string, i);
}

/* ---- growing -------------------------------------------------------------------- */

static void begin(struct worker *worker, struct string *string, uint64_t bytes)
{
    string->words = worker_malloc(worker, bytes);
    string->bytes = bytes;
    write_words(worker, string, 0);
}

static void grow(struct worker *worker, struct string *string, uint64_t bytes)
{
    uint64_t old_bytes = string->bytes;
    string->words = worker_realloc(worker, string->words, old_bytes, bytes);
    string->bytes = bytes;
    check_word(worker, string, 0);
    check_word(worker, string, old_bytes / WORD_BYTES - 1);
    write_words(worker, string, old_bytes);
}

static void cut(struct worker *worker, struct string *string, uint64_t bytes)
{
    if (heapmark_unlikely(worker->trial->verify))
        check_all(worker, string);
    string->words = worker_realloc(worker, string->words, string->bytes, bytes);
    string->bytes = bytes;
    check_word(worker, string, 0);
    check_word(worker, string, bytes / WORD_BYTES - 1);
}

static void end(struct worker *worker, struct string *string)
{
    if (heapmark_unlikely(worker->trial->verify))
        check_all(worker, string);
    worker_free(worker, string->words, string->bytes);
    string->words = NULL;
}

static void design(struct worker *worker, struct string *string)
{
    const struct shared *shared = worker->trial->state;
    uint64_t random = random_next(&worker->random);
    string->final = distribution_at(&shared->lengths, random);
    string->key = (uint32_t)random | 1;
    string->growth = (uint8_t)worker->trial->values[GROWTH];
    /* Half of the strings of a mixed set grow exactly, a quarter each by half and by double. */
    static const uint8_t mix[] = {GROWTH_EXACT, GROWTH_EXACT, GROWTH_HALF, GROWTH_DOUBLE};
    if (string->growth == GROWTH_MIXED)
        string->growth = mix[(random >> 32) % (sizeof mix)];
}

static uint64_t grown_bytes(struct worker *worker, const struct string *string)
{
    uint64_t append = worker->trial->values[APPEND];
    if (string->growth == GROWTH_DOUBLE)
        return 2 * string->bytes;
    if (string->growth == GROWTH_HALF)
        return string->bytes + string->bytes / 2;
    return string->bytes + 1 + random_below(&worker->random, (uint32_t)(2 * append - 1));
}

static void step(struct worker *worker, struct string *string)
{
    if (string->words == NULL) {
        design(worker, string);
        begin(worker, string, FIRST_BYTES);
    } else if (string->bytes < string->final) {
        grow(worker, string, grown_bytes(worker, string));
    } else {
        end(worker, string);
    }
}

/* ---- the large buffers ------------------------------------------------------------ */

/* The doubling buffer is kept and cut back to its first size, as a buffer that is used again: a
 * block that an allocator has mapped by itself stays so, and is moved by mremap in every lap.
 * (glibc takes the size of a mapped block that is freed as its new threshold for mapping.) */
static void doubling_step(struct worker *worker, struct string *string, unsigned event)
{
    uint64_t first = worker->trial->values[LARGE] >> LARGE_FIRST_SHIFT;
    if (event == LARGE_SHRINK)
        cut(worker, string, first);
    else
        grow(worker, string, first << (event + 1));
}

static void linear_step(struct worker *worker, struct string *string, unsigned event)
{
    uint64_t bytes = worker->trial->values[LARGE] / 4 / LARGE_LINEAR_STEPS * (event + 1);
    if (event == LARGE_LINEAR_STEPS) {
        end(worker, string);
    } else if (event > 0) {
        grow(worker, string, bytes);
    } else {
        string->key = (uint32_t)random_next(&worker->random) | 1;
        begin(worker, string, bytes);
    }
}

/* One of the LARGE_EVENTS of a lap. */
static void large_step(struct worker *worker, struct strings *strings)
{
    unsigned event = strings->large_event;
    strings->large_event = event + 1 < LARGE_EVENTS ? event + 1 : 0;
    if (event <= LARGE_SHRINK)
        doubling_step(worker, &strings->doubling, event);
    else
        linear_step(worker, &strings->linear, event - LARGE_SHRINK - 1);
}

/* ---- the trial ---------------------------------------------------------------------- */

static void realloc_growth_fill(struct worker *worker)
{
    struct strings *strings = own(worker);
    if (worker->trial->values[LARGE] != 0) {
        strings->doubling.key = (uint32_t)random_next(&worker->random) | 1;
        begin(worker, &strings->doubling, worker->trial->values[LARGE] >> LARGE_FIRST_SHIFT);
        /* A lap begins and ends with the buffer at its largest. */
        while (strings->large_event < LARGE_SHRINK)
            large_step(worker, strings);
    }
    for (uint64_t i = 0; i < worker->trial->values[STRINGS]; i++) {
        struct string *string = &strings->string[i];
        design(worker, string);
        begin(worker, string, FIRST_BYTES + random_below(&worker->random, (uint32_t)string->final));
    }
}

static void realloc_growth_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    struct strings *strings = own(worker);
    uint64_t between = values[LARGE] != 0 ? values[STEPS] / LARGE_EVENTS : values[STEPS];
    uint64_t until_large = between;
    unsigned events = values[LARGE] != 0 ? LARGE_EVENTS : 0;
    (void)lap;
    for (uint64_t i = values[STEPS]; i > 0; i--) {
        step(worker, &strings->string[random_below(&worker->random, (uint32_t)values[STRINGS])]);
        if (--until_large > 0)
            continue;
        until_large = between;
        if (events > 0) {
            events--;
            large_step(worker, strings);
        }
    }
}

static void realloc_growth_drain(struct worker *worker)
{
    struct strings *strings = own(worker);
    for (uint64_t i = 0; i < worker->trial->values[STRINGS]; i++)
        if (strings->string[i].words != NULL)
            end(worker, &strings->string[i]);
    if (strings->doubling.words != NULL)
        end(worker, &strings->doubling);
    if (strings->linear.words != NULL)
        end(worker, &strings->linear);
}

static const struct workload realloc_growth = {
    .name = "realloc-growth",
    .summary = "strings and buffers grown by realloc, 16 B to megabytes, contents checked",
    .source = "string building and buffer growth; shape after Wilson et al., IWMM 1995",
    .touch = "every word, as it is appended; ends read back after every growth (touch=all)",
    .params = realloc_growth_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = realloc_growth_setup,
    .fill = realloc_growth_fill,
    .lap = realloc_growth_lap,
    .drain = realloc_growth_drain,
};
WORKLOAD_REGISTER(realloc_growth)
