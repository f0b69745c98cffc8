/*
 * Text that is sure to be UTF-8. Names, paths and messages come from file systems and from
 * programs under test, which promise nothing; readers of our files may insist.
 */
#ifndef HEAPMARK_UTF8_H
#define HEAPMARK_UTF8_H

#include <stddef.h>

/* A copy in which every byte that does not belong to a valid sequence (RFC 3629: no overlong
 * forms, no surrogates, nothing over U+10FFFF) is U+FFFD. The caller frees it; NULL with errno
 * ENOMEM. NULL is taken as "". */
char *utf8_clean(const char *text);
/* As utf8_clean, and control characters (line ends, tabs, escape sequences of terminals) are
 * blanks, so that the text stays on its line. */
char *utf8_line(const char *text);
/* Characters of clean text, for alignment: combining and wide ones count as one. */
size_t utf8_length(const char *text);

#endif
