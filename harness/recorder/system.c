/* What the recorder asks of the system; see system.h. */
#include "system.h"

#include <linux/kcmp.h>
#include <pthread.h>
#include <sys/uio.h>

const char *system_decimal(char digits[SYSTEM_DECIMAL_BYTES], unsigned long number)
{
    char *digit = digits + SYSTEM_DECIMAL_BYTES - 1;
    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return digit;
}

char **system_environment(void)
{
    extern char **environ;
    extern void *__libc_stack_end;
    if (environ != NULL)
        return environ;
    long *start = __libc_stack_end; /* argc, argv, NULL, environment */
    return (char **)start + 1 + *start + 1;
}

/* As libc knows it, which a vfork does not change: the clock's number holds it, as
 * clock_getcpuclockid of the kernel has it (include/linux/posix-timers_types.h). 0: not known. */
static long libc_tid(void)
{
    clockid_t clock;
    return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? ~((long)clock >> 3) : 0;
}

/* A fork that went past libc changes the number, too, but not the memory of others. */
static bool shares_memory_with_parent(void)
{
    return syscall(SYS_kcmp, syscall(SYS_getpid), syscall(SYS_getppid), KCMP_VM, 0, 0) == 0;
}

bool system_is_in_vfork(void)
{
    long tid = libc_tid();
    return tid > 0 && tid != syscall(SYS_gettid) && shares_memory_with_parent();
}

uint32_t system_tid(void)
{
    return (uint32_t)(system_is_in_vfork() ? libc_tid() : syscall(SYS_gettid));
}

void system_complain(const char *what)
{
    char digits[SYSTEM_DECIMAL_BYTES];
    const char *pid = system_decimal(digits, (unsigned long)syscall(SYS_getpid));
    const char *words[] = {"heapmark: ", what, ", ", pid, " goes on unrecorded\n"};
    enum { WORDS = sizeof words / sizeof *words };
    struct iovec line[WORDS];
    for (int i = 0; i < WORDS; i++)
        line[i] = (struct iovec){(void *)words[i], strlen(words[i])};
    /* One call, so that lines of several processes do not mix; nobody is there to be told that
     * it failed. */
    syscall(SYS_writev, STDERR_FILENO, line, WORDS);
}
