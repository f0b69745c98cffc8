/* Turns with another trial; see turn.h. */
#include "turn.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int turn_open(struct turn_page **turns, const struct trial_page *page)
{
    *turns = NULL;
    if (page->turn_laps == 0)
        return 0;
    void *mapped = mmap(NULL, sizeof **turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                        TRIAL_TURN_FD, 0);
    if (mapped == MAP_FAILED)
        return -1;
    *turns = mapped;
    return 0;
}

static void wake(struct turn_page *turns)
{
    syscall(SYS_futex, &turns->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Until it is `mine`, or nobody's. The kernel looks again before it lets us sleep. */
static void wait_for(struct turn_page *turns, uint32_t mine)
{
    uint32_t turn;
    /* acquire: pairs with the release of who gave it to us; nothing but the order of laps hangs on
     * it */
    while ((turn = atomic_load_explicit(&turns->turn, memory_order_acquire)) != mine &&
           turn != TURN_FREE)
        syscall(SYS_futex, &turns->turn, FUTEX_WAIT, turn, NULL, NULL, 0);
}

/* TURN_FREE stays. */
static void give(struct turn_page *turns, uint32_t mine, uint32_t to)
{
    uint32_t expected = mine;
    if (atomic_compare_exchange_strong_explicit(&turns->turn, &expected, to, memory_order_release,
                                                memory_order_relaxed))
        wake(turns);
}

void turn_take(struct turn_page *turns, const struct trial_page *page)
{
    if (turns != NULL)
        wait_for(turns, page->turn_side);
}

void turn_at_lap(struct turn_page *turns, const struct trial_page *page, unsigned lap)
{
    if (turns == NULL || lap == 0 || (lap - 1) % page->turn_laps != 0)
        return;
    /* Who has left would not give it back. */
    if (atomic_load_explicit(&turns->done, memory_order_acquire) > 0)
        return;
    give(turns, page->turn_side, 1 - page->turn_side);
    wait_for(turns, page->turn_side);
}

void turn_leave(struct turn_page *turns, const struct trial_page *page)
{
    if (turns == NULL)
        return;
    /* acq_rel: pairs with the other's, so that the second to come knows it */
    bool last = atomic_fetch_add_explicit(&turns->done, 1, memory_order_acq_rel) > 0;
    give(turns, page->turn_side, last ? TURN_FREE : 1 - page->turn_side);
    wait_for(turns, TURN_FREE);
}
