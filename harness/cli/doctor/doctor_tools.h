/* Whether what heapmark leans on is installed: programs, and libraries to compare. */
#ifndef HEAPMARK_DOCTOR_TOOLS_H
#define HEAPMARK_DOCTOR_TOOLS_H

#include "finding.h"
#include "paths.h"

/* Returns 0, or -1 with a message when allocators.ini cannot be read. */
int doctor_tools(struct findings *findings, const struct paths *paths, char *message);

#endif
