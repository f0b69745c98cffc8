/*
 * Writing fields of text formats to a stream. Failures are left in the stream's error flag, to
 * be asked for once at the end; memory that runs out while a text is cleaned counts as one.
 */
#ifndef HEAPMARK_STREAM_H
#define HEAPMARK_STREAM_H

#include <stdint.h>
#include <stdio.h>

struct stream {
    FILE *file;
    int error; /* errno of the first failure; 0: none */
};

void stream_init(struct stream *stream, FILE *file);
/* Flushes. Returns 0, or -1 with errno. */
int stream_finish(struct stream *stream);

void stream_print(struct stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Text on one line, valid UTF-8, without control characters. */
void stream_line_text(struct stream *stream, const char *text);
/* The same, padded with blanks to `columns`: at the right side, or, when negative, the left. */
void stream_padded(struct stream *stream, const char *text, int columns);
/* A CSV field (RFC 4180): quoted when it holds a comma, a quote or a line end. */
void stream_csv_text(struct stream *stream, const char *text);
/* As stream_line_text, with what XML or Markdown would take for its own made plain. */
void stream_xml_text(struct stream *stream, const char *text);
void stream_markdown_text(struct stream *stream, const char *text);
/* A number of full precision with '.', whatever the locale; `missing` when it is not finite. */
void stream_number(struct stream *stream, double value, const char *missing);
/* MEASURE_NONE: nothing. */
void stream_measure(struct stream *stream, int64_t value);

#endif
