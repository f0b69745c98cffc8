/* The commits of a git repository; see history.h. */
#include "history.h"

#include "message.h"
#include "revision.h"
#include "subprocess.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_BYTES = 64 << 20, HASH_DIGITS_LEAST = 40 };

/* Runs git in the repository; `arguments` end with NULL. 0 when it succeeded, 1 when it failed, -1
 * with a message when it could not be run. */
static int run_git(const struct history *history, const char *const *arguments,
                   struct subprocess_result *result, char *message)
{
    size_t count = 0, used = 0;
    while (arguments[count] != NULL)
        count++;
    const char **argv = calloc(count + 4, sizeof *argv);
    *result = (struct subprocess_result){0};
    if (argv == NULL)
        return message_set(message, "out of memory");
    argv[used++] = "git";
    argv[used++] = "-C";
    argv[used++] = history->root;
    for (size_t i = 0; i < count; i++)
        argv[used++] = arguments[i];
    struct subprocess spec = {.argv = argv,
                              .output_maximum_bytes = OUTPUT_BYTES,
                              .interrupted = history->interrupted};
    int ran = subprocess_run(&spec, result);
    free(argv);
    if (ran < 0)
        return message_set(message, "cannot run git: %s", strerror(errno));
    return result->exit_status == 0 ? 0 : 1;
}

void history_commit_release(struct history_commit *commit)
{
    free(commit->author);
    free(commit->date);
    free(commit->subject);
    *commit = (struct history_commit){0};
}

/* The next line of the text, copied; NULL when there is none. */
static char *next_line(char **text)
{
    char *line = strsep(text, "\n");
    return line != NULL ? strdup(line) : NULL;
}

int history_find(const struct history *history, const char *revision, struct history_commit *commit,
                 char *message)
{
    struct subprocess_result result;
    char *asked = NULL;
    *commit = (struct history_commit){0};
    if (asprintf(&asked, "%s^{commit}", revision) < 0)
        return message_set(message, "out of memory");
    const char *arguments[] = {"log",
                               "-1",
                               "--no-show-signature",
                               "--format=%H%n%an <%ae>%n%ad%n%s",
                               "--date=iso-strict",
                               "--end-of-options",
                               asked,
                               "--",
                               NULL};
    int ran = run_git(history, arguments, &result, message);
    free(asked);
    if (ran == 0) {
        char *rest = result.output, *hash = strsep(&rest, "\n");
        snprintf(commit->commit, sizeof commit->commit, "%s", hash);
        commit->author = next_line(&rest);
        commit->date = next_line(&rest);
        commit->subject = next_line(&rest);
        if (commit->subject == NULL)
            ran = message_set(message, "out of memory");
    } else if (ran > 0) {
        ran = message_set(message, "%s: no such revision in %s%s", revision, history->root,
                          revision_lacking(history->root));
    }
    subprocess_result_release(&result);
    return ran;
}

int history_check_order(const struct history *history, const char *older, const char *newer,
                        char *message)
{
    struct subprocess_result result;
    const char *arguments[] = {"merge-base", "--is-ancestor", older, newer, NULL};
    int ran = run_git(history, arguments, &result, message);
    if (ran > 0)
        ran = message_set(message,
                          "%.10s is no ancestor of %.10s: there is no way from one to the other "
                          "that a commit could lie on; name their merge base as GOOD%s",
                          older, newer, revision_lacking(history->root));
    subprocess_result_release(&result);
    return ran;
}

/* Lines "HASH (dist=N)". */
static int take_lines(struct history_list *list, const char *text)
{
    size_t lines = 0;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    list->commits = calloc(lines + 1, sizeof *list->commits);
    if (list->commits == NULL)
        return -1;
    for (const char *line = text; *line != '\0' && list->count < lines;) {
        size_t digits = strcspn(line, " \n");
        if (digits >= HASH_DIGITS_LEAST && digits < HISTORY_COMMIT_BYTES)
            memcpy(list->commits[list->count++], line, digits);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return 0;
}

int history_candidates(const struct history *history, const char *bad,
                       const char (*goods)[HISTORY_COMMIT_BYTES], size_t good_count,
                       struct history_list *list, char *message)
{
    struct subprocess_result result;
    size_t used = 0;
    const char **arguments = calloc(good_count + 8, sizeof *arguments);
    *list = (struct history_list){0};
    if (arguments == NULL)
        return message_set(message, "out of memory");
    arguments[used++] = "rev-list";
    arguments[used++] = "--bisect-all";
    if (history->first_parent)
        arguments[used++] = "--first-parent";
    arguments[used++] = bad;
    arguments[used++] = "--not";
    for (size_t i = 0; i < good_count; i++)
        arguments[used++] = goods[i];
    int ran = run_git(history, arguments, &result, message);
    free(arguments);
    if (ran > 0)
        ran = message_set(message, "git rev-list failed: %.300s", result.errors);
    else if (ran == 0 && take_lines(list, result.output) < 0)
        ran = message_set(message, "out of memory");
    subprocess_result_release(&result);
    return ran;
}

void history_list_release(struct history_list *list)
{
    free(list->commits);
    *list = (struct history_list){0};
}
