/*
 * Reads any bytes as a trace: no crash, no hang, and whatever is handed out keeps what trace.h
 * demands of single operations. An entry point for libFuzzer, and for the tests.
 */
#include "fuzz_trace.h"

#include "ledger.h"
#include "message.h"
#include "trace_format.h"
#include "trace_mutator.h"
#include "trace_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REQUIRE(condition)                                                          \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)

/* More than this is not read of one input: a small file may hold very many operations. */
enum { OPERATIONS_READ = 300000 };

static void check_message(const char *message)
{
    size_t length = strnlen(message, MESSAGE_BYTES);
    REQUIRE(length > 0 && length < MESSAGE_BYTES && strchr(message, '\n') == NULL);
}

/* How many came, at most `limit`; from `reader`, which stands anywhere. */
static uint64_t read_some(struct trace_reader *reader, uint64_t limit, struct ledger *ledger)
{
    char message[MESSAGE_BYTES] = "";
    struct trace_op op;
    uint64_t count = 0, last_ns = 0;
    for (int status = 1; count < limit; count++) {
        uint64_t position = trace_reader_position(reader);
        status = trace_reader_next(reader, &op, message);
        if (status < 0)
            check_message(message);
        if (status <= 0)
            break;
        REQUIRE(trace_op_fault(&op) == NULL);
        REQUIRE(op.thread < trace_reader_threads(reader));
        REQUIRE(op.time_ns >= last_ns && op.time_ns <= trace_reader_duration_ns(reader));
        REQUIRE(position < trace_reader_operations(reader));
        last_ns = op.time_ns;
        struct ledger_effect effect;
        if (ledger != NULL)
            REQUIRE(ledger_apply(ledger, position, &op, &effect) == 0);
    }
    return count;
}

static bool count_one(void *argument, const struct ledger_object *object)
{
    (void)object;
    ++*(uint64_t *)argument;
    return true;
}

static void read_from_front(struct trace_reader *reader)
{
    struct ledger *ledger = ledger_create(trace_reader_operations(reader) % 2 == 0);
    REQUIRE(ledger != NULL);
    read_some(reader, OPERATIONS_READ, ledger);
    uint64_t count = 0;
    ledger_visit(ledger, count_one, &count);
    REQUIRE(count == ledger_live_blocks(ledger));
    ledger_free(ledger);
}

static void read_from_anywhere(struct trace_reader *reader)
{
    char message[MESSAGE_BYTES] = "";
    uint64_t operations = trace_reader_operations(reader);
    uint64_t duration_ns = trace_reader_duration_ns(reader);
    for (uint64_t part = 0; part <= 4; part++) {
        if (trace_reader_seek(reader, operations / 4 * part, message) == 0)
            read_some(reader, 300, NULL);
        else
            check_message(message);
        if (trace_reader_seek_time(reader, duration_ns / 4 * part, message) == 0)
            read_some(reader, 300, NULL);
        else
            check_message(message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("trace", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, length, 0) == (ssize_t)length);
    char message[MESSAGE_BYTES] = "";
    struct trace_reader *reader = trace_reader_open(path, message);
    if (reader == NULL) {
        check_message(message);
        return 0;
    }
    for (uint32_t i = 0; i < trace_reader_threads(reader); i += 1 + i / 16)
        REQUIRE(strlen(trace_reader_thread(reader, i)->name) <= TRACE_THREAD_NAME_MAXIMUM);
    read_from_front(reader);
    read_from_anywhere(reader);
    trace_reader_close(reader);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed)
{
    if (length == 0)
        return 0;
    return trace_mutate(bytes, length, room, seed);
}
