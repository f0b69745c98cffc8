/* Prints operations by hand: printf would take longer than all the rest; see dump_line.h. */
#include "dump_line.h"

#include "units.h"

#include <string.h>

static char *append_text(char *end, const char *text)
{
    size_t length = strlen(text);
    memcpy(end, text, length);
    return end + length;
}

static char *append_number(char *end, uint64_t value, bool present)
{
    if (present)
        return units_append_decimal(end, value);
    *end++ = '-';
    return end;
}

static char *append_address(char *end, uint64_t address)
{
    char digits[16];
    int count = 0;
    if (address == 0) {
        *end++ = '-';
        return end;
    }
    for (; address != 0; address >>= 4)
        digits[count++] = "0123456789abcdef"[address & 15];
    *end++ = '0';
    *end++ = 'x';
    while (count > 0)
        *end++ = digits[--count];
    return end;
}

static char *append_flags(char *end, unsigned flags)
{
    switch (flags & (TRACE_FAILED | TRACE_SPLIT)) {
    case TRACE_FAILED:
        return append_text(end, "failed");
    case TRACE_SPLIT:
        return append_text(end, "split");
    case TRACE_FAILED | TRACE_SPLIT:
        return append_text(end, "failed,split");
    default:
        return append_text(end, "-");
    }
}

char *dump_line(char line[DUMP_LINE_BYTES], uint64_t index, const struct trace_op *op)
{
    const char *kind = trace_kind_name(op->kind);
    bool sized = op->kind != TRACE_FREE && op->kind != TRACE_REALLOC_BEGIN;
    char *end = units_append_decimal(line, index);
    *end++ = '\t';
    end = units_append_decimal(end, op->time_ns);
    *end++ = '\t';
    end = units_append_decimal(end, op->thread);
    *end++ = '\t';
    end = append_text(end, kind != NULL ? kind : "-");
    *end++ = '\t';
    end = append_address(end, op->address);
    *end++ = '\t';
    end = append_address(end, op->old_address);
    *end++ = '\t';
    end = append_number(end, op->size, sized);
    *end++ = '\t';
    end = append_number(end, op->alignment, op->alignment != 0);
    *end++ = '\t';
    end = append_number(end, op->error, op->error != 0);
    *end++ = '\t';
    end = append_flags(end, op->flags);
    *end++ = '\n';
    return end;
}
