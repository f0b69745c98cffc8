/* heapmark trace profile --twin; see trace_twin.h. */
#include "trace_twin.h"

#include "chart_file.h"
#include "likeness.h"
#include "message.h"
#include "part_file.h"
#include "paths.h"
#include "pattern_source.h"
#include "report.h"
#include "twin.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 1 };

struct twinning {
    struct trace_reader *reader;
    const char *trace;
    const struct trace_twin_options *options;
    char *csv;
    struct deck deck;
    struct likeness_side recorded, twin;
    struct likeness likeness;
    char *message;
};

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- files -------------------------------------------------------------------------- */

static int write_ini(struct twinning *twinning, FILE *file)
{
    return twin_write_ini(file, twinning->reader, base_of(twinning->trace), base_of(twinning->csv));
}

static int write_deck(struct twinning *twinning, FILE *file)
{
    return twin_write_deck(file, &twinning->deck);
}

static int write_file(struct twinning *twinning, const char *path,
                      int (*put)(struct twinning *twinning, FILE *file))
{
    struct part_file part;
    if (part_file_begin(&part, path, twinning->message) < 0)
        return -1;
    FILE *file = fopen(part.draft, "we");
    int error = file != NULL ? 0 : errno;
    if (file != NULL && put(twinning, file) < 0)
        error = errno;
    if (file != NULL && fclose(file) != 0 && error == 0)
        error = errno;
    int result = error != 0
                     ? message_set(twinning->message, "cannot write %s: %s", path, strerror(error))
                     : 0;
    return part_file_end(&part, result, twinning->message);
}

/* ---- how much alike ----------------------------------------------------------------- */

static int next_of_trace(void *reader, struct trace_op *op, char *message)
{
    return trace_reader_next(reader, op, message);
}

static int rewind_trace(void *reader, char *message)
{
    return trace_reader_seek(reader, 0, message);
}

/* The twin as it is read back from its files. */
static int take_twin(struct twinning *twinning)
{
    struct pattern pattern;
    if (pattern_load(&pattern, twinning->options->ini, NULL, twinning->message) < 0)
        return -1;
    struct pattern_source *source = pattern_source_create(&pattern, SEED, twinning->message);
    int result = source != NULL
                     ? likeness_take(&twinning->twin, pattern_source_ops(source), twinning->message)
                     : -1;
    pattern_source_free(source);
    pattern_release(&pattern);
    return result;
}

