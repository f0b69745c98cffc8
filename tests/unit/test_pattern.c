/* Workload files: distributions, keys, what a pattern's calls amount to. */
#include "ledger.h"
#include "message.h"
#include "pattern_source.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[512];
static char message[MESSAGE_BYTES];

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    const char *folder = getenv("TMP") != NULL ? getenv("TMP") : "/tmp";
    snprintf(path, sizeof path, "%.400s/pattern-XXXXXX.ini", folder);
    int file = mkstemps(path, 4);
    return file < 0 ? -1 : close(file);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

/* ---- distributions ------------------------------------------------------------------ */

static double quantile(const char *words, double p)
{
    struct spread spread;
    if (spread_parse(&spread, words, SPREAD_BYTES, message) < 0)
        fail_msg("%s: %s", words, message);
    double value = spread_draw(&spread, p);
    spread_release(&spread);
    return value;
}

static double mean(const char *words)
{
    struct spread spread;
    assert_int_equal(spread_parse(&spread, words, SPREAD_COUNT, message), 0);
    double value = spread.mean;
    spread_release(&spread);
    return value;
}

static void near(double value, double wanted, double share)
{
    if (fabs(value - wanted) > share * wanted)
        fail_msg("%g, not %g", value, wanted);
}

static void distributions_have_their_quantiles(void **state)
{
    (void)state;
    near(quantile("64", 0.3), 64, 0);
    near(quantile("uniform 0 1000", 0.25), 250, 0.01);
    near(quantile("log-uniform 1 1024", 0.5), 32, 0.01);
    near(quantile("exponential 100", 0.5), 100 * log(2), 0.01);
    near(quantile("log-normal 64 1.5", 0.5), 64, 0.01);
    near(quantile("log-normal 64 1.5", 0.841345), 64 * exp(1.5), 0.01);
    near(quantile("log-normal 640 1.5", 0.001350), 640 * exp(-4.5), 0.03);
    near(quantile("log-normal 64 1.5", 0.001350), 1, 0); /* bytes: 1 at least */
    near(quantile("pareto 10 1.5", 0.5), 10 * pow(2, 1 / 1.5), 0.01);
    near(quantile("pareto 10 1.5 most 20", 0.99), 20, 0);
    near(quantile("table 16:50 1k:25 32:25", 0.49), 16, 0);
    near(quantile("table 16:50 1k:25 32:25", 0.51), 32, 0);
    near(quantile("table 16:50 1k:25 32:25", 0.76), 1024, 0);
    near(mean("exponential 100"), 100, 0.01);
    near(mean("log-normal 64 1"), 64 * exp(0.5), 0.01);
    near(mean("table 10:1 20:3"), 17.5, 1e-9);
}

static void the_living_are_met_by_their_length(void **state)
{
    (void)state;
    struct spread spread;
    assert_int_equal(spread_parse(&spread, "table 10:1 30:1", SPREAD_COUNT, message), 0);
    near(spread_draw_living(&spread, 0.2), 10, 0);
    near(spread_draw_living(&spread, 0.26), 30, 0);
    spread_release(&spread);
}

static void what_is_no_distribution_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "gauss 3 4",
        "uniform 5",
        "uniform 9 3",
        "log-normal 0 1",
        "pareto 1 0",
        "table",
        "table 16:x",
        "table 16:0",
        "fixed -3",
        "fixed nan",
        "exponential inf",
        "fixed 1e40",
        "uniform 1 9 least 5 most 3",
        "64 128",
        "log-uniform 0 9",
    };
    struct spread spread;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (spread_parse(&spread, wrong[i], SPREAD_BYTES, message) == 0)
            fail_msg("'%s' is taken", wrong[i]);
}

/* ---- files -------------------------------------------------------------------------- */

static void load(struct pattern *pattern, const char *text, const char *given)
{
    write_file(text, strlen(text));
    if (pattern_load(pattern, path, given, message) < 0)
        fail_msg("%s", message);
}

