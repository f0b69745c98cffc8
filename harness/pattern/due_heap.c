/* A binary heap; see due_heap.h. */
#include "due_heap.h"

#include <stdbool.h>
#include <stdlib.h>

static bool before(const struct due *a, const struct due *b)
{
    return a->when != b->when ? a->when < b->when : a->tie < b->tie;
}

int due_heap_add(struct due_heap *heap, const struct due *due)
{
    if (heap->count == heap->capacity) {
        size_t capacity = heap->capacity > 0 ? 2 * heap->capacity : 256;
        struct due *grown = realloc(heap->due, capacity * sizeof *grown);
        if (grown == NULL)
            return -1;
        heap->due = grown;
        heap->capacity = capacity;
    }
    size_t at = heap->count++;
    for (; at > 0 && before(due, &heap->due[(at - 1) / 2]); at = (at - 1) / 2)
        heap->due[at] = heap->due[(at - 1) / 2];
    heap->due[at] = *due;
    return 0;
}

struct due due_heap_take(struct due_heap *heap)
{
    struct due first = heap->due[0], last = heap->due[--heap->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(&heap->due[child + 1], &heap->due[child]))
            child++;
        if (!before(&heap->due[child], &last))
            break;
        heap->due[at] = heap->due[child];
        at = child;
    }
    heap->due[at] = last;
    return first;
}

void due_heap_release(struct due_heap *heap)
{
    free(heap->due);
    *heap = (struct due_heap){0};
}
