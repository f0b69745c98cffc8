/*
 * Reading the fields of a line of text.
 *
 * All take a cursor and move it only over what they have read.
 */
#ifndef HEAPMARK_TEXT_FIELDS_H
#define HEAPMARK_TEXT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Skips blanks and tabs. */
void text_blanks(const char **at);
/* Reads digits of base 10 or 16; false when there are none, or over 64 bits. */
bool text_number(const char **at, unsigned base, uint64_t *value);
/* The same with 0x in front. "(nil)" and "0" are 0, too. */
bool text_pointer(const char **at, uint64_t *value);
/* Steps over `word`; false when it does not stand there. */
bool text_word(const char **at, const char *word);
/* Nothing but blanks follow. */
bool text_ends(const char *at);
/* The first line of `start` that is not empty, cut to `room` and closed by a NUL, with *start and
 * *bytes moved behind it; false when there is none. */
bool text_next_line(const unsigned char **start, size_t *bytes, char *line, size_t room);

#endif
