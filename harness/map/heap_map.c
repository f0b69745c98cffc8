/* Joins blocks with pages; see heap_map.h. */
#include "heap_map.h"

#include "measures.h"
#include "message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the join ------------------------------------------------------------------- */

struct page_array {
    struct map_page *page;
    size_t count, capacity;
};

static struct map_page *append(struct page_array *array, uint64_t page)
{
    if (array->count == array->capacity) {
        size_t capacity = array->capacity > 0 ? 2 * array->capacity : 1024;
        struct map_page *moved = realloc(array->page, capacity * sizeof *moved);
        if (moved == NULL)
            return NULL;
        array->page = moved;
        array->capacity = capacity;
    }
    struct map_page *added = &array->page[array->count++];
    *added = (struct map_page){.page = page};
    return added;
}

static struct map_page *last_or_new(struct page_array *array, uint64_t page)
{
    if (array->count > 0 && array->page[array->count - 1].page == page)
        return &array->page[array->count - 1];
    return append(array, page);
}

/* Spreads one block over its pages. */
static int add_block(struct page_array *array, const struct block_list_entry *block,
                     uint64_t page_bytes)
{
    uint64_t at = block->address, end = block->address + block->bytes;
    do {
        uint64_t page = at / page_bytes, next = (page + 1) * page_bytes;
        struct map_page *touched = last_or_new(array, page);
        if (touched == NULL)
            return -1;
        uint64_t bytes = (next < end ? next : end) - at;
        /* Only an allocator that hands out the same bytes twice comes to more than a page. */
        if (bytes > page_bytes - touched->live_bytes)
            bytes = page_bytes - touched->live_bytes;
        touched->live_bytes += (uint32_t)bytes;
        touched->occupied = 1;
        at = next;
    } while (at < end);
    return 0;
}

/* The pages of blocks and of runs, merged by address. */
static int merge(struct page_array *merged, const struct page_array *occupied,
                 const struct heap_map_parts *parts)
{
    size_t next = 0;
    for (size_t r = 0; r < parts->run_count; r++) {
        const struct page_run *run = &parts->run[r];
        for (uint64_t page = run->page; page < run->page + run->count; page++) {
            struct map_page *added;
            for (; next < occupied->count && occupied->page[next].page < page; next++) {
                if ((added = append(merged, 0)) == NULL)
                    return -1;
                *added = occupied->page[next];
            }
            if ((added = append(merged, page)) == NULL)
                return -1;
            if (next < occupied->count && occupied->page[next].page == page)
                *added = occupied->page[next++];
            added->resident = !run->swapped;
            added->swapped = run->swapped;
        }
    }
    for (; next < occupied->count; next++) {
        struct map_page *added = append(merged, 0);
        if (added == NULL)
            return -1;
        *added = occupied->page[next];
    }
    return 0;
}

/* ---- numbers -------------------------------------------------------------------- */

static unsigned occupancy_class(const struct map_page *page, uint64_t page_bytes)
{
    return page->live_bytes == 0
               ? 0
               : (unsigned)(((uint64_t)page->live_bytes * OCCUPANCY_CLASSES - 1) / page_bytes);
}

static void count_pages(struct heap_map *map)
{
    struct heap_map_numbers *numbers = &map->numbers;
    int64_t bytes = (int64_t)map->page_bytes, run_bytes = 0;
    uint64_t expected = 0; /* the page that would prolong the run */
    for (size_t i = 0; i < map->page_count; i++) {
        const struct map_page *page = &map->page[i];
        bool empty = page->resident && !page->occupied;
        if (page->resident)
            numbers->resident_bytes += bytes;
        if (page->swapped)
            numbers->swapped_bytes += bytes;
        if (page->occupied && !page->resident && !page->swapped)
            numbers->untouched_bytes += bytes;
        if (page->occupied && page->resident) {
            numbers->live_resident_bytes += page->live_bytes;
            numbers->occupied_pages[occupancy_class(page, map->page_bytes)]++;
        }
        if (!empty)
            continue;
        bool prolonged = run_bytes > 0 && page->page == expected;
        run_bytes = prolonged ? run_bytes + bytes : bytes;
        expected = page->page + 1;
        numbers->empty_bytes += bytes;
        numbers->empty_runs += !prolonged;
        if (run_bytes > numbers->largest_empty_bytes)
            numbers->largest_empty_bytes = run_bytes;
    }
}

