/* Lays out one lap of a script; see maker.h. */
#include "maker.h"

#include "message.h"
#include "op_source.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_AT_FIRST = 4096, WORDS_AT_FIRST = 1024 };

static int no_memory(struct maker *maker)
{
    return message_set(maker->message, "out of memory");
}

/* ---- taking ---------------------------------------------------------------------- */

static struct step *add_step(struct maker *maker)
{
    if (maker->step_count == maker->step_capacity) {
        size_t capacity = maker->step_capacity > 0 ? 2 * maker->step_capacity : STEPS_AT_FIRST;
        struct step *step = realloc(maker->step, capacity * sizeof *step);
        if (step == NULL)
            return NULL;
        maker->step = step;
        maker->step_capacity = capacity;
    }
    return &maker->step[maker->step_count++];
}

static void note_peak(struct maker *maker)
{
    struct script_head *head = &maker->head;
    if (maker->lives.live_bytes <= head->live_peak_bytes)
        return;
    head->live_peak_bytes = maker->lives.live_bytes;
    head->live_peak_call = maker->calls;
}

static void note_lives(struct maker *maker, const struct step *step)
{
    struct life *lives = maker->lives.life;
    if (step->ended != LIFE_NONE) {
        struct life *ended = &lives[step->ended];
        if (ended->born_lap == maker->lap && ended->born_worker != step->worker)
            ended->passes = true;
    }
    if (step->begun != LIFE_NONE) {
        lives[step->begun].born_lap = maker->lap;
        lives[step->begun].born_worker = step->worker;
    }
}

/* The stretch that the next call belongs to. One worker needs none, and due times keep several
 * together by themselves. */
static uint32_t next_stretch(struct maker *maker, const struct change *change, uint64_t bytes)
{
    if (maker->layout.workers < 2 || maker->due || maker->apart)
        return 0;
    bool enough = maker->stretch.calls >= REPLAY_STRETCH_CALLS &&
                  maker->stretch.bytes * REPLAY_STRETCH_SHARE >= (uint64_t)maker->lives.live_bytes;
    if (enough) {
        maker->stretch.number++;
        maker->stretch.calls = maker->stretch.bytes = 0;
    }
    maker->stretch.calls++;
    maker->stretch.bytes += change->begun != LIFE_NONE ? bytes : 0;
    return maker->stretch.number;
}

int lap_take(struct maker *maker, const struct trace_op *op, uint64_t index)
{
    struct change change;
    uint16_t worker = maker->layout.worker[op->thread];
    if (lives_apply(&maker->lives, op, &change) < 0)
        return no_memory(maker);
    if (change.mistake != NULL)
        return message_set(maker->message,
                           "operation %llu cannot be: %s; heapmark trace verify tells more",
                           (unsigned long long)index, change.mistake);
    if (!trace_op_is_call(op))
        return 0;
    struct step *step = add_step(maker);
    if (step == NULL)
        return no_memory(maker);
    *step = (struct step){
        .size = op->size,
        .alignment = op->alignment,
        .time_ns = op->time_ns - maker->layout.first_ns,
        .pause_ns = maker->source->pause_ns,
        .ended = change.ended,
        .begun = change.begun,
        .stretch = next_stretch(maker, &change, op->size),
        .worker = worker,
        .kind = op->kind,
        .flags = op->flags,
        .frees = change.ended != LIFE_NONE && change.begun == LIFE_NONE,
    };
    maker->calls++;
    maker->head.calls_of_kind[op->kind]++;
    maker->head.foreign += change.foreign;
    note_lives(maker, step);
    note_peak(maker);
    return 0;
}

/* ---- words ------------------------------------------------------------------------ */

static int add_word(struct maker *maker, struct word_row *row, uint64_t word)
{
    if (row->count == row->capacity) {
        size_t capacity = row->capacity > 0 ? 2 * row->capacity : WORDS_AT_FIRST;
        uint64_t *words = realloc(row->word, capacity * sizeof *words);
        if (words == NULL)
            return no_memory(maker);
        row->word = words;
        row->capacity = capacity;
    }
    row->word[row->count++] = word;
    return 0;
}

