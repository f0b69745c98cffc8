/* The list of formats; see foreign_format.h. */
#include "foreign_format.h"

#include "message.h"
#include "source.h"

#include <string.h>

/* In the order in which content is tried: the telling ones first. */
const struct foreign_format *const foreign_formats[] = {
    &format_heaptrack_raw, &format_heaptrack,     &format_mtrace,
    &format_valgrind,      &format_memory_replay, &format_csv,
    &format_rep,           &format_rep_weight,    &format_wl,
    &format_malloc_bench,  &format_jsonl,         NULL,
};

static void append(char *text, size_t bytes, const char *word)
{
    size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s%s", used > 0 ? " " : "", word);
}

const struct foreign_format *foreign_format_find(const char *name, char *message)
{
    char known[160] = "";
    for (size_t i = 0; foreign_formats[i] != NULL; i++) {
        if (strcmp(foreign_formats[i]->name, name) == 0)
            return foreign_formats[i];
        append(known, sizeof known, foreign_formats[i]->name);
    }
    message_set(message, "unknown format '%s'; there are: %s", name, known);
    return NULL;
}

const struct foreign_format *foreign_format_recognise(struct source *source, char *message)
{
    char known[160] = "";
    const unsigned char *start;
    long bytes = source_peek(source, &start, message);
    if (bytes < 0)
        return NULL;
    if (bytes == 0) {
        message_set(message, "%s: empty", source_name(source));
        return NULL;
    }
    for (size_t i = 0; foreign_formats[i] != NULL; i++) {
        if (foreign_formats[i]->sniff == NULL)
            continue;
        if (foreign_formats[i]->sniff(start, (size_t)bytes))
            return foreign_formats[i];
        append(known, sizeof known, foreign_formats[i]->name);
    }
    message_set(message, "%s: byte 0: the content is of no format known (%s); --format says which",
                source_name(source), known);
    return NULL;
}

void foreign_format_lacks(unsigned carries, char *text)
{
    static const struct {
        unsigned flag;
        const char *name;
    } things[] = {
        {CARRIES_THREADS,    "threads"                                      },
        {CARRIES_TIMES,      "times"                                        },
        {CARRIES_ALIGNMENTS, "alignments"                                   },
        {CARRIES_ADDRESSES,  "addresses"                                    },
        {CARRIES_FAILURES,   "failed calls"                                 },
        {CARRIES_REALLOC,    "reallocs (a free and a malloc stand for each)"},
        {CARRIES_IDENTITY,   "the identity of what is freed"                },
        {FORMAT_UNORDERED,   "the order of calls across threads"            },
    };
    carries ^= FORMAT_UNORDERED;
    const char *lacking[sizeof things / sizeof things[0]];
    size_t count = 0, used = 0;
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++)
        if ((carries & things[i].flag) == 0)
            lacking[count++] = things[i].name;
    text[0] = '\0';
    for (size_t i = 0; i < count && used < FOREIGN_FORMAT_LACKS_BYTES; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        used += (size_t)snprintf(text + used, FOREIGN_FORMAT_LACKS_BYTES - used, "%s%s", before,
                                 lacking[i]);
    }
}
