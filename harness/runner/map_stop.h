/*
 * Map stops: between laps, while nobody works, the runner lists its blocks for the harness
 * (block_list.h) and stands still until it has looked.
 */
#ifndef HEAPMARK_MAP_STOP_H
#define HEAPMARK_MAP_STOP_H

#include "session.h"

/* The lap has just ended; does nothing where no stop was asked for. */
void map_stop(struct session *session, unsigned lap);

#endif
