/* The records of one thread; see record_queue.h. */
#include "record_queue.h"

#include <stdlib.h>
#include <string.h>

struct queue_segment {
    struct queue_segment *next;
    struct ring_record *record; /* RING_RECORDS of them: in the ring, or a copy */
    uint32_t chunk;             /* RING_NO_CHUNK: a copy */
};

static int append(struct record_queue *queue, uint32_t chunk)
{
    struct ring_chunk *at = ring_memory_claim(queue->memory, chunk, queue->thread, queue->serial);
    struct queue_segment *segment = at != NULL ? malloc(sizeof *segment) : NULL;
    if (segment == NULL)
        return -1;
    *segment = (struct queue_segment){.record = at->record, .chunk = chunk};
    if (queue->last != NULL)
        queue->last->next = segment;
    else
        queue->first = segment;
    queue->last = segment;
    queue->serial++;
    return 0;
}

static void drop_first(struct record_queue *queue)
{
    struct queue_segment *segment = queue->first;
    queue->first = segment->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->position = 0;
    if (segment->chunk != RING_NO_CHUNK)
        ring_memory_give_back(queue->memory, segment->chunk);
    else {
        free(segment->record);
        queue->memory->copies--;
    }
    free(segment);
}

int record_queue_init(struct record_queue *queue, struct ring_memory *memory, uint32_t chunk)
{
    if (chunk >= memory->chunk_count)
        return -1;
    const struct ring_chunk *head = ring_memory_chunk(memory, chunk);
    *queue = (struct record_queue){.memory = memory, .thread = head->thread, .tid = head->tid};
    return append(queue, chunk);
}

void record_queue_release(struct record_queue *queue)
{
    while (queue->first != NULL)
        drop_first(queue);
}

int record_queue_follow(struct record_queue *queue)
{
    /* The last segment is never a copy: only chunks that have a successor here are copied. */
    while (queue->last != NULL) {
        struct ring_chunk *last = ring_memory_chunk(queue->memory, queue->last->chunk);
        /* Acquire: partner of the thread's release when it links a chunk whose head it filled. */
        uint32_t next = atomic_load_explicit(&last->next, memory_order_acquire);
        if (next == RING_NO_CHUNK)
            return 0;
        if (append(queue, next) < 0)
            return -1;
    }
    return 0;
}

/* The slot to be read next, or NULL when the thread has not begun it. */
static struct ring_record *current(struct record_queue *queue)
{
    while (queue->position == RING_RECORDS) {
        if (queue->first->next == NULL)
            return NULL;
        drop_first(queue);
    }
    return &queue->first->record[queue->position];
}

static uint64_t take_size(struct record_queue *queue, uint64_t body)
{
    uint64_t size = body & RING_SIZE_APART;
    return size == RING_SIZE_APART && queue->sizes > 0 ? queue->size[--queue->sizes] : size;
}

int record_queue_next(struct record_queue *queue, struct ring_entry *entry)
{
    struct ring_record *record;
    while ((record = current(queue)) != NULL) {
        uint64_t head = atomic_load_explicit(&record->head, memory_order_acquire);
        if (head == 0)
            return 0;
        uint64_t body = record->body;
        queue->position++;
        *entry = (struct ring_entry){.head = head};
        switch (ring_entry_kind(entry)) {
        case RING_TIME:
            queue->ticks = body;
            break;
        case RING_SIZE:
            if (queue->sizes == QUEUE_SIZES_MAXIMUM)
                return -1;
            queue->size[queue->sizes++] = body;
            break;
        default:
            entry->ticks = queue->ticks;
            if (ring_entry_is_alone(entry)) {
                entry->size = body;
                return 1;
            }
            entry->size = take_size(queue, body);
            entry->number = (uint32_t)(body >> RING_SIZE_BITS);
            return 1;
        }
    }
    return 0;
}

/* The first written slot from the current one on, within its segment; RING_RECORDS: none. */
static unsigned first_written(const struct record_queue *queue)
{
    unsigned at = queue->position;
    while (at < RING_RECORDS &&
           atomic_load_explicit(&queue->first->record[at].head, memory_order_relaxed) == 0)
        at++;
    return at;
}

bool record_queue_has_gap(const struct record_queue *queue)
{
    if (queue->first == NULL || queue->position == RING_RECORDS)
        return false;
    unsigned at = first_written(queue);
    return at > queue->position && (at < RING_RECORDS || queue->first->next != NULL);
}

void record_queue_skip_gap(struct record_queue *queue)
{
    unsigned at = first_written(queue);
    queue->unwritten += at - queue->position;
    queue->position = at;
}

void record_queue_visit(const struct record_queue *queue,
                        bool (*visit)(void *argument, const struct ring_entry *entry),
                        void *argument)
{
    unsigned at = queue->position;
    for (const struct queue_segment *s = queue->first; s != NULL; s = s->next, at = 0)
        for (; at < RING_RECORDS; at++) {
            struct ring_entry entry = {
                .head = atomic_load_explicit(&s->record[at].head, memory_order_acquire)};
            unsigned kind = ring_entry_kind(&entry);
            if (entry.head == 0 || kind == RING_TIME || kind == RING_SIZE)
                continue;
            entry.number = (uint32_t)(s->record[at].body >> RING_SIZE_BITS);
            if (!visit(argument, &entry))
                return;
        }
}

static bool is_whole(const struct queue_segment *segment)
{
    for (unsigned at = 0; at < RING_RECORDS; at++)
        if (atomic_load_explicit(&segment->record[at].head, memory_order_acquire) == 0)
            return false;
    return true;
}

int record_queue_spill(struct record_queue *queue, uint32_t budget)
{
    uint32_t copied = 0;
    for (struct queue_segment *s = queue->first; s != queue->last && copied < budget; s = s->next) {
        /* A slot still unwritten will be written where it is. */
        if (s->chunk == RING_NO_CHUNK || !is_whole(s))
            continue;
        struct ring_record *copy = malloc(RING_RECORDS * sizeof *copy);
        if (copy == NULL)
            return -1;
        memcpy(copy, s->record, RING_RECORDS * sizeof *copy);
        ring_memory_give_back(queue->memory, s->chunk);
        s->record = copy;
        s->chunk = RING_NO_CHUNK;
        queue->memory->copies++;
        copied++;
    }
    return (int)copied;
}
