/* heapmark trace profile --twin: writes the twin of a trace, and tells how much alike they are. */
#ifndef HEAPMARK_TRACE_TWIN_H
#define HEAPMARK_TRACE_TWIN_H

#include "trace_reader.h"

struct trace_twin_options {
    const char *ini;  /* to be written; the deck's name follows from it */
    const char *plot; /* folder for the chart, or NULL */
    unsigned slices;
};

/* Returns 0, or -1 with a message. */
int trace_twin_make(struct trace_reader *reader, const char *trace,
                    const struct trace_twin_options *options, char *message);

#endif
