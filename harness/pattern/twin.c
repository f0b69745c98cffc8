/* Makes a deck of a recording; see twin.h. */
#include "twin.h"

#include "message.h"
#include "profile.h"
#include "trace_walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { CELLS_AT_FIRST = 4096, LIFE_EXACT = 8, LIFE_STEPS = 4, PAGE_BYTES = 4096 };

/* Cells by what makes them one: all of a deck_cell but its count, and the size as a class. */
struct making {
    struct deck_cell *cell; /* `size` sums up their bytes until the end */
    uint64_t *class;
    size_t count, capacity;
    uint32_t *place; /* open addressing; 0: empty, else the cell's number + 1 */
    size_t places;
    uint64_t operations, slices;
    unsigned char *grown; /* a bit for each block by serial: begun by a realloc of another */
    uint64_t grown_bits;
    char *message;
};

static uint64_t slice_of(const struct making *making, uint64_t index)
{
    return (uint64_t)((__uint128_t)index * making->slices / making->operations);
}

/* Lives up to LIFE_EXACT are exact, beyond that in quarters of a power of two. */
static void life_class(uint64_t life, uint64_t *least, uint64_t *most)
{
    *least = *most = life;
    if (life <= LIFE_EXACT)
        return;
    unsigned shift = 63 - (unsigned)__builtin_clzll(life) - 2;
    *least = life >> shift << shift;
    *most = *least + (UINT64_C(1) << shift) - 1;
}

static uint64_t birth_kind(const struct ledger_object *object, bool grown)
{
    if (grown)
        return TRACE_REALLOC;
    if (object->kind == TRACE_CALLOC)
        return TRACE_CALLOC;
    if (object->kind == TRACE_MALLOC || object->kind == TRACE_REALLOC ||
        object->kind == TRACE_REALLOCARRAY)
        return TRACE_MALLOC;
    return TRACE_POSIX_MEMALIGN;
}

/* ---- cells -------------------------------------------------------------------------- */

static uint64_t hash_of(const struct deck_cell *cell, uint64_t class)
{
    return XXH64(cell, sizeof *cell, class);
}

static int grow_places(struct making *making)
{
    size_t places = making->places > 0 ? 2 * making->places : 4 * CELLS_AT_FIRST;
    uint32_t *place = calloc(places, sizeof *place);
    if (place == NULL)
        return -1;
    for (size_t i = 0; i < making->count; i++) {
        struct deck_cell key = making->cell[i];
        key.size = key.count = 0;
        size_t at = hash_of(&key, making->class[i]) & (places - 1);
        while (place[at] != 0)
            at = (at + 1) & (places - 1);
        place[at] = (uint32_t)i + 1;
    }
    free(making->place);
    making->place = place;
    making->places = places;
    return 0;
}

static int grow_cells(struct making *making)
{
    size_t capacity = making->capacity > 0 ? 2 * making->capacity : CELLS_AT_FIRST;
    struct deck_cell *cell = realloc(making->cell, capacity * sizeof *cell);
    if (cell != NULL)
        making->cell = cell;
    uint64_t *class = realloc(making->class, capacity * sizeof *class);
    if (class != NULL)
        making->class = class;
    if (cell == NULL || class == NULL)
        return -1;
    making->capacity = capacity;
    return 0;
}

/* `key`: size and count 0. */
static int add_block(struct making *making, const struct deck_cell *key, uint64_t size)
{
    uint64_t class = profile_class_of(size);
    if (2 * making->count >= making->places && grow_places(making) < 0)
        return message_set(making->message, "out of memory");
    size_t at = hash_of(key, class) & (making->places - 1);
    for (; making->place[at] != 0; at = (at + 1) & (making->places - 1)) {
        struct deck_cell *cell = &making->cell[making->place[at] - 1], held = *cell;
        held.size = held.count = 0;
        if (making->class[making->place[at] - 1] != class || memcmp(&held, key, sizeof held) != 0)
            continue;
        cell->size += size;
        cell->count++;
        return 0;
    }
    if (making->count == making->capacity && grow_cells(making) < 0)
        return message_set(making->message, "out of memory");
    making->class[making->count] = class;
    making->cell[making->count] = *key;
    making->cell[making->count].size = size;
    making->cell[making->count].count = 1;
    making->place[at] = (uint32_t)++making->count;
    return 0;
}

