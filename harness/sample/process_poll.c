/* Watches processes without tracing them; see process_poll.h. */
#include "process_poll.h"

#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define POLL_NS 1000000

/* Begins an image for each line that the witnesses have added. */
static void take_witnesses(struct process_tree *tree, FILE *witnesses)
{
    char *line = NULL;
    size_t capacity = 0;
    clearerr(witnesses);
    while (getline(&line, &capacity, witnesses) > 0) {
        pid_t pid = (pid_t)atol(line);
        char *exe = strchr(line, '\t'), *owner = exe != NULL ? strchr(exe + 1, '\t') : NULL;
        if (pid <= 1 || owner == NULL)
            continue;
        *owner = '\0';
        struct process_image *before = process_tree_find(tree, pid);
        if (before != NULL)
            process_image_end(before); /* it has executed another file */
        process_tree_add(tree, pid, exe + 1);
    }
    free(line);
}

static void look(struct process_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct process_image *image = tree->images[i];
        if (!image->alive)
            continue;
        struct checkpoint_record now = image->end;
        if (proc_read_status(image->pid, &now) < 0) {
            process_image_end(image);
            continue;
        }
        now.reached = true;
        image->end = now;
        int64_t minor, major;
        if (proc_read_faults(image->pid, &minor, &major) == 0) {
            image->minor_faults = minor - image->first_minor_faults;
            image->major_faults = major - image->first_major_faults;
        }
    }
}

struct program_end process_poll_watch(struct process_tree *tree, struct program_process *process,
                                      const struct process_tree_options *options)
{
    struct program_end end = {.stop = PROGRAM_ENDED, .exit_status = -1};
    FILE *witnesses = fopen(options->witness_file, "re");
    int64_t sampled_ns = 0;
    int wait_status;

    program_go(process);
    while (waitpid(process->pid, &wait_status, WNOHANG) != process->pid) {
        if (program_must_stop(process, &options->limits, &end))
            break;
        if (witnesses != NULL)
            take_witnesses(tree, witnesses);
        look(tree);
        if (options->step_ns > 0 && clock_ns(CLOCK_MONOTONIC) - sampled_ns >= options->step_ns) {
            sampled_ns = clock_ns(CLOCK_MONOTONIC);
            process_tree_sample(tree, options->step_ns);
        }
        program_drain(process);
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
    if (end.stop == PROGRAM_ENDED)
        program_note_end(process, wait_status, &end);
    program_drain(process);
    if (witnesses != NULL)
        fclose(witnesses);
    return end;
}
