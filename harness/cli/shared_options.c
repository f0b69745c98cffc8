/* See shared_options.h. */
#include "shared_options.h"

#include "option_values.h"

#define PAIRS_MAXIMUM 1280

error_t option_of_trials(int key, char *argument, struct run_options *run,
                         const struct argp_state *state)
{
    switch (key) {
    case 's':
        run->suite = argument;
        return 0;
    case 'w':
        option_word(&run->workloads, argument, state);
        run->planning = "-w";
        return 0;
    case 'o':
        run->store = argument;
        return 0;
    case 'q':
        run->quiet = true;
        return 0;
    case OPTION_SEED:
        /* SQLite's integers are signed. */
        run->seed = option_count(argument, "--seed", 0, INT64_MAX, state);
        run->planning = "--seed";
        return 0;
    case OPTION_ORDER_SEED:
        run->order_seed = option_count(argument, "--order-seed", 0, INT64_MAX, state);
        run->order_seed_given = true;
        run->planning = "--order-seed";
        return 0;
    case OPTION_TIME_LIMIT:
        run->time_limit_ns = option_duration(argument, "--time-limit", DURATION_LEAST_NS, state);
        if (run->time_limit_ns == 0)
            argp_failure(state, argp_err_exit_status, 0,
                         "--time-limit 0: no trial could end in time");
        run->planning = "--time-limit";
        return 0;
    case OPTION_MEMORY_LIMIT:
        run->memory_limit_bytes = option_bytes(argument, "--memory-limit", state);
        run->planning = "--memory-limit";
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

error_t option_of_budget(int key, char *argument, struct comparison_budget *budget,
                         const struct argp_state *state)
{
    switch (key) {
    case OPTION_ALPHA:
        budget->alpha = option_percent(argument, "--alpha", OPTION_ABOVE_ZERO, state);
        return 0;
    case OPTION_MAX_TIME:
        budget->max_time_ns = option_duration(argument, "--max-time", DURATION_LEAST_NS, state);
        return 0;
    case OPTION_MAX_PAIRS:
        budget->most_pairs =
            option_count(argument, "--max-pairs", budget->least_pairs, PAIRS_MAXIMUM, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

error_t option_of_source(int key, char *argument, struct revision_source *source)
{
    switch (key) {
    case OPTION_REPO:
        source->repository = argument;
        return 0;
    case OPTION_BUILD:
        source->build = argument;
        return 0;
    case OPTION_LIBRARY:
        source->library = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void option_source_check(const struct revision_source *source, const struct argp_state *state)
{
    int given = (source->repository != NULL) + (source->build != NULL) + (source->library != NULL);
    if (given != 0 && given != 3)
        argp_failure(state, argp_err_exit_status, 0,
                     "--repo, --build and --library go together: where, how, and what it makes");
}
