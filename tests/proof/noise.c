/*
 * Noise to measure in: runs a command while neighbours disturb it, in one of six ways.
 *
 *   noise CONDITION COMMAND [ARGUMENT...]
 *
 * Neighbours have the default priority and no claim on the machine but being there. Each asks the
 * kernel to be killed when its parent ends, however it ends, so none outlives this program; what
 * it starts itself (a compiler) asks the same. The exit status is the command's.
 *
 * A trial of one thread runs on the last CPU that we may use (docs/method.md): "the same CPU" is
 * that one, "the other" the first. The command's own affinity is not touched.
 */
#include <err.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_BROKEN = 125, HOG_BYTES = 64 << 20, BURST_BYTES = 8 << 20, LINE_BYTES = 64 };
#define BURST_LEAST_S 0.010
#define BURST_MOST_S  0.300

enum place { ANYWHERE, FIRST_CPU, LAST_CPU };

struct neighbour {
    void (*live)(const struct neighbour *neighbour); /* never returns; NULL: none */
    enum place place;
    double pause_s; /* mean time between bursts */
};

/* ---- what neighbours do --------------------------------------------------------- */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Reads and writes one word of each cache line, once. */
static void sweep(volatile unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += LINE_BYTES)
        memory[i]++;
}

static unsigned char *take_memory(size_t bytes)
{
    unsigned char *memory = malloc(bytes);
    if (memory == NULL)
        err(EXIT_BROKEN, "a neighbour's memory");
    memset(memory, 1, bytes);
    return memory;
}

static void hog_memory(const struct neighbour *neighbour)
{
    unsigned char *memory = take_memory(HOG_BYTES);
    (void)neighbour;
    for (;;)
        sweep(memory, HOG_BYTES);
}

static void hog_processor(const struct neighbour *neighbour)
{
    (void)neighbour;
    for (volatile unsigned long turns = 0;; turns++)
        ;
}

static void sleep_s(double seconds)
{
    struct timespec rest = {(time_t)seconds, (long)(1e9 * fmod(seconds, 1))};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        ;
}

/* Bursts of uniform length, pauses of exponential length. */
static void come_and_go(const struct neighbour *neighbour)
{
    unsigned char *memory = take_memory(BURST_BYTES);
    srand48(getpid() ^ (long)time(NULL));
    for (;;) {
        double until = now_s() + BURST_LEAST_S + (BURST_MOST_S - BURST_LEAST_S) * drand48();
        while (now_s() < until)
            sweep(memory, BURST_BYTES / 16);
        sleep_s(-neighbour->pause_s * log(1 - drand48()));
    }
}

/* The first line of what a command prints. */
static char *ask(const char *command)
{
    char line[4096];
    FILE *pipe = popen(command, "re");
    if (pipe == NULL || fgets(line, sizeof line, pipe) == NULL || pclose(pipe) != 0)
        errx(EXIT_BROKEN, "cannot run '%s': the condition 'compile' needs gcc", command);
    line[strcspn(line, "\n")] = '\0';
    return strdup(line);
}

static void die_with_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        err(EXIT_BROKEN, "PR_SET_PDEATHSIG");
    if (getppid() != parent)
        _exit(EXIT_BROKEN);
}

/* Compiles sources of this tree over and over: the compiler proper and not its driver, which would
 * leave it behind when killed. */
