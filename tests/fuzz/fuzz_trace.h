/* Entry points, by the names that libFuzzer gives them. */
#ifndef HEAPMARK_FUZZ_TRACE_H
#define HEAPMARK_FUZZ_TRACE_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);

#endif
