/* Under which conditions a run was begun; see conditions.h. */
#include "conditions.h"

#include "facts.h"
#include "message.h"

#include <errno.h>
#include <glob.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* Facts that must be the same; load, free memory and clock frequency come and go. */
static const char *const conditions[] = {
    "heapmark",
    "runner_sha256",
    "programs_sha256",
    "compiler",
    "optimised",
    "libc",
    "host",
    "kernel",
    "machine",
    "cpu",
    "cpus",
    "page_bytes",
    "thp",
    "thp_defrag",
    "governor",
    "smt",
    "turbo_off",
    "overcommit",
    "aslr",
    "swappiness",
    "cgroup_memory",
    "clock",
    "cgroup_cpu",
    "cgroup1_memory",
    "cgroup1_cpu_quota",
};

static int digest_runner(char *digest, const struct paths *paths, char *message)
{
    char *runner = path_join(paths->programs, "heapmark-runner");
    int result = 0;
    if (runner == NULL || SHA256File(runner, digest) == NULL)
        result = message_set(message, "cannot read the runner in %s: %s", paths->programs,
                             strerror(errno));
    free(runner);
    return result;
}

/* Stanzas call scripts that lie beside them. */
static int digest_programs(char *digest, const struct paths *paths, char *message)
{
    glob_t found;
    SHA2_CTX all;
    char *pattern = path_join(paths->stanzas, "*");
    int failure = pattern != NULL ? glob(pattern, 0, NULL, &found) : GLOB_NOSPACE;
    free(pattern);
    if (failure != 0 && failure != GLOB_NOMATCH)
        return message_set(message, "cannot list the files in %s", paths->stanzas);
    SHA256Init(&all);
    for (size_t i = 0; failure == 0 && i < found.gl_pathc; i++) {
        const char *name = strrchr(found.gl_pathv[i], '/');
        char one[SHA256_DIGEST_STRING_LENGTH] = "";
        /* A folder has no digest; its name counts. */
        if (SHA256File(found.gl_pathv[i], one) == NULL)
            one[0] = '\0';
        SHA256Update(&all, (const uint8_t *)name, strlen(name) + 1);
        SHA256Update(&all, (const uint8_t *)one, strlen(one) + 1);
    }
    globfree(&found);
    SHA256End(&all, digest);
    return 0;
}

int conditions_add(struct run *run, const struct paths *paths, char *message)
{
    char runner[SHA256_DIGEST_STRING_LENGTH], programs[SHA256_DIGEST_STRING_LENGTH];
    if (digest_runner(runner, paths, message) < 0 || digest_programs(programs, paths, message) < 0)
        return -1;
    if (facts_collect(run) < 0 || facts_add(run, "runner_sha256", runner) < 0 ||
        facts_add(run, "programs_sha256", programs) < 0)
        return message_set(message, "out of memory");
    return 0;
}

/* The first condition that differs, or NULL; and both values. */
static const char *differing(const struct run *a, const struct run *b, const char *values[2])
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        values[0] = run_find_fact(a, conditions[i]);
        values[1] = run_find_fact(b, conditions[i]);
        for (int v = 0; v < 2; v++)
            if (values[v] == NULL)
                values[v] = "unknown";
        if (strcmp(values[0], values[1]) != 0)
            return conditions[i];
    }
    return NULL;
}

int conditions_check(const struct run *run, const struct paths *paths, char *message)
{
    struct run now;
    const char *values[2], *name;
    run_init(&now);
    int result = conditions_add(&now, paths, message);
    if (result == 0 && (name = differing(run, &now, values)) != NULL)
        result = message_set(message,
                             "run %s was begun with %s = %.100s, now it is %.100s: begin a new run",
                             run->name, name, values[0], values[1]);
    run_release(&now);
    return result;
}

int conditions_compare(const struct run *base, const struct run *new, char *message)
{
    const char *values[2];
    const char *name = differing(base, new, values);
    if (name == NULL)
        return 0;
    return message_set(message,
                       "the runs differ in %s: %.100s and %.100s; to compare them all the same, "
                       "give --across-conditions",
                       name, values[0], values[1]);
}
