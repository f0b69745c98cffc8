/* What a workload file was when it was read: its text, and a digest of it and of its tables. */
#ifndef HEAPMARK_PATTERN_DIGEST_H
#define HEAPMARK_PATTERN_DIGEST_H

#include "pattern.h"

/* `tables`: paths parted by '\n', cut up on the way; may be NULL. Returns 0, or -1 with a message.
 */
int pattern_take_digest(struct pattern *pattern, char *tables, char *message);

#endif
