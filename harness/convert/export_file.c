/* Exports from file to file; see export.h. */
#include "export.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes to a stream of the output or, where that is a regular file, of a file beside it that
 * takes its place when all is well. */
static int write_file(struct trace_reader *reader, const struct foreign_format *format,
                      const char *output, struct export_result *result, char *message)
{
    struct stat status;
    char *partial = NULL;
    bool renamed = stat(output, &status) < 0 || S_ISREG(status.st_mode);
    if (renamed && asprintf(&partial, "%s.%ld.partial", output, (long)getpid()) < 0)
        return message_set(message, "out of memory");
    FILE *stream = fopen(renamed ? partial : output, "we");
    int done = -1;
    if (stream == NULL) {
        message_set(message, "cannot write %s: %s", output, strerror(errno));
        free(partial);
        return -1;
    }
    done = export_stream(reader, format, stream, result, message);
    bool bad = ferror(stream) != 0;
    int error = errno;
    if (fclose(stream) != 0) {
        bad = true;
        error = errno;
    }
    if (done == 0 && bad)
        done = message_set(message, "cannot write %s: %s", output, strerror(error));
    if (done == 0 && renamed && rename(partial, output) < 0)
        done = message_set(message, "cannot write %s: %s", output, strerror(errno));
    if (done < 0 && renamed)
        unlink(partial);
    free(partial);
    return done;
}

static int write_standard_output(struct trace_reader *reader, const struct foreign_format *format,
                                 struct export_result *result, char *message)
{
    if ((format->carries & FORMAT_BINARY) != 0 && isatty(STDOUT_FILENO))
        return message_set(message, "%s is binary and standard output is a terminal; say -o FILE",
                           format->name);
    int done = export_stream(reader, format, stdout, result, message);
    bool bad = ferror(stdout) != 0;
    if (done == 0 && (fflush(stdout) != 0 || bad))
        done = message_set(message, "cannot write standard output: %s", strerror(errno));
    return done;
}

int export_file(const char *input, const struct foreign_format *format, const char *output,
                struct export_result *result, char *message)
{
    struct trace_reader *reader = trace_reader_open(input, message);
    if (reader == NULL)
        return -1;
    int done = strcmp(output, "-") == 0 ? write_standard_output(reader, format, result, message)
                                        : write_file(reader, format, output, result, message);
    trace_reader_close(reader);
    return done;
}
