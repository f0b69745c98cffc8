/*
 * nbody: bodies that attract each other, after Barnes and Hut: at each step a tree of cells is
 * built over them, each body's acceleration is summed over the tree, and all move. Few allocations:
 * one array of bodies, and the cells by the block of many. It shows where an allocator puts what is
 * worked on, hardly how fast it is.
 *
 * A lap is one step. Cells name each other by number, so the tree is the same under every
 * allocator. Invariant: the root's mass is that of all bodies.
 *
 * J. Barnes, P. Hut, 'A hierarchical O(N log N) force-calculation algorithm', Nature 324, 1986.
 */
#include "workload.h"

#include <string.h>

enum { BODIES, BLOCK, THETA };

static const struct param nbody_params[] = {
    PARAM_COUNT_ROW("bodies", "1200", 2, 10000000, "of a worker"),
    PARAM_COUNT_ROW("block", "64", 1, 1000000, "cells that are allocated at a time"),
    PARAM_COUNT_ROW("theta", "100", 10, 1000,
                    "hundredths: a cell so much smaller than it is far is one mass"),
    PARAM_TABLE_END,
};

static const struct preset nbody_presets[] = {
    {"classic", "bodies=163840,block=1024,theta=100,laps=3", "163840 bodies, three steps"},
    PRESET_TABLE_END,
};

enum { AXES = 3, OCTANTS = 8, DEEPEST = 40 };
#define STEP      0.01
#define SOFTENING 1e-4

struct body {
    double at[AXES], speed[AXES], mass;
};

/* A child: 0 none, c > 0 cell c, b < 0 body -b - 1. Cell 0 is nobody's child: the root. */
struct cell {
    uint64_t check; /* of its cube; first, since that is where a neighbour overflows to */
    double middle[AXES], half; /* of its cube */
    double centre[AXES], mass; /* of mass: sums while the tree is built */
    int32_t child[OCTANTS];
};

struct cluster {
    struct body *bodies;
    struct cell **blocks; /* of `block` cells */
    uint32_t cells, block_capacity;
} __attribute__((aligned(128)));

static const char *nbody_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct cluster *state = trial_memory(trial, trial->threads * sizeof *state);
    for (unsigned i = 0; i < trial->threads; i++) {
        state[i].block_capacity = (uint32_t)(values[BODIES] * 4 / values[BLOCK] + DEEPEST);
        state[i].blocks = trial_memory(trial, state[i].block_capacity * sizeof(void *));
    }
    trial->state = state;
    return NULL;
}

static struct cell *cell_at(const struct cluster *own, uint64_t block, uint32_t number)
{
    return &own->blocks[number / block][number % block];
}

static uint64_t check_of(const struct cell *cell)
{
    uint64_t half, middle;
    memcpy(&half, &cell->half, sizeof half);
    memcpy(&middle, &cell->middle[0], sizeof middle);
    return half * 31 + middle + UINT64_C(0x6e626f6479);
}

static uint32_t new_cell(struct worker *worker, struct cluster *own, const double *middle,
                         double half)
{
    uint64_t block = worker->trial->values[BLOCK];
    uint32_t number = own->cells++;
    if (number % block == 0)
        own->blocks[number / block] = worker_malloc(worker, block * sizeof(struct cell));
    struct cell *cell = cell_at(own, block, number);
    *cell = (struct cell){
        .half = half, .middle = {middle[0], middle[1], middle[2]}
    };
    cell->check = check_of(cell);
    return number;
}

static int octant_of(const struct cell *cell, const double *at)
{
    return (at[0] > cell->middle[0]) | (at[1] > cell->middle[1]) << 1 |
           (at[2] > cell->middle[2]) << 2;
}

static uint32_t split(struct worker *worker, struct cluster *own, uint32_t parent, int octant)
{
    const struct cell *cell = cell_at(own, worker->trial->values[BLOCK], parent);
    double half = cell->half / 2, middle[AXES];
    for (int axis = 0; axis < AXES; axis++)
        middle[axis] = cell->middle[axis] + (octant >> axis & 1 ? half : -half);
    return new_cell(worker, own, middle, half);
}

