/* Loading a stored run and drawing its charts; see report.h. */
#include "report.h"

#include "chart_draw.h"
#include "message.h"
#include "output.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *report_default_store(const struct paths *paths)
{
    return path_join(paths->results, "heapmark.db");
}

int make_folders(const char *path)
{
    char *copy = strdup(path);
    int result = copy != NULL ? 0 : -1;
    for (char *slash = copy; result == 0 && slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        if (copy[0] != '\0' && mkdir(copy, 0777) < 0 && errno != EEXIST)
            result = -1;
        if (slash != NULL)
            *slash = '/';
    }
    free(copy);
    return result;
}

int report_load(struct report *report, const char *path, const char *name, char *message)
{
    memset(report, 0, sizeof *report);
    report->names = stdout;
    run_init(&report->run);
    struct store *store = store_open(path, STORE_READ);
    int result = store != NULL ? store_load_run(store, name, &report->run) : -1;
    if (result < 0)
        message_set(message, "%s", store != NULL ? store_message(store) : "out of memory");
    if (store != NULL)
        store_close(store);
    if (result == 0 && summary_init(&report->summary, &report->run) < 0)
        result = message_set(message, "out of memory");
    if (result < 0)
        run_release(&report->run);
    return result;
}

void report_release(struct report *report)
{
    summary_release(&report->summary);
    run_release(&report->run);
}

static void print_written(void *argument, const char *path)
{
    fprintf(argument, "  %s\n", path);
}

static const struct {
    const char *name;
    output_fn *write;
} exports[] = {
    {"summary.md",  output_markdown  },
    {"summary.csv", output_csv       },
    {"trials.csv",  output_trials_csv},
    {"run.json",    output_json      },
};

static int write_export(const struct report *report, const char *directory, size_t which,
                        char *message)
{
    char *path = path_join(directory, exports[which].name);
    FILE *file = path != NULL ? fopen(path, "we") : NULL;
    int result = file != NULL ? exports[which].write(file, &report->summary) : -1;
    if (file != NULL && fclose(file) != 0)
        result = -1;
    if (result < 0)
        message_set(message, "cannot write %s: %s", path, strerror(errno));
    else
        print_written(report->names, path);
    free(path);
    return result;
}

/* Beside the store: <folder of the store>/<name of the run>. */
static char *folder_of_run(const struct report *report, const char *store_path)
{
    const char *slash = strrchr(store_path, '/');
    char *folder = NULL;
    if (slash == NULL)
        return strdup(report->run.name);
    if (asprintf(&folder, "%.*s/%s", (int)(slash - store_path), store_path, report->run.name) < 0)
        return NULL;
    return folder;
}

int report_draw(const struct report *report, const struct paths *paths, const char *store_path,
                const char *directory, char *message)
{
    char *folder = directory != NULL ? strdup(directory) : folder_of_run(report, store_path);
    char *tables = folder != NULL ? path_join(folder, "tables") : NULL;
    int result = tables != NULL ? 0 : message_set(message, "out of memory");
    if (result == 0 && make_folders(tables) < 0)
        result = message_set(message, "cannot make the folder %s: %s; name another with -o", tables,
                             strerror(errno));
    if (result == 0 && output_chart_tables(tables, &report->summary) < 0)
        result =
            message_set(message, "cannot write the tables into %s: %s", tables, strerror(errno));
    if (result == 0)
        fprintf(report->names, "Files of run %s:\n", report->run.name);
    for (size_t i = 0; i < sizeof exports / sizeof exports[0] && result == 0; i++)
        result = write_export(report, folder, i, message);
    if (result == 0)
        result = chart_draw_all(paths->plots, tables, folder, &report->summary, print_written,
                                report->names, message);
    free(tables);
    free(folder);
    return result;
}
