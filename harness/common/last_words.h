/*
 * The end of what a process wrote: its last words, in bounded space however much it wrote.
 */
#ifndef HEAPMARK_LAST_WORDS_H
#define HEAPMARK_LAST_WORDS_H

#include <stddef.h>

enum { LAST_WORDS_BYTES = 4096, LAST_WORDS_PIECE_BYTES = LAST_WORDS_BYTES / 2 };

/* Empty when zeroed. */
struct last_words {
    char text[LAST_WORDS_BYTES + 1]; /* NUL-terminated; NULs that were written are blanks */
    size_t bytes;
};

/* Adds a piece of at most LAST_WORDS_PIECE_BYTES; the oldest text makes room for it. */
void last_words_add(struct last_words *words, const char *piece, size_t bytes);
/* Puts "; it said: LAST LINE" into `quote` (`bytes` of it, cut to fit) and returns it; "" when
 * nothing was said. For the end of a message. */
const char *last_words_quote(const char *text, char *quote, size_t bytes);

#endif
