/*
 * The files of one recording: the first process image gets the path asked for, each later one
 * "<stem>.<n>-<program>.hmt" beside it, n from 2. Safe to use from several threads.
 */
#ifndef HEAPMARK_OUTPUT_NAMES_H
#define HEAPMARK_OUTPUT_NAMES_H

#include <pthread.h>
#include <stdbool.h>

struct output_names {
    pthread_mutex_t lock; /* guards `given` */
    const char *first;    /* borrowed */
    unsigned given;
};

void output_names_init(struct output_names *names, const char *first);
void output_names_release(struct output_names *names);
/* The path for an image of that program, to be freed; what had that name is "<path>.old" now.
 * NULL with a message. */
char *output_names_take(struct output_names *names, bool is_first, const char *program,
                        char *message);

#endif
