/* Heap maps: blocks joined with pages against a plain count; the pages of a child that are known;
 * the axis and the grid of a picture. */
#include "heap_map.h"
#include "map_raster.h"
#include "message.h"
#include "trace_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, BASE_PAGE = 1000, PAGES = 600 };

/* ---- the join against a byte by byte count ------------------------------------------ */

struct model {
    struct mapping mapping[3];
    struct page_run run[PAGES];
    struct block_list_entry block[4096];
    size_t runs, blocks;
    bool mapped[PAGES], resident[PAGES], swapped[PAGES], touched[PAGES];
    unsigned live[PAGES]; /* bytes */
};

static void add_mapping(struct model *model, size_t index, unsigned first, unsigned pages)
{
    model->mapping[index] = (struct mapping){
        .start = (uint64_t)(BASE_PAGE + first) * PAGE,
        .end = (uint64_t)(BASE_PAGE + first + pages) * PAGE,
        .kind = MAPPING_ANONYMOUS,
        .accessible = true,
    };
    for (unsigned p = first; p < first + pages; p++)
        model->mapped[p] = true;
}

static void draw_runs(struct model *model, uint64_t *random)
{
    for (unsigned p = 0; p < PAGES; p++) {
        uint64_t kind = fixture_random(random) % 8;
        if (!model->mapped[p] || kind < 3)
            continue;
        model->swapped[p] = kind == 3;
        model->resident[p] = kind > 3;
        struct page_run *last = model->runs > 0 ? &model->run[model->runs - 1] : NULL;
        if (last != NULL && last->page + last->count == BASE_PAGE + p &&
            last->swapped == model->swapped[p])
            last->count++;
        else
            model->run[model->runs++] = (struct page_run){BASE_PAGE + p, 1, model->swapped[p]};
    }
}

static void draw_blocks(struct model *model, uint64_t *random)
{
    uint64_t at = (uint64_t)BASE_PAGE * PAGE, end = at + (uint64_t)PAGES * PAGE;
    while (model->blocks < 4096) {
        uint64_t draw = fixture_random(random);
        uint64_t bytes = draw % 16 == 0 ? 0 : draw % 16 == 1 ? draw % 30000 : draw % 700;
        at += fixture_random(random) % 6000;
        if (at + bytes + 1 > end)
            return;
        unsigned first = (unsigned)(at / PAGE) - BASE_PAGE;
        unsigned last = (unsigned)((at + (bytes > 0 ? bytes - 1 : 0)) / PAGE) - BASE_PAGE;
        if (!model->mapped[first] || !model->mapped[last])
            continue;
        model->block[model->blocks++] = (struct block_list_entry){at, bytes, BLOCK_LIVE};
        for (unsigned p = first; p <= last; p++)
            model->touched[p] = true;
        for (uint64_t b = at; b < at + bytes; b++)
            model->live[b / PAGE - BASE_PAGE]++;
        at += bytes > 0 ? bytes : 1;
    }
}

/* What the numbers must be, page by page. */
static struct heap_map_numbers count(const struct model *model)
{
    struct heap_map_numbers n = {0};
    int64_t run = 0;
    for (unsigned p = 0; p < PAGES; p++) {
        bool empty = model->resident[p] && !model->touched[p];
        bool hole =
            model->mapped[p] && !model->resident[p] && !model->swapped[p] && !model->touched[p];
        bool hole_before = p > 0 && model->mapped[p - 1] && !model->resident[p - 1] &&
                           !model->swapped[p - 1] && !model->touched[p - 1];
        n.mapped_bytes += model->mapped[p] * PAGE;
        n.resident_bytes += model->resident[p] * PAGE;
        n.swapped_bytes += model->swapped[p] * PAGE;
        n.live_bytes += model->live[p];
        n.live_resident_bytes += model->resident[p] ? model->live[p] : 0;
        n.untouched_bytes +=
            model->touched[p] && !model->resident[p] && !model->swapped[p] ? PAGE : 0;
        n.empty_bytes += empty * PAGE;
        n.empty_runs += empty && run == 0;
        run = empty ? run + PAGE : 0;
        if (run > n.largest_empty_bytes)
            n.largest_empty_bytes = run;
        n.holes += hole && !hole_before;
        n.hole_bytes += hole * PAGE;
        if (model->resident[p] && model->touched[p])
            for (unsigned c = 0; c < OCCUPANCY_CLASSES; c++)
                n.occupied_pages[c] += model->live[p] * 10 <= (c + 1) * PAGE &&
                                       (c == 0 || model->live[p] * 10 > c * PAGE);
    }
    n.live_blocks = (int64_t)model->blocks;
    return n;
}

