/* What the user of heapmark record asks for. */
#ifndef HEAPMARK_RECORD_OPTIONS_H
#define HEAPMARK_RECORD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* As env(1) and timeout(1) have it: these are not the program's own. */
enum { EXIT_RECORD_FAILED = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

struct record_options {
    char *output; /* NULL: named after the program, in the working directory */
    const char *only;
    uint64_t ring_bytes;
    bool no_children, no_command, quiet;
    int listener; /* --collect; -1: start `words` */
    char **words; /* the program and its arguments, null-terminated */
};

/* Ends the process on wrong use, and behind --help. */
void record_options_parse(struct record_options *options, int argc, char **argv);

#endif
