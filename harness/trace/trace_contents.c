/* Facts, threads and index of a trace file; see trace_contents.h. */
#include "trace_contents.h"

#include "message.h"
#include "varint.h"

#include <stdlib.h>
#include <string.h>

static const char no_memory[] = "not enough memory to read a trace";

/* A block: where it stands and what its head says. */
struct place {
    uint64_t offset;
    struct trace_block_head head;
};

/* A text with its length before it; no zero byte is in it. */
static bool get_text(struct byte_cursor *from, char *text, size_t room)
{
    uint64_t length;
    if (!varint_get(from, &length) || length > (size_t)(from->end - from->next) || length >= room ||
        memchr(from->next, '\0', length) != NULL)
        return false;
    memcpy(text, from->next, length);
    text[length] = '\0';
    from->next += length;
    return true;
}

static const char *read_fact(struct trace_contents *contents, struct byte_cursor *from,
                             char *scratch)
{
    static const char damaged[] = "the facts contradict themselves";
    char *name = scratch;
    if (!get_text(from, name, TRACE_FACTS_BYTES_MAXIMUM + 1) || *name == '\0')
        return damaged;
    char *value = name + strlen(name) + 1;
    if (!get_text(from, value, TRACE_FACTS_BYTES_MAXIMUM + 1))
        return damaged;
    contents->fact_bytes += strlen(name) + strlen(value);
    if (++contents->fact_count > TRACE_FACTS_MAXIMUM ||
        contents->fact_bytes > TRACE_FACTS_BYTES_MAXIMUM)
        return "there are more facts than there may be";
    return trace_facts_set(&contents->facts, name, value) == 0 ? NULL : no_memory;
}

static const char *read_facts(struct trace_contents *contents, struct byte_cursor from)
{
    uint64_t count;
    if (!varint_get(&from, &count) || count > TRACE_FACTS_MAXIMUM)
        return "the facts contradict themselves";
    /* Two texts of this block, each with its zero byte. */
    char *scratch = malloc((size_t)(from.end - from.next) + 2);
    const char *fault = scratch == NULL ? no_memory : NULL;
    for (uint64_t i = 0; i < count && fault == NULL; i++)
        fault = read_fact(contents, &from, scratch);
    free(scratch);
    if (fault == NULL && from.next != from.end)
        fault = "bytes are left over behind the facts";
    return fault;
}

static bool make_room(struct trace_contents *contents, uint64_t threads)
{
    if (threads <= contents->thread_room)
        return true;
    uint64_t room = contents->thread_room * 2 > threads ? contents->thread_room * 2 : threads;
    struct trace_thread *larger = realloc(contents->thread, room * sizeof *larger);
    if (larger == NULL)
        return false;
    contents->thread = larger;
    contents->thread_room = (uint32_t)room;
    return true;
}

/* Threads known already may come again, with another name. */
static const char *read_threads(struct trace_contents *contents, struct byte_cursor from)
{
    static const char damaged[] = "the threads contradict themselves";
    uint64_t first, count;
    if (!varint_get(&from, &first) || first > contents->threads || !varint_get(&from, &count) ||
        count > TRACE_THREADS_A_BLOCK || first + count > TRACE_THREADS_MAXIMUM)
        return damaged;
    if (!make_room(contents, first + count))
        return no_memory;
    for (uint64_t i = first; i < first + count; i++) {
        struct trace_thread *thread = &contents->thread[i];
        memset(thread, 0, sizeof *thread);
        if (!varint_get(&from, &thread->tid) || !get_text(&from, thread->name, sizeof thread->name))
            return damaged;
    }
    if (contents->threads < first + count)
        contents->threads = (uint32_t)(first + count);
    return from.next == from.end ? NULL : "bytes are left over behind the threads";
}

/* Reads the block at `place` if it is of a sort that is read as a whole. */
static int read_other(struct trace_contents *contents, struct trace_source *source,
                      const struct place *place, char *message)
{
    uint32_t type = place->head.type;
    if (type != TRACE_BLOCK_FACTS && type != TRACE_BLOCK_THREADS && type != TRACE_BLOCK_INDEX)
        return 0;
    if (trace_source_payload(source, place->offset, &place->head, message) != 0)
        return -1;
    struct byte_cursor bytes = {source->payload, source->payload + place->head.raw_bytes};
    const char *fault = NULL;
    if (type == TRACE_BLOCK_FACTS)
        fault = read_facts(contents, bytes);
    if (type == TRACE_BLOCK_THREADS)
        fault = read_threads(contents, bytes);
    if (type == TRACE_BLOCK_INDEX)
        fault = block_index_unpack(&contents->index, source->payload, place->head.raw_bytes);
    return fault == NULL ? 0 : trace_source_fault(source, place->offset, fault, message);
}

/* Takes note of a block of operations met in a scan. */
static const char *count_operations(struct trace_contents *contents, const struct place *place)
{
    const struct trace_block_head *head = &place->head;
    if (head->first_index != contents->operations)
        return "a block does not begin where the one before it ended";
    if (head->first_ns < contents->duration_ns)
        return "times go back";
    if (head->threads > contents->threads)
        return "a block knows more threads than were introduced";
    struct block_index_entry entry = {place->offset, head->first_index, head->first_ns};
    block_index_add(&contents->index, &entry);
    contents->operations += head->operations;
    contents->duration_ns = head->last_ns;
    return NULL;
}