/* A call as it is to be written. */
struct phrase {
    enum script_kind kind;
    unsigned options; /* enum script_option */
    uint32_t slot, target;
    uint64_t size, old_size, alignment;
    bool resizes, aligns;
};

/* The two calls that make up nearly all of a trace where threads feed each other. */
static void shorten(struct phrase *phrase)
{
    if (phrase->size > UINT32_MAX)
        return;
    if (phrase->kind == SCRIPT_MALLOC && phrase->options == SCRIPT_GIVES) {
        phrase->kind = SCRIPT_GIVE;
        phrase->options = 0;
    }
    if (phrase->kind == SCRIPT_FREE && phrase->options == SCRIPT_TAKES) {
        phrase->kind = SCRIPT_TAKE;
        phrase->options = 0;
    }
}

static int add_phrase(struct maker *maker, struct word_row *row, struct phrase phrase)
{
    uint64_t words[SCRIPT_PREFIXES_MAXIMUM + 1];
    size_t count = 0;
    bool large = phrase.size > UINT32_MAX;
    shorten(&phrase);
    if (phrase.options != 0)
        words[count++] = script_prefix(SCRIPT_OPTIONS, phrase.options);
    if (large)
        words[count++] = script_prefix(SCRIPT_SIZE, phrase.size);
    if (phrase.resizes && (phrase.options & SCRIPT_FROM_NOTHING) == 0)
        words[count++] = script_prefix(SCRIPT_OLD_SIZE, phrase.old_size);
    if (phrase.aligns)
        words[count++] = script_prefix(SCRIPT_ALIGNMENT, phrase.alignment);
    if (phrase.target != phrase.slot)
        words[count++] = script_prefix(SCRIPT_TARGET, phrase.target);
    words[count++] = script_word(phrase.kind, phrase.slot, large ? 0 : (uint32_t)phrase.size);
    for (size_t i = 0; i < count; i++)
        if (add_word(maker, row, words[i]) < 0)
            return -1;
    row->calls++;
    return 0;
}

static int add_due(struct maker *maker, const struct step *step)
{
    uint64_t *told = &maker->due_ns[step->worker];
    if (!maker->due || step->time_ns < *told + SCRIPT_DUE_STEP_NS)
        return 0;
    *told = step->time_ns;
    return add_word(maker, &maker->row[step->worker], script_prefix(SCRIPT_DUE, step->time_ns));
}

static int add_pause(struct maker *maker, const struct step *step)
{
    return step->pause_ns == 0 ? 0
                               : add_word(maker, &maker->row[step->worker],
                                          script_prefix(SCRIPT_PAUSE, step->pause_ns));
}

static int add_stretch(struct maker *maker, const struct step *step)
{
    struct word_row *row = &maker->row[step->worker];
    if (row->stretch == step->stretch)
        return 0;
    row->stretch = step->stretch;
    return add_word(maker, row, script_prefix(SCRIPT_STRETCH, step->stretch));
}

/* ---- slots ------------------------------------------------------------------------ */

static int give_slot(struct maker *maker, struct life *life, uint16_t worker)
{
    life->slot_owner = life->passes ? SLOT_OWNER_PASSING : worker;
    life->slot = slots_take(&maker->slots, life->slot_owner);
    if (life->slot == SLOT_NONE)
        return message_set(maker->message, "more than %d of its blocks live at once",
                           SCRIPT_SLOTS_MAXIMUM);
    return 0;
}

/* The slots of a call's blocks, and what it has to wait for. */
static int place(struct maker *maker, const struct step *step, struct phrase *phrase)
{
    struct life *ended = step->ended != LIFE_NONE ? &maker->lives.life[step->ended] : NULL;
    struct life *begun = step->begun != LIFE_NONE ? &maker->lives.life[step->begun] : NULL;
    bool stays = ended != NULL && begun != NULL && !ended->passes && !begun->passes;
    if (ended != NULL) {
        phrase->slot = phrase->target = ended->slot;
        phrase->old_size = ended->size;
        phrase->options |= ended->passes ? SCRIPT_TAKES : 0;
        if (!stays && slots_give(&maker->slots, ended->slot, ended->slot_owner, step->worker) < 0)
            return no_memory(maker);
    }
    if (begun == NULL)
        return 0;
    phrase->options |= begun->passes ? SCRIPT_GIVES : 0;
    if (stays) {
        begun->slot = ended->slot;
        begun->slot_owner = ended->slot_owner;
        return 0;
    }
    if (give_slot(maker, begun, step->worker) < 0)
        return -1;
    phrase->target = begun->slot;
    if (ended == NULL)
        phrase->slot = begun->slot;
    return 0;
}

