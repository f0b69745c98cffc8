/*
 * Makes a trace, or another source of calls, into the script that the runner replays
 * (harness/common/replay_script.h).
 *
 * It is read twice: once to see who works when and how much there is, once to lay the
 * script out. Memory: some 70 bytes for each block live at once, and the calls of one lap.
 */
#ifndef HEAPMARK_REPLAY_H
#define HEAPMARK_REPLAY_H

#include "replay_script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct op_source;

enum {
    REPLAY_STOPS_MAXIMUM = 256,
    REPLAY_LAP_CALLS = 200000, /* of a lap where `laps` is left to us: 4 ms at 20 ns a call */
    /* The same with `only_stops`: the maker holds a lap's calls, some 70 bytes each. */
    REPLAY_STOPPED_LAP_CALLS = 500000,
    REPLAY_MEETING_CALLS = 2500, /* a worker wakes up for a lap in the time of so many */
    /* A stretch (replay_script.h) has so many calls at least, and allocates this share of what is
     * live: waking a worker up takes its time, and twice the share may live too long. */
    REPLAY_STRETCH_CALLS = 256,
    REPLAY_STRETCH_SHARE = 8,
    REPLAY_LAPS_DUE = 40, /* laps in recorded time: then they are not a matter of calls */
};
/* Calls of a trial where `repeat` is left to us: 50 ms at 20 ns a call. */
#define REPLAY_TRIAL_CALLS UINT64_C(2500000)

/* Where a lap is to end, beside the usual places. */
enum replay_place {
    REPLAY_AFTER_CALLS, /* when `value` calls have been made */
    REPLAY_AT_SHARE,    /* when `value` parts of REPLAY_SHARES of the calls have been made */
    REPLAY_AT_PEAK,     /* when live bytes have first reached their peak */
    REPLAY_AT_END,      /* when all calls have been made */
};
#define REPLAY_SHARES UINT64_C(1000000)

struct replay_stop {
    enum replay_place place;
    uint64_t value;
};

struct replay_options {
    bool fold;             /* all threads on one worker */
    bool due;              /* the script tells times, for speeds other than 'max' */
    bool only_stops;       /* laps end at the stops, and else only for memory's sake */
    bool apart;            /* threads need not be kept together: none waits for another's block */
    unsigned laps, repeat; /* 0: chosen by the number of calls */
    uint64_t fill_calls;   /* made in lap 0, untimed; only without stops and repetitions */
    const struct replay_stop *stops;
    size_t stop_count;     /* <= REPLAY_STOPS_MAXIMUM */
    uint64_t memory_bytes; /* a longer script lies in a file and is streamed; 0: an eighth of
                              the machine's available memory */
    const char *folder;    /* for that file; NULL: /var/tmp */
};

struct replay {
    struct script_head head;
    unsigned repeat;                          /* as asked for, or chosen */
    int descriptor;                           /* of the script */
    uint32_t stop_lap[REPLAY_STOPS_MAXIMUM];  /* the lap that ends there; 0: before the first */
    uint64_t stop_call[REPLAY_STOPS_MAXIMUM]; /* calls made by then */
};

/* Returns 0, or -1 with a message of MESSAGE_BYTES; then nothing is to be released. */
int replay_make(struct replay *replay, const char *path, const struct replay_options *options,
                char *message);
/* The same from another source; `name` begins the messages. */
int replay_make_from(struct replay *replay, struct op_source *source, const char *name,
                     const struct replay_options *options, char *message);
void replay_release(struct replay *replay);

#endif