/* ---- the recording ------------------------------------------------------------------ */

static int note_grown(struct making *making, uint64_t serial)
{
    if (serial >= making->grown_bits) {
        uint64_t bits = making->grown_bits > 0 ? making->grown_bits : 1 << 16;
        while (bits <= serial)
            bits *= 2;
        unsigned char *grown = realloc(making->grown, bits / 8);
        if (grown == NULL)
            return message_set(making->message, "out of memory");
        memset(grown + making->grown_bits / 8, 0, (bits - making->grown_bits) / 8);
        making->grown = grown;
        making->grown_bits = bits;
    }
    making->grown[serial / 8] |= (unsigned char)(1 << serial % 8);
    return 0;
}

static struct deck_cell key_of(const struct making *making, const struct ledger_object *object)
{
    uint64_t serial = object->serial;
    bool grown = serial < making->grown_bits && (making->grown[serial / 8] >> serial % 8 & 1) != 0;
    struct deck_cell key = {
        .slice = slice_of(making, object->born_index),
        .thread = object->thread,
        .kind = birth_kind(object, grown),
        .life_least = DECK_NONE,
        .life_most = DECK_NONE,
        .end_slice = DECK_NONE,
        .end = DECK_NEVER,
        .end_thread = DECK_NONE,
    };
    if (key.kind == TRACE_POSIX_MEMALIGN)
        key.alignment = object->alignment > sizeof(void *) ? object->alignment
                        : object->alignment > 0            ? sizeof(void *)
                                                           : PAGE_BYTES; /* valloc */
    return key;
}

/* It is a call, too, and takes its time. */
static int add_free_of_null(struct making *making, const struct trace_step *step)
{
    struct deck_cell key = {
        .slice = slice_of(making, step->index),
        .thread = step->op->thread,
        .kind = TRACE_FREE,
        .life_least = DECK_NONE,
        .life_most = DECK_NONE,
        .end_slice = DECK_NONE,
        .end = DECK_NEVER,
        .end_thread = DECK_NONE,
    };
    return add_block(making, &key, 0);
}

static int take_step(void *argument, const struct trace_step *step, char *message)
{
    struct making *making = argument;
    (void)message;
    if (!step->effect->ended)
        return step->op->kind == TRACE_FREE ? add_free_of_null(making, step) : 0;
    if (step->effect->begun && note_grown(making, step->effect->new.serial) < 0)
        return -1;
    const struct ledger_object *old = &step->effect->old;
    struct deck_cell key = key_of(making, old);
    uint64_t now = slice_of(making, step->index);
    key.end = step->effect->begun ? DECK_RESIZED : DECK_FREED;
    key.end_thread = step->op->thread;
    if (now > key.slice + 1)
        key.end_slice = now;
    else
        life_class(step->index - old->born_index, &key.life_least, &key.life_most);
    return add_block(making, &key, old->size);
}

static bool take_living(void *argument, const struct ledger_object *object)
{
    struct making *making = argument;
    struct deck_cell key = key_of(making, object);
    return add_block(making, &key, object->size) == 0;
}

static void take_rest(void *argument, const struct ledger *ledger)
{
    ledger_visit(ledger, take_living, argument);
}

