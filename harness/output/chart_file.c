/*
 * Runs gnuplot; see chart_file.h. One process a chart draws both formats under names of its own,
 * beside the charts, which take the right names only when complete.
 */
#include "chart_file.h"

#include "ending_signals.h"
#include "message.h"
#include "subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FORMATS = 2,
    STDERR_KEPT_BYTES = 8192,
};
#define CHART_TIME_LIMIT_NS (120 * UINT64_C(1000000000))

static const struct {
    const char *suffix;
    const char *last; /* what a complete file ends with */
} formats[FORMATS] = {
    {".svg", "</svg>"},
    {".png", "IEND"  },
};

/* ---- what a signal leaves behind ------------------------------------------------- */

/* The signal that is to end us once gnuplot and its drafts are gone. A handler is given nothing but
 * the signal's number, hence a global. */
static volatile sig_atomic_t ending;

static void note_end(int number)
{
    ending = number;
}

/* ---- gnuplot ---------------------------------------------------------------------- */

struct chart_paths {
    char script[PATH_MAX];
    char stem[PATH_MAX]; /* what gnuplot adds the suffix to */
    char drawn[FORMATS][PATH_MAX], final[FORMATS][PATH_MAX];
};

static int chart_paths_init(struct chart_paths *paths, const struct chart_folders *folders,
                            const struct chart *chart)
{
    int lengths[2 + 2 * FORMATS], count = 0;
    lengths[count++] = snprintf(paths->script, PATH_MAX, "%s/%s.gp", folders->plots, chart->script);
    lengths[count++] =
        snprintf(paths->stem, PATH_MAX, "%s/.%s.%ld", folders->output, chart->name, (long)getpid());
    for (int i = 0; i < FORMATS; i++) {
        lengths[count++] = snprintf(paths->final[i], PATH_MAX, "%s/%s%s", folders->output,
                                    chart->name, formats[i].suffix);
        lengths[count++] = snprintf(paths->drawn[i], PATH_MAX, "%s/.%s.%ld%s", folders->output,
                                    chart->name, (long)getpid(), formats[i].suffix);
    }
    while (count-- > 0)
        if (lengths[count] < 0 || lengths[count] >= PATH_MAX)
            return -1;
    return 0;
}

/* gnuplot does not report a full disk: a file counts only when its end is there. */
static bool is_complete(const char *path, const char *last)
{
    char tail[33] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    off_t from = size > 32 ? size - 32 : 0;
    ssize_t got = size > 0 ? pread(fd, tail, 32, from) : 0;
    if (fd >= 0)
        close(fd);
    return got > 0 && memmem(tail, (size_t)got, last, strlen(last)) != NULL;
}

/* gnuplot repeats the line it failed at, with a caret below; the reason begins with the quoted
 * name of the script. */
static const char *reason_in(char *errors)
{
    const char *first = NULL;
    char *rest = NULL;
    for (char *line = strtok_r(errors, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " \t\r");
        /* A missing table is but a warning to gnuplot, which then fails for want of data. */
        if (strstr(line, "Cannot find or open") != NULL)
            return line;
        if (*line == '"' && strstr(line, "warning") == NULL)
            return line;
        if (first == NULL && *line != '\0' && *line != '^')
            first = line;
    }
    return first != NULL ? first : "no reason given";
}

static int explain(const struct chart *chart, struct subprocess_result *result, char *message)
{
    if (result->timed_out)
        return message_set(message, "chart %s: gnuplot was still running after %d s", chart->name,
                           (int)(CHART_TIME_LIMIT_NS / 1000000000));
    if (result->signal != 0)
        return message_set(message, "chart %s: gnuplot was killed by signal %d (%s)", chart->name,
                           result->signal, strsignal(result->signal));
    if (result->exit_status != 0)
        return message_set(message, "chart %s: gnuplot: %s", chart->name,
                           reason_in(result->errors));
    return message_set(message,
                       "chart %s: gnuplot left an incomplete file; is the disk full? (gnuplot "
                       "5.4 with the svg and pngcairo terminals is needed)",
                       chart->name);
}

/* Runs gnuplot; both files are drawn and complete when it returns 0. */
static int draw(const struct chart_folders *folders, const struct chart *chart,
                const struct chart_paths *paths, char *message)
{
    /* Without --default-settings the user's ~/.gnuplot would change the charts. */
    const char *const argv[] = {"gnuplot",       "--default-settings", "-c",
                                paths->script,   folders->tables,      paths->stem,
                                folders->footer, chart->argument,      NULL};
    struct subprocess spec = {
        .argv = argv,
        .time_limit_ns = CHART_TIME_LIMIT_NS,
        .interrupted = &ending,
        .output_maximum_bytes = STDERR_KEPT_BYTES,
    };
    struct subprocess_result result;
    int status = 0;
    if (subprocess_run(&spec, &result) < 0) {
        status = errno == ENOENT
                     ? message_set(message, "gnuplot is not installed: apt-get install gnuplot-nox "
                                            "(or make deps)")
                     : message_set(message, "cannot start gnuplot: %s", strerror(errno));
    } else {
        bool complete = result.exit_status == 0;
        for (int i = 0; i < FORMATS; i++)
            complete = complete && is_complete(paths->drawn[i], formats[i].last);
        if (!complete)
            status = explain(chart, &result, message);
    }
    subprocess_result_release(&result);
    return status;
}

int chart_file_draw(const struct chart_folders *folders, const struct chart *chart, char *message)
{
    struct chart_paths paths;
    if (chart_paths_init(&paths, folders, chart) < 0)
        return message_set(message, "chart %s: the path of %s is too long", chart->name,
                           folders->output);
    ending_signals_catch(note_end, 0);
    int result = draw(folders, chart, &paths, message);
    for (int i = 0; i < FORMATS && result == 0; i++) {
        if (rename(paths.drawn[i], paths.final[i]) < 0)
            result = message_set(message, "cannot write %s: %s", paths.final[i], strerror(errno));
        else
            folders->written(folders->argument, paths.final[i]);
    }
    for (int i = 0; i < FORMATS && result < 0; i++)
        unlink(paths.drawn[i]);
    ending_signals_release(note_end);
    if (ending != 0)
        raise(ending);
    return result;
}

static char *folder(const char *path, int needed, char *message)
{
    char *absolute = realpath(path, NULL);
    struct stat status;
    if (absolute != NULL && stat(absolute, &status) == 0 && !S_ISDIR(status.st_mode))
        errno = ENOTDIR;
    else if (absolute != NULL && access(absolute, needed) == 0)
        return absolute;
    message_set(message, "cannot %s the folder %s: %s", needed & W_OK ? "write into" : "read", path,
                strerror(errno));
    free(absolute);
    return NULL;
}

int chart_folders_find(struct chart_folders *folders, const char *plots, const char *tables,
                       const char *output, char *message)
{
    folders->plots = folders->tables = folders->output = NULL;
    if ((folders->plots = folder(plots, R_OK | X_OK, message)) == NULL ||
        (folders->tables = folder(tables, R_OK | W_OK | X_OK, message)) == NULL ||
        (folders->output = folder(output, W_OK | X_OK, message)) == NULL)
        return -1;
    return 0;
}

void chart_folders_release(struct chart_folders *folders)
{
    free(folders->plots);
    free(folders->tables);
    free(folders->output);
}
