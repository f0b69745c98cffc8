/* The processes of a program and their figures; see process_tree.h. */
#include "process_tree.h"

#include "clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void image_free(struct process_image *image)
{
    process_image_end(image);
    timeline_release(&image->timeline);
    free(image->exe);
    free(image);
}

void process_tree_release(struct process_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        image_free(tree->images[i]);
    free(tree->images);
    *tree = (struct process_tree){0};
}

static int make_room(struct process_tree *tree)
{
    enum { IMAGES_AT_FIRST = 64 };
    if (tree->count < tree->capacity)
        return 0;
    size_t capacity = tree->capacity > 0 ? 2 * tree->capacity : IMAGES_AT_FIRST;
    struct process_image **images =
        realloc(tree->images, capacity * sizeof(struct process_image *));
    if (images == NULL)
        return -1;
    tree->images = images;
    tree->capacity = capacity;
    return 0;
}

static char *read_exe(pid_t pid)
{
    char link[64], exe[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t bytes = readlink(link, exe, sizeof exe - 1);
    exe[bytes > 0 ? bytes : 0] = '\0';
    return strdup(exe);
}

struct process_image *process_tree_add(struct process_tree *tree, pid_t pid, const char *exe)
{
    struct process_image *image = make_room(tree) == 0 ? calloc(1, sizeof *image) : NULL;
    if (image == NULL)
        return NULL;
    image->exe = exe != NULL ? strdup(exe) : read_exe(pid);
    if (image->exe == NULL) {
        free(image);
        return NULL;
    }
    image->pid = image->origin = pid;
    image->alive = true;
    image->statm_fd = proc_open_statm(pid);
    image->start_ns = clock_ns(CLOCK_MONOTONIC);
    image->minor_faults = image->major_faults = MEASURE_NONE;
    proc_read_faults(pid, &image->first_minor_faults, &image->first_major_faults);
    proc_read_thread_schedule(pid, &image->first);
    timeline_init(&image->timeline, 0);
    struct trial_record none; /* the one place that knows how 'not measured' looks */
    trial_record_init(&none);
    image->end = none.checkpoints[CHECKPOINT_END];
    tree->images[tree->count++] = image;
    return image;
}

struct process_image *process_tree_find(const struct process_tree *tree, pid_t pid)
{
    for (size_t i = tree->count; i-- > 0;)
        if (tree->images[i]->pid == pid && tree->images[i]->alive)
            return tree->images[i];
    return NULL;
}

void process_tree_sample(struct process_tree *tree, int64_t step_ns)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct process_image *image = tree->images[i];
        if (!image->alive || image->statm_fd < 0)
            continue;
        int64_t now_ns = clock_ns(CLOCK_MONOTONIC), rss_bytes = proc_read_rss_bytes(image->statm_fd);
        struct timeline *timeline = &image->timeline;
        if (timeline->step_ns < step_ns)
            timeline->step_ns = step_ns;
        /* A timeline that was thinned out has a longer step of its own. */
        const struct timeline_point *last =
            timeline->count > 0 ? &timeline->points[timeline->count - 1] : NULL;
        int64_t time_ns = now_ns - image->start_ns;
        if (rss_bytes < 0 || (last != NULL && time_ns - last->time_ns < timeline->step_ns / 2))
            continue;
        timeline_add(timeline, (struct timeline_point){.time_ns = time_ns,
                                                       .live_bytes = MEASURE_NONE,
                                                       .rss_bytes = rss_bytes});
    }
}

void process_image_read(struct process_image *image, pid_t thread)
{
    int64_t minor, major;
    if (proc_read_status(thread, &image->end) < 0)
        return; /* no memory any more: what was read before stands */
    proc_read_smaps_rollup(thread, &image->end);
    image->end.reached = true;
    if (proc_read_faults(thread, &minor, &major) == 0) {
        image->minor_faults = minor - image->first_minor_faults;
        image->major_faults = major - image->first_major_faults;
    }
}

void process_image_end(struct process_image *image)
{
    image->alive = false;
    if (image->statm_fd >= 0)
        close(image->statm_fd);
    image->statm_fd = -1;
}
