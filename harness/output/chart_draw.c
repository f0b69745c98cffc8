/* Draws the charts of a run; see chart_draw.h. */
#include "chart_draw.h"

#include "message.h"
#include "paths.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const charts[] = {"speed", "peak_rss", "blow_up", "scatter", "syscalls"};

/* Charts of single workloads, as a table lists them: its first column is the workload's index,
 * and another holds the name of the file that the chart is drawn from (or NaN). */
struct listing {
    const char *table, *script;
    int column;
    bool may_lack;
};

/* "LABEL.tsv" without its suffix, or NULL: the heads of columns and NaN name no file. */
static char *listed_name(char *field)
{
    char *suffix = field != NULL ? strstr(field, ".tsv") : NULL;
    if (suffix == NULL || suffix[4] != '\0' || strchr(field, '/') != NULL)
        return NULL;
    *suffix = '\0';
    return field;
}

static int draw_listed(const struct chart_folders *drawing, const struct listing *listing,
                       char *message)
{
    char path[PATH_MAX], later[MESSAGE_BYTES], *line = NULL;
    size_t room = 0;
    int result = 0;
    if (snprintf(path, sizeof path, "%s/%s", drawing->tables, listing->table) >= (int)sizeof path)
        return message_set(message, "the path of %s is too long", drawing->tables);
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT && listing->may_lack)
        return 0;
    if (file == NULL)
        return message_set(message, "cannot read %s: %s", path, strerror(errno));
    while (getline(&line, &room, file) > 0) {
        char *rest = line, *index = strsep(&rest, "\t\n"), *field = index;
        for (int i = 0; i < listing->column; i++)
            field = strsep(&rest, "\t\n");
        char *name = listed_name(field);
        if (name == NULL)
            continue;
        struct chart chart = {listing->script, name, index};
        if (chart_file_draw(drawing, &chart, result == 0 ? message : later) < 0)
            result = -1;
    }
    free(line);
    fclose(file);
    return result;
}

/* Why a cell has no figure, in a table of its own, since the others hold figures only. */
static int write_notes(const struct chart_folders *drawing, const struct summary *summary,
                       char *message)
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

/* "run NAME · 10 blocks · CPU, 2 CPUs, Linux 6.1.0" */
static void write_footer(char footer[CHART_FOOTER_BYTES], const struct run *run)
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
    const char *cpu = run_find_fact(run, "cpu"), *cpus = run_find_fact(run, "cpus"),
               *kernel = run_find_fact(run, "kernel");
    snprintf(machine, sizeof machine, "%s%.90s%s%.20s%s%s%.50s", cpu || cpus || kernel ? " · " : "",
             cpu != NULL ? cpu : "", cpu && cpus ? " × " : "", cpus != NULL ? cpus : "",
             !cpu && cpus ? " CPUs" : "", kernel ? ", Linux " : "", kernel ? kernel : "");
    snprintf(footer, CHART_FOOTER_BYTES, "run %.120s · %s%s", run->name != NULL ? run->name : "?",
             blocks, machine);
}

/* Tables of an earlier heapmark lack some. */
static const struct listing listings[] = {
    {"workloads.tsv",    "timeline",     3, false},
    {"blow_up_laps.tsv", "blow_up_laps", 1, true },
    {"latencies.tsv",    "latency",      1, true },
    {"requests.tsv",     "requests",     1, true },
    {"curves.tsv",       "curve",        1, true },
};

int chart_draw_all(const char *plots_directory, const char *tables_directory,
                   const char *output_directory, const struct summary *summary,
                   chart_written_fn *written, void *argument, char *message)
{
    char later[MESSAGE_BYTES];
    struct chart_folders drawing = {.written = written, .argument = argument};
    int result = -1;
    if (summary->run->workload_count == 0 || summary->run->allocator_count == 0)
        return message_set(message, "the run holds no trials: there is nothing to draw");
    if (chart_folders_find(&drawing, plots_directory, tables_directory, output_directory, message) <
            0 ||
        write_notes(&drawing, summary, message) < 0)
        goto out;
    write_footer(drawing.footer, summary->run);
    result = 0;
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        struct chart chart = {charts[i], charts[i], NULL};
        if (chart_file_draw(&drawing, &chart, result == 0 ? message : later) < 0)
            result = -1;
    }
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        if (draw_listed(&drawing, &listings[i], result == 0 ? message : later) < 0)
            result = -1;
out:
    chart_folders_release(&drawing);
    return result;
}
