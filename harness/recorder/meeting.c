/*
 * Meeting the collector: at the first call, and again at the first call in a fork's child.
 *
 * `process` is a page that the kernel wipes in the child, so the child finds itself
 * PHASE_UNMET and its threads' epochs outdated, without any call at the fork itself.
 */
#include "meeting.h"

#include "next.h"
#include "sidecar.h"
#include "system.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Not wiped: what a child inherits. */
static struct {
    bool decided;      /* whether anybody wants us, by the environment, has been looked at */
    bool unwanted;     /* for good, in children, too */
    uint32_t epoch;    /* of the last meeting */
    size_t ring_bytes; /* mapped at shared_ring */
    void *stale_ring;  /* see forget_ring() */
    size_t stale_bytes;
    struct sockaddr_un where;
    socklen_t where_bytes;
    char allocator[sizeof((struct ring *)0)->allocator];
} inherited;

/* ---- whether and where ------------------------------------------------------- */

static char **find_variable(void)
{
    static const char name[] = RING_ENVIRONMENT "=";
    for (char **entry = system_environment(); *entry != NULL; entry++)
        if (strncmp(*entry, name, sizeof name - 1) == 0)
            return entry;
    return NULL;
}

/* Returns false, having said so, when the value leads nowhere. */
static bool find_collector(char **variable)
{
    const char *value = *variable + sizeof RING_ENVIRONMENT;
    if (value[0] != '@') {
        value = sidecar_start(value, variable);
        if (value == NULL)
            return false;
    }
    size_t length = strlen(value + 1);
    if (length == 0 || length >= sizeof inherited.where.sun_path) {
        system_complain(RING_ENVIRONMENT " names no collector");
        return false;
    }
    inherited.where.sun_family = AF_UNIX;
    /* The name of an abstract socket begins with a null byte, and ends with its length. */
    memcpy(inherited.where.sun_path + 1, value + 1, length);
    inherited.where_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    return true;
}

static bool is_wanted(void)
{
    if (!inherited.decided) {
        inherited.decided = true;
        char **variable = find_variable();
        inherited.unwanted = variable == NULL || (*variable)[sizeof RING_ENVIRONMENT] == '\0' ||
                             !find_collector(variable);
    }
    return !inherited.unwanted;
}

/* ---- the socket ---------------------------------------------------------------- */

