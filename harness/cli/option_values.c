/* Values of options; see option_values.h. */
#include "option_values.h"

#include "units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LIMIT_MAXIMUM_NS UINT64_C(604800000000000) /* a week */

void option_word(struct word_list *list, const char *word, const struct argp_state *state)
{
    const char **words = realloc(list->words, (list->count + 1) * sizeof *words);
    if (words == NULL)
        argp_failure(state, argp_err_exit_status, ENOMEM, "cannot take the option");
    list->words = words;
    words[list->count++] = word;
}

uint64_t option_count(const char *text, const char *option, uint64_t minimum, uint64_t maximum,
                      const struct argp_state *state)
{
    uint64_t value = 0;
    if (units_parse_count(text, &value) < 0 || value < minimum || value > maximum)
        argp_failure(state, argp_err_exit_status, 0, "%s %s: give a whole number from %llu to %llu",
                     option, text, (unsigned long long)minimum, (unsigned long long)maximum);
    return value;
}

int64_t option_duration(const char *text, const char *option, uint64_t minimum,
                        const struct argp_state *state)
{
    uint64_t value = 0;
    if (units_parse_duration(text, &value) < 0 || value > TIME_LIMIT_MAXIMUM_NS ||
        (value != 0 && value < minimum))
        argp_failure(state, argp_err_exit_status, 0,
                     "%s %s: give a time such as 500us, 10ms, 2s or 5m (100us to a week)", option,
                     text);
    return (int64_t)value;
}

int64_t option_bytes(const char *text, const char *option, const struct argp_state *state)
{
    uint64_t value = 0;
    if (units_parse_bytes(text, &value) < 0 || value > INT64_MAX)
        argp_failure(state, argp_err_exit_status, 0, "%s %s: give a size such as 512M or 4G",
                     option, text);
    return (int64_t)value;
}

double option_percent(const char *text, const char *option, enum option_zero zero,
                      const struct argp_state *state)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end == '%')
        end++;
    bool enough = value > 0 || (zero == OPTION_ZERO_TOO && value == 0);
    if (errno != 0 || end == text || *end != '\0' || !enough || value >= 100)
        argp_failure(state, argp_err_exit_status, 0,
                     "%s %s: give a percentage %s and below 100, such as 2%%", option, text,
                     zero == OPTION_ZERO_TOO ? "of at least 0" : "above 0");
    return value / 100;
}

void option_for_words(const char *list, const struct argp_state *state,
                      void (*take)(char *word, const struct argp_state *state))
{
    char *copy = strdup(list), *rest = copy, *word;
    if (copy == NULL)
        argp_failure(state, argp_err_exit_status, ENOMEM, "cannot take the option");
    while ((word = strsep(&rest, ",")) != NULL)
        take(word, state);
    free(copy);
}
