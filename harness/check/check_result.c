/* Outcomes and their table; see check_result.h. */
#include "check_result.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word, *help;
} outcomes[CHECK_OUTCOME_COUNT] = {
#define X(name, word, help) [CHECK_##name] = {word, help},
    CHECK_OUTCOMES(X)
#undef X
};

const char *check_outcome_word(enum check_outcome outcome)
{
    return outcomes[outcome].word;
}

const char *check_outcome_help(enum check_outcome outcome)
{
    return outcomes[outcome].help;
}

bool check_outcome_is_bad(enum check_outcome outcome)
{
    return outcome == CHECK_FAIL || outcome == CHECK_CRASH || outcome == CHECK_HANG ||
           outcome == CHECK_NOT_INJECTED;
}

const char *check_result_word(const struct check_result *result)
{
    return result->unexpected_pass ? "passes now" : check_outcome_word(result->outcome);
}

const char *check_result_reason(const struct check_result *result)
{
    return result->unexpected_pass ? "the list of known deviations says it does not"
                                   : result->reason;
}

int check_table_init(struct check_table *table, const struct check_catalog *catalog,
                     const struct run *run)
{
    *table = (struct check_table){.catalog = catalog, .run = run};
    table->results = calloc(catalog->count * run->allocator_count, sizeof *table->results);
    return table->results != NULL ? 0 : -1;
}

void check_table_release(struct check_table *table)
{
    free(table->results);
    table->results = NULL;
}

struct check_result *check_table_at(const struct check_table *table, size_t allocator, size_t test)
{
    return &table->results[allocator * table->catalog->count + test];
}

size_t check_table_bad(const struct check_table *table)
{
    size_t bad = 0;
    for (size_t i = 0; i < table->catalog->count * table->run->allocator_count; i++)
        bad += check_outcome_is_bad(table->results[i].outcome);
    return bad;
}

size_t check_table_unexpected(const struct check_table *table)
{
    size_t count = 0;
    for (size_t a = 0; a < table->run->allocator_count; a++)
        for (size_t t = 0; t < table->catalog->count; t++)
            count += check_table_at(table, a, t)->unexpected_pass;
    return count;
}

size_t check_table_unexpected_in(const struct check_table *table, size_t allocator,
                                 const char *group)
{
    size_t count = 0;
    for (size_t t = 0; t < table->catalog->count; t++)
        count += strcmp(table->catalog->tests[t].group, group) == 0 &&
                 check_table_at(table, allocator, t)->unexpected_pass;
    return count;
}

size_t check_table_count(const struct check_table *table, size_t allocator, const char *group,
                         enum check_outcome outcome)
{
    size_t count = 0;
    for (size_t t = 0; t < table->catalog->count; t++)
        count += strcmp(table->catalog->tests[t].group, group) == 0 &&
                 check_table_at(table, allocator, t)->outcome == outcome;
    return count;
}
