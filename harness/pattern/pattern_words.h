/*
 * What stands under a key of a workload file, or was given with its name: finding it, and reading
 * the kinds of values that there are. Every function that reads leaves its target alone when the
 * key is absent, and returns 0, or -1 with a message that names the place.
 */
#ifndef HEAPMARK_PATTERN_WORDS_H
#define HEAPMARK_PATTERN_WORDS_H

#include "ini_file.h"

#include <stdint.h>

enum { PATTERN_GIVEN_MAXIMUM = 64 };

struct pattern_given {
    char *section, *key, *value; /* section NULL: everywhere */
    unsigned used;
};

struct pattern_words {
    const struct ini_file *ini;
    const struct ini_section *global, *phase, *kind; /* phase, kind: NULL outside of one */
    struct pattern_given given[PATTERN_GIVEN_MAXIMUM];
    unsigned given_count;
    char *given_text; /* that they point into, owned */
    char *message;
};

/* Takes "param=value,SECTION.param=value" apart; NULL is nothing. */
int words_take_given(struct pattern_words *words, const char *given);
void words_release(struct pattern_words *words);

/* The value and where it stands. */
struct word_found {
    const char *key, *value;
    const struct ini_section *section; /* NULL: given with the name */
    int line;
};
/* NULL when it stands nowhere. */
const char *words_find(struct pattern_words *words, const char *key, struct word_found *found);
/* "path:line: key = value: REASON"; returns -1. */
int words_refuse(const struct pattern_words *words, const struct word_found *found,
                 const char *reason);

int words_count(struct pattern_words *words, const char *key, uint64_t least, uint64_t most,
                uint64_t *value);
int words_bytes(struct pattern_words *words, const char *key, uint64_t least, uint64_t most,
                uint64_t *value);
/* "5" or "0.5", percent; `share` is of 1. */
int words_percent(struct pattern_words *words, const char *key, double *share);
/* One of `choices`, which NULL ends. */
int words_choice(struct pattern_words *words, const char *key, const char *const *choices,
                 unsigned *choice);

#endif
