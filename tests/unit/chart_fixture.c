/* A small run with its chart tables; see chart_fixture.h. */
#include "chart_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *table(const struct fixture *fixture, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", fixture->tables, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    return file;
}

/* value x some of it, or NaN: the fixture's figures only have to differ. */
static void figures(FILE *file, bool present, double value)
{
    if (present)
        fprintf(file, "\t%g\t%g\t%g", value, value * 0.97, value * 1.04);
    else
        fprintf(file, "\tNaN\tNaN\tNaN");
}

static void write_wide(const struct fixture *fixture, const char *name, double scale, bool present)
{
    FILE *file = table(fixture, name);
    fprintf(file, "workload");
    for (size_t a = 0; a < fixture->run.allocator_count; a++)
        fprintf(file, "\t%1$s\t%1$s.low\t%1$s.high", fixture->allocators[a].name);
    for (size_t w = 0; w < WORKLOADS; w++) {
        fprintf(file, "\n%s", fixture->workloads[w].label);
        for (size_t a = 0; a < fixture->run.allocator_count; a++)
            figures(file, present, scale * (1 + (double)a / 5 + (double)w * 7));
    }
    fprintf(file, "\n");
    fclose(file);
}

static void write_lists(const struct fixture *fixture, bool present)
{
    FILE *file = table(fixture, "allocators.tsv");
    FILE *scatter = table(fixture, "scatter.tsv");
    fprintf(file, "index\tname\treference\tgeomean_speed\tlow\thigh\tworkloads\tversion\n");
    fprintf(scatter, "name\tindex\tspeed\tspeed_low\tspeed_high\tmemory\tworkloads\tpareto\n");
    for (size_t a = 0; a < fixture->run.allocator_count; a++) {
        const char *name = fixture->allocators[a].name;
        fprintf(file, "%zu\t%s\t%d", a, name, strcmp(name, "glibc") == 0);
        figures(file, present, 1 + (double)a / 5);
        fprintf(file, "\t2\t1.0\n");
        fprintf(scatter, "%s\t%zu", name, a);
        figures(scatter, present, 1 + (double)a / 5);
        if (present)
            fprintf(scatter, "\t%g\t2\t%d\n", 1 + (double)(a * 3 % 7) / 7, a % 3 == 0);
        else
            fprintf(scatter, "\tNaN\t0\tNaN\n");
    }
    fclose(file);
    fclose(scatter);
    file = table(fixture, "workloads.tsv");
    fprintf(file, "index\tlabel\tkind\ttimeline\tthreads\tblocks\tparams\n");
    for (size_t w = 0; w < WORKLOADS; w++)
        fprintf(file, "%zu\t%s\tsynthetic\ttimeline-%zu.tsv\t1\t7\tx=1\n", w,
                fixture->workloads[w].label, w);
    fclose(file);
}

static void write_blocks(const struct fixture *fixture, size_t w, FILE *syscalls, bool present)
{
    char name[32];
    snprintf(name, sizeof name, "timeline-%zu.tsv", w);
    FILE *timeline = table(fixture, name);
    fprintf(timeline, "time_s\tgrowth_bytes\trss_bytes\tlive_bytes\n");
    for (size_t a = 0; a < fixture->run.allocator_count; a++) {
        fprintf(timeline, "%s%s\n", a > 0 ? "\n\n" : "", fixture->allocators[a].name);
        fprintf(syscalls, "%s\t%s\t%zu\t%zu", fixture->workloads[w].label,
                fixture->allocators[a].name, w, a);
        if (!present) {
            fprintf(timeline, "NaN\tNaN\tNaN\tNaN\n");
            fprintf(syscalls, "\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\n");
            continue;
        }
        for (int i = 0; i < 50; i++)
            fprintf(timeline, "%g\t%d\t%d\t%d\n", i * 0.01, 9000000 + i * 90000,
                    9500000 + i * 90000, 8000000 + i * 80000);
        size_t brk = a == 0 ? 100000 : 3 * a;
        fprintf(syscalls, "\t%zu\t2\t1\t0\t4\t%zu\n", brk, brk + 7);
    }
    fclose(timeline);
}

static void write_tables(const struct fixture *fixture, bool present)
{
    write_lists(fixture, present);
    write_wide(fixture, "speed.tsv", 0.8, present);
    write_wide(fixture, "peak_rss.tsv", 3e7, present);
    write_wide(fixture, "blow_up.tsv", 1.1, present);
    FILE *file = table(fixture, "syscalls.tsv");
    fprintf(file, "workload\tallocator\tworkload_index\tallocator_index\tbrk\tmmap\tmunmap\tmremap"
                  "\tmadvise\ttotal\n");
    for (size_t w = 0; w < WORKLOADS; w++) {
        fprintf(file, "%s", w > 0 ? "\n\n" : "");
        write_blocks(fixture, w, file, present);
    }
    fclose(file);
}

static void describe_run(struct fixture *fixture, const char *const *names, bool present)
{
    static char run_name[] = "2026-11-21T10-15-00-host", cpu[] = "cpu", model[] = "A <CPU> & more";
    struct run *run = &fixture->run;
    for (; names[run->allocator_count] != NULL; run->allocator_count++)
        fixture->allocators[run->allocator_count].name = strdup(names[run->allocator_count]);
    for (size_t w = 0; w < WORKLOADS; w++) {
        char *label = NULL;
        assert_true(asprintf(&label, "web_server `touch pwned` %zu", w) > 0);
        fixture->workloads[w] = (struct workload_spec){.label = label, .blocks = 7};
    }
    for (size_t i = 0; i < WORKLOADS * run->allocator_count; i++)
        fixture->cells[i].status = present ? STATUS_OK : STATUS_OUT_OF_MEMORY;
    fixture->facts[0] = (struct fact){cpu, model};
    run->name = run_name;
    run->facts = fixture->facts;
    run->fact_count = 1;
    run->allocators = fixture->allocators;
    run->workloads = fixture->workloads;
    run->workload_count = WORKLOADS;
    fixture->summary = (struct summary){.run = run, .cell = fixture->cells};
}

struct fixture *fixture_create(const char *const *names, bool present)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/heapmark-chart-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->tables, sizeof fixture->tables, "%s/tables", fixture->folder);
    snprintf(fixture->output, sizeof fixture->output, "%s/output", fixture->folder);
    assert_int_equal(mkdir(fixture->tables, 0755), 0);
    assert_int_equal(mkdir(fixture->output, 0755), 0);
    describe_run(fixture, names, present);
    write_tables(fixture, present);
    return fixture;
}

/* Removes the files in a folder, and it. Returns how many there were, hidden ones too. */
static size_t empty_folder(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            count += unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    closedir(folder);
    rmdir(path);
    return count;
}

size_t fixture_free(struct fixture *fixture)
{
    size_t files = empty_folder(fixture->output);
    empty_folder(fixture->tables);
    empty_folder(fixture->folder);
    for (size_t a = 0; a < fixture->run.allocator_count; a++)
        free(fixture->allocators[a].name);
    for (size_t w = 0; w < WORKLOADS; w++)
        free(fixture->workloads[w].label);
    free(fixture);
    return files;
}
