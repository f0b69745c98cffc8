/*
 * What of a library decides how it behaves: the bytes that are loaded. Two builds of one source in
 * two folders differ in debug information and build id, and in nothing else.
 */
#ifndef HEAPMARK_ELF_CODE_H
#define HEAPMARK_ELF_CODE_H

enum { ELF_CODE_DIGEST_BYTES = 65, ELF_CODE_COMPILER_BYTES = 128 };

struct elf_code {
    char sha256[ELF_CODE_DIGEST_BYTES];     /* of all sections that are loaded, but the build id */
    char compiler[ELF_CODE_COMPILER_BYTES]; /* first words of .comment; "unknown" */
};

/* Reads the file. What is no ELF file with sections has the digest of the whole. Returns 0, or -1
 * with a message. */
int elf_code_read(struct elf_code *code, const char *path, char *message);

#endif
