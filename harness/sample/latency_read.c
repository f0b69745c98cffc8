/* Reads the sheets of a latency pass; see latency_read.h. */
#include "latency_read.h"

#include "descriptor.h"
#include "message.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PS_PER_NS 1e3

struct reading {
    struct trial_record *record;
    size_t room;
    double ps_per_tick, timer_ticks;
    bool failed;
};

int latency_file_open(void)
{
    return descriptor_lift(memfd_create("heapmark-latency", MFD_CLOEXEC));
}

static void add_bin(struct reading *reading, struct latency_bin bin)
{
    struct trial_record *record = reading->record;
    if (record->latency_bins == reading->room) {
        size_t room = reading->room > 0 ? 2 * reading->room : 256;
        struct latency_bin *bins = realloc(record->latency, room * sizeof *bins);
        if (bins == NULL) {
            reading->failed = true;
            return;
        }
        record->latency = bins;
        reading->room = room;
    }
    record->latency[record->latency_bins++] = bin;
}

static int64_t time_ps(const struct reading *reading, double ticks)
{
    double ps = (ticks - reading->timer_ticks) * reading->ps_per_tick;
    return ps > 0 ? llround(ps) : 0;
}

/* The histogram of one kind and class, over all workers. */
static void read_histogram(struct reading *reading, const struct latency_sheet *sheets,
                           unsigned threads, struct latency_bin bin)
{
    uint64_t longest = 0;
    for (unsigned i = 0; i < threads; i++)
        if (sheets[i].of[bin.kind][bin.size_class].longest > longest)
            longest = sheets[i].of[bin.kind][bin.size_class].longest;
    unsigned last = latency_bucket(longest);
    for (unsigned bucket = 0; bucket <= last; bucket++) {
        uint64_t calls = 0, low = latency_bucket_low(bucket), high = latency_bucket_low(bucket + 1);
        for (unsigned i = 0; i < threads; i++)
            calls += sheets[i].of[bin.kind][bin.size_class].calls[bucket];
        if (calls > 0 && bucket == last) {
            bin.calls = 1;
            bin.time_ps = time_ps(reading, (double)longest);
            add_bin(reading, bin);
            calls--;
        }
        if (calls == 0)
            continue;
        bin.calls = (int64_t)calls;
        /* Ticks low .. high - 1 are in it. */
        bin.time_ps = time_ps(reading, ((double)low + (double)(high - 1)) / 2);
        add_bin(reading, bin);
    }
}

static int64_t in_ns(int64_t ps)
{
    return ps == MEASURE_NONE ? ps : llround((double)ps / PS_PER_NS);
}

static int sum_up(struct trial_record *record)
{
    size_t count = record->latency_bins;
    struct latency_bin *bins = calloc(count + 1, sizeof *bins);
    if (bins == NULL)
        return -1;
    if (count > 0)
        memcpy(bins, record->latency, count * sizeof *bins);
    latency_sort(bins, count);
    record->latency_samples = latency_calls(bins, count);
#define X(name, title, share) \
    record->latency_##name##_ns = in_ns(latency_percentile_ps(bins, count, share));
    LATENCY_PERCENTILES(X)
#undef X
    if (count > 0)
        record->latency_max_ns = in_ns(bins[count - 1].time_ps);
    free(bins);
    return 0;
}

int latency_read(int file, const struct trial_page *page, struct trial_record *record)
{
    struct stat status;
    unsigned threads = page->threads;
    double rate = page->latency_ticks_per_ns;
    size_t bytes = threads * sizeof(struct latency_sheet);
    if (threads > TRIAL_THREADS_MAXIMUM || fstat(file, &status) < 0 ||
        status.st_size != (off_t)bytes || !(rate > 0))
        return message_set(record->detail, "it says that it is done, but not how long calls took");
    const struct latency_sheet *sheets = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
    if (sheets == MAP_FAILED)
        return message_set(record->detail, "cannot read how long calls took: %s", strerror(errno));
    struct reading reading = {.record = record,
                              .ps_per_tick = PS_PER_NS / rate,
                              .timer_ticks = (double)page->latency_timer_ticks};
    for (unsigned kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        for (unsigned size_class = 0; size_class < LATENCY_CLASSES; size_class++)
            read_histogram(&reading, sheets, threads,
                           (struct latency_bin){.kind = kind, .size_class = size_class});
    munmap((void *)sheets, bytes);
    record->latency_gap = page->latency_gap;
    record->latency_paced = page->latency_paced;
    record->latency_timer_ps = llround(reading.timer_ticks * reading.ps_per_tick);
    if (reading.failed || sum_up(record) < 0)
        return message_set(record->detail, "heapmark itself is out of memory");
    return 0;
}
