/* What the runner says of itself to the harness; each returns the status to exit with. */
#ifndef HEAPMARK_DESCRIBE_H
#define HEAPMARK_DESCRIBE_H

/* Workloads and their parameters as tab-separated lines on stdout. */
int describe_workloads(void);
/* "name[:[preset,]param=value,...]" spelt out in full on stdout, or what is wrong with it on
 * stderr. */
int describe_check(const char *specification);
/* Calls the malloc family once and prints who serves it. */
int describe_malloc(void);

#endif
