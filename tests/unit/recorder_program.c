/*
 * What test_recorder records: each word names a piece of work. Expectations go to stderr, since
 * stdio allocates: "KIND SIZE ADDRESS" lines, or nothing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

void *_Znwm(size_t size);
void _ZdlPvm(void *block, size_t size);
void *_ZnwmSt11align_val_t(size_t size, size_t to);
void _ZdlPvSt11align_val_t(void *block, size_t to);

/* Not known to the compiler, so that it keeps calls whose outcome it could tell. */
static volatile size_t huge = SIZE_MAX / 2 + 1, large = (size_t)1 << 45;

static void tell(const char *what, size_t size, const void *block)
{
    dprintf(STDERR_FILENO, "%s %zu %zu\n", what, size, (size_t)block);
}

static void family(void)
{
    void *blocks[16] = {malloc(1001), calloc(2, 1002), memalign(64, 1003), aligned_alloc(256, 1024),
                        NULL,         valloc(1005),    pvalloc(1006)};
    int error = posix_memalign(&blocks[4], 4096, 1004);
    tell("malloc", 1001, blocks[0]);
    tell("calloc", 2004, blocks[1]);
    tell("memalign", 1003, blocks[2]);
    tell("aligned_alloc", 1024, blocks[3]);
    tell("valloc", 1005, blocks[5]);
    tell("pvalloc", 1006, blocks[6]);
    tell("posix_memalign", 1004, error == 0 ? blocks[4] : NULL);
    void *old = blocks[0];
    tell("realloc_begin", 0, old);
    blocks[0] = realloc(blocks[0], 200007);
    tell("realloc", 200007, blocks[0]);
    blocks[7] = reallocarray(NULL, 3, 1009);
    tell("realloc_begin", 0, NULL);
    tell("reallocarray", 3027, blocks[7]);
    for (int i = 0; i < 8; i++) {
        tell("free", 0, blocks[i]);
        free(blocks[i]);
    }
    free(NULL);
    tell("free", 0, NULL);
    void *emptied = malloc(31);
    tell("malloc", 31, emptied);
    tell("realloc_begin", 0, emptied);
    if (realloc(emptied, 0) != NULL)
        abort();
    tell("realloc", 0, NULL);
}

/* Each fails, and leaves errno as without a recorder. */
static void failures(void)
{
    errno = 0;
    void *block = malloc(huge);
    tell("malloc", huge, block == NULL && errno == ENOMEM ? NULL : "");
    block = malloc(large);
    tell("malloc", large, block == NULL ? NULL : "");
    errno = 0;
    block = calloc(huge, 4);
    tell("calloc", SIZE_MAX, block == NULL && errno == ENOMEM ? NULL : "");
    errno = 0;
    void *volatile old = malloc(77);
    tell("malloc", 77, old);
    tell("realloc_begin", 0, old);
    block = realloc(old, huge);
    tell("realloc", huge, block == NULL && errno == ENOMEM ? NULL : "");
    errno = 0;
    tell("realloc_begin", 0, old);
    block = reallocarray(old, huge, 4);
    tell("reallocarray", SIZE_MAX, block == NULL && errno == ENOMEM ? NULL : "");
    errno = 5;
    int error = posix_memalign(&block, 3, 10);
    tell("posix_memalign", 10, error == EINVAL && errno == 5 ? NULL : "");
    free(old);
    tell("free", 0, old);
    if (errno != 5)
        abort();
}

static void cplusplus(void)
{
    void *plain = _Znwm(3001), *aligned = _ZnwmSt11align_val_t(3072, 512);
    tell("malloc", 3001, plain);
    tell("aligned_alloc", 3072, aligned);
    _ZdlPvm(plain, 3001);
    _ZdlPvSt11align_val_t(aligned, 512);
    tell("free", 0, plain);
    tell("free", 0, aligned);
}

/* A library that comes by dlopen, from where its caller has it. */
static void plugin(void)
{
    void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
    void *(*make)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "_Znwm");
    if (library == NULL || make == NULL)
        abort();
    void *block = make(3003);
    tell("malloc", 3003, block);
    dlclose(library);
}

/* ---- threads -------------------------------------------------------------------- */

enum { EXCHANGES = 20000, SLOTS = 64 };
static void *_Atomic exchange[SLOTS];
static pthread_key_t key;

static void free_late(void *block)
{
    free(block);
    free(malloc(4004)); /* after other destructors have run */
}

static void *trade(void *argument)
{
    unsigned seed = (unsigned)(size_t)argument;
    pthread_setspecific(key, malloc(4003));
    for (int i = 0; i < EXCHANGES; i++) {
        seed = seed * 1103515245 + 12345;
        void *mine = malloc(16 + (seed >> 16) % 600);
        free(__atomic_exchange_n(&exchange[(seed >> 8) % SLOTS], mine, __ATOMIC_ACQ_REL));
    }
    return NULL;
}