static int compare_cells(const void *a, const void *b)
{
    const uint64_t *x = &((const struct deck_cell *)a)->slice;
    const uint64_t *y = &((const struct deck_cell *)b)->slice;
    for (size_t i = 0; i < sizeof(struct deck_cell) / sizeof *x; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* A slice in which nothing is born has no cell, and numbers must have no gap: an empty cell. */
static int fill_gaps(struct making *making)
{
    bool *there = calloc(making->slices, sizeof *there);
    int result = there != NULL ? 0 : -1;
    for (size_t i = 0; result == 0 && i < making->count; i++)
        there[making->cell[i].slice] = true;
    for (uint64_t s = 0; result == 0 && s < making->slices; s++) {
        struct deck_cell key = {.slice = s,
                                .kind = TRACE_MALLOC,
                                .life_least = DECK_NONE,
                                .life_most = DECK_NONE,
                                .end_slice = DECK_NONE,
                                .end = DECK_NEVER,
                                .end_thread = DECK_NONE};
        if (there[s])
            continue;
        result = add_block(making, &key, 0);
        if (result == 0)
            making->cell[making->count - 1].count = 0;
    }
    free(there);
    return result;
}

static void finish(struct making *making)
{
    for (size_t i = 0; i < making->count; i++) {
        struct deck_cell *cell = &making->cell[i];
        uint64_t from = (uint64_t)((__uint128_t)cell->slice * making->operations / making->slices);
        uint64_t to =
            (uint64_t)((__uint128_t)(cell->slice + 1) * making->operations / making->slices);
        if (cell->count > 0)
            cell->size = (cell->size + cell->count / 2) / cell->count;
        cell->calls = to - from;
    }
    qsort(making->cell, making->count, sizeof *making->cell, compare_cells);
}

int twin_make(struct deck *deck, struct trace_reader *reader, unsigned slices, char *message)
{
    struct making making = {.operations = trace_reader_operations(reader),
                            .slices = slices,
                            .message = message};
    *deck = (struct deck){0};
    if (making.operations == 0)
        return message_set(message, "it holds no call of malloc: there is nothing to imitate");
    if (making.slices > making.operations)
        making.slices = making.operations;
    message[0] = '\0';
    int result = trace_walk(reader, UINT64_MAX, take_step, take_rest, &making, message);
    if (result == 0 && (message[0] != '\0' || fill_gaps(&making) < 0))
        result = message_set(message, "out of memory");
    if (result == 0) {
        finish(&making);
        *deck = (struct deck){.cell = making.cell, .cells = making.count, .slices = making.slices};
        making.cell = NULL;
    }
    free(making.cell);
    free(making.class);
    free(making.place);
    free(making.grown);
    return result;
}

/* ---- files -------------------------------------------------------------------------- */

int twin_write_deck(FILE *file, const struct deck *deck)
{
    static const char heading[] =
#define X(name, help) "," #name
        DECK_COLUMNS(X)
#undef X
        ;
    fprintf(file, "%s\n", heading + 1);
    for (size_t i = 0; i < deck->cells; i++) {
        const uint64_t *field = &deck->cell[i].slice;
        for (size_t k = 0; k < sizeof(struct deck_cell) / sizeof *field; k++) {
            if (k > 0)
                fputc(',', file);
            if (field[k] == DECK_NONE)
                fputc('-', file);
            else
                fprintf(file, "%" PRIu64, field[k]);
        }
        fputc('\n', file);
    }
    return ferror(file) ? -1 : 0;
}

/* One line without what an .ini takes for more than text. */
static void put_line(FILE *file, const char *key, const char *text)
{
    fprintf(file, "%s = ", key);
    for (int i = 0; text[i] != '\0' && i < 120; i++)
        fputc((unsigned char)text[i] < ' ' || text[i] == ';' ? ' ' : text[i], file);
    fputc('\n', file);
}

int twin_write_ini(FILE *file, const struct trace_reader *reader, const char *trace_name,
                   const char *deck_name)
{
    const struct trace_facts *facts = trace_reader_facts(reader);
    const char *program = trace_facts_find(facts, "program");
    fprintf(file,
            "# The synthetic twin of a recorded program: its blocks' sizes, lives, kinds of "
            "call and threads,\n# dealt out by chance. Made by heapmark trace profile --twin; "
            "docs/workload-files.md explains decks.\n\n[global]\n");
    put_line(file, "summary", "the synthetic twin of a recording");
    put_line(file, "imitates", program != NULL ? program : "a recorded program");
    put_line(file, "source", trace_name);
    put_line(file, "deck", deck_name);
    return ferror(file) ? -1 : 0;
}
