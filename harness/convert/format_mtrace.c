/*
 * What glibc's mtrace(3) writes: "@ CALLER + 0xADDRESS 0xSIZE" and the like.
 *
 *   + block size      allocated by whatever call; "(nil)": failed
 *   - block           freed, also by realloc(block, 0)
 *   < block  > block size     two lines: resized
 *   ! block size      a realloc that failed
 * Calls of several threads are written under a lock, but a call's line may come after that of
 * another thread's call that followed it.
 */
#include "export.h"
#include "import.h"
#include "message.h"
#include "source.h"
#include "text_fields.h"

#include <inttypes.h>
#include <string.h>

static bool sniff(const unsigned char *start, size_t bytes)
{
    char line[256];
    if (!text_next_line(&start, &bytes, line, sizeof line))
        return false;
    if (strcmp(line, "= Start") == 0)
        return true;
    const char *at = line;
    if (!text_word(&at, "@ "))
        return false;
    const char *sign = strpbrk(at, "+-<>!");
    return sign != NULL && strstr(at, "0x") != NULL;
}

/* Where the sign stands: behind "@ CALLER", of which a file name may hold anything but ends in
 * "] ". NULL: not a line of an operation. */
static const char *find_sign(const char *line)
{
    static const char signs[] = "+-<>!";
    if (line[0] != '@')
        return line[0] != '\0' && strchr(signs, line[0]) != NULL && line[1] == ' ' ? line : NULL;
    const char *found = NULL;
    for (const char *at = line; (at = strstr(at, "] ")) != NULL; at++)
        if (at[2] != '\0' && strchr(signs, at[2]) != NULL && at[3] == ' ')
            found = at + 2;
    return found;
}

struct line {
    char sign;
    uint64_t block, size;
};

static bool parse(const char *text, struct line *line)
{
    const char *at = find_sign(text);
    if (at == NULL)
        return false;
    *line = (struct line){.sign = *at};
    at += 2;
    if (!text_pointer(&at, &line->block))
        return false;
    text_blanks(&at);
    bool sized = line->sign == '+' || line->sign == '>' || line->sign == '!';
    return (!sized || text_pointer(&at, &line->size)) && text_ends(at);
}

static int add(struct import *import, const struct line *line, uint64_t *resized, char *message)
{
    struct import_event event = {.size = line->size};
    if (line->sign == '<') {
        *resized = line->block;
        return 0;
    }
    event.old_key = *resized;
    *resized = 0;
    switch (line->sign) {
    case '+':
        event.kind = TRACE_MALLOC;
        event.key = line->block;
        event.failed = line->block == 0;
        break;
    case '>':
        event.kind = TRACE_REALLOC;
        event.key = line->block;
        break;
    case '!':
        event.kind = TRACE_REALLOC;
        event.old_key = line->block;
        event.failed = true;
        break;
    default:
        event.kind = TRACE_FREE;
        event.old_key = line->block;
        event.size = 0;
    }
    return import_add(import, &event, message);
}

static int read_mtrace(struct import *import, struct source *source, char *message)
{
    char *text;
    size_t length;
    uint64_t resized = 0;
    int got;
    import->has_times = false;
    while ((got = source_line(source, &text, &length, message)) > 0) {
        struct line line;
        if (length == 0 || text[0] == '=')
            continue;
        int done = 0;
        if (!parse(text, &line))
            done = import_mistake(import, message, "not a line of mtrace");
        else if ((line.sign == '>') != (resized != 0) && (line.sign != '<' || resized != 0))
            done = import_mistake(import, message, "'<' and '>' do not stand in pairs"),
            resized = 0;
        else
            done = add(import, &line, &resized, message);
        if (done < 0)
            return -1;
    }
    return got;
}

static int write_mtrace(struct export *export, FILE *stream, char *message)
{
    struct export_step step;
    int got;
    fputs("= Start\n", stream);
    while ((got = export_next(export, &step, message)) > 0) {
        const struct trace_op *op = &step.op;
        if (op->kind == TRACE_FREE || step.freed) {
            if (op->old_address != 0)
                fprintf(stream, "@ [0x0] - 0x%" PRIx64 "\n", step.old_address);
            else
                export_lose(export, LOST_NULL_FREES);
        } else if (op->flags & TRACE_FAILED) {
            if (step.old_address != 0)
                fprintf(stream, "@ [0x0] ! 0x%" PRIx64 " 0x%" PRIx64 "\n", step.old_address,
                        op->size);
            else
                fprintf(stream, "@ [0x0] + (nil) 0x%" PRIx64 "\n", op->size);
        } else if (step.old_address != 0) {
            fprintf(stream, "@ [0x0] < 0x%" PRIx64 "\n@ [0x0] > 0x%" PRIx64 " 0x%" PRIx64 "\n",
                    step.old_address, step.address, op->size);
        } else {
            fprintf(stream, "@ [0x0] + 0x%" PRIx64 " 0x%" PRIx64 "\n", step.address, op->size);
        }
    }
    fputs("= End\n", stream);
    return got;
}

const struct foreign_format format_mtrace = {
    .name = "mtrace",
    .summary = "text of glibc's mtrace(3)",
    .carries =
        CARRIES_ADDRESSES | CARRIES_FAILURES | CARRIES_REALLOC | CARRIES_IDENTITY | FORMAT_INHERITS,
    .sniff = sniff,
    .import = read_mtrace,
    .export = write_mtrace,
};
