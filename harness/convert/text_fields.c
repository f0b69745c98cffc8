/* Reading the fields of a line of text; see text_fields.h. */
#include "text_fields.h"

#include <string.h>

void text_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

bool text_number(const char **at, unsigned base, uint64_t *value)
{
    uint64_t sum = 0;
    const char *c = *at;
    for (; digit(*c) < (int)base; c++)
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit(*c), &sum))
            return false;
    if (c == *at)
        return false;
    *at = c;
    *value = sum;
    return true;
}

bool text_pointer(const char **at, uint64_t *value)
{
    *value = 0;
    if (text_word(at, "(nil)"))
        return true;
    const char *from = *at;
    if (text_word(at, "0x") || text_word(at, "0X")) {
        if (text_number(at, 16, value))
            return true;
        *at = from;
        return false;
    }
    return text_word(at, "0");
}

bool text_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

bool text_ends(const char *at)
{
    text_blanks(&at);
    return *at == '\0';
}

bool text_next_line(const unsigned char **start, size_t *bytes, char *line, size_t room)
{
    while (*bytes > 0 && (**start == '\n' || **start == '\r'))
        (*start)++, (*bytes)--;
    if (*bytes == 0)
        return false;
    const unsigned char *end = memchr(*start, '\n', *bytes);
    size_t length = end != NULL ? (size_t)(end - *start) : *bytes;
    size_t copied = length < room - 1 ? length : room - 1;
    memcpy(line, *start, copied);
    while (copied > 0 && line[copied - 1] == '\r')
        copied--;
    line[copied] = '\0';
    *start += length;
    *bytes -= length;
    return true;
}
