/* size_index.h */
#include "size_index.h"

#include "freelist.h"

#define WORD_BITS 64
#define ANY_SEED  UINT64_C(0x2545F4914F6CDD1D)

static size_t bin_of(size_t bytes)
{
    uint32_t units = block_units(bytes);

    if (units < 1u << SIZE_EXACT_BITS)
        return units;
    unsigned octave = 31 - (unsigned)__builtin_clz(units);
    unsigned step = (units >> (octave - SIZE_OCTAVE_BITS)) & ((1u << SIZE_OCTAVE_BITS) - 1);
    return (1u << SIZE_EXACT_BITS) + ((octave - SIZE_EXACT_BITS) << SIZE_OCTAVE_BITS) + step;
}

/* The lowest filled bin not below `bin`, or SIZE_BINS. */
static size_t next_filled(const struct size_index *index, size_t bin)
{
    size_t word = bin / WORD_BITS;
    uint64_t bits = index->filled[word] >> (bin % WORD_BITS);

    if (bits != 0)
        return bin + (size_t)__builtin_ctzll(bits);
    /* Two shifts, since one by all 64 bits is undefined. */
    uint64_t words = index->filled_words >> word >> 1;
    if (words == 0)
        return SIZE_BINS;
    word += 1 + (size_t)__builtin_ctzll(words);
    return word * WORD_BITS + (size_t)__builtin_ctzll(index->filled[word]);
}

static void mark(struct size_index *index, size_t bin)
{
    size_t word = bin / WORD_BITS;
    uint64_t bit = UINT64_C(1) << (bin % WORD_BITS);

    if (index->roots[bin] != 0)
        index->filled[word] |= bit;
    else
        index->filled[word] &= ~bit;
    bit = UINT64_C(1) << word;
    if (index->filled[word] != 0)
        index->filled_words |= bit;
    else
        index->filled_words &= ~bit;
}

static bool reserve(struct freelist *heap, uintptr_t end)
{
    (void)end;
    if (heap->by_size.space.base == 0)
        heap->by_size.space = (struct tree_space){.base = heap->base, .random = ANY_SEED};
    return true;
}

static void insert(struct freelist *heap, struct block *block, size_t bytes)
{
    size_t bin = bin_of(bytes);

    tree_insert(&heap->by_size.space, &heap->by_size.roots[bin], block, bytes);
    mark(&heap->by_size, bin);
}

static void detach(struct freelist *heap, struct block *block)
{
    size_t bin = bin_of(block_bytes(block));

    tree_remove(&heap->by_size.space, &heap->by_size.roots[bin], block);
    mark(&heap->by_size, bin);
}

static void replace(struct freelist *heap, struct block *old, struct block *block, size_t bytes)
{
    detach(heap, old);
    insert(heap, block, bytes);
}

static bool holds(const struct freelist *heap, const struct block *block)
{
    const struct size_index *index = &heap->by_size;
    size_t bin = bin_of(block_bytes(block));
    block_link link = block_to_link(heap->base, block);

    if (next_filled(index, bin) != bin)
        return false;
    while (block->parent != 0) {
        const struct block *parent = block_from_link(heap->base, block->parent);
        bool is_left = parent->left == block_to_link(heap->base, block);
        if (!is_left && parent->right != block_to_link(heap->base, block))
            return false;
        if (block_tag(parent) < block_tag(block))
            return false;
        block = parent;
    }
    /* A search from the root must lead to it. */
    const struct block *sought = block_from_link(heap->base, link);
    block_link at = index->roots[bin];
    while (at != 0 && at != link) {
        const struct block *above = block_from_link(heap->base, at);
        bool is_left = block_bytes(sought) != block_bytes(above)
                           ? block_bytes(sought) < block_bytes(above)
                           : sought < above;
        at = is_left ? above->left : above->right;
    }
    return at == link;
}

const struct index size_index = {
    .reserve = reserve,
    .insert = insert,
    .remove = detach,
    .replace = replace,
    .holds = holds,
};

struct block *size_index_smallest(const struct freelist *heap, size_t bytes)
{
    const struct size_index *index = &heap->by_size;
    size_t bin = next_filled(index, bin_of(bytes));

    if (bin == SIZE_BINS)
        return NULL;
    struct block *block = tree_first_from(&index->space, index->roots[bin], bytes);
    if (block != NULL)
        return block;
    /* Its own bin may hold smaller ones only; in a higher one all fit. */
    bin = bin + 1 < SIZE_BINS ? next_filled(index, bin + 1) : SIZE_BINS;
    return bin == SIZE_BINS ? NULL : tree_first_from(&index->space, index->roots[bin], bytes);
}

struct block *size_index_largest(const struct freelist *heap)
{
    const struct size_index *index = &heap->by_size;

    if (index->filled_words == 0)
        return NULL;
    size_t word = WORD_BITS - 1 - (size_t)__builtin_clzll(index->filled_words);
    size_t bin = word * WORD_BITS + WORD_BITS - 1 - (size_t)__builtin_clzll(index->filled[word]);
    struct block *last = tree_last(&index->space, index->roots[bin]);
    return tree_first_from(&index->space, index->roots[bin], block_bytes(last));
}
