/* Parses and prints figures by hand, so that the runner can use it too; see units.h. */
#include "units.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define PER_SECOND_NS UINT64_C(1000000000)

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit byte_units[] = {
    {"B",   1                },
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {"PiB", UINT64_C(1) << 50},
    {"EiB", UINT64_C(1) << 60},
};
static const struct unit time_units[] = {
    {"ns",  1                   },
    {"us",  1000                },
    {"ms",  1000000             },
    {"s",   PER_SECOND_NS       },
    {"min", 60 * PER_SECOND_NS  },
    {"h",   3600 * PER_SECOND_NS},
};
/* As typed in a duration; "m" is a minute there. */
static const struct unit duration_suffixes[] = {
    {"",    PER_SECOND_NS       },
    {"s",   PER_SECOND_NS       },
    {"ms",  1000000             },
    {"us",  1000                },
    {"ns",  1                   },
    {"m",   60 * PER_SECOND_NS  },
    {"min", 60 * PER_SECOND_NS  },
    {"h",   3600 * PER_SECOND_NS},
};

enum {
    BYTE_UNITS = sizeof byte_units / sizeof byte_units[0],
    TIME_UNITS = sizeof time_units / sizeof time_units[0],
    DURATION_SUFFIXES = sizeof duration_suffixes / sizeof duration_suffixes[0],
};

