/* Reads a deck; see deck.h. */
#include "deck.h"

#include "message.h"
#include "number_table.h"
#include "trace.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLICES_MAXIMUM = 65536, THREADS_MAXIMUM = 256 };
#define CALLS_MAXIMUM 1e9

static const char *const names[] = {
#define X(name, help) #name,
    DECK_COLUMNS(X)
#undef X
};
enum { COLUMNS = sizeof names / sizeof names[0] };

/* Of a free, one of NULL. */
static bool is_dealt(uint64_t kind)
{
    return kind == TRACE_MALLOC || kind == TRACE_FREE || kind == TRACE_CALLOC ||
           kind == TRACE_REALLOC || kind == TRACE_POSIX_MEMALIGN;
}

static const char *mistake_in(const struct deck_cell *cell, uint64_t slice)
{
    bool sized = cell->life_most != DECK_NONE;
    if (cell->size == DECK_NONE || cell->count == DECK_NONE || cell->calls == DECK_NONE)
        return "size, count and calls must be there";
    if (cell->slice != slice && cell->slice != slice + 1)
        return "slices must rise from 0, one by one";
    if (cell->slice >= SLICES_MAXIMUM || cell->thread >= THREADS_MAXIMUM ||
        (cell->end != DECK_NEVER && cell->end_thread >= THREADS_MAXIMUM))
        return "too many slices or threads";
    if (!is_dealt(cell->kind))
        return "kind is none that begins a block";
    if (cell->kind == TRACE_POSIX_MEMALIGN &&
        (cell->alignment < sizeof(void *) || cell->alignment > 1 << 30 ||
         (cell->alignment & (cell->alignment - 1)) != 0))
        return "alignment is no power of two from 8 to 1 GiB";
    if (cell->end > DECK_NEVER || (cell->kind == TRACE_FREE && cell->end != DECK_NEVER))
        return "end must be 0, 1 or 2";
    if (cell->end != DECK_NEVER && !sized &&
        (cell->end_slice == DECK_NONE || cell->end_slice < cell->slice))
        return "neither a length of life nor the slice of its end";
    if (sized && (cell->life_least == DECK_NONE || cell->life_least > cell->life_most))
        return "life_least is above life_most";
    return NULL;
}

static int take_row(struct deck_cell *cell, const struct number_table *table, size_t row,
                    const int *column)
{
    uint64_t *field = &cell->slice;
    for (size_t i = 0; i < COLUMNS; i++) {
        double number = number_table_at(table, row, column[i]);
        if (!isnan(number) && (number < 0 || number > CALLS_MAXIMUM * 1e3))
            return -1;
        field[i] = isnan(number) ? DECK_NONE : (uint64_t)number;
    }
    return 0;
}

static int take_cells(struct deck *deck, const struct number_table *table, const int *column,
                      const char *path, char *message)
{
    double blocks = 0;
    for (size_t row = 0; row < table->rows; row++) {
        struct deck_cell *cell = &deck->cell[row];
        uint64_t slice = row > 0 ? deck->cell[row - 1].slice : 0;
        const char *mistake = take_row(cell, table, row, column) < 0
                                  ? "a negative or too large number"
                                  : mistake_in(cell, slice);
        if (mistake == NULL && row == 0 && cell->slice != 0)
            mistake = "slices must rise from 0, one by one";
        if (mistake == NULL && (blocks += (double)cell->count) > CALLS_MAXIMUM)
            mistake = "more than a billion blocks";
        if (mistake != NULL)
            return message_set(message, "%s: row %zu: %s", path, row + 1, mistake);
        if (cell->thread >= deck->threads)
            deck->threads = cell->thread + 1;
        if (cell->end != DECK_NEVER && cell->end_thread >= deck->threads)
            deck->threads = cell->end_thread + 1;
    }
    deck->slices = deck->cell[table->rows - 1].slice + 1;
    return 0;
}

/* Calls: a birth is one, and so is the free of what is freed. */
static int take_slices(struct deck *deck, char *message)
{
    uint64_t end = 0;
    deck->slice_end = calloc(deck->slices, sizeof *deck->slice_end);
    if (deck->slice_end == NULL)
        return message_set(message, "out of memory");
    for (size_t i = 0; i < deck->cells; i++) {
        const struct deck_cell *cell = &deck->cell[i];
        if (i == 0 || cell->slice != deck->cell[i - 1].slice)
            end += cell->calls;
        deck->slice_end[cell->slice] = end;
        deck->calls += cell->count * (cell->end == DECK_FREED ? 2 : 1);
    }
    return deck->calls > 0 ? 0 : message_set(message, "the deck has no block");
}

int deck_load(struct deck *deck, const char *path, char *message)
{
    struct number_table table;
    int column[COLUMNS], result = 0;
    *deck = (struct deck){0};
    if (number_table_load(&table, path, message) < 0)
        return -1;
    for (size_t i = 0; i < COLUMNS && result == 0; i++)
        if ((column[i] = number_table_column(&table, names[i], -1)) < 0)
            result = message_set(message, "%s has no column %s: it is no deck", path, names[i]);
    if (result == 0) {
        deck->cells = table.rows;
        deck->cell = calloc(table.rows, sizeof *deck->cell);
        result = deck->cell != NULL ? take_cells(deck, &table, column, path, message)
                                    : message_set(message, "out of memory");
    }
    if (result == 0)
        result = take_slices(deck, message);
    number_table_release(&table);
    if (result < 0)
        deck_release(deck);
    return result;
}

void deck_release(struct deck *deck)
{
    free(deck->cell);
    free(deck->slice_end);
    *deck = (struct deck){0};
}