/* What of the mappings no page is known of. Mappings that touch make one stretch. */
static void count_holes(struct heap_map *map)
{
    struct heap_map_numbers *numbers = &map->numbers;
    size_t next = 0;
    uint64_t hole_end = 0;
    for (size_t m = 0; m < map->mapping_count; m++) {
        const struct mapping *mapping = &map->mapping[m];
        uint64_t at = mapping->start / map->page_bytes, end = mapping->end / map->page_bytes;
        numbers->mapped_bytes += (int64_t)(mapping->end - mapping->start);
        numbers->huge_bytes += (int64_t)mapping->huge_bytes;
        numbers->lazy_bytes += (int64_t)mapping->lazy_bytes;
        while (at < end) {
            while (next < map->page_count && map->page[next].page < at)
                next++;
            uint64_t known =
                next < map->page_count && map->page[next].page < end ? map->page[next].page : end;
            if (known > at) {
                numbers->holes += hole_end != at || hole_end == 0;
                numbers->hole_bytes += (int64_t)((known - at) * map->page_bytes);
                hole_end = known;
            }
            at = known + 1;
        }
    }
}

int heap_map_join(struct heap_map *map, const struct heap_map_parts *parts)
{
    struct page_array occupied = {0}, merged = {0};
    int result = 0;
    map->page_bytes = parts->page_bytes;
    map->mapping =
        calloc(parts->mapping_count > 0 ? parts->mapping_count : 1, sizeof *map->mapping);
    if (map->mapping == NULL)
        return -1;
    memcpy(map->mapping, parts->mapping, parts->mapping_count * sizeof *map->mapping);
    map->mapping_count = parts->mapping_count;
    for (size_t i = 0; i < parts->live_count && result == 0; i++) {
        result = add_block(&occupied, &parts->live[i], parts->page_bytes);
        map->numbers.live_bytes += (int64_t)parts->live[i].bytes;
    }
    map->numbers.live_blocks = (int64_t)parts->live_count;
    if (result == 0)
        result = merge(&merged, &occupied, parts);
    free(occupied.page);
    map->page = merged.page;
    map->page_count = merged.count;
    if (result == 0) {
        count_pages(map);
        count_holes(map);
    }
    return result;
}

/* ---- reading a process ------------------------------------------------------------ */

