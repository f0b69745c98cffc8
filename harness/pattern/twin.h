/*
 * Makes a deck and a workload file of a recording: its synthetic twin; see deck.h.
 */
#ifndef HEAPMARK_TWIN_H
#define HEAPMARK_TWIN_H

#include "deck.h"
#include "trace_reader.h"

#include <stdio.h>

enum { TWIN_SLICES = 256, TWIN_SLICES_MAXIMUM = 4096 };

/* The cells of the recording, in the order of a file; to be released by deck_release. Returns 0, or
 * -1 with a message. */
int twin_make(struct deck *deck, struct trace_reader *reader, unsigned slices, char *message);

/* Return 0, or -1 with errno. `deck_name`: the table's, as the workload file is to say it. */
int twin_write_deck(FILE *file, const struct deck *deck);
int twin_write_ini(FILE *file, const struct trace_reader *reader, const char *trace_name,
                   const char *deck_name);

#endif
