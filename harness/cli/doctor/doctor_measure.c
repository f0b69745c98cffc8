/* An allocator compared with itself; see doctor_measure.h. */
#include "doctor_measure.h"

#include "allocator_catalog.h"
#include "message.h"
#include "probe.h"
#include "self_pairs.h"
#include "workload_catalog.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define TIME_LIMIT_NS INT64_C(60000000000) /* of a trial */
#define TICK_NS       1e7
#define ALPHA         0.01

/* One side of the pairs, as the statistics take it. */
struct side {
    double *lap_ns, *whole_ns;                 /* timed laps, and their sum */
    double *life_ns, *run_delay_ns, *steal_ns; /* of the whole process */
};

static int side_init(struct side *side, size_t pairs, size_t laps)
{
    side->lap_ns = reallocarray(NULL, pairs, laps * sizeof *side->lap_ns);
    side->whole_ns = reallocarray(NULL, pairs, sizeof *side->whole_ns);
    side->life_ns = reallocarray(NULL, pairs, sizeof *side->life_ns);
    side->run_delay_ns = reallocarray(NULL, pairs, sizeof *side->run_delay_ns);
    side->steal_ns = reallocarray(NULL, pairs, sizeof *side->steal_ns);
    return side->lap_ns != NULL && side->whole_ns != NULL && side->life_ns != NULL &&
                   side->run_delay_ns != NULL && side->steal_ns != NULL
               ? 0
               : -1;
}

static void side_release(struct side *side)
{
    free(side->lap_ns);
    free(side->whole_ns);
    free(side->life_ns);
    free(side->run_delay_ns);
    free(side->steal_ns);
}

static double known(int64_t measure, double unit)
{
    return measure == MEASURE_NONE ? NAN : (double)measure * unit;
}

static void side_fill(struct side *side, const struct trial_record *first, size_t pairs,
                      size_t laps)
{
    for (size_t i = 0; i < pairs; i++) {
        const struct trial_record *trial = first + 2 * i;
        for (size_t lap = 0; lap < laps; lap++)
            side->lap_ns[i * laps + lap] = (double)trial->lap[lap].wall_ns;
        side->whole_ns[i] = (double)trial->wall_ns;
        side->life_ns[i] = known(trial->elapsed_ns, 1);
        side->run_delay_ns[i] = known(trial->run_delay_ns, 1);
        side->steal_ns[i] = known(trial->steal_ticks, TICK_NS);
    }
}

static struct noise_trials as_noise_trials(const struct side *side, size_t pairs, size_t laps)
{
    return (struct noise_trials){
        .trials = pairs,
        .laps = laps,
        .lap_ns = side->lap_ns,
        .whole_ns = side->whole_ns,
        .wall_ns = side->life_ns,
        .run_delay_ns = side->run_delay_ns,
        .steal_ns = side->steal_ns,
    };
}

static int study(struct doctor_result *result, const struct self_pairs *pairs, unsigned threads)
{
    size_t count = pairs->pairs, laps = (size_t)pairs->trial[0].laps;
    struct side base = {0}, new = {0};
    double pair_s = (double)pairs->elapsed_ns / 1e9 / (double)count;
    int status = side_init(&base, count, laps) == 0 && side_init(&new, count, laps) == 0 ? 0 : -1;
    if (status == 0) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        struct noise_place place = {cpus > 0 ? (unsigned)cpus : 0, threads};
        side_fill(&base, &pairs->trial[0], count, laps);
        side_fill(&new, &pairs->trial[1], count, laps);
        struct verdict_pairs verdict_pairs = {.pairs = count,
                                              .laps = laps,
                                              .base = base.lap_ns,
                                              .new = new.lap_ns};
        struct noise_trials base_trials = as_noise_trials(&base, count, laps);
        struct noise_trials new_trials = as_noise_trials(&new, count, laps);
        status = self_noise_compute(&result->noise, &verdict_pairs, pair_s, ALPHA);
        if (status == 0)
            status =
                noise_flags(&base_trials, &new_trials, &result->noise.self, &place, result->flags);
    }
    side_release(&base);
    side_release(&new);
    return status;
}

static int count_disturbed(struct doctor_result *result, const struct self_pairs *pairs)
{
    result->trials = 2 * pairs->pairs;
    const struct trial_record **trials = calloc(result->trials, sizeof *trials);
    unsigned *flags = calloc(result->trials, sizeof *flags);
    int status = -1;
    if (trials != NULL && flags != NULL) {
        for (size_t i = 0; i < result->trials; i++)
            trials[i] = &pairs->trial[i];
        status = disturbance_of_cell(trials, result->trials, flags);
    }
    for (size_t i = 0; status == 0 && i < result->trials; i++) {
        result->disturbed += flags[i] != 0;
        for (unsigned kind = 0; kind < DISTURBANCE_COUNT; kind++)
            result->disturbed_by[kind] += flags[i] >> kind & 1;
    }
    free(trials);
    free(flags);
    return status;
}

