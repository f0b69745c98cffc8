/*
 * A collector of the recorder's own, for a program that was started with the library in
 * LD_PRELOAD and a file's path in HEAPMARK_RECORD.
 */
#ifndef HEAPMARK_SIDECAR_H
#define HEAPMARK_SIDECAR_H

/*
 * Starts `heapmark record --collect=FD -o path`, the program found beside the library, FD being a
 * listening socket; then points *variable, an entry of the environment, to "HEAPMARK_RECORD=@name"
 * in memory of our own, so that children find the same collector. The collector is not the
 * program's child: no SIGCHLD comes of it, and no wait() sees it. Signals must be blocked.
 *
 * Returns "@name", or NULL having said on stderr what is wrong.
 */
const char *sidecar_start(const char *path, char **variable);

#endif
