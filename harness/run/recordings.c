/* The traces of a run; see recordings.h. */
#include "recordings.h"

#include "facts.h"
#include "message.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 64 };

/* The value of a parameter in "name=value,...", "" when it is not there. */
static void value_of(const char *params, const char *name, char *value)
{
    size_t length = strlen(name);
    value[0] = '\0';
    for (const char *p = params; *p != '\0'; p += p[0] == ',') {
        size_t span = strcspn(p, ",");
        if (span > length && memcmp(p, name, length) == 0 && p[length] == '=')
            snprintf(value, VALUE_BYTES, "%.*s", (int)(span - length - 1), p + length + 1);
        p += span;
    }
}

void recordings_options(const struct workload_spec *spec, struct replay_options *options)
{
    char value[VALUE_BYTES];
    value_of(spec->params, "threads", value);
    options->fold = strcmp(value, "fold") == 0;
    value_of(spec->params, "speed", value);
    options->due = strcmp(value, "max") != 0;
    value_of(spec->params, "laps", value);
    options->laps = (unsigned)strtoul(value, NULL, 10); /* "auto" is 0 */
    value_of(spec->params, "repeat", value);
    options->repeat = (unsigned)strtoul(value, NULL, 10);
}

int recordings_spell_out(struct workload_spec *spec, const struct replay *replay)
{
    char touch[VALUE_BYTES], speed[VALUE_BYTES], threads[VALUE_BYTES], *params = NULL;
    value_of(spec->params, "touch", touch);
    value_of(spec->params, "speed", speed);
    value_of(spec->params, "threads", threads);
    if (asprintf(&params, "touch=%s,speed=%s,threads=%s,repeat=%u,laps=%u", touch, speed, threads,
                 replay->repeat, replay->head.laps) < 0)
        return -1;
    free(spec->params);
    spec->params = params;
    spec->threads = replay->head.threads;
    return 0;
}

/* Adds the fact, or holds the trace against it. */
static int prove(struct run *run, const struct workload_spec *spec, char *message)
{
    char digest[SHA256_DIGEST_STRING_LENGTH], *name = NULL;
    if (SHA256File(spec->name, digest) == NULL)
        return message_set(message, "trace %s: %s", spec->name, strerror(errno));
    if (asprintf(&name, "trace_sha256:%s", spec->label) < 0)
        return message_set(message, "out of memory");
    const char *before = facts_find(run, name);
    int result = 0;
    if (before != NULL && strcmp(before, digest) != 0)
        result =
            message_set(message, "trace %s has changed since run %s was begun: begin a new run",
                        spec->name, run->name);
    else if (before == NULL && facts_add(run, name, digest) < 0)
        result = message_set(message, "out of memory");
    free(name);
    return result;
}

static int open_one(struct replay *replay, struct run *run, struct workload_spec *spec,
                    const char *folder, char *message)
{
    struct replay_options options = {.folder = folder};
    if (prove(run, spec, message) < 0)
        return -1;
    recordings_options(spec, &options);
    if (replay_make(replay, spec->name, &options, message) < 0)
        return -1;
    return recordings_spell_out(spec, replay) < 0 ? message_set(message, "out of memory") : 0;
}

int recordings_open(struct recordings *recordings, struct run *run, const char *folder,
                    char *message)
{
    int result = 0;
    *recordings = (struct recordings){
        .replay = calloc(run->workload_count + 1, sizeof *recordings->replay),
        .count = run->workload_count,
    };
    if (recordings->replay == NULL)
        return message_set(message, "out of memory");
    for (size_t w = 0; w < run->workload_count; w++)
        recordings->replay[w].descriptor = -1;
    for (size_t w = 0; w < run->workload_count && result == 0; w++)
        if (run->workloads[w].kind == WORKLOAD_RECORDED)
            result = open_one(&recordings->replay[w], run, &run->workloads[w], folder, message);
    if (result < 0)
        recordings_release(recordings);
    return result;
}

void recordings_release(struct recordings *recordings)
{
    for (size_t w = 0; w < recordings->count; w++)
        replay_release(&recordings->replay[w]);
    free(recordings->replay);
    *recordings = (struct recordings){0};
}

const struct replay *recordings_find(const struct recordings *recordings, size_t workload)
{
    if (recordings == NULL || workload >= recordings->count ||
        recordings->replay[workload].descriptor < 0)
        return NULL;
    return &recordings->replay[workload];
}
