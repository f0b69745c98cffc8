/* A program of one's own making; see program_fixture.h. */
#include "program_fixture.h"

#include "message.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void find_paths(struct paths *paths)
{
    char self[PATH_MAX];
    ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(bytes > 0);
    self[bytes] = '\0';
    for (int up = 0; up < 3; up++) /* build/MODE/tests/unit/NAME */
        *strrchr(self, '/') = '\0';
    paths->programs = strdup(self);
    for (int up = 0; up < 2; up++)
        *strrchr(self, '/') = '\0';
    paths->stanzas = path_join(self, "workloads/programs");
}

void fixture_init(struct program_fixture *fixture, const char *command)
{
    memset(fixture, 0, sizeof *fixture);
    find_paths(&fixture->paths);
    /* With a blank, as people have them. */
    snprintf(fixture->temporary, sizeof fixture->temporary, "/tmp/test program-XXXXXX");
    assert_non_null(mkdtemp(fixture->temporary));
    setenv("TMPDIR", fixture->temporary, 1);
    fixture->program.name = strdup("test");
    fixture->program.package = strdup("some-package");
    fixture->program.needs = strdup("sh");
    fixture->program.setup = strdup("");
    fixture->program.prepare = strdup("");
    fixture->program.cleanup = strdup("");
    fixture->program.command = strdup(command);
    fixture->allocator = (struct allocator){.name = strdup("glibc"), .env = strdup("")};
    fixture->options =
        (struct program_options){.time_limit_ns = INT64_C(20000000000), .sample_step_ns = 1000000};
    trial_record_init(&fixture->record);
}

enum trial_status fixture_trial(struct program_fixture *fixture, enum pass pass)
{
    char message[MESSAGE_BYTES] = "";
    if (fixture->session.folder == NULL &&
        program_session_open(&fixture->session, &fixture->program, &fixture->paths, message) < 0)
        fail_msg("cannot open the session: %s", message);
    trial_record_release(&fixture->record);
    trial_record_init(&fixture->record);
    fixture->record.key.pass = pass;
    program_trial(&fixture->session, &fixture->allocator, &fixture->options, &fixture->record);
    return fixture->record.status;
}

static int mentions(const char *path, const char *text)
{
    char environment[16384];
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t bytes = read(fd, environment, sizeof environment);
    close(fd);
    return bytes > 0 && memmem(environment, (size_t)bytes, text, strlen(text)) != NULL;
}

int fixture_processes(const struct program_fixture *fixture)
{
    int found = 0;
    char path[PATH_MAX], home[128];
    snprintf(home, sizeof home, "HOME=%s", fixture->temporary);
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "/proc/%s/environ", entry->d_name);
        found += atol(entry->d_name) > 0 && mentions(path, home);
    }
    closedir(folder);
    return found;
}

void fixture_release(struct program_fixture *fixture)
{
    assert_int_equal(fixture_processes(fixture), 0);
    if (fixture->session.folder != NULL)
        program_session_close(&fixture->session);
    assert_int_equal(fixture_processes(fixture), 0);
    /* Fails with ENOTEMPTY if anything is left in it. */
    assert_int_equal(rmdir(fixture->temporary), 0);
    unsetenv("TMPDIR");
    trial_record_release(&fixture->record);
    free(fixture->program.name);
    free(fixture->program.package);
    free(fixture->program.needs);
    free(fixture->program.setup);
    free(fixture->program.prepare);
    free(fixture->program.cleanup);
    free(fixture->program.command);
    free(fixture->allocator.name);
    free(fixture->allocator.env);
    free(fixture->allocator.path);
    free(fixture->paths.programs);
    free(fixture->paths.stanzas);
}
