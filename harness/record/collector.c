/* Who is recorded, and how long; see collector.h. */
#include "collector.h"

#include "message.h"
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, EVENTS = 64, HELLO_SECONDS = 1 };

struct collector {
    struct collector_options options;
    struct recording_host host;
    struct recording *recordings;
    size_t running;
    uint64_t recorded, failures;
    int listener, events;
    char name[COLLECTOR_NAME_BYTES];
};

/* ---- making and ending ----------------------------------------------------------- */

static int listen_anew(struct collector *collector, char *message)
{
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return message_set(message, "no random numbers: %s", strerror(errno));
    int length = snprintf(collector->name, sizeof collector->name, "@heapmark-%016llx%016llx",
                          (unsigned long long)random[0], (unsigned long long)random[1]);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, collector->name + 1, (size_t)length - 1);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    collector->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (collector->listener < 0 ||
        bind(collector->listener, (struct sockaddr *)&address, bytes) < 0 ||
        listen(collector->listener, BACKLOG) < 0)
        return message_set(message, "cannot listen for the program: %s", strerror(errno));
    return 0;
}

static int watch(struct collector *collector, int descriptor, void *whose)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = whose};
    return epoll_ctl(collector->events, EPOLL_CTL_ADD, descriptor, &event);
}

static int set_up(struct collector *collector, char *message)
{
    collector->events = epoll_create1(EPOLL_CLOEXEC);
    collector->host.done_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (collector->listener < 0 && listen_anew(collector, message) < 0)
        return -1;
    fcntl(collector->listener, F_SETFD, FD_CLOEXEC);
    fcntl(collector->listener, F_SETFL, O_NONBLOCK);
    if (collector->events < 0 || collector->host.done_event < 0 ||
        watch(collector, collector->listener, &collector->listener) < 0 ||
        watch(collector, collector->host.done_event, &collector->host.done_event) < 0)
        return message_set(message, "cannot listen for the program: %s", strerror(errno));
    return 0;
}

struct collector *collector_create(const struct collector_options *options, char *message)
{
    struct collector *collector = calloc(1, sizeof *collector);
    if (collector == NULL) {
        message_set(message, "out of memory");
        return NULL;
    }
    collector->options = *options;
    collector->listener = options->listener;
    collector->host.say = options->say;
    collector->host.say_argument = options->argument;
    output_names_init(&collector->host.names, options->output);
    tick_clock_set(&collector->host.clock);
    if (set_up(collector, message) == 0)
        return collector;
    collector_free(collector);
    return NULL;
}

static void close_one(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
}

void collector_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    collector_leave_all(collector);
    while (collector->recordings != NULL) {
        struct recording *recording = collector->recordings;
        collector->recordings = recording->next;
        free(recording_finish(recording).path);
    }
    close_one(collector->listener);
    close_one(collector->events);
    close_one(collector->host.done_event);
    output_names_release(&collector->host.names);
    free(collector);
}

const char *collector_name(const struct collector *collector)
{
    return collector->name;
}

int collector_descriptor(const struct collector *collector)
{
    return collector->events;
}

size_t collector_running(const struct collector *collector)
{
    return collector->running;
}

uint64_t collector_recorded(const struct collector *collector)
{
    return collector->recorded;
}

uint64_t collector_failures(const struct collector *collector)
{
    return collector->failures;
}

/* ---- meeting ------------------------------------------------------------------------ */

