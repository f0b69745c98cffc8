/* The order of frees of sh6 and sh8; see save_window.h. */
#include "save_window.h"

enum { WINDOW_SHARE = 5 }; /* of the array, its inverse */

struct save_window *save_windows_make(struct trial *trial, uint32_t count)
{
    struct save_window *windows = trial_memory(trial, trial->threads * sizeof *windows);
    for (unsigned i = 0; i < trial->threads; i++) {
        windows[i].count = count;
        windows[i].slots = trial_memory(trial, count * sizeof *windows[i].slots);
    }
    return windows;
}

/* A slot that was never filled, or not since the last turn, holds nothing. */
static void give(struct save_window *window, struct worker *worker, uint32_t slot, enum touch touch)
{
    if (window->slots[slot].block != NULL)
        piece_give(worker, &window->slots[slot], touch);
}

static void turn(struct save_window *window, struct worker *worker, enum touch touch)
{
    uint32_t length = window->count / WINDOW_SHARE;
    window->saved = window->saved_end;
    if (window->saved + length > window->count)
        window->saved = 0;
    window->saved_end = window->saved + length;
    for (uint32_t i = 0; i < window->saved; i++)
        give(window, worker, i, touch);
    for (uint32_t i = window->count; i > window->saved_end; i--)
        give(window, worker, i - 1, touch);
    window->cursor = window->saved > 0 ? 0 : window->saved_end;
}

void save_window_put(struct save_window *window, struct worker *worker, struct piece piece,
                     enum touch touch)
{
    if (window->cursor == window->count)
        turn(window, worker, touch);
    window->slots[window->cursor++] = piece;
    if (window->cursor == window->saved)
        window->cursor = window->saved_end;
}

void save_window_clear(struct save_window *window, struct worker *worker, enum touch touch)
{
    for (uint32_t i = 0; i < window->count; i++)
        give(window, worker, i, touch);
}
