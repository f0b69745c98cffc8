/*
 * matrix: matrices of doubles made, filled, transposed, multiplied and destroyed.
 *
 * Takes: a plan of sizes, drawn once from the seed, which every lap works through in another
 * order; so all laps do the same arithmetic. For every size m x k: A is made and filled, T = A'
 * is made, the product P = A T (m x m) is made where m and k are small enough, A is destroyed,
 * and T or P takes the place of an older matrix in a pool, which is destroyed. The pool is what
 * lives long: matrices of all sizes, dropped in random order.
 *
 * Layouts: a vector of row pointers with a block for every row, the idiom of C programs that
 * Press et al., 'Numerical Recipes in C', 2nd edition 1992, appendix B teach in variants, or one
 * contiguous block as BLAS and LAPACK want it. The first makes many equal small blocks, the
 * second few large ones. Sizes are log-uniform and ours: no survey of matrix sizes is known to
 * us. Invariant: all elements are small whole numbers, so sums are exact in any order.
 */
#include "distribution.h"
#include "workload.h"

#include <string.h>

enum { SMALLEST, LARGEST, MULTIPLY, PLAN, POOL, LAYOUT };
enum layout { LAYOUT_ROWS, LAYOUT_CONTIGUOUS, LAYOUT_MIXED };

static const struct param matrix_params[] = {
    PARAM_COUNT_ROW("smallest", "2", 1, 10000, "rows or columns at least"),
    PARAM_COUNT_ROW("largest", "160", 1, 10000, "rows or columns at most"),
    PARAM_COUNT_ROW("multiply", "24", 0, 10000, "largest rows or columns that are multiplied"),
    PARAM_COUNT_ROW("plan", "384", 1, 1000000, "matrices of a worker's lap, before products"),
    PARAM_COUNT_ROW("pool", "128", 1, 1000000, "matrices that a worker keeps"),
    PARAM_CHOICE_ROW("layout", "mixed", "rows|contiguous|mixed",
                     "a block for every row and one of pointers to them, or one block"),
    PARAM_TABLE_END,
};

struct size {
    uint16_t rows, columns;
    bool by_rows;
};

struct matrix {
    void *block;  /* NULL: none. double *[] when by_rows, else double[] */
    uint64_t sum; /* of the elements when it was made, in a pass that verifies */
    struct size size;
};

struct shared {
    struct size *plan;   /* the same for all workers */
    struct matrix *pool; /* trial->values[POOL] for each worker */
    uint32_t step;       /* through the plan, coprime to its length */
};

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void make_plan(struct trial *trial, struct shared *shared,
                      const struct distribution *lengths)
{
    const uint64_t *values = trial->values;
    uint64_t random = trial->seed;
    for (uint64_t i = 0; i < values[PLAN]; i++) {
        struct size *size = &shared->plan[i];
        size->rows = (uint16_t)distribution_draw(lengths, &random);
        /* Columns within a factor of two of the rows; matrices are seldom slivers. */
        uint32_t columns = size->rows / 2 + random_below(&random, 3 * (uint32_t)size->rows / 2 + 1);
        if (columns < values[SMALLEST])
            columns = (uint32_t)values[SMALLEST];
        size->columns = (uint16_t)(columns < values[LARGEST] ? columns : values[LARGEST]);
        size->by_rows = values[LAYOUT] == LAYOUT_MIXED ? random_below(&random, 2) == 0
                                                       : values[LAYOUT] == LAYOUT_ROWS;
    }
    shared->step = (uint32_t)(values[PLAN] * 5 / 8) | 1;
    while (greatest_common_divisor(shared->step, (uint32_t)values[PLAN]) != 1)
        shared->step += 2;
}

static const char *matrix_setup(struct trial *trial)
{
    const uint64_t *values = trial->values;
    struct distribution *lengths = trial_memory(trial, sizeof *lengths);
    struct shared *shared = trial_memory(trial, sizeof *shared);
    if (values[SMALLEST] > values[LARGEST])
        return "smallest is larger than largest";
    distribution_log_uniform(lengths, (uint32_t)values[SMALLEST], (uint32_t)values[LARGEST]);
    shared->plan = trial_memory(trial, values[PLAN] * sizeof *shared->plan);
    shared->pool = trial_memory(trial, trial->threads * values[POOL] * sizeof *shared->pool);
    make_plan(trial, shared, lengths);
    trial->state = shared;
    return NULL;
}

/* ---- one matrix ------------------------------------------------------------------- */

static size_t row_bytes(struct size size)
{
    return size.columns * sizeof(double);
}

static size_t block_bytes(struct size size)
{
    return size.rows * (size.by_rows ? sizeof(double *) : row_bytes(size));
}

static double *row_of(const struct matrix *matrix, unsigned row)
{
    if (matrix->size.by_rows)
        return ((double **)matrix->block)[row];
    return (double *)matrix->block + (size_t)row * matrix->size.columns;
}

static struct matrix make(struct worker *worker, struct size size)
{
    struct matrix matrix = {.size = size, .block = worker_malloc(worker, block_bytes(size))};
    if (size.by_rows)
        for (unsigned i = 0; i < size.rows; i++)
            ((double **)matrix.block)[i] = worker_malloc(worker, row_bytes(size));
    return matrix;
}

/* Of the bits, not the values: a change of the last bit must show. Four lanes, since one chain
 * of multiplications would make the pass that verifies twice as long as the work itself. */
