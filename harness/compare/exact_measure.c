/* Measures that repeat; see the header. */
#include "exact_measure.h"

#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct exact_measure exact_measures[EXACT_MEASURE_COUNT] = {
#define X(name, word, pass, bytes, percent, units, help) \
    {word, help, PASS_##pass, bytes, percent, units},
    EXACT_MEASURES(X)
#undef X
};

int exact_measure_find(const char *word)
{
    for (int m = 0; m < EXACT_MEASURE_COUNT; m++)
        if (strcmp(exact_measures[m].word, word) == 0)
            return m;
    return -1;
}

static int64_t syscalls(const struct trial_record *trial)
{
    int64_t sum = 0;
    if (!trial->syscalls.counted)
        return MEASURE_NONE;
#define X(name) sum += trial->syscalls.name;
    SYSCALL_MEASURES(X)
#undef X
    return sum;
}

int64_t exact_measure_value(enum exact_measure_name name, const struct trial_record *trial)
{
    const struct checkpoint_record *end = &trial->checkpoints[CHECKPOINT_END];
    if (trial->status != STATUS_OK || trial->key.pass != exact_measures[name].pass)
        return MEASURE_NONE;
    switch (name) {
    case EXACT_INSTRUCTIONS:
        return trial->instructions;
    case EXACT_SYSCALLS:
        return syscalls(trial);
    case EXACT_USABLE:
        return trial->live_peak_usable_bytes;
    case EXACT_FREE:
        return end->reached ? end->heap_free_bytes : MEASURE_NONE;
    case EXACT_PSS:
        return end->reached ? end->pss_anon_bytes : MEASURE_NONE;
    case EXACT_FAULTS:
        return trial->minor_faults;
    case EXACT_MEASURE_COUNT:
        break;
    }
    return MEASURE_NONE;
}

void exact_values_add(struct exact_values *values, int64_t value)
{
    size_t at = 0;
    while (at < values->count && values->value[at] < value)
        at++;
    if (value == MEASURE_NONE || (at < values->count && values->value[at] == value))
        return;
    if (values->count == EXACT_VALUES_MAXIMUM) {
        if (at == 0 || at == values->count)
            values->value[at == 0 ? 0 : at - 1] = value;
        return;
    }
    memmove(&values->value[at + 1], &values->value[at],
            (values->count - at) * sizeof values->value[0]);
    values->value[at] = value;
    values->count++;
}

static void print_one(enum exact_measure_name name, int64_t value, char text[UNITS_TEXT_BYTES])
{
    if (exact_measures[name].bytes)
        units_print_bytes(text, value);
    else
        snprintf(text, UNITS_TEXT_BYTES, "%" PRId64, value);
}

char *exact_values_print(enum exact_measure_name name, const struct exact_values *values,
                         char *text)
{
    char least[UNITS_TEXT_BYTES], greatest[UNITS_TEXT_BYTES];
    snprintf(text, EXACT_VALUE_BYTES, "n/a");
    if (values->count == 0)
        return text;
    print_one(name, values->value[0], least);
    print_one(name, values->value[values->count - 1], greatest);
    if (strcmp(least, greatest) == 0)
        snprintf(text, EXACT_VALUE_BYTES, "%s", least);
    else
        snprintf(text, EXACT_VALUE_BYTES, "%s to %s", least, greatest);
    return text;
}
