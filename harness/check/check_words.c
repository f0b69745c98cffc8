/* Words that the formats for people share; see check_output.h. */
#include "check_output.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    check_output_fn *write;
} formats[] = {
    {"text",  check_output_text    },
    {"json",  check_output_json    },
    {"md",    check_output_markdown},
    {"junit", check_output_junit   },
    {"html",  check_output_html    },
};

check_output_fn *check_output_find(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].write;
    return NULL;
}

size_t check_words_groups(const struct check_table *table, const char *groups[])
{
    size_t count = 0;
    for (size_t t = 0; t < table->catalog->count; t++) {
        const struct check_test *test = &table->catalog->tests[t];
        bool seen = check_test_is_misuse(test);
        for (size_t g = 0; g < count && !seen; g++)
            seen = strcmp(groups[g], test->group) == 0;
        if (!seen && count < CHECK_GROUPS_MAXIMUM)
            groups[count++] = test->group;
    }
    return count;
}

char *check_words_cell(const struct check_table *table, size_t allocator, const char *group,
                       char *text)
{
    static const struct {
        enum check_outcome outcome;
        const char *word;
    } parts[] = {
        {CHECK_FAIL,         "failed"      },
        {CHECK_CRASH,        "crashed"     },
        {CHECK_HANG,         "hung"        },
        {CHECK_NOT_INJECTED, "not injected"},
        {CHECK_KNOWN,        "known"       },
        {CHECK_SKIP,         "skipped"     },
        {CHECK_NOT_RUN,      "not run"     },
    };
    size_t all = 0;
    for (int outcome = 0; outcome < CHECK_OUTCOME_COUNT; outcome++)
        all += check_table_count(table, allocator, group, (enum check_outcome)outcome);
    int length = snprintf(text, CHECK_WORDS_BYTES, "%zu of %zu",
                          check_table_count(table, allocator, group, CHECK_PASS), all);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t count = check_table_count(table, allocator, group, parts[i].outcome);
        if (count > 0 && length < CHECK_WORDS_BYTES)
            length += snprintf(text + length, (size_t)(CHECK_WORDS_BYTES - length), ", %zu %s",
                               count, parts[i].word);
    }
    size_t gone = check_table_unexpected_in(table, allocator, group);
    if (gone > 0 && length < CHECK_WORDS_BYTES)
        snprintf(text + length, (size_t)(CHECK_WORDS_BYTES - length), ", %zu unexpectedly", gone);
    return text;
}

bool check_words_lists(const struct check_report *report, size_t allocator, size_t test)
{
    const struct check_result *result = check_table_at(report->table, allocator, test);
    bool misuse = check_test_is_misuse(&report->table->catalog->tests[test]);
    return report->all || result->unexpected_pass || check_outcome_is_bad(result->outcome) ||
           (result->outcome != CHECK_PASS && !misuse);
}

char *check_words_verdict(const struct check_table *table, char *text)
{
    size_t bad = check_table_bad(table), news = check_table_unexpected(table), missing = 0;
    int length = 0;
    for (size_t i = 0; i < table->catalog->count * table->run->allocator_count; i++)
        missing += table->results[i].outcome == CHECK_NOT_RUN;
    if (bad > 0)
        length = snprintf(text, CHECK_WORDS_BYTES, "%zu unexpected: not passed. ", bad);
    if (news > 0)
        length += snprintf(text + length, CHECK_WORDS_BYTES - (size_t)length,
                           "%zu passed against the list of deviations, which is stale. ", news);
    if (missing > 0)
        length +=
            snprintf(text + length, CHECK_WORDS_BYTES - (size_t)length, "%zu not run. ", missing);
    if (length > 0)
        text[length - 1] = '\0';
    else
        snprintf(text, CHECK_WORDS_BYTES, "All as expected.");
    return text;
}

/* ---- misuse --------------------------------------------------------------------------- */

const char check_words_legend[] =
    "A ended at once, F a fault at the wrong access, L ended late, W a warning and no harm, "
    ". nothing seen to be harmed, N never noticed, C crash or hang, "
    "- cannot be tried";

static const char letters[CHECK_OUTCOME_COUNT] = {
    [CHECK_NOT_RUN] = '?', [CHECK_PASS] = '.',         [CHECK_FAIL] = '!',   [CHECK_CRASH] = '!',
    [CHECK_HANG] = '!',    [CHECK_NOT_INJECTED] = '!', [CHECK_KNOWN] = '!',  [CHECK_SKIP] = '-',
    [CHECK_AT_ONCE] = 'A', [CHECK_LATE] = 'L',         [CHECK_WARNED] = 'W', [CHECK_HARMLESS] = '.',
    [CHECK_NEVER] = 'N',   [CHECK_TRAPPED] = 'F',      [CHECK_FAULT] = 'C',
};

char check_words_letter(enum check_outcome outcome)
{
    return letters[outcome];
}

bool check_words_next_shape(const struct check_table *table, size_t test, struct check_shape *shape)
{
    const struct check_catalog *catalog = table->catalog;
    while (test < catalog->count && !check_test_is_misuse(&catalog->tests[test]))
        test++;
    if (test == catalog->count)
        return false;
    const char *name = catalog->tests[test].name;
    size_t length = strcspn(name, "/");
    *shape = (struct check_shape){.first = test, .name_length = (int)length};
    for (; test < catalog->count; test++, shape->count++) {
        const char *next = catalog->tests[test].name;
        if (strcspn(next, "/") != length || strncmp(next, name, length) != 0)
            break;
    }
    return true;
}

char *check_words_letters(const struct check_table *table, size_t allocator,
                          const struct check_shape *shape, char *text)
{
    size_t length = 0;
    for (size_t i = 0; i < shape->count && length + 2 < CHECK_WORDS_BYTES; i++) {
        if (i > 0)
            text[length++] = ' ';
        text[length++] =
            check_words_letter(check_table_at(table, allocator, shape->first + i)->outcome);
    }
    text[length] = '\0';
    return text;
}

void check_words_caught(const struct check_table *table, size_t allocator, size_t *at_once,
                        size_t *caught, size_t *tried)
{
    *at_once = check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_AT_ONCE) +
               check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_TRAPPED);
    *caught = *at_once + check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_LATE);
    *tried = *caught + check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_WARNED) +
             check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_HARMLESS) +
             check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_NEVER) +
             check_table_count(table, allocator, CHECK_GROUP_MISUSE, CHECK_FAULT);
}