static int fail(int error)
{
    errno = error;
    return -1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at *text, which is moved behind them; at least one is needed. */
static int take_digits(const char **text, uint64_t *value)
{
    uint64_t sum = 0;
    bool over = false;
    if (!is_digit(**text))
        return fail(EINVAL);
    for (; is_digit(**text); (*text)++) {
        unsigned digit = (unsigned)(**text - '0');
        over |= sum > (UINT64_MAX - digit) / 10;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return over ? fail(ERANGE) : 0;
}

/* ---- parsing ---------------------------------------------------------------- */

static int parse_scaled(const char *text, uint64_t step, bool bytes, uint64_t *value)
{
    static const char letters[] = "kmgt";
    uint64_t number, factor = 1;
    bool over = false;
    if (take_digits(&text, &number) < 0) {
        if (errno != ERANGE)
            return -1;
        over = true; /* trailing text is the graver mistake and is looked for first */
    }
    const char *letter =
        *text != '\0' ? memchr(letters, *text | ('a' ^ 'A'), sizeof letters - 1) : NULL;
    if (letter != NULL) {
        for (const char *l = letters; l <= letter; l++)
            factor *= step;
        text++;
        if (bytes && *text == 'i')
            text++;
    }
    if (bytes && (*text == 'B' || *text == 'b'))
        text++;
    if (*text != '\0')
        return fail(EINVAL);
    if (over || number > UINT64_MAX / factor)
        return fail(ERANGE);
    *value = number * factor;
    return 0;
}

int units_parse_count(const char *text, uint64_t *value)
{
    return parse_scaled(text, 1000, false, value);
}

int units_parse_bytes(const char *text, uint64_t *bytes)
{
    return parse_scaled(text, 1024, true, bytes);
}

/* ".25" of a unit, as ns; digits beyond the ninth are dropped. */
static int take_fraction(const char **text, uint64_t factor, uint64_t *ns)
{
    uint64_t numerator = 0, denominator = 1;
    *ns = 0;
    if (**text != '.')
        return 0;
    (*text)++;
    if (!is_digit(**text))
        return fail(EINVAL);
    for (; is_digit(**text); (*text)++) {
        if (denominator < PER_SECOND_NS) {
            numerator = numerator * 10 + (unsigned)(**text - '0');
            denominator *= 10;
        }
    }
    *ns = (uint64_t)((unsigned __int128)numerator * factor / denominator);
    return 0;
}

int units_parse_duration(const char *text, uint64_t *ns)
{
    uint64_t whole, fraction;
    bool over = false;
    if (take_digits(&text, &whole) < 0) {
        if (errno != ERANGE)
            return -1;
        over = true;
    }
    const char *suffix = text + strspn(text, ".0123456789");
    for (int i = 0; i < DURATION_SUFFIXES; i++) {
        const struct unit *unit = &duration_suffixes[i];
        if (strcmp(suffix, unit->name) != 0)
            continue;
        if (take_fraction(&text, unit->factor, &fraction) < 0)
            return -1;
        if (text != suffix)
            return fail(EINVAL); /* "1.2.3" */
        if (over || whole > (UINT64_MAX - fraction) / unit->factor)
            return fail(ERANGE);
        *ns = whole * unit->factor + fraction;
        return 0;
    }
    return fail(EINVAL);
}

/* ---- printing --------------------------------------------------------------- */

char *units_append_decimal(char *text, uint64_t value)
{
    char digits[20];
    int count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (count > 0)
        *text++ = digits[--count];
    return text;
}

/* value / 10^decimals, without a terminator. */
static char *append_fixed(char *text, uint64_t value, int decimals)
{
    uint64_t power = 1;
    for (int i = 0; i < decimals; i++)
        power *= 10;
    text = units_append_decimal(text, value / power);
    if (decimals == 0)
        return text;
    *text++ = '.';
    for (value %= power; power > 1; value %= power) {
        power /= 10;
        *text++ = (char)('0' + value / power);
    }
    return text;
}

static uint64_t rounded(uint64_t value, uint64_t factor, unsigned scale)
{
    return (uint64_t)(((unsigned __int128)value * scale + factor / 2) / factor);
}

/* Three significant digits of value / factor. */
static char *append_ratio(char *text, uint64_t value, uint64_t factor)
{
    if (factor == 1)
        return units_append_decimal(text, value);
    if (rounded(value, factor, 100) < 1000)
        return append_fixed(text, rounded(value, factor, 100), 2);
    if (rounded(value, factor, 10) < 1000)
        return append_fixed(text, rounded(value, factor, 10), 1);
    return append_fixed(text, rounded(value, factor, 1), 0);
}

static char *print_in_units(char *text, int64_t value, const struct unit *units, int count)
{
    char *end = text;
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int i = 0;
    if (value < 0)
        *end++ = '-';
    /* The next unit is taken when this one would print as a whole one of it: 1.00 ms, never
     * 1000 us. */
    while (i + 1 < count &&
           rounded(size, units[i].factor, 1) >= units[i + 1].factor / units[i].factor)
        i++;
    end = append_ratio(end, size, units[i].factor);
    *end++ = ' ';
    memcpy(end, units[i].name, strlen(units[i].name) + 1);
    return text;
}

char *units_print_bytes(char *text, int64_t bytes)
{
    return print_in_units(text, bytes, byte_units, BYTE_UNITS);
}

char *units_print_duration(char *text, int64_t ns)
{
    return print_in_units(text, ns, time_units, TIME_UNITS);
}

/* Below 1: three significant digits, at most nine decimals. */
static char *append_fraction(char *end, double count)
{
    int decimals = 3;
    double scaled = count * 1000;
    while (decimals < 9 && scaled < 99.95) {
        scaled *= 10;
        decimals++;
    }
    return append_fixed(end, (uint64_t)(scaled + 0.5), decimals);
}

char *units_print_count(char *text, double count)
{
    static const char suffixes[] = "\0kMGTPE";
    char *end = text;
    size_t i = 0;
    if (!isfinite(count))
        return memcpy(text, isnan(count) ? "n/a" : count < 0 ? "-oo" : "+oo", sizeof "n/a");
    if (count < 0) {
        *end++ = '-';
        count = -count;
    }
    while (i + 2 < sizeof suffixes && count >= 999.5) {
        count /= 1000;
        i++;
    }
    if (count >= 1e15) /* beyond any figure of ours; what fits the text is kept */
        count = 1e15;
    if (i == 0 && count == (double)(uint64_t)count)
        end = units_append_decimal(end, (uint64_t)count);
    else if (count < 0.9995)
        end = append_fraction(end, count);
    else
        end = append_ratio(end, (uint64_t)(count * 1e6 + 0.5), 1000000);
    if (i > 0) {
        *end++ = ' ';
        *end++ = suffixes[i];
    }
    *end = '\0';
    return text;
}
