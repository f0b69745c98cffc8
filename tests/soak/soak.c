/*
 * A soak of brkmap, which is linked in under the names our_malloc and so on: for as long as asked,
 * threads that come and go make, resize, exchange and free blocks of every size, and verify all
 * that they hold; forks go on with what was there; and what is resident stays in proportion to what
 * lives, on hills and in the valleys between them.
 *
 *     make soak SOAK_SECONDS=3600 [MODE=debug|asan|tsan] [SOAK_OPTIONS='--threads 8 --limit 100']
 */
#include <argp.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "blocks.h"

#define MIB                ((size_t)1 << 20)
#define LINEAGES_MAX       64
#define BLOCKS             1500
#define HILL_BYTES         (24 * MIB) /* a thread's budget; in a valley an eighth of it */
#define VALLEY_SHARE       8
#define PHASE_S            4 /* a hill, then a valley, each so long */
#define STEPS_A_LIFE       5000
#define STEPS_A_PHASE      10000 /* or it is not judged */
#define STEPS_A_REST       200
#define LIVES_A_FORK       4
#define STANDSTILL_SECONDS 60
#define SAMPLE_NS          50000000
/* Beside what lives: caches, spans half full, stacks, the program itself. */
#define SLACK_BYTES (32 * MIB)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { RESIDENT_IS_OURS = false };
#else
enum { RESIDENT_IS_OURS = true };
#endif

/* Linked into the program whose system can be made to fail (tests/allocators/os_fake.h). */
extern void os_fake_fail_after(int calls) __attribute__((weak));

static struct options {
    unsigned seconds, threads, busy_percent, limit_mib, fail;
    uint64_t seed;
} options = {.seconds = 60, .threads = 2, .busy_percent = 100, .seed = 1};

/* A thread, its child when it has ended, and so on: who comes next frees what the others left. */
static struct lineage {
    struct blocks blocks;
    struct block block[BLOCKS];
    uint64_t lives;
} lineages[LINEAGES_MAX];

static struct {
    _Atomic bool stop, valley;
    _Atomic unsigned running;
    _Atomic uint64_t steps, lives, forks;
} soak;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec rest = {.tv_sec = (time_t)(ns / 1000000000),
                            .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&rest, NULL);
}

/* ---- a life ---------------------------------------------------------------------------------- */

/* A deadlock does not compute; a child that must wait for a CPU does, now and then. */
static void notice_standstill(int number)
{
    static uint64_t seen_ns;
    static const char message[] = "soak: a child stands still\n";
    uint64_t cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);

    (void)number;
    if (cpu_ns - seen_ns < 1000000) {
        ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
        (void)written;
        abort();
    }
    seen_ns = cpu_ns;
    alarm(STANDSTILL_SECONDS);
}

/* What a child does: it must find its thread's blocks whole, and the heap in working order. */
static void live_as_child(struct lineage *lineage)
{
    signal(SIGALRM, notice_standstill);
    alarm(STANDSTILL_SECONDS);
    lineage->blocks.alone = true;
    blocks_drop(&lineage->blocks, 2);
    lineage->blocks.budget_bytes = HILL_BYTES / VALLEY_SHARE;
    for (int i = 0; i < 500; i++)
        blocks_step(&lineage->blocks);
    blocks_drop(&lineage->blocks, 1);
    /* Without a sanitizer's last words, on threads that stayed in the parent. */
    syscall(SYS_exit_group, 0);
}

static void fork_once(struct lineage *lineage)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        live_as_child(lineage);
    if (child < 0 && blocks_may_be_refused)
        return;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "soak: a child ended with status %#x\n", (unsigned)status);
        abort();
    }
    atomic_fetch_add(&soak.forks, 1);
}

static void work_and_rest(struct lineage *lineage)
{
    uint64_t start_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
    bool valley = atomic_load_explicit(&soak.valley, memory_order_relaxed);

    lineage->blocks.budget_bytes = valley ? HILL_BYTES / VALLEY_SHARE : HILL_BYTES;
    if (options.fail != 0 && blocks_random(&lineage->blocks.random) % options.fail == 0)
        os_fake_fail_after((int)(blocks_random(&lineage->blocks.random) % 4));
    for (int i = 0; i < STEPS_A_REST; i++)
        blocks_step(&lineage->blocks);
    atomic_fetch_add_explicit(&soak.steps, STEPS_A_REST, memory_order_relaxed);
    uint64_t worked_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
    sleep_ns(worked_ns * (100 - options.busy_percent) / options.busy_percent);
}

