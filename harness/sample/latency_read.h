/*
 * What the sampled calls and the requests of a trial took: reads the sheets that its workers have
 * filled.
 */
#ifndef HEAPMARK_LATENCY_READ_H
#define HEAPMARK_LATENCY_READ_H

#include "record.h"
#include "trial_page.h"

/* An empty file for the sheets, to become TRIAL_LATENCY_FD; -1 with errno. */
int latency_file_open(void);
/* Fills in the record's measures of calls and requests and its bins from page and file, when the
 * trial has ended and was OK. Returns 0, or -1 with the record's detail set. */
int latency_read(int file, const struct trial_page *page, struct trial_record *record);

#endif
