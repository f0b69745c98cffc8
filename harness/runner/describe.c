/* What the runner says of itself; see describe.h. */
#include "describe.h"

#include "malloc_owner.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 4096, ALIGNMENT = 64, PROBE_BYTES = 100, PROBE_GROWN_BYTES = 5000 };

static void add_fields(struct text *text, const char *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_add(text, i > 0 ? "\t" : "");
        text_add(text, fields[i]);
    }
}

static void add_number_field(struct text *text, uint64_t number)
{
    text_add(text, "\t");
    text_add_number(text, number);
}

static void describe_param(struct text *text, const struct param *param)
{
    static const char *const kinds[] = {
        [PARAM_COUNT] = "count", [PARAM_BYTES] = "bytes", [PARAM_CHOICE] = "choice"};
    const char *fields[] = {"param", param->name, kinds[param->kind], param->fallback};
    add_fields(text, fields, sizeof fields / sizeof fields[0]);
    if (param->kind == PARAM_CHOICE) {
        text_add(text, "\t\t");
    } else {
        add_number_field(text, param->minimum);
        add_number_field(text, param->maximum);
    }
    text_add(text, "\t");
    if (param->zero != NULL)
        text_add(text, param->zero);
    text_add(text, param->choices != NULL ? param->choices : "");
    text_add(text, "\t");
    text_add(text, param->help);
    text_add(text, "\n");
}

static void describe_presets(struct text *text, const struct workload *workload)
{
    for (const struct preset *preset = workload->presets; preset != NULL && preset->name != NULL;
         preset++) {
        const char *fields[] = {"preset", preset->name, preset->params, preset->help};
        add_fields(text, fields, sizeof fields / sizeof fields[0]);
        text_add(text, "\n");
    }
}

int describe_workloads(void)
{
    const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    char output[OUTPUT_BYTES];
    struct param_table table;
    struct text text;
    size_t count = catalog_list(workloads);
    text_init(&text, output, sizeof output, STDOUT_FILENO);
    for (size_t i = 0; i < count; i++) {
        const struct workload *workload = workloads[i];
        const char *fields[] = {workload->recorded ? "recorded" : "workload", workload->name,
                                workload->summary, workload->source, workload->touch};
        add_fields(&text, fields, sizeof fields / sizeof fields[0]);
        add_number_field(&text, workload->threads_maximum);
        add_number_field(&text, workload->laps);
        text_add(&text, "\n");
        param_table_init(&table, workload);
        for (size_t p = 0; p < table.count; p++)
            describe_param(&text, &table.params[p]);
        describe_presets(&text, workload);
    }
    return text_flush(&text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int describe_check(const char *specification)
{
    char output[OUTPUT_BYTES], message[sizeof((struct trial_page *)0)->message];
    struct text text, why;
    struct session *session = session_create();
    size_t length = strcspn(specification, ":");
    const char *params = specification[length] == ':' ? specification + length + 1 : "";
    text_init(&text, output, sizeof output, STDOUT_FILENO);
    text_init(&why, message, sizeof message, -1);
    if (session == NULL) {
        text_add(&text, "heapmark-runner: out of memory\n");
        text.fd = STDERR_FILENO;
        text_flush(&text);
        return EXIT_FAILURE;
    }
    const struct workload *workload = catalog_find(specification, length, &why);
    if (workload == NULL || session_choose(session, workload, params, &why) < 0)
        session_end(session, OUTCOME_REFUSED, message);
    param_table_print(&session->params, &text);
    text_add(&text, "\n");
    return text_flush(&text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- the probe ----------------------------------------------------------------- */

static bool holds(const unsigned char *bytes, size_t count, unsigned char value)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* What the family does wrong at its very first calls, or NULL. */
static const char *try_family(void)
{
    unsigned char *block = malloc(PROBE_BYTES);
    if (block == NULL)
        return "malloc returned NULL";
    memset(block, 'h', PROBE_BYTES);
    block = realloc(block, PROBE_GROWN_BYTES);
    if (block == NULL)
        return "realloc returned NULL";
    if (!holds(block, PROBE_BYTES, 'h'))
        return "realloc lost what the block held";
    free(block);
    block = calloc(PROBE_BYTES, 2);
    if (block == NULL)
        return "calloc returned NULL";
    if (!holds(block, (size_t)PROBE_BYTES * 2, 0))
        return "calloc returned memory that is not zero";
    free(block);
    block = aligned_alloc(ALIGNMENT, 2 * ALIGNMENT);
    if (block == NULL)
        return "aligned_alloc returned NULL";
    if ((uintptr_t)block % ALIGNMENT != 0)
        return "aligned_alloc returned memory that is not aligned";
    free(block);
    return NULL;
}

int describe_malloc(void)
{
    struct malloc_owner owners[MALLOC_FAMILY];
    char output[OUTPUT_BYTES];
    struct text text;
    const char *complaint = try_family();
    text_init(&text, output, sizeof output, complaint != NULL ? STDERR_FILENO : STDOUT_FILENO);
    if (complaint != NULL) {
        text_add(&text, "heapmark-runner: ");
        text_add(&text, complaint);
        text_add(&text, "\n");
        text_flush(&text);
        return EXIT_FAILURE;
    }
    malloc_owners(owners);
    text_add(&text, owners[0].file);
    text_add(&text, "\n");
    for (int i = 1; i < MALLOC_FAMILY; i++) {
        if (strcmp(owners[i].file, owners[0].file) == 0)
            continue;
        text_add(&text, "other ");
        text_add(&text, owners[i].function);
        text_add(&text, " ");
        text_add(&text, owners[i].file);
        text_add(&text, "\n");
    }
    return text_flush(&text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
