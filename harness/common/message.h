/*
 * One line for the user: what went wrong and how to mend it.
 *
 * Functions of the harness that can fail for a reason a user should read take a
 * `char *message` of MESSAGE_BYTES as their last argument and return -1 after filling it.
 */
#ifndef HEAPMARK_MESSAGE_H
#define HEAPMARK_MESSAGE_H

enum { MESSAGE_BYTES = 512 };

/* Formats the line, cut to fit, with blanks for control characters: what a program under test
 * said may end on a terminal. Returns -1, always. */
int message_set(char *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
