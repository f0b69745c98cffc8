/* The options of `heapmark map`; see map_options.h. */
#include "map_options.h"

#include "cli.h"
#include "map_output.h"
#include "units.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_AT = 256,
    OPTION_FRAMES,
    OPTION_FORMAT,
    OPTION_TIME_LIMIT,
    FRAMES_LEAST = 2,
    FRAMES_MOST = 48,
};
#define TIME_LIMIT_DEFAULT_NS INT64_C(300000000000)
#define PARTS_PER_PERCENT     10000 /* of a million */

/* clang-format off */
static const struct argp_option option_table[] = {
    {"workload", 'w', "FILE.hmt[:PARAM=VALUE,...]", 0,
     "The trace to replay, with the parameters that heapmark run takes, too", 0},
    {"allocator", 'a', "NAME[=LIB.so]", 0,
     "As in heapmark run; may be given many times. Without it, every installed one that is part of "
     "'all'",
     0},
    {"at", OPTION_AT, "MOMENT", 0,
     "peak (of live bytes; the default), end (all calls made), N% (of the calls made), or drained "
     "(then everything freed)",
     0},
    {"frames", OPTION_FRAMES, "N", 0,
     "A film strip instead: N moments (2 to 48), evenly over the calls", 0},
    {"output", 'o', "FOLDER", 0,
     "Where pictures go (default: a folder named after the trace in results/)", 0},
    {"format", OPTION_FORMAT, "FORMAT", 0, "Of the numbers on standard output: text, csv or json",
     0},
    {"time-limit", OPTION_TIME_LIMIT, "TIME", 0, "For one replay (default 5m)", 0},
    {0},
};
/* clang-format on */

static const char documentation[] =
    "Replays a trace under allocators and draws each one's heap at a moment: every page by its "
    "share of live bytes, the resident pages that hold none, the holes. Prints the numbers, one "
    "row an allocator and moment, and names the files."
    "\v"
    "Examples:\n"
    "  heapmark map -w app.hmt -a glibc -a jemalloc\n"
    "  heapmark map -w app.hmt -a freelist-best --at end\n"
    "  heapmark map -w app.hmt -a mimalloc --frames 8 -o film\n"
    "  heapmark map -w app.hmt:touch=all -a mine=./libmine.so --at 50% --format csv\n\n"
    "docs/heap-map.md tells how to read the pictures.\n\n"
    "Exit status: 0 all well; 1 the replay failed under some allocator; 2 wrong use, or could not "
    "run; 130 interrupted.";

static void parse_at(struct map_options *options, const char *text, const struct argp_state *state)
{
    static const struct {
        const char *name;
        enum map_moment at;
    } moments[] = {
        {"peak",    MAP_PEAK   },
        {"end",     MAP_END    },
        {"drained", MAP_DRAINED},
    };
    options->at_text = text;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        if (strcmp(text, moments[i].name) == 0) {
            options->at = moments[i].at;
            return;
        }
    char *rest;
    double percent = strtod(text, &rest);
    if (strspn(text, "0123456789.") != (size_t)(rest - text) || rest == text ||
        strcmp(rest, "%") != 0 || !(percent <= 100) || strlen(text) > 12)
        argp_failure(state, EXIT_UNUSABLE, 0,
                     "--at %s: give peak, end, drained, or a share of the calls from 0%% to 100%%",
                     text);
    options->at = MAP_SHARE;
    options->share_ppm = (uint64_t)llround(percent * PARTS_PER_PERCENT);
}

static void parse_frames(struct map_options *options, const char *text,
                         const struct argp_state *state)
{
    uint64_t frames = 0;
    if (units_parse_count(text, &frames) < 0 || frames < FRAMES_LEAST || frames > FRAMES_MOST)
        argp_failure(state, EXIT_UNUSABLE, 0, "--frames %s: give a whole number from %d to %d",
                     text, FRAMES_LEAST, FRAMES_MOST);
    options->frames = (unsigned)frames;
}

static void add_allocator(struct map_options *options, const char *word,
                          const struct argp_state *state)
{
    struct word_list *list = &options->allocators;
    const char **words = realloc(list->words, (list->count + 1) * sizeof *words);
    if (words == NULL)
        argp_failure(state, EXIT_UNUSABLE, ENOMEM, "cannot take the option");
    list->words = words;
    words[list->count++] = word;
}

static void parse_time_limit(struct map_options *options, const char *text,
                             const struct argp_state *state)
{
    uint64_t ns = 0;
    if (units_parse_duration(text, &ns) < 0 || ns == 0 || ns > INT64_MAX / 2)
        argp_failure(state, EXIT_UNUSABLE, 0, "--time-limit %s: give a time such as 30s or 5m",
                     text);
    options->time_limit_ns = (int64_t)ns;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct map_options *options = state->input;
    switch (key) {
    case 'w':
        if (options->workload != NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "one trace at a time: %s or %s?",
                         options->workload, argument);
        options->workload = argument;
        return 0;
    case 'a':
        add_allocator(options, argument, state);
        return 0;
    case 'o':
        options->folder = argument;
        return 0;
    case OPTION_AT:
        parse_at(options, argument, state);
        return 0;
    case OPTION_FRAMES:
        parse_frames(options, argument, state);
        return 0;
    case OPTION_FORMAT:
        if (map_output_find(argument) == NULL)
            argp_failure(state, EXIT_UNUSABLE, 0, "unknown format '%s'; there are: text csv json",
                         argument);
        options->format = argument;
        return 0;
    case OPTION_TIME_LIMIT:
        parse_time_limit(options, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, EXIT_UNUSABLE, 0, "what is '%s'? A trace is named by -w", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void map_options_parse(struct map_options *options, int argc, char **argv)
{
    static const struct argp parser = {
        .options = option_table,
        .parser = parse_option,
        .doc = documentation,
    };
    *options = (struct map_options){
        .at = MAP_PEAK,
        .format = "text",
        .time_limit_ns = TIME_LIMIT_DEFAULT_NS,
    };
    argp_err_exit_status = EXIT_UNUSABLE;
    argp_parse(&parser, argc, argv, 0, NULL, options);
    const char *wrong = NULL;
    if (options->workload == NULL)
        wrong = "name a trace: -w app.hmt (heapmark record makes one)";
    if (options->frames > 0 && options->at_text != NULL)
        wrong = "--at is one moment and --frames are many: leave out one of them";
    if (options->at_text == NULL)
        options->at_text = "peak";
    if (wrong == NULL)
        return;
    fprintf(stderr, "%s: %s\n", argv[0], wrong);
    map_options_release(options);
    exit(EXIT_UNUSABLE);
}

void map_options_release(struct map_options *options)
{
    free(options->allocators.words);
    options->allocators = (struct word_list){0};
}
