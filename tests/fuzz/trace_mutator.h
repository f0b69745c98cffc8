/* Changes trace files so that a reader gets deep into them: checksums are made right again. */
#ifndef HEAPMARK_TRACE_MUTATOR_H
#define HEAPMARK_TRACE_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* Changes a file of `length` bytes in place, within `room`; returns its new length. */
size_t trace_mutate(uint8_t *bytes, size_t length, size_t room, uint64_t seed);
/* Sets each checksum to what it should be, as far as blocks follow each other. */
void trace_repair(uint8_t *bytes, size_t length);
/* Unpacks all payloads, so that changes of theirs mean something; returns the new length. */
size_t trace_unpack(uint8_t *bytes, size_t length, size_t room);

#endif
