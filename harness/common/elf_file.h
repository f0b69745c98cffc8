/*
 * A first look at a library or program file, so that a wrong one is named for what it is instead of
 * by the dynamic linker's 'cannot be preloaded'. What decides is the probe (launch); this only
 * explains.
 */
#ifndef HEAPMARK_ELF_FILE_H
#define HEAPMARK_ELF_FILE_H

/* NULL when `path` is a shared object for the machine that this program is built for; else why
 * not, as the end of a sentence that begins with the path ("is built for aarch64, ..."). The
 * text is put into `reason`, MESSAGE_BYTES of it. */
const char *elf_file_misfit(const char *path, char *reason);

/* NULL when `path` is a program for this machine into which a library can be preloaded; else why
 * not, as above. */
const char *elf_program_misfit(const char *path, char *reason);

#endif
