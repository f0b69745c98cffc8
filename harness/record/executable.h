/* What a command's first word would execute, and whether that can be recorded. */
#ifndef HEAPMARK_EXECUTABLE_H
#define HEAPMARK_EXECUTABLE_H

enum executable_verdict {
    EXECUTABLE_FIT,
    EXECUTABLE_UNFIT, /* found, but it cannot be executed, or not be recorded */
    EXECUTABLE_MISSING,
};

/* Looks `name` up as execvp(3) does and follows "#!" lines to what they name. A message, unless it
 * fits. */
enum executable_verdict executable_judge(const char *name, char *message);

#endif
