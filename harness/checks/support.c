/* Verdicts and helpers of the tests; see check.h. */
#include "check.h"
#include "verdict_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 1024, THREADS_MAXIMUM = 64 };

/* vsnprintf into an array allocates nothing, as long as no float and no wide text is printed. */
static void write_line(const char *word, const char *format, va_list arguments)
{
    char line[LINE_BYTES];
    int length = snprintf(line, sizeof line, "%s", word);
    int more = vsnprintf(line + length, sizeof line - 1 - (size_t)length, format, arguments);
    length += more < 0 ? 0 : more;
    if (length > LINE_BYTES - 2)
        length = LINE_BYTES - 2;
    for (int i = 0; i < length; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[length++] = '\n';
    /* Nobody is left to be told when this fails: no verdict is a verdict, too. */
    ssize_t written = write(STDOUT_FILENO, line, (size_t)length);
    (void)written;
}

void verdict_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line("", format, arguments);
    va_end(arguments);
}

/* A word and a reason, then the end. */
#define END_WITH(word, status)               \
    do {                                     \
        va_list arguments;                   \
        va_start(arguments, format);         \
        write_line(word, format, arguments); \
        va_end(arguments);                   \
        _exit(status);                       \
    } while (0)

_Noreturn void check_fail(const char *format, ...)
{
    END_WITH("fail ", 1);
}

_Noreturn void check_skip(const char *format, ...)
{
    END_WITH("skip ", 0);
}

_Noreturn void check_harm(const char *format, ...)
{
    END_WITH("harm ", 0);
}

_Noreturn void check_pass(void)
{
    verdict_line("pass");
    _exit(0);
}

void check_misuse_begins(void)
{
    verdict_line("begins");
}

void check_misuse_done(void)
{
    verdict_line("done");
}

static void *map(size_t bytes, int flags)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        check_skip("no %zu bytes for the test itself: %s", bytes, strerror(errno));
    return memory;
}

void *check_memory(size_t bytes)
{
    return map(bytes, MAP_PRIVATE | MAP_NORESERVE);
}

void *check_shared(size_t bytes)
{
    return map(bytes, MAP_SHARED);
}

/* splitmix64: Steele, Lea, Flood, OOPSLA 2014. */
uint64_t check_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t check_random_size(uint64_t *state, size_t maximum)
{
    uint64_t number = check_random(state);
    unsigned bits = (unsigned)(63 - __builtin_clzll((uint64_t)maximum | 1));
    if ((number & 1) != 0)
        return (number >> 8) % 512;
    size_t top = (size_t)1 << ((number >> 8) % (bits + 1));
    return (number >> 16) % top + 1;
}

static uint64_t word_at(uint64_t seed, size_t index)
{
    return (seed + index) * UINT64_C(0x9e3779b97f4a7c15) ^ seed;
}

void check_fill(void *block, size_t bytes, uint64_t seed)
{
    unsigned char *at = block;
    size_t words = bytes / sizeof(uint64_t);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = word_at(seed, i);
        memcpy(at + i * sizeof word, &word, sizeof word);
    }
    uint64_t last = word_at(seed, words);
    memcpy(at + words * sizeof last, &last, bytes % sizeof last);
}

bool check_is_filled(const void *block, size_t bytes, uint64_t seed)
{
    const unsigned char *at = block;
    size_t words = bytes / sizeof(uint64_t);
    uint64_t wrong = 0, found;
    for (size_t i = 0; i < words; i++) {
        memcpy(&found, at + i * sizeof found, sizeof found);
        wrong |= found ^ word_at(seed, i);
    }
    uint64_t last = word_at(seed, words);
    return wrong == 0 && memcmp(at + words * sizeof last, &last, bytes % sizeof last) == 0;
}

void check_filled(const void *block, size_t bytes, uint64_t seed, const char *what)
{
    if (!check_is_filled(block, bytes, seed))
        check_fail("%s: a block of %zu bytes does not hold what was written", what, bytes);
}

void *check_hidden(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

size_t check_hidden_size(size_t bytes)
{
    __asm__ volatile("" : "+r"(bytes));
    return bytes;
}

void *check_malloc(size_t bytes)
{
    void *block = check_hidden(malloc(bytes));
    if (block == NULL)
        check_fail("malloc(%zu) is NULL", bytes);
    return block;
}

/* Without stdio, whose buffers would come from the allocator. */
size_t check_rss_bytes(void)
{
    char text[128] = "";
    unsigned long total = 0, resident = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0 ||
        sscanf(text, "%lu %lu", &total, &resident) != 2)
        check_skip("cannot read /proc/self/statm");
    close(fd);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

void check_sleep_ms(unsigned ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        continue;
}

uint64_t check_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void check_threads(unsigned count, void *(*run)(void *number))
{
    pthread_t threads[THREADS_MAXIMUM];
    if (count > THREADS_MAXIMUM)
        check_skip("%u threads are more than there is room for", count);
    for (unsigned i = 0; i < count; i++) {
        int error = pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)i);
        if (error != 0)
            check_fail("cannot start thread %u: %s", i, strerror(error));
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

pid_t check_fork(void)
{
    pid_t child = fork();
    if (child < 0)
        check_fail("fork: %s", strerror(errno));
    return child;
}

void check_child_is_well(pid_t child, const char *what)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            check_fail("%s: waitpid: %s", what, strerror(errno));
    if (WIFSIGNALED(status))
        check_fail("%s died by SIG%s", what, sigabbrev_np(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        check_fail("%s ended with status %d", what, WEXITSTATUS(status));
}
