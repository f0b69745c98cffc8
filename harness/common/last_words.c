/* The end of what a process wrote; see last_words.h. */
#include "last_words.h"

#include <stdio.h>
#include <string.h>

void last_words_add(struct last_words *words, const char *piece, size_t bytes)
{
    if (words->bytes + bytes > LAST_WORDS_BYTES) {
        size_t kept = LAST_WORDS_BYTES - bytes;
        if (kept > words->bytes)
            kept = words->bytes;
        memmove(words->text, words->text + words->bytes - kept, kept);
        words->bytes = kept;
    }
    for (size_t i = 0; i < bytes; i++)
        words->text[words->bytes++] = piece[i] != '\0' ? piece[i] : ' ';
    words->text[words->bytes] = '\0';
}

const char *last_words_quote(const char *text, char *quote, size_t bytes)
{
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    if (start == end)
        return "";
    snprintf(quote, bytes, "; it said: %.*s", (int)(end - start), text + start);
    return quote;
}
