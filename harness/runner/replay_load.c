/* The script of a replay and the tables beside it; see replay.h. */
#include "replay.h"
#include "session.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of the rows that free what a trace leaves, so much at a time where the script is streamed. */
enum { PIECE_WORDS = 4096, CALL_WORDS_MAXIMUM = SCRIPT_PREFIXES_MAXIMUM + 1 };

static const char no_script[] = "it came without the script of a trace; name a trace (-w FILE.hmt)";
static const char no_memory[] = "the trace and its table of blocks do not fit into memory";

static bool read_script(void *into, uint64_t offset, size_t bytes)
{
    unsigned char *rest = into;
    while (bytes > 0) {
        ssize_t done = pread(TRIAL_SCRIPT_FD, rest, bytes, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        rest += done;
        offset += (uint64_t)done;
        bytes -= (size_t)done;
    }
    return true;
}

static const char *map_script(struct replay *replay)
{
    const struct script_head *head = &replay->head;
    if (head->streamed) {
        replay->buffer = session_map(head->lap_bytes_maximum, MAP_POPULATE);
        replay->pieces =
            session_map((size_t)head->threads * PIECE_WORDS * sizeof *replay->pieces, MAP_POPULATE);
        return replay->buffer != NULL && replay->pieces != NULL ? NULL : no_memory;
    }
    void *script =
        mmap(NULL, head->bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, TRIAL_SCRIPT_FD, 0);
    replay->script = script;
    return script != MAP_FAILED ? NULL : no_memory;
}

static const char *map_tables(struct replay *replay, bool careful)
{
    size_t slots = replay->head.slots > 0 ? replay->head.slots : 1;
    replay->slots = session_map(slots * sizeof *replay->slots, MAP_POPULATE);
    if (replay->slots == NULL)
        return no_memory;
    if (!careful)
        return NULL;
    replay->sizes = session_map(slots * sizeof *replay->sizes, MAP_POPULATE);
    replay->phases = session_map(slots * sizeof *replay->phases, MAP_POPULATE);
    return replay->sizes != NULL && replay->phases != NULL ? NULL : no_memory;
}

const char *replay_load(struct replay *replay, struct trial *trial, bool careful)
{
    struct script_head *head = &replay->head;
    cpu_set_t allowed;
    if (!read_script(head, 0, sizeof *head) || head->magic != SCRIPT_MAGIC ||
        head->version != SCRIPT_VERSION || head->threads == 0 || head->laps == 0 ||
        head->threads > TRIAL_THREADS_MAXIMUM)
        return no_script;
    size_t bytes = ((size_t)head->laps + 1) * head->threads * sizeof(struct script_stream);
    struct script_stream *streams = session_map(bytes, MAP_POPULATE);
    if (streams == NULL)
        return no_memory;
    if (!read_script(streams, head->streams_offset, bytes))
        return no_script;
    replay->streams = streams;
    trial->threads = head->threads;
    replay->sleep.spin = sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
                         head->threads <= (unsigned)CPU_COUNT(&allowed);
    const char *complaint = map_script(replay);
    return complaint != NULL ? complaint : map_tables(replay, careful);
}

/* ---- streaming ------------------------------------------------------------------------ */

static _Noreturn void lost(struct worker *worker)
{
    session_end(session_of(worker->trial), OUTCOME_REFUSED,
                "the script of the trace cannot be read any more");
}

void replay_load_lap(struct worker *worker, unsigned row)
{
    struct replay *replay = replay_of(worker);
    const struct script_stream *first = replay_stream(replay, row, 0);
    const struct script_stream *last = replay_stream(replay, row, replay->head.threads - 1);
    if (!replay->head.streamed)
        return;
    uint64_t end = last->offset + (last->words + SCRIPT_PAD_WORDS) * sizeof(uint64_t);
    if (!read_script(replay->buffer, first->offset, (size_t)(end - first->offset)))
        lost(worker);
    replay->script = replay->buffer - first->offset;
}

/* Makes the calls that lie whole in the row of words; returns how many words that were. */
static size_t free_words(struct worker *worker, const uint64_t *words, size_t safe)
{
    const uint64_t *word = words;
    struct replay_call call;
    while ((size_t)(word - words) < safe) {
        word = replay_next(worker, word, &call);
        replay_make_call(worker, &call);
    }
    return (size_t)(word - words);
}

void replay_free_rest(struct worker *worker)
{
    struct replay *replay = replay_of(worker);
    const struct script_stream *rest = replay_stream(replay, replay->head.laps, worker->index);
    if (!replay->head.streamed) {
        free_words(worker, replay_words(replay, rest), rest->words);
        return;
    }
    uint64_t *piece = replay->pieces + (size_t)worker->index * PIECE_WORDS;
    for (uint64_t done = 0; done < rest->words;) {
        size_t left = rest->words - done > PIECE_WORDS ? PIECE_WORDS : (size_t)(rest->words - done);
        bool all = done + left == rest->words;
        if (!read_script(piece, rest->offset + done * sizeof *piece, left * sizeof *piece))
            lost(worker);
        done += free_words(worker, piece, all ? left : left - CALL_WORDS_MAXIMUM);
    }
}
