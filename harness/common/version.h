/* What `git describe` said when this was built. */
#ifndef HEAPMARK_VERSION_H
#define HEAPMARK_VERSION_H

extern const char heapmark_version[];

#endif
