/*
 * The comparison's rules with a conductor that measures nothing: which trials it wants, when it
 * looks, when it stops, and what comes of failures. Seeds are fixed, so every case is the same
 * each time.
 */
#include "compare_output.h"
#include "comparison.h"
#include "message.h"
#include "run_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LAPS = 8, BLOCKS = 81, WORKLOADS = 2 };
#define LAP_NS    5000000.0
#define RSS_BYTES (64 * FIXTURE_MIB)

/* What the trials of a workload under an allocator are like. */
struct cell_plan {
    double slower, noise; /* of NEW; of every lap */
    double first_slower;  /* in block 0 */
    double fatter;
    int64_t syscalls;
    enum trial_status status; /* of both passes from `fails_at` on; OK: never fails */
    unsigned fails_at;
    enum pass fails_in;
    bool no_memory;
};

struct fake {
    struct run run;
    struct comparison comparison;
    struct compare_rules rules;
    struct cell_plan plan[WORKLOADS][COMPARE_SIDES];
    struct fixture_random random;
    int64_t now_ns, step_ns; /* a trial takes that long */
    size_t ran[WORKLOADS][COMPARE_SIDES], inspected;
};

static void add_trial(struct run *run, struct trial_key key)
{
    run->trials = reallocarray(run->trials, run->trial_count + 1, sizeof *run->trials);
    assert_non_null(run->trials);
    struct trial_record *trial = &run->trials[run->trial_count++];
    trial_record_init(trial);
    trial->key = key;
}

/* As plan.h orders them. */
static void plan_trials(struct fake *fake)
{
    for (unsigned block = 0; block < BLOCKS; block++) {
        for (unsigned w = 0; w < WORKLOADS; w++)
            for (unsigned i = 0; i < 2; i++)
                add_trial(&fake->run, (struct trial_key){.workload = w,
                                                         .allocator = (i + block) % 2,
                                                         .block = block,
                                                         .pass = PASS_TIMED});
        for (unsigned i = 0; block == 0 && i < COMPARE_INSPECTIONS; i++)
            for (unsigned w = 0; w < WORKLOADS; w++)
                for (unsigned a = 0; a < 2; a++)
                    add_trial(&fake->run, (struct trial_key){.workload = w,
                                                             .allocator = a,
                                                             .block = i,
                                                             .pass = PASS_INSPECT});
    }
}

