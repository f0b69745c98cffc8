/*
 * What the heap says of itself: mallinfo and its kin over heap_statistics(), with their numbers in
 * glibc's words. All of it is found out when asked.
 */
#include "report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "entry.h"
#include "heap.h"

#define PUBLIC __attribute__((visibility("default")))

enum { DIGITS_MAX = 20, COLUMN_WIDTH = 14 };

static void flush(struct report *report)
{
    if (report->stream != NULL) {
        fwrite(report->line, 1, report->length, report->stream);
    } else {
        ssize_t written = write(report->descriptor, report->line, report->length);
        (void)written; /* there is nobody to tell */
    }
    report->length = 0;
}

void report_text(struct report *report, const char *text)
{
    for (; *text != '\0'; text++) {
        if (report->length < REPORT_LINE_BYTES - 1 || *text == '\n')
            report->line[report->length++] = *text;
        if (*text == '\n')
            flush(report);
    }
}

static void pad(struct report *report, size_t length, size_t width)
{
    for (; length < width; length++)
        report_text(report, " ");
}

void report_number(struct report *report, uint64_t number, size_t width)
{
    char digits[DIGITS_MAX + 1] = {0};
    size_t at = DIGITS_MAX;

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    pad(report, DIGITS_MAX - at, width);
    report_text(report, digits + at);
}

void report_attribute(struct report *report, const char *name, uint64_t number)
{
    report_text(report, " ");
    report_text(report, name);
    report_text(report, "=\"");
    report_number(report, number, 0);
    report_text(report, "\"");
}

/* The next word; the rest of the names is behind it. */
static const char *word(struct report *report, const char *names, size_t width)
{
    size_t length = strcspn(names, " ");
    char name[COLUMN_WIDTH * 2] = {0};

    memcpy(name, names, length < sizeof(name) ? length : sizeof(name) - 1);
    pad(report, length, width);
    report_text(report, name);
    return names + length + (names[length] != '\0');
}

void report_list(struct report *report, const char *names, const uint64_t *values)
{
    while (*names != '\0') {
        names = word(report, names, COLUMN_WIDTH);
        report_number(report, *values++, COLUMN_WIDTH);
        report_text(report, "\n");
    }
}

void report_columns(struct report *report, const char *names, const uint64_t *values)
{
    for (size_t i = 0; *names != '\0'; i++) {
        const char *rest = names + strcspn(names, " ");
        if (values == NULL)
            word(report, names, COLUMN_WIDTH);
        else
            report_number(report, values[i], COLUMN_WIDTH);
        names = rest + (*rest != '\0');
    }
    report_text(report, "\n");
}

/* A core may have one. */
__attribute__((weak)) void heap_describe(struct report *report, bool xml)
{
    (void)report, (void)xml;
}

PUBLIC int HEAP_ENTRY(malloc_trim)(size_t keep_bytes)
{
    return heap_trim(keep_bytes);
}

PUBLIC struct mallinfo2 HEAP_ENTRY(mallinfo2)(void)
{
    struct heap_statistics statistics = heap_statistics();

    return (struct mallinfo2){
        .arena = statistics.system_bytes,
        .ordblks = statistics.free_blocks,
        .hblks = statistics.mapped_blocks,
        .hblkhd = statistics.mapped_bytes,
        .uordblks = statistics.system_bytes - statistics.free_bytes,
        .fordblks = statistics.free_bytes,
        .keepcost = statistics.top_bytes,
    };
}

/* Its fields are ints, and wrap above 2 GiB as glibc's do: mallinfo2 is there for that. */
PUBLIC struct mallinfo HEAP_ENTRY(mallinfo)(void)
{
    struct mallinfo2 wide = HEAP_ENTRY(mallinfo2)();

    return (struct mallinfo){
        .arena = (int)wide.arena,
        .ordblks = (int)wide.ordblks,
        .hblks = (int)wide.hblks,
        .hblkhd = (int)wide.hblkhd,
        .uordblks = (int)wide.uordblks,
        .fordblks = (int)wide.fordblks,
        .keepcost = (int)wide.keepcost,
    };
}

void report_statistics(int descriptor)
{
    struct report report = {.descriptor = descriptor};
    struct mallinfo2 info = HEAP_ENTRY(mallinfo2)();
    int saved_errno = errno;

    report_list(&report, "arena uordblks fordblks keepcost hblks hblkhd",
                (uint64_t[]){info.arena, info.uordblks, info.fordblks, info.keepcost, info.hblks,
                             info.hblkhd});
    heap_describe(&report, false);
    errno = saved_errno;
}

PUBLIC void HEAP_ENTRY(malloc_stats)(void)
{
    report_statistics(STDERR_FILENO);
}

static void xml_total(struct report *report, const char *element, size_t count, size_t bytes)
{
    report_text(report, element);
    report_attribute(report, "count", count);
    report_attribute(report, "size", bytes);
    report_text(report, "/>\n");
}

PUBLIC int HEAP_ENTRY(malloc_info)(int options, FILE *stream)
{
    struct report report = {.stream = stream};

    /* None is defined. */
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    struct mallinfo2 info = HEAP_ENTRY(mallinfo2)();
    report_text(&report, "<malloc version=\"1\">\n");
    heap_describe(&report, true);
    xml_total(&report, "<total type=\"fast\"", 0, 0);
    xml_total(&report, "<total type=\"rest\"", info.ordblks, info.fordblks);
    xml_total(&report, "<total type=\"mmap\"", info.hblks, info.hblkhd);
    report_text(&report, "<system type=\"current\"");
    report_attribute(&report, "size", info.arena);
    report_text(&report, "/>\n</malloc>\n");
    return 0;
}

/* There is nothing to tune by it. Programs take 0 for an error of theirs, and tcmalloc says 1, too.
 */
PUBLIC int HEAP_ENTRY(mallopt)(int parameter, int value)
{
    (void)parameter, (void)value;
    return 1;
}
