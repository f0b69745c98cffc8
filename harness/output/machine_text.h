/* What disturbed a run, of its facts: a few lines below the table, or none. */
#ifndef HEAPMARK_MACHINE_TEXT_H
#define HEAPMARK_MACHINE_TEXT_H

#include "record.h"
#include "stream.h"

void machine_text(struct stream *stream, const struct run *run);

#endif
