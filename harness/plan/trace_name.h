/*
 * A recorded workload is named by its trace: "path/app.hmt:param=value,...". A workload file,
 * "path/my.ini:param=value,...", is run by the same replayer, and named alike.
 */
#ifndef HEAPMARK_TRACE_NAME_H
#define HEAPMARK_TRACE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* How much of a workload's text is the path of a trace or a workload file: what ends in ".hmt" or
 * ".ini", or has a '/' and is a file. 0: it is another workload. */
size_t trace_name_length(const char *text);

/* What the text is called in tables: the file's name without folder and ".hmt", and its
 * parameters; of another workload the text itself. To be freed; NULL when memory is short. */
char *trace_name_label(const char *text);

/* It is a workload file, not a trace. */
bool trace_name_is_pattern(const char *path);
bool trace_name_is_pattern_text(const char *text); /* the same, of "path:param=value,..." */
/* Of the parameters of either those that the replayer in the runner takes. To be freed; NULL when
 * memory is short. */
char *trace_name_runner_params(const char *params);

#endif
