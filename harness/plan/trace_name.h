/*
 * A recorded workload is named by its trace: "path/app.hmt:param=value,...".
 */
#ifndef HEAPMARK_TRACE_NAME_H
#define HEAPMARK_TRACE_NAME_H

#include <stddef.h>

/* How much of a workload's text is the path of a trace: what ends in ".hmt", or has a '/' and is
 * a file. 0: it is another workload. */
size_t trace_name_length(const char *text);

/* What the text is called in tables: the file's name without folder and ".hmt", and its
 * parameters; of another workload the text itself. To be freed; NULL when memory is short. */
char *trace_name_label(const char *text);

#endif
