/* The machine of a run, of its facts: which it is, and what disturbed. */
#ifndef HEAPMARK_MACHINE_TEXT_H
#define HEAPMARK_MACHINE_TEXT_H

#include "record.h"
#include "stream.h"

/* "Xeon, 2 CPUs, Linux 6.1, glibc 2.36": what is known of it, "" when nothing is. Returns `text`
 * (MACHINE_WORDS_BYTES). */
enum { MACHINE_WORDS_BYTES = 256 };
char *machine_words(const struct run *run, char *text);

/* What disturbed it: a few lines below the table, or none. */
void machine_text(struct stream *stream, const struct run *run);

#endif
