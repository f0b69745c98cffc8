/* heapmark gate --update; see gate_update.h. */
#include "gate_update.h"

#include "exact_run.h"
#include "message.h"
#include "running.h"
#include "subprocess.h"
#include "version.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 3, OUTPUT_BYTES = 4096 };
#define DEFAULT_SUITE "gate"

struct updating {
    const struct gate_options *options;
    const struct gate_subjects *subjects;
    const char *path;
    char commit[72];
    char *message;
};

/* What git says, without its last line end; to be freed. NULL with a message. */
static char *ask_git(struct updating *updating, const char *const *argv)
{
    struct subprocess spec = {.argv = argv, .output_maximum_bytes = OUTPUT_BYTES};
    struct subprocess_result result;
    char *answer = NULL;
    if (subprocess_run(&spec, &result) < 0)
        message_set(updating->message, "cannot run git: %s", strerror(errno));
    else if (result.exit_status != 0)
        message_set(updating->message, "git failed: %s", result.errors);
    else
        answer = strndup(result.output, strcspn(result.output, "\n"));
    subprocess_result_release(&result);
    return answer;
}

static int check_clean(struct updating *updating, const char *root)
{
    char *absolute = realpath(updating->path, NULL), *except = NULL;
    size_t length = strlen(root);
    bool inside = absolute != NULL && strncmp(absolute, root, length) == 0;
    if (asprintf(&except, ":(top,exclude,literal)%s", inside ? absolute + length + 1 : "/") < 0)
        except = NULL;
    free(absolute);
    if (except == NULL)
        return message_set(updating->message, "out of memory");
    const char *argv[] = {"git", "-C", root,   "status", "--porcelain", "--untracked-files=no",
                          "--",  ":/", except, NULL};
    char *changed = ask_git(updating, argv);
    free(except);
    int result = changed != NULL ? 0 : -1;
    if (changed != NULL && changed[0] != '\0')
        result = message_set(updating->message,
                             "the tree has changes that are not committed (%.80s): the baseline "
                             "would be of a revision that nobody can build again; commit them, or "
                             "give --allow-dirty",
                             changed + strspn(changed, " "));
    free(changed);
    return result;
}

/* A library of the tree that was built before the last commit is not of that commit. */
static int check_built(struct updating *updating, const char *root)
{
    const char *argv[] = {"git", "-C", root, "describe", "--always", "--dirty", NULL};
    char *version = ask_git(updating, argv);
    if (version == NULL)
        return -1;
    int result = 0;
    size_t length = strlen(heapmark_version);
    /* What is not committed is the baseline alone. */
    if (strncmp(version, heapmark_version, length) != 0 ||
        (version[length] != '\0' && strcmp(version + length, "-dirty") != 0))
        result = message_set(updating->message,
                             "this heapmark was built of %s, and the tree is at %s: run make first",
                             heapmark_version, version);
    free(version);
    return result;
}

/* The revision of what is measured; none for libraries whose source nobody told us of. */
static int find_commit(struct updating *updating)
{
    struct paths paths;
    char root[PATH_MAX];
    bool own = false;
    for (size_t i = 0; i < updating->subjects->count; i++)
        own |= updating->subjects->list[i].own;
    if (!own && updating->options->source.repository == NULL)
        return 0;
    if (paths_init(&paths, updating->message) < 0)
        return -1;
    int result = revision_root(root, &updating->options->source, &paths, updating->message);
    paths_release(&paths);
    /* An installed heapmark has its allocators without their source. */
    if (result < 0 && updating->options->source.repository == NULL)
        return 0;
    if (result == 0)
        result = check_clean(updating, root);
    if (result == 0 && updating->options->source.repository == NULL)
        result = check_built(updating, root);
    /* The code of no revision: the values stand for themselves, and no old library can be built. */
    if (result < 0 && updating->options->allow_dirty)
        return 0;
    if (result < 0)
        return -1;
    const char *argv[] = {"git", "-C", root, "rev-parse", "HEAD", NULL};
    char *commit = ask_git(updating, argv);
    if (commit == NULL)
        return -1;
    snprintf(updating->commit, sizeof updating->commit, "%s", commit);
    free(commit);
    return 0;
}

