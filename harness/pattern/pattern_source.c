/* Makes the calls of a pattern; see pattern_source.h. */
#include "pattern_source.h"

#include "deck_deal.h"
#include "lane.h"
#include "message.h"

#include <stdlib.h>

struct pattern_source {
    struct op_source ops;
    const struct pattern *pattern;
    uint64_t seed, fill_calls;
    struct deck_deal *deal; /* NULL: there are lanes */
    struct lanes lanes;
};

static void begin(struct pattern_source *source)
{
    struct lanes *lanes = &source->lanes;
    block_pool_clear(&lanes->pool);
    lanes->born = 0;
    for (unsigned i = 0; i < source->pattern->threads; i++)
        lane_begin(&lanes->lane[i], source->seed);
}

/* Whose call comes next: while some build up their first live set, theirs; then whose is due
 * first, and of these who has made the fewest. */
static struct lane *choose(struct pattern_source *source)
{
    struct lane *chosen = NULL;
    for (unsigned i = 0; i < source->pattern->threads; i++) {
        struct lane *lane = &source->lanes.lane[i];
        if (lane->stage == STAGE_DONE)
            continue;
        if (chosen == NULL) {
            chosen = lane;
            continue;
        }
        bool fill = lane->stage == STAGE_FILL, chosen_fill = chosen->stage == STAGE_FILL;
        bool sooner = lane->ready_ns != chosen->ready_ns ? lane->ready_ns < chosen->ready_ns
                                                         : lane->calls < chosen->calls;
        if (fill != chosen_fill ? fill : sooner)
            chosen = lane;
    }
    return chosen;
}

static int next(void *argument, struct trace_op *op, char *message)
{
    struct pattern_source *source = argument;
    int got = 0;
    if (source->deal != NULL) {
        got = deck_deal_next(source->deal, op);
    } else {
        struct lane *lane = choose(source);
        if (lane != NULL) {
            source->ops.pause_ns = lane->pause_ns;
            got = lane_next(lane, op);
        }
    }
    return got < 0 ? message_set(message, "out of memory") : got;
}

static int rewind_source(void *argument, char *message)
{
    struct pattern_source *source = argument;
    (void)message;
    if (source->deal != NULL)
        deck_deal_restart(source->deal);
    else
        begin(source);
    return 0;
}

/* Goes through what comes before the phases. */
static int count_fill(struct pattern_source *source, char *message)
{
    struct trace_op op;
    double bytes = 0;
    for (;;) {
        const struct lane *lane = choose(source);
        if (lane == NULL || lane->stage != STAGE_FILL)
            break;
        if (next(source, &op, message) < 0)
            return -1;
        bytes += (double)op.size;
        if (bytes > PATTERN_LIVE_MAXIMUM)
            return message_set(message,
                               "%s: it would begin with more than 64 GiB alive; shorten lifetimes, "
                               "or say live =",
                               source->pattern->path);
    }
    /* The last call of a fill may be one of the next stage: there was no room for another block. */
    for (unsigned i = 0; i < source->pattern->threads; i++) {
        const struct lane *lane = &source->lanes.lane[i];
        source->fill_calls += lane->calls - lane->warmed - lane->phase_calls;
    }
    source->fill_calls += source->lanes.warm_calls * source->pattern->threads;
    begin(source);
    return 0;
}

static int make_lanes(struct pattern_source *source, char *message)
{
    const struct pattern *pattern = source->pattern;
    struct lanes *lanes = &source->lanes;
    double blocks = 0;
    lanes->pattern = pattern;
    lanes->warm_calls = pattern->steady ? pattern_calls(pattern) / pattern->laps : 0;
    lanes->lane = calloc(pattern->threads, sizeof *lanes->lane);
    if (lanes->lane == NULL ||
        block_pool_init(&lanes->pool, pattern->threads * pattern->kind_names) < 0)
        return message_set(message, "out of memory");
    for (unsigned i = 0; i < pattern->threads; i++) {
        lanes->lane[i].lanes = lanes;
        lanes->lane[i].number = i;
    }
    begin(source);
    for (unsigned i = 0; i < pattern->threads; i++)
        blocks += lane_fill_blocks(&lanes->lane[i]);
    if (blocks > PATTERN_BLOCKS_MAXIMUM)
        return message_set(message,
                           "%s: it would begin with %.0f blocks alive, more than %.0f; shorten "
                           "lifetimes, or say live =",
                           pattern->path, blocks, PATTERN_BLOCKS_MAXIMUM);
    return count_fill(source, message);
}

struct pattern_source *pattern_source_create(const struct pattern *pattern, uint64_t seed,
                                             char *message)
{
    struct pattern_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        message_set(message, "out of memory");
        return NULL;
    }
    source->pattern = pattern;
    source->seed = seed;
    source->ops = (struct op_source){.next = next,
                                     .rewind = rewind_source,
                                     .argument = source,
                                     .threads = pattern->threads};
    int result = 0;
    if (pattern->deck.cells > 0) {
        source->deal = deck_deal_create(&pattern->deck, seed);
        if (source->deal == NULL)
            result = message_set(message, "out of memory");
    } else {
        result = make_lanes(source, message);
    }
    if (result == 0)
        return source;
    pattern_source_free(source);
    return NULL;
}

void pattern_source_free(struct pattern_source *source)
{
    if (source == NULL)
        return;
    for (unsigned i = 0; source->lanes.lane != NULL && i < source->pattern->threads; i++)
        lane_release(&source->lanes.lane[i]);
    free(source->lanes.lane);
    block_pool_release(&source->lanes.pool);
    deck_deal_free(source->deal);
    free(source);
}

struct op_source *pattern_source_ops(struct pattern_source *source)
{
    return &source->ops;
}

uint64_t pattern_source_fill_calls(const struct pattern_source *source)
{
    return source->fill_calls;
}
