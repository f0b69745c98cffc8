/*
 * The numbers of a study: a row an allocator and moment, as text, CSV (RFC 4180) or JSON.
 */
#ifndef HEAPMARK_MAP_OUTPUT_H
#define HEAPMARK_MAP_OUTPUT_H

#include "map_study.h"

#include <stdio.h>

/* Each returns 0, or -1 with errno when the stream failed. Series without maps are left out. */
typedef int map_output_fn(FILE *stream, const struct map_study *study);

map_output_fn map_output_text;
map_output_fn map_output_csv;
map_output_fn map_output_json;

/* The function of that format, or NULL. */
map_output_fn *map_output_find(const char *format);

#endif
