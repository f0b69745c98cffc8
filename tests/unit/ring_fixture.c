/* A collector small enough for tests; see ring_fixture.h. */
#include "ring_fixture.h"

#include "trace.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* cmocka.h needs what stands above it */
#include <cmocka.h>

enum { TURN_MS = 1 };

/* ---- meeting ----------------------------------------------------------------- */

static int make_ring(struct fixture_stream *stream, size_t bytes)
{
    int memory = memfd_create("ring", MFD_CLOEXEC);
    size_t head =
        (sizeof(struct ring) + RING_CHUNK_BYTES - 1) / RING_CHUNK_BYTES * RING_CHUNK_BYTES;
    stream->ring_bytes = bytes;
    if (memory < 0 || ftruncate(memory, (off_t)bytes) != 0)
        abort();
    stream->ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (stream->ring == MAP_FAILED)
        abort();
    struct ring *ring = stream->ring;
    ring->version = RING_VERSION;
    ring->chunks_offset = head;
    ring->chunk_count = (uint32_t)((bytes - head) / RING_CHUNK_BYTES);
    ring->arrivals = RING_NO_CHUNK;
    ring->tick = 1;
    ring->patience_ms = FIXTURE_PATIENCE_MS;
    for (uint32_t i = 0; i < ring->chunk_count; i++)
        ring_chunk_at(ring, i)->link = i + 1 < ring->chunk_count ? i + 1 : RING_NO_CHUNK;
    ring->free_stack = 0;
    return memory;
}

static void answer(struct ring_fixture *fixture, int peer)
{
    if (fixture->stream_count == FIXTURE_STREAMS)
        return;
    struct fixture_stream *stream = &fixture->stream[fixture->stream_count];
    if (recv(peer, &stream->hello, sizeof stream->hello, 0) != sizeof stream->hello)
        return;
    struct ring_answer words = {.version = RING_VERSION, .accepted = !fixture->refuse};
    struct iovec body = {&words, sizeof words};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    int memory = -1;
    if (!fixture->refuse) {
        memory = make_ring(stream, fixture->ring_bytes);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof memory);
        memcpy(CMSG_DATA(head), &memory, sizeof memory);
    }
    if (sendmsg(peer, &message, MSG_NOSIGNAL) < 0)
        abort();
    if (memory >= 0)
        close(memory);
    fixture->stream_count++;
}

/* ---- reading ------------------------------------------------------------------- */

static void add_record(struct fixture_stream *stream, const struct ring_chunk *chunk,
                       const struct ring_record *record)
{
    if (stream->count == stream->room) {
        stream->room = stream->room * 2 + 1024;
        stream->records = realloc(stream->records, stream->room * sizeof *stream->records);
        if (stream->records == NULL)
            abort();
    }
    uint64_t head = record->head;
    struct fixture_record *to = &stream->records[stream->count++];
    *to = (struct fixture_record){
        .thread = chunk->thread,
        .tid = chunk->tid,
        .kind = head >> RING_KIND_SHIFT & ((1 << RING_KIND_BITS) - 1),
        .alignment_log2 = head >> RING_ALIGNMENT_SHIFT & ((1 << RING_ALIGNMENT_BITS) - 1),
        .failed = head >> RING_FAILED_SHIFT & 1,
        .address = head & ((UINT64_C(1) << RING_KIND_SHIFT) - 1),
        .size = record->body & ((UINT64_C(1) << RING_SIZE_BITS) - 1),
        .number = (uint32_t)(record->body >> RING_SIZE_BITS),
    };
    to->alone = head >> RING_ALONE_SHIFT & 1;
    if (to->alone || to->kind == RING_TIME || to->kind == RING_SIZE)
        to->size = record->body;
    if (to->alone)
        to->number = 0;
}

static void read_chunk(struct fixture_stream *stream, const struct ring_chunk *chunk)
{
    size_t holes = 0;
    for (size_t i = 0; i < RING_RECORDS; i++) {
        if (chunk->record[i].head == 0) {
            holes++;
            continue;
        }
        stream->holes += holes;
        holes = 0;
        add_record(stream, chunk, &chunk->record[i]);
    }
    if (chunk->next != RING_NO_CHUNK)
        stream->holes += holes;
}

static bool is_full(const struct ring_chunk *chunk)
{
    for (size_t i = 0; i < RING_RECORDS; i++)
        if (atomic_load_explicit(&chunk->record[i].head, memory_order_acquire) == 0)
            return false;
    return atomic_load_explicit(&chunk->next, memory_order_acquire) != RING_NO_CHUNK;
}

