/*
 * What the parts of the page share. The page is HTML that is well-formed XML, too: every element
 * is ended, and every text from outside is escaped by the two functions that write one.
 */
#ifndef HEAPMARK_CHECK_HTML_H
#define HEAPMARK_CHECK_HTML_H

#include "check_output.h"
#include "stream.h"

/* Colours and layout, light and dark, for wide and narrow screens and for paper. */
extern const char check_html_style[];

/* <tag>text</tag>; attributes may follow the tag's name. */
void html_element(struct stream *stream, const char *tag, const char *text);
/* The same, of what printf makes. */
void html_format(struct stream *stream, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A table that scrolls by itself where the screen is narrower. Its class may be "tall": it scrolls
 * in height, too, and its headings stay in sight; or "numbers"; or "". The headings follow, each by
 * html_table_heading(). */
void html_table_begin(struct stream *stream, const char *class, const char *first_heading);
void html_table_heading(struct stream *stream, const char *text, const char *help);
void html_table_rows(struct stream *stream);
void html_table_end(struct stream *stream);

/* The class that colours an outcome: good, late, known, bad or none. */
const char *html_tint(enum check_outcome outcome);

/* Sections; each prints nothing when it has nothing to say. */
void check_html_tests(struct stream *stream, const struct check_table *table);
void check_html_reasons(struct stream *stream, const struct check_table *table);
void check_html_misuse(struct stream *stream, const struct check_table *table);

#endif