static int check_trials(struct updating *updating, const struct baseline *readings)
{
    for (size_t w = 0; w < readings->workload_count; w++)
        for (size_t a = 0; a < readings->allocator_count; a++) {
            const struct baseline_cell *cell = &readings->allocators[a].cells[w];
            if (cell->status != STATUS_OK)
                return message_set(updating->message,
                                   "%s under %s: %s (%s pass): %.200s; no baseline was written",
                                   readings->workloads[w].label, readings->allocators[a].name,
                                   trial_status_name(cell->status), pass_name(cell->pass),
                                   cell->detail != NULL ? cell->detail : "");
        }
    return 0;
}

/* What cannot be measured here would be missing from every gate to come. */
static int check_tools(struct updating *updating, const struct baseline *readings)
{
    const struct baseline_cell *control = &readings->workloads[0].control;
    if (control->values[EXACT_SYSCALLS].count == 0)
        return message_set(updating->message, "no system calls were counted: install strace "
                                              "(apt-get install strace), or let it trace here");
    if (control->values[EXACT_INSTRUCTIONS].count == 0)
        return message_set(updating->message, "no instructions were counted: install valgrind "
                                              "(apt-get install valgrind)");
    return 0;
}

static int name_commits(struct updating *updating, struct baseline *readings)
{
    for (size_t i = 0; i < updating->subjects->count; i++) {
        const struct gate_subject *subject = &updating->subjects->list[i];
        int index = baseline_find_allocator(readings, subject->name);
        if (index < 0 || (!subject->own && updating->options->source.repository == NULL))
            continue;
        free(readings->allocators[index].commit);
        readings->allocators[index].commit = strdup(updating->commit);
        if (readings->allocators[index].commit == NULL)
            return message_set(updating->message, "out of memory");
    }
    return 0;
}

static int measure(struct updating *updating, struct baseline *readings,
                   const struct baseline *workloads)
{
    const struct gate_options *options = updating->options;
    struct run_options run = options->run;
    struct exact_allocator *allocators = calloc(updating->subjects->count + 1, sizeof *allocators);
    if (allocators == NULL)
        return message_set(updating->message, "out of memory");
    for (size_t i = 0; i < updating->subjects->count; i++)
        allocators[i] = (struct exact_allocator){updating->subjects->list[i].name,
                                                 updating->subjects->list[i].word};
    if (run.suite == NULL && run.workloads.count == 0)
        run.suite = DEFAULT_SUITE;
    struct exact_request request = {
        .command = "heapmark gate",
        .options = &run,
        .workloads = workloads,
        .allocators = allocators,
        .allocator_count = updating->subjects->count,
        .repeats = REPEATS,
    };
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        request.wanted[m] = true;
    int result = exact_run(readings, &request, NULL, updating->message);
    free(allocators);
    return result;
}

static void set_tolerances(const struct updating *updating, struct baseline *baseline)
{
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        if (updating->options->exact_percent[m] >= 0)
            baseline->tolerance[m].percent = updating->options->exact_percent[m];
}

/* Whether every allocator of the file is measured anew, so that nothing of it need agree. */
static bool replaces_all(const struct updating *updating, const struct baseline *known)
{
    for (size_t a = 0; a < known->allocator_count; a++) {
        bool found = false;
        for (size_t i = 0; i < updating->subjects->count; i++)
            found |= strcmp(known->allocators[a].name, updating->subjects->list[i].name) == 0;
        if (!found)
            return false;
    }
    return true;
}

int gate_update(const struct gate_options *options, const struct gate_subjects *subjects,
                struct baseline *known, const char *path, char *message)
{
    struct updating updating = {.options = options,
                                .subjects = subjects,
                                .path = path,
                                .message = message};
    bool own_work = options->run.suite != NULL || options->run.workloads.count > 0;
    bool all = known == NULL || replaces_all(&updating, known);
    struct baseline readings;
    if (find_commit(&updating) < 0)
        return -1;
    /* The workloads stay what they are, unless others are asked for. */
    int result = measure(&updating, &readings, own_work ? NULL : known);
    if (result == 0 && !running_interrupted) {
        struct baseline *written = all ? &readings : known;
        if (check_trials(&updating, &readings) < 0 || check_tools(&updating, &readings) < 0 ||
            name_commits(&updating, &readings) < 0 ||
            (!all && baseline_merge(known, &readings, message) < 0))
            result = -1;
        if (result == 0 && all && known != NULL)
            memcpy(readings.tolerance, known->tolerance, sizeof readings.tolerance);
        set_tolerances(&updating, written);
        if (result == 0)
            result = baseline_write(written, path, message);
    }
    baseline_release(&readings);
    return result;
}