static int take_both(struct twinning *twinning)
{
    struct op_source ops = {
        .next = next_of_trace,
        .rewind = rewind_trace,
        .argument = twinning->reader,
        .threads = trace_reader_threads(twinning->reader),
        .inherited = trace_facts_yes(trace_reader_facts(twinning->reader), "inherited"),
    };
    if (likeness_take(&twinning->recorded, &ops, twinning->message) < 0 || take_twin(twinning) < 0)
        return -1;
    likeness_compare(&twinning->likeness, &twinning->recorded, &twinning->twin);
    return 0;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

static int tell(const struct twinning *twinning)
{
    const struct likeness *likeness = &twinning->likeness;
    const struct likeness_side *recorded = &twinning->recorded, *twin = &twinning->twin;
    char calls[2][UNITS_TEXT_BYTES], peak[2][UNITS_TEXT_BYTES];
    printf("%s: the twin of %s, dealt from %s (%zu cells in %" PRIu64 " slices)\n",
           twinning->options->ini, twinning->trace, twinning->csv, twinning->deck.cells,
           twinning->deck.slices);
    printf("  calls                 %s recorded, %s\n",
           units_print_count(calls[0], (double)recorded->total),
           units_print_count(calls[1], (double)twin->total));
    printf("  live peak             %s recorded, %s\n",
           units_print_bytes(peak[0], (int64_t)recorded->peak_bytes),
           units_print_bytes(peak[1], (int64_t)twin->peak_bytes));
    printf("  freed elsewhere       %.1f %% recorded, %.1f %%\n",
           percent(recorded->across, recorded->ended), percent(twin->across, twin->ended));
    printf("  distance of sizes     %.4f (largest between cumulated shares, 0 to 1)\n",
           likeness->sizes);
    printf("  distance of lifetimes %.4f\n", likeness->lives);
    printf("  distance of live curves %.2f %% of the mean\n", 100 * likeness->live);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    return message_set(twinning->message, "cannot write standard output: %s", strerror(errno));
}

/* ---- the chart ---------------------------------------------------------------------- */

static FILE *open_table(const char *folder, const char *name, char *message)
{
    char *path = path_join(folder, name);
    FILE *file = path != NULL ? fopen(path, "we") : NULL;
    if (file == NULL)
        message_set(message, "cannot write %s/%s: %s", folder, name, strerror(errno));
    free(path);
    return file;
}

static int close_table(FILE *file, const char *name, char *message)
{
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return message_set(message, "cannot write %s: %s", name, strerror(errno));
    return 0;
}

/* Cumulated shares of both where either has something. */
static int write_shares(const char *folder, const char *name, const struct twinning *twinning,
                        bool lives)
{
    const uint64_t *recorded = lives ? twinning->recorded.lives : twinning->recorded.sizes;
    const uint64_t *twin = lives ? twinning->twin.lives : twinning->twin.sizes;
    double shares[2] = {0, 0};
    FILE *file = open_table(folder, name, twinning->message);
    if (file == NULL)
        return -1;
    fprintf(file, "most\trecorded\ttwin\n");
    for (unsigned i = 0; i < LIKENESS_CLASSES - 1; i++) {
        if (recorded[i] == 0 && twin[i] == 0)
            continue;
        shares[0] += percent(recorded[i], twinning->recorded.objects);
        shares[1] += percent(twin[i], twinning->twin.objects);
        fprintf(file, "%.0f\t%.6f\t%.6f\n", likeness_class_most(i), shares[0], shares[1]);
    }
    return close_table(file, name, twinning->message);
}

static int write_live(const char *folder, const struct twinning *twinning)
{
    FILE *file = open_table(folder, "twin_live.tsv", twinning->message);
    if (file == NULL)
        return -1;
    fprintf(file, "operation\trecorded\ttwin\n");
    for (unsigned i = 0; i < LIKENESS_BINS; i++)
        fprintf(file, "%.1f\t%" PRIu64 "\t%" PRIu64 "\n",
                (i + 1.0) * (double)twinning->recorded.total / LIKENESS_BINS,
                twinning->recorded.live_most[i], twinning->twin.live_most[i]);
    return close_table(file, "twin_live.tsv", twinning->message);
}

static void name_chart(void *argument, const char *path)
{
    fprintf(argument, "  %s\n", path);
}

static int draw_in(const struct twinning *twinning, const struct paths *paths, const char *tables)
{
    struct chart_folders folders = {.written = name_chart, .argument = stderr};
    struct chart chart = {.script = "trace_twin", .name = "twin"};
    const struct likeness *likeness = &twinning->likeness;
    if (write_live(tables, twinning) < 0 ||
        write_shares(tables, "twin_sizes.tsv", twinning, false) < 0 ||
        write_shares(tables, "twin_lives.tsv", twinning, true) < 0)
        return -1;
    snprintf(
        folders.footer, CHART_FOOTER_BYTES,
        "%.100s · distance of sizes %.3f, of lifetimes %.3f, of live curves %.1f %% of the mean",
        base_of(twinning->trace), likeness->sizes, likeness->lives, 100 * likeness->live);
    int result = chart_folders_find(&folders, paths->plots, tables, twinning->options->plot,
                                    twinning->message);
    if (result == 0)
        result = chart_file_draw(&folders, &chart, twinning->message);
    chart_folders_release(&folders);
    return result;
}

static int draw(const struct twinning *twinning)
{
    struct paths paths = {0};
    char *tables = path_join(twinning->options->plot, "tables");
    int result = paths_init(&paths, twinning->message);
    if (result == 0 && (tables == NULL || make_folders(tables) < 0))
        result = message_set(twinning->message, "cannot create the folder %s: %s",
                             twinning->options->plot, strerror(errno));
    if (result == 0)
        result = draw_in(twinning, &paths, tables);
    free(tables);
    paths_release(&paths);
    return result;
}

/* ------------------------------------------------------------------------------------- */

int trace_twin_make(struct trace_reader *reader, const char *trace,
                    const struct trace_twin_options *options, char *message)
{
    struct twinning twinning = {.reader = reader,
                                .trace = trace,
                                .options = options,
                                .message = message};
    if (asprintf(&twinning.csv, "%.*s.csv", (int)strlen(options->ini) - 4, options->ini) < 0)
        return message_set(message, "out of memory");
    int result = twin_make(&twinning.deck, reader, options->slices, message);
    if (result == 0)
        result = write_file(&twinning, twinning.csv, write_deck);
    if (result == 0)
        result = write_file(&twinning, options->ini, write_ini);
    if (result == 0)
        result = take_both(&twinning);
    if (result == 0)
        result = tell(&twinning);
    if (result == 0 && options->plot != NULL)
        result = draw(&twinning);
    likeness_side_release(&twinning.recorded);
    likeness_side_release(&twinning.twin);
    deck_release(&twinning.deck);
    free(twinning.csv);
    return result;
}