static void answer(int socket, int memory)
{
    struct ring_answer text = {.version = RING_VERSION, .accepted = memory >= 0};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec body = {&text, sizeof text};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    if (memory >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof memory);
        memcpy(CMSG_DATA(head), &memory, sizeof memory);
    }
    /* Lost: the process is dead, which its recording will hear. */
    (void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

static bool is_wanted(const struct collector *collector, pid_t pid)
{
    if (collector->options.no_children && collector->recorded > 0)
        return false;
    return collector->options.only == NULL || process_is_called(pid, collector->options.only);
}

/* An image of that process that is being recorded has been replaced by the one that now says
 * hello: it executed it. Or the number is that of a process just dead. */
static void end_image_before(struct collector *collector, pid_t pid)
{
    for (struct recording *s = collector->recordings; s != NULL; s = s->next) {
        struct pollfd death = {.fd = s->pidfd, .events = POLLIN};
        if (s->origin.pid == pid)
            recording_end(s, poll(&death, 1, 0) == 0 ? RECORDING_EXECUTED : RECORDING_DIED);
    }
}

static int turn_away(struct collector *collector, const char *message)
{
    char line[MESSAGE_BYTES];
    if (collector->failures++ == 0) {
        message_set(line, "%.400s; a process goes on unrecorded", message);
        collector->options.say(collector->options.argument, line);
    }
    return -1;
}

/* Returns the ring's descriptor, to be sent and closed, or -1 when the process is not recorded. */
static int begin_recording(struct collector *collector, const struct process_origin *origin)
{
    char message[MESSAGE_BYTES] = "";
    int memory = -1;
    if (collector->running >= COLLECTOR_RECORDINGS_MAXIMUM) {
        message_set(message, "%d processes are being recorded at once, which is the most",
                    COLLECTOR_RECORDINGS_MAXIMUM);
        return turn_away(collector, message);
    }
    struct recording *recording =
        recording_create(&collector->host, origin, collector->options.ring_bytes, &memory, message);
    if (recording == NULL)
        return turn_away(collector, message);
    recording->is_first = collector->recorded == 0;
    recording->pidfd = (int)syscall(SYS_pidfd_open, origin->pid, 0);
    if (recording->pidfd < 0 || watch(collector, recording->pidfd, recording) < 0)
        message_set(message, "cannot watch process %d: %s", (int)origin->pid, strerror(errno));
    else if (recording_start(recording, message) == 0) {
        recording->next = collector->recordings;
        collector->recordings = recording;
        collector->running++;
        collector->recorded++;
        return memory;
    }
    close(memory);
    recording_finish(recording);
    return turn_away(collector, message);
}

static void meet(struct collector *collector, int socket)
{
    struct timeval patience = {.tv_sec = HELLO_SECONDS};
    struct ring_hello hello;
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (recv(socket, &hello, sizeof hello, 0) != (ssize_t)sizeof hello ||
        getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0 || peer.pid <= 0)
        return;
    struct process_origin origin = {
        .pid = peer.pid, /* as we see it; `hello` has it as the process does */
        .parent = (pid_t)hello.parent,
        .forked = hello.reason == RING_FORKED,
        .with_command = !collector->options.no_command,
    };
    end_image_before(collector, peer.pid);
    int memory = -1;
    if (hello.version != RING_VERSION)
        turn_away(collector, "the recorder is of another version of heapmark");
    else if (is_wanted(collector, peer.pid))
        memory = begin_recording(collector, &origin);
    answer(socket, memory);
    close_one(memory);
}

static void meet_all(struct collector *collector)
{
    int socket;
    while ((socket = accept4(collector->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        meet(collector, socket);
        close(socket);
    }
    if (errno == EMFILE || errno == ENFILE) {
        turn_away(collector, "no file descriptor is left to meet a process");
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL); /* the connection waits still */
    }
}

/* ---- ends ---------------------------------------------------------------------------- */

static void report(struct collector *collector, struct recording *recording)
{
    struct collector_report report = {.program = recording->name};
    char name[PROCESS_NAME_BYTES];
    memcpy(name, recording->name, sizeof name);
    struct recording_result result = recording_finish(recording);
    report.program = name;
    report.path = result.path;
    report.operations = result.operations;
    report.bytes = result.bytes;
    report.stalls = result.stalls;
    report.stall_ns = result.stall_ns;
    report.lost = result.lost;
    report.failed = result.failed;
    collector->failures += result.failed;
    if (result.path != NULL)
        collector->options.report(collector->options.argument, &report);
    free(result.path);
}

static void finish_done(struct collector *collector)
{
    eventfd_t count;
    eventfd_read(collector->host.done_event, &count);
    for (struct recording **link = &collector->recordings; *link != NULL;) {
        struct recording *recording = *link;
        if (!atomic_load_explicit(&recording->done, memory_order_acquire)) {
            link = &recording->next;
            continue;
        }
        *link = recording->next;
        collector->running--;
        report(collector, recording);
    }
}

void collector_leave_all(struct collector *collector)
{
    for (struct recording *s = collector->recordings; s != NULL; s = s->next)
        recording_end(s, RECORDING_LEFT);
}

void collector_handle(struct collector *collector)
{
    struct epoll_event event[EVENTS];
    int count = epoll_wait(collector->events, event, EVENTS, 0);
    bool done = false;
    for (int i = 0; i < count; i++) {
        if (event[i].data.ptr == &collector->listener) {
            meet_all(collector);
        } else if (event[i].data.ptr == &collector->host.done_event) {
            done = true;
        } else {
            struct recording *recording = event[i].data.ptr;
            epoll_ctl(collector->events, EPOLL_CTL_DEL, recording->pidfd, NULL);
            recording_end(recording, RECORDING_DIED);
        }
    }
    /* Last: it frees recordings, which the events above may name. */
    if (done)
        finish_done(collector);
}
