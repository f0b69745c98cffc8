/*
 * Curves: three or more workloads of a run that are alike but for the number that one parameter
 * has. Whether they were planned as a sweep or named one by one is the same. Where several
 * parameters vary, each combination of the others is a curve of its own.
 */
#ifndef HEAPMARK_CURVE_H
#define HEAPMARK_CURVE_H

#include "record.h"

enum { CURVE_POINTS_MINIMUM = 3, CURVE_TEXT_BYTES = 32 };

struct curve_point {
    size_t workload;
    double value;
    double x;                    /* place on the axis: the value, or its logarithm */
    char text[CURVE_TEXT_BYTES]; /* the value, as short as it can be: "64k" */
};

struct curve {
    char *name;  /* of the workload; of a recorded one, its file's without folder and suffix */
    char *param; /* that varies */
    char *fixed; /* what else varies in the run, as it is here: "size=16,touch=all"; "" if none */
    bool logarithmic;
    bool threads;               /* the parameter is their number */
    struct curve_point *points; /* by value */
    size_t count;
};

struct curve_list {
    struct curve *curves;
    size_t count;
};

/* Returns 0, or -1 with errno ENOMEM; to be released in either case. */
int curve_list_make(struct curve_list *list, const struct run *run);
void curve_list_release(struct curve_list *list);

#endif
