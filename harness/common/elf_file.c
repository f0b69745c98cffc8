/* A first look at a library file; see elf_file.h and elf(5). */
#include "elf_file.h"

#include "message.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#else
#error "name this machine's e_machine here"
#endif

static const struct {
    int machine;
    const char *name;
} machines[] = {
    {EM_386,     "32-bit x86"},
    {EM_X86_64,  "x86-64"    },
    {EM_AARCH64, "aarch64"   },
    {EM_ARM,     "32-bit ARM"},
    {EM_RISCV,   "RISC-V"    },
    {EM_PPC64,   "ppc64"     },
    {EM_S390,    "s390"      },
};

static const char *machine_name(int machine)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (machines[i].machine == machine)
            return machines[i].name;
    return "another machine";
}

static const char *explain(char *reason, const char *text)
{
    message_set(reason, "%s", text);
    return reason;
}

/* Whether every segment lies within the file; a library cut short in copying would be mapped all
 * the same and die at its first touch beyond the end. */
static bool segments_are_there(int file, const ElfW(Ehdr) * header)
{
    struct stat status;
    if (fstat(file, &status) < 0)
        return false;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        off_t at = (off_t)(header->e_phoff + i * sizeof segment);
        if (pread(file, &segment, sizeof segment, at) != (ssize_t)sizeof segment ||
            (segment.p_type == PT_LOAD &&
             segment.p_offset + segment.p_filesz > (ElfW(Off))status.st_size))
            return false;
    }
    return true;
}

/* Why a file is not of this machine, or NULL; `header` has the `length` bytes that could be read.
 * The identification, the type and the machine stand at the same place in both classes. */
static const char *machine_misfit(const ElfW(Ehdr) * header, ssize_t length, char *reason)
{
    if (length < (ssize_t)offsetof(ElfW(Ehdr), e_version) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return explain(reason, "is not an ELF file");
    if (header->e_machine != OWN_MACHINE) {
        message_set(reason, "is built for %s, this heapmark for %s; build it for this machine",
                    machine_name(header->e_machine), machine_name(OWN_MACHINE));
        return reason;
    }
    if (header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
        return explain(reason,
                       "has another word size than this heapmark; build it for this machine");
    return NULL;
}

static int open_to_look(const char *path, char *reason)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        message_set(reason, "cannot be read: %s", strerror(errno));
    return file;
}

const char *elf_file_misfit(const char *path, char *reason)
{
    int file = open_to_look(path, reason);
    if (file < 0)
        return reason;
    ElfW(Ehdr) header;
    ssize_t length = pread(file, &header, sizeof header, 0);
    bool whole = length == (ssize_t)sizeof header && segments_are_there(file, &header);
    close(file);
    if (length < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return explain(reason, "is not an ELF file; name a shared library (.so)");
    const char *misfit = machine_misfit(&header, length, reason);
    if (misfit != NULL)
        return misfit;
    if (header.e_type != ET_DYN)
        return explain(reason, "is not a shared library; link it with -shared");
    if (!whole)
        return explain(reason, "is cut short; copy or build it again");
    return NULL;
}

/* The path of the dynamic linker that the program asks for; "" if none. */
static void read_interpreter(int file, const ElfW(Ehdr) * header, char *path, size_t bytes)
{
    path[0] = '\0';
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        off_t at = (off_t)(header->e_phoff + i * sizeof segment);
        if (pread(file, &segment, sizeof segment, at) != (ssize_t)sizeof segment)
            return;
        if (segment.p_type != PT_INTERP)
            continue;
        ssize_t length = pread(file, path, bytes - 1, (off_t)segment.p_offset);
        path[length > 0 ? length : 0] = '\0';
        return;
    }
}

const char *elf_program_misfit(const char *path, char *reason)
{
    int file = open_to_look(path, reason);
    if (file < 0)
        return reason;
    ElfW(Ehdr) header;
    char interpreter[256] = "";
    ssize_t length = pread(file, &header, sizeof header, 0);
    const char *misfit = machine_misfit(&header, length, reason);
    if (misfit == NULL && length == (ssize_t)sizeof header)
        read_interpreter(file, &header, interpreter, sizeof interpreter);
    close(file);
    if (misfit != NULL)
        return misfit;
    if (interpreter[0] == '\0')
        return explain(reason, "is statically linked, so nothing can be preloaded into it; link it "
                               "dynamically");
    if (strstr(interpreter, "/ld-musl-") != NULL)
        return explain(reason, "uses another C library (musl) than the recorder; build it for "
                               "glibc");
    return NULL;
}
