/* A program's folder and scripts; see program_session.h. */
#include "program_session.h"

#include "message.h"
#include "process_sweep.h"
#include "program_verdict.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS_MAXIMUM = 16, KIB_BYTES = 1024 };
#define CLEAN_UP_LIMIT_NS INT64_C(60000000000)

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    remove(path); /* one file that stays must not keep the others */
    return 0;
}

static int let_in(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path, status->st_mode | S_IRWXU);
    return 0;
}

static void remove_folder(const char *folder)
{
    nftw(folder, let_in, OPEN_FOLDERS_MAXIMUM, FTW_PHYS);
    nftw(folder, remove_one, OPEN_FOLDERS_MAXIMUM, FTW_PHYS | FTW_DEPTH);
}

static void release(struct program_session *session)
{
    if (session->folder != NULL)
        remove_folder(session->folder);
    free(session->folder);
    free(session->work);
    free(session->script);
    free(session->witness_file);
    free(session->json);
    free(session->own_errors);
    free(session->witness);
    free(session->proofs);
    *session = (struct program_session){0};
}

static int make_folder(struct program_session *session, char *message)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] != '/')
        parent = "/tmp";
    char *folder = path_join(parent, "heapmark-XXXXXX");
    if (folder == NULL)
        return message_set(message, "out of memory");
    if (mkdtemp(folder) == NULL) {
        free(folder);
        return message_set(message, "cannot make a folder in %s: %s; TMPDIR names another", parent,
                           strerror(errno));
    }
    session->folder = folder;
    session->work = path_join(folder, "work");
    session->script = path_join(folder, "script.sh");
    session->witness_file = path_join(folder, "witness");
    session->json = path_join(folder, "times.json");
    session->own_errors = path_join(folder, "hyperfine.txt");
    session->witness = path_join(session->paths->programs, "libheapmark-witness.so");
    if (!session->work || !session->script || !session->witness_file || !session->json ||
        !session->own_errors || !session->witness)
        return message_set(message, "out of memory");
    if (mkdir(session->work, S_IRWXU) < 0)
        return message_set(message, "cannot make %s: %s", session->work, strerror(errno));
    return 0;
}

int program_session_open(struct program_session *session, const struct program *program,
                         const struct paths *paths, char *message)
{
    *session = (struct program_session){.program = program, .paths = paths};
    if (strstr(program->command, "{under}") == NULL)
        return message_set(message, "program %s: its command has no {under}", program->name);
    program_missing(program, session->missing);
    if (make_folder(session, message) == 0)
        return 0;
    release(session);
    return -1;
}

void program_session_close(struct program_session *session)
{
    char message[MESSAGE_BYTES];
    struct program_options options = {.time_limit_ns = CLEAN_UP_LIMIT_NS};
    /* What the clean-up fails to do has no trial to show in, and the folder goes in any case. */
    if (session->set_up)
        program_session_run(session, "cleanup", session->program->cleanup, &options, message);
    release(session);
}

int program_session_write(const struct program_session *session, const char *text,
                          int64_t memory_limit_bytes, char *message)
{
    FILE *file = fopen(session->script, "we");
    if (file != NULL) {
        if (memory_limit_bytes > 0)
            fprintf(file, "ulimit -d %lld || exit\n", (long long)memory_limit_bytes / KIB_BYTES);
        fprintf(file, "exec 2>&%d %d>&-\n%s\n", PROGRAM_ERRORS_FD, PROGRAM_ERRORS_FD, text);
    }
    bool written = file != NULL && ferror(file) == 0;
    if (file != NULL && fclose(file) == 0 && written)
        return 0;
    return message_set(message, "cannot write %s: %s", session->script, strerror(errno));
}

static int add_path(struct environment *environment, const char *name, const char *path)
{
    char *variable = NULL;
    if (asprintf(&variable, "%s=%s", name, path) < 0)
        return -1;
    int result = environment_add(environment, variable);
    free(variable);
    return result;
}

int program_session_environment(const struct program_session *session, unsigned pad_bytes,
                                struct environment *environment, char *message)
{
    if (environment_init(environment) == 0 && add_path(environment, "HOME", session->work) == 0 &&
        add_path(environment, "TMPDIR", session->work) == 0 &&
        add_path(environment, "HEAPMARK_PROGRAMS", session->paths->stanzas) == 0 &&
        environment_add_pad(environment, pad_bytes) == 0)
        return 0;
    environment_release(environment);
    return message_set(message, "out of memory");
}

static int judge(const char *what, const struct program_process *process,
                 const struct program_end *end, const struct program_options *options,
                 char *message)
{
    struct trial_record verdict;
    trial_record_init(&verdict);
    if (end->stop == PROGRAM_INTERRUPTED)
        return 1;
    program_verdict(end, process->tail.text, options->time_limit_ns, &verdict);
    return verdict.status == STATUS_OK ? 0 : message_set(message, "%s: %s", what, verdict.detail);
}

int program_session_run(const struct program_session *session, const char *what, const char *text,
                        const struct program_options *options, char *message)
{
    struct environment environment;
    struct program_process process;
    if (text[0] == '\0')
        return 0;
    if (program_session_write(session, text, 0, message) < 0 ||
        program_session_environment(session, 0, &environment, message) < 0)
        return -1;
    const char *const argv[] = {"sh", session->script, NULL};
    struct program_launch launch = {.argv = argv,
                                    .environment = environment.variables,
                                    .folder = session->work};
    struct program_limits limits = {options->time_limit_ns, options->interrupted};
    int64_t mark = process_sweep_begin();
    int result = program_start(&process, &launch, message);
    if (result == 0) {
        pid_t group = process.pid;
        program_go(&process);
        struct program_end end = program_wait(&process, &limits, NULL, NULL);
        result = judge(what, &process, &end, options, message);
        program_kill(&process);
        process_sweep(group, mark);
    }
    environment_release(&environment);
    return result;
}

int program_session_set_up(struct program_session *session, const struct program_options *options,
                           char *message)
{
    if (!session->set_up) {
        int result = program_session_run(session, "setup", session->program->setup, options,
                                         session->set_up_failure);
        session->set_up = true; /* also when it was interrupted: there is something to clean up */
        if (result == 1) {
            message_set(session->set_up_failure, "setup: interrupted");
            return 1;
        }
    }
    return session->set_up_failure[0] == '\0' ? 0
                                              : message_set(message, "%s", session->set_up_failure);
}
