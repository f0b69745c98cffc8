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
    const struct latency_sheet *sheets;
    unsigned threads;
    size_t room;
    double ps_per_tick, timer_ticks; /* of the kind at hand */
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

static const struct latency_histogram *histogram_of(const struct reading *reading, unsigned worker,
                                                    const struct latency_bin *bin)
{
    const struct latency_sheet *sheet = &reading->sheets[worker];
    return latency_kind_is_call(bin->kind) ? &sheet->of[bin->kind][bin->size_class]
                                           : &sheet->requests[bin->kind - LATENCY_CALL_KIND_COUNT];
}

/* The histogram of one kind and class, over all workers. */
static void read_histogram(struct reading *reading, struct latency_bin bin)
{
    uint64_t longest = 0;
    for (unsigned i = 0; i < reading->threads; i++)
        if (histogram_of(reading, i, &bin)->longest > longest)
            longest = histogram_of(reading, i, &bin)->longest;
    unsigned last = latency_bucket(longest);
    for (unsigned bucket = 0; bucket <= last; bucket++) {
        uint64_t calls = 0, low = latency_bucket_low(bucket), high = latency_bucket_low(bucket + 1);
        for (unsigned i = 0; i < reading->threads; i++)
            calls += histogram_of(reading, i, &bin)->calls[bucket];
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

/* Bins of one kind, or of all calls, into `bins`, sorted. */
static size_t choose(const struct trial_record *record, struct latency_bin *bins, int kind)
{
    size_t count = 0;
    for (size_t i = 0; i < record->latency_bins; i++)
        if (kind < 0 ? latency_kind_is_call(record->latency[i].kind)
                     : (int)record->latency[i].kind == kind)
            bins[count++] = record->latency[i];
    latency_sort(bins, count);
    return count;
}

static int64_t longest_ns(const struct latency_bin *bins, size_t count)
{
    return count > 0 ? in_ns(bins[count - 1].time_ps) : MEASURE_NONE;
}

static int sum_up(struct trial_record *record, bool calls)
{
    struct latency_bin *bins = calloc(record->latency_bins + 1, sizeof *bins);
    if (bins == NULL)
        return -1;
    size_t count = choose(record, bins, -1);
    if (calls)
        record->latency_samples = latency_calls(bins, count);
#define X(name, title, share) \
    record->latency_##name##_ns = in_ns(latency_percentile_ps(bins, count, share));
    LATENCY_PERCENTILES(X)
#undef X
    record->latency_max_ns = longest_ns(bins, count);
    count = choose(record, bins, LATENCY_REQUEST);
#define X(name, title, share) \
    record->request_##name##_ns = in_ns(latency_percentile_ps(bins, count, share));
    LATENCY_PERCENTILES(X)
#undef X
    record->request_max_ns = longest_ns(bins, count);
    count = choose(record, bins, LATENCY_SERVICE);
#define X(name, title, share) \
    record->service_##name##_ns = in_ns(latency_percentile_ps(bins, count, share));
    LATENCY_PERCENTILES(X)
#undef X
    record->service_max_ns = longest_ns(bins, count);
    free(bins);
    return 0;
}

static void read_all(struct reading *reading, bool calls)
{
    for (unsigned kind = 0; calls && kind < LATENCY_CALL_KIND_COUNT; kind++)
        for (unsigned size_class = 0; size_class < LATENCY_CLASSES; size_class++)
            read_histogram(reading, (struct latency_bin){.kind = kind, .size_class = size_class});
    reading->ps_per_tick = PS_PER_NS; /* requests are counted in ns */
    reading->timer_ticks = 0;
    for (unsigned kind = LATENCY_CALL_KIND_COUNT; kind < LATENCY_KIND_COUNT; kind++)
        read_histogram(reading,
                       (struct latency_bin){.kind = kind, .size_class = LATENCY_CLASSES - 1});
}

static void tell_requests(const struct trial_page *page, struct trial_record *record)
{
    record->paced = page->paced;
    if (page->requests == 0)
        return;
    record->requests = (int64_t)page->requests;
    if (!page->paced)
        return;
    record->requests_due_ns = (int64_t)page->requests_due_ns;
    record->requests_served_ns = (int64_t)page->requests_served_ns;
    record->requests_held_ns = (int64_t)page->requests_held_ns;
    record->requests_backlog = (int64_t)page->requests_backlog;
}

int latency_read(int file, const struct trial_page *page, struct trial_record *record)
{
    struct stat status;
    unsigned threads = page->threads;
    double rate = page->latency_ticks_per_ns;
    bool calls = page->latency_gap > 0;
    size_t bytes = threads * sizeof(struct latency_sheet);
    tell_requests(page, record);
    if (!calls && !page->requests_timed)
        return 0;
    if (threads > TRIAL_THREADS_MAXIMUM || fstat(file, &status) < 0 ||
        status.st_size != (off_t)bytes || (calls && !(rate > 0)))
        return message_set(record->detail, "it says that it is done, but not how long calls took");
    const struct latency_sheet *sheets = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
    if (sheets == MAP_FAILED)
        return message_set(record->detail, "cannot read how long calls took: %s", strerror(errno));
    struct reading reading = {.record = record, .sheets = sheets, .threads = threads};
    if (calls) {
        reading.ps_per_tick = PS_PER_NS / rate;
        reading.timer_ticks = (double)page->latency_timer_ticks;
        record->latency_gap = page->latency_gap;
        record->latency_paced = page->latency_paced;
        record->latency_timer_ps = llround(reading.timer_ticks * reading.ps_per_tick);
    }
    read_all(&reading, calls);
    munmap((void *)sheets, bytes);
    if (reading.failed || sum_up(record, calls) < 0)
        return message_set(record->detail, "heapmark itself is out of memory");
    return 0;
}
