/*
 * The workloads that one -w word or one section of a suite stands for: "webserver:threads=1..8"
 * is four of them.
 */
#ifndef HEAPMARK_WORKLOAD_SWEEP_H
#define HEAPMARK_WORKLOAD_SWEEP_H

#include "sweep.h"
#include "workload_catalog.h"

struct workload_point {
    char *text;  /* "name:param=value,...", fit for workload_spec_make() */
    char *label; /* unique if `label` was */
};

struct workload_sweep {
    struct workload_point *points; /* one at least */
    size_t count;
};

/* `label`: of the section, which the swept parameters are added to; NULL: the text's own. Whether
 * there is such a workload is not looked at. Returns 0, or -1 with a message; to be released in
 * either case. */
int workload_sweep_make(struct workload_sweep *sweep, const struct workload_catalog *catalog,
                        const char *text, const char *label, char *message);
void workload_sweep_release(struct workload_sweep *sweep);

#endif
