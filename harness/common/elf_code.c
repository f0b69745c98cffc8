/* What of a library decides how it behaves; see elf_code.h and elf(5). */
#include "elf_code.h"

#include "message.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(ELF_CODE_DIGEST_BYTES == SHA256_DIGEST_STRING_LENGTH, "a digest in hex");

struct image {
    const uint8_t *bytes;
    size_t size;
    const ElfW(Shdr) * sections;
    size_t count;
    const char *names; /* of sections */
    size_t names_size;
};

static bool lies_within(const struct image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->size && size <= image->size - offset;
}

/* False where there are no sections, or they do not lie in the file. */
static bool find_sections(struct image *image)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)(const void *)image->bytes;
    if (image->size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header->e_shentsize != sizeof *image->sections || header->e_shnum == 0 ||
        header->e_shstrndx >= header->e_shnum || header->e_shoff % sizeof(void *) != 0 ||
        !lies_within(image, header->e_shoff, header->e_shnum * sizeof *image->sections))
        return false;
    image->sections = (const ElfW(Shdr) *)(const void *)(image->bytes + header->e_shoff);
    image->count = header->e_shnum;
    const ElfW(Shdr) *names = &image->sections[header->e_shstrndx];
    if (!lies_within(image, names->sh_offset, names->sh_size) || names->sh_size == 0)
        return false;
    image->names = (const char *)(image->bytes + names->sh_offset);
    image->names_size = names->sh_size;
    return image->names[image->names_size - 1] == '\0';
}

static const char *name_of(const struct image *image, const ElfW(Shdr) * section)
{
    return section->sh_name < image->names_size ? image->names + section->sh_name : "";
}

static void digest_section(SHA2_CTX *all, const struct image *image, const ElfW(Shdr) * section)
{
    const char *name = name_of(image, section);
    uint64_t place[] = {section->sh_type, section->sh_flags, section->sh_addr, section->sh_size};
    if ((section->sh_flags & SHF_ALLOC) == 0 || strcmp(name, ".note.gnu.build-id") == 0)
        return;
    SHA256Update(all, (const uint8_t *)name, strlen(name) + 1);
    SHA256Update(all, (const uint8_t *)place, sizeof place);
    if (section->sh_type != SHT_NOBITS && lies_within(image, section->sh_offset, section->sh_size))
        SHA256Update(all, image->bytes + section->sh_offset, section->sh_size);
}

/* .comment holds a text for each compiler that had a part in it, the C library's own among them. */
static void note_compiler(struct elf_code *code, const struct image *image,
                          const ElfW(Shdr) * section)
{
    if (strcmp(name_of(image, section), ".comment") != 0 || section->sh_type == SHT_NOBITS ||
        !lies_within(image, section->sh_offset, section->sh_size))
        return;
    const char *text = (const char *)(image->bytes + section->sh_offset);
    snprintf(code->compiler, sizeof code->compiler, "%.*s",
             (int)strnlen(text, section->sh_size < sizeof code->compiler ? section->sh_size
                                                                         : sizeof code->compiler),
             text);
}

static void read_image(struct elf_code *code, struct image *image)
{
    SHA2_CTX all;
    SHA256Init(&all);
    if (!find_sections(image))
        SHA256Update(&all, image->bytes, image->size);
    for (size_t i = 0; i < image->count; i++) {
        digest_section(&all, image, &image->sections[i]);
        note_compiler(code, image, &image->sections[i]);
    }
    SHA256End(&all, code->sha256);
}

int elf_code_read(struct elf_code *code, const char *path, char *message)
{
    struct stat status;
    struct image image = {0};
    *code = (struct elf_code){.compiler = "unknown"};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return message_set(message, "cannot read %s: %s", path, strerror(errno));
    void *bytes = MAP_FAILED;
    if (fstat(file, &status) == 0 && status.st_size > 0)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED)
        return message_set(message, "cannot read %s", path);
    image.bytes = bytes;
    image.size = (size_t)status.st_size;
    read_image(code, &image);
    munmap(bytes, image.size);
    return 0;
}
