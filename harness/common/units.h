/*
 * Units: the one place where figures are parsed from text and printed for people.
 *
 * Shared by the harness and the runner, hence no stdio and no allocation.
 */
#ifndef HEAPMARK_UNITS_H
#define HEAPMARK_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNITS_TEXT_BYTES = 32 }; /* enough for anything printed below */

/* Parse a whole number with an optional suffix k, M, G, T (either case): powers of 1000, for
 * bytes of 1024 (KiB, MiB, B and so on are taken too). Returns 0, or -1 with errno EINVAL (not
 * a number, trailing text, negative) or ERANGE (over UINT64_MAX). */
int units_parse_count(const char *text, uint64_t *value);
int units_parse_bytes(const char *text, uint64_t *bytes);
/* "10", "1.5s", "250ms", "20us", "5ns", "2m", "1h"; a bare number counts seconds. As above. */
int units_parse_duration(const char *text, uint64_t *ns);

/* Print into `text` (UNITS_TEXT_BYTES of it) and return it. Three significant digits. */
char *units_print_bytes(char *text, int64_t bytes); /* "1.50 MiB" */
char *units_print_count(char *text, double count);  /* "12.3 M" */
char *units_print_duration(char *text, int64_t ns); /* "4.20 ms" */

/* Appends decimal digits of `value` at `text` and returns the new end; no terminator. */
char *units_append_decimal(char *text, uint64_t value);

#endif