static void join(const struct model *model, struct heap_map *map)
{
    const struct heap_map_parts parts = {
        .page_bytes = PAGE,
        .mapping = model->mapping,
        .mapping_count = 3,
        .run = model->run,
        .run_count = model->runs,
        .live = model->block,
        .live_count = model->blocks,
    };
    *map = (struct heap_map){0};
    assert_int_equal(heap_map_join(map, &parts), 0);
}

static void make_model(struct model *model, uint64_t *random)
{
    memset(model, 0, sizeof *model);
    add_mapping(model, 0, 0, 100);
    add_mapping(model, 1, 100, 150); /* touches the one before */
    add_mapping(model, 2, 300, 300);
    draw_runs(model, random);
    draw_blocks(model, random);
}

static void join_equals_a_plain_count(void **state)
{
    (void)state;
    static struct model model;
    uint64_t random = 1;
    for (int round = 0; round < 50; round++) {
        struct heap_map map;
        make_model(&model, &random);
        assert_true(model.blocks > 100 && model.runs > 50);
        struct heap_map_numbers expected = count(&model);
        join(&model, &map);
        assert_memory_equal(&map.numbers, &expected, sizeof expected);
        int64_t pages = map.numbers.empty_bytes / PAGE;
        for (int c = 0; c < OCCUPANCY_CLASSES; c++)
            pages += map.numbers.occupied_pages[c];
        assert_int_equal(pages * PAGE, map.numbers.resident_bytes);
        heap_map_release(&map);
    }
}

static void a_block_of_no_bytes_keeps_its_page_in_use(void **state)
{
    (void)state;
    struct model model = {0};
    struct heap_map map;
    add_mapping(&model, 0, 0, 2);
    add_mapping(&model, 1, 2, 2);
    add_mapping(&model, 2, 10, 2);
    model.run[model.runs++] = (struct page_run){BASE_PAGE, 2, false};
    model.block[model.blocks++] =
        (struct block_list_entry){(uint64_t)BASE_PAGE * PAGE + 16, 0, BLOCK_LIVE};
    join(&model, &map);
    assert_int_equal(map.numbers.occupied_pages[0], 1);
    assert_int_equal(map.numbers.empty_bytes, PAGE);
    assert_int_equal(map.numbers.live_bytes, 0);
    assert_int_equal(map.numbers.holes, 2);
    heap_map_release(&map);
}

static void blocks_that_overlap_fill_no_page_over_the_brim(void **state)
{
    (void)state;
    struct model model = {0};
    struct heap_map map;
    add_mapping(&model, 0, 0, 2);
    add_mapping(&model, 1, 2, 2);
    add_mapping(&model, 2, 10, 2);
    model.run[model.runs++] = (struct page_run){BASE_PAGE, 1, false};
    for (int i = 0; i < 2; i++)
        model.block[model.blocks++] =
            (struct block_list_entry){(uint64_t)BASE_PAGE * PAGE, 3000, BLOCK_LIVE};
    join(&model, &map);
    assert_int_equal(map.numbers.live_resident_bytes, PAGE);
    assert_int_equal(map.numbers.occupied_pages[OCCUPANCY_CLASSES - 1], 1);
    heap_map_release(&map);
}

/* ---- a child whose pages are known ---------------------------------------------------- */

enum { CHILD_PAGES = 64 };

