/* 'Did you mean'; see nearest.h. */
#include "nearest.h"

#include <string.h>

enum { WORD_MAXIMUM = 64 };

void nearest_copy(char *copy, size_t capacity, const char *typed, size_t length)
{
    size_t kept = length < capacity - 1 ? length : capacity - 1;
    for (size_t i = 0; i < kept; i++)
        copy[i] = typed[i] >= ' ' && typed[i] <= '~' ? typed[i] : '?';
    copy[kept] = '\0';
}

/* Levenshtein's distance by one row of the table. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD_MAXIMUM + 1];
    size_t a_length = strnlen(a, WORD_MAXIMUM), b_length = strnlen(b, WORD_MAXIMUM);
    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (best > row[j] + 1)
                best = row[j] + 1;
            if (best > row[j - 1] + 1)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

void nearest_suggest(const char *typed, const char *const *known, size_t count, struct text *text)
{
    const char *best = NULL;
    unsigned best_distance = (unsigned)strlen(typed) / 3 + 2; /* a third may be wrong */
    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(typed, known[i]);
        /* "web" for "webserver": a beginning counts as near. */
        if (strlen(typed) >= 2 && strncmp(typed, known[i], strlen(typed)) == 0)
            d = 1;
        if (d < best_distance) {
            best = known[i];
            best_distance = d;
        }
    }
    if (best == NULL)
        return;
    text_add(text, ", did you mean '");
    text_add(text, best);
    text_add(text, "'?");
}
