/* Making text valid; see utf8.h. */
#include "utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Lead bytes and what may follow first (RFC 3629, section 4); later bytes are 80 to BF. */
static const struct lead {
    unsigned char first, last, second_first, second_last;
    size_t length;
} leads[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool sequence_continues(const unsigned char *text, const struct lead *lead)
{
    if (text[1] < lead->second_first || text[1] > lead->second_last)
        return false;
    for (size_t i = 2; i < lead->length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* Bytes of the valid sequence at `text`, or 0. The end of the string ends a sequence, too. */
static size_t sequence_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (text[0] >= leads[i].first && text[0] <= leads[i].last)
            return sequence_continues(text, &leads[i]) ? leads[i].length : 0;
    return 0;
}

static bool is_control(const unsigned char *text)
{
    /* C0, DEL, and C1 as U+0080 to U+009F. */
    return text[0] < 0x20 || text[0] == 0x7F || (text[0] == 0xC2 && text[1] < 0xA0);
}

static char *clean(const char *text, bool keep_controls)
{
    const unsigned char *from = (const unsigned char *)(text == NULL ? "" : text);
    char *result = malloc(strlen((const char *)from) * strlen(REPLACEMENT) + 1), *to = result;
    if (result == NULL)
        return NULL;
    while (*from != '\0') {
        size_t length = sequence_length(from);
        if (length == 0) {
            to = stpcpy(to, REPLACEMENT);
            from++;
        } else if (!keep_controls && is_control(from)) {
            *to++ = ' ';
            from += length;
        } else {
            to = mempcpy(to, from, length);
            from += length;
        }
    }
    *to = '\0';
    return result;
}

char *utf8_clean(const char *text)
{
    return clean(text, true);
}

char *utf8_line(const char *text)
{
    return clean(text, false);
}

size_t utf8_length(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++)
        length += ((unsigned char)*text & 0xC0) != 0x80;
    return length;
}