static void give_back(struct ring *ring, uint32_t index)
{
    struct ring_chunk *chunk = ring_chunk_at(ring, index);
    memset(chunk, 0, sizeof *chunk);
    uint64_t top = ring->free_stack;
    do
        chunk->link = (uint32_t)top;
    while (!atomic_compare_exchange_weak(&ring->free_stack, &top, ((top >> 32) + 1) << 32 | index));
    atomic_fetch_add(&ring->room, 1);
    if (ring->waiting != 0)
        syscall(SYS_futex, &ring->room, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The one thread of a draining test: its first chunk is the bottom of `arrivals`. */
static void drain(struct fixture_stream *stream)
{
    struct ring *ring = stream->ring;
    for (uint32_t index; (index = ring->arrivals) != RING_NO_CHUNK;) {
        struct ring_chunk *chunk = ring_chunk_at(ring, index);
        if (!is_full(chunk))
            return;
        read_chunk(stream, chunk);
        ring->arrivals = chunk->next;
        give_back(ring, index);
    }
}

static void read_rest(struct fixture_stream *stream)
{
    struct ring *ring = stream->ring;
    if (ring == NULL)
        return;
    uint32_t first[1024], count = 0;
    for (uint32_t i = ring->arrivals; i != RING_NO_CHUNK && count<1024; i = stream->count> 0
                                          ? RING_NO_CHUNK
                                          : ring_chunk_at(ring, i)->link)
        first[count++] = i;
    while (count-- > 0)
        for (uint32_t i = first[count]; i != RING_NO_CHUNK; i = ring_chunk_at(ring, i)->next)
            read_chunk(stream, ring_chunk_at(ring, i));
}

/* ---- running --------------------------------------------------------------------- */

static void *serve(void *argument)
{
    struct ring_fixture *fixture = argument;
    while (!fixture->over) {
        struct pollfd poll_fd = {.fd = fixture->socket, .events = POLLIN};
        if (poll(&poll_fd, 1, TURN_MS) > 0) {
            int peer = accept4(fixture->socket, NULL, NULL, SOCK_CLOEXEC);
            if (peer >= 0 && !fixture->deaf)
                answer(fixture, peer);
            if (peer >= 0)
                close(peer);
        }
        for (size_t i = 0; i < fixture->stream_count; i++) {
            struct ring *ring = fixture->stream[i].ring;
            if (ring == NULL)
                continue;
            atomic_fetch_add(&ring->tick, 1);
            if (fixture->beat)
                atomic_fetch_add(&ring->heartbeat, 1);
            if (fixture->drain)
                drain(&fixture->stream[i]);
        }
    }
    return NULL;
}

void ring_fixture_start(struct ring_fixture *fixture, size_t ring_bytes)
{
    static _Atomic unsigned serial;
    memset(fixture, 0, sizeof *fixture);
    fixture->ring_bytes = ring_bytes;
    fixture->beat = true;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(fixture->name, sizeof fixture->name, "@heapmark-test-%d-%u",
                          (int)getpid(), serial++);
    memcpy(address.sun_path + 1, fixture->name + 1, (size_t)length - 1);
    fixture->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(fixture->socket >= 0);
    assert_int_equal(bind(fixture->socket, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
                     0);
    assert_int_equal(listen(fixture->socket, FIXTURE_STREAMS), 0);
    assert_int_equal(pthread_create(&fixture->thread, NULL, serve, fixture), 0);
}

void ring_fixture_finish(struct ring_fixture *fixture)
{
    fixture->over = true;
    pthread_join(fixture->thread, NULL);
    close(fixture->socket);
    for (size_t i = 0; i < fixture->stream_count; i++)
        read_rest(&fixture->stream[i]);
}

void ring_fixture_release(struct ring_fixture *fixture)
{
    for (size_t i = 0; i < fixture->stream_count; i++) {
        if (fixture->stream[i].ring != NULL)
            munmap(fixture->stream[i].ring, fixture->stream[i].ring_bytes);
        free(fixture->stream[i].records);
    }
}

void ring_fixture_built(char path[4096], const char *name)
{
    char self[2048] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        abort();
    for (int up = 0; up < 3; up++) /* tests/unit/test_... */
        *strrchr(self, '/') = '\0';
    snprintf(path, 4096, "%s/%s", self, name);
}

int ring_fixture_run(struct ring_fixture *fixture, const char *preload, const char *const *command,
                     char *words)
{
    char program[4096], library[4096], setting[8192];
    int pipe_fd[2], status = -1;
    ring_fixture_built(program, "tests/unit/recorder_program");
    ring_fixture_built(library, "libheapmark-recorder.so");
    snprintf(setting, sizeof setting, "%s:%s", library, preload);
    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("LD_PRELOAD", setting, 1);
        setenv(RING_ENVIRONMENT, fixture->name, 1);
        dup2(pipe_fd[1], STDERR_FILENO);
        execv(program, (char *const *)command);
        _exit(126);
    }
    close(pipe_fd[1]);
    size_t used = 0;
    for (ssize_t got; (got = read(pipe_fd[0], words + used, 4095 - used)) > 0; used += (size_t)got)
        ;
    words[used] = '\0';
    close(pipe_fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}
