/*
 * What workers wait for: the slot of a block that another one allocates in the same lap, and the
 * others' coming along (stretches).
 *
 * Who finds nothing there lets a little time pass before it looks again, more each time: what it
 * polls lies on the line that the other one writes, and its next blocks, too, so that looking
 * less often lets both go faster.
 */
#include "replayer.h"
#include "session.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    PAUSES_FIRST = 16,
    PAUSES_MOST = 512,
    LOOKS_AWAKE = 8, /* some 50 to 100 us: what a wake-up costs */
    SLEEP_NS = 200000,
};

/* For a block that is no block: malloc(0) may return NULL, and whoever waits waits for non-NULL. */
static char nothing;

static void relax(unsigned pauses)
{
    for (unsigned i = 0; i < pauses; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("" ::: "memory");
#endif
    }
}

static void *look(replayer_slot *slot)
{
    /* acquire: pairs with the release in replayer_publish */
    return atomic_load_explicit(slot, memory_order_acquire);
}

/* Until the bell rings again, or SLEEP_NS are over: a ring may be missed (replayer_publish). */
static void doze(struct replayer_sleep *sleep, uint32_t bell)
{
    const struct timespec patience = {.tv_nsec = SLEEP_NS};
    syscall(SYS_futex, &sleep->doorbell, FUTEX_WAIT_PRIVATE, bell, &patience, NULL, 0);
}

static void *wait_asleep(struct replayer *replayer, replayer_slot *slot)
{
    struct replayer_sleep *sleep = &replayer->sleep;
    void *block;
    atomic_fetch_add(&sleep->sleepers, 1);
    for (;;) {
        uint32_t bell = atomic_load(&sleep->doorbell);
        if ((block = look(slot)) != NULL)
            break;
        doze(sleep, bell);
    }
    atomic_fetch_sub(&sleep->sleepers, 1);
    return block;
}

static void *wait(struct replayer *replayer, replayer_slot *slot)
{
    void *block = NULL;
    unsigned pauses = PAUSES_FIRST;
    for (int looks = replayer->sleep.spin ? LOOKS_AWAKE : 1; looks > 0 && block == NULL; looks--) {
        relax(pauses);
        pauses = pauses < PAUSES_MOST ? 2 * pauses : PAUSES_MOST;
        block = look(slot);
    }
    return block != NULL ? block : wait_asleep(replayer, slot);
}

void *replayer_take(struct replayer *replayer, replayer_slot *slot)
{
    void *block = look(slot);
    if (heapmark_unlikely(block == NULL))
        block = wait(replayer, slot);
    atomic_store_explicit(slot, NULL, memory_order_relaxed);
    return block != &nothing ? block : NULL;
}

void replayer_give(struct replayer *replayer, replayer_slot *slot, void *block)
{
    replayer_publish(replayer, slot, block != NULL ? block : &nothing);
}

void replayer_ring(struct replayer *replayer)
{
    atomic_fetch_add(&replayer->sleep.doorbell, 1);
    syscall(SYS_futex, &replayer->sleep.doorbell, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ---- stretches -------------------------------------------------------------------------- */

static bool all_have_reached(const struct worker *worker, uint32_t stretch)
{
    const struct replayer *replayer = replayer_of(worker);
    for (unsigned i = 0; i < replayer->head.threads; i++)
        /* relaxed: nothing is handed over by it, it only keeps workers together */
        if (i != worker->index &&
            atomic_load_explicit(&replayer->places[i].stretch, memory_order_relaxed) < stretch)
            return false;
    return true;
}

void replayer_reach(struct worker *worker, uint32_t stretch)
{
    struct replayer *replayer = replayer_of(worker);
    if (replayer->head.threads < 2)
        return;
    atomic_store_explicit(&replayer->places[worker->index].stretch, stretch, memory_order_relaxed);
    if (atomic_load_explicit(&replayer->sleep.sleepers, memory_order_relaxed) > 0)
        replayer_ring(replayer);
}

void replayer_enter(struct worker *worker, uint32_t stretch)
{
    struct replayer_sleep *sleep = &replayer_of(worker)->sleep;
    unsigned pauses = PAUSES_FIRST;
    replayer_reach(worker, stretch);
    for (int looks = sleep->spin ? LOOKS_AWAKE : 1; looks > 0; looks--) {
        if (all_have_reached(worker, stretch - 1))
            return;
        relax(pauses);
        pauses = pauses < PAUSES_MOST ? 2 * pauses : PAUSES_MOST;
    }
    atomic_fetch_add(&sleep->sleepers, 1);
    for (;;) {
        uint32_t bell = atomic_load(&sleep->doorbell);
        if (all_have_reached(worker, stretch - 1))
            break;
        doze(sleep, bell);
    }
    atomic_fetch_sub(&sleep->sleepers, 1);
}
