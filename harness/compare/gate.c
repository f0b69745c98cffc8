/* What has been read against a baseline; see gate.h. */
#include "gate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct judging {
    struct gate *gate;
    const struct baseline *base, *now;
    const struct baseline_allocator *base_allocator, *now_allocator;
    const struct gate_rules *rules;
};

/* ---- conditions ------------------------------------------------------------------- */

/* The facts that move a measure and that the control does not show: what an allocator may ask the
 * system for. `compiler` is that of the library. */
static const struct {
    enum exact_measure_name measure;
    enum baseline_fact facts[8];
    size_t count;
} moved_by[] = {
    {EXACT_INSTRUCTIONS, {BASELINE_machine, BASELINE_page_bytes, BASELINE_cpus},  3},
    {EXACT_SYSCALLS,
     {BASELINE_machine, BASELINE_page_bytes, BASELINE_cpus, BASELINE_overcommit},
     4                                                                             },
    {EXACT_USABLE,       {BASELINE_machine, BASELINE_page_bytes, BASELINE_cpus},  3},
    {EXACT_FREE,         {BASELINE_machine, BASELINE_page_bytes, BASELINE_cpus},  3},
    {EXACT_PSS,
     {BASELINE_machine, BASELINE_page_bytes, BASELINE_cpus, BASELINE_kernel, BASELINE_thp,
      BASELINE_thp_defrag},
     6                                                                             },
    {EXACT_FAULTS,
     {BASELINE_machine, BASELINE_page_bytes, BASELINE_cpus, BASELINE_kernel, BASELINE_thp,
      BASELINE_thp_defrag},
     6                                                                             },
};

/* What a control that has moved is explained by, the likeliest first. */
static const enum baseline_fact control_facts[] = {
    BASELINE_machine,    BASELINE_vector,     BASELINE_libc,       BASELINE_libc_sha256,
    BASELINE_compiler,   BASELINE_valgrind,   BASELINE_kernel,     BASELINE_thp,
    BASELINE_thp_defrag, BASELINE_page_bytes, BASELINE_overcommit,
};

static bool differs(const struct judging *judging, enum baseline_fact fact)
{
    return strcmp(judging->base->facts[fact], judging->now->facts[fact]) != 0;
}

static void explain_fact(struct gate_check *check, const struct judging *judging,
                         enum baseline_fact fact)
{
    gate_explain(check, "the baseline was made with %s %.100s, this is %.100s",
                 baseline_fact_names[fact], judging->base->facts[fact], judging->now->facts[fact]);
}

static bool within(const struct exact_values *base, const struct exact_values *now,
                   const struct baseline_tolerance *tolerance)
{
    double middle = (double)base->value[0];
    double allowed = fmax(tolerance->percent / 100 * middle, tolerance->units);
    return (double)(now->value[now->count - 1] - base->value[0]) <= allowed &&
           (double)(base->value[base->count - 1] - now->value[0]) <= allowed;
}

/* Of the control: anything else than an allocator that has moved the measure. */
static bool control_moved(struct gate_check *check, const struct judging *judging,
                          const struct baseline_workload *base, const struct baseline_workload *now,
                          enum exact_measure_name measure)
{
    const struct exact_values *was = &base->control.values[measure];
    const struct exact_values *is = &now->control.values[measure];
    static const struct baseline_tolerance none = {0, 0};
    char before[EXACT_VALUE_BYTES], after[EXACT_VALUE_BYTES];
    if (was->count == 0 || is->count == 0 ||
        within(was, is,
               measure == EXACT_INSTRUCTIONS ? &none : &judging->rules->tolerance[measure]))
        return false;
    for (size_t i = 0; i < sizeof control_facts / sizeof control_facts[0]; i++)
        if (differs(judging, control_facts[i])) {
            explain_fact(check, judging, control_facts[i]);
            return true;
        }
    gate_explain(check,
                 "under the C library's own malloc it was %s and is %s: the workload, the runner "
                 "or what they are built with has changed",
                 exact_values_print(measure, was, before), exact_values_print(measure, is, after));
    return true;
}

/* Whether something other than the allocator explains the difference; says what. */
static bool excused(struct gate_check *check, const struct judging *judging,
                    const struct baseline_workload *base, const struct baseline_workload *now,
                    enum exact_measure_name measure)
{
    if (judging->rules->live)
        return false;
    if (control_moved(check, judging, base, now, measure))
        return true;
    for (size_t i = 0; i < sizeof moved_by / sizeof moved_by[0]; i++)
        for (size_t f = 0; moved_by[i].measure == measure && f < moved_by[i].count; f++)
            if (differs(judging, moved_by[i].facts[f])) {
                explain_fact(check, judging, moved_by[i].facts[f]);
                return true;
            }
    const char *was = judging->base_allocator->compiler, *is = judging->now_allocator->compiler;
    if (measure == EXACT_INSTRUCTIONS && strcmp(was, is) != 0) {
        gate_explain(check, "the baseline's library was built by %.100s, this one by %.100s", was,
                     is);
        return true;
    }
    return false;
}

/* ---- checks ------------------------------------------------------------------------ */

static void print_change(struct gate_check *check, enum exact_measure_name measure)
{
    double change = check->now_value - check->base_value;
    if (change == 0)
        snprintf(check->change, sizeof check->change, "0");
    else if (check->base_value > 0)
        snprintf(check->change, sizeof check->change, "%+.0f%s (%+.3f %%)", change,
                 exact_measures[measure].bytes ? " B" : "", 100 * change / check->base_value);
    else
        snprintf(check->change, sizeof check->change, "%+.0f%s", change,
                 exact_measures[measure].bytes ? " B" : "");
}