static int by_address(const void *left, const void *right)
{
    const struct block_list_entry *a = left, *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

static bool holds_block(const struct mapping *mapping, const struct heap_map_parts *parts)
{
    size_t low = 0, high = parts->live_count;
    while (low < high) { /* the first block that ends behind the mapping's start */
        size_t middle = (low + high) / 2;
        const struct block_list_entry *block = &parts->live[middle];
        if (block->address + (block->bytes > 0 ? block->bytes : 1) <= mapping->start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < parts->live_count && parts->live[low].address < mapping->end;
}

static bool is_heap(const struct mapping *mapping, const struct heap_map_parts *parts)
{
    if (holds_block(mapping, parts))
        return true;
    if (mapping->kind == MAPPING_BRK)
        return true;
    return mapping->kind == MAPPING_ANONYMOUS &&
           (mapping->accessible || mapping->resident_bytes > 0 || mapping->swapped_bytes > 0);
}

static int read_pages(struct heap_map *map, pid_t pid, struct heap_map_parts *parts, char *message)
{
    struct mapping_list list;
    struct page_runs runs = {0};
    size_t kept = 0;
    int result = mapping_list_read(&list, pid, message);
    for (size_t i = 0; i < list.count && result == 0; i++)
        if (is_heap(&list.mapping[i], parts)) {
            list.mapping[kept++] = list.mapping[i];
            result = page_runs_add(&runs, pid, &list.mapping[i], message);
        }
    if (result == 0) {
        parts->mapping = list.mapping;
        parts->mapping_count = kept;
        parts->run = runs.run;
        parts->run_count = runs.count;
        result = heap_map_join(map, parts) < 0 ? message_set(message, "out of memory") : 0;
    }
    page_runs_release(&runs);
    mapping_list_release(&list);
    return result;
}

static int take_walk(struct heap_map *map, const struct block_list_entry *entry, size_t count)
{
    struct heap_map_numbers *numbers = &map->numbers;
    map->hole = calloc(count + 1, sizeof *map->hole);
    if (map->hole == NULL)
        return -1;
    numbers->free_blocks = (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        int64_t bytes = (int64_t)entry[i].bytes;
        map->hole[i] = (struct free_block){entry[i].address, entry[i].bytes};
        numbers->free_bytes += bytes;
        if (bytes > numbers->largest_free_bytes)
            numbers->largest_free_bytes = bytes;
    }
    map->hole_count = count;
    return 0;
}

/* `live` by address. Blocks of no bytes have none to share. */
static void find_overlaps(struct heap_map *map, const struct block_list_entry *live, size_t count)
{
    uint64_t end = 0, address = 0; /* of the block that reaches farthest */
    for (size_t i = 0; i < count; i++) {
        if (live[i].bytes == 0)
            continue;
        if (live[i].address < end && map->overlaps++ == 0) {
            map->overlap_address = live[i].address;
            map->overlapped_address = address;
        }
        if (live[i].address + live[i].bytes > end) {
            end = live[i].address + live[i].bytes;
            address = live[i].address;
        }
    }
}

int heap_map_read(struct heap_map *map, pid_t pid, const struct block_list *list, char *message)
{
    *map = (struct heap_map){.walked = list->walked != 0};
    struct heap_map_parts parts = {.page_bytes = system_page_bytes()};
    struct block_list_entry *entry = calloc(list->count + 1, sizeof *entry);
    if (entry == NULL)
        return message_set(message, "out of memory");
    size_t live = 0, free_count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->entry[i].kind == BLOCK_LIVE)
            entry[live++] = list->entry[i];
    for (size_t i = 0; i < list->count; i++)
        if (list->entry[i].kind == BLOCK_FREE)
            entry[live + free_count++] = list->entry[i];
    qsort(entry, live, sizeof *entry, by_address);
    qsort(entry + live, free_count, sizeof *entry, by_address);
    find_overlaps(map, entry, live);
    parts.live = entry;
    parts.live_count = live;
    int result = read_pages(map, pid, &parts, message);
    map->numbers.operations = (int64_t)list->operations;
    if (!map->walked)
        map->numbers.free_blocks = map->numbers.free_bytes = map->numbers.largest_free_bytes =
            MEASURE_NONE;
    else if (take_walk(map, entry + live, free_count) < 0)
        result = message_set(message, "out of memory");
    free(entry);
    return result;
}

void heap_map_release(struct heap_map *map)
{
    free(map->mapping);
    free(map->page);
    free(map->hole);
    *map = (struct heap_map){0};
}

static double ratio(int64_t over, int64_t under)
{
    return under > 0 ? (double)over / (double)under : (double)NAN;
}

double heap_map_share(const struct heap_map_numbers *numbers)
{
    return ratio(numbers->live_resident_bytes, numbers->resident_bytes);
}

double heap_map_overhead(const struct heap_map_numbers *numbers)
{
    return ratio(numbers->resident_bytes, numbers->live_bytes);
}
