/* Columns of a block, read; see op_decoder.h. */
#include "op_decoder.h"

#include "address_model.h"
#include "varint.h"

#include <stdlib.h>
#include <string.h>

static const char damaged[] = "a block's columns contradict each other";

struct op_decoder {
    struct byte_cursor column[TRACE_COLUMN_COUNT];
    uint32_t left; /* operations yet to come */
    uint32_t threads;
    uint32_t thread, thread_run;
    uint32_t time_run;
    uint64_t time_ns, last_ns, time_unit_ns;
    struct address_model model;
};

struct op_decoder *op_decoder_create(void)
{
    return calloc(1, sizeof(struct op_decoder));
}

void op_decoder_free(struct op_decoder *decoder)
{
    free(decoder);
}

/* One column of the directory; the columns' bytes stand in the same order behind it. */
struct column_entry {
    uint64_t id, encoding, length;
};

static bool read_directory(struct byte_cursor *from, struct column_entry *entry, uint64_t *count)
{
    if (!varint_get(from, count) || *count > TRACE_COLUMNS_MAXIMUM)
        return false;
    for (uint64_t i = 0; i < *count; i++)
        if (!varint_get(from, &entry[i].id) || !varint_get(from, &entry[i].encoding) ||
            !varint_get(from, &entry[i].length))
            return false;
    return true;
}

/* Columns of unknown number are skipped: a later version may add some. */
static const char *find_columns(struct op_decoder *decoder, struct byte_cursor from)
{
    struct column_entry entry[TRACE_COLUMNS_MAXIMUM];
    uint64_t count;
    if (!read_directory(&from, entry, &count))
        return "a block's list of columns is damaged";
    memset(decoder->column, 0, sizeof decoder->column);
    for (uint64_t i = 0; i < count; i++) {
        if (entry[i].length > (size_t)(from.end - from.next))
            return "a column is longer than its block";
        struct byte_cursor bytes = {from.next, from.next + entry[i].length};
        from.next = bytes.end;
        if (entry[i].id >= TRACE_COLUMN_COUNT)
            continue;
        if (entry[i].encoding != 0)
            return "a column is encoded in a way that this version does not know";
        if (decoder->column[entry[i].id].next != NULL)
            return "a column comes twice";
        decoder->column[entry[i].id] = bytes;
    }
    return from.next == from.end ? NULL : "bytes are left over behind a block's columns";
}

const char *op_decoder_start(struct op_decoder *decoder, const struct trace_block_head *head,
                             const unsigned char *payload)
{
    const char *fault =
        find_columns(decoder, (struct byte_cursor){payload, payload + head->raw_bytes});
    if (fault != NULL)
        return fault;
    decoder->left = head->operations;
    decoder->threads = head->threads;
    decoder->thread_run = decoder->time_run = 0;
    decoder->time_ns = head->first_ns;
    decoder->last_ns = head->last_ns;
    address_model_reset(&decoder->model);
    struct byte_cursor *times = &decoder->column[TRACE_COLUMN_TIMES];
    if (!varint_get(times, &decoder->time_unit_ns))
        return damaged;
    return NULL;
}

static bool get(struct op_decoder *decoder, enum trace_column column, uint64_t *value)
{
    return varint_get(&decoder->column[column], value);
}

static bool read_kinds(struct op_decoder *decoder, struct trace_op *ops, uint32_t count)
{
    struct byte_cursor *kinds = &decoder->column[TRACE_COLUMN_KINDS];
    if ((size_t)(kinds->end - kinds->next) < count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        ops[i] = (struct trace_op){.kind = kinds->next[i] & 0xf, .flags = kinds->next[i] >> 4};
    }
    kinds->next += count;
    return true;
}

static bool read_threads(struct op_decoder *decoder, struct trace_op *ops, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (decoder->thread_run == 0) {
            uint64_t thread, run;
            if (!get(decoder, TRACE_COLUMN_THREADS, &thread) || thread >= decoder->threads ||
                !get(decoder, TRACE_COLUMN_THREADS, &run) || run == 0 || run > decoder->left - i)
                return false;
            decoder->thread = (uint32_t)thread;
            decoder->thread_run = (uint32_t)run;
        }
        decoder->thread_run--;
        ops[i].thread = decoder->thread;
    }
    return true;
}

static bool next_time(struct op_decoder *decoder, uint32_t left)
{
    uint64_t step, run;
    if (!get(decoder, TRACE_COLUMN_TIMES, &step) || !get(decoder, TRACE_COLUMN_TIMES, &run))
        return false;
    if (run == 0 || run > left || __builtin_mul_overflow(step, decoder->time_unit_ns, &step) ||
        step > decoder->last_ns - decoder->time_ns)
        return false;
    decoder->time_ns += step;
    decoder->time_run = (uint32_t)run;
    return true;
}

static bool read_times(struct op_decoder *decoder, struct trace_op *ops, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (decoder->time_run == 0 && !next_time(decoder, decoder->left - i))
            return false;
        decoder->time_run--;
        ops[i].time_ns = decoder->time_ns;
    }
    return true;
}

