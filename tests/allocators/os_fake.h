/*
 * An operating system for allocators under test: os.h over a break of its own, which another
 * "user of sbrk" can move, and which fails when told to. Beside it stands the real malloc of
 * the process, untouched.
 */
#ifndef HEAPMARK_TESTS_OS_FAKE_H
#define HEAPMARK_TESTS_OS_FAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "os.h"

/* From now on growing the break, or mapping (and remapping), fails or works. */
void os_fake_fail(bool break_fails, bool map_fails);

/* The call of os_break_grow, os_map or os_remap after `calls` more of them fails, that one only;
 * -1 for none. */
void os_fake_fail_after(int calls);

/* What the next os_move comes to. */
void os_fake_next_move(enum os_moved result);
/* After the next os_move another thread maps a page where the first one was; it says which. */
void os_fake_settle_next(void **settler);

/* Called in the middle of the next os_purge, before the memory goes; false: it is refused. */
void os_fake_while_purging(bool (*visit)(void));

/* os_coarse_ms moves by that, and by nothing else. */
void os_fake_let_pass(unsigned milliseconds);

/* How often os_wait_briefly was called. */
unsigned os_fake_waits(void);

/* Pages are so long, a multiple of the machine's; before anything else is done. */
void os_fake_long_pages(size_t page_bytes);

/* What another user of sbrk does. Returns the old break. */
void *os_fake_foreign_move(ptrdiff_t delta);

#endif
