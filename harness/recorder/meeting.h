/*
 * How a process comes by its ring, and parts with it.
 */
#ifndef HEAPMARK_MEETING_H
#define HEAPMARK_MEETING_H

#include "writer.h"

#include <stdbool.h>

/* Meets the collector unless that has been done in this process. Returns whether there is a ring
 * to write to. Signals must be blocked. Says on stderr what went wrong, if nobody else can. */
bool meeting_hold(void);

/* Tells the collector, and remembers for children, whose malloc it is. */
void meeting_name_allocator(void);

/* Ends recording in this process for good; with a dead collector, in its children, too. */
void meeting_stop(bool for_children_too);

#endif