static void compile(const struct neighbour *neighbour)
{
    glob_t sources;
    char *compiler = ask("gcc -print-prog-name=cc1"), *system = ask("gcc -print-multiarch");
    (void)neighbour;
    if (glob("harness/statistics/*.c", 0, NULL, &sources) != 0)
        errx(EXIT_BROKEN, "the condition 'compile' wants to be run in the top of the source tree");
    for (size_t next = (size_t)getpid();; next++) {
        pid_t self = getpid(), child = fork();
        if (child == 0) {
            die_with_parent(self);
            execl(compiler, "cc1", "-quiet", "-imultiarch", system, "-O2", "-D_GNU_SOURCE",
                  "-Iharness/common", "-Iharness/statistics",
                  sources.gl_pathv[next % sources.gl_pathc], "-o", "/dev/null", (char *)NULL);
            _exit(EXIT_BROKEN);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            errx(EXIT_BROKEN, "a neighbour's compiler failed");
    }
}

/* ---- conditions ----------------------------------------------------------------- */

enum { NEIGHBOURS_MAXIMUM = 2 };

static const struct condition {
    const char *name, *help;
    struct neighbour neighbour[NEIGHBOURS_MAXIMUM];
} conditions[] = {
    {"quiet",     "none",                                                             {{0}}                                                         },
    {"hog",       "one sweeps 64 MiB without end on the other CPU",                   {{hog_memory, FIRST_CPU, 0}}                                  },
    {"bursts",
     "one is busy for 10 to 300 ms at a time on the same CPU, with pauses of 0.45 s", {{come_and_go, LAST_CPU, 0.45}}                               },
    {"ci",
     "two such on any CPU, with pauses of 0.25 s: a continuous integration host",     {{come_and_go, ANYWHERE, 0.25}, {come_and_go, ANYWHERE, 0.25}}},
    {"saturated",
     "two are always busy on any CPU, one of them in memory: three want two CPUs",    {{hog_memory, ANYWHERE, 0}, {hog_processor, ANYWHERE, 0}}     },
    {"compile",
     "two compilers, as of make -j2, on any CPU",                                     {{compile, ANYWHERE, 0}, {compile, ANYWHERE, 0}}              },
};
enum { CONDITIONS = sizeof conditions / sizeof *conditions };

static void usage(void)
{
    fprintf(stderr, "usage: noise CONDITION COMMAND [ARGUMENT...]\n");
    for (size_t i = 0; i < CONDITIONS; i++)
        fprintf(stderr, "  %-10s %s\n", conditions[i].name, conditions[i].help);
    exit(EXIT_BROKEN);
}

static void go_to(enum place place)
{
    cpu_set_t allowed, chosen;
    if (place == ANYWHERE)
        return;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        err(EXIT_BROKEN, "sched_getaffinity");
    int first = -1, last = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed)) {
            first = first < 0 ? cpu : first;
            last = cpu;
        }
    CPU_ZERO(&chosen);
    CPU_SET(place == FIRST_CPU ? first : last, &chosen);
    if (sched_setaffinity(0, sizeof chosen, &chosen) != 0)
        err(EXIT_BROKEN, "sched_setaffinity");
}

static pid_t start_neighbour(const struct neighbour *neighbour)
{
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        err(EXIT_BROKEN, "fork");
    if (child > 0)
        return child;
    die_with_parent(parent);
    go_to(neighbour->place);
    neighbour->live(neighbour);
    _exit(EXIT_BROKEN);
}

static pid_t start_command(char **command)
{
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        err(EXIT_BROKEN, "fork");
    if (child > 0)
        return child;
    die_with_parent(parent);
    signal(SIGINT, SIG_DFL);
    execvp(command[0], command);
    err(EXIT_BROKEN, "%s", command[0]);
}

static pid_t wait_for_any(int *status)
{
    pid_t ended;
    while ((ended = wait(status)) < 0 && errno == EINTR)
        ;
    return ended;
}

static bool is_neighbour(const pid_t *neighbour, pid_t pid)
{
    for (size_t i = 0; i < NEIGHBOURS_MAXIMUM; i++)
        if (neighbour[i] == pid)
            return true;
    return false;
}

/* Until the command ends. A neighbour that ends before makes the measurement worthless. */
static int wait_for(pid_t command, const pid_t *neighbour)
{
    int status;
    pid_t ended;
    /* Others are what the command has left behind. */
    while ((ended = wait_for_any(&status)) != command) {
        if (ended < 0)
            err(EXIT_BROKEN, "wait");
        if (is_neighbour(neighbour, ended))
            errx(EXIT_BROKEN, "a neighbour has ended: what was measured is not what was meant");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    const struct condition *condition = conditions;
    if (argc < 3)
        usage();
    while (condition < conditions + CONDITIONS && strcmp(condition->name, argv[1]) != 0)
        condition++;
    if (condition == conditions + CONDITIONS)
        usage();
    /* What a neighbour started comes to us when it is killed, to be waited for. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        err(EXIT_BROKEN, "PR_SET_CHILD_SUBREAPER");
    /* The command hears Ctrl-C by itself, and ends in order. */
    signal(SIGINT, SIG_IGN);
    pid_t neighbour[NEIGHBOURS_MAXIMUM] = {0};
    for (size_t i = 0; i < NEIGHBOURS_MAXIMUM; i++)
        if (condition->neighbour[i].live != NULL)
            neighbour[i] = start_neighbour(&condition->neighbour[i]);
    int status = wait_for(start_command(argv + 2), neighbour);
    for (size_t i = 0; i < NEIGHBOURS_MAXIMUM; i++)
        if (neighbour[i] > 0)
            kill(neighbour[i], SIGKILL);
    /* Quiet again when we are gone. */
    while (wait_for_any(&(int){0}) > 0)
        ;
    return status;
}
