/* Both trials of a pair in lockstep; see pair_trial.h. */
#include "pair_trial.h"

#include "lockstep.h"
#include "message.h"
#include "runner_trial.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

struct stepping {
    struct conducting *conducting;
    struct trial_record record;
    struct child_spec spec;
    struct turn_page *turns;
};

static void *step(void *argument)
{
    struct stepping *stepping = argument;
    runner_trial_watch(stepping->conducting, &stepping->spec, &stepping->record);
    /* However it has ended: the other must not wait for it. */
    lockstep_free(stepping->turns);
    return NULL;
}

/* The first in the plan's order, which was drawn by lot, has the first turn. */
static void step_both(struct conducting *conducting, struct stepping both[2])
{
    pthread_t threads[2];
    bool started[2];
    for (int side = 0; side < 2; side++) {
        started[side] = pthread_create(&threads[side], NULL, step, &both[side]) == 0;
        if (started[side])
            continue;
        both[side].record.status = STATUS_FAILED;
        message_set(both[side].record.detail, "cannot start a thread that watches it");
        lockstep_free(both[side].turns);
    }
    for (int side = 0; side < 2; side++) {
        if (started[side])
            pthread_join(threads[side], NULL);
        conduct_check_files(conducting, &both[side].record);
    }
}

void pair_trial(struct conducting *conducting, struct trial_record *const planned[2], int cpu)
{
    const struct run *run = conducting->given->run;
    struct lockstep_turns turns = lockstep_turns_of(run, planned[0]->key.workload);
    struct stepping both[2];
    int descriptor;
    struct turn_page *page = lockstep_open(&descriptor);
    for (unsigned side = 0; side < 2; side++) {
        struct stepping *stepping = &both[side];
        *stepping = (struct stepping){.conducting = conducting, .turns = page};
        trial_record_init(&stepping->record);
        stepping->record.key = planned[side]->key;
        stepping->record.id = planned[side]->id;
        stepping->spec = runner_trial_spec(conducting, &stepping->record);
        stepping->spec.cpu = cpu;
        stepping->spec.turns = descriptor;
        stepping->spec.turn_side = side;
        stepping->spec.turn_laps = turns.laps;
        stepping->spec.turn_lead = turns.lead;
        if (page == NULL) {
            stepping->record.status = STATUS_FAILED;
            message_set(stepping->record.detail, "cannot set up a trial: %s", strerror(errno));
        }
    }
    if (page != NULL) {
        step_both(conducting, both);
        lockstep_close(page, descriptor);
    }
    for (int side = 0; side < 2; side++)
        conduct_finish(conducting, planned[side], &both[side].record);
}
