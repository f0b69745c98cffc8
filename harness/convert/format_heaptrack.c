/*
 * What KDE's heaptrack records: lines of hexadecimal numbers behind a letter.
 *
 * Raw (heaptrack --raw):            Interpreted (what heaptrack leaves otherwise):
 *   + size stack block                a size stack      class N, counted from 0
 *   - block                           + N   - N         a block of that class came, went
 *   c ms  since the start, every 10   c ms
 * Interpreted data do not tell which block of a class (one size, one call stack) is freed; the
 * newest is assumed, so that sizes and live bytes are right at every moment and lifetimes are
 * not. heaptrack does not see memalign() and pvalloc(), but does see their blocks freed: in raw
 * data these look like blocks from before. A realloc is a free and an allocation.
 */
#include "import.h"
#include "message.h"
#include "source.h"
#include "text_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_MAXIMUM = 1 << 24, CLASS_SHIFT = 32 };
#define NS_PER_MS UINT64_C(1000000)

struct class
{
    uint64_t size;
    uint32_t live;
};

struct heaptrack {
    struct import *import;
    struct class *class;
    size_t classes, room;
    uint64_t time_ns;
};

static int add_class(struct heaptrack *h, const char *at, char *message)
{
    uint64_t size;
    /* Not to be skipped: the classes behind it would change their numbers. */
    if (!text_number(&at, 16, &size))
        return source_fail(h->import->source, message, "'a' is not followed by a size");
    if (h->classes == h->room) {
        size_t room = h->room == 0 ? 1024 : 2 * h->room;
        struct class *larger =
            room > CLASSES_MAXIMUM ? NULL : reallocarray(h->class, room, sizeof *larger);
        if (larger == NULL)
            return source_fail(h->import->source, message,
                               "out of memory (or more than %d kinds of allocation)",
                               CLASSES_MAXIMUM);
        h->class = larger;
        h->room = room;
    }
    h->class[h->classes++] = (struct class){.size = size};
    return 0;
}

/* A block of a class: its key says which, counted from the class's oldest. */
static uint64_t key_in(uint64_t class, uint32_t block)
{
    return (class + 1) << CLASS_SHIFT | block;
}

static int add_of_class(struct heaptrack *h, char sign, const char *at, char *message)
{
    uint64_t number;
    struct import_event event = {.kind = TRACE_MALLOC, .time_ns = h->time_ns};
    if (!text_number(&at, 16, &number) || !text_ends(at))
        return import_mistake(h->import, message, "not one number behind '+' or '-'");
    if (number >= h->classes)
        return import_mistake(h->import, message, "a class that no 'a' line has introduced");
    struct class *class = &h->class[number];
    if (sign == '+') {
        if (class->live == UINT32_MAX)
            return import_mistake(h->import, message, "too many blocks of one class");
        event.key = key_in(number, class->live++);
        event.size = class->size;
        return import_add(h->import, &event, message);
    }
    if (class->live == 0)
        return import_mistake(h->import, message, "frees a block of a class that has none live");
    event.kind = TRACE_FREE;
    event.old_key = key_in(number, --class->live);
    return import_add(h->import, &event, message);
}

static int add_raw(struct heaptrack *h, char sign, const char *at, char *message)
{
    struct import_event event = {.kind = TRACE_FREE, .time_ns = h->time_ns};
    uint64_t stack;
    bool good;
    if (sign == '+') {
        event.kind = TRACE_MALLOC;
        good = text_number(&at, 16, &event.size) && text_word(&at, " ") &&
               text_number(&at, 16, &stack) && text_word(&at, " ") &&
               text_number(&at, 16, &event.key) && event.key != 0;
    } else {
        good = text_number(&at, 16, &event.old_key);
    }
    if (!good || !text_ends(at))
        return import_mistake(h->import, message, "not a raw '+ size stack block' or '- block'");
    return import_add(h->import, &event, message);
}

