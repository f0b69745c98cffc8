/* A gate before the system's memory calls; see gate.h and seccomp(2). */
#include "gate.h"

#include "check.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* A system call whose instruction the filter lets pass: gate_call_end is where it returns to. */
long gate_call(long number, long a, long b, long c, long d, long e, long f);
extern const char gate_call_end[];

#if defined(__x86_64__)
#define GATE_ARCH AUDIT_ARCH_X86_64
__asm__(".text\n.globl gate_call\n.type gate_call, @function\ngate_call:\n"
        "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nmov %rcx, %rdx\n"
        "mov %r8, %r10\nmov %r9, %r8\nmov 8(%rsp), %r9\nsyscall\n"
        ".globl gate_call_end\ngate_call_end:\nret\n.size gate_call, .-gate_call\n");
#elif defined(__aarch64__)
#define GATE_ARCH AUDIT_ARCH_AARCH64
__asm__(".text\n.globl gate_call\n.type gate_call, %function\ngate_call:\n"
        "mov x8, x0\nmov x0, x1\nmov x1, x2\nmov x2, x3\nmov x3, x4\nmov x4, x5\nmov x5, x6\n"
        "svc #0\n.globl gate_call_end\ngate_call_end:\nret\n.size gate_call, .-gate_call\n");
#else
#error "the gate knows x86-64 and aarch64"
#endif

/* Only this thread's handler and this thread itself look at it, one within the other. */
static volatile struct {
    uint32_t passed, first, count;
    bool closed, break_fails;
} gate;

static bool must_fail(long number)
{
    if (number == SYS_brk && gate.break_fails)
        return true;
    if (!gate.closed)
        return false;
    uint32_t now = ++gate.passed;
    return now >= gate.first && now - gate.first < gate.count;
}

static long decide(long number, const long a[6])
{
    /* brk(0) only asks, and never fails. A brk that fails returns where the break stays. */
    if ((number != SYS_brk || a[0] != 0) && must_fail(number))
        return number == SYS_brk ? gate_call(SYS_brk, 0, 0, 0, 0, 0, 0) : -ENOMEM;
    return gate_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void on_call(int signal, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    (void)signal;
#if defined(__x86_64__)
    greg_t *r = interrupted->uc_mcontext.gregs;
    const long a[6] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]};
    r[REG_RAX] = decide(info->si_syscall, a);
#else
    unsigned long long *r = interrupted->uc_mcontext.regs;
    const long a[6] = {(long)r[0], (long)r[1], (long)r[2], (long)r[3], (long)r[4], (long)r[5]};
    r[0] = (unsigned long long)decide(info->si_syscall, a);
#endif
}

#define LOAD(field) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped)
#define SKIP_IF(value, skipped)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, 0)
#define RETURN(value)               BPF_STMT(BPF_RET | BPF_K, value)

void gate_install(void)
{
    uint32_t low = (uint32_t)(uintptr_t)gate_call_end;
    uint32_t high = (uint32_t)((uintptr_t)gate_call_end >> 32);
    struct sock_filter filter[] = {
        LOAD(arch),
        SKIP_UNLESS(GATE_ARCH, 9),
        LOAD(nr),
        SKIP_IF(SYS_brk, 2),
        SKIP_IF(SYS_mmap, 1),
        SKIP_UNLESS(SYS_mremap, 5),
        LOAD(instruction_pointer),
        SKIP_UNLESS(low, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 (uint32_t)offsetof(struct seccomp_data, instruction_pointer) + 4),
        SKIP_IF(high, 1),
        RETURN(SECCOMP_RET_TRAP),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        check_skip("seccomp is not allowed here: %s", strerror(errno));
}

void gate_fail(uint32_t nth, uint32_t count)
{
    gate.passed = 0;
    gate.first = nth;
    gate.count = count;
    gate.closed = true;
}

uint32_t gate_calls(void)
{
    return gate.passed;
}

void gate_fail_break(bool fails)
{
    gate.break_fails = fails;
}

void gate_open(void)
{
    gate.closed = false;
}