static int write_step(struct maker *maker, const struct step *step)
{
    struct phrase phrase = {
        .kind = (enum script_kind)step->kind,
        .size = step->size,
        .alignment = step->alignment,
        .resizes = step->kind == TRACE_REALLOC || step->kind == TRACE_REALLOCARRAY,
        .aligns = step->kind == TRACE_MEMALIGN || step->kind == TRACE_ALIGNED_ALLOC ||
                  step->kind == TRACE_POSIX_MEMALIGN,
    };
    bool takes_block = phrase.resizes || step->kind == TRACE_FREE;
    if (place(maker, step, &phrase) < 0)
        return -1;
    /* A call that yielded no block has no slot to put one into, failed or not: malloc(0) that
     * returned NULL, realloc(block from before, 0). */
    bool nothing = step->begun == LIFE_NONE && step->ended == LIFE_NONE && step->kind != TRACE_FREE;
    if (nothing || (step->flags & TRACE_FAILED) != 0)
        phrase.options |= SCRIPT_FAILED;
    if (takes_block && step->ended == LIFE_NONE)
        phrase.options |= SCRIPT_FROM_NOTHING;
    if (phrase.resizes && step->frees)
        phrase.options |= SCRIPT_TO_NOTHING;
    if (step->kind == TRACE_FREE)
        phrase.size = phrase.old_size; /* what is no longer live */
    if (step->ended != LIFE_NONE)
        lives_forget(&maker->lives, step->ended);
    if (add_due(maker, step) < 0 || add_stretch(maker, step) < 0 || add_pause(maker, step) < 0)
        return -1;
    return add_phrase(maker, &maker->row[step->worker], phrase);
}

/* ---- laps ------------------------------------------------------------------------- */

/* Writes the rows of all workers as row `index` of the streams, and empties them. */
static int write_rows(struct maker *maker, uint32_t index)
{
    static const uint64_t padding[SCRIPT_PAD_WORDS];
    uint64_t lap_bytes = 0;
    for (uint32_t w = 0; w < maker->layout.workers; w++) {
        struct word_row *row = &maker->row[w];
        size_t bytes = row->count * sizeof *row->word;
        maker->streams[(size_t)index * maker->layout.workers + w] =
            (struct script_stream){maker->file.written, row->count, row->calls};
        if (script_file_append(&maker->file, row->word, bytes, maker->message) < 0 ||
            script_file_append(&maker->file, padding, sizeof padding, maker->message) < 0)
            return -1;
        lap_bytes += bytes + sizeof padding;
        row->count = 0;
        row->calls = 0;
        row->stretch = 0;
    }
    if (index < maker->layout.laps && lap_bytes > maker->head.lap_bytes_maximum)
        maker->head.lap_bytes_maximum = lap_bytes;
    return 0;
}

int lap_write(struct maker *maker)
{
    for (size_t i = 0; i < maker->step_count; i++)
        if (write_step(maker, &maker->step[i]) < 0)
            return -1;
    maker->step_count = 0;
    maker->stretch.number = 0;
    maker->stretch.calls = maker->stretch.bytes = 0;
    if (slots_end_lap(&maker->slots) < 0)
        return no_memory(maker);
    return write_rows(maker, maker->lap - 1);
}

int lap_write_rest(struct maker *maker)
{
    maker->head.live_end_bytes = maker->lives.live_bytes;
    for (uint32_t i = 0; i < maker->lives.count; i++) {
        const struct life *life = &maker->lives.life[i];
        if (!life->used)
            continue;
        struct phrase phrase = {.kind = SCRIPT_FREE,
                                .slot = life->slot,
                                .target = life->slot,
                                .size = life->size};
        maker->head.live_end_blocks++;
        if (add_phrase(maker, &maker->row[life->born_worker], phrase) < 0)
            return -1;
    }
    return write_rows(maker, maker->layout.laps);
}
