/*
 * What valgrind --trace-malloc=yes prints among its other lines (memcheck and other tools that
 * replace malloc): "--PID-- malloc(24) = 0x4A42040".
 *
 *   NAME(size) = block              malloc, operator new by its mangled name
 *   NAME(al A, size S) = block      memalign and its kin; operator new: (size S, al A)
 *   calloc(n,size) = block
 *   realloc(block,size) = block; realloc(0x0,size)malloc(size) = block;
 *   realloc(block,0)free(block), with " = 0" on a line of its own
 *   free(block) and operator delete by its mangled names
 * valloc and posix_memalign are seen as memalign. One process is taken: the first that allocates.
 */
#include "import.h"
#include "message.h"
#include "source.h"
#include "text_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Finds "--PID-- NAME(" in a line, also behind what the program itself has printed. Puts *at on
 * NAME; false when there is none. */
static bool find_call(const char *line, const char **at, uint64_t *pid)
{
    for (const char *from = line; (from = strstr(from, "--")) != NULL; from++) {
        const char *c = from + 2;
        if (!text_number(&c, 10, pid) || !text_word(&c, "-- "))
            continue;
        *at = c;
        return true;
    }
    return false;
}

static unsigned kind_of(const char *name, size_t length)
{
    static const struct {
        const char *name;
        unsigned kind;
    } table[] = {
        {"malloc",             TRACE_MALLOC        },
        {"calloc",             TRACE_CALLOC        },
        {"realloc",            TRACE_REALLOC       },
        {"free",               TRACE_FREE          },
        {"cfree",              TRACE_FREE          },
        {"free_sized",         TRACE_FREE          },
        {"free_aligned_sized", TRACE_FREE          },
        {"memalign",           TRACE_MEMALIGN      },
        {"aligned_alloc",      TRACE_ALIGNED_ALLOC },
        {"posix_memalign",     TRACE_POSIX_MEMALIGN},
        {"valloc",             TRACE_VALLOC        },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
            return table[i].kind;
    /* Itanium C++ ABI 5.1.3: nw and na are new and new[], dl and da delete and delete[]. */
    if (length > 4 && (memcmp(name, "_Znw", 4) == 0 || memcmp(name, "_Zna", 4) == 0))
        return TRACE_MALLOC;
    if (length > 4 && (memcmp(name, "_Zdl", 4) == 0 || memcmp(name, "_Zda", 4) == 0))
        return TRACE_FREE;
    return 0;
}

/* "SIZE", "al A, size S" or "size S, al A". */
static bool parse_sizes(const char **at, struct import_event *event)
{
    do {
        bool aligns = text_word(at, "al ");
        if (!aligns)
            text_word(at, "size ");
        if (!text_number(at, 10, aligns ? &event->alignment : &event->size))
            return false;
    } while (text_word(at, ", "));
    return true;
}

static bool parse_arguments(const char **at, struct import_event *event)
{
    uint64_t count;
    switch (event->kind) {
    case TRACE_CALLOC:
        if (!text_number(at, 10, &count) || !text_word(at, ",") ||
            !text_number(at, 10, &event->size))
            return false;
        if (__builtin_mul_overflow(count, event->size, &event->size))
            event->size = UINT64_MAX;
        return true;
    case TRACE_REALLOC:
        return text_pointer(at, &event->old_key) && text_word(at, ",") &&
               text_number(at, 10, &event->size);
    case TRACE_FREE:
        if (!text_pointer(at, &event->old_key))
            return false;
        *at += strcspn(*at, ")"); /* a size, an alignment: hints */
        return true;
    default:
        return parse_sizes(at, event);
    }
}

enum line_is { LINE_OTHER, LINE_CALL, LINE_BAD };

/* A realloc that goes on as a malloc or a free says so before its result. */
static enum line_is parse_result(const char *at, struct import_event *event)
{
    bool frees = text_word(&at, "free(");
    if (frees || text_word(&at, "malloc(")) {
        at += strcspn(at, ")");
        if (!text_word(&at, ")"))
            return LINE_BAD;
    }
    if (frees || event->kind == TRACE_FREE)
        return text_ends(at) ? LINE_CALL : LINE_BAD;
    if (!text_word(&at, " = ") || !text_pointer(&at, &event->key) || !text_ends(at))
        return LINE_BAD;
    event->failed = event->key == 0;
    return LINE_CALL;
}

static enum line_is parse(const char *at, struct import_event *event)
{
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (length == 0 || at[length] != '(')
        return LINE_OTHER;
    event->kind = (uint8_t)kind_of(at, length);
    if (event->kind == 0)
        return LINE_OTHER; /* malloc_usable_size() and the like */
    at += length + 1;
    if (!parse_arguments(&at, event) || !text_word(&at, ")"))
        return LINE_BAD;
    if (event->kind == TRACE_MALLOC && event->alignment != 0)
        event->kind = TRACE_MEMALIGN; /* operator new of an over-aligned type, of any size */
    return parse_result(at, event);
}

static bool sniff(const unsigned char *start, size_t bytes)
{
    char line[512];
    while (text_next_line(&start, &bytes, line, sizeof line)) {
        const char *at;
        uint64_t pid;
        struct import_event event = {0};
        if (find_call(line, &at, &pid) && parse(at, &event) == LINE_CALL)
            return true;
    }
    return false;
}

static int note_command(struct import *import, const char *line, char *message)
{
    static const char word[] = "== Command: ";
    const char *command = strncmp(line, "==", 2) == 0 ? strstr(line, word) : NULL;
    if (command == NULL || trace_facts_find(&import->facts, "command") != NULL)
        return 0;
    return import_fact(import, "command", command + sizeof word - 1, message);
}

static void note_ignored(struct import *import, uint64_t pid)
{
    if (import->counts.ignored > 0)
        snprintf(import->note, sizeof import->note,
                 "only process %" PRIu64 " is taken; %" PRIu64 " calls of others are not", pid,
                 import->counts.ignored);
}

static int read_valgrind(struct import *import, struct source *source, char *message)
{
    char *line;
    size_t length;
    uint64_t first_pid = 0;
    int got;
    import->has_times = false;
    while ((got = source_line(source, &line, &length, message)) > 0) {
        struct import_event event = {0};
        const char *at;
        uint64_t pid;
        if (note_command(import, line, message) < 0)
            return -1;
        enum line_is is = find_call(line, &at, &pid) ? parse(at, &event) : LINE_OTHER;
        if (is == LINE_OTHER)
            continue;
        if (first_pid == 0)
            first_pid = pid;
        if (pid != first_pid) {
            import->counts.ignored++;
            continue;
        }
        int done = is == LINE_BAD ? import_mistake(import, message,
                                                   "a call that valgrind's line tells only in part")
                                  : import_add(import, &event, message);
        if (done < 0)
            return -1;
    }
    note_ignored(import, first_pid);
    return got;
}

const struct foreign_format format_valgrind = {
    .name = "valgrind",
    .summary = "valgrind --trace-malloc=yes",
    .carries = CARRIES_ADDRESSES | CARRIES_ALIGNMENTS | CARRIES_FAILURES | CARRIES_REALLOC |
               CARRIES_IDENTITY,
    .sniff = sniff,
    .import = read_valgrind,
};
