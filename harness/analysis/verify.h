/*
 * Looks for what cannot be in a trace: blocks freed before they were allocated, addresses handed
 * out twice while live, times that go back, threads that nobody introduced, halves of reallocs
 * without the other, counts that differ from the file's own.
 */
#ifndef HEAPMARK_VERIFY_H
#define HEAPMARK_VERIFY_H

#include "message.h"
#include "trace_reader.h"

enum { VERIFY_KEPT = 10 };

struct verify_mistake {
    uint64_t operation;
    char reason[MESSAGE_BYTES];
};

struct verify_result {
    uint64_t operations; /* read */
    uint64_t calls;
    uint64_t mistakes;
    struct verify_mistake kept[VERIFY_KEPT]; /* the first ones */
    bool unfinished;                         /* no end mark: not a mistake */
};

/* Damage that the reader finds on its way is a mistake like any other, and the last. Returns 0, or
 * -1 with a message (MESSAGE_BYTES) when it could not look. */
int verify_trace(struct trace_reader *reader, struct verify_result *result, char *message);

#endif