static int add_time(struct heaptrack *h, const char *at, char *message)
{
    uint64_t ms;
    if (!text_number(&at, 16, &ms) || ms > UINT64_MAX / NS_PER_MS)
        return import_mistake(h->import, message, "'c' is not followed by milliseconds");
    h->time_ns = ms * NS_PER_MS;
    return 0;
}

static int add_line(struct heaptrack *h, bool raw, const char *line, char *message)
{
    /* Strings, stacks, modules, resident pages, ... */
    static const char of_no_interest[] = "vxsIStimRA#";
    char mode = line[0];
    if (mode == '\0' || mode == '\n')
        return 0;
    const char *at = line + 1;
    text_blanks(&at);
    if (mode == '+' || mode == '-')
        return raw ? add_raw(h, mode, at, message) : add_of_class(h, mode, at, message);
    if (mode == 'c')
        return add_time(h, at, message);
    if (mode == 'a' && !raw)
        return add_class(h, at, message);
    if (mode == 'X')
        return import_fact(h->import, "command", at, message);
    if (strchr(of_no_interest, mode) == NULL)
        return import_mistake(h->import, message, "not a line of heaptrack");
    return 0;
}

static int read_lines(struct import *import, struct source *source, bool raw, char *message)
{
    struct heaptrack h = {.import = import};
    char *line;
    size_t length;
    int got;
    while ((got = source_line(source, &line, &length, message)) > 0)
        if (add_line(&h, raw, line, message) < 0) {
            got = -1;
            break;
        }
    free(h.class);
    return got;
}

static int read_raw(struct import *import, struct source *source, char *message)
{
    int done = read_lines(import, source, true, message);
    if (import->counts.inherited > 0)
        snprintf(
            import->note, sizeof import->note,
            "heaptrack does not see every allocating call (memalign, pvalloc): frees of blocks "
            "it did not see allocated count as inherited");
    return done;
}

static int read_interpreted(struct import *import, struct source *source, char *message)
{
    snprintf(import->note, sizeof import->note,
             "interpreted data tell only size and call stack of what is freed: the newest such "
             "block is assumed; record with heaptrack --raw to keep lifetimes");
    return read_lines(import, source, false, message);
}

enum found { FOUND_NOTHING, FOUND_RAW, FOUND_INTERPRETED };

static enum found look(const unsigned char *start, size_t bytes)
{
    char line[256];
    if (!text_next_line(&start, &bytes, line, sizeof line) || strncmp(line, "v ", 2) != 0)
        return FOUND_NOTHING;
    const char *at = line + 2;
    uint64_t version;
    if (!text_number(&at, 16, &version))
        return FOUND_NOTHING;
    while (text_next_line(&start, &bytes, line, sizeof line)) {
        if (line[0] == 'x' || line[0] == 'm')
            return FOUND_RAW;
        if (line[0] == 'i' || line[0] == 'a')
            return FOUND_INTERPRETED;
        if (line[0] == '+') /* files before format 1 have blocks there, though interpreted */
            return strchr(line + 2, ' ') != NULL ? FOUND_RAW : FOUND_INTERPRETED;
    }
    return FOUND_NOTHING;
}

static bool sniff_raw(const unsigned char *start, size_t bytes)
{
    return look(start, bytes) == FOUND_RAW;
}

static bool sniff_interpreted(const unsigned char *start, size_t bytes)
{
    return look(start, bytes) == FOUND_INTERPRETED;
}

const struct foreign_format format_heaptrack_raw = {
    .name = "heaptrack-raw",
    .summary = "heaptrack --raw",
    .carries = CARRIES_TIMES | CARRIES_ADDRESSES | CARRIES_IDENTITY | FORMAT_INHERITS,
    .sniff = sniff_raw,
    .import = read_raw,
};

const struct foreign_format format_heaptrack = {
    .name = "heaptrack",
    .summary = "heaptrack's usual (interpreted) data",
    .carries = CARRIES_TIMES,
    .sniff = sniff_interpreted,
    .import = read_interpreted,
};
