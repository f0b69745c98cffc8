/*
 * Who is measuring: so that a run is not resumed while it lives, and two runs on one machine do
 * not disturb each other unnoticed.
 *
 * A lock is an abstract Unix socket address (unix(7)): it exists as long as its holder does, and
 * the kernel takes it away however the holder ends. It is seen by every user of the machine (of
 * the network namespace).
 */
#ifndef HEAPMARK_RUN_LOCK_H
#define HEAPMARK_RUN_LOCK_H

/* Takes the lock of that name. Returns a descriptor that holds it until it is closed; -1 with
 * errno EADDRINUSE when somebody has it. */
int run_lock_take(const char *name);

#endif