static void refuses(const char *text, const char *given, const char *words)
{
    struct pattern pattern;
    write_file(text, strlen(text));
    if (pattern_load(&pattern, path, given, message) == 0)
        fail_msg("taken, and not refused with '%s'", words);
    if (strstr(message, words) == NULL || strncmp(message, path, strlen(path)) != 0)
        fail_msg("'%s' does not say '%s'", message, words);
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    refuses("[a]\nsizes=8\n", NULL, ":1: [a] says neither");
    refuses("[a]\nlive=1M\n", NULL, ":1: [a] has no sizes");
    refuses("[a]\nsizes=8\nlive=1M\nlifetime=forever\n", NULL, ":4: lifetime");
    refuses("[a]\nsizes=8 9\nlive=1M\n", NULL, ":2: sizes");
    refuses("[a]\nsize=8\n", NULL, ":2: unknown key 'size'");
    refuses("[global]\nthreads=0\n[a]\nsizes=8\nlive=1M\n", NULL, ":2: threads");
    refuses("[global]\nthreads=65\n[a]\nsizes=8\nlive=1M\n", NULL, ":2: threads");
    refuses("[global]\ntouch=some\n[a]\nsizes=8\nlive=1M\n", NULL, ":2: touch");
    refuses("[a/b]\nsizes=8\nlive=1M\n[a]\n", NULL, ":1: [a/b] is a kind");
    refuses("[a]\nshare=3\nsizes=8\nlive=1M\n", NULL, ":2: unknown key 'share'");
    refuses("[a]\n[a/b]\nsizes=8\nlive=1M\nrate=5\n", NULL, ":5: unknown key 'rate'");
    refuses("[a]\nsizes=8\nlive=1M\ncalloc=101\n", NULL, ":4: calloc");
    refuses("[a]\nsizes=8\nlive=1M\ncalloc=60\naligned=60\n", NULL, ":5: aligned");
    refuses("[a]\nsizes=8\nlive=1M\nalignment=48\n", NULL, ":4: alignment");
    refuses("[a]\nsizes=8\nlive=1M\ngrowth=2\n", NULL, ":4: growth");
    refuses("[a]\nsizes=8\nlive=1M\norder=oldest\n", NULL, ":4: order");
    refuses("[a]\nsizes=8\nlive=1M\nrate=5\nthink=1ms\n", NULL, ":5: think");
    refuses("[a]\nsizes=8\nlifetime=fixed 3ms time\n", NULL, "need a rate");
    refuses("[a]\nsizes=8\nlifetime=batch 0\n", NULL, ":3: lifetime");
    refuses("[a]\nsizes=table:/no/such\nlive=1M\n", NULL,
            ":2: sizes = table:/no/such: cannot read");
    refuses("[a]\nsizes=8\nlive=1M\noperations=2G\n", NULL, ":4: operations");
    refuses("[global]\nrounds=1M\n[a]\nsizes=8\nlive=1M\n", NULL, "over a billion");
    refuses("[global]\nthreads=2\n", NULL, "has no phase");
    refuses("[global]\ndeck=/no/such\n", NULL, ":2: deck = /no/such: cannot read");
    refuses("[global]\nrepeat=3\n[a]\nsizes=8\nlive=1M\n", NULL, "rounds");
    refuses("[a]\nsizes=8\nlive=1M\n", "sise=4", "'sise' is no parameter");
    refuses("[a]\nsizes=8\nlive=1M\n", "b.sizes=4", "'b.sizes' is no parameter");
    refuses("[a]\nsizes=8\nlive=1M\n", "sizes", "'sizes' is not param=value");
    refuses("[a]\nsizes=8\nlive=1M\n", "live=many", "live=many, as given");
    refuses("[a]\n[a/b]\nshare=0\nsizes=8\nlive=1M\n", NULL, "all shares are 0");
}