static void fake_init(struct fake *fake)
{
    static const char *const labels[] = {"first", "second"};
    memset(fake, 0, sizeof *fake);
    run_init(&fake->run);
    fake->run.name = strdup("a-run");
    fake->run.suite = strdup("");
    fake->run.workloads = calloc(WORKLOADS, sizeof *fake->run.workloads);
    fake->run.allocators = calloc(COMPARE_SIDES, sizeof *fake->run.allocators);
    fake->run.workload_count = WORKLOADS;
    fake->run.allocator_count = COMPARE_SIDES;
    for (int w = 0; w < WORKLOADS; w++)
        fake->run.workloads[w] = (struct workload_spec){.label = strdup(labels[w]),
                                                        .name = strdup(""),
                                                        .params = strdup(""),
                                                        .threads = 1};
    for (int a = 0; a < COMPARE_SIDES; a++)
        fake->run.allocators[a] = (struct allocator){.name = strdup(a == 0 ? "old" : "new"),
                                                     .env = strdup(""),
                                                     .summary = strdup(""),
                                                     .source = strdup(""),
                                                     .package = strdup(""),
                                                     .file = strdup("lib & <co>.so"),
                                                     .version = strdup("1")};
    plan_trials(fake);
    for (int w = 0; w < WORKLOADS; w++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            fake->plan[w][side] = (struct cell_plan){
                .slower = 1, .noise = 0.002, .fatter = 1, .syscalls = 100, .first_slower = 1};
    fake->random.state = 7;
    fake->step_ns = 100000000;
    compare_rules_init(&fake->rules);
}

static void fill_laps(struct fake *fake, const struct cell_plan *plan, struct trial_record *record)
{
    double slower = plan->slower * (record->key.block == 0 ? plan->first_slower : 1);
    record->laps = LAPS;
    record->lap = calloc(LAPS, sizeof *record->lap);
    record->wall_ns = 0;
    for (int i = 0; i < LAPS; i++) {
        double noise = exp(plan->noise * fixture_normal(&fake->random));
        record->lap[i] = (struct lap_sample){.wall_ns = (int64_t)(LAP_NS * slower * noise),
                                             .cpu_ns = (int64_t)(LAP_NS * slower * noise),
                                             .operations = 1000};
        record->wall_ns += record->lap[i].wall_ns;
    }
    record->cpu_ns = record->wall_ns;
    record->operations = LAPS * 1000;
}

static void measure(struct fake *fake, struct trial_record *record)
{
    const struct cell_plan *plan = &fake->plan[record->key.workload][record->key.allocator];
    record->status = STATUS_OK;
    if (plan->status != STATUS_OK && plan->status != STATUS_PLANNED &&
        record->key.pass == plan->fails_in && record->key.block >= plan->fails_at) {
        record->status = plan->status;
        snprintf(record->detail, sizeof record->detail, "fell <over> & \"out\"");
        return;
    }
    fill_laps(fake, plan, record);
    if (!plan->no_memory)
        record->rss_peak_growth_bytes = (int64_t)((double)RSS_BYTES * plan->fatter *
                                                  (1 + 0.0005 * fixture_normal(&fake->random)));
    if (record->key.pass == PASS_INSPECT) {
        record->syscalls.counted = true;
        record->syscalls.brk = plan->syscalls;
    }
}

/* The conductor. */
static enum compare_result drive(struct fake *fake)
{
    static const unsigned sides[] = {0, 1};
    assert_int_equal(comparison_init(&fake->comparison, &fake->run, sides, &fake->rules), 0);
    comparison_start(&fake->comparison, fake->now_ns);
    for (size_t i = 0; i < fake->run.trial_count; i++) {
        struct trial_record record;
        if (!comparison_wants(&fake->comparison, &fake->run.trials[i].key, fake->now_ns))
            continue;
        trial_record_init(&record);
        record.key = fake->run.trials[i].key;
        measure(fake, &record);
        fake->now_ns += fake->step_ns;
        if (record.key.pass == PASS_TIMED)
            fake->ran[record.key.workload][record.key.allocator]++;
        else
            fake->inspected++;
        comparison_add(&fake->comparison, &record);
        trial_record_release(&record);
    }
    assert_int_equal(comparison_finish(&fake->comparison, fake->now_ns), 0);
    assert_false(fake->comparison.failed);
    return comparison_result(&fake->comparison);
}

static const struct verdict_cell *cell_of(const struct fake *fake, int workload,
                                          enum compare_measure_name measure)
{
    return &fake->comparison.workload[workload].cell[measure].verdict;
}

static void fake_release(struct fake *fake)
{
    comparison_release(&fake->comparison);
    run_release(&fake->run);
}

static void the_same_stops_at_the_first_look(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    for (int w = 0; w < WORKLOADS; w++) {
        assert_int_equal(fake.ran[w][COMPARE_BASE], 21); /* with the warm-up */
        assert_int_equal(fake.ran[w][COMPARE_NEW], 21);
        assert_int_equal(cell_of(&fake, w, MEASURE_TIME)->verdict, VERDICT_SAME);
        assert_int_equal(cell_of(&fake, w, MEASURE_RSS)->verdict, VERDICT_SAME);
        assert_int_equal(cell_of(&fake, w, MEASURE_SYSCALLS)->verdict, VERDICT_SAME);
    }
    assert_int_equal(fake.inspected, WORKLOADS * COMPARE_SIDES * COMPARE_INSPECTIONS);
    assert_int_equal(fake.comparison.mean[MEASURE_TIME].rounds, 20);
    assert_true(fabs(fake.comparison.mean[MEASURE_TIME].value) < 0.005);
    fake_release(&fake);
}

static void twice_as_slow_is_worse_and_the_other_is_not(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[1][COMPARE_NEW].slower = 2;
    assert_int_equal(drive(&fake), COMPARE_WORSE);
    assert_int_equal(cell_of(&fake, 0, MEASURE_TIME)->verdict, VERDICT_SAME);
    assert_int_equal(cell_of(&fake, 1, MEASURE_TIME)->verdict, VERDICT_WORSE);
    assert_int_equal(cell_of(&fake, 1, MEASURE_CPU)->verdict, VERDICT_WORSE);
    assert_int_equal(cell_of(&fake, 1, MEASURE_THROUGHPUT)->verdict, VERDICT_WORSE);
    assert_true(fabs(exp(cell_of(&fake, 1, MEASURE_THROUGHPUT)->track[TRACK_LAPS].value) - 0.5) <
                0.01);
    fake_release(&fake);
}

static void twice_as_fast_is_not_worse(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_BASE].slower = 2;
    fake.plan[1][COMPARE_BASE].fatter = 2;
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(cell_of(&fake, 0, MEASURE_TIME)->verdict, VERDICT_BETTER);
    assert_int_equal(cell_of(&fake, 1, MEASURE_RSS)->verdict, VERDICT_BETTER);
    fake_release(&fake);
}

