/* What heapmark doctor found, as one JSON object; docs/doctor.md describes it. */
#include "doctor_output.h"
#include "json_value.h"

static json_t *make_findings(const struct findings *findings, bool *failed)
{
    json_t *all = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *from = &findings->item[i];
        json_t *object = json_object();
        json_value_set(object, "name", json_value_text(from->name), failed);
        json_value_set(object, "severity", json_value_text(severity_word(from->severity)), failed);
        json_value_set(object, "found", json_value_text(from->found), failed);
        json_value_set(object, "effect", json_value_text(from->effect), failed);
        json_value_set(object, "mend", json_value_text(from->mend[0] != '\0' ? from->mend : NULL),
                       failed);
        json_value_append(all, object, failed);
    }
    return all;
}

static json_t *make_looks(const struct self_noise *noise, bool *failed)
{
    json_t *all = json_array();
    for (size_t i = 0; i < noise->look_count; i++) {
        const struct self_noise_look *from = &noise->look[i];
        json_t *object = json_object();
        json_value_set(object, "pairs", json_integer((json_int_t)from->pairs), failed);
        json_value_set(object, "half_width", json_value_number(from->half_width), failed);
        json_value_set(object, "extrapolated", json_boolean(from->extrapolated), failed);
        json_value_append(all, object, failed);
    }
    return all;
}

static json_t *make_flags(const struct noise_flag *flags, bool *failed)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < NOISE_FLAG_COUNT; i++)
        if (flags[i].raised)
            json_value_set(object, noise_flag_word((enum noise_flag_name)i),
                           json_value_number(flags[i].figure), failed);
    return object;
}

static json_t *make_disturbed(const struct doctor_result *result, bool *failed)
{
    json_t *object = json_object();
    json_value_set(object, "trials", json_integer((json_int_t)result->trials), failed);
    json_value_set(object, "disturbed", json_integer((json_int_t)result->disturbed), failed);
    for (unsigned i = 0; i < DISTURBANCE_COUNT; i++)
        json_value_set(object, disturbance_word((enum disturbance)i),
                       json_integer((json_int_t)result->disturbed_by[i]), failed);
    return object;
}

static json_t *make_noise(const struct doctor_result *result, bool *failed)
{
    const struct self_noise *noise = &result->noise;
    json_t *object = json_object();
    if (!result->measured) {
        json_decref(object);
        return json_null();
    }
    json_value_set(object, "allocator", json_value_text(result->allocator), failed);
    json_value_set(object, "workload", json_value_text(result->workload), failed);
    json_value_set(object, "pairs", json_integer((json_int_t)noise->pairs), failed);
    json_value_set(object, "pair_s", json_value_number(noise->pair_s), failed);
    json_value_set(object, "looks", make_looks(noise, failed), failed);
    json_value_set(object, "smallest_change", json_value_number(noise->smallest), failed);
    json_value_set(object, "smallest_change_extrapolated",
                   json_boolean(noise->smallest_extrapolated), failed);
    json_value_set(object, "verdict", json_value_text(verdict_name(&noise->self)), failed);
    json_value_set(object, "flags", make_flags(result->flags, failed), failed);
    json_value_set(object, "trials", make_disturbed(result, failed), failed);
    return object;
}

int doctor_json(FILE *file, const struct doctor_result *result)
{
    bool failed = false;
    json_t *root = json_object();
    json_value_set(root, "host", json_value_text(result->host), &failed);
    json_value_set(root, "kernel", json_value_text(result->kernel), &failed);
    json_value_set(root, "started_ns", json_value_measure(result->started_ns), &failed);
    json_value_set(root, "findings", make_findings(&result->findings, &failed), &failed);
    json_value_set(root, "self_comparison", make_noise(result, &failed), &failed);
    return json_value_write(file, root, JSON_INDENT(2), failed);
}