static void given_takes_the_place_of_what_is_written(void **state)
{
    (void)state;
    struct pattern pattern;
    load(&pattern, "[global]\nlive=1M\n[a]\nsizes=8\n[b]\nsizes=16\nlive=2M\n", NULL);
    assert_int_equal(pattern.phase[0].kind[0].live_bytes, 1 << 20);
    assert_int_equal(pattern.phase[1].kind[0].live_bytes, 2 << 20);
    pattern_release(&pattern);
    load(&pattern, "[global]\nlive=1M\n[a]\nsizes=8\n[b]\nsizes=16\nlive=2M\n",
         "threads=3,live=4M,b.sizes=uniform 1 3");
    assert_int_equal(pattern.threads, 3);
    assert_int_equal(pattern.phase[0].kind[0].live_bytes, 4 << 20);
    assert_int_equal(pattern.phase[1].kind[0].live_bytes, 4 << 20);
    near(pattern.phase[0].kind[0].sizes.mean, 8, 0);
    near(pattern.phase[1].kind[0].sizes.mean, 2, 0.001);
    pattern_release(&pattern);
}

static const char whole[] =
    "[global]\nthreads = 2\nlaps = 4 ; few\nsummary = cut\n"
    "[a]\noperations = 500\nrate = 1000\nburst = 10\n"
    "[a/x]\nsizes = log-normal 64 1 most 4k\nlifetime = exponential 20 calls\nrealloc = 10\n"
    "[a/y]\nshare = 2\nsizes = table 8:1 16:2\nlive = 4k\norder = fifo 5 lifo 5\nhandover = 50\n";

static int first_call(struct pattern_source *source, struct trace_op *op)
{
    struct op_source *ops = pattern_source_ops(source);
    return ops->next(ops->argument, op, message);
}

/* Every beginning of a file is taken or refused with a message; what is taken can be run. */
static void every_beginning_of_a_file_is_taken_or_refused(void **state)
{
    (void)state;
    unsigned taken = 0;
    for (size_t length = 0; length < sizeof whole; length++) {
        struct pattern pattern;
        struct trace_op op;
        write_file(whole, length);
        message[0] = '\0';
        if (pattern_load(&pattern, path, NULL, message) < 0) {
            assert_true(message[0] != '\0');
            continue;
        }
        taken++;
        struct pattern_source *source = pattern_source_create(&pattern, 1, message);
        assert_non_null(source);
        assert_int_equal(first_call(source, &op), 1);
        pattern_source_free(source);
        pattern_release(&pattern);
    }
    assert_in_range(taken, 10, sizeof whole);
}

/* One byte changed, anywhere, to anything that a line may hold: no crash. */
static void a_wrong_byte_does_no_harm(void **state)
{
    (void)state;
    static const char bytes[] = "\n=[];:- 9kx%\xff";
    char text[sizeof whole];
    for (size_t at = 0; at < sizeof whole - 1; at += 3) {
        struct pattern pattern;
        memcpy(text, whole, sizeof whole);
        text[at] = bytes[at % (sizeof bytes - 1)];
        write_file(text, sizeof whole - 1);
        if (pattern_load(&pattern, path, NULL, message) == 0)
            pattern_release(&pattern);
    }
}

/* ---- calls -------------------------------------------------------------------------- */

struct sums {
    uint64_t calls, kind[TRACE_KIND_COUNT], born_bytes, ended, across;
    uint64_t most_live, hash, fill_calls, thread_calls[8];
    double mean_live, mean_life; /* after the fill; lives of those that ended */
    uint64_t last_ns;
};

