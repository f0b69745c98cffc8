/* Works out Robson's program against first fit; see robson_plan.h. */
#include "robson_plan.h"

#include <stdbool.h>

static uint32_t words_of(const struct robson_model *model, uint32_t id)
{
    return (uint32_t)1 << model->exponent[id];
}

/* Whether the block holds a word whose number is `offset` modulo 2^step. */
static bool holds(const struct robson_model *model, const struct robson_block *block,
                  uint32_t offset, uint32_t step)
{
    uint32_t mask = ((uint32_t)1 << step) - 1;
    uint32_t ahead = (offset - block->place) & mask; /* from its first word to the next such one */
    return ahead < words_of(model, block->id);
}

/* The words that blocks of 2^step words cannot use if only those blocks stay: the more, the worse
 * for the allocator. */
static uint64_t waste(const struct robson_model *model, uint32_t offset, uint32_t step)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < model->live_count; i++)
        if (holds(model, &model->live[i], offset, step))
            sum += ((uint64_t)1 << step) - words_of(model, model->live[i].id);
    return sum;
}

/* Frees all that do not stay. Returns the words that live on. */
static uint32_t release(struct robson_plan *plan, struct robson_model *model, uint32_t offset,
                        uint32_t step)
{
    uint32_t kept = 0, words = 0;
    plan->step[step].first_free = plan->freed_count;
    for (uint32_t i = 0; i < model->live_count; i++) {
        struct robson_block block = model->live[i];
        if (!holds(model, &block, offset, step)) {
            plan->freed[plan->freed_count++] = block.id;
            continue;
        }
        model->live[kept++] = block;
        words += words_of(model, block.id);
    }
    plan->step[step].frees = plan->freed_count - plan->step[step].first_free;
    model->live_count = kept;
    return words;
}

static void place(struct robson_plan *plan, struct robson_model *model, uint32_t at, uint32_t step,
                  uint32_t *merged)
{
    model->merged[(*merged)++] = (struct robson_block){at, plan->blocks};
    model->exponent[plan->blocks++] = (uint8_t)step;
}

/* First fit: into the gaps from the lowest on, then behind the last block. */
static void fill_up(struct robson_plan *plan, struct robson_model *model, uint32_t count,
                    uint32_t step)
{
    uint32_t size = (uint32_t)1 << step, at = 0, merged = 0, left = count;
    for (uint32_t i = 0; i < model->live_count; i++) {
        struct robson_block block = model->live[i];
        for (; left > 0 && block.place - at >= size; left--, at += size)
            place(plan, model, at, step, &merged);
        model->merged[merged++] = block;
        at = block.place + words_of(model, block.id);
    }
    for (; left > 0; left--, at += size)
        place(plan, model, at, step, &merged);
    struct robson_block *spare = model->live;
    model->live = model->merged;
    model->merged = spare;
    model->live_count = merged;
    plan->step[step].allocations = count;
    if (at > plan->heap_words)
        plan->heap_words = at;
}

void robson_plan_make(struct robson_plan *plan, struct robson_model *model)
{
    uint32_t offset = 0;
    plan->blocks = plan->freed_count = plan->heap_words = model->live_count = 0;
    plan->step[0] = (struct robson_step){0, 0, 0};
    fill_up(plan, model, plan->words, 0);
    for (uint32_t step = 1; step < plan->steps; step++) {
        uint32_t other = offset + ((uint32_t)1 << (step - 1));
        if (waste(model, other, step) > waste(model, offset, step))
            offset = other;
        uint32_t live = release(plan, model, offset, step);
        fill_up(plan, model, (plan->words - live) >> step, step);
    }
}
