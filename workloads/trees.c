/*
 * trees: binary trees that are built and dropped, small ones often, large ones seldom, beside a
 * large one that lives throughout; the pattern of GCBench. Half of the trees are built from the
 * root down, half from the leaves up, so that nodes lie in memory in two orders. malloc and free
 * take the collector's place: a tree is dropped node by node.
 *
 * Invariant: a tree of depth d has 2^(d+1) - 1 nodes, each with two children or none.
 */
#include "workload.h"

enum { SMALLEST, LARGEST, LONG_LIVED, STRETCH, ARRAY, NODES };

static const struct param trees_params[] = {
    PARAM_COUNT_ROW("smallest", "4", 0, 24, "depth of the trees that come often"),
    PARAM_COUNT_ROW("largest", "12", 0, 24, "depth of the trees that come seldom; steps of 2"),
    PARAM_COUNT_ROW("long", "15", 0, 24, "depth of the tree that lives throughout"),
    PARAM_COUNT_ROW("stretch", "16", 0, 26,
                    "depth of the tree built and dropped before the first lap"),
    PARAM_COUNT_ROW("array", "60k", 1, 100000000, "doubles in an array that lives throughout"),
    PARAM_COUNT_ROW("nodes", "25k", 1, 1000000000,
                    "at least, of each depth, built each way, of a worker in a lap"),
    PARAM_TABLE_END,
};

static const struct preset trees_presets[] = {
    {"classic", "smallest=4,largest=16,long=16,stretch=18,array=500k,nodes=131k,laps=16",
     "GCBench's depths and its array; nodes of a depth in 16 laps as there in all"},
    PRESET_TABLE_END,
};

struct node {
    struct node *left, *right;
    uint64_t check; /* of both pointers: tells whether they may be followed */
};

struct grove {
    struct node *long_lived;
    double *array;
};

static const char *trees_setup(struct trial *trial)
{
    if (trial->values[LARGEST] < trial->values[SMALLEST])
        return "`largest` must not be less than `smallest`";
    trial->state = trial_memory(trial, trial->threads * sizeof(struct grove));
    return NULL;
}

static uint64_t check_of(const struct node *node)
{
    return ((uintptr_t)node->left * 3) ^ ((uintptr_t)node->right * 5) ^ UINT64_C(0x7472656573);
}

static void link_up(struct node *node, struct node *left, struct node *right)
{
    node->left = left;
    node->right = right;
    node->check = check_of(node);
}

/* Depth-first from the leaves: a parent comes after its children. */
static struct node *build_up(struct worker *worker, uint64_t depth)
{
    struct node *left = NULL, *right = NULL;
    if (depth > 0) {
        left = build_up(worker, depth - 1);
        right = build_up(worker, depth - 1);
    }
    struct node *node = worker_malloc(worker, sizeof *node);
    link_up(node, left, right);
    return node;
}

/* From the root: both children are there before either has its own. */
static void populate(struct worker *worker, struct node *node, uint64_t depth)
{
    struct node *left = NULL, *right = NULL;
    if (depth > 0) {
        left = worker_malloc(worker, sizeof *node);
        right = worker_malloc(worker, sizeof *node);
    }
    link_up(node, left, right);
    if (depth > 0) {
        populate(worker, left, depth - 1);
        populate(worker, right, depth - 1);
    }
}

static struct node *build_down(struct worker *worker, uint64_t depth)
{
    struct node *root = worker_malloc(worker, sizeof *root);
    populate(worker, root, depth);
    return root;
}

static void drop(struct worker *worker, struct node *node)
{
    if (heapmark_unlikely(worker->trial->verify) && node->check != check_of(node))
        worker_corrupt(worker, "a node of a tree");
    if (node->left != NULL) {
        drop(worker, node->left);
        drop(worker, node->right);
    }
    worker_free(worker, node, sizeof *node);
}

static struct grove *own_of(const struct worker *worker)
{
    return (struct grove *)worker->trial->state + worker->index;
}

static void trees_fill(struct worker *worker)
{
    const uint64_t *values = worker->trial->values;
    struct grove *own = own_of(worker);
    drop(worker, build_up(worker, values[STRETCH]));
    own->long_lived = build_down(worker, values[LONG_LIVED]);
    own->array = worker_malloc(worker, values[ARRAY] * sizeof(double));
    for (uint64_t i = 0; i < values[ARRAY]; i++)
        own->array[i] = (double)(i + 1);
}

static void trees_lap(struct worker *worker, unsigned lap)
{
    const uint64_t *values = worker->trial->values;
    (void)lap;
    for (uint64_t depth = values[SMALLEST]; depth <= values[LARGEST]; depth += 2) {
        uint64_t trees = values[NODES] / ((UINT64_C(2) << depth) - 1) + 1;
        for (uint64_t i = 0; i < trees; i++)
            drop(worker, build_down(worker, depth));
        for (uint64_t i = 0; i < trees; i++)
            drop(worker, build_up(worker, depth));
    }
}

static void trees_drain(struct worker *worker)
{
    const uint64_t *values = worker->trial->values;
    struct grove *own = own_of(worker);
    for (uint64_t i = 0; worker->trial->verify && i < values[ARRAY]; i++)
        if (own->array[i] != (double)(i + 1))
            worker_corrupt(worker, "the array beside the trees");
    drop(worker, own->long_lived);
    worker_free(worker, own->array, values[ARRAY] * sizeof(double));
}

static const struct workload trees = {
    .name = "trees",
    .summary = "binary trees built and dropped node by node, beside one that lives throughout",
    .source = "the pattern of GCBench: J. Ellis, P. Kovac, H. Boehm",
    .touch = "every field of every node; every element of the array",
    .params = trees_params,
    .presets = trees_presets,
    .threads_maximum = 16,
    .laps = 40,
    .setup = trees_setup,
    .fill = trees_fill,
    .lap = trees_lap,
    .drain = trees_drain,
};
WORKLOAD_REGISTER(trees)
