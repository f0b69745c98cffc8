/* The machine of a comparison, in one line; see compare_words.h. */
#include "compare_words.h"

#include "machine_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((size_t)COMPARE_WORDS_BYTES >= (size_t)MACHINE_WORDS_BYTES, "room for the machine");
static const char warning[] = "warning: ", note[] = "note: ";

__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, COMPARE_WORDS_BYTES - used, format, arguments);
    va_end(arguments);
}

static void append_noise(char *text, const struct run *run)
{
    const char *half_width = run_find_fact(run, FACT_NOISE_HALF_WIDTH);
    const char *seconds = run_find_fact(run, FACT_NOISE_SECONDS);
    const char *smallest = run_find_fact(run, FACT_NOISE_SMALLEST);
    append(text, ". Noise floor: ");
    if (half_width == NULL || seconds == NULL) {
        append(text, "not measured here (heapmark doctor does)");
        return;
    }
    append(text, "+-%.2f %% in %.0f s of an allocator against itself",
           100 * strtod(half_width, NULL), strtod(seconds, NULL));
    if (smallest != NULL)
        append(text, ", smallest change shown %.2f %%", 100 * strtod(smallest, NULL));
}

static void append_warnings(char *text, const struct run *run)
{
    const size_t prefix = strlen(FACT_DOCTOR_PREFIX);
    const char *before = ". Disturbing: ";
    for (size_t i = 0; i < run->fact_count; i++) {
        const struct fact *fact = &run->facts[i];
        if (strncmp(fact->name, FACT_DOCTOR_PREFIX, prefix) != 0 ||
            strncmp(fact->value, warning, strlen(warning)) != 0)
            continue;
        append(text, "%s%s (%.60s)", before, fact->name + prefix, fact->value + strlen(warning));
        before = ", ";
    }
}

char *compare_words_machine(const struct run *run, char *text)
{
    const char *guest = run_find_fact(run, FACT_DOCTOR_PREFIX "virtual");
    if (machine_words(run, text)[0] == '\0')
        return text;
    if (guest != NULL && strncmp(guest, note, strlen(note)) == 0)
        append(text, ", %.80s", guest + strlen(note));
    append_noise(text, run);
    append_warnings(text, run);
    append(text, ".");
    return text;
}
