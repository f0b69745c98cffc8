/*
 * The witness: a preload library that says which object serves malloc in this very process.
 *
 * It stands behind the allocator in LD_PRELOAD. Before main it appends one line,
 * "PID\tEXE\tOWNER\n", to the file that HEAPMARK_WITNESS names; it does nothing else, and
 * allocates nothing, so the process goes on as it would have without it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Never called: it makes the linker give us a jump slot for malloc, as any caller has. */
__attribute__((used)) static void *call_malloc(size_t bytes)
{
    return malloc(bytes);
}

/* The tables of the dynamic section that lead to the jump slots. */
struct jump_table {
    const ElfW(Rela) * entries;
    size_t bytes;
    const ElfW(Sym) * symbols;
    const char *names;
};

static struct jump_table find_jump_table(const ElfW(Dyn) * dynamic)
{
    struct jump_table table = {0};
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == DT_JMPREL)
            table.entries = (const ElfW(Rela) *)dynamic->d_un.d_ptr;
        else if (dynamic->d_tag == DT_PLTRELSZ)
            table.bytes = dynamic->d_un.d_val;
        else if (dynamic->d_tag == DT_SYMTAB)
            table.symbols = (const ElfW(Sym) *)dynamic->d_un.d_ptr;
        else if (dynamic->d_tag == DT_STRTAB)
            table.names = (const char *)dynamic->d_un.d_ptr;
    }
    return table;
}

/* Where a call of malloc goes: what the dynamic linker has written into our jump slot.
 * dlsym(RTLD_DEFAULT) does not tell in an executable at a fixed address that takes the address
 * of malloc, such as Debian's python3: it finds a stub in the executable, by which pointers to
 * malloc compare equal everywhere, while calls go on to another object. */
static void *target_of_malloc(void)
{
    Dl_info info;
    struct link_map *self = NULL;
    if (dladdr1((void *)call_malloc, &info, (void **)&self, RTLD_DL_LINKMAP) == 0 || self == NULL)
        return NULL;
    struct jump_table table = find_jump_table(self->l_ld);
    if (table.entries == NULL || table.symbols == NULL || table.names == NULL)
        return NULL;
    for (size_t i = 0; i < table.bytes / sizeof *table.entries; i++) {
        /* The symbol's number is the upper half of a 64-bit word. */
        const ElfW(Sym) *symbol = &table.symbols[ELF64_R_SYM(table.entries[i].r_info)];
        if (strcmp(table.names + symbol->st_name, "malloc") == 0)
            return *(void **)(self->l_addr + table.entries[i].r_offset);
    }
    return NULL;
}

static const char *owner_of_malloc(void)
{
    Dl_info info;
    void *target = target_of_malloc();
    if (target == NULL || dladdr(target, &info) == 0 || info.dli_fname == NULL)
        return "?";
    return info.dli_fname;
}

__attribute__((constructor)) static void testify(void)
{
    const char *path = getenv("HEAPMARK_WITNESS");
    char exe[PATH_MAX], line[2 * PATH_MAX + 32];
    int error = errno;

    if (path == NULL)
        return;
    ssize_t exe_bytes = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[exe_bytes > 0 ? exe_bytes : 0] = '\0';
    int bytes = snprintf(line, sizeof line, "%d\t%s\t%s\n", (int)getpid(), exe, owner_of_malloc());
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd >= 0) {
        /* One write, so that lines of processes that start together do not mix. A line that is
         * not written leaves the process unwitnessed, which the harness refuses. */
        if (bytes > 0 && bytes < (int)sizeof line && write(fd, line, (size_t)bytes) < 0)
            errno = error;
        close(fd);
    }
    errno = error;
}
