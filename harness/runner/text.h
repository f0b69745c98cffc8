/*
 * Text put together piece by piece without stdio: either a stream that is written to a file
 * descriptor as it fills up, or a message that is cut off at the end of its storage.
 */
#ifndef HEAPMARK_TEXT_H
#define HEAPMARK_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* the caller's, `capacity` of them; always NUL-terminated */
    size_t capacity, used;
    int fd; /* what does not fit is written here; -1: is cut off */
};

void text_init(struct text *text, char *bytes, size_t capacity, int fd);
void text_add(struct text *text, const char *piece);
void text_add_number(struct text *text, uint64_t number);
void text_add_bytes(struct text *text, uint64_t bytes); /* "1.50 MiB" */
/* Writes out what is left. Returns 0, or -1 with errno when any write failed. */
int text_flush(struct text *text);

#endif