static int connect_to_collector(void)
{
    int socket = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return -1;
    struct timeval patience = {.tv_sec = RING_PATIENCE_MS / 1000};
    syscall(SYS_setsockopt, socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    syscall(SYS_setsockopt, socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (syscall(SYS_connect, socket, &inherited.where, inherited.where_bytes) == 0)
        return socket;
    syscall(SYS_close, socket);
    return -1;
}

static bool say_hello(int socket)
{
    struct ring_hello hello = {
        .version = RING_VERSION,
        .reason = inherited.epoch == 0 ? RING_STARTED : RING_FORKED,
        .pid = (uint32_t)syscall(SYS_getpid),
        .parent = (uint32_t)syscall(SYS_getppid),
    };
    return syscall(SYS_sendto, socket, &hello, sizeof hello, MSG_NOSIGNAL, NULL, 0) ==
           (long)sizeof hello;
}

/* Returns the memfd; -1: refused, and answer.accepted says whether by intent. */
static int hear_answer(int socket, struct ring_answer *answer)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec body = {answer, sizeof *answer};
    struct msghdr message = {
        .msg_iov = &body,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    long bytes;
    do
        bytes = syscall(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
    while (bytes < 0 && errno == EINTR);
    if (bytes != (long)sizeof *answer) {
        answer->accepted = 1; /* it did not refuse: it is not there */
        return -1;
    }
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head == NULL || head->cmsg_type != SCM_RIGHTS || answer->version != RING_VERSION)
        return -1;
    int memory;
    memcpy(&memory, CMSG_DATA(head), sizeof memory);
    return memory;
}

/* ---- the ring -------------------------------------------------------------------- */

/* Maps it so that chunks lie at multiples of their size. Returns NULL when that fails. */
static struct ring *map_ring(int memory, size_t *ring_bytes)
{
    off_t bytes = lseek(memory, 0, SEEK_END);
    if (bytes < (off_t)sizeof(struct ring))
        return NULL;
    *ring_bytes = (size_t)bytes;
    size_t room = *ring_bytes + RING_CHUNK_BYTES;
    unsigned char *start = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    /* The ring's own offset to its chunks is a multiple of their size. */
    size_t shift = -(uintptr_t)start % RING_CHUNK_BYTES;
    struct ring *ring =
        mmap(start + shift, *ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0);
    if (ring == MAP_FAILED || ring->version != RING_VERSION ||
        ring->chunks_offset % RING_CHUNK_BYTES != 0) {
        munmap(start, room);
        return NULL;
    }
    if (shift > 0)
        munmap(start, shift);
    if (shift < RING_CHUNK_BYTES)
        munmap(start + shift + *ring_bytes, RING_CHUNK_BYTES - shift);
    return ring;
}

/* Of that of the process that forked us, nothing but the address remains: a signal handler that
 * forked may have come while a record was written there, which goes on in the child, too. */
static void forget_ring(void)
{
    if (inherited.stale_ring != NULL)
        munmap(inherited.stale_ring, inherited.stale_bytes);
    inherited.stale_ring = shared_ring;
    inherited.stale_bytes = inherited.ring_bytes;
    if (mmap(shared_ring, inherited.ring_bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
        inherited.stale_ring = NULL; /* it stays mapped, which costs no more than memory */
}

/* Returns what was wrong, or NULL. */
static const char *get_ring(int memory)
{
    size_t ring_bytes = 0;
    struct ring *ring = map_ring(memory, &ring_bytes);
    if (ring == NULL)
        return "cannot map the ring of records: no address space";
    if (madvise(&process, sizeof process, MADV_WIPEONFORK) != 0) {
        munmap(ring, ring_bytes);
        return "the kernel knows no MADV_WIPEONFORK";
    }
    if (shared_ring != NULL)
        forget_ring();
    memcpy(ring->allocator, inherited.allocator, sizeof ring->allocator);
    inherited.ring_bytes = ring_bytes;
    shared_ring = ring;
    return NULL;
}

/* Returns whether there is a ring now. */
static bool meet(void)
{
    struct ring_answer answer = {.accepted = 1};
    const char *wrong = "cannot reach the collector";
    int socket = connect_to_collector();
    if (socket >= 0 && say_hello(socket)) {
        int memory = hear_answer(socket, &answer);
        if (memory >= 0) {
            wrong = answer.accepted ? get_ring(memory) : NULL;
            syscall(SYS_close, memory);
        }
    }
    if (socket >= 0)
        syscall(SYS_close, socket);
    if (!answer.accepted)
        return false;
    if (wrong != NULL) {
        inherited.unwanted = true;
        system_complain(wrong);
    }
    return wrong == NULL;
}

/* ---- phases ------------------------------------------------------------------------- */

bool meeting_hold(void)
{
    uint32_t phase = PHASE_UNMET;
    /* Of threads that come together one meets; the others wait, which they need not for long. */
    while (!atomic_compare_exchange_strong(&process.phase, &phase, PHASE_MEETING)) {
        if (phase != PHASE_MEETING)
            return phase == PHASE_RECORDING;
        phase = PHASE_UNMET;
        syscall(SYS_sched_yield);
    }
    /* The child of a vfork is not the process whose records these are to be, and which has not met
     * yet: that does so when it goes on. */
    if (is_wanted() && system_is_in_vfork()) {
        atomic_store(&process.phase, PHASE_UNMET);
        return false;
    }
    bool met = is_wanted() && meet();
    atomic_store(&process.epoch, met ? ++inherited.epoch : EPOCH_OFF);
    atomic_store(&process.ring, met ? shared_ring : NULL);
    atomic_store(&process.phase, met ? PHASE_RECORDING : PHASE_OFF);
    return met;
}

void meeting_stop(bool for_children_too)
{
    if (for_children_too) {
        inherited.unwanted = true;
        atomic_store(&shared_ring->state, RING_STOPPED);
    }
    atomic_store(&process.ring, NULL);
    atomic_store(&process.phase, PHASE_OFF);
    atomic_store(&process.epoch, EPOCH_OFF);
}

void meeting_name_allocator(void)
{
    const char *path = next_allocator();
    size_t length = path == NULL ? 0 : strlen(path);
    if (length == 0 || length >= sizeof inherited.allocator)
        return;
    memcpy(inherited.allocator, path, length);
    memcpy(shared_ring->allocator, path, length);
}