/* A child that has written every fourth page of `memory`, read page 1, and waits. */
static pid_t start_child(unsigned char *memory, unsigned char *shared)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        for (int p = 0; p < CHILD_PAGES; p += 4)
            memory[p * PAGE] = 1;
        volatile unsigned char seen = memory[PAGE];
        shared[0] = shared[2 * PAGE] = seen;
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void *map_pages(int flags)
{
    void *memory = mmap(NULL, (size_t)CHILD_PAGES * PAGE, PROT_READ | PROT_WRITE,
                        flags | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    madvise(memory, (size_t)CHILD_PAGES * PAGE, MADV_NOHUGEPAGE); /* also: no neighbour joins it */
    return memory;
}

static const struct mapping *find(const struct mapping *list, size_t count, const void *at)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].start <= (uintptr_t)at && (uintptr_t)at < list[i].end)
            return &list[i];
    return NULL;
}

static size_t known_pages(const struct heap_map *map, const unsigned char *memory, bool resident)
{
    size_t count = 0;
    for (size_t i = 0; i < map->page_count; i++)
        count += map->page[i].page >= (uintptr_t)memory / PAGE &&
                 map->page[i].page < (uintptr_t)memory / PAGE + CHILD_PAGES &&
                 map->page[i].resident == resident;
    return count;
}

static void pages_of_a_child_are_those_it_wrote(void **state)
{
    (void)state;
    char message[MESSAGE_BYTES] = "";
    if (sysconf(_SC_PAGESIZE) != PAGE)
        skip();
    unsigned char *memory = map_pages(MAP_PRIVATE), *tables = map_pages(MAP_SHARED);
    unsigned char *pool = map_pages(MAP_SHARED); /* as of an allocator that maps a memfd */
    struct block_list *list = calloc(1, sizeof *list + 4 * sizeof list->entry[0]);
    list->entry[list->count++] =
        (struct block_list_entry){(uintptr_t)memory + 4 * PAGE + 100, 1000, BLOCK_LIVE};
    list->entry[list->count++] =
        (struct block_list_entry){(uintptr_t)memory + 8 * PAGE, 2 * PAGE, BLOCK_LIVE};
    list->entry[list->count++] = (struct block_list_entry){(uintptr_t)pool + 32, 32, BLOCK_LIVE};
    list->entry[list->count++] = (struct block_list_entry){(uintptr_t)memory, 512, BLOCK_FREE};
    list->walked = 1;
    pid_t pid = start_child(memory, pool);
    struct heap_map map;
    assert_int_equal(heap_map_read(&map, pid, list, message), 0);
    assert_int_equal(known_pages(&map, memory, true), CHILD_PAGES / 4);
    assert_int_equal(known_pages(&map, memory, false), 1); /* the second page of the long block */
    assert_int_equal(known_pages(&map, pool, true), 2);
    assert_null(find(map.mapping, map.mapping_count, tables));
    assert_null(find(map.mapping, map.mapping_count, &map)); /* the stack */
    assert_int_equal(map.numbers.live_bytes, 1000 + 2 * PAGE + 32);
    assert_int_equal(map.numbers.live_resident_bytes, 1000 + PAGE + 32);
    assert_int_equal(map.numbers.free_blocks, 1);
    assert_int_equal(map.numbers.largest_free_bytes, 512);
    heap_map_release(&map);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(heap_map_read(&map, pid, list, message), -1);
    assert_non_null(strstr(message, "/proc/"));
    heap_map_release(&map);
    free(list);
}

