/* The soak: mixed threads that verify all they hold, for as long as asked, in bounded memory. */
#include "check.h"
#include "shadow.h"

#include <stdatomic.h>
#include <stdint.h>

enum { WORKERS = 4 };
#define MIB ((size_t)1 << 20)

static uint64_t ends_ns;

static void *live_a_while(void *number)
{
    struct shadow_history history = {
        .steps = 20000,
        .maximum_bytes = 32768,
        .seed = (uintptr_t)number,
        .deadline_ns = ends_ns,
    };
    static _Atomic(struct shadow *) given[WORKERS];
    /* The model of one that has ended goes to who comes next: others' blocks are freed, too. */
    struct shadow *shadow = atomic_exchange(&given[(uintptr_t)number % WORKERS], NULL);
    if (shadow == NULL)
        shadow = shadow_create(2000);
    shadow_play(shadow, &history);
    shadow_verify(shadow);
    shadow = atomic_exchange(&given[((uintptr_t)number + 1) % WORKERS], shadow);
    if (shadow != NULL)
        shadow_empty(shadow);
    return NULL;
}

static void *work(void *number)
{
    uintptr_t seed = (uintptr_t)number;
    while (check_now_ns() < ends_ns) {
        pthread_t thread;
        seed += WORKERS;
        CHECK_THAT(pthread_create(&thread, NULL, live_a_while, (void *)seed) == 0, "no thread");
        pthread_join(thread, NULL);
    }
    return NULL;
}

static void soak_run(size_t argument)
{
    uint64_t begins_ns = check_now_ns();
    size_t first = 0;
    (void)argument;
    /* The first quarter fills caches; the rest has to do with what that took, and half more. */
    ends_ns = begins_ns + check_soak_ns() / 4;
    check_threads(WORKERS, work);
    first = check_rss_bytes();
    ends_ns = begins_ns + check_soak_ns();
    check_threads(WORKERS, work);
    size_t last = check_rss_bytes(), most = first + first / 2 + 64 * MIB;
    CHECK_THAT(last < most, "memory grew from %zu to %zu MiB", first / MIB, last / MIB);
}
CHECK("soak", "soak", soak, "threads come and go, hand blocks on, verify all; memory stays bounded")
