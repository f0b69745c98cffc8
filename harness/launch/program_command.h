/*
 * The texts that sh runs: what {under} stands for, and how values reach the shell unharmed.
 */
#ifndef HEAPMARK_PROGRAM_COMMAND_H
#define HEAPMARK_PROGRAM_COMMAND_H

#include "record.h"

struct program_under {
    const struct allocator *allocator;
    const char *witness;      /* library to preload behind the allocator; NULL: none */
    const char *witness_file; /* where it writes */
    bool trace;               /* strace, with its log to PROGRAM_LOG_FD */
};

/* The words that put a program under the allocator, quoted for sh. An allocator without a path
 * is libc itself, which is preloaded all the same: a program may link another malloc. Returns
 * text to be freed, or NULL with a message: a path or a variable that cannot be passed on. */
char *program_under_text(const struct program_under *under, char *message);
/* `command` with each {under} replaced; to be freed; NULL when memory is short. */
char *program_expand(const char *command, const char *under);
/* The file that shall serve malloc: the allocator's library, or libc.so.6 as the dynamic linker
 * found it for us. */
const char *program_malloc_path(const struct allocator *allocator);
/* 'word' in single quotes, to be freed; NULL when memory is short. */
char *program_quote(const char *word);

#endif
