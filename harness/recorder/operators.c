/*
 * operator new and operator delete of C++.
 *
 * libstdc++'s call malloc and free and are recorded there: here they are only passed on. Those
 * that an allocator library brings along go past malloc, and are recorded here, as malloc,
 * aligned_alloc and free; but some of them do call malloc or free now and then (jemalloc's new,
 * when its cache is empty), and such a call is recorded once. A new that fails by throwing is not
 * recorded.
 */
#include "next.h"
#include "system.h"
#include "writer.h"

#include <dlfcn.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

enum passage { PASSAGE_UNKNOWN, PASSAGE_ON, PASSAGE_RECORD };

struct cxx_operator {
    const char *name;
    void *function;
    _Atomic int passage; /* enum passage; written after `function` */
};

/* The next definition, or the one that the caller would find were we not there: a library that
 * came by dlopen brings its own libstdc++, which is in no search order of ours. */
static void *find_function(const char *name, const void *caller)
{
    Dl_info info;
    void *object = NULL;
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL && dladdr1(caller, &info, &object, RTLD_DL_LINKMAP) != 0 && object != NULL)
        function = dlsym(object, name);
    if (function == NULL) {
        system_complain("a program calls an operator new or delete that no library has");
        abort();
    }
    return function;
}

static __attribute__((noinline, cold)) void find_operator(struct cxx_operator *self,
                                                          const void *caller)
{
    int error = errno;
    next_find();
    self->function = find_function(self->name, caller);
    atomic_store_explicit(&self->passage,
                          next_is_in_allocator(self->function) ? PASSAGE_RECORD : PASSAGE_ON,
                          memory_order_release);
    errno = error;
}

static inline bool is_recorded_here(struct cxx_operator *self, const void *caller)
{
    int passage = atomic_load_explicit(&self->passage, memory_order_acquire);
    if (unlikely(passage == PASSAGE_UNKNOWN)) {
        find_operator(self, caller);
        passage = atomic_load_explicit(&self->passage, memory_order_relaxed);
    }
    return passage == PASSAGE_RECORD;
}

/* Whether the call that has just returned reached malloc, which has recorded the block. */
static bool is_recorded(const void *block, uintptr_t cursor_before)
{
    enum { HANDLERS = 8 }; /* records that a signal handler may have put behind it */
    uintptr_t cursor = writer_in_force()->cursor;
    if (cursor == cursor_before)
        return false;
    for (int i = 0; i < HANDLERS && writer_is_slot(cursor -= RING_RECORD_BYTES); i++) {
        const struct ring_record *record = (const struct ring_record *)cursor;
        uint64_t head = atomic_load_explicit(&record->head, memory_order_relaxed);
        if ((head & WRITER_ADDRESS_MASK) == (uintptr_t)block && !writer_is_freeing(head))
            return true;
    }
    return false;
}

static void record_new(const void *block, size_t size, size_t alignment, uintptr_t cursor_before)
{
    uint64_t head = alignment == 0
                        ? writer_head(TRACE_MALLOC, 0)
                        : writer_head(TRACE_ALIGNED_ALLOC, (uint64_t)__builtin_ctzll(alignment));
    if (block == NULL)
        writer_record_bare(head | UINT64_C(1) << RING_FAILED_SHIFT | ENOMEM, size);
    else if (!is_recorded(block, cursor_before))
        writer_record(head, block, size);
}

/* The mangled name, the parameters as declared, as passed on, and the alignment among them. */
#define OPERATOR_NEW(mangled, parameters, arguments, alignment)           \
    EXPORT void *mangled parameters;                                      \
    EXPORT void *mangled parameters                                       \
    {                                                                     \
        static struct cxx_operator self = {.name = #mangled};             \
        bool here = is_recorded_here(&self, __builtin_return_address(0)); \
        void *(*function)parameters = (void *(*)parameters)self.function; \
        if (!here)                                                        \
            return function arguments;                                    \
        uintptr_t cursor = writer_in_force()->cursor;                     \
        void *block = function arguments;                                 \
        record_new(block, size, (alignment), cursor);                     \
        return block;                                                     \
    }
#define OPERATOR_DELETE(mangled, parameters, arguments)                   \
    EXPORT void mangled parameters;                                       \
    EXPORT void mangled parameters                                        \
    {                                                                     \
        static struct cxx_operator self = {.name = #mangled};             \
        bool here = is_recorded_here(&self, __builtin_return_address(0)); \
        void(*function) parameters = (void(*) parameters)self.function;   \
        uint32_t tick = here ? writer_begin_delete(block) : 0;            \
        function arguments;                                               \
        if (here)                                                         \
            writer_end_delete(tick);                                      \
    }

/* operator new and new[]; plain, nothrow, aligned, both */
OPERATOR_NEW(_Znwm, (size_t size), (size), 0)
OPERATOR_NEW(_Znam, (size_t size), (size), 0)
OPERATOR_NEW(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), 0)
OPERATOR_NEW(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), 0)
OPERATOR_NEW(_ZnwmSt11align_val_t, (size_t size, size_t to), (size, to), to)
OPERATOR_NEW(_ZnamSt11align_val_t, (size_t size, size_t to), (size, to), to)
OPERATOR_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t to, const void *tag),
             (size, to, tag), to)
OPERATOR_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t to, const void *tag),
             (size, to, tag), to)

/* operator delete and delete[]; plain, sized, nothrow, aligned, aligned and sized or nothrow */
OPERATOR_DELETE(_ZdlPv, (void *block), (block))
OPERATOR_DELETE(_ZdaPv, (void *block), (block))
OPERATOR_DELETE(_ZdlPvm, (void *block, size_t size), (block, size))
OPERATOR_DELETE(_ZdaPvm, (void *block, size_t size), (block, size))
OPERATOR_DELETE(_ZdlPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))
OPERATOR_DELETE(_ZdaPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))
OPERATOR_DELETE(_ZdlPvSt11align_val_t, (void *block, size_t to), (block, to))
OPERATOR_DELETE(_ZdaPvSt11align_val_t, (void *block, size_t to), (block, to))
OPERATOR_DELETE(_ZdlPvmSt11align_val_t, (void *block, size_t size, size_t to), (block, size, to))
OPERATOR_DELETE(_ZdaPvmSt11align_val_t, (void *block, size_t size, size_t to), (block, size, to))
OPERATOR_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t to, const void *tag),
                (block, to, tag))
OPERATOR_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t to, const void *tag),
                (block, to, tag))