static void judge_noise(struct doctor_result *result)
{
    static const char mend[] = "mend the warnings above; else more pairs, or instruction counts";
    const struct self_noise *noise = &result->noise;
    const struct self_noise_look *last = &noise->look[noise->look_count - 1];
    struct finding *floor =
        finding_add(&result->findings, "noise", "+-%.2f %% after %.0f s; smallest change %.2f %%",
                    100 * last->half_width, (double)last->pairs * noise->pair_s,
                    100 * noise->smallest);
    if (!(noise->smallest <= 0.05))
        finding_judge(floor, SEVERITY_WARNING,
                      "a change of 5 % stays unseen in most comparisons of a minute", mend);
    else if (noise->smallest > 0.02)
        finding_judge(floor, SEVERITY_NOTE,
                      "a change of 2 % stays unseen in most comparisons of a minute", mend);
    double share = (double)result->disturbed / (double)result->trials;
    struct finding *trials = finding_add(&result->findings, "trials", "%zu of %zu were disturbed",
                                         result->disturbed, result->trials);
    static const char effect[] =
        "figures of plain runs are worth as little; comparisons need more pairs";
    if (share > 0.5)
        finding_judge(trials, SEVERITY_WARNING, effect, "the flags below say by what");
    else if (share > 0.1)
        finding_judge(trials, SEVERITY_NOTE, effect, "the flags below say by what");
}

static void judge_self(struct doctor_result *result)
{
    const struct verdict_cell *self = &result->noise.self;
    if (self->verdict != VERDICT_WORSE && self->verdict != VERDICT_BETTER)
        return;
    struct finding *finding = finding_add(&result->findings, "self",
                                          "an allocator is %s than itself", verdict_name(self));
    finding_judge(finding, SEVERITY_WARNING,
                  "a false verdict: one in 100 is expected, more are not",
                  "run doctor again; if it comes again, trust no verdict here, and report it");
}

static int measure_pairs(struct doctor_result *result, const struct self_pairs_request *request,
                         char *message)
{
    struct self_pairs pairs;
    int status = self_pairs_run(&pairs, request, message);
    if (status == 0 && !*request->interrupted) {
        status = study(result, &pairs, request->workload->threads);
        if (status == 0)
            status = count_disturbed(result, &pairs);
        if (status < 0)
            message_set(message, "cannot compute what was measured: %s", strerror(errno));
    }
    if (status == 0 && !*request->interrupted) {
        result->measured = true;
        judge_noise(result);
        judge_self(result);
    }
    self_pairs_release(&pairs);
    return status;
}

/* The allocator and the workload that the options name, as those of a run. */
static int take_subjects(struct run *run, const struct doctor_options *options,
                         const struct paths *paths, char *message)
{
    struct allocator_catalog allocators = {0};
    struct workload_catalog workloads = {0};
    int status = -1;
    run->workloads = calloc(1, sizeof *run->workloads);
    if (run->workloads == NULL)
        return message_set(message, "out of memory");
    if (allocator_catalog_load(&allocators, paths, message) == 0 &&
        workload_catalog_load(&workloads, paths, message) == 0 &&
        allocator_select(&allocators, &options->allocator, 1, run, message) == 0)
        status = workload_spec_make(run->workloads, &workloads, options->workload, NULL, message);
    run->workload_count = status == 0;
    if (status == 0 && run->allocator_count != 1)
        status = message_set(message, "-a %s: name one allocator", options->allocator);
    if (status == 0 && run->workloads->kind != WORKLOAD_SYNTHETIC)
        status = message_set(message,
                             "-w %s: doctor takes synthetic workloads only; see heapmark "
                             "list workloads",
                             options->workload);
    workload_catalog_release(&workloads);
    allocator_catalog_release(&allocators);
    return status;
}

int doctor_measure(struct doctor_result *result, const struct doctor_options *options,
                   const struct paths *paths, const volatile sig_atomic_t *interrupted,
                   char *message)
{
    struct run run;
    struct self_pairs_request request = {
        .paths = paths,
        .seed = 1,
        .time_ns = options->time_ns,
        .pairs_least = SELF_NOISE_PAIRS_LEAST,
        .time_limit_ns = TIME_LIMIT_NS,
        .interrupted = interrupted,
    };
    run_init(&run);
    int status = take_subjects(&run, options, paths, message);
    if (status == 0)
        status = allocator_probe(run.allocators, paths, message);
    if (status == 0 && getrandom(&request.lot_seed, sizeof request.lot_seed, 0) < 0)
        request.lot_seed = (uint64_t)result->started_ns;
    if (status == 0) {
        request.workload = run.workloads;
        request.allocator = run.allocators;
        status = measure_pairs(result, &request, message);
    }
    run_release(&run);
    return status;
}
