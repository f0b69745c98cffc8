/*
 * Values for jansson that hold what our data promise: finite numbers or null, valid UTF-8.
 */
#ifndef HEAPMARK_JSON_VALUE_H
#define HEAPMARK_JSON_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Each returns a new reference, or NULL when memory is short. */
json_t *json_value_text(const char *text); /* NULL: null; else cleaned */
json_t *json_value_number(double value);   /* not finite: null */
json_t *json_value_measure(int64_t value); /* MEASURE_NONE: null */
json_t *json_value_unsigned(
    uint64_t value); /* decimal digits in a string: more bits than JSON readers keep */

/* Sets a key (a plain ASCII one) and takes over `value`, as json_object_set_new does; notes in
 * `*failed` when either is NULL or memory is short. */
void json_value_set(json_t *object, const char *key, json_t *value, bool *failed);
void json_value_append(json_t *array, json_t *value, bool *failed);

/* Writes the tree with a line end after it and lets go of it. Returns 0, or -1 with errno; `failed`
 * says that the tree is not whole, for want of memory. */
int json_value_write(FILE *file, json_t *root, size_t flags, bool failed);

#endif