/* One byte written makes a whole huge page resident: 512 pages, of which one is in use. */
static void a_huge_page_counts_with_all_its_pages(void **state)
{
    (void)state;
    enum { HUGE = 2 << 20 };
    char message[MESSAGE_BYTES] = "";
    unsigned char *room =
        mmap(NULL, 2 * (size_t)HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(room != MAP_FAILED);
    unsigned char *memory = room + (HUGE - (uintptr_t)room % HUGE) % HUGE;
    madvise(memory, HUGE, MADV_HUGEPAGE);
    memory[0] = 1;
    struct block_list *list = calloc(1, sizeof *list + sizeof list->entry[0]);
    list->entry[list->count++] = (struct block_list_entry){(uintptr_t)memory, 100, BLOCK_LIVE};
    struct heap_map map;
    assert_int_equal(heap_map_read(&map, getpid(), list, message), 0);
    size_t resident = 0;
    for (size_t i = 0; i < map.page_count; i++)
        resident += map.page[i].page - (uintptr_t)memory / PAGE < HUGE / PAGE;
    bool huge = map.numbers.huge_bytes >= HUGE;
    heap_map_release(&map);
    free(list);
    munmap(room, 2 * (size_t)HUGE);
    if (!huge)
        skip(); /* the system has none, or none free */
    assert_int_equal(resident, HUGE / PAGE);
}

/* ---- the picture ---------------------------------------------------------------------- */

static void every_page_has_one_cell_and_its_code(void **state)
{
    (void)state;
    static struct model model;
    uint64_t random = 7;
    struct heap_map map;
    struct map_axis axis;
    struct map_grid grid;
    struct map_raster raster;
    make_model(&model, &random);
    join(&model, &map);
    assert_int_equal(map_axis_init(&axis, &map, 1), 0);
    assert_int_equal(map_grid_init(&grid, &axis, (struct map_scale){32, 4, 0}), 0);
    assert_int_equal(map_raster_init(&raster, &grid, &map), 0);
    size_t empty = 0, swapped = 0, untouched = 0, share = 0;
    for (size_t i = 0; i < (size_t)raster.columns * raster.rows; i++) {
        empty += raster.code[i] == RASTER_EMPTY;
        swapped += raster.code[i] == RASTER_SWAPPED;
        untouched += raster.code[i] == RASTER_UNTOUCHED;
        share += raster.code[i] >= RASTER_SHARE;
    }
    size_t occupied = 0;
    for (int c = 0; c < OCCUPANCY_CLASSES; c++)
        occupied += (size_t)map.numbers.occupied_pages[c];
    assert_int_equal(empty * PAGE, map.numbers.empty_bytes);
    assert_int_equal(swapped * PAGE, map.numbers.swapped_bytes);
    assert_int_equal(untouched * PAGE, map.numbers.untouched_bytes);
    assert_int_equal(share, occupied);
    map_raster_release(&raster);
    map_grid_release(&grid);
    map_axis_release(&axis);
    heap_map_release(&map);
}

static void a_scale_is_found_for_every_size(void **state)
{
    (void)state;
    for (uint64_t pages = 1; pages < UINT64_C(1) << 34; pages *= 7) {
        struct map_part part = {.page = 123, .count = pages};
        const struct map_axis axis = {.part = &part, .count = 1, .page_bytes = PAGE};
        struct map_scale scale;
        struct map_grid grid;
        assert_int_equal(map_scale_choose(&scale, &axis, 1, 768, 600), 0);
        assert_int_equal(map_grid_init(&grid, &axis, scale), 0);
        assert_true(scale.columns * scale.pixels <= 768);
        assert_true(grid.rows * scale.pixels <= 600);
        assert_true(grid.place[0].cells << scale.cell_shift >= pages);
        map_grid_release(&grid);
    }
}

static void a_heap_without_pages_still_has_a_picture(void **state)
{
    (void)state;
    struct heap_map map = {.page_bytes = PAGE};
    struct map_axis axis;
    struct map_scale scale;
    struct map_grid grid;
    struct map_raster raster;
    assert_int_equal(map_axis_init(&axis, &map, 1), 0);
    assert_int_equal(map_scale_choose(&scale, &axis, 1, 768, 600), 0);
    assert_int_equal(map_grid_init(&grid, &axis, scale), 0);
    assert_int_equal(map_raster_init(&raster, &grid, &map), 0);
    assert_int_equal(raster.rows, 1);
    map_raster_release(&raster);
    map_grid_release(&grid);
    map_axis_release(&axis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_equals_a_plain_count),
        cmocka_unit_test(a_block_of_no_bytes_keeps_its_page_in_use),
        cmocka_unit_test(blocks_that_overlap_fill_no_page_over_the_brim),
        cmocka_unit_test(pages_of_a_child_are_those_it_wrote),
        cmocka_unit_test(a_huge_page_counts_with_all_its_pages),
        cmocka_unit_test(every_page_has_one_cell_and_its_code),
        cmocka_unit_test(a_scale_is_found_for_every_size),
        cmocka_unit_test(a_heap_without_pages_still_has_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
