/*
 * The lines by which a test speaks to the harness. Each is one write(2), so that those of threads
 * and children do not mix; neither stdio's buffers nor its locks are involved.
 */
#ifndef HEAPMARK_VERDICT_LINE_H
#define HEAPMARK_VERDICT_LINE_H

/* Adds the end of the line. At most 1000 characters are kept. */
void verdict_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
