/*
 * A trace: the allocations of one process image, in one order.
 *
 * The order is a linear one in which no block is freed before it was allocated and no address is
 * handed out twice while it is live; each thread's operations stand in the order in which it made
 * them, and times never go back. Addresses name blocks: real ones in a recording, tokens in an
 * import whose format has none. docs/trace-format.md has the file, trace_reader.h and
 * trace_writer.h read and write it, ledger.h follows the blocks.
 */
#ifndef HEAPMARK_TRACE_H
#define HEAPMARK_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(NAME, number in the file, "name"). A number, once given, keeps its meaning. */
#define TRACE_KINDS(X)                                                                           \
    X(MALLOC, 1, "malloc")                                                                       \
    X(CALLOC, 2, "calloc")                                                                       \
    X(REALLOC, 3, "realloc")                                                                     \
    X(REALLOCARRAY, 4, "reallocarray")                                                           \
    X(FREE, 5, "free")                                                                           \
    X(MEMALIGN, 6, "memalign")                                                                   \
    X(ALIGNED_ALLOC, 7, "aligned_alloc")                                                         \
    X(POSIX_MEMALIGN, 8, "posix_memalign")                                                       \
    X(VALLOC, 9, "valloc")                                                                       \
    X(PVALLOC, 10, "pvalloc")                                                                    \
    /* The call of a realloc whose return stands apart, since other threads' operations came     \
     * between: from here on the old address may be handed out to others. The REALLOC or         \
     * REALLOCARRAY that follows in the same thread is TRACE_SPLIT. It is no call of its own. */ \
    X(REALLOC_BEGIN, 11, "realloc_begin")

enum trace_kind {
#define X(name, number, text) TRACE_##name = (number),
    TRACE_KINDS(X)
#undef X
        TRACE_KIND_COUNT
};

/* "malloc", ...; NULL for a number that is none. */
const char *trace_kind_name(unsigned kind);
/* The kind of that name, or 0. */
unsigned trace_kind_parse(const char *name);

enum trace_op_flag {
    TRACE_FAILED = 1 << 0, /* returned NULL (posix_memalign: an error) where a block was asked
                              for; nothing changed, `error` says why */
    TRACE_SPLIT = 1 << 1,  /* a realloc whose REALLOC_BEGIN stands before it */
};

/*
 * One operation. What a kind does not have is 0.
 *
 *   allocating kinds          address = the block returned; size; alignment where it was asked for
 *   REALLOC, REALLOCARRAY     old_address = the block given (0: NULL), address = the block
 *                             returned, equal to it when resized in place. address 0 without
 *                             TRACE_FAILED: size was 0 and the block has been freed
 *   FREE                      old_address = the block freed (0: free(NULL))
 *   REALLOC_BEGIN             old_address = the block given
 */
struct trace_op {
    uint64_t time_ns; /* since the start of the trace */
    uint64_t address, old_address;
    uint64_t size;      /* bytes asked for; calloc and reallocarray: the product, UINT64_MAX when it
                           overflows */
    uint64_t alignment; /* bytes */
    uint32_t thread;    /* index, from 0, in the order of first appearance */
    uint16_t error;     /* errno of a failed call */
    uint8_t kind;       /* enum trace_kind */
    uint8_t flags;      /* enum trace_op_flag */
};

/* A call that a program made, as against half of one. */
static inline bool trace_op_is_call(const struct trace_op *op)
{
    return op->kind != TRACE_REALLOC_BEGIN;
}

/*
 * What is known about a trace as a whole: names and values, of which these have a meaning.
 *
 *   program, command, version      what ran: its path, its words, heapmark's version
 *   source                         "recorded", "imported from <format>", "cut", "scaled"
 *   pid, parent, started           numbers in print; started is in ISO 8601
 *   host, kernel, cpu, cpus        the machine
 *   allocator                      the object that served malloc
 *   clock, clock_step_ns           what times come from, and how far apart two stamps may be
 *   has_times, has_threads, has_alignments, has_addresses, has_failures    "yes" or "no"
 *   has_reallocs, has_identities (of what is freed), has_order (across threads)   the same
 *   inherited                      "yes": the process was forked off (or recording began late), so
 *                                  blocks from before may be freed or resized
 *   end                            how it ended: "exit 0", "signal 11", "exec", "exited", "cut"
 *   stalls, stall_ns               how often, how long the program waited for the collector
 *   lost                           operations of the last instant that could not be put in order
 *   provenance                     a line on where the trace comes from
 */
struct trace_facts {
    struct trace_fact {
        char *name, *value;
    } * entry;
    size_t count;
};

/* The value, or NULL. */
const char *trace_facts_find(const struct trace_facts *facts, const char *name);
/* Adds or replaces (value NULL: takes out); the strings are copied. Returns 0, or -1 (ENOMEM). */
int trace_facts_set(struct trace_facts *facts, const char *name, const char *value);
bool trace_facts_yes(const struct trace_facts *facts, const char *name);
void trace_facts_release(struct trace_facts *facts);

#endif
