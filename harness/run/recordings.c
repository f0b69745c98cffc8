/* The traces of a run; see recordings.h. */
#include "recordings.h"

#include "facts.h"
#include "message.h"
#include "pattern_source.h"
#include "trace_name.h"

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

static int spell_out(struct workload_spec *spec, const struct replay *replay)
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

/* ---- workload files ----------------------------------------------------------------- */

/* What was given, but for what the runner is told in any case, and then that. */
static int spell_out_pattern(struct workload_spec *spec, const struct pattern *pattern,
                             const struct replay *replay)
{
    static const char *const told[] = {"touch", "speed", "repeat", "laps"};
    char *params = NULL, *kept = calloc(1, strlen(spec->params) + 2), *end = kept;
    for (const char *p = spec->params; kept != NULL && *p != '\0';) {
        size_t span = strcspn(p, ","), name = strcspn(p, "=");
        bool again = false;
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
            again |= name == strlen(told[i]) && memcmp(p, told[i], name) == 0;
        if (!again) {
            end = mempcpy(end, p, span);
            *end++ = ',';
        }
        p += span + (p[span] == ',');
    }
    if (kept == NULL ||
        asprintf(&params, "%stouch=%s,speed=%s,repeat=%u,laps=%u", kept, pattern->touch,
                 pattern->paced ? pattern->speed : "max", replay->repeat, replay->head.laps) < 0) {
        free(kept);
        return -1;
    }
    free(kept);
    free(spec->params);
    spec->params = params;
    spec->threads = replay->head.threads;
    return 0;
}

static int make_pattern(struct replay *replay, struct workload_spec *spec,
                        const struct replay_options *given, const struct pattern *pattern,
                        struct pattern_source *source, char *message)
{
    struct replay_options options = *given;
    bool deck = pattern->deck.cells > 0;
    options.due = pattern->paced && strcmp(pattern->speed, "max") != 0;
    options.apart = pattern->apart;
    if (!options.only_stops) {
        options.laps = pattern->laps;
        options.repeat = deck ? pattern->repeat : 1;
        options.fill_calls = pattern_source_fill_calls(source);
    }
    if (replay_make_from(replay, pattern_source_ops(source), spec->name, &options, message) < 0)
        return -1;
    return spell_out_pattern(spec, pattern, replay) < 0 ? message_set(message, "out of memory") : 0;
}

static int load_and_make_pattern(struct replay *replay, struct workload_spec *spec,
                                 const struct replay_options *options, uint64_t seed, char *message)
{
    struct pattern pattern;
    if (pattern_load(&pattern, spec->name, spec->params, message) < 0)
        return -1;
    struct pattern_source *source = pattern_source_create(&pattern, seed, message);
    int result =
        source != NULL ? make_pattern(replay, spec, options, &pattern, source, message) : -1;
    pattern_source_free(source);
    pattern_release(&pattern);
    return result;
}

int recordings_make(struct replay *replay, struct workload_spec *spec,
                    const struct replay_options *options, uint64_t seed, char *message)
{
    if (trace_name_is_pattern(spec->name))
        return load_and_make_pattern(replay, spec, options, seed, message);
    if (replay_make(replay, spec->name, options, message) < 0)
        return -1;
    return spell_out(spec, replay) < 0 ? message_set(message, "out of memory") : 0;
}

/* ---- proof -------------------------------------------------------------------------- */

/* Adds the fact, or holds the file against it. */
static int prove_digest(struct run *run, const struct workload_spec *spec, const char *prefix,
                        const char *digest, char *message)
{
    char *name = NULL;
    if (asprintf(&name, "%s_sha256:%s", prefix, spec->label) < 0)
        return message_set(message, "out of memory");
    const char *before = run_find_fact(run, name);
    int result = 0;
    if (before != NULL && strcmp(before, digest) != 0)
        result = message_set(message, "%s %s has changed since run %s was begun: begin a new run",
                             strcmp(prefix, "trace") == 0 ? prefix : "workload file", spec->name,
                             run->name);
    else if (before == NULL && facts_add(run, name, digest) < 0)
        result = message_set(message, "out of memory");
    free(name);
    return result;
}

static int prove_pattern(struct run *run, const struct workload_spec *spec, char *message)
{
    struct pattern pattern;
    char *name = NULL;
    if (pattern_load(&pattern, spec->name, spec->params, message) < 0)
        return -1;
    int result = prove_digest(run, spec, "workload", pattern.digest, message);
    if (result == 0 && asprintf(&name, "workload_file:%s", spec->label) < 0) {
        name = NULL;
        result = message_set(message, "out of memory");
    }
    if (result == 0 && run_find_fact(run, name) == NULL && facts_add(run, name, pattern.text) < 0)
        result = message_set(message, "out of memory");
    free(name);
    pattern_release(&pattern);
    return result;
}

static int prove(struct run *run, const struct workload_spec *spec, char *message)
{
    char digest[SHA256_DIGEST_STRING_LENGTH];
    if (trace_name_is_pattern(spec->name))
        return prove_pattern(run, spec, message);
    if (SHA256File(spec->name, digest) == NULL)
        return message_set(message, "trace %s: %s", spec->name, strerror(errno));
    return prove_digest(run, spec, "trace", digest, message);
}

static int open_one(struct replay *replay, struct run *run, struct workload_spec *spec,
                    const char *folder, char *message)
{
    struct replay_options options = {.folder = folder};
    if (prove(run, spec, message) < 0)
        return -1;
    recordings_options(spec, &options);
    return recordings_make(replay, spec, &options, run->seed, message);
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
