/* Between the files of comparison.h. */
#ifndef HEAPMARK_COMPARISON_INTERNAL_H
#define HEAPMARK_COMPARISON_INTERNAL_H

#include "comparison.h"

void evidence_init(struct comparison *comparison, struct compare_workload *workload);
void evidence_release(struct compare_workload *workload);
/* One pair more. Returns 0, or -1 with errno EINVAL (the trials did not do the same work) or
 * ENOMEM. */
int evidence_add_pair(struct compare_workload *workload, const struct trial_record *base,
                      const struct trial_record *new);
/* The values of a pass that gives exact ones. */
void evidence_add_exact(struct compare_workload *workload, enum compare_side side,
                        const struct trial_record *trial);
/* Looks at what has reached a look, and decides everything anew. -1 with errno ENOMEM. */
int evidence_look(struct comparison *comparison, struct compare_workload *workload);
/* Pairs x laps of a measure that is not exact; NULL `base` when it has none. */
struct verdict_pairs evidence_pairs(const struct compare_workload *workload,
                                    enum compare_measure_name measure);

/* What a failed trial says of its side. */
void comparison_note_failure(struct compare_workload *workload, enum compare_side side,
                             const struct trial_record *trial);

/* Of series that were not interleaved: one trial more of a side, and the verdicts over all of them.
 * -1 with errno ENOMEM. */
int evidence_add_alone(struct compare_workload *workload, enum compare_side side,
                       const struct trial_record *trial);
int evidence_judge_series(struct comparison *comparison, struct compare_workload *workload);

#endif
