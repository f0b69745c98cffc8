/* The formats by name: the one list that `show --format` and its help are made from. */
#include "output.h"

const struct output_format output_formats[] = {
    {"text",             "the table for a terminal", output_text},
    {"md",       "the same in Markdown", output_markdown},
    {"csv",               "one row a workload and allocator: every summary measure", output_csv},
    {"trials",   "CSV, one row a trial: every raw measure", output_trials_csv},
    {"json",              "all of it, with laps and timelines", output_json},
    {"latency",        "CSV, percentiles of single calls by kind and size, and of requests", output_latency_csv},
    {"histogram",           "CSV, the histograms of single calls", output_histogram_csv},
    {"gbench", "JSON as Google Benchmark writes it", output_gbench},
    {0            },
};
