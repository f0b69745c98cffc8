/* What the recorder asks of the system; see system.h. */
#include "system.h"

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
