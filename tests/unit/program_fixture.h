/* A program of one's own making, its session and one trial after the other. */
#ifndef HEAPMARK_PROGRAM_FIXTURE_H
#define HEAPMARK_PROGRAM_FIXTURE_H

#include "program_trial.h"

struct program_fixture {
    struct paths paths;
    struct program program;
    struct program_session session;
    struct program_options options;
    struct allocator allocator; /* glibc */
    struct trial_record record; /* of the last trial */
    char temporary[64];         /* an empty folder, which is TMPDIR meanwhile */
};

/* A program that needs nothing but sh, with this command, and whatever the test changes before
 * its first trial. */
void fixture_init(struct program_fixture *fixture, const char *command);
/* One trial; opens the session if need be. */
enum trial_status fixture_trial(struct program_fixture *fixture, enum pass pass);
/* Closes the session. Fails the test if a file or a process of it is left. */
void fixture_release(struct program_fixture *fixture);
/* Processes that have our folder in their environment. */
int fixture_processes(const struct program_fixture *fixture);

#endif
