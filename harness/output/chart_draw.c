/*
 * Draws the charts of a run; see chart_draw.h. One gnuplot process a chart draws both formats
 * under names of its own, beside the charts, which take the right names only when complete.
 */
#include "chart_draw.h"

#include "message.h"
#include "paths.h"
#include "subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FORMATS = 2,
    STDERR_KEPT_BYTES = 8192,
    FOOTER_BYTES = 512,
};
#define CHART_TIME_LIMIT_NS (120 * UINT64_C(1000000000))

static const struct {
    const char *suffix;
    const char *last; /* what a complete file ends with */
} formats[FORMATS] = {
    {".svg", "</svg>"},
    {".png", "IEND"  },
};

static const char *const charts[] = {"speed", "peak_rss", "blow_up", "scatter", "syscalls"};

/* What all charts of a run share; the paths are absolute, so gnuplot can take none for a pipe
 * or an option. */
struct drawing {
    char *plots, *tables, *output;
    char footer[FOOTER_BYTES];
    chart_written_fn *written;
    void *argument;
};

struct chart {
    const char *script;   /* plots/<script>.gp */
    const char *name;     /* of the files */
    const char *workload; /* its index as text, for the script; NULL: a chart of all */
};

struct chart_paths {
    char script[PATH_MAX];
    char stem[PATH_MAX]; /* what gnuplot adds the suffix to */
    char drawn[FORMATS][PATH_MAX], final[FORMATS][PATH_MAX];
};

