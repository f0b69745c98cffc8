/*
 * What the addresses of a block of operations are likely to be, known alike to who writes the
 * block and who reads it.
 *
 * Every address handed out is a birth, numbered from 1 in its block of operations. A block of
 * memory that is freed is mostly one of the newest births, or the one behind that freed before.
 * An address handed out is mostly one that the same thread freed lately and whose size was in the
 * same class (allocators reuse last in, first out), or lies behind the one handed out afresh
 * before. What is none of these is written as a difference. docs/trace-format.md has the rules
 * step by step.
 */
#ifndef HEAPMARK_ADDRESS_MODEL_H
#define HEAPMARK_ADDRESS_MODEL_H

#include "trace_format.h"

/* Tokens for an address that is given (old). */
enum {
    OLD_NULL = 0,
    OLD_APART = 1,   /* and a number: difference to the last one that came so */
    OLD_DISTANT = 2, /* and a number: how many births ago */
    OLD_NEAR = 2,    /* + how many births ago, 1 .. OLD_NEAR_MAXIMUM */
    OLD_NEAR_MAXIMUM = 61,
    OLD_STEP = 160, /* + births from the one behind the last one given */
    OLD_STEP_LEAST = -96,
    OLD_STEP_MOST = 95,
};

/* Tokens for an address that is handed out (new). */
enum {
    NEW_NULL = 0,
    NEW_IN_PLACE = 1, /* the old one of the same operation */
    NEW_BEHIND = 2,   /* right behind the last one that came afresh */
    NEW_APART = 3,    /* and a number: difference to that place */
    NEW_AGAIN = 4,    /* + how many were freed later, of this class and thread */
    NEW_AGAIN_DEPTH = 16,
};

enum {
    ADDRESS_STACKS = 4096, /* a power of two */
    ADDRESS_STACK_STEP = 1031,
    ADDRESS_CLASS_BYTES = 16,
    ADDRESS_CLASS_LEAST = 2,
    ADDRESS_CLASS_MOST = 1023,
    ADDRESS_HEAD_BYTES = 8, /* that a block of memory has before it in glibc, the usual case */
};

struct address_birth {
    uint64_t address;
    uint32_t next; /* freed: the birth below it in its stack */
    uint16_t size_class;
    bool freed;
};

struct address_model {
    uint32_t births;
    uint32_t last_birth;            /* the last one given; 0: it was none */
    uint64_t last_apart;            /* the last old address that was OLD_APART */
    uint64_t behind;                /* where NEW_BEHIND is */
    uint32_t stack[ADDRESS_STACKS]; /* newest freed birth; 0: none */
    struct address_birth birth[TRACE_BLOCK_OPERATIONS + 1]; /* [0] is not used */
};

/* At the start of each block of operations. */
void address_model_reset(struct address_model *model);

/* glibc's size classes: 16 bytes apart, a head of 8 bytes counted in. */
static inline uint32_t address_class(uint64_t size)
{
    uint64_t largest = (uint64_t)ADDRESS_CLASS_MOST * ADDRESS_CLASS_BYTES - ADDRESS_HEAD_BYTES;
    if (size >= largest)
        return ADDRESS_CLASS_MOST;
    uint64_t count = (size + ADDRESS_HEAD_BYTES + ADDRESS_CLASS_BYTES - 1) / ADDRESS_CLASS_BYTES;
    return count < ADDRESS_CLASS_LEAST ? ADDRESS_CLASS_LEAST : (uint32_t)count;
}

static inline uint32_t *address_stack(struct address_model *model, uint32_t size_class,
                                      uint32_t thread)
{
    uint32_t at = (size_class + thread * (uint32_t)ADDRESS_STACK_STEP) & (ADDRESS_STACKS - 1);
    return &model->stack[at];
}

/* An address came afresh: by NEW_BEHIND or NEW_APART. */
static inline void address_fresh(struct address_model *model, uint64_t address, uint64_t size)
{
    uint64_t end = address + size + ADDRESS_HEAD_BYTES + ADDRESS_CLASS_BYTES - 1;
    uint64_t least = address + ADDRESS_CLASS_LEAST * ADDRESS_CLASS_BYTES;
    end -= (end - address) % ADDRESS_CLASS_BYTES;
    model->behind = end - address < least - address ? least : end;
}

/* Any address but NULL was handed out. Returns its birth. */
static inline uint32_t address_born(struct address_model *model, uint64_t address, uint64_t size)
{
    model->birth[++model->births] =
        (struct address_birth){.address = address, .size_class = (uint16_t)address_class(size)};
    return model->births;
}

/* A birth was given away by `thread`; only the first time counts. */
static inline void address_freed(struct address_model *model, uint32_t number, uint32_t thread)
{
    struct address_birth *birth = &model->birth[number];
    if (birth->freed)
        return;
    birth->freed = true;
    uint32_t *stack = address_stack(model, birth->size_class, thread);
    birth->next = *stack;
    *stack = number;
}

#endif