/* Goes from head to head; `others`: reads the blocks in between. */
static int scan(struct trace_contents *contents, struct trace_source *source, uint64_t end,
                char *message)
{
    struct place place = {.offset = TRACE_FILE_HEAD_BYTES};
    block_index_init(&contents->index);
    int found;
    while (place.offset < end &&
           (found = trace_source_head(source, place.offset, &place.head, message)) != 0) {
        if (found < 0)
            return -1;
        const char *fault = NULL;
        if (place.head.type == TRACE_BLOCK_END)
            fault = "something stands behind the end mark";
        if (place.head.type == TRACE_BLOCK_OPERATION)
            fault = count_operations(contents, &place);
        if (fault != NULL)
            return trace_source_fault(source, place.offset, fault, message);
        /* A scan of the half-written: the index, if it got that far, is what is being made. */
        if (place.head.type != TRACE_BLOCK_INDEX &&
            read_other(contents, source, &place, message) != 0)
            return -1;
        place.offset = trace_source_behind(place.offset, &place.head);
    }
    contents->operations_end = place.offset;
    return 0;
}

/* The end mark is the last thing in the file. Finds it: 1; there is none: 0; -1. */
static int find_end(struct trace_contents *contents, struct trace_source *source,
                    struct place *place, char *message)
{
    uint64_t bytes = TRACE_BLOCK_HEAD_BYTES + TRACE_END_PAYLOAD_BYTES;
    if (source->bytes < TRACE_FILE_HEAD_BYTES + bytes)
        return 0;
    place->offset = source->bytes - bytes;
    if (trace_source_head(source, place->offset, &place->head, message) != 1 ||
        place->head.type != TRACE_BLOCK_END || place->head.raw_bytes != TRACE_END_PAYLOAD_BYTES ||
        place->head.packing != TRACE_STORED)
        return 0;
    if (trace_source_payload(source, place->offset, &place->head, message) != 0)
        return -1;
    contents->operations_end = 0;
    for (int i = 0; i < TRACE_END_PAYLOAD_BYTES; i++)
        contents->operations_end |= (uint64_t)source->payload[i] << i * 8;
    if (contents->operations_end < TRACE_FILE_HEAD_BYTES ||
        contents->operations_end > place->offset)
        return trace_source_fault(source, place->offset, "the end mark points nowhere", message);
    contents->operations = place->head.first_index;
    contents->duration_ns = place->head.last_ns;
    return 1;
}

/* What stands between the last operations and the end mark. */
static int read_closing(struct trace_contents *contents, struct trace_source *source,
                        const struct place *end, char *message)
{
    struct place place = {.offset = contents->operations_end};
    while (place.offset < end->offset) {
        int found = trace_source_head(source, place.offset, &place.head, message);
        if (found < 0 || (found > 0 && read_other(contents, source, &place, message) != 0))
            return -1;
        uint64_t behind = trace_source_behind(place.offset, &place.head);
        if (found == 0 || behind > end->offset || place.head.type == TRACE_BLOCK_OPERATION ||
            place.head.type == TRACE_BLOCK_END)
            return trace_source_fault(source, place.offset, "not what stands before an end mark",
                                      message);
        place.offset = behind;
    }
    if (contents->threads != end->head.threads)
        return trace_source_fault(source, end->offset, "threads are missing", message);
    return 0;
}

static int read_first_facts(struct trace_contents *contents, struct trace_source *source,
                            char *message)
{
    struct place first = {.offset = TRACE_FILE_HEAD_BYTES};
    int found = trace_source_head(source, first.offset, &first.head, message);
    if (found < 0)
        return -1;
    if (found == 0 || first.head.type != TRACE_BLOCK_FACTS ||
        trace_source_behind(first.offset, &first.head) > contents->operations_end)
        return 0;
    return read_other(contents, source, &first, message);
}

/* Whether the index can be that of this file; the heads that it names are checked when used. */
static const char *check_index(const struct trace_contents *contents)
{
    const struct block_index *index = &contents->index;
    if ((index->count == 0) != (contents->operations == 0))
        return "the index is empty";
    for (uint32_t i = 0; i < index->count; i++)
        if (index->entry[i].offset < TRACE_FILE_HEAD_BYTES ||
            index->entry[i].offset >= contents->operations_end ||
            index->entry[i].first_index >= contents->operations)
            return "the index points nowhere";
    return NULL;
}

int trace_contents_read(struct trace_contents *contents, struct trace_source *source, char *message)
{
    block_index_init(&contents->index);
    struct place end;
    int found = find_end(contents, source, &end, message);
    if (found < 0)
        return -1;
    if (found == 0)
        return scan(contents, source, source->bytes, message);
    contents->complete = true;
    if (read_first_facts(contents, source, message) != 0 ||
        read_closing(contents, source, &end, message) != 0)
        return -1;
    const char *fault = check_index(contents);
    return fault == NULL ? 0 : trace_source_fault(source, end.offset, fault, message);
}

void trace_contents_release(struct trace_contents *contents)
{
    trace_facts_release(&contents->facts);
    free(contents->thread);
}
