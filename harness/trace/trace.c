/* Names of kinds, and facts; see trace.h. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[TRACE_KIND_COUNT] = {
#define X(name, number, text) [number] = (text),
    TRACE_KINDS(X)
#undef X
};

const char *trace_kind_name(unsigned kind)
{
    return kind < TRACE_KIND_COUNT ? names[kind] : NULL;
}

unsigned trace_kind_parse(const char *name)
{
    for (unsigned kind = 1; kind < TRACE_KIND_COUNT; kind++)
        if (names[kind] != NULL && strcmp(names[kind], name) == 0)
            return kind;
    return 0;
}

static struct trace_fact *find(const struct trace_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->count; i++)
        if (strcmp(facts->entry[i].name, name) == 0)
            return &facts->entry[i];
    return NULL;
}

const char *trace_facts_find(const struct trace_facts *facts, const char *name)
{
    const struct trace_fact *fact = find(facts, name);
    return fact != NULL ? fact->value : NULL;
}

bool trace_facts_yes(const struct trace_facts *facts, const char *name)
{
    const char *value = trace_facts_find(facts, name);
    return value != NULL && strcmp(value, "yes") == 0;
}

static int take_out(struct trace_facts *facts, struct trace_fact *fact)
{
    if (fact == NULL)
        return 0;
    free(fact->name);
    free(fact->value);
    size_t behind = (size_t)(facts->entry + facts->count - (fact + 1));
    memmove(fact, fact + 1, behind * sizeof *fact);
    facts->count--;
    return 0;
}

static int add(struct trace_facts *facts, const char *name, const char *value)
{
    struct trace_fact *entries = realloc(facts->entry, (facts->count + 1) * sizeof *entries);
    if (entries == NULL)
        return -1;
    facts->entry = entries;
    struct trace_fact fact = {strdup(name), strdup(value)};
    if (fact.name == NULL || fact.value == NULL) {
        free(fact.name);
        free(fact.value);
        return -1;
    }
    facts->entry[facts->count++] = fact;
    return 0;
}

int trace_facts_set(struct trace_facts *facts, const char *name, const char *value)
{
    struct trace_fact *fact = find(facts, name);
    if (value == NULL)
        return take_out(facts, fact);
    if (fact == NULL)
        return add(facts, name, value);
    char *copy = strdup(value);
    if (copy == NULL)
        return -1;
    free(fact->value);
    fact->value = copy;
    return 0;
}

void trace_facts_release(struct trace_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->entry[i].name);
        free(facts->entry[i].value);
    }
    free(facts->entry);
    *facts = (struct trace_facts){0};
}
