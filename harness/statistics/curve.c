/* Finds the curves of a run; see curve.h. */
#include "curve.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "NAME=VALUE" within the parameters of a workload. */
struct assignment {
    const char *name, *value;
    size_t name_length, value_length;
};

/* Reads the assignment at `text`; returns where the next one begins, or NULL behind the last. A
 * piece without '=' has a name only. */
static const char *next_assignment(const char *text, struct assignment *found)
{
    size_t length = strcspn(text, ",");
    const char *equals = memchr(text, '=', length);
    found->name = text;
    found->name_length = equals != NULL ? (size_t)(equals - text) : length;
    found->value = equals != NULL ? equals + 1 : text + length;
    found->value_length = (size_t)(text + length - found->value);
    return text[length] == ',' ? text + length + 1 : NULL;
}

static bool same_name(const struct assignment *a, const struct assignment *b)
{
    return a->name_length == b->name_length && memcmp(a->name, b->name, a->name_length) == 0;
}

static bool same_value(const struct assignment *a, const struct assignment *b)
{
    return a->value_length == b->value_length && memcmp(a->value, b->value, a->value_length) == 0;
}

static bool is_number(const struct assignment *found)
{
    for (size_t i = 0; i < found->value_length; i++)
        if (!isdigit((unsigned char)found->value[i]))
            return false;
    return found->value_length > 0 && found->value_length < CURVE_TEXT_BYTES;
}

static bool find_assignment(const struct workload_spec *spec, const struct assignment *like,
                            struct assignment *found)
{
    for (const char *text = spec->params; text != NULL && text[0] != '\0';) {
        text = next_assignment(text, found);
        if (same_name(found, like))
            return true;
    }
    return false;
}

