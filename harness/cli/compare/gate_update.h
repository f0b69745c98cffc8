/*
 * heapmark gate --update: measures allocators and keeps what was read as the baseline.
 */
#ifndef HEAPMARK_GATE_UPDATE_H
#define HEAPMARK_GATE_UPDATE_H

#include "gate_subject.h"

/* `known` is what the file holds already, NULL: there is none. Returns 0, also when interrupted, or
 * -1 with a message: the tree has changes, a trial failed, the conditions differ from those of the
 * allocators that stay, the file cannot be written. The file is then as it was. */
int gate_update(const struct gate_options *options, const struct gate_subjects *subjects,
                struct baseline *known, const char *path, char *message);

#endif
