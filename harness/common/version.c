/* The one file that knows its version, so that a new commit recompiles no other; see version.h. */
#include "version.h"

const char heapmark_version[] = HEAPMARK_VERSION;
