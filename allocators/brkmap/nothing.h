/* Blocks of no bytes, in the hardened variant: addresses at which nothing is, so that who reads or
 * writes there faults. */
#ifndef BRKMAP_NOTHING_H
#define BRKMAP_NOTHING_H

#include <stdbool.h>

/* NULL: all are taken, or there is no address space. */
void *nothing_allocate(void);
bool nothing_is(const void *address);
/* Of an address that nothing_is() of: aborts when it is no block, and takes it back. */
void nothing_check(const void *block, bool release);

#endif
