/*
 * The named moments at which a trial stands still and its memory is read.
 */
#ifndef HEAPMARK_CHECKPOINT_H
#define HEAPMARK_CHECKPOINT_H

#define CHECKPOINTS(X)                                                       \
    X(START, "start", "before the first block: what growth is counted from") \
    X(PEAK, "peak", "live bytes at their largest (inspection pass)")         \
    X(END, "end", "after the last lap, everything still live")               \
    X(DRAINED, "drained", "everything freed, at once")                       \
    X(SETTLED, "settled", "everything freed, after a wait (inspection pass)")

enum checkpoint {
#define X(name, text, help) CHECKPOINT_##name,
    CHECKPOINTS(X)
#undef X
        CHECKPOINT_COUNT
};

/* What the workers are at, for the timeline. */
enum trial_phase { PHASE_SETUP, PHASE_FILL, PHASE_WARM_UP, PHASE_LAPS, PHASE_DRAIN, PHASE_OVER };

/* "start", "peak", ... */
const char *checkpoint_name(enum checkpoint checkpoint);

#endif
