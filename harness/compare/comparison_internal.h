/* Between the files of comparison.h. */
#ifndef HEAPMARK_COMPARISON_INTERNAL_H
#define HEAPMARK_COMPARISON_INTERNAL_H

#include "comparison.h"

void evidence_init(struct comparison *comparison, struct compare_workload *workload);
void evidence_release(struct compare_workload *workload);
/* The pair of the round, which is whole. Returns 0, or -1 with errno EINVAL (the trials did not do
 * the same work) or ENOMEM. */
int evidence_add_pair(struct compare_workload *workload);
/* Whether some measure of that pass still needs pairs. */
bool evidence_needs(const struct compare_workload *workload, enum pass pass);
/* Nothing that the pass measures is there any more. */
void evidence_drop(struct compare_workload *workload, enum pass pass);
/* The values of a pass that gives exact ones. */
void evidence_add_exact(struct compare_workload *workload, enum compare_side side,
                        const struct trial_record *trial);
/* Looks at what has reached a look, and decides everything anew. -1 with errno ENOMEM. */
int evidence_look(struct comparison *comparison, struct compare_workload *workload);
/* Pairs x laps of a measure that is not exact; NULL `base` when it has none. */
struct verdict_pairs evidence_pairs(const struct compare_workload *workload,
                                    enum compare_measure_name measure);

/* ---- rounds ---- */

/* Whether a trial of that place is part of a pair. */
bool round_has(const struct compare_workload *workload, const struct trial_key *key);
/* Whether the trial completes a pair that was begun. */
bool round_wants(const struct compare_workload *workload, const struct trial_key *key);
/* A trial of a pair that is OK; the first of a block begins it. -1 with errno ENOMEM. */
int round_add(struct comparison *comparison, struct compare_workload *workload,
              enum compare_side side, const struct trial_record *trial);
/* What the pass measures is not to be had: it completes no pair. As round_add(). */
int round_do_without(struct comparison *comparison, struct compare_workload *workload,
                     enum pass pass);
void round_init(struct compare_workload *workload);
void round_release(struct compare_workload *workload);

/* What a failed trial says of its side. */
void comparison_note_failure(struct compare_workload *workload, enum compare_side side,
                             const struct trial_record *trial);

/* Of series that were not interleaved: one trial more of a side, and the verdicts over all of them.
 * -1 with errno ENOMEM. */
int evidence_add_alone(struct compare_workload *workload, enum compare_side side,
                       const struct trial_record *trial);
int evidence_judge_series(struct comparison *comparison, struct compare_workload *workload);

#endif