static struct sums go_through(const char *text, const char *given, uint64_t seed)
{
    struct pattern pattern;
    struct trace_op op;
    struct ledger_effect effect;
    struct sums sums = {.hash = 1469598103934665603u};
    load(&pattern, text, given);
    struct pattern_source *source = pattern_source_create(&pattern, seed, message);
    if (source == NULL)
        fail_msg("%s", message);
    struct ledger *ledger = ledger_create(false);
    struct op_source *ops = pattern_source_ops(source);
    sums.fill_calls = pattern_source_fill_calls(source);
    for (; ops->next(ops->argument, &op, message) > 0; sums.calls++) {
        assert_int_equal(ledger_apply(ledger, sums.calls, &op, &effect), 0);
        if (effect.mistake != NULL)
            fail_msg("call %llu: %s", (unsigned long long)sums.calls, effect.mistake);
        assert_true(op.time_ns >= sums.last_ns);
        sums.last_ns = op.time_ns;
        sums.kind[op.kind]++;
        sums.thread_calls[op.thread]++;
        sums.born_bytes += effect.begun ? effect.new.size : 0;
        sums.ended += effect.ended;
        sums.across += effect.ended && effect.old.thread != op.thread;
        sums.mean_life += effect.ended ? (double)(sums.calls - effect.old.born_index) : 0;
        sums.mean_live += sums.calls >= sums.fill_calls ? (double)ledger_live_bytes(ledger) : 0;
        if (ledger_live_bytes(ledger) > sums.most_live)
            sums.most_live = ledger_live_bytes(ledger);
        sums.hash = (sums.hash ^ op.size ^ op.kind << 20 ^ op.address << 30 ^ op.old_address) *
                    UINT64_C(1099511628211);
    }
    sums.mean_live /= (double)(sums.calls - sums.fill_calls);
    sums.mean_life /= (double)(sums.ended > 0 ? sums.ended : 1);
    ledger_free(ledger);
    pattern_source_free(source);
    pattern_release(&pattern);
    return sums;
}

static void the_seed_alone_decides(void **state)
{
    (void)state;
    struct sums first = go_through(whole, NULL, 1), again = go_through(whole, NULL, 1);
    assert_true(first.hash == again.hash);
    assert_true(first.hash != go_through(whole, NULL, 2).hash);
    assert_int_equal(first.calls - first.fill_calls, 2 * 500);
    assert_int_equal(first.thread_calls[0] + first.thread_calls[1], first.calls);
}

static void a_live_set_stays_at_its_bound(void **state)
{
    (void)state;
    static const char text[] = "[a]\noperations=50k\nsizes=uniform 8 120\nlive=100000\n";
    struct sums sums = go_through(text, NULL, 1);
    assert_true(sums.most_live <= 100000);
    near(sums.mean_live, 100000, 0.02);
    near((double)sums.kind[TRACE_FREE], 25000, 0.05);
    near(go_through(text, "threads=3", 1).mean_live, 300000, 0.02);
}

/* Little's law: what lives is what is born in the time of a life. From the first call on. */
static void lifetimes_make_the_live_set(void **state)
{
    (void)state;
    static const char text[] = "[a]\noperations=100k\nsizes=100\nlifetime=exponential 400 calls\n";
    struct sums sums = go_through(text, NULL, 1);
    near(sums.mean_live, 100 * 200, 0.05);
    near(sums.mean_life, 400, 0.1);
    assert_true(sums.fill_calls >= 200);
    sums = go_through(text, "lifetime=exponential 300 steps", 1);
    near(sums.mean_live, 100 * 300, 0.05);
    sums = go_through(text, "lifetime=fixed 50000 bytes", 1);
    near(sums.mean_live, 50000, 0.05);
    sums = go_through(text, "lifetime=pareto 50 1.5 most 5000,start=empty", 1);
    assert_int_equal(sums.fill_calls, 0);
    assert_int_equal(sums.calls, 100000);
}

static void a_table_has_its_rates_and_numbers_alive(void **state)
{
    (void)state;
    char table[600], text[900];
    snprintf(table, sizeof table, "%.500s.csv", path);
    FILE *file = fopen(table, "w");
    fputs("16, 900.0, 100\n 1024, 100, 300.5\n\n", file);
    assert_int_equal(fclose(file), 0);
    snprintf(text, sizeof text, "[a]\noperations=200k\nsizes=table:%s\n", table);
    struct sums sums = go_through(text, NULL, 1);
    near((double)sums.born_bytes / ((double)sums.calls / 2), 0.9 * 16 + 0.1 * 1024, 0.05);
    near(sums.mean_live, 100 * 16 + 300.5 * 1024, 0.1);
    sums = go_through(text, "live=2M", 1);
    near(sums.mean_live, 2 << 20, 0.1);
    sums = go_through(text, "lifetime=fixed 100 steps", 1);
    near(sums.mean_live, 100 * (0.9 * 16 + 0.1 * 1024), 0.1);
    file = fopen(table, "w");
    fputs("size,alloc_rate,num_live,other\n16,1,-,x\n", file);
    assert_int_equal(fclose(file), 0);
    refuses(text, NULL, "'x' is no number");
    unlink(table);
}

