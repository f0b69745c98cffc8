/* Fields of text formats; see stream.h. */
#include "stream.h"

#include "measures.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void note_failure(struct stream *stream, bool failed)
{
    if (failed && stream->error == 0)
        stream->error = errno != 0 ? errno : EIO;
}

void stream_init(struct stream *stream, FILE *file)
{
    *stream = (struct stream){.file = file};
}

int stream_finish(struct stream *stream)
{
    errno = 0;
    note_failure(stream, fflush(stream->file) != 0 || ferror(stream->file) != 0);
    errno = stream->error;
    return stream->error == 0 ? 0 : -1;
}

void stream_print(struct stream *stream, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note_failure(stream, vfprintf(stream->file, format, arguments) < 0);
    va_end(arguments);
}

static void put(struct stream *stream, const char *text)
{
    note_failure(stream, fputs(text, stream->file) == EOF);
}

void stream_line_text(struct stream *stream, const char *text)
{
    stream_padded(stream, text, 0);
}

void stream_padded(struct stream *stream, const char *text, int columns)
{
    char *line = utf8_line(text);
    note_failure(stream, line == NULL);
    if (line == NULL)
        return;
    int blanks = abs(columns) - (int)utf8_length(line);
    if (columns < 0 && blanks > 0)
        stream_print(stream, "%*s", blanks, "");
    put(stream, line);
    if (columns > 0 && blanks > 0)
        stream_print(stream, "%*s", blanks, "");
    free(line);
}

void stream_csv_text(struct stream *stream, const char *text)
{
    char *clean = utf8_clean(text);
    note_failure(stream, clean == NULL);
    if (clean == NULL)
        return;
    if (strpbrk(clean, ",\"\r\n") == NULL) {
        put(stream, clean);
    } else {
        put(stream, "\"");
        for (const char *c = clean; *c != '\0'; c++)
            stream_print(stream, *c == '"' ? "\"\"" : "%c", *c);
        put(stream, "\"");
    }
    free(clean);
}

void stream_xml_text(struct stream *stream, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    char *line = utf8_line(text);
    note_failure(stream, line == NULL);
    for (const char *c = line; c != NULL && *c != '\0'; c++) {
        const char *found = strchr(special, *c);
        if (found != NULL)
            put(stream, entities[found - special]);
        else
            stream_print(stream, "%c", *c);
    }
    free(line);
}

void stream_markdown_text(struct stream *stream, const char *text)
{
    static const char special[] = "|\\`*_<>[]@";
    char *line = utf8_line(text);
    note_failure(stream, line == NULL);
    for (const char *c = line; c != NULL && *c != '\0'; c++)
        stream_print(stream, strchr(special, *c) != NULL ? "\\%c" : "%c", *c);
    free(line);
}

void stream_number(struct stream *stream, double value, const char *missing)
{
    char text[40];
    if (!isfinite(value)) {
        put(stream, missing);
        return;
    }
    snprintf(text, sizeof text, "%.10g", value);
    /* The only thing a locale can change in %g. */
    char *comma = strchr(text, ',');
    if (comma != NULL)
        *comma = '.';
    put(stream, text);
}

void stream_measure(struct stream *stream, int64_t value)
{
    if (value != MEASURE_NONE)
        stream_print(stream, "%" PRId64, value);
}