static uint64_t sum_of(const struct matrix *matrix)
{
    enum { LANES = 4 };
    uint64_t sums[LANES] = {1, 2, 3, 4};
    for (unsigned i = 0; i < matrix->size.rows; i++) {
        const double *row = row_of(matrix, i);
        unsigned j = 0;
        for (; j + LANES <= matrix->size.columns; j += LANES) {
            uint64_t bits[LANES];
            memcpy(bits, &row[j], sizeof bits);
            for (int lane = 0; lane < LANES; lane++)
                sums[lane] = sums[lane] * 31 + bits[lane];
        }
        for (; j < matrix->size.columns; j++) {
            uint64_t bits;
            memcpy(&bits, &row[j], sizeof bits);
            sums[0] = sums[0] * 31 + bits;
        }
    }
    return ((sums[0] * 31 + sums[1]) * 31 + sums[2]) * 31 + sums[3];
}

/* Notes what the finished matrix holds, to be compared when it is destroyed. */
static void seal(const struct worker *worker, struct matrix *matrix)
{
    if (heapmark_unlikely(worker->trial->verify))
        matrix->sum = sum_of(matrix);
}

static void destroy(struct worker *worker, struct matrix *matrix)
{
    if (heapmark_unlikely(worker->trial->verify) && matrix->sum != sum_of(matrix))
        worker_corrupt(worker, "a matrix");
    if (matrix->size.by_rows)
        for (unsigned i = 0; i < matrix->size.rows; i++)
            worker_free(worker, row_of(matrix, i), row_bytes(matrix->size));
    worker_free(worker, matrix->block, block_bytes(matrix->size));
    matrix->block = NULL;
}

/* ---- arithmetic -------------------------------------------------------------------- */

static void fill(struct matrix *matrix, uint64_t random)
{
    for (unsigned i = 0; i < matrix->size.rows; i++) {
        double *row = row_of(matrix, i);
        for (unsigned j = 0; j < matrix->size.columns; j++)
            row[j] = (double)(int)((random >> ((i + j) & 31)) & 255);
    }
}

static struct matrix transposed(struct worker *worker, const struct matrix *a)
{
    struct size size = {a->size.columns, a->size.rows, a->size.by_rows};
    struct matrix t = make(worker, size);
    for (unsigned i = 0; i < a->size.rows; i++) {
        const double *row = row_of(a, i);
        for (unsigned j = 0; j < a->size.columns; j++)
            row_of(&t, j)[i] = row[j];
    }
    seal(worker, &t);
    return t;
}

static struct matrix product(struct worker *worker, const struct matrix *a, const struct matrix *t)
{
    struct size size = {a->size.rows, t->size.columns, a->size.by_rows};
    struct matrix p = make(worker, size);
    for (unsigned i = 0; i < size.rows; i++) {
        const double *left = row_of(a, i);
        double *row = row_of(&p, i);
        memset(row, 0, row_bytes(size)); /* all bits zero is 0.0 */
        for (unsigned k = 0; k < a->size.columns; k++) {
            const double *right = row_of(t, k);
            for (unsigned j = 0; j < size.columns; j++)
                row[j] += left[k] * right[j];
        }
    }
    seal(worker, &p);
    return p;
}

/* ---- the trial ----------------------------------------------------------------------- */

static struct matrix *own_pool(const struct worker *worker)
{
    const struct shared *shared = worker->trial->state;
    return shared->pool + worker->index * worker->trial->values[POOL];
}

/* Puts a matrix in the place of an older one. */
static void keep(struct worker *worker, struct matrix matrix)
{
    uint32_t pool = (uint32_t)worker->trial->values[POOL];
    struct matrix *place = own_pool(worker) + random_below(&worker->random, pool);
    if (place->block != NULL)
        destroy(worker, place);
    *place = matrix;
}

static void compute(struct worker *worker, struct size size)
{
    uint64_t multiply = worker->trial->values[MULTIPLY];
    struct matrix a = make(worker, size);
    fill(&a, random_next(&worker->random));
    seal(worker, &a);
    struct matrix t = transposed(worker, &a);
    if (size.rows <= multiply && size.columns <= multiply) {
        keep(worker, product(worker, &a, &t));
        destroy(worker, &t);
    } else {
        keep(worker, t);
    }
    destroy(worker, &a);
}

/* Every place of the pool gets a matrix, so that the first lap finds it as the last does. */
static void matrix_fill(struct worker *worker)
{
    const struct shared *shared = worker->trial->state;
    const uint64_t *values = worker->trial->values;
    struct matrix *pool = own_pool(worker);
    for (uint64_t i = 0; i < values[POOL]; i++) {
        pool[i] = make(worker, shared->plan[(i * shared->step + worker->index) % values[PLAN]]);
        fill(&pool[i], i);
        seal(worker, &pool[i]);
    }
}

static void matrix_lap(struct worker *worker, unsigned lap)
{
    const struct shared *shared = worker->trial->state;
    uint32_t plan = (uint32_t)worker->trial->values[PLAN];
    uint32_t at = random_below(&worker->random, plan);
    (void)lap;
    for (uint32_t i = 0; i < plan; i++) {
        compute(worker, shared->plan[at]);
        at += shared->step;
        while (at >= plan)
            at -= plan;
    }
}

static void matrix_drain(struct worker *worker)
{
    struct matrix *pool = own_pool(worker);
    for (uint64_t i = 0; i < worker->trial->values[POOL]; i++)
        destroy(worker, &pool[i]);
}

static const struct workload matrix = {
    .name = "matrix",
    .summary = "matrices by rows or in one block: made, filled, transposed, multiplied, destroyed",
    .source = "row-pointer idiom of Numerical Recipes in C (1992), contiguous as in BLAS",
    .touch = "every element and row pointer is written and read",
    .params = matrix_params,
    .threads_maximum = 64,
    .laps = 40,
    .setup = matrix_setup,
    .fill = matrix_fill,
    .lap = matrix_lap,
    .drain = matrix_drain,
};
WORKLOAD_REGISTER(matrix)