static void calls_have_their_shares(void **state)
{
    (void)state;
    static const char text[] = "[global]\nthreads=2\n[a]\noperations=50k\nsizes=64\nlive=64k\n"
                               "calloc=20\naligned=10\nalignment=256\nrealloc=30\ngrowth=+16\n"
                               "largest=200\nhandover=25\n";
    struct sums sums = go_through(text, NULL, 1);
    double born = (double)(sums.kind[TRACE_MALLOC] + sums.kind[TRACE_CALLOC] +
                           sums.kind[TRACE_POSIX_MEMALIGN]);
    near((double)sums.kind[TRACE_CALLOC] / born, 0.2, 0.05);
    near((double)sums.kind[TRACE_POSIX_MEMALIGN] / born, 0.1, 0.05);
    near((double)sums.kind[TRACE_REALLOC] / (born + (double)sums.kind[TRACE_REALLOC]), 0.3, 0.06);
    near((double)sums.across / (double)sums.kind[TRACE_FREE], 0.25, 0.1);
    near((double)sums.thread_calls[0], (double)sums.thread_calls[1], 0.05);
}

static void batches_and_phases_die_together(void **state)
{
    (void)state;
    struct sums sums =
        go_through("[a]\noperations=1999\nsizes=10\nlifetime=batch 100\norder=lifo\n", NULL, 1);
    assert_int_equal(sums.most_live, 1000);
    /* A phase's blocks are freed when the next begins. */
    sums = go_through("[a]\noperations=100\nsizes=10\nlifetime=phase\n"
                      "[b]\noperations=300\nsizes=1\nlifetime=forever\n",
                      "rounds=2,start=empty", 1);
    assert_int_equal(sums.kind[TRACE_FREE], 200);
    assert_int_equal(sums.most_live, 1000 + 200);
}

static void arrivals_have_their_times(void **state)
{
    (void)state;
    static const char text[] = "[a]\noperations=10k\nsizes=64\nlive=64k\nrate=1000\nburst=10\n"
                               "[global]\nstart=empty\n";
    near((double)go_through(text, NULL, 1).last_ns, 1e9, 0.01);
    near((double)go_through(text, "arrivals=poisson", 1).last_ns, 1e9, 0.15);
}

static void too_large_a_start_is_refused(void **state)
{
    (void)state;
    struct pattern pattern;
    load(&pattern, "[a]\nsizes=64\nlifetime=fixed 1G calls\n", NULL);
    assert_null(pattern_source_create(&pattern, 1, message));
    assert_non_null(strstr(message, "shorten lifetimes"));
    pattern_release(&pattern);
}

/* ---- decks -------------------------------------------------------------------------- */

static const char deck_heading[] = "slice,calls,thread,kind,alignment,size,life_least,life_most,"
                                   "end_slice,end,end_thread,count\n";

/* A workload file with a deck of these rows. */
static void write_deck(char *deck, size_t bytes, char *text, size_t text_bytes, const char *rows)
{
    snprintf(deck, bytes, "%.500s.csv", path);
    FILE *file = fopen(deck, "w");
    assert_non_null(file);
    fprintf(file, "%s%s", deck_heading, rows);
    assert_int_equal(fclose(file), 0);
    snprintf(text, text_bytes, "[global]\ndeck=%s\n", deck);
}

