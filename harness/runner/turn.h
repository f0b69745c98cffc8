/*
 * Turns with another trial: laps of the one, then laps of the other, on one CPU. Called by one
 * thread at a time, while all others of the trial stand. Without a turn page all of it does
 * nothing.
 */
#ifndef HEAPMARK_TURN_H
#define HEAPMARK_TURN_H

#include "trial_page.h"
#include "turn_page.h"

#include <stdbool.h>

/* Maps the page where the trial is to take turns. Returns 0, or -1 with errno. */
int turn_open(struct turn_page **turns, const struct trial_page *page);
/* Waits for our turn. */
void turn_take(struct turn_page *turns, const struct trial_page *page);
/* Before `lap` (1 is the first that is timed): where a turn ends, the other's comes before ours. */
void turn_at_lap(struct turn_page *turns, const struct trial_page *page, unsigned lap);
/* No lap is left; returns when the other has none either, so that what comes now disturbs nobody.
 */
void turn_leave(struct turn_page *turns, const struct trial_page *page);

#endif
