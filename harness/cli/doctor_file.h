/*
 * The last result of `heapmark doctor`, kept beside the store it was made for, and what a run takes
 * from it.
 */
#ifndef HEAPMARK_DOCTOR_FILE_H
#define HEAPMARK_DOCTOR_FILE_H

#include "doctor_output.h"
#include "record.h"

/* "STORE.doctor.json", to be freed; NULL when memory is short. */
char *doctor_file_path(const char *store_path);
/* The nearest folder above the store that exists, to be freed; NULL as above. */
char *doctor_folder(const char *store_path);
/* Returns 0, or -1 with a message. */
int doctor_file_write(const struct doctor_result *result, const char *store_path, char *message);

/* Looks at the machine and adds each finding as a fact "doctor_NAME" ("warning: ..."), and what
 * the last doctor on this host and kernel measured as facts "self_noise_*"; a file that is not
 * there or cannot be read adds nothing. Returns 0, or -1 with a message when memory is short. */
int doctor_facts_add(struct run *run, const char *store_path, char *message);

#endif
