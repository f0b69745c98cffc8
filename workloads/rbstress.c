/*
 * rbstress: what a Ruby program that makes many short strings asks of malloc. Strings of 0 to 40
 * bytes are put into a chunk; when it is full, the garbage collector drops the whole chunk and one
 * long string is made. Others are retained all the while.
 *
 * A string is a head, as the interpreter's objects are, and a body where its bytes do not fit into
 * the head. Invariant: a chunk that has just been dropped is empty.
 */
#include "touch.h"
#include "workload.h"

enum { CHUNK, RETAINED, LONGEST, STRINGS, LONG };

static const struct param rbstress_params[] = {
    PARAM_COUNT_ROW("chunk", "20k", 1, 10000000, "strings that die together, of a worker"),
    PARAM_COUNT_ROW("retained", "60k", 0, 10000000, "strings that live throughout, of a worker"),
    PARAM_BYTES_ROW("longest", "40", 0, 1 << 20, "short string; every length is as likely"),
    PARAM_COUNT_ROW("strings", "20k", 1, 1000000000, "that a worker makes in a lap"),
    PARAM_BYTES_ROW("long", "100000", 1, 1 << 30, "bytes of the string made when a chunk is full"),
    PARAM_TABLE_END,
};

static const struct preset rbstress_presets[] = {
    {"classic", "chunk=200k,retained=600k,longest=40,strings=300k,long=100000,laps=40",
     "12 million strings, 600 thousand retained; with T threads, give each its share"},
    PRESET_TABLE_END,
};

enum { HEAD_BYTES = 40, EMBEDDED_BYTES = 23, MARK = 'R' };

struct string_head {
    unsigned char *body; /* NULL: the bytes are in `embedded` */
    uint32_t bytes, check;
    unsigned char embedded[EMBEDDED_BYTES + 1];
};
_Static_assert(sizeof(struct string_head) == HEAD_BYTES, "as large as CRuby's object slots");

struct rbstress {
    struct string_head **chunk, **retained;
    unsigned char *long_string;
    uint32_t count; /* in the chunk */
};

static const char *rbstress_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct rbstress *state = trial_memory(trial, trial->threads * sizeof *state);
    for (unsigned i = 0; i < trial->threads; i++) {
        state[i].chunk = trial_memory(trial, values[CHUNK] * sizeof(void *));
        state[i].retained = trial_memory(trial, values[RETAINED] * sizeof(void *));
    }
    trial->state = state;
    return NULL;
}

/* Changes when the allocator writes into the head. */
static uint32_t check_of(const struct string_head *head)
{
    return (uint32_t)((uintptr_t)head->body * 31 + head->bytes * 7 + MARK);
}

static struct string_head *make(struct worker *worker)
{
    struct string_head *head = worker_malloc(worker, HEAD_BYTES);
    uint32_t longest = (uint32_t)worker->trial->values[LONGEST];
    head->bytes = random_below(&worker->random, longest + 1);
    head->body = NULL;
    if (head->bytes > EMBEDDED_BYTES)
        head->body = worker_malloc(worker, head->bytes + 1);
    head->check = check_of(head);
    memset(head->body != NULL ? head->body : head->embedded, MARK, head->bytes + 1);
    return head;
}

static void drop(struct worker *worker, struct string_head *head)
{
    if (heapmark_unlikely(worker->trial->verify) &&
        (head->check != check_of(head) ||
         !touch_holds(head->body != NULL ? head->body : head->embedded, head->bytes + 1, TOUCH_ALL,
                      MARK)))
        worker_corrupt(worker, "a string");
    if (head->body != NULL)
        worker_free(worker, head->body, head->bytes + 1);
    worker_free(worker, head, HEAD_BYTES);
}

static void replace_long(struct worker *worker, struct rbstress *own)
{
    size_t bytes = worker->trial->values[LONG];
    if (own->long_string != NULL) {
        if (worker->trial->verify && !touch_holds(own->long_string, bytes, TOUCH_ALL, MARK))
            worker_corrupt(worker, "a long string");
        worker_free(worker, own->long_string, bytes);
    }
    own->long_string = worker_malloc(worker, bytes);
    memset(own->long_string, MARK, bytes);
}

/* In the order of their age, as a sweep finds them. */
static void drop_chunk(struct worker *worker, struct rbstress *own)
{
    for (uint32_t i = 0; i < own->count; i++)
        drop(worker, own->chunk[i]);
    own->count = 0;
}

static void put(struct worker *worker, struct rbstress *own)
{
    if (own->count == worker->trial->values[CHUNK]) {
        drop_chunk(worker, own);
        replace_long(worker, own);
    }
    own->chunk[own->count++] = make(worker);
}

/* Those that are retained come among those that are not. */
static void rbstress_fill(struct worker *worker)
{
    struct rbstress *own = (struct rbstress *)worker->trial->state + worker->index;
    replace_long(worker, own);
    for (uint64_t i = 0; i < worker->trial->values[RETAINED]; i++) {
        own->retained[i] = make(worker);
        put(worker, own);
    }
}

static void rbstress_lap(struct worker *worker, unsigned lap)
{
    struct rbstress *own = (struct rbstress *)worker->trial->state + worker->index;
    (void)lap;
    for (uint64_t left = worker->trial->values[STRINGS]; left > 0; left--)
        put(worker, own);
}

static void rbstress_drain(struct worker *worker)
{
    struct rbstress *own = (struct rbstress *)worker->trial->state + worker->index;
    drop_chunk(worker, own);
    for (uint64_t i = 0; i < worker->trial->values[RETAINED]; i++)
        drop(worker, own->retained[i]);
    worker_free(worker, own->long_string, worker->trial->values[LONG]);
}

static const struct workload rbstress = {
    .name = "rbstress",
    .summary = "short strings that die by the chunk, as a collector drops them; others retained",
    .source = "the mimalloc authors' collection of benchmarks, rbstress; head and body as in CRuby",
    .touch = "every byte of strings; a head's fields",
    .params = rbstress_params,
    .presets = rbstress_presets,
    .threads_maximum = 16,
    .laps = 40,
    .setup = rbstress_setup,
    .fill = rbstress_fill,
    .lap = rbstress_lap,
    .drain = rbstress_drain,
};
WORKLOAD_REGISTER(rbstress)
