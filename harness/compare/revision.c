/* Builds in-house allocators at git revisions; see revision.h. */
#include "revision.h"

#include "message.h"
#include "subprocess.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 65536, LAST_LINES_BYTES = 300 };

struct building {
    const struct paths *paths;
    const volatile sig_atomic_t *interrupted;
    char name[64];         /* of the allocator */
    const char *wanted;    /* the revision, as it was given */
    char root[PATH_MAX];   /* of the checkout */
    char folder[PATH_MAX]; /* where libraries of this commit are kept */
    char tree[PATH_MAX];   /* the worktree */
    struct revision *result;
    char *message;
};

bool revision_is(const char *word)
{
    const char *at = strchr(word, '@');
    return at != NULL && at != word && at[1] != '\0' && strcspn(word, "=/") > (size_t)(at - word) &&
           (size_t)(at - word) < 64;
}

void revision_release(struct revision *revision)
{
    free(revision->library);
    revision->library = NULL;
}

/* A path of two parts into `path` (PATH_MAX); -1 and a message when it is too long. */
static int join(struct building *building, char *path, const char *folder, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return message_set(building->message, "the path %s/%s is too long", folder, name);
    return 0;
}

/* Runs a tool. 0 when it succeeded, 1 when it failed (the result has its words), -1 with a
 * message when it could not be run. */
static int run_tool(const struct building *building, const char *const *argv,
                    struct subprocess_result *result)
{
    struct subprocess spec = {
        .argv = argv,
        .output_maximum_bytes = OUTPUT_BYTES,
        .interrupted = building->interrupted,
    };
    if (subprocess_run(&spec, result) < 0) {
        message_set(building->message, "cannot run %s: %s; it is needed to build %s@%s", argv[0],
                    strerror(errno), building->name, building->wanted);
        return -1;
    }
    return result->exit_status == 0 ? 0 : 1;
}

/* The last lines of what a build said, as one. */
static void last_lines(const char *text, char lines[LAST_LINES_BYTES])
{
    size_t length = strlen(text), used = 0;
    while (length > 0 && text[length - 1] == '\n')
        length--;
    const char *begin = length >= LAST_LINES_BYTES ? text + length - (LAST_LINES_BYTES - 1) : text;
    for (const char *c = begin; c < text + length; c++)
        lines[used++] = *c == '\n' ? ' ' : *c;
    lines[used] = '\0';
}

/* Where allocators.ini is the tree's own, the tree is above it. */
static int find_root(struct building *building)
{
    char ini[PATH_MAX], marker[PATH_MAX];
    if (realpath(building->paths->allocators, ini) != NULL) {
        for (int i = 0; i < 2; i++)
            *strrchr(ini, '/') = '\0';
        snprintf(building->root, sizeof building->root, "%s", ini);
        if (join(building, marker, building->root, ".git") < 0)
            return -1;
        if (access(marker, F_OK) == 0)
            return 0;
    }
    return message_set(building->message,
                       "%s@%s: this heapmark does not lie in a git checkout, so there are no "
                       "revisions to build; name a library instead",
                       building->name, building->wanted);
}

static int find_commit(struct building *building)
{
    char *asked = NULL;
    struct subprocess_result result;
    if (asprintf(&asked, "%s^{commit}", building->wanted) < 0)
        return message_set(building->message, "out of memory");
    const char *argv[] = {"git",     "-C",       building->root,     "rev-parse",
                          "--quiet", "--verify", "--end-of-options", asked,
                          NULL};
    int ran = run_tool(building, argv, &result);
    size_t length = ran == 0 ? strcspn(result.output, "\n") : 0;
    if (ran == 0 && length < sizeof building->result->commit && length >= REVISION_SHORT_BYTES) {
        memcpy(building->result->commit, result.output, length);
        memcpy(building->result->short_name, result.output, REVISION_SHORT_BYTES - 1);
    } else if (ran >= 0) {
        ran = message_set(building->message, "%s@%s: no such revision in %s", building->name,
                          building->wanted, building->root);
    }
    subprocess_result_release(&result);
    free(asked);
    return ran;
}

static int make_folder(struct building *building, const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return message_set(building->message, "cannot make the folder %s: %s", path, strerror(errno));
}

/* The folder above those of the commits. */
static int find_cache(struct building *building, char *cache)
{
    const char *home = getenv("XDG_CACHE_HOME");
    if (home == NULL || home[0] != '/')
        return join(building, cache, building->paths->results, "revisions");
    return join(building, cache, home, "heapmark/revisions");
}

