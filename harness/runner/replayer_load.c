/* The script of a replay and the tables beside it; see replayer.h. */
#include "replayer.h"
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

static const char *map_script(struct replayer *replayer)
{
    const struct script_head *head = &replayer->head;
    if (head->streamed) {
        replayer->buffer = session_map(head->lap_bytes_maximum, MAP_POPULATE);
        replayer->pieces =
            session_map((size_t)head->threads * PIECE_WORDS * sizeof *replayer->pieces,
                        MAP_POPULATE);
        return replayer->buffer != NULL && replayer->pieces != NULL ? NULL : no_memory;
    }
    void *script =
        mmap(NULL, head->bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, TRIAL_SCRIPT_FD, 0);
    replayer->script = script;
    return script != MAP_FAILED ? NULL : no_memory;
}

static const char *map_tables(struct replayer *replayer, bool careful)
{
    size_t slots = replayer->head.slots > 0 ? replayer->head.slots : 1;
    replayer->slots = session_map(slots * sizeof *replayer->slots, MAP_POPULATE);
    replayer->places = session_map(replayer->head.threads * sizeof *replayer->places, MAP_POPULATE);
    if (replayer->slots == NULL || replayer->places == NULL)
        return no_memory;
    if (!careful)
        return NULL;
    replayer->sizes = session_map(slots * sizeof *replayer->sizes, MAP_POPULATE);
    replayer->phases = session_map(slots * sizeof *replayer->phases, MAP_POPULATE);
    return replayer->sizes != NULL && replayer->phases != NULL ? NULL : no_memory;
}

const char *replayer_load(struct replayer *replayer, struct trial *trial, bool careful)
{
    struct script_head *head = &replayer->head;
    cpu_set_t allowed;
    if (!read_script(head, 0, sizeof *head) || head->magic != SCRIPT_MAGIC ||
        head->version != SCRIPT_VERSION || head->threads == 0 || head->laps == 0 ||
        head->threads > TRIAL_THREADS_MAXIMUM || head->fill_rows > 1)
        return no_script;
    size_t bytes =
        ((size_t)head->fill_rows + head->laps + 1) * head->threads * sizeof(struct script_stream);
    struct script_stream *streams = session_map(bytes, MAP_POPULATE);
    if (streams == NULL)
        return no_memory;
    if (!read_script(streams, head->streams_offset, bytes))
        return no_script;
    replayer->streams = streams;
    trial->threads = head->threads;
    replayer->sleep.spin = sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
                           head->threads <= (unsigned)CPU_COUNT(&allowed);
    const char *complaint = map_script(replayer);
    return complaint != NULL ? complaint : map_tables(replayer, careful);
}

/* ---- streaming ------------------------------------------------------------------------ */

static _Noreturn void lost(struct worker *worker)
{
    session_end(session_of(worker->trial), OUTCOME_REFUSED,
                "the script of the trace cannot be read any more");
}

void replayer_load_lap(struct worker *worker, unsigned row)
{
    struct replayer *replayer = replayer_of(worker);
    const struct script_stream *first = replayer_stream(replayer, row, 0);
    const struct script_stream *last = replayer_stream(replayer, row, replayer->head.threads - 1);
    if (!replayer->head.streamed)
        return;
    uint64_t end = last->offset + (last->words + SCRIPT_PAD_WORDS) * sizeof(uint64_t);
    if (!read_script(replayer->buffer, first->offset, (size_t)(end - first->offset)))
        lost(worker);
    replayer->script = replayer->buffer - first->offset;
}

/* Makes the calls that lie whole in the row of words; returns how many words that were. */
static size_t free_words(struct worker *worker, const uint64_t *words, size_t safe)
{
    const uint64_t *word = words;
    struct replayer_call call;
    while ((size_t)(word - words) < safe) {
        word = replayer_next(worker, word, &call);
        replayer_make_call(worker, &call);
    }
    return (size_t)(word - words);
}

void replayer_free_rest(struct worker *worker)
{
    struct replayer *replayer = replayer_of(worker);
    const struct script_stream *rest =
        replayer_stream(replayer, replayer->head.fill_rows + replayer->head.laps, worker->index);
    if (!replayer->head.streamed) {
        free_words(worker, replayer_words(replayer, rest), rest->words);
        return;
    }
    uint64_t *piece = replayer->pieces + (size_t)worker->index * PIECE_WORDS;
    for (uint64_t done = 0; done < rest->words;) {
        size_t left = rest->words - done > PIECE_WORDS ? PIECE_WORDS : (size_t)(rest->words - done);
        bool all = done + left == rest->words;
        if (!read_script(piece, rest->offset + done * sizeof *piece, left * sizeof *piece))
            lost(worker);
        done += free_words(worker, piece, all ? left : left - CALL_WORDS_MAXIMUM);
    }
}