static void only_what_gates_decides(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].fatter = 2;
    fake.plan[0][COMPARE_NEW].syscalls = 1000;
    fake.rules.gates[MEASURE_RSS] = false;
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(cell_of(&fake, 0, MEASURE_RSS)->verdict, VERDICT_WORSE);
    assert_int_equal(cell_of(&fake, 0, MEASURE_SYSCALLS)->verdict, VERDICT_WORSE);
    comparison_release(&fake.comparison);
    fake.rules.gates[MEASURE_SYSCALLS] = true;
    assert_int_equal(drive(&fake), COMPARE_WORSE);
    fake_release(&fake);
}

static void noise_goes_on_to_the_last_look_and_is_undecided(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].noise = 0.5;
    assert_int_equal(drive(&fake), COMPARE_UNDECIDED);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 81);
    assert_int_equal(fake.ran[1][COMPARE_NEW], 21);
    assert_int_equal(cell_of(&fake, 0, MEASURE_TIME)->verdict, VERDICT_UNDECIDED);
    assert_int_equal(cell_of(&fake, 0, MEASURE_TIME)->reason, REASON_WIDE);
    assert_int_equal(cell_of(&fake, 0, MEASURE_TIME)->look, 3);
    /* What was clear at the first look was not looked at again. */
    assert_int_equal(cell_of(&fake, 0, MEASURE_RSS)->look, 1);
    /* Rounds that both have. */
    assert_int_equal(fake.comparison.mean[MEASURE_TIME].rounds, 20);
    fake_release(&fake);
}

static void the_warm_up_counts_for_nothing(void **state)
{
    struct fake fake;
    double plain;
    (void)state;
    fake_init(&fake);
    drive(&fake);
    plain = cell_of(&fake, 0, MEASURE_TIME)->track[TRACK_LAPS].value;
    fake_release(&fake);
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].first_slower = 50;
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    assert_true(cell_of(&fake, 0, MEASURE_TIME)->track[TRACK_LAPS].value == plain);
    fake_release(&fake);
}

static void time_runs_out_between_looks_and_the_last_look_stands(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int w = 0; w < WORKLOADS; w++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            fake.plan[w][side].noise = 0.5;
    /* Pair 25 of both: 2 x 2 trials a block, behind 8 inspections; one more trial is under way. */
    fake.rules.max_time_ns = (8 + 4 * 26 + 1) * fake.step_ns;
    assert_int_equal(drive(&fake), COMPARE_UNDECIDED);
    assert_true(fake.comparison.out_of_time);
    /* The pair that was begun was completed, and no other begun. */
    assert_int_equal(fake.ran[0][COMPARE_BASE], 27);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 27);
    assert_int_equal(fake.ran[1][COMPARE_BASE], 26);
    assert_int_equal(fake.comparison.workload[0].pairs, 26);
    assert_int_equal(fake.comparison.workload[0].seen, 20);
    assert_int_equal(cell_of(&fake, 0, MEASURE_TIME)->pairs, 20);
    fake_release(&fake);
}

