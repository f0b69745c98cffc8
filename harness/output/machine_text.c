/* The machine of a run in words; see machine_text.h. */
#include "machine_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

char *machine_words(const struct run *run, char *text)
{
    static const struct {
        const char *fact, *before, *after;
    } parts[] = {
        {"cpu",    "",       ""     },
        {"cpus",   "",       " CPUs"},
        {"kernel", "Linux ", ""     },
        {"libc",   "glibc ", ""     },
    };
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *value = run_find_fact(run, parts[i].fact);
        if (value != NULL && used < MACHINE_WORDS_BYTES)
            used += (size_t)snprintf(text + used, MACHINE_WORDS_BYTES - used, "%s%s%.100s%s",
                                     used > 0 ? ", " : "", parts[i].before, value, parts[i].after);
    }
    return text;
}

static size_t print_warnings(struct stream *stream, const struct run *run)
{
    static const char warning[] = "warning: ";
    const size_t prefix = strlen(FACT_DOCTOR_PREFIX), length = strlen(warning);
    size_t count = 0;
    for (size_t i = 0; i < run->fact_count; i++) {
        const struct fact *fact = &run->facts[i];
        if (strncmp(fact->name, FACT_DOCTOR_PREFIX, prefix) != 0 ||
            strncmp(fact->value, warning, length) != 0)
            continue;
        if (count++ == 0)
            stream_print(stream, "disturbing when the run began ('heapmark doctor' says more)\n");
        stream_print(stream, "    ");
        stream_line_text(stream, fact->name + prefix);
        stream_print(stream, ": ");
        stream_line_text(stream, fact->value + length);
        stream_print(stream, "\n");
    }
    return count;
}

static bool print_noise(struct stream *stream, const struct run *run)
{
    const char *half_width = run_find_fact(run, FACT_NOISE_HALF_WIDTH);
    const char *seconds = run_find_fact(run, FACT_NOISE_SECONDS);
    const char *smallest = run_find_fact(run, FACT_NOISE_SMALLEST);
    const char *measured = run_find_fact(run, FACT_NOISE_MEASURED_NS);
    char when[32] = "some time";
    struct tm local;
    if (half_width == NULL || seconds == NULL)
        return false;
    time_t time = measured != NULL ? (time_t)(strtoll(measured, NULL, 10) / 1000000000) : 0;
    if (time > 0 && localtime_r(&time, &local) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
    stream_print(stream,
                 "noise of the machine: an allocator compared with itself for %.0f s, interval "
                 "+-%.2f %%",
                 strtod(seconds, NULL), 100 * strtod(half_width, NULL));
    if (smallest != NULL)
        stream_print(stream, ", smallest change\n    shown %.2f %%", 100 * strtod(smallest, NULL));
    stream_print(stream, " (doctor, %s)\n", when);
    return true;
}

void machine_text(struct stream *stream, const struct run *run)
{
    size_t warnings = print_warnings(stream, run);
    if (print_noise(stream, run) || warnings > 0)
        stream_print(stream, "\n");
}
