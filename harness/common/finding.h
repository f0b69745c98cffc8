/*
 * What a look at the machine has found: one finding a thing looked at, whether it will disturb
 * measurements, and how to mend it.
 */
#ifndef HEAPMARK_FINDING_H
#define HEAPMARK_FINDING_H

#include <stddef.h>

/* X(name, word, what it means) */
#define SEVERITIES(X)                                            \
    X(OK, "ok", "does not disturb")                              \
    X(NOTE, "note", "may matter: know it when you read figures") \
    X(WARNING, "warning", "will disturb, or keeps heapmark from measuring")

enum severity {
#define X(name, word, help) SEVERITY_##name,
    SEVERITIES(X)
#undef X
};
const char *severity_word(enum severity severity);

enum { FINDING_BYTES = 288, FINDINGS_MAXIMUM = 48 };

struct finding {
    const char *name; /* one word, not owned */
    enum severity severity;
    char found[FINDING_BYTES];
    const char *effect;       /* what it does to measurements, NULL: nothing; not owned */
    char mend[FINDING_BYTES]; /* one line; "": nothing to mend */
};

struct findings {
    struct finding item[FINDINGS_MAXIMUM];
    size_t count;
};

/* Adds a finding that is OK so far; `name` must outlive it. */
struct finding *finding_add(struct findings *findings, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Judges it; of two judgements the more severe stands, of equal ones the first. */
void finding_judge(struct finding *finding, enum severity severity, const char *effect,
                   const char *mend);

const struct finding *findings_find(const struct findings *findings, const char *name);
/* How many there are of that severity. */
size_t findings_count(const struct findings *findings, enum severity severity);

#endif
