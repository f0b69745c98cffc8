/*
 * A gate before brk, mmap and mremap: they fail when told to, whatever allocator asks, without a
 * build of its own. seccomp hands each such call of this thread to a signal handler, which makes
 * it, or does not.
 */
#ifndef HEAPMARK_GATE_H
#define HEAPMARK_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* For this thread and those it starts, once in a process; the test is skipped where that is not
 * allowed. The gate is open. */
void gate_install(void);
/* The n-th call from now fails, and those after it, `count` in all. With 0 of them it only counts.
 */
void gate_fail(uint32_t nth, uint32_t count);
/* Calls since then. */
uint32_t gate_calls(void);
/* Every brk that would move the break fails. */
void gate_fail_break(bool fails);
void gate_open(void);

#endif
