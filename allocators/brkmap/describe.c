/* The counters of brkmap.h in words: for malloc_stats and malloc_info, and at the program's end
 * where BRKMAP_STATS=1 asks for it. */
#define BRKMAP_PROVIDER
#include "brkmap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap.h"
#include "report.h"
#include "size_class.h"

/* Fields of the structs there, in their order. */
#define TOTALS                                                                                \
    "live_bytes live_blocks large_bytes large_blocks huge_bytes huge_blocks cached_bytes "    \
    "waiting_bytes waiting_blocks pool_bytes resident_bytes system_bytes table_bytes purges " \
    "purged_bytes reused_bytes heaps orphans"
#define CLASS "block_bytes spans span_bytes used_blocks free_blocks"
#define HEAP                                                                                     \
    "orphan mine spans span_bytes used_blocks used_bytes cached_bytes inbox_blocks inbox_bytes " \
    "outbox_blocks outbox_bytes"

/* Of the newest heaps. */
enum { HEAPS_SHOWN = 16 };

/* As glibc lists its free chunks. */
static void describe_xml(struct report *report, const struct brkmap_class *classes)
{
    report_text(report, "<sizes>\n");
    for (size_t i = 0; i < SIZE_CLASSES; i++) {
        if (classes[i].free_blocks == 0)
            continue;
        report_text(report, "<size");
        report_attribute(report, "from", i == 0 ? 1 : classes[i - 1].block_bytes + 1);
        report_attribute(report, "to", classes[i].block_bytes);
        report_attribute(report, "total", classes[i].free_blocks * classes[i].block_bytes);
        report_attribute(report, "count", classes[i].free_blocks);
        report_text(report, "/>\n");
    }
    report_text(report, "</sizes>\n");
}

static void describe_heaps(struct report *report)
{
    struct brkmap_heap heaps[HEAPS_SHOWN];
    size_t count = brkmap_read_heaps(heaps, HEAPS_SHOWN);

    report_columns(report, HEAP, NULL);
    for (size_t i = 0; i < count && i < HEAPS_SHOWN; i++)
        report_columns(report, HEAP, &heaps[i].orphan);
    if (count > HEAPS_SHOWN)
        report_text(report, "           ...\n");
}

void heap_describe(struct report *report, bool xml)
{
    struct brkmap_class classes[SIZE_CLASSES];

    brkmap_read_classes(classes, SIZE_CLASSES);
    if (xml) {
        describe_xml(report, classes);
        return;
    }
    struct brkmap_totals totals = brkmap_read_totals();
    report_list(report, TOTALS, &totals.live_bytes);
    report_columns(report, CLASS, NULL);
    for (size_t i = 0; i < SIZE_CLASSES; i++)
        if (classes[i].spans > 0)
            report_columns(report, CLASS, &classes[i].block_bytes);
    describe_heaps(report);
}

/* Asked at the start: the program may change its environment, and many close standard error before
 * they end, so that it is kept in a place of its own, out of the way. A program with more rights
 * than its user takes no orders. */
static int at_end_descriptor = -1;
enum { DESCRIPTOR_MIN = 200 };

__attribute__((constructor)) static void look_at_environment(void)
{
    /* Not among the constants: it would be the only one that most programs ever read, and bring
     * their pages along. */
    static char name[] = "BRKMAP_STATS";
    const char *value = secure_getenv(name);
    if (value != NULL && strcmp(value, "1") == 0)
        at_end_descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
}

__attribute__((destructor)) static void describe_at_end(void)
{
    if (at_end_descriptor >= 0)
        report_statistics(at_end_descriptor);
}