static void threads(void)
{
    pthread_t thread[4];
    pthread_key_create(&key, free_late);
    for (size_t i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, trade, (void *)(i + 1));
    for (size_t i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    for (size_t i = 0; i < SLOTS; i++)
        free(exchange[i]);
}

/* A second thread comes and goes; then libc says that there is one again, which glibc may do. */
static void company(void)
{
    pthread_t thread;
    free(malloc(4101));
    pthread_create(&thread, NULL, trade, (void *)1);
    pthread_join(thread, NULL);
    __libc_single_threaded = 1;
    for (int i = 0; i < 3000; i++)
        free(malloc(4102));
    for (size_t i = 0; i < SLOTS; i++)
        free(exchange[i]);
}

/* Another libc with a malloc of its own, which nothing is preloaded into. */
static void namespaces(void)
{
    void *libc = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
    void *(*other_malloc)(size_t) = libc == NULL ? NULL : (void *(*)(size_t))dlsym(libc, "malloc");
    void (*other_free)(void *) = libc == NULL ? NULL : (void (*)(void *))dlsym(libc, "free");
    if (other_malloc == NULL || other_free == NULL || other_malloc == malloc)
        abort();
    void *block = malloc(4201);
    tell("malloc", 4201, block);
    for (int i = 0; i < 1000; i++)
        other_free(other_malloc(4202));
    free(block);
    tell("free", 0, block);
}

/* ---- processes ------------------------------------------------------------------- */

static void *idle(void *argument)
{
    pause();
    return argument;
}

static void forked(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, idle, NULL);
    free(malloc(5001));
    pid_t child = fork();
    if (child == 0) {
        unsetenv("HEAPMARK_RECORD");
        free(malloc(5002));
        pid_t grandchild = fork();
        if (grandchild == 0) {
            free(malloc(5003));
            _exit(0);
        }
        waitpid(grandchild, NULL, 0);
        free(malloc(5004));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    free(malloc(5005));
}

static void vforked(void)
{
    free(malloc(5101));
    pid_t child = vfork();
    if (child == 0) {
        void *volatile block = malloc(5102);
        free(block);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    free(malloc(5103));
}

static void executed(void)
{
    free(malloc(5201));
    execl("/proc/self/exe", "recorder_program", "exits", NULL);
}

static void exits(void)
{
    free(malloc(5202));
    _exit(0);
}

static void killed(void)
{
    for (int i = 0; i < 3000; i++)
        free(malloc(5301));
    raise(SIGKILL);
}

/* ---- signals ----------------------------------------------------------------------- */

static volatile sig_atomic_t ticks;

/* malloc in a handler is undefined where the main flow is in malloc: the allocator here is one
 * that bears it (see shim_reentrant.c). */
static void on_tick(int signal_number)
{
    void *block = malloc(18);
    free(block);
    ticks = ticks + (signal_number > 0);
}

static void storm(void)
{
    struct sigaction action = {.sa_handler = on_tick};
    struct itimerval often = {
        {0, 20},
        {0, 20}
    };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 1000000; i++)
        free(malloc(17));
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    tell("ticks", (size_t)ticks, NULL);
}

/* Handlers fork, and their children go on where the signal came. */
static volatile sig_atomic_t forks, is_child;

static void on_tick_fork(int signal_number)
{
    free(malloc(18));
    if (is_child || forks == 20 || (ticks = ticks + (signal_number > 0)) % 16 != 0)
        return;
    forks = forks + 1;
    pid_t child = fork();
    if (child == 0) {
        setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
        is_child = 1;
    }
}

static void forking_storm(void)
{
    struct sigaction action = {.sa_handler = on_tick_fork, .sa_flags = SA_RESTART};
    struct itimerval often = {
        {0, 50},
        {0, 50}
    };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int left = 3000000; left > 0 && forks < 20 && !is_child; left--)
        free(malloc(17));
    for (int left = 1000; left > 0 && is_child; left--)
        free(malloc(17));
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    if (is_child)
        _exit(0);
    int status, children = 0;
    for (; wait(&status) > 0; children++)
        if (status != 0)
            abort();
    tell("children", (size_t)children, NULL);
}

/* ---- the rest ------------------------------------------------------------------------ */

static void many(void)
{
    for (int i = 0; i < 100000; i++)
        free(malloc(7001));
    tell("many", 0, NULL);
}

/* A child that wait() finds, if there is one but those that the program made. */
static void childless(void)
{
    free(malloc(7101));
    if (waitpid(-1, NULL, __WALL | WNOHANG) != -1 || errno != ECHILD)
        abort();
    tell(getenv("HEAPMARK_RECORD"), 0, NULL);
}

static void bare(void)
{
    close_range(3, ~0U, 0);
    free(malloc(7201));
    int descriptor = open("/dev/null", O_RDONLY);
    tell("first", (size_t)descriptor, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } works[] = {
        {"family",        family       },
        {"failures",      failures     },
        {"cplusplus",     cplusplus    },
        {"plugin",        plugin       },
        {"threads",       threads      },
        {"forked",        forked       },
        {"vforked",       vforked      },
        {"executed",      executed     },
        {"exits",         exits        },
        {"killed",        killed       },
        {"storm",         storm        },
        {"company",       company      },
        {"namespaces",    namespaces   },
        {"forking_storm", forking_storm},
        {"many",          many         },
        {"childless",     childless    },
        {"bare",          bare         },
    };
    for (int word = 1; word < argc; word++)
        for (size_t i = 0; i < sizeof works / sizeof *works; i++)
            if (strcmp(argv[word], works[i].name) == 0)
                works[i].run();
    return 0;
}
