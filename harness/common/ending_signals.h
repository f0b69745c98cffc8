/*
 * The signals that end a program unless it looks (Ctrl-C, SIGTERM, SIGHUP, SIGQUIT), caught while
 * there is something to clean up. Those that somebody else handles, or ignores, stay as they are.
 */
#ifndef HEAPMARK_ENDING_SIGNALS_H
#define HEAPMARK_ENDING_SIGNALS_H

/* `flags` as of sigaction(2). */
void ending_signals_catch(void (*handler)(int number), int flags);
/* Those that `handler` still has end the program again. */
void ending_signals_release(void (*handler)(int number));

#endif
