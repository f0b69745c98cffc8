/* Exports from file to file; see export.h. */
#include "export.h"
#include "message.h"
#include "part_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_stream(struct trace_reader *reader, const struct foreign_format *format,
                        const char *path, struct export_result *result, char *message)
{
    FILE *stream = fopen(path, "we");
    if (stream == NULL)
        return message_set(message, "cannot write %s: %s", path, strerror(errno));
    int done = export_stream(reader, format, stream, result, message);
    bool bad = ferror(stream) != 0;
    int error = errno;
    if (fclose(stream) != 0) {
        bad = true;
        error = errno;
    }
    return done == 0 && bad ? message_set(message, "cannot write %s: %s", path, strerror(error))
                            : done;
}

static int write_file(struct trace_reader *reader, const struct foreign_format *format,
                      const char *output, struct export_result *result, char *message)
{
    struct part_file file;
    if (part_file_begin(&file, output, message) < 0)
        return -1;
    int done = write_stream(reader, format, file.draft, result, message);
    return part_file_end(&file, done, message);
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
