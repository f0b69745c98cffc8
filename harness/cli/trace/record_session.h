/* One recording, from start to end; both return the exit status. */
#ifndef HEAPMARK_RECORD_SESSION_H
#define HEAPMARK_RECORD_SESSION_H

#include "record_options.h"

/* Starts the program, waits for it and for all that is recorded below it. */
int record_session_run(const struct record_options *options);
/* Serves the recorder of a program that was started otherwise: until its last process has ended. */
int record_session_serve(const struct record_options *options);

#endif
