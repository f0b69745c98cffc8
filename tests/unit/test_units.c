/* Units: every figure that is typed or shown goes through them. */
#include "units.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef int parse_fn(const char *text, uint64_t *value);

static void parses(parse_fn *parse, const char *text, uint64_t expected)
{
    uint64_t value = 12345;
    if (parse(text, &value) != 0)
        fail_msg("'%s' is refused", text);
    assert_int_equal(value, expected);
}

static void refuses(parse_fn *parse, const char *text, int error)
{
    uint64_t value;
    errno = 0;
    if (parse(text, &value) != -1)
        fail_msg("'%s' is taken", text);
    assert_int_equal(errno, error);
}

static void counts_are_parsed(void **state)
{
    (void)state;
    parses(units_parse_count, "0", 0);
    parses(units_parse_count, "007", 7);
    parses(units_parse_count, "250", 250);
    parses(units_parse_count, "3k", 3000);
    parses(units_parse_count, "3K", 3000);
    parses(units_parse_count, "2M", 2000000);
    parses(units_parse_count, "1g", 1000000000);
    parses(units_parse_count, "18446744073709551615", UINT64_MAX);
    parses(units_parse_count, "18446744T", UINT64_C(18446744000000000000));
    const char *nonsense[] = {"",    "-1", "+1",  " 1",  "1 ",  "1e30", "10^30", "0x10",
                              "1.5", "k",  "1kk", "1ki", "1kB", "one",  "1,0"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
        refuses(units_parse_count, nonsense[i], EINVAL);
    refuses(units_parse_count, "18446744073709551616", ERANGE);
    refuses(units_parse_count, "1000000000000000000000000000000", ERANGE);
    refuses(units_parse_count, "18446745T", ERANGE);
    refuses(units_parse_count, "99999999999999999999x", EINVAL);
}

static void bytes_are_parsed(void **state)
{
    (void)state;
    parses(units_parse_bytes, "10", 10);
    parses(units_parse_bytes, "10B", 10);
    parses(units_parse_bytes, "1k", 1024);
    parses(units_parse_bytes, "1KiB", 1024);
    parses(units_parse_bytes, "1kb", 1024);
    parses(units_parse_bytes, "64Ki", 65536);
    parses(units_parse_bytes, "3M", 3 << 20);
    parses(units_parse_bytes, "2GiB", UINT64_C(2) << 30);
    parses(units_parse_bytes, "1T", UINT64_C(1) << 40);
    refuses(units_parse_bytes, "1iB", EINVAL);
    refuses(units_parse_bytes, "1Bk", EINVAL);
    refuses(units_parse_bytes, "-4k", EINVAL);
    refuses(units_parse_bytes, "16777216T", ERANGE);
    refuses(units_parse_bytes, "18446744073709551615k", ERANGE);
}

static void durations_are_parsed(void **state)
{
    (void)state;
    parses(units_parse_duration, "10", UINT64_C(10000000000));
    parses(units_parse_duration, "0", 0);
    parses(units_parse_duration, "1.5s", 1500000000);
    parses(units_parse_duration, "250ms", 250000000);
    parses(units_parse_duration, "20us", 20000);
    parses(units_parse_duration, "5ns", 5);
    parses(units_parse_duration, "0.25us", 250);
    parses(units_parse_duration, "2m", UINT64_C(120000000000));
    parses(units_parse_duration, "1.5min", UINT64_C(90000000000));
    parses(units_parse_duration, "1h", UINT64_C(3600000000000));
    const char *nonsense[] = {"",    "s",  "-1s", "1.",  ".5", "1.2.3s",
                              "1 s", "1S", "1d",  "1e3", "1ss"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
        refuses(units_parse_duration, nonsense[i], EINVAL);
    refuses(units_parse_duration, "18446744074", ERANGE);
    refuses(units_parse_duration, "99999999999999999999999ns", ERANGE);
}

static void bytes_are_printed(void **state)
{
    char text[UNITS_TEXT_BYTES];
    (void)state;
    assert_string_equal(units_print_bytes(text, 0), "0 B");
    assert_string_equal(units_print_bytes(text, 1), "1 B");
    assert_string_equal(units_print_bytes(text, 1023), "1023 B");
    assert_string_equal(units_print_bytes(text, 1024), "1.00 KiB");
    assert_string_equal(units_print_bytes(text, 1536), "1.50 KiB");
    assert_string_equal(units_print_bytes(text, 10 * 1024 + 52), "10.1 KiB");
    assert_string_equal(units_print_bytes(text, 1024 * 1024 - 1), "1.00 MiB");
    assert_string_equal(units_print_bytes(text, 3 << 19), "1.50 MiB");
    assert_string_equal(units_print_bytes(text, -(3 << 19)), "-1.50 MiB");
    assert_string_equal(units_print_bytes(text, INT64_MAX), "8.00 EiB");
    assert_string_equal(units_print_bytes(text, INT64_MIN), "-8.00 EiB");
}

static void counts_are_printed(void **state)
{
    char text[UNITS_TEXT_BYTES];
    (void)state;
    assert_string_equal(units_print_count(text, 0), "0");
    assert_string_equal(units_print_count(text, 7), "7");
    assert_string_equal(units_print_count(text, 999), "999");
    assert_string_equal(units_print_count(text, 999.6), "1.00 k");
    assert_string_equal(units_print_count(text, 12345678), "12.3 M");
    assert_string_equal(units_print_count(text, -2500), "-2.50 k");
    assert_string_equal(units_print_count(text, 1.5), "1.50");
    assert_string_equal(units_print_count(text, 0.5), "0.500");
    assert_string_equal(units_print_count(text, 0.0123), "0.0123");
    assert_string_equal(units_print_count(text, 0.9999), "1.00");
    assert_string_equal(units_print_count(text, (double)NAN), "n/a");
    assert_true(strlen(units_print_count(text, 1e300)) < UNITS_TEXT_BYTES);
    assert_true(strlen(units_print_count(text, 1e-300)) < UNITS_TEXT_BYTES);
    assert_true(strlen(units_print_count(text, -(double)INFINITY)) < UNITS_TEXT_BYTES);
}

static void durations_are_printed(void **state)
{
    char text[UNITS_TEXT_BYTES];
    (void)state;
    assert_string_equal(units_print_duration(text, 0), "0 ns");
    assert_string_equal(units_print_duration(text, 999), "999 ns");
    assert_string_equal(units_print_duration(text, 1000), "1.00 us");
    assert_string_equal(units_print_duration(text, 4200000), "4.20 ms");
    assert_string_equal(units_print_duration(text, 999999), "1.00 ms");
    assert_string_equal(units_print_duration(text, INT64_C(12340000000)), "12.3 s");
    assert_string_equal(units_print_duration(text, INT64_C(90000000000)), "1.50 min");
    assert_string_equal(units_print_duration(text, INT64_C(7200000000000)), "2.00 h");
    assert_string_equal(units_print_duration(text, -4200000), "-4.20 ms");
    assert_true(strlen(units_print_duration(text, INT64_MIN)) < UNITS_TEXT_BYTES);
}

static void decimals_are_appended(void **state)
{
    char text[UNITS_TEXT_BYTES] = "..............................";
    (void)state;
    char *end = units_append_decimal(text, UINT64_MAX);
    *end = '\0';
    assert_string_equal(text, "18446744073709551615");
    end = units_append_decimal(text, 0);
    *end = '\0';
    assert_string_equal(text, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_parsed),     cmocka_unit_test(bytes_are_parsed),
        cmocka_unit_test(durations_are_parsed),  cmocka_unit_test(bytes_are_printed),
        cmocka_unit_test(counts_are_printed),    cmocka_unit_test(durations_are_printed),
        cmocka_unit_test(decimals_are_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
