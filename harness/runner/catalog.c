/* The workloads linked into this program; see catalog.h. */
#include "catalog.h"

#include "nearest.h"

#include <string.h>

/* The linker's names for the ends of the section that WORKLOAD_REGISTER fills. */
extern const struct workload *const __start_heapmark_workloads[];
extern const struct workload *const __stop_heapmark_workloads[];

size_t catalog_list(const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM])
{
    size_t count = 0;
    for (const struct workload *const *entry = __start_heapmark_workloads;
         entry < __stop_heapmark_workloads && count < CATALOG_WORKLOADS_MAXIMUM; entry++) {
        size_t place = count++;
        for (; place > 0 && strcmp(workloads[place - 1]->name, (*entry)->name) > 0; place--)
            workloads[place] = workloads[place - 1];
        workloads[place] = *entry;
    }
    return count;
}

static void explain_unknown(const char *name, size_t length, struct text *why)
{
    const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    const char *names[CATALOG_WORKLOADS_MAXIMUM];
    char shown[64];
    size_t listed = catalog_list(workloads), count = 0;
    for (size_t i = 0; i < listed; i++)
        if (!workloads[i]->recorded) /* it is a trace that a user names */
            names[count++] = workloads[i]->name;
    nearest_copy(shown, sizeof shown, name, length);
    text_add(why, "unknown workload '");
    text_add(why, shown);
    text_add(why, "'");
    nearest_suggest(shown, names, count, why);
    text_add(why, "; `heapmark list workloads` shows all ");
    text_add_number(why, count);
}

const struct workload *catalog_find(const char *name, size_t length, struct text *why)
{
    const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM];
    size_t count = catalog_list(workloads);
    for (size_t i = 0; i < count; i++)
        if (strlen(workloads[i]->name) == length && memcmp(workloads[i]->name, name, length) == 0)
            return workloads[i];
    explain_unknown(name, length, why);
    return NULL;
}