static void *live(void *argument);

static bool start_thread(struct lineage *lineage)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, live, lineage) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

static void *live(void *argument)
{
    struct lineage *lineage = argument;

    do {
        size_t steps = blocks_random(&lineage->blocks.random) % STEPS_A_LIFE;
        for (size_t i = 0; i < steps && !atomic_load(&soak.stop); i += STEPS_A_REST)
            work_and_rest(lineage);
        atomic_fetch_add(&soak.lives, 1);
        if (lineage->lives++ % LIVES_A_FORK == 0)
            fork_once(lineage);
        if (atomic_load(&soak.stop)) {
            atomic_fetch_sub(&soak.running, 1);
            return NULL;
        }
        /* It runs before this one has ended, as servers' threads do. Without memory: another life.
         */
    } while (!start_thread(lineage));
    return NULL;
}

/* ---- what is resident ------------------------------------------------------------------------ */

static size_t resident_bytes(void)
{
    char text[128] = "";
    size_t pages = 0;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (file < 0 || read(file, text, sizeof(text) - 1) <= 0)
        err(1, "/proc/self/statm");
    close(file);
    if (sscanf(text, "%*u %zu", &pages) != 1)
        errx(1, "/proc/self/statm has another form");
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t live_bytes(void)
{
    size_t bytes = blocks_exchanged_bytes();
    for (unsigned i = 0; i < options.threads; i++)
        bytes += atomic_load_explicit(&lineages[i].blocks.live_bytes, memory_order_relaxed);
    return bytes;
}

struct sight {
    size_t live_peak_bytes, resident_peak_bytes;
    size_t phase_live_bytes, phase_resident_bytes; /* peak and last of the phase */
    uint64_t phase_steps;                          /* when it began */
    double worst_hill, worst_valley;               /* resident over allowed */
};

static void look(struct sight *sight)
{
    size_t live = live_bytes();

    sight->phase_resident_bytes = resident_bytes();
    if (live > sight->phase_live_bytes)
        sight->phase_live_bytes = live;
    if (live > sight->live_peak_bytes)
        sight->live_peak_bytes = live;
    if (sight->phase_resident_bytes > sight->resident_peak_bytes)
        sight->resident_peak_bytes = sight->phase_resident_bytes;
}

/* At the end of a phase. Twice what lives: blocks of all sizes at random, whose neighbours live on,
 * are what heaps are worst at (the C library's passes this limit by some MiB, too). And a valley
 * comes after a hill, whose caches may not all be gone. */
static void judge_phase(struct sight *sight, bool valley)
{
    size_t allowed = 2 * sight->phase_live_bytes + SLACK_BYTES;
    double part = (double)sight->phase_resident_bytes / (double)allowed;
    double *worst = valley ? &sight->worst_valley : &sight->worst_hill;
    uint64_t steps = atomic_load(&soak.steps) - sight->phase_steps;

    /* On a busy machine a phase may pass in which nothing was done, and nothing given back. */
    if (steps < STEPS_A_PHASE)
        return;

    if (part > *worst)
        *worst = part;
    if (RESIDENT_IS_OURS && part > 1) {
        fprintf(stderr, "soak: %zu MiB are resident in a %s where at most %zu MiB lived\n",
                sight->phase_resident_bytes / MIB, valley ? "valley" : "hill",
                sight->phase_live_bytes / MIB);
        abort();
    }
}

static void watch(struct sight *sight)
{
    uint64_t start_ns = now_ns(CLOCK_MONOTONIC), phase = 0, elapsed_s;

    do {
        sleep_ns(SAMPLE_NS);
        look(sight);
        elapsed_s = (now_ns(CLOCK_MONOTONIC) - start_ns) / 1000000000;
        if (elapsed_s / PHASE_S == phase)
            continue;
        judge_phase(sight, atomic_load(&soak.valley));
        phase = elapsed_s / PHASE_S;
        atomic_store(&soak.valley, phase % 2 == 1);
        sight->phase_live_bytes = live_bytes();
        sight->phase_steps = atomic_load(&soak.steps);
    } while (elapsed_s < options.seconds);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const struct argp_option argp_options[] = {
    {"seconds",                 's', "N", 0, "How long (default: 60)", 0},
    {"threads",                      't', "N", 0, "Threads at a time (default: 2)", 0},
    {"busy", 'b', "N", 0, "Percent of a CPU that a thread takes (default: 100)", 0},
    {"limit",                         'l', "MIB", 0, "Under RLIMIT_AS: requests may be refused, and nothing else", 0},
    {"fail", 'f', "N", 0, "A request to the system fails in one of N batches of steps", 0},
    {"seed",                        'r', "N", 0, "Of the random calls (default: 1)", 0},
    {0                       }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    unsigned *number = key == 's'   ? &options.seconds
                       : key == 't' ? &options.threads
                       : key == 'b' ? &options.busy_percent
                       : key == 'l' ? &options.limit_mib
                       : key == 'f' ? &options.fail
                                    : NULL;
    if (key == ARGP_KEY_END) {
        if (options.threads == 0 || options.threads > LINEAGES_MAX)
            argp_error(state, "--threads is from 1 to %d", LINEAGES_MAX);
        if (options.busy_percent == 0 || options.busy_percent > 100)
            argp_error(state, "--busy is from 1 to 100");
        if (options.fail != 0 && os_fake_fail_after == NULL)
            argp_error(state, "--fail needs the program with the system that fails: soak_failing");
        return 0;
    }
    if (number == NULL && key != 'r')
        return ARGP_ERR_UNKNOWN;
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || end == text)
        argp_error(state, "'%s' is no number", text);
    if (number != NULL)
        *number = (unsigned)value;
    else
        options.seed = value;
    return 0;
}

static void start(void)
{
    blocks_may_be_refused = options.limit_mib != 0 || options.fail != 0;
    struct rlimit limit = {options.limit_mib * MIB, options.limit_mib * MIB};
    if (options.limit_mib != 0 && setrlimit(RLIMIT_AS, &limit) != 0)
        err(1, "RLIMIT_AS of %u MiB", options.limit_mib);
    atomic_store(&soak.running, options.threads);
    for (unsigned i = 0; i < options.threads; i++) {
        struct blocks *blocks = &lineages[i].blocks;
        blocks->block = lineages[i].block;
        blocks->count = BLOCKS;
        blocks->random = (options.seed * LINEAGES_MAX + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        if (!start_thread(&lineages[i]))
            errx(1, "cannot start a thread");
    }
}

/* Ends the threads and frees all; returns how many requests were refused. */
static size_t finish(void)
{
    size_t refusals = 0;

    atomic_store(&soak.stop, true);
    while (atomic_load(&soak.running) > 0)
        sleep_ns(SAMPLE_NS);
    if (options.fail != 0)
        os_fake_fail_after(-1);
    for (unsigned i = 0; i < options.threads; i++) {
        blocks_drop(&lineages[i].blocks, 1);
        refusals += atomic_load(&lineages[i].blocks.refusals);
    }
    blocks_drop_exchanged();
    return refusals;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {argp_options, parse, NULL, "Soaks brkmap.", NULL, NULL, NULL};
    struct sight sight = {0};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    start();
    watch(&sight);
    size_t refusals = finish();
    printf("soak: %u s, %u threads at a time, %llu steps, %llu threads, %llu forks, %zu refusals; "
           "peak %zu MiB live, %zu MiB resident; most of what is allowed, on hills %.0f %%, in "
           "valleys %.0f %%\n",
           options.seconds, options.threads, (unsigned long long)soak.steps,
           (unsigned long long)soak.lives, (unsigned long long)soak.forks, refusals,
           sight.live_peak_bytes / MIB, sight.resident_peak_bytes / MIB, 100 * sight.worst_hill,
           100 * sight.worst_valley);
    return 0;
}
