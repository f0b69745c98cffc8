/*
 * Decompression by the piece: plain, gzip, zstd, or a zip's first member.
 */
#ifndef HEAPMARK_INFLOW_H
#define HEAPMARK_INFLOW_H

#include <stddef.h>

struct inflow;

/* Where compressed bytes come from: up to `bytes` into `into`; 0 at the end, -1 with errno. */
typedef long inflow_read(void *argument, unsigned char *into, size_t bytes);

/* NULL: out of memory. */
struct inflow *inflow_create(inflow_read *read, void *argument);
void inflow_free(struct inflow *inflow);

/* Up to `bytes` decompressed bytes: the count, 0 at the end, or -1 with *reason set to a line that
 * lives as long as the program. */
long inflow_take(struct inflow *inflow, unsigned char *into, size_t bytes, const char **reason);

#endif
