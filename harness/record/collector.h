/*
 * The collector: listens for processes that want to be recorded (ring.h tells how they meet),
 * decides which are, watches over their ends, and owns their recordings.
 *
 * One thread uses it: it waits until collector_descriptor() is readable and calls
 * collector_handle(). Each recording has a thread of its own.
 */
#ifndef HEAPMARK_COLLECTOR_H
#define HEAPMARK_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COLLECTOR_NAME_BYTES = 64, COLLECTOR_RECORDINGS_MAXIMUM = 1000 };

struct collector_report {
    const char *path, *program;
    uint64_t operations, bytes, stalls, stall_ns, lost;
    bool failed;
};

struct collector_options {
    const char *output;  /* path of the first image's file */
    uint64_t ring_bytes; /* of each image */
    const char *only;    /* record programs of that name alone; NULL: all */
    bool no_children;    /* the first image that connects, and none after it */
    bool no_command;     /* leave the command line out */
    int listener;        /* a listening SOCK_SEQPACKET socket, taken over; -1: make one */
    /* One line for the user; may be called from any thread. */
    void (*say)(void *argument, const char *line);
    /* A recorded image is done; called in collector_handle. */
    void (*report)(void *argument, const struct collector_report *report);
    void *argument;
};

struct collector;

/* The options' strings are borrowed. NULL with a message. */
struct collector *collector_create(const struct collector_options *options, char *message);
/* Cuts off the recordings that are left, if any. */
void collector_free(struct collector *collector);

/* The socket's name as the environment variable HEAPMARK_RECORD bears it: "@...". */
const char *collector_name(const struct collector *collector);
/* Readable when there is something to handle. */
int collector_descriptor(const struct collector *collector);
void collector_handle(struct collector *collector);
/* Cuts off every recording; their processes go on unrecorded. */
void collector_leave_all(struct collector *collector);

/* Recordings that are not done. */
size_t collector_running(const struct collector *collector);
/* Images recorded so far, done or not. */
uint64_t collector_recorded(const struct collector *collector);
/* Images that had to be turned away, and recordings that failed. */
uint64_t collector_failures(const struct collector *collector);

#endif
