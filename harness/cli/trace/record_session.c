/* One recording; see record_session.h. */
#include "record_session.h"

#include "collector.h"
#include "executable.h"
#include "message.h"
#include "paths.h"
#include "process_facts.h"
#include "recorded_program.h"
#include "ring.h"
#include "units.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIBRARY "libheapmark-recorder.so"

enum {
    LINGER_MS = 1000, /* that a server waits for the next */
    FIRST_MS = 10000, /* for the first */
    LOOK_AGAIN_MS = 50,
};

struct session {
    const struct record_options *options;
    struct recorded_caller caller;
    struct collector *collector;
    char *output;
    pid_t child; /* 0: has ended */
    int status;  /* then */
    int signals; /* signalfd */
    bool left;   /* those that still run are not waited for */
};

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
enum { PASSED_ON = sizeof passed_on / sizeof passed_on[0] };

/* ---- what is said -------------------------------------------------------------------- */

/* One write a line: streams speak at once, and between the program's own lines. */
static void say(void *argument, const char *line)
{
    (void)argument;
    dprintf(STDERR_FILENO, "heapmark record: %s\n", line);
}

static void print_report(void *argument, const struct collector_report *report)
{
    const struct session *session = argument;
    char line[MESSAGE_BYTES], bytes[UNITS_TEXT_BYTES], time[UNITS_TEXT_BYTES];
    char stalls[96] = "", lost[96] = "";
    if (session->options->quiet || session->options->listener >= 0)
        return;
    if (report->stalls > 0)
        snprintf(stalls, sizeof stalls, ", %llu stalls (%s)", (unsigned long long)report->stalls,
                 units_print_duration(time, (int64_t)report->stall_ns));
    if (report->lost > 0)
        snprintf(lost, sizeof lost, ", %llu lost", (unsigned long long)report->lost);
    double each = report->operations > 0 ? (double)report->bytes / (double)report->operations : 0;
    message_set(line, "%.200s: %s, %llu operations, %s, %.2f bytes each%s%s%s", report->path,
                report->program, (unsigned long long)report->operations,
                units_print_bytes(bytes, (int64_t)report->bytes), each, stalls, lost,
                report->failed ? ", cut off" : "");
    say(NULL, line);
}

/* ---- setting up ----------------------------------------------------------------------- */

static void wait_for_signals(struct session *session)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < PASSED_ON; i++)
        sigaddset(&set, passed_on[i]);
    sigaddset(&set, SIGCHLD);
    recorded_caller_init(&session->caller, &set);
    session->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int make_collector(struct session *session, char *message)
{
    const struct record_options *options = session->options;
    const struct collector_options wanted = {
        .output = session->output,
        .ring_bytes = options->ring_bytes,
        .only = options->only,
        .no_children = options->no_children,
        .no_command = options->no_command,
        .listener = options->listener,
        .say = say,
        .report = print_report,
        .argument = session,
    };
    session->collector = collector_create(&wanted, message);
    return session->collector != NULL ? 0 : -1;
}

static char *default_output(const char *program)
{
    const char *slash = strrchr(program, '/');
    char *path = NULL;
    if (asprintf(&path, "%s.hmt", slash != NULL ? slash + 1 : program) < 0)
        return NULL;
    return path;
}

/* The recorder beside this program, as LD_PRELOAD can name it. NULL with a message. */
static char *find_library(char *message)
{
    struct paths paths = {0};
    char *library = NULL;
    if (paths_init(&paths, message) == 0 && (library = path_join(paths.programs, LIBRARY)) == NULL)
        message_set(message, "out of memory");
    paths_release(&paths);
    if (library == NULL)
        return NULL;
    if (access(library, R_OK) < 0)
        message_set(message, "%.300s: %s; run make, or make install", library, strerror(errno));
    else if (strpbrk(library, ": ") != NULL)
        message_set(message, "%.300s: LD_PRELOAD cannot name a path with blanks or colons; move it",
                    library);
    else
        return library;
    free(library);
    return NULL;
}