/* Makes the folder of the commit, and those above it. */
static int prepare_folder(struct building *building)
{
    char cache[PATH_MAX], own[PATH_MAX];
    if (find_cache(building, cache) < 0)
        return -1;
    for (char *slash = strchr(cache + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_folder(building, cache) < 0)
            return -1;
        *slash = '/';
    }
    if (make_folder(building, cache) < 0)
        return -1;
    if (realpath(cache, own) == NULL)
        return message_set(building->message, "cannot find %s: %s", cache, strerror(errno));
    if (join(building, building->folder, own, building->result->commit) < 0)
        return -1;
    return make_folder(building, building->folder);
}

static int add_worktree(struct building *building)
{
    struct subprocess_result result;
    if (join(building, building->tree, building->folder, "tree-XXXXXX") < 0)
        return -1;
    if (mkdtemp(building->tree) == NULL)
        return message_set(building->message, "cannot make %s: %s", building->tree,
                           strerror(errno));
    const char *argv[] = {"git",      "-C",           building->root,
                          "worktree", "add",          "--detach",
                          "--force",  building->tree, building->result->commit,
                          NULL};
    int ran = run_tool(building, argv, &result);
    char lines[LAST_LINES_BYTES];
    if (ran > 0) {
        last_lines(result.errors, lines);
        ran = message_set(building->message, "%s@%s: git worktree failed: %s", building->name,
                          building->wanted, lines);
    }
    subprocess_result_release(&result);
    return ran;
}

/* Also when interrupted: nothing of ours is left behind. */
static void remove_worktree(const struct building *building)
{
    struct building unhurried = *building;
    char ignored[MESSAGE_BYTES];
    struct subprocess_result result;
    unhurried.interrupted = NULL;
    unhurried.message = ignored;
    const char *argv[] = {"git",    "-C",      building->root, "worktree",
                          "remove", "--force", building->tree, NULL};
    run_tool(&unhurried, argv, &result);
    subprocess_result_release(&result);
    rmdir(building->tree);
}

static int say_why(struct building *building, const struct subprocess_result *result)
{
    char lines[LAST_LINES_BYTES];
    if (building->interrupted != NULL && *building->interrupted)
        return message_set(building->message, "interrupted while %s@%s was built", building->name,
                           building->wanted);
    if (strstr(result->errors, "No rule to make target") != NULL)
        return message_set(building->message,
                           "%s@%s: there is no allocator of our own called %s at that revision",
                           building->name, building->wanted, building->name);
    last_lines(result->errors, lines);
    return message_set(building->message, "%s@%s: the build failed: %s", building->name,
                       building->wanted, lines);
}

/* As this tree builds its own, whoever calls us: a make above us must not set the flags. */
static int make_library(struct building *building, const char *library)
{
    char target[PATH_MAX], made[PATH_MAX];
    struct subprocess_result result;
    snprintf(target, sizeof target, "build/release/lib%s.so", building->name);
    if (join(building, made, building->tree, target) < 0)
        return -1;
    const char *argv[] = {"env", "-u",           "MAKEFLAGS",    "-u",   "MAKELEVEL",
                          "-u",  "MFLAGS",       "LC_ALL=C",     "make", "-s",
                          "-C",  building->tree, "MODE=release", target, NULL};
    int ran = run_tool(building, argv, &result);
    if (ran > 0)
        ran = say_why(building, &result);
    subprocess_result_release(&result);
    if (ran == 0 && rename(made, library) < 0)
        return message_set(building->message, "cannot keep %s: %s", library, strerror(errno));
    return ran;
}

static int build(struct building *building, const char *library)
{
    int result = add_worktree(building);
    if (result == 0)
        result = make_library(building, library);
    remove_worktree(building);
    return result;
}

int revision_build(struct revision *revision, const char *word, const struct paths *paths,
                   const volatile sig_atomic_t *interrupted, char *message)
{
    const char *at = strchr(word, '@');
    char file[128], library[PATH_MAX];
    struct building building = {
        .paths = paths,
        .interrupted = interrupted,
        .wanted = at + 1,
        .result = revision,
        .message = message,
    };
    *revision = (struct revision){0};
    snprintf(building.name, sizeof building.name, "%.*s", (int)(at - word), word);
    snprintf(file, sizeof file, "lib%s.so", building.name);
    if (find_root(&building) < 0 || find_commit(&building) < 0 || prepare_folder(&building) < 0 ||
        join(&building, library, building.folder, file) < 0)
        return -1;
    if (access(library, R_OK) != 0 && build(&building, library) < 0) {
        rmdir(building.folder); /* unless another library is in it */
        return -1;
    }
    revision->library = strdup(library);
    return revision->library != NULL ? 0 : message_set(message, "out of memory");
}
