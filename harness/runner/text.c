/* Text put together piece by piece without stdio; see text.h. */
#include "text.h"

#include "units.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void text_init(struct text *text, char *bytes, size_t capacity, int fd)
{
    *text = (struct text){.bytes = bytes, .capacity = capacity, .fd = fd};
    bytes[0] = '\0';
}

int text_flush(struct text *text)
{
    size_t done = 0;
    while (text->fd >= 0 && done < text->used) {
        ssize_t written = write(text->fd, text->bytes + done, text->used - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            text->fd = -1; /* a full disk or a closed pipe: the rest has nowhere to go */
            return -1;
        }
        done += (size_t)written;
    }
    if (text->fd < 0)
        return -1;
    text->used = 0;
    text->bytes[0] = '\0';
    return 0;
}

void text_add(struct text *text, const char *piece)
{
    size_t length = strlen(piece);
    while (length > 0) {
        size_t room = text->capacity - 1 - text->used;
        size_t part = length < room ? length : room;
        memcpy(text->bytes + text->used, piece, part);
        text->used += part;
        text->bytes[text->used] = '\0';
        piece += part;
        length -= part;
        if (length > 0 && text_flush(text) < 0)
            return;
    }
}

void text_add_number(struct text *text, uint64_t number)
{
    char digits[UNITS_TEXT_BYTES];
    *units_append_decimal(digits, number) = '\0';
    text_add(text, digits);
}

void text_add_bytes(struct text *text, uint64_t bytes)
{
    char printed[UNITS_TEXT_BYTES];
    text_add(text, units_print_bytes(printed, bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes));
}