static int start_program(struct session *session, const char *library)
{
    char line[MESSAGE_BYTES];
    const struct recorded_program program = {
        .words = session->options->words,
        .library = library,
        .meeting = collector_name(session->collector),
        .caller = &session->caller,
    };
    session->child = recorded_program_start(&program);
    if (session->child > 0)
        return 0;
    int error = errno;
    session->child = 0;
    message_set(line, "cannot execute %.300s: %s", program.words[0], strerror(error));
    say(NULL, line);
    return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

/* ---- waiting --------------------------------------------------------------------------- */

static void reap(struct session *session)
{
    /* First of all the collector shall look how it ended. */
    collector_handle(session->collector);
    if (session->child > 0 && waitpid(session->child, &session->status, WNOHANG) > 0)
        session->child = 0;
}

/* What is left goes on in the background, unrecorded. */
static void leave(struct session *session)
{
    session->left = true;
    collector_leave_all(session->collector);
}

static void take_signals(struct session *session)
{
    struct signalfd_siginfo signal;
    while (read(session->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGCHLD)
            reap(session);
        else if (session->child == 0)
            leave(session);
        else if (signal.ssi_code != SI_KERNEL)
            /* What a terminal sends, it sends to the program, too. */
            kill(session->child, (int)signal.ssi_signo);
    }
}

/* Waits for something to happen, for `limit_ms` at most (-1: for ever); false: nothing did. */
static bool take_events(struct session *session, int limit_ms)
{
    struct pollfd ready[] = {
        {.fd = collector_descriptor(session->collector), .events = POLLIN},
        {.fd = session->signals,                         .events = POLLIN},
    };
    if (poll(ready, 2, limit_ms) == 0)
        return false;
    take_signals(session);
    collector_handle(session->collector);
    return true;
}

/* A child that was forked off and has not allocated yet is not known to the collector: it may
 * become known still. */
static bool is_anybody_left(const struct session *session)
{
    char entry[sizeof RING_ENVIRONMENT + COLLECTOR_NAME_BYTES];
    if (session->options->no_children)
        return false;
    snprintf(entry, sizeof entry, RING_ENVIRONMENT "=%s", collector_name(session->collector));
    return process_any_with(entry);
}

static int program_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int conclude(struct session *session)
{
    char line[MESSAGE_BYTES];
    if (collector_failures(session->collector) > 0)
        return EXIT_RECORD_FAILED;
    if (collector_recorded(session->collector) > 0)
        return program_status(session->status);
    if (session->options->only != NULL)
        message_set(line, "no process ran a program named %.300s", session->options->only);
    else
        message_set(line, "%.300s did not load the recorder, so nothing is recorded",
                    session->options->words[0]);
    say(NULL, line);
    return EXIT_RECORD_FAILED;
}

static int run(struct session *session, const char *library)
{
    char message[MESSAGE_BYTES] = "";
    wait_for_signals(session);
    if (make_collector(session, message) < 0) {
        say(NULL, message);
        return EXIT_RECORD_FAILED;
    }
    int failure = start_program(session, library);
    if (failure != 0)
        return failure;
    while (session->child > 0 || collector_running(session->collector) > 0 ||
           (!session->left && is_anybody_left(session)))
        take_events(session, session->child > 0 || collector_running(session->collector) > 0
                                 ? -1
                                 : LOOK_AGAIN_MS);
    return conclude(session);
}

int record_session_run(const struct record_options *options)
{
    char message[MESSAGE_BYTES] = "";
    struct session session = {.options = options, .signals = -1};
    enum executable_verdict verdict = executable_judge(options->words[0], message);
    if (verdict != EXECUTABLE_FIT) {
        say(NULL, message);
        return verdict == EXECUTABLE_MISSING ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
    }
    session.output =
        options->output != NULL ? strdup(options->output) : default_output(options->words[0]);
    char *library = find_library(message);
    int status = EXIT_RECORD_FAILED;
    if (library != NULL && session.output != NULL)
        status = run(&session, library);
    else
        say(NULL, library == NULL ? message : "out of memory");
    collector_free(session.collector);
    free(library);
    free(session.output);
    return status;
}

int record_session_serve(const struct record_options *options)
{
    char message[MESSAGE_BYTES] = "";
    struct session session = {.options = options, .signals = -1, .output = options->output};
    setsid();
    wait_for_signals(&session);
    if (make_collector(&session, message) < 0) {
        say(NULL, message);
        return EXIT_RECORD_FAILED;
    }
    for (;;) {
        bool any = collector_recorded(session.collector) > 0;
        bool idle = collector_running(session.collector) == 0;
        if (!take_events(&session, !idle ? -1 : any ? LINGER_MS : FIRST_MS) && idle)
            break;
    }
    int status = collector_failures(session.collector) > 0 ? EXIT_RECORD_FAILED : 0;
    collector_free(session.collector);
    return status;
}
