/*
 * What cache-scratch and cache-thrash have in common: each worker holds one small object at a
 * time and writes to it often. Where two workers' objects lie in one cache line, every write of the
 * one takes the line from the other.
 *
 * The two differ in where the first object of a lap comes from. When the main thread allocated the
 * objects of all side by side and each worker frees its own, an allocator that lets the freeing
 * thread reuse it keeps the workers in one line (passive false sharing); without that, only one
 * that deals out a line's blocks to several threads does (active false sharing).
 */
#ifndef HEAPMARK_FALSE_SHARING_H
#define HEAPMARK_FALSE_SHARING_H

#include "workload.h"

enum { FALSE_SHARING_SIZE, FALSE_SHARING_OBJECTS, FALSE_SHARING_WRITES };

#define FALSE_SHARING_ROWS                                                                    \
    PARAM_BYTES_ROW("size", "8", 1, 4096, "of every object"),                                 \
        PARAM_COUNT_ROW("objects", "50", 1, 1000000, "that a worker has in a lap, by turns"), \
        PARAM_COUNT_ROW("writes", "20k", 1, 1000000000, "to every byte of an object")

/* The workers' part of a lap: objects allocated, written to, freed. */
void false_sharing_work(struct worker *worker);

/* Counts up every byte of the object so often that it ends at the mark that false_sharing_check()
 * looks for. The reads and writes are as many as the compiler is told, none left out. */
void false_sharing_write(void *object, size_t bytes, uint64_t writes);

/* Ends the trial when the object does not hold what was counted. */
void false_sharing_check(struct worker *worker, const void *object, size_t bytes, uint64_t writes);

#endif
