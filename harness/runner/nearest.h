/* 'Did you mean': the known word that is nearest to a mistyped one. */
#ifndef HEAPMARK_NEAREST_H
#define HEAPMARK_NEAREST_H

#include "text.h"

/* Copies `length` bytes of what a user typed as a terminated string, cut to `capacity`;
 * unprintable bytes become '?', so that the message stays one line. */
void nearest_copy(char *copy, size_t capacity, const char *typed, size_t length);

/* Adds ", did you mean 'x'?" when one of `known` is near enough to `typed`; else nothing. */
void nearest_suggest(const char *typed, const char *const *known, size_t count, struct text *text);

#endif
