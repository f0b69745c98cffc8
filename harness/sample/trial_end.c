/* How a trial ended; see trial_end.h. */
#include "trial_end.h"

#include "last_words.h"
#include "message.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

static const char *const phase_names[] = {
    [PHASE_SETUP] = "its set-up", [PHASE_FILL] = "fill",   [PHASE_WARM_UP] = "the warm-up lap",
    [PHASE_LAPS] = "the laps",    [PHASE_DRAIN] = "drain", [PHASE_OVER] = "its exit",
};

/* "in lap 12", "in fill" */
static void where(const struct trial_page *page, char *text, size_t bytes)
{
    unsigned phase = atomic_load_explicit(&page->phase, memory_order_relaxed);
    if (phase == PHASE_LAPS)
        snprintf(text, bytes, "in lap %u of %u",
                 atomic_load_explicit(&page->laps_done, memory_order_relaxed) + 1, page->laps);
    else
        snprintf(text, bytes, "in %s", phase <= PHASE_OVER ? phase_names[phase] : "disorder");
}

static void judge_signal(const struct trial_end *end, struct trial_record *record)
{
    char place[64], words[256];
    int number = end->exited->si_status;
    where(end->page, place, sizeof place);
    const char *said = last_words_quote(end->errors, words, sizeof words);
    if (number == SIGKILL) {
        record->status = STATUS_KILLED;
        message_set(record->detail,
                    "killed from outside by SIGKILL %s (somebody's kill -9, or the kernel short of "
                    "memory: see dmesg)%s",
                    place, said);
        return;
    }
    record->status = STATUS_CRASHED;
    const char *name = sigabbrev_np(number);
    message_set(record->detail, "SIG%s %s%s", name != NULL ? name : "?", place, said);
}

static void judge_exit(const struct trial_end *end, struct trial_record *record)
{
    char words[256];
    const struct trial_page *page = end->page;
    int status = end->exited->si_status;
    switch ((enum trial_outcome)atomic_load_explicit(&page->outcome, memory_order_acquire)) {
    case OUTCOME_DONE:
        record->status = status == 0 ? STATUS_OK : STATUS_FAILED;
        if (status != 0)
            message_set(record->detail, "exit status %d after all its work%s", status,
                        last_words_quote(end->errors, words, sizeof words));
        return;
    case OUTCOME_OUT_OF_MEMORY:
        record->status = STATUS_OUT_OF_MEMORY;
        message_set(record->detail, "%.255s", page->message);
        return;
    case OUTCOME_CORRUPT:
        record->status = STATUS_CORRUPT;
        message_set(record->detail, "%.255s", page->message);
        return;
    case OUTCOME_REFUSED:
        record->status = STATUS_FAILED;
        message_set(record->detail, "%.255s", page->message);
        return;
    case OUTCOME_RUNNING:
        break;
    }
    record->status = STATUS_FAILED;
    message_set(record->detail, "exit status %d before its work was done%s", status,
                last_words_quote(end->errors, words, sizeof words));
}

void trial_end_judge(const struct trial_end *end, struct trial_record *record)
{
    char limit[UNITS_TEXT_BYTES], place[64];
    if (record->status == STATUS_NOT_INJECTED)
        return; /* found at the start, which is why we killed it */
    if (end->timed_out) {
        where(end->page, place, sizeof place);
        record->status = STATUS_TIMED_OUT;
        message_set(record->detail, "still %s after %s; --time-limit raises the limit", place,
                    units_print_duration(limit, end->time_limit_ns));
        return;
    }
    if (end->exited->si_code == CLD_EXITED)
        judge_exit(end, record);
    else
        judge_signal(end, record);
}