static void add_mass(struct cell *cell, const struct body *body)
{
    cell->mass += body->mass;
    for (int axis = 0; axis < AXES; axis++)
        cell->centre[axis] += body->mass * body->at[axis];
}

/* Down from the root to an empty place; a body met on the way moves down as well. */
static void insert(struct worker *worker, struct cluster *own, uint32_t number)
{
    uint64_t block = worker->trial->values[BLOCK];
    const struct body *body = &own->bodies[number];
    uint32_t at = 0;
    for (int depth = 0;; depth++) {
        struct cell *cell = cell_at(own, block, at);
        int octant = octant_of(cell, body->at);
        int32_t child = cell->child[octant];
        add_mass(cell, body);
        /* Bodies at one place share the last cell: only their mass is kept. */
        if (depth == DEEPEST || own->cells >= own->block_capacity * block)
            return;
        if (child == 0) {
            cell->child[octant] = -(int32_t)number - 1;
            return;
        }
        if (child < 0) {
            const struct body *other = &own->bodies[-child - 1];
            uint32_t lower = split(worker, own, at, octant);
            struct cell *below = cell_at(own, block, lower);
            cell->child[octant] = (int32_t)lower;
            below->child[octant_of(below, other->at)] = child;
            add_mass(below, other);
            child = (int32_t)lower;
        }
        at = (uint32_t)child;
    }
}

static void build(struct worker *worker, struct cluster *own)
{
    static const double origin[AXES] = {0, 0, 0};
    uint64_t bodies = worker->trial->values[BODIES], block = worker->trial->values[BLOCK];
    double reach = 0;
    for (uint64_t i = 0; i < bodies; i++)
        for (int axis = 0; axis < AXES; axis++) {
            double x = own->bodies[i].at[axis];
            reach = x > reach ? x : -x > reach ? -x : reach;
        }
    own->cells = 0;
    new_cell(worker, own, origin, reach);
    for (uint64_t i = 0; i < bodies; i++)
        insert(worker, own, (uint32_t)i);
    for (uint32_t i = 0; i < own->cells; i++) {
        struct cell *cell = cell_at(own, block, i);
        for (int axis = 0; axis < AXES; axis++)
            cell->centre[axis] /= cell->mass;
    }
}

/* 1 / sqrt(x) for normal x > 0 by Newton's method: no library, the same bits everywhere. */
static double inverse_root(double x)
{
    union {
        double value;
        uint64_t bits;
    } guess = {.value = x};
    guess.bits = UINT64_C(0x5fe6eb50c7b537a9) - (guess.bits >> 1);
    for (int i = 0; i < 4; i++)
        guess.value *= 1.5 - 0.5 * x * guess.value * guess.value;
    return guess.value;
}

static void attract(const double *from, const double *to, double mass, double *pull)
{
    double way[AXES], square = SOFTENING;
    for (int axis = 0; axis < AXES; axis++) {
        way[axis] = to[axis] - from[axis];
        square += way[axis] * way[axis];
    }
    double inverse = inverse_root(square), strength = mass * inverse * inverse * inverse;
    for (int axis = 0; axis < AXES; axis++)
        pull[axis] += strength * way[axis];
}

static bool is_far(const struct cell *cell, const double *at, double theta)
{
    double square = 0;
    for (int axis = 0; axis < AXES; axis++)
        square += (cell->centre[axis] - at[axis]) * (cell->centre[axis] - at[axis]);
    return 4 * cell->half * cell->half < theta * theta * square;
}

