/*
 * The commits of a git repository, as a hunt for one of them asks for them. The checkout is only
 * read.
 */
#ifndef HEAPMARK_HISTORY_H
#define HEAPMARK_HISTORY_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum { HISTORY_COMMIT_BYTES = 65, HISTORY_SHORT_DIGITS = 10 };

struct history {
    const char *root; /* the top folder of the checkout */
    bool first_parent;
    const volatile sig_atomic_t *interrupted;
};

struct history_commit {
    char commit[HISTORY_COMMIT_BYTES];
    char *author, *date, *subject; /* one line each */
};
void history_commit_release(struct history_commit *commit);

/* What `revision` names. Returns 0, or -1 with a message, as all below. */
int history_find(const struct history *history, const char *revision, struct history_commit *commit,
                 char *message);
/* Whether `older` is an ancestor of `newer`; -1 with a message that says it is not. */
int history_check_order(const struct history *history, const char *older, const char *newer,
                        char *message);

/* Commits that `bad` has and none of `goods` has, the one first that git would ask for next; `bad`
 * itself is among them. */
struct history_list {
    char (*commits)[HISTORY_COMMIT_BYTES];
    size_t count;
};
int history_candidates(const struct history *history, const char *bad,
                       const char (*goods)[HISTORY_COMMIT_BYTES], size_t good_count,
                       struct history_list *list, char *message);
void history_list_release(struct history_list *list);

#endif