static void a_deck_is_dealt_out(void **state)
{
    (void)state;
    char deck[600], text[700];
    /* 100 short lives; 10 that end in the third slice; 5 that grow and stay; 3 frees of NULL. */
    write_deck(deck, sizeof deck, text, sizeof text,
               "0,200,0,1,0,16,1,1,-,0,0,100\n0,200,1,2,0,100,-,-,2,0,0,10\n"
               "0,200,0,1,0,50,8,9,-,1,0,5\n0,200,0,3,0,80,-,-,-,2,-,5\n0,200,0,5,0,0,-,-,-,2,-,3\n"
               "1,20,0,6,0,8,-,-,-,2,-,0\n2,20,1,8,256,300,-,-,-,2,-,1\n");
    struct pattern pattern;
    write_file(text, strlen(text));
    if (pattern_load(&pattern, path, NULL, message) == 0)
        fail_msg("kind 6 is taken, whose alignment is unknown");
    assert_non_null(strstr(message, "row 6: kind"));
    write_deck(deck, sizeof deck, text, sizeof text,
               "0,200,0,1,0,16,1,1,-,0,0,100\n0,200,1,2,0,100,-,-,2,0,0,10\n"
               "0,200,0,1,0,50,8,9,-,1,0,5\n0,200,0,3,0,80,-,-,-,2,-,5\n0,200,0,5,0,0,-,-,-,2,-,3\n"
               "1,20,0,1,0,8,-,-,-,2,-,0\n2,20,1,8,256,300,-,-,-,2,-,1\n");
    struct sums sums = go_through(text, NULL, 1);
    assert_int_equal(sums.kind[TRACE_MALLOC], 105);
    assert_int_equal(sums.kind[TRACE_CALLOC], 10);
    assert_int_equal(sums.kind[TRACE_REALLOC], 5);
    assert_int_equal(sums.kind[TRACE_FREE], 113);
    assert_int_equal(sums.kind[TRACE_POSIX_MEMALIGN], 1);
    assert_int_equal(sums.ended, 115);
    assert_int_equal(sums.across, 10);
    assert_int_equal(sums.born_bytes, 1600 + 1000 + 250 + 400 + 300);
    assert_true(sums.hash == go_through(text, NULL, 1).hash);
    unlink(deck);
}

static void a_wrong_deck_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"1,9,0,1,0,16,1,1,-,0,0,1\n",                           "row 1: slices"        },
        {"0,9,0,1,0,16,1,1,-,0,0,1\n2,9,0,1,0,16,1,1,-,0,0,1\n", "row 2: slices"        },
        {"0,9,0,1,0,16,5,1,-,0,0,1\n",                           "row 1: life_least"    },
        {"0,9,0,1,0,16,-,-,-,0,0,1\n",                           "row 1: neither"       },
        {"0,9,0,8,24,16,1,1,-,0,0,1\n",                          "row 1: alignment"     },
        {"0,9,0,1,0,-,1,1,-,0,0,1\n",                            "row 1: size"          },
        {"0,9,0,1,0,16,1,1,-,7,0,1\n",                           "row 1: end must"      },
        {"0,9,999,1,0,16,1,1,-,0,0,1\n",                         "row 1: too many"      },
        {"0,9,0,1,0,-3,1,1,-,0,0,1\n",                           "row 1: a negative"    },
        {"0,9,0,1,0,16,1,1,-,0,0\n",                             ":2: 11 columns"       },
        {"0,9,0,1,0,16,1,1,-,0,0,0\n",                           "the deck has no block"},
        {"",                                                     "is empty"             },
    };
    char deck[600], text[700];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_deck(deck, sizeof deck, text, sizeof text, wrong[i][0]);
        refuses(text, NULL, wrong[i][1]);
    }
    unlink(deck);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions_have_their_quantiles),
        cmocka_unit_test(the_living_are_met_by_their_length),
        cmocka_unit_test(what_is_no_distribution_is_refused),
        TEST(mistakes_are_named_with_their_line),
        TEST(given_takes_the_place_of_what_is_written),
        TEST(every_beginning_of_a_file_is_taken_or_refused),
        TEST(a_wrong_byte_does_no_harm),
        TEST(the_seed_alone_decides),
        TEST(a_live_set_stays_at_its_bound),
        TEST(lifetimes_make_the_live_set),
        TEST(a_table_has_its_rates_and_numbers_alive),
        TEST(calls_have_their_shares),
        TEST(batches_and_phases_die_together),
        TEST(arrivals_have_their_times),
        TEST(too_large_a_start_is_refused),
        TEST(a_deck_is_dealt_out),
        TEST(a_wrong_deck_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
