/*
 * The steps of a hunt for a commit: which is next, what it is like, and when it is found.
 */
#ifndef HEAPMARK_BISECT_HUNT_H
#define HEAPMARK_BISECT_HUNT_H

#include "bisect_options.h"
#include "elf_code.h"
#include "message.h"
#include "paths.h"

#include <limits.h>

/* A library that has been judged. */
struct judged {
    char code[ELF_CODE_DIGEST_BYTES];
    enum bisect_outcome outcome;
};

struct bisecting {
    struct bisect_options options;
    struct bisect_report report;
    struct history history;
    struct paths paths;
    char root[PATH_MAX];
    char *base;     /* GOOD's library */
    char *workload; /* what is hunted on: "name:params" */
    double amount;  /* of BAD to GOOD */
    double alpha;   /* of one comparison */
    char (*goods)[HISTORY_COMMIT_BYTES];
    size_t good_count;
    char bad[HISTORY_COMMIT_BYTES];
    struct judged *judged;
    size_t judged_count;
    char message[MESSAGE_BYTES];
};

/* All return 0, or -1 with bisecting->message. */
int bisect_note_good(struct bisecting *bisecting, const char *commit);
int bisect_note_judged(struct bisecting *bisecting, const char *code, enum bisect_outcome outcome);
/* The library of a commit, to be freed, and its code; NULL with a message. */
char *bisect_build(struct bisecting *bisecting, const char *commit, struct elf_code *code,
                   char *message);
/* The commits that are left, to be released, and the one that is asked next; "" when there is none
 * but skipped ones. */
int bisect_next(struct bisecting *bisecting, struct history_list *list, const char **next);
/* Goes on until the report's result is FOUND or SEVERAL, or somebody lost patience. */
int bisect_hunt(struct bisecting *bisecting);

#endif