static void the_family_is_whole_from_the_first_look(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].slower = 2;
    /* The first workload's 20th pair is the last to be begun. */
    fake.rules.max_time_ns = (8 + 4 * 20 + 1) * fake.step_ns;
    drive(&fake);
    assert_int_equal(fake.comparison.workload[0].seen, 20);
    assert_int_equal(fake.comparison.workload[1].seen, 0);
    const struct verdict_cell *cell = cell_of(&fake, 0, MEASURE_TIME);
    assert_true(cell->p < 0.001);
    /* Time and rss of both workloads. */
    assert_true(fabs(cell->p_family - 4 * cell->p) < 1e-9);
    fake_release(&fake);
}

static void no_look_before_time_is_up(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].slower = 3;
    fake.rules.max_time_ns = 50 * fake.step_ns;
    assert_int_equal(drive(&fake), COMPARE_UNDECIDED);
    assert_int_equal(fake.comparison.workload[0].seen, 0);
    fake_release(&fake);
}

static void new_that_fails_is_worse(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].status = STATUS_CRASHED;
    fake.plan[0][COMPARE_NEW].fails_at = 3;
    assert_int_equal(drive(&fake), COMPARE_WORSE);
    assert_int_equal(compare_outcome(&fake.comparison.workload[0]), OUTCOME_NEW_FAILED);
    assert_int_equal(compare_outcome(&fake.comparison.workload[1]), OUTCOME_COMPARED);
    /* BASE was run beside it, and then neither. */
    assert_int_equal(fake.ran[0][COMPARE_NEW], 4);
    assert_int_equal(fake.ran[0][COMPARE_BASE], 4);
    assert_string_equal(fake.comparison.workload[0].failure[COMPARE_NEW].detail,
                        "fell <over> & \"out\"");
    fake_release(&fake);
}

static void base_that_fails_alone_is_not_worse(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_BASE].status = STATUS_CORRUPT;
    fake.plan[0][COMPARE_BASE].fails_in = PASS_INSPECT;
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(compare_outcome(&fake.comparison.workload[0]), OUTCOME_BASE_FAILED);
    assert_int_equal(fake.ran[0][COMPARE_BASE], 1);
    fake_release(&fake);
}

static void both_that_fail_could_not_run(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].status = STATUS_TIMED_OUT;
    assert_int_equal(drive(&fake), COMPARE_COULD_NOT_RUN);
    assert_int_equal(fake.ran[0][COMPARE_BASE], 1);
    assert_int_equal(fake.ran[0][COMPARE_NEW], 1);
    /* Something worse outweighs it. */
    comparison_release(&fake.comparison);
    fake.plan[1][COMPARE_NEW].slower = 2;
    assert_int_equal(drive(&fake), COMPARE_WORSE);
    fake_release(&fake);
}

static void another_malloc_is_no_verdict(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int w = 0; w < WORKLOADS; w++)
        fake.plan[w][COMPARE_NEW].status = STATUS_NOT_INJECTED;
    assert_int_equal(drive(&fake), COMPARE_COULD_NOT_RUN);
    fake_release(&fake);
}

static void what_cannot_run_here_is_left_out(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_BASE].status = fake.plan[0][COMPARE_NEW].status = STATUS_SKIPPED;
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    assert_int_equal(compare_outcome(&fake.comparison.workload[0]), OUTCOME_LEFT_OUT);
    comparison_release(&fake.comparison);
    fake.plan[1][COMPARE_BASE].status = fake.plan[1][COMPARE_NEW].status = STATUS_SKIPPED;
    assert_int_equal(drive(&fake), COMPARE_COULD_NOT_RUN);
    fake_release(&fake);
}