static int chart_paths_init(struct chart_paths *paths, const struct drawing *drawing,
                            const struct chart *chart)
{
    int lengths[2 + 2 * FORMATS], count = 0;
    lengths[count++] = snprintf(paths->script, PATH_MAX, "%s/%s.gp", drawing->plots, chart->script);
    lengths[count++] =
        snprintf(paths->stem, PATH_MAX, "%s/.%s.%ld", drawing->output, chart->name, (long)getpid());
    for (int i = 0; i < FORMATS; i++) {
        lengths[count++] = snprintf(paths->final[i], PATH_MAX, "%s/%s%s", drawing->output,
                                    chart->name, formats[i].suffix);
        lengths[count++] = snprintf(paths->drawn[i], PATH_MAX, "%s/.%s.%ld%s", drawing->output,
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
static int draw(const struct drawing *drawing, const struct chart *chart,
                const struct chart_paths *paths, char *message)
{
    /* Without --default-settings the user's ~/.gnuplot would change the charts. */
    const char *const argv[] = {"gnuplot",       "--default-settings", "-c",
                                paths->script,   drawing->tables,      paths->stem,
                                drawing->footer, chart->workload,      NULL};
    struct subprocess spec = {
        .argv = argv,
        .time_limit_ns = CHART_TIME_LIMIT_NS,
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

static int draw_chart(const struct drawing *drawing, const struct chart *chart, char *message)
{
    struct chart_paths paths;
    if (chart_paths_init(&paths, drawing, chart) < 0)
        return message_set(message, "chart %s: the path of %s is too long", chart->name,
                           drawing->output);
    int result = draw(drawing, chart, &paths, message);
    for (int i = 0; i < FORMATS && result == 0; i++) {
        if (rename(paths.drawn[i], paths.final[i]) < 0)
            result = message_set(message, "cannot write %s: %s", paths.final[i], strerror(errno));
        else
            drawing->written(drawing->argument, paths.final[i]);
    }
    for (int i = 0; i < FORMATS && result < 0; i++)
        unlink(paths.drawn[i]);
    return result;
}

/* The timeline charts, as workloads.tsv lists them: index, label, kind, file (or NaN). */
static int draw_timelines(const struct drawing *drawing, char *message)
{
    char path[PATH_MAX], later[MESSAGE_BYTES], *line = NULL;
    size_t room = 0;
    int result = 0;
    if (snprintf(path, sizeof path, "%s/workloads.tsv", drawing->tables) >= (int)sizeof path)
        return message_set(message, "the path of %s is too long", drawing->tables);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return message_set(message, "cannot read %s: %s", path, strerror(errno));
    while (getline(&line, &room, file) > 0) {
        char *rest = line, *column[4];
        for (int i = 0; i < 4; i++)
            column[i] = strsep(&rest, "\t\n");
        char *suffix = column[3] != NULL ? strstr(column[3], ".tsv") : NULL;
        /* The heads of the columns and a workload without samples name no file. */
        if (suffix == NULL || suffix[4] != '\0' || strchr(column[3], '/') != NULL)
            continue;
        *suffix = '\0';
        struct chart chart = {"timeline", column[3], column[0]};
        if (draw_chart(drawing, &chart, result == 0 ? message : later) < 0)
            result = -1;
    }
    free(line);
    fclose(file);
    return result;
}

/* Why a cell has no figure, in a table of its own, since the others hold figures only. */
static int write_notes(const struct drawing *drawing, const struct summary *summary, char *message)
{
    char *path = path_join(drawing->tables, "notes.tsv");
    FILE *file = path != NULL ? fopen(path, "we") : NULL;
    bool failed = file == NULL;
    if (file != NULL) {
        fprintf(file, "workload_index\tallocator_index\tnote\n");
        for (size_t w = 0; w < summary->run->workload_count; w++)
            for (size_t a = 0; a < summary->run->allocator_count; a++) {
                enum trial_status status = summary_cell(summary, w, a)->status;
                fprintf(file, "%zu\t%zu\t%s\n", w, a,
                        status == STATUS_OK        ? "n/a"
                        : status == STATUS_PLANNED ? "not run"
                                                   : trial_status_name(status));
            }
        failed = ferror(file) != 0;
        if (fclose(file) != 0)
            failed = true;
    }
    int result = failed ? message_set(message, "cannot write %s: %s", path ? path : "notes.tsv",
                                      strerror(errno))
                        : 0;
    free(path);
    return result;
}

static const char *fact(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->fact_count; i++)
        if (strcmp(run->facts[i].name, name) == 0)
            return run->facts[i].value;
    return NULL;
}

/* "run NAME · 10 blocks · CPU, 2 CPUs, Linux 6.1.0" */
static void write_footer(char footer[FOOTER_BYTES], const struct run *run)
{
    char blocks[64], machine[256] = "";
    unsigned least = UINT_MAX, most = 0;
    for (size_t w = 0; w < run->workload_count; w++) {
        least = run->workloads[w].blocks < least ? run->workloads[w].blocks : least;
        most = run->workloads[w].blocks > most ? run->workloads[w].blocks : most;
    }
    if (least == most)
        snprintf(blocks, sizeof blocks, "%u block%s", most, most == 1 ? "" : "s");
    else
        snprintf(blocks, sizeof blocks, "%u to %u blocks", least, most);
    const char *cpu = fact(run, "cpu"), *cpus = fact(run, "cpus"), *kernel = fact(run, "kernel");
    snprintf(machine, sizeof machine, "%s%.90s%s%.20s%s%s%.50s", cpu || cpus || kernel ? " · " : "",
             cpu != NULL ? cpu : "", cpu && cpus ? " × " : "", cpus != NULL ? cpus : "",
             !cpu && cpus ? " CPUs" : "", kernel ? ", Linux " : "", kernel ? kernel : "");
    snprintf(footer, FOOTER_BYTES, "run %.120s · %s%s", run->name != NULL ? run->name : "?", blocks,
             machine);
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

int chart_draw_all(const char *plots_directory, const char *tables_directory,
                   const char *output_directory, const struct summary *summary,
                   chart_written_fn *written, void *argument, char *message)
{
    char later[MESSAGE_BYTES];
    struct drawing drawing = {.written = written, .argument = argument};
    int result = -1;
    if (summary->run->workload_count == 0 || summary->run->allocator_count == 0)
        return message_set(message, "the run holds no trials: there is nothing to draw");
    if ((drawing.plots = folder(plots_directory, R_OK | X_OK, message)) == NULL ||
        (drawing.tables = folder(tables_directory, R_OK | W_OK | X_OK, message)) == NULL ||
        (drawing.output = folder(output_directory, W_OK | X_OK, message)) == NULL ||
        write_notes(&drawing, summary, message) < 0)
        goto out;
    write_footer(drawing.footer, summary->run);
    result = 0;
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        struct chart chart = {charts[i], charts[i], NULL};
        if (draw_chart(&drawing, &chart, result == 0 ? message : later) < 0)
            result = -1;
    }
    if (draw_timelines(&drawing, result == 0 ? message : later) < 0)
        result = -1;
out:
    free(drawing.plots);
    free(drawing.tables);
    free(drawing.output);
    return result;
}