static bool read_numbers(struct op_decoder *decoder, struct trace_op *op)
{
    if (trace_kind_has_size(op->kind) && !get(decoder, TRACE_COLUMN_SIZES, &op->size))
        return false;
    if (trace_kind_has_alignment(op->kind) &&
        !get(decoder, TRACE_COLUMN_ALIGNMENTS, &op->alignment))
        return false;
    if ((op->flags & TRACE_FAILED) == 0)
        return true;
    uint64_t error;
    if (!get(decoder, TRACE_COLUMN_ERRORS, &error) || error > UINT16_MAX)
        return false;
    op->error = (uint16_t)error;
    return true;
}

static bool read_token(struct op_decoder *decoder, int *token)
{
    struct byte_cursor *tokens = &decoder->column[TRACE_COLUMN_ADDRESSES];
    if (tokens->next == tokens->end)
        return false;
    *token = *tokens->next++;
    return true;
}

/* Which birth a token stands for, 0: none; -1: the block is damaged. */
static int64_t old_birth(struct op_decoder *decoder, int token)
{
    struct address_model *model = &decoder->model;
    int64_t birth;
    if (token == OLD_DISTANT) {
        uint64_t ago;
        if (!get(decoder, TRACE_COLUMN_NUMBERS, &ago) || ago > model->births)
            return -1;
        birth = (int64_t)(model->births + 1 - ago);
    } else if (token <= OLD_NEAR + OLD_NEAR_MAXIMUM)
        birth = (int64_t)model->births + 1 - (token - OLD_NEAR);
    else
        birth = (int64_t)model->last_birth + 1 + (token - OLD_STEP);
    return birth >= 1 && birth <= model->births ? birth : -1;
}

static bool read_old(struct op_decoder *decoder, struct trace_op *op, uint32_t *birth)
{
    struct address_model *model = &decoder->model;
    int token;
    *birth = 0;
    if (!read_token(decoder, &token))
        return false;
    if (token == OLD_NULL)
        return true;
    if (token == OLD_APART) {
        uint64_t folded;
        if (!get(decoder, TRACE_COLUMN_NUMBERS, &folded))
            return false;
        op->old_address = model->last_apart += varint_unfold(folded);
        model->last_birth = 0;
        return true;
    }
    int64_t found = old_birth(decoder, token);
    if (found < 0)
        return false;
    *birth = model->last_birth = (uint32_t)found;
    op->old_address = model->birth[found].address;
    return true;
}

/* Takes the address that is `depth` below the top out of the stack of its class and thread. */
static bool take_again(struct op_decoder *decoder, struct trace_op *op, int depth)
{
    struct address_model *model = &decoder->model;
    uint32_t *link = address_stack(model, address_class(op->size), op->thread);
    for (; depth > 0 && *link != 0; depth--)
        link = &model->birth[*link].next;
    if (*link == 0)
        return false;
    op->address = model->birth[*link].address;
    *link = model->birth[*link].next;
    return true;
}

static bool take_fresh(struct op_decoder *decoder, struct trace_op *op, int token)
{
    uint64_t folded = 0;
    if (token == NEW_APART && !get(decoder, TRACE_COLUMN_NUMBERS, &folded))
        return false;
    op->address = decoder->model.behind + varint_unfold(folded);
    address_fresh(&decoder->model, op->address, op->size);
    return true;
}

static bool read_new(struct op_decoder *decoder, struct trace_op *op)
{
    int token;
    if (!read_token(decoder, &token) || token >= NEW_AGAIN + NEW_AGAIN_DEPTH)
        return false;
    if (token == NEW_NULL)
        return true;
    if (token == NEW_IN_PLACE)
        op->address = op->old_address;
    else if (token >= NEW_AGAIN ? !take_again(decoder, op, token - NEW_AGAIN)
                                : !take_fresh(decoder, op, token))
        return false;
    if (op->address != 0) /* else a fault of the operation, found below */
        address_born(&decoder->model, op->address, op->size);
    return true;
}

static bool read_addresses(struct op_decoder *decoder, struct trace_op *op)
{
    bool failed = (op->flags & TRACE_FAILED) != 0;
    uint32_t old = 0;
    if (trace_kind_has_old(op->kind) && !read_old(decoder, op, &old))
        return false;
    if (trace_kind_has_size(op->kind) && !failed && !read_new(decoder, op))
        return false;
    if (old != 0 && !failed && op->address != op->old_address)
        address_freed(&decoder->model, old, op->thread);
    return true;
}

static const char *read_fields(struct op_decoder *decoder, struct trace_op *ops, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct trace_op *op = &ops[i];
        if (!read_numbers(decoder, op) || !read_addresses(decoder, op))
            return damaged;
        const char *fault = trace_op_fault(op);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static const char *check_end(const struct op_decoder *decoder)
{
    for (int i = 1; i < TRACE_COLUMN_COUNT; i++)
        if (decoder->column[i].next != decoder->column[i].end)
            return "a column is longer than its operations need";
    return decoder->time_ns == decoder->last_ns ? NULL : damaged;
}

const char *op_decoder_next(struct op_decoder *decoder, struct trace_op *ops, uint32_t *count)
{
    *count = decoder->left < OP_DECODER_BATCH ? decoder->left : OP_DECODER_BATCH;
    if (*count == 0)
        return check_end(decoder);
    if (!read_kinds(decoder, ops, *count) || !read_threads(decoder, ops, *count) ||
        !read_times(decoder, ops, *count))
        return damaged;
    decoder->left -= *count;
    return read_fields(decoder, ops, *count);
}
