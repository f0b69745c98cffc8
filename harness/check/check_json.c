/* The results as JSON: an object a test and allocator, and the allocators with their files. */
#include "check_output.h"
#include "json_value.h"

static json_t *make_allocator(const struct allocator *allocator, bool *failed)
{
    json_t *object = json_object();
    json_value_set(object, "name", json_value_text(allocator->name), failed);
    json_value_set(object, "file", json_value_text(allocator->file), failed);
    json_value_set(object, "version", json_value_text(allocator->version), failed);
    json_value_set(object, "sha256", json_value_text(allocator->sha256), failed);
    return object;
}

static json_t *make_result(const struct check_table *table, size_t a, size_t t, bool *failed)
{
    const struct check_result *result = check_table_at(table, a, t);
    const struct check_test *test = &table->catalog->tests[t];
    json_t *object = json_object();
    json_value_set(object, "allocator", json_value_text(table->run->allocators[a].name), failed);
    json_value_set(object, "group", json_value_text(test->group), failed);
    json_value_set(object, "test", json_value_text(test->name), failed);
    json_value_set(object, "summary", json_value_text(test->summary), failed);
    json_value_set(object, "outcome", json_value_text(check_outcome_word(result->outcome)), failed);
    json_value_set(object, "reason", json_value_text(result->reason), failed);
    json_value_set(object, "failure", json_boolean(check_outcome_is_bad(result->outcome)), failed);
    json_value_set(object, "unexpected_pass", json_boolean(result->unexpected_pass), failed);
    json_value_set(object, "took_ns", json_value_measure(result->took_ns), failed);
    return object;
}

int check_output_json(FILE *file, const struct check_report *report)
{
    const struct check_table *table = report->table;
    bool failed = false;
    json_t *root = json_object(), *allocators = json_array(), *results = json_array();
    for (size_t a = 0; a < table->run->allocator_count; a++) {
        json_value_append(allocators, make_allocator(&table->run->allocators[a], &failed), &failed);
        for (size_t t = 0; t < table->catalog->count; t++)
            json_value_append(results, make_result(table, a, t, &failed), &failed);
    }
    json_value_set(root, "allocators", allocators, &failed);
    json_value_set(root, "results", results, &failed);
    return json_value_write(file, root, JSON_INDENT(1), failed);
}