static bool same_workload(const struct workload_spec *a, const struct workload_spec *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

/* Whether they differ in nothing but `param`. Parameters are spelt out in full and in the order of
 * the workload's table, so that they can be walked side by side. */
static bool alike_but_for(const struct workload_spec *a, const struct workload_spec *b,
                          const struct assignment *param)
{
    const char *left = a->params, *right = b->params;
    if (!same_workload(a, b))
        return false;
    while (left != NULL && right != NULL) {
        struct assignment l, r;
        left = next_assignment(left, &l);
        right = next_assignment(right, &r);
        if (!same_name(&l, &r) || (!same_value(&l, &r) && !same_name(&l, param)))
            return false;
    }
    return left == NULL && right == NULL;
}

/* ---- what is made of a group -------------------------------------------------------- */

static int by_value(const void *left, const void *right)
{
    const struct curve_point *a = left, *b = right;
    return (a->value > b->value) - (a->value < b->value);
}

/* 65536 is 64k in sizes; whether they are sizes shows in the figures alone. */
static void spell(struct curve *curve)
{
    static const char suffixes[] = "kMGT";
    bool bytes = true;
    for (size_t i = 0; i < curve->count; i++)
        if (curve->points[i].value >= 1024 && fmod(curve->points[i].value, 1024) > 0)
            bytes = false;
    for (size_t i = 0; i < curve->count; i++) {
        double value = curve->points[i].value, step = bytes ? 1024 : 1000;
        char suffix[2] = "";
        for (size_t s = 0; s + 1 < sizeof suffixes && value >= step && fmod(value, step) <= 0;
             s++) {
            value /= step;
            suffix[0] = suffixes[s];
        }
        snprintf(curve->points[i].text, CURVE_TEXT_BYTES, "%.0f%s", value, suffix);
    }
}

/* The largest share of an axis that lies between two neighbours. */
static double largest_gap(const struct curve_point *points, size_t count, bool logarithmic)
{
    double largest = 0, first = points[0].value, last = points[count - 1].value;
    double whole = logarithmic ? log(last / first) : last - first;
    for (size_t i = 1; i < count; i++) {
        double low = points[i - 1].value, high = points[i].value;
        double gap = (logarithmic ? log(high / low) : high - low) / whole;
        largest = gap > largest ? gap : largest;
    }
    return largest;
}

/* The axis on which the values stand more evenly. Zero has a place on a logarithmic one, too: a
 * step before the others. */
static void place(struct curve *curve)
{
    struct curve_point *points = curve->points;
    size_t zeros = points[0].value <= 0, positive = curve->count - zeros;
    curve->logarithmic =
        positive >= 2 && (points[curve->count - 1].value >= 4 * points[zeros].value) &&
        largest_gap(points + zeros, positive, true) < largest_gap(points, curve->count, false);
    for (size_t i = zeros; i < curve->count; i++)
        points[i].x = curve->logarithmic ? log2(points[i].value) : points[i].value;
    if (zeros > 0)
        points[0].x =
            curve->logarithmic
                ? points[1].x - (points[curve->count - 1].x - points[1].x) / (double)(positive - 1)
                : 0;
}

/* app.hmt of any folder is app. */
static char *short_name(const struct workload_spec *spec)
{
    const char *slash = strrchr(spec->name, '/');
    const char *base = spec->kind == WORKLOAD_RECORDED && slash != NULL ? slash + 1 : spec->name;
    const char *dot = spec->kind == WORKLOAD_RECORDED ? strrchr(base, '.') : NULL;
    return dot != NULL && dot != base ? strndup(base, (size_t)(dot - base)) : strdup(base);
}

static bool varies(const struct run *run, const struct workload_spec *spec,
                   const struct assignment *param)
{
    struct assignment other;
    for (size_t w = 0; w < run->workload_count; w++)
        if (same_workload(&run->workloads[w], spec) &&
            find_assignment(&run->workloads[w], param, &other) && !same_value(&other, param))
            return true;
    return false;
}

static char *fixed_text(const struct run *run, const struct workload_spec *spec,
                        const struct assignment *param)
{
    char *text = NULL;
    size_t bytes = 0, written = 0;
    FILE *words = open_memstream(&text, &bytes);
    if (words == NULL)
        return NULL;
    for (const char *rest = spec->params; rest != NULL && rest[0] != '\0';) {
        struct assignment found;
        rest = next_assignment(rest, &found);
        if (same_name(&found, param) || !varies(run, spec, &found))
            continue;
        fprintf(words, "%s%.*s=%.*s", written++ > 0 ? "," : "", (int)found.name_length, found.name,
                (int)found.value_length, found.value);
    }
    if (fclose(words) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- groups -------------------------------------------------------------------------- */

/* Whether `value` stands among the points already: the same workload under another label. */
static bool has_value(const struct curve *curve, double value)
{
    for (size_t i = 0; i < curve->count; i++)
        if (fabs(curve->points[i].value - value) <= 0)
            return true;
    return false;
}

static int finish(struct curve *curve, const struct run *run, const struct workload_spec *spec,
                  const struct assignment *param)
{
    qsort(curve->points, curve->count, sizeof *curve->points, by_value);
    spell(curve);
    place(curve);
    curve->name = short_name(spec);
    curve->param = strndup(param->name, param->name_length);
    curve->fixed = fixed_text(run, spec, param);
    curve->threads = curve->param != NULL && strcmp(curve->param, "threads") == 0;
    return curve->name != NULL && curve->param != NULL && curve->fixed != NULL ? 0 : -1;
}

/* The curve along `param` that begins with workload `first`; count is 0 when there is none, or an
 * earlier workload is on it. */
static int gather(struct curve *curve, const struct run *run, size_t first,
                  const struct assignment *param)
{
    const struct workload_spec *spec = &run->workloads[first];
    *curve = (struct curve){.points = calloc(run->workload_count, sizeof *curve->points)};
    if (curve->points == NULL)
        return -1;
    for (size_t w = 0; w < run->workload_count; w++) {
        struct assignment found;
        if (!alike_but_for(&run->workloads[w], spec, param) ||
            !find_assignment(&run->workloads[w], param, &found) || !is_number(&found))
            continue;
        if (w < first) {
            curve->count = 0;
            break;
        }
        double value = strtod(found.value, NULL);
        if (!has_value(curve, value))
            curve->points[curve->count++] = (struct curve_point){.workload = w, .value = value};
    }
    if (curve->count >= CURVE_POINTS_MINIMUM)
        return finish(curve, run, spec, param);
    free(curve->points);
    *curve = (struct curve){0};
    return 0;
}

static int add_curves_of(struct curve_list *list, const struct run *run, size_t first)
{
    for (const char *rest = run->workloads[first].params; rest != NULL && rest[0] != '\0';) {
        struct assignment param;
        rest = next_assignment(rest, &param);
        if (!is_number(&param))
            continue;
        struct curve *curves = realloc(list->curves, (list->count + 1) * sizeof *curves);
        if (curves == NULL)
            return -1;
        list->curves = curves;
        if (gather(&curves[list->count], run, first, &param) < 0) {
            list->count++; /* for the release */
            return -1;
        }
        list->count += curves[list->count].count > 0;
    }
    return 0;
}

int curve_list_make(struct curve_list *list, const struct run *run)
{
    *list = (struct curve_list){0};
    for (size_t w = 0; w < run->workload_count; w++)
        if (add_curves_of(list, run, w) < 0) {
            errno = ENOMEM;
            return -1;
        }
    return 0;
}

void curve_list_release(struct curve_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->curves[i].name);
        free(list->curves[i].param);
        free(list->curves[i].fixed);
        free(list->curves[i].points);
    }
    free(list->curves);
    *list = (struct curve_list){0};
}
