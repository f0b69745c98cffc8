/* One object at a time, written to often; see false_sharing.h. */
#include "false_sharing.h"

void false_sharing_write(void *object, size_t bytes, uint64_t writes)
{
    volatile unsigned char *byte = object;
    for (size_t i = 0; i < bytes; i++)
        byte[i] = (unsigned char)i;
    for (; writes > 0; writes--)
        for (size_t i = 0; i < bytes; i++)
            byte[i] = (unsigned char)(byte[i] + 1);
}

void false_sharing_check(struct worker *worker, const void *object, size_t bytes, uint64_t writes)
{
    const unsigned char *byte = object;
    for (size_t i = 0; i < bytes; i++)
        if (byte[i] != (unsigned char)(i + writes))
            worker_corrupt(worker, "an object");
}

void false_sharing_work(struct worker *worker)
{
    const uint64_t *values = worker->trial->values;
    size_t bytes = values[FALSE_SHARING_SIZE];
    for (uint64_t i = values[FALSE_SHARING_OBJECTS]; i > 0; i--) {
        void *object = worker_malloc(worker, bytes);
        false_sharing_write(object, bytes, values[FALSE_SHARING_WRITES]);
        /* Always: it costs nothing beside the writes. */
        false_sharing_check(worker, object, bytes, values[FALSE_SHARING_WRITES]);
        worker_free(worker, object, bytes);
    }
}
