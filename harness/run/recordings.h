/*
 * The traces and workload files of a run, each made into its script once for all trials.
 */
#ifndef HEAPMARK_RECORDINGS_H
#define HEAPMARK_RECORDINGS_H

#include "record.h"
#include "replay.h"

struct recordings {
    struct replay *replay; /* by workload; descriptor -1: it is not recorded */
    size_t count;
};

/* Makes the scripts; those that do not fit into memory lie in `folder`. The workloads of a new
 * run get their threads and, for 'auto', their laps and repetitions, and the run a fact
 * "trace_sha256:LABEL" for each (of a workload file "workload_sha256:LABEL", with its tables, and
 * its text as "workload_file:LABEL"); a run that has the fact is resumed, and the file must be the
 * same. Returns 0, or -1 with a message; then nothing is to be released. */
int recordings_open(struct recordings *recordings, struct run *run, const char *folder,
                    char *message);
void recordings_release(struct recordings *recordings);

/* Of a recorded workload; NULL of another. */
const struct replay *recordings_find(const struct recordings *recordings, size_t workload);

/* What the parameters of a replayed trace say about its script; those of a workload file are read
 * by recordings_make. */
void recordings_options(const struct workload_spec *spec, struct replay_options *options);
/* Makes the script of a trace or workload file, `seed` being that of the run, and puts in the
 * place of 'auto' what was chosen. Returns 0, or -1 with a message. */
int recordings_make(struct replay *replay, struct workload_spec *spec,
                    const struct replay_options *options, uint64_t seed, char *message);

#endif
