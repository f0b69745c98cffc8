/* Builds in-house allocators at git revisions; see revision.h. */
#include "revision.h"

#include "message.h"
#include "subprocess.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 65536, LAST_LINES_BYTES = 300 };

struct building {
    const struct paths *paths;
    const struct revision_source *source;
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
static int own_root(char *root, const struct paths *paths, char *message)
{
    char ini[PATH_MAX], marker[PATH_MAX + 8];
    if (realpath(paths->allocators, ini) != NULL) {
        for (int i = 0; i < 2; i++)
            *strrchr(ini, '/') = '\0';
        snprintf(root, PATH_MAX, "%s", ini);
        snprintf(marker, sizeof marker, "%s/.git", root);
        if (access(marker, F_OK) == 0)
            return 0;
    }
    return message_set(message, "this heapmark does not lie in a git checkout, so there are no "
                                "revisions to build; name a library instead");
}

/* A hook of git has its own repository, index and tree in these, and they go before -C: a worktree
 * would be checked out into the caller's index. */
static void forget_hook(void)
{
    static const char *const names[] = {"GIT_DIR",    "GIT_WORK_TREE",  "GIT_INDEX_FILE",
                                        "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_IMPLICIT_WORK_TREE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

/* In a container the checkout often is another user's, and git then refuses all. */
static const char *whose(const char *errors)
{
    return strstr(errors, "dubious ownership") != NULL
               ? " of ours, but of another user: git config --global --add safe.directory '*'"
               : "";
}

int revision_root(char *root, const struct revision_source *source, const struct paths *paths,
                  char *message)
{
    struct subprocess_result result;
    forget_hook();
    if (source->repository == NULL)
        return own_root(root, paths, message);
    const char *argv[] = {"git", "-C", source->repository, "rev-parse", "--show-toplevel", NULL};
    struct subprocess spec = {.argv = argv, .output_maximum_bytes = PATH_MAX};
    int ran = subprocess_run(&spec, &result);
    if (ran < 0)
        message_set(message, "cannot run git: %s", strerror(errno));
    else if (result.exit_status != 0)
        ran = message_set(message, "%s is no git checkout%s", source->repository,
                          whose(result.errors));
    else
        snprintf(root, PATH_MAX, "%.*s", (int)strcspn(result.output, "\n"), result.output);
    subprocess_result_release(&result);
    return ran;
}

static int find_root(struct building *building)
{
    char why[MESSAGE_BYTES];
    if (revision_root(building->root, building->source, building->paths, why) == 0)
        return 0;
    return message_set(building->message, "%s@%s: %.400s", building->name, building->wanted, why);
}

const char *revision_lacking(const char *root)
{
    struct subprocess_result result;
    const char *argv[] = {"git", "-C", root, "rev-parse", "--is-shallow-repository", NULL};
    struct subprocess spec = {.argv = argv, .output_maximum_bytes = PATH_MAX};
    bool shallow = false;
    if (subprocess_run(&spec, &result) == 0)
        shallow = result.exit_status == 0 && strncmp(result.output, "true", 4) == 0;
    subprocess_result_release(&result);
    return shallow ? ", which is a shallow clone: git fetch --unshallow --tags" : "";
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
        ran = message_set(building->message, "%s@%s: no such revision in %s%s%s", building->name,
                          building->wanted, building->root, revision_lacking(building->root),
                          whose(result.errors));
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

/* Another way of building makes another library. FNV-1a. */
static void name_folder(const struct building *building, char *name, size_t bytes)
{
    const struct revision_source *source = building->source;
    const char *const parts[] = {source->build, source->library};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < 2 && source->repository != NULL; i++)
        for (const char *c = parts[i]; c == parts[i] || c[-1] != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    if (source->repository == NULL)
        snprintf(name, bytes, "%s", building->result->commit);
    else
        snprintf(name, bytes, "%s-%016" PRIx64, building->result->commit, hash);
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
    char name[sizeof building->result->commit + 24];
    name_folder(building, name, sizeof name);
    if (join(building, building->folder, own, name) < 0)
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
    if (building->source->repository == NULL &&
        strstr(result->errors, "No rule to make target") != NULL)
        return message_set(building->message,
                           "%s@%s: there is no allocator of our own called %s at that revision",
                           building->name, building->wanted, building->name);
    last_lines(result->errors[0] != '\0' ? result->errors : result->output, lines);
    return message_set(building->message, "%s@%s: the build failed: %s", building->name,
                       building->wanted, lines);
}

/* A file of a worktree, in the place where it is kept: perhaps on another file system. Where it is
 * a link (libmine.so -> libmine.so.1), what it leads to, since the link would lead nowhere. */
static int keep(struct building *building, const char *made, const char *library)
{
    struct subprocess_result result;
    char file[PATH_MAX];
    if (realpath(made, file) == NULL || access(file, R_OK) < 0)
        return message_set(building->message, "%s@%s: the build succeeded, and made no %s",
                           building->name, building->wanted, made + strlen(building->tree) + 1);
    size_t length = strlen(building->tree);
    bool inside = strncmp(file, building->tree, length) == 0 && file[length] == '/';
    /* What lies outside the worktree is somebody's. */
    if (inside && rename(file, library) == 0)
        return 0;
    const char *argv[] = {"cp", "--", file, library, NULL};
    int ran = run_tool(building, argv, &result);
    subprocess_result_release(&result);
    if (ran != 0)
        unlink(library);
    return ran > 0 ? message_set(building->message, "cannot keep %s", library) : ran;
}

/* As this tree builds its own, whoever calls us: a make above us must not set the flags. */
static int make_library(struct building *building, const char *library)
{
    const struct revision_source *source = building->source;
    char target[PATH_MAX], made[PATH_MAX];
    struct subprocess_result result;
    if (source->repository != NULL)
        snprintf(target, sizeof target, "%s", source->library);
    else
        snprintf(target, sizeof target, "build/release/lib%s.so", building->name);
    if (join(building, made, building->tree, target) < 0)
        return -1;
    const char *own[] = {"env", "-u",           "MAKEFLAGS",    "-u",   "MAKELEVEL",
                         "-u",  "MFLAGS",       "LC_ALL=C",     "make", "-s",
                         "-C",  building->tree, "MODE=release", target, NULL};
    const char *theirs[] = {"env", "-C",        building->tree, "-u",     "MAKEFLAGS",
                            "-u",  "MAKELEVEL", "-u",           "MFLAGS", "LC_ALL=C",
                            "sh",  "-c",        source->build,  NULL};
    int ran = run_tool(building, source->repository != NULL ? theirs : own, &result);
    if (ran > 0)
        ran = say_why(building, &result);
    subprocess_result_release(&result);
    return ran == 0 ? keep(building, made, library) : ran;
}

static int build(struct building *building, const char *library)
{
    int result = add_worktree(building);
    if (result == 0)
        result = make_library(building, library);
    remove_worktree(building);
    return result;
}

int revision_build(struct revision *revision, const char *word,
                   const struct revision_source *source, const struct paths *paths,
                   const volatile sig_atomic_t *interrupted, char *message)
{
    const char *at = strchr(word, '@');
    char file[128], library[PATH_MAX];
    struct building building = {
        .paths = paths,
        .source = source,
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