/* The ranges lie apart by more than the tolerance, on one side; or overlap, and nothing is known
 * of a change. */
static enum gate_verdict verdict_of(const struct exact_values *base, const struct exact_values *now,
                                    const struct baseline_tolerance *tolerance)
{
    double allowed = fmax(tolerance->percent / 100 * (double)base->value[0], tolerance->units);
    if ((double)(now->value[0] - base->value[base->count - 1]) > allowed)
        return GATE_WORSE;
    if ((double)(base->value[0] - now->value[now->count - 1]) > allowed)
        return GATE_BETTER;
    return GATE_SAME;
}

static size_t judge_measure(const struct judging *judging, const struct baseline_workload *base,
                            const struct baseline_workload *now, enum exact_measure_name measure)
{
    size_t b = (size_t)(base - judging->base->workloads);
    size_t n = (size_t)(now - judging->now->workloads);
    const struct baseline_cell *now_cell = &judging->now_allocator->cells[n];
    const struct exact_values *was = &judging->base_allocator->cells[b].values[measure];
    const struct exact_values *is = &now_cell->values[measure];
    /* What neither has, nobody misses. */
    if (!judging->rules->gates[measure] || was->count == 0)
        return 0;
    struct gate_check *check = gate_add(judging->gate, judging->now_allocator->name, base->label,
                                        exact_measures[measure].word, GATE_SAME);
    if (check == NULL)
        return 0;
    exact_values_print(measure, was, check->base);
    exact_values_print(measure, is, check->now);
    check->base_value = (double)was->value[0];
    if (is->count == 0) {
        check->verdict = GATE_NOT_COMPARABLE;
        gate_explain(check, "not measured here%s%s", now_cell->detail != NULL ? ": " : "",
                     now_cell->detail != NULL ? now_cell->detail : "");
        return 0;
    }
    check->now_value = (double)is->value[0];
    print_change(check, measure);
    check->verdict = verdict_of(was, is, &judging->rules->tolerance[measure]);
    if (check->verdict == GATE_SAME || !excused(check, judging, base, now, measure))
        return 0;
    check->verdict = GATE_NOT_COMPARABLE;
    return 1;
}

/* Whether both did the same work; says why not. */
static bool same_work(const struct judging *judging, const struct baseline_workload *base,
                      const struct baseline_workload *now, struct gate_check **check)
{
    bool trace = base->trace_sha256 != NULL && now->trace_sha256 != NULL;
    bool other = (base->trace_sha256 == NULL) != (now->trace_sha256 == NULL) ||
                 (trace && strcmp(base->trace_sha256, now->trace_sha256) != 0);
    *check = NULL;
    if (!other &&
        (base->operations == MEASURE_NONE || now->operations == MEASURE_NONE ||
         (base->operations == now->operations && base->live_peak_bytes == now->live_peak_bytes)))
        return true;
    *check = gate_add(judging->gate, judging->now_allocator->name, base->label, "work",
                      GATE_NOT_COMPARABLE);
    if (*check == NULL)
        return false;
    if (other)
        gate_explain(*check, "the trace is another one than the baseline was made with");
    else
        gate_explain(*check,
                     "the workload does other work now: %" PRId64 " calls and a peak of %" PRId64
                     " B then, %" PRId64 " and %" PRId64 " B now; heapmark gate --update",
                     base->operations, base->live_peak_bytes, now->operations,
                     now->live_peak_bytes);
    return false;
}

static size_t judge_workload(const struct judging *judging, const struct baseline_workload *base)
{
    int index = baseline_find_workload(judging->now, base->label);
    size_t b = (size_t)(base - judging->base->workloads);
    if (index < 0 || !judging->base_allocator->cells[b].planned)
        return 0;
    const struct baseline_workload *now = &judging->now->workloads[index];
    const struct baseline_cell *cell = &judging->now_allocator->cells[index];
    if (cell->status != STATUS_OK || !cell->planned) {
        bool nobody = !cell->planned || now->control.status != STATUS_OK ||
                      cell->status == STATUS_NOT_INJECTED ||
                      judging->base_allocator->cells[b].status != STATUS_OK;
        struct gate_check *check =
            gate_add(judging->gate, judging->now_allocator->name, base->label, "trials",
                     nobody ? GATE_ERROR : GATE_WORSE);
        if (check != NULL)
            gate_explain(check, "%s (%s pass): %s", trial_status_name(cell->status),
                         pass_name(cell->pass), cell->detail != NULL ? cell->detail : "");
        return 0;
    }
    struct gate_check *other;
    if (!same_work(judging, base, now, &other))
        return 1;
    size_t unknown = 0;
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        unknown += judge_measure(judging, base, now, (enum exact_measure_name)m);
    return unknown;
}

size_t gate_judge(struct gate *gate, const struct baseline *base, const struct baseline *now,
                  const char *allocator, const struct gate_rules *rules)
{
    int b = baseline_find_allocator(base, allocator), n = baseline_find_allocator(now, allocator);
    size_t unknown = 0;
    if (b < 0 || n < 0)
        return 0;
    struct judging judging = {.gate = gate,
                              .base = base,
                              .now = now,
                              .base_allocator = &base->allocators[b],
                              .now_allocator = &now->allocators[n],
                              .rules = rules};
    for (size_t w = 0; w < base->workload_count; w++)
        unknown += judge_workload(&judging, &base->workloads[w]);
    return unknown;
}
