/*
 * Blocks that one worker frees and another allocates in the same lap: the wait for a slot.
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

static void *wait_asleep(struct replayer *replayer, replayer_slot *slot)
{
    struct replayer_sleep *sleep = &replayer->sleep;
    const struct timespec patience = {.tv_nsec = SLEEP_NS};
    void *block;
    atomic_fetch_add(&sleep->sleepers, 1);
    for (;;) {
        uint32_t bell = atomic_load(&sleep->doorbell);
        if ((block = look(slot)) != NULL)
            break;
        syscall(SYS_futex, &sleep->doorbell, FUTEX_WAIT_PRIVATE, bell, &patience, NULL, 0);
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
