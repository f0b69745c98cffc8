/* What thread_life.c needs of a heap besides thread_heap.h: to wind it up. */
#ifndef BRKMAP_THREAD_LIFE_H
#define BRKMAP_THREAD_LIFE_H

#include "thread_heap.h"

/* Sends all that is waiting for others. */
void thread_heap_flush(struct heap_of_thread *heap);
/* The class has no current span any more: it is partial, full, or, with no block in use, ended. */
void thread_heap_retire(struct heap_of_thread *heap, unsigned size_class);

#endif
