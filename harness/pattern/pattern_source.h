/*
 * Makes the calls of a pattern: the same ones for the same file and seed, wherever it runs.
 */
#ifndef HEAPMARK_PATTERN_SOURCE_H
#define HEAPMARK_PATTERN_SOURCE_H

#include "op_source.h"
#include "pattern.h"

struct pattern_source;

/* The pattern must live as long. NULL with a message: memory is short, or the live set that it
 * would begin with is larger than any machine's. */
struct pattern_source *pattern_source_create(const struct pattern *pattern, uint64_t seed,
                                             char *message);
void pattern_source_free(struct pattern_source *source);

/* To be read from; its own until it is freed. */
struct op_source *pattern_source_ops(struct pattern_source *source);
/* Calls before the first timed lap: the first live set, and one lap to warm up. 0 where it starts
 * empty. */
uint64_t pattern_source_fill_calls(const struct pattern_source *source);

#endif