static void sum_up(const struct worker *worker, const struct cluster *own, const struct body *body,
                   double *pull)
{
    uint64_t block = worker->trial->values[BLOCK];
    double theta = (double)worker->trial->values[THETA] / 100;
    uint32_t stack[OCTANTS * (DEEPEST + 2)], height = 0;
    stack[height++] = 0;
    while (height > 0) {
        const struct cell *cell = cell_at(own, block, stack[--height]);
        if (is_far(cell, body->at, theta)) {
            attract(body->at, cell->centre, cell->mass, pull);
            continue;
        }
        for (int i = 0; i < OCTANTS; i++) {
            if (cell->child[i] > 0)
                stack[height++] = (uint32_t)cell->child[i];
            else if (cell->child[i] < 0 && &own->bodies[-cell->child[i] - 1] != body)
                attract(body->at, own->bodies[-cell->child[i] - 1].at,
                        own->bodies[-cell->child[i] - 1].mass, pull);
        }
    }
}

static void move(struct worker *worker, struct cluster *own)
{
    uint64_t bodies = worker->trial->values[BODIES];
    for (uint64_t i = 0; i < bodies; i++) {
        double pull[AXES] = {0, 0, 0};
        sum_up(worker, own, &own->bodies[i], pull);
        for (int axis = 0; axis < AXES; axis++)
            own->bodies[i].speed[axis] += STEP * pull[axis];
    }
    for (uint64_t i = 0; i < bodies; i++)
        for (int axis = 0; axis < AXES; axis++)
            own->bodies[i].at[axis] += STEP * own->bodies[i].speed[axis];
}

static void drop_cells(struct worker *worker, struct cluster *own)
{
    uint64_t block = worker->trial->values[BLOCK];
    for (uint32_t i = 0; worker->trial->verify && i < own->cells; i++)
        if (cell_at(own, block, i)->check != check_of(cell_at(own, block, i)))
            worker_corrupt(worker, "a cell of the tree");
    for (uint32_t first = 0; first < own->cells; first += (uint32_t)block)
        worker_free(worker, own->blocks[first / block], block * sizeof(struct cell));
    own->cells = 0;
}

static struct cluster *own_of(const struct worker *worker)
{
    return (struct cluster *)worker->trial->state + worker->index;
}

static double coordinate(struct worker *worker)
{
    /* The mean of three uniform numbers: denser in the middle, as clusters are. */
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (double)(random_next(&worker->random) >> 11) / (double)(UINT64_C(1) << 53);
    return sum * 2 / 3 - 1;
}

static void nbody_fill(struct worker *worker)
{
    uint64_t bodies = worker->trial->values[BODIES];
    struct cluster *own = own_of(worker);
    own->bodies = worker_malloc(worker, bodies * sizeof *own->bodies);
    for (uint64_t i = 0; i < bodies; i++) {
        struct body *body = &own->bodies[i];
        body->mass = 1.0 / (double)bodies;
        for (int axis = 0; axis < AXES; axis++) {
            body->at[axis] = coordinate(worker);
            body->speed[axis] = coordinate(worker) / 4;
        }
    }
}

static void nbody_lap(struct worker *worker, unsigned lap)
{
    struct cluster *own = own_of(worker);
    (void)lap;
    build(worker, own);
    double off = cell_at(own, worker->trial->values[BLOCK], 0)->mass - 1;
    if (off > 1e-9 || off < -1e-9) /* cheap, and so looked at in timed trials, too */
        worker_corrupt(worker, "the root of the tree");
    move(worker, own);
    drop_cells(worker, own);
}

static void nbody_drain(struct worker *worker)
{
    struct cluster *own = own_of(worker);
    worker_free(worker, own->bodies, worker->trial->values[BODIES] * sizeof *own->bodies);
}

static const struct workload nbody = {
    .name = "nbody",
    .summary = "a Barnes-Hut n-body step: few allocations, much work on what was allocated",
    .source = "Barnes and Hut, Nature 324, 1986; Splash's barnes as the field uses it",
    .touch = "every field of bodies and cells",
    .params = nbody_params,
    .presets = nbody_presets,
    .threads_maximum = 16,
    .laps = 40,
    .setup = nbody_setup,
    .fill = nbody_fill,
    .lap = nbody_lap,
    .drain = nbody_drain,
};
WORKLOAD_REGISTER(nbody)
