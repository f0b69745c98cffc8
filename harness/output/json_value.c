/* Values for jansson; see json_value.h. */
#include "json_value.h"

#include "measures.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

json_t *json_value_text(const char *text)
{
    if (text == NULL)
        return json_null();
    char *clean = utf8_clean(text);
    json_t *value = clean == NULL ? NULL : json_string(clean);
    free(clean);
    return value;
}

json_t *json_value_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_value_measure(int64_t value)
{
    return value == MEASURE_NONE ? json_null() : json_integer(value);
}

json_t *json_value_unsigned(uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return json_string(text);
}

void json_value_set(json_t *object, const char *key, json_t *value, bool *failed)
{
    if (json_object_set_new(object, key, value) != 0)
        *failed = true;
}

void json_value_append(json_t *array, json_t *value, bool *failed)
{
    if (json_array_append_new(array, value) != 0)
        *failed = true;
}

int json_value_write(FILE *file, json_t *root, size_t flags, bool failed)
{
    /* Ten digits are more than any estimate has; 0.1 stays 0.1. */
    int result = -1;
    if (failed || root == NULL)
        errno = ENOMEM;
    else if (json_dumpf(root, file, flags | JSON_REAL_PRECISION(10)) == 0 &&
             fputc('\n', file) != EOF && fflush(file) == 0)
        result = 0;
    int error = errno;
    json_decref(root);
    errno = error != 0 ? error : EIO;
    return result;
}
