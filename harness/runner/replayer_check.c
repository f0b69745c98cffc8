/* What a call that allocates must give; see replayer.h. */
#include "replayer.h"
#include "replayer_pattern.h"

#include "session.h"
#include "text.h"

#include <errno.h>

static void say_call(struct text *text, const struct replayer_call *call)
{
    static const char *const names[SCRIPT_CALLS] = {
        [SCRIPT_MALLOC] = "malloc(",
        [SCRIPT_CALLOC] = "calloc(1, ",
        [SCRIPT_MEMALIGN] = "memalign(",
        [SCRIPT_ALIGNED_ALLOC] = "aligned_alloc(",
        [SCRIPT_POSIX_MEMALIGN] = "posix_memalign(&block, ",
        [SCRIPT_VALLOC] = "valloc(",
        [SCRIPT_PVALLOC] = "pvalloc(",
    };
    text_add(text, names[call->kind]);
    if (call->alignment > 0) {
        text_add_number(text, call->alignment);
        text_add(text, ", ");
    }
    text_add_number(text, call->bytes);
    text_add(text, ")");
}

static _Noreturn void end(struct worker *worker, const struct replayer_call *call,
                          enum trial_outcome outcome, const char *what)
{
    struct session *session = session_of(worker->trial);
    char message[sizeof session->page->message];
    struct text text;
    text_init(&text, message, sizeof message, -1);
    say_call(&text, call);
    text_add(&text, what);
    session_end(session, outcome, message);
}

void replayer_end_without_block(struct worker *worker, const struct replayer_call *call, int error)
{
    /* Some ask more of alignments and sizes than others: memory is not short. */
    if (call->alignment > 0 && error == EINVAL)
        end(worker, call, OUTCOME_REFUSED,
            ": the allocator refuses this alignment and size (EINVAL), which the recorded "
            "program was given a block for");
    worker_out_of_memory(worker, call->bytes);
}

static bool is_aligned(const struct replayer_call *call, const void *block)
{
    bool paged = call->kind == SCRIPT_VALLOC || call->kind == SCRIPT_PVALLOC;
    uint64_t alignment = paged ? TOUCH_STRIDE_BYTES : call->alignment;
    /* A block of no bytes holds nothing that could be misplaced; jemalloc does not align it. What
     * is no power of two has no meaning. */
    if (call->bytes == 0 || (alignment & (alignment - 1)) != 0)
        return true;
    return ((uintptr_t)block & (alignment > 0 ? alignment - 1 : 0)) == 0;
}

void replayer_check_new(struct worker *worker, const struct replayer_call *call, const void *block)
{
    const struct replayer *replayer = replayer_of(worker);
    if (!is_aligned(call, block))
        end(worker, call, OUTCOME_CORRUPT,
            ": the allocator returned a block that is not aligned as was asked for");
    if (call->kind == SCRIPT_CALLOC && replayer->verify &&
        !replayer_holds(block, call->bytes, replayer->touch, replayer_phase(block), 0))
        end(worker, call, OUTCOME_CORRUPT, ": the allocator returned memory that is not zero");
}