static void a_measure_that_is_missing_gates_nothing(void **state)
{
    struct fake fake;
    (void)state;
    fake_init(&fake);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake.plan[0][side].no_memory = true;
    assert_int_equal(drive(&fake), COMPARE_NOTHING_WORSE);
    assert_false(fake.comparison.workload[0].cell[MEASURE_RSS].available);
    assert_false(compare_cell_gates(&fake.comparison, &fake.comparison.workload[0], MEASURE_RSS));
    assert_true(fake.comparison.workload[1].cell[MEASURE_RSS].available);
    fake_release(&fake);
}

static void looks_are_made_of_the_most_pairs(void **state)
{
    static const struct {
        size_t most, looks[4], count;
    } cases[] = {
        {80, {20, 40, 80}, 3},
        {30, {20, 30},     2},
        {12, {12},         1},
        {20, {20},         1}
    };
    struct compare_rules rules;
    char message[MESSAGE_BYTES];
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        compare_rules_init(&rules);
        assert_int_equal(compare_rules_set_pairs(&rules, cases[c].most, message), 0);
        assert_int_equal(rules.verdict.look_count, cases[c].count);
        for (size_t i = 0; i < cases[c].count; i++)
            assert_int_equal(rules.verdict.looks[i], cases[c].looks[i]);
    }
    assert_int_equal(compare_rules_set_pairs(&rules, 100000, message), -1);
    /* One look, one workload, time and rss: 0.01 / 2 / 2 = 0.0025 <= 2 / 2^n, n = 10. */
    compare_rules_init(&rules);
    compare_rules_set_pairs(&rules, 12, message);
    assert_int_equal(compare_rules_least_pairs(&rules, 1), 10);
}

static void no_format_fails_on_what_is_strange(void **state)
{
    struct fake fake;
    char *text = NULL;
    size_t bytes = 0;
    (void)state;
    fake_init(&fake);
    fake.plan[0][COMPARE_NEW].status = STATUS_CRASHED;
    drive(&fake);
    struct compare_report report = {
        .comparison = &fake.comparison, .word = {"old", "new <&>"},
             .store = "a store"
    };
    for (const struct compare_format *format = compare_formats; format->name != NULL; format++) {
        FILE *stream = open_memstream(&text, &bytes);
        assert_int_equal(format->write(stream, &report), 0);
        fclose(stream);
        assert_non_null(strstr(text, "crashed"));
        if (strcmp(format->name, "junit") == 0) {
            assert_non_null(strstr(text, "fell &lt;over&gt; &amp; &quot;out&quot;"));
            assert_non_null(strstr(text, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\""));
        }
        free(text);
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        assert_int_equal(format->write(full, &report), -1);
        fclose(full);
    }
    fake_release(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_stops_at_the_first_look),
        cmocka_unit_test(twice_as_slow_is_worse_and_the_other_is_not),
        cmocka_unit_test(twice_as_fast_is_not_worse),
        cmocka_unit_test(only_what_gates_decides),
        cmocka_unit_test(noise_goes_on_to_the_last_look_and_is_undecided),
        cmocka_unit_test(the_warm_up_counts_for_nothing),
        cmocka_unit_test(time_runs_out_between_looks_and_the_last_look_stands),
        cmocka_unit_test(the_family_is_whole_from_the_first_look),
        cmocka_unit_test(no_look_before_time_is_up),
        cmocka_unit_test(new_that_fails_is_worse),
        cmocka_unit_test(base_that_fails_alone_is_not_worse),
        cmocka_unit_test(both_that_fail_could_not_run),
        cmocka_unit_test(another_malloc_is_no_verdict),
        cmocka_unit_test(what_cannot_run_here_is_left_out),
        cmocka_unit_test(a_measure_that_is_missing_gates_nothing),
        cmocka_unit_test(looks_are_made_of_the_most_pairs),
        cmocka_unit_test(no_format_fails_on_what_is_strange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
