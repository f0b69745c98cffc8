/* tree.h with parent links: a block is removed without a search from the root. */
#include "tree.h"

#define PRIORITY_BITS (64 - BLOCK_TAG_SHIFT)

/* Marsaglia's xorshift64 (2003): priorities need no more. */
static uint32_t next_priority(struct tree_space *space)
{
    space->random ^= space->random << 13;
    space->random ^= space->random >> 7;
    space->random ^= space->random << 17;
    return (uint32_t)(space->random >> (64 - PRIORITY_BITS));
}

static struct block *at(const struct tree_space *space, block_link link)
{
    return block_from_link(space->base, link);
}

static bool is_before(const struct block *block, size_t bytes, const struct block *other)
{
    if (bytes != block_bytes(other))
        return bytes < block_bytes(other);
    return block < other;
}

/* The link that points at `old`, child of `parent` or root, points at `link` from now on. */
static void relink(const struct tree_space *space, block_link *root, block_link parent,
                   block_link old, block_link link)
{
    if (parent == 0)
        *root = link;
    else if (at(space, parent)->left == old)
        at(space, parent)->left = link;
    else
        at(space, parent)->right = link;
}

/* Lifts a block over its parent. */
static void rotate_up(const struct tree_space *space, block_link *root, block_link link)
{
    struct block *block = at(space, link);
    block_link parent_link = block->parent;
    struct block *parent = at(space, parent_link);
    block_link moved;

    if (parent->left == link) {
        moved = block->right;
        parent->left = moved;
        block->right = parent_link;
    } else {
        moved = block->left;
        parent->right = moved;
        block->left = parent_link;
    }
    if (moved != 0)
        at(space, moved)->parent = parent_link;
    relink(space, root, parent->parent, parent_link, link);
    block->parent = parent->parent;
    parent->parent = link;
}

void tree_insert(struct tree_space *space, block_link *root, struct block *block, size_t bytes)
{
    block_link link = block_to_link(space->base, block);
    block_link parent = 0;
    block_link *place = root;

    while (*place != 0) {
        parent = *place;
        struct block *above = at(space, parent);
        place = is_before(block, bytes, above) ? &above->left : &above->right;
    }
    *place = link;
    block_set_free(block, bytes, next_priority(space));
    block->left = block->right = 0;
    block->parent = parent;
    while (block->parent != 0 && block_tag(at(space, block->parent)) < block_tag(block))
        rotate_up(space, root, link);
}

/* Of two subtrees, all of `left` before all of `right`, makes one below `parent`. */
static block_link join(const struct tree_space *space, block_link left, block_link right,
                       block_link parent)
{
    block_link top = 0;
    block_link *place = &top;

    while (left != 0 && right != 0) {
        bool left_wins = block_tag(at(space, left)) >= block_tag(at(space, right));
        block_link winner = left_wins ? left : right;
        struct block *block = at(space, winner);

        *place = winner;
        block->parent = parent;
        parent = winner;
        if (left_wins) {
            place = &block->right;
            left = block->right;
        } else {
            place = &block->left;
            right = block->left;
        }
    }
    *place = left != 0 ? left : right;
    if (*place != 0)
        at(space, *place)->parent = parent;
    return top;
}

void tree_remove(const struct tree_space *space, block_link *root, struct block *block)
{
    block_link joined = join(space, block->left, block->right, block->parent);

    relink(space, root, block->parent, block_to_link(space->base, block), joined);
}

struct block *tree_first_from(const struct tree_space *space, block_link root, size_t bytes)
{
    struct block *first = NULL;

    while (root != 0) {
        struct block *block = at(space, root);
        bool fits = block_bytes(block) >= bytes;
        first = fits ? block : first;
        root = fits ? block->left : block->right;
    }
    return first;
}

struct block *tree_last(const struct tree_space *space, block_link root)
{
    while (at(space, root)->right != 0)
        root = at(space, root)->right;
    return at(space, root);
}
