/* SPDX-License-Identifier: Apache-2.0 */
/* See same_code.h. A file is not trusted: every offset is checked against its size. */
#include "analysis/regress/same_code.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const char *bytes;
    size_t size;
    const Elf64_Ehdr *header;
    const Elf64_Shdr *sections;
    const char *names; /* section names, NUL at the end of the table checked */
    size_t names_size;
};

static bool within(const struct image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->size && size <= image->size - offset;
}

static void image_close(struct image *image)
{
    if (image->bytes)
        munmap((void *)(uintptr_t)image->bytes, image->size);
    image->bytes = NULL;
}

static bool parse(struct image *image)
{
    const Elf64_Ehdr *const h = image->header = (const void *)image->bytes;
    if (image->size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
        h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_shentsize != sizeof(Elf64_Shdr) ||
        h->e_shoff % 8 || !h->e_shnum || h->e_shstrndx >= h->e_shnum ||
        !within(image, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr)))
        return false;
    image->sections = (const void *)(image->bytes + h->e_shoff);
    const Elf64_Shdr *const names = &image->sections[h->e_shstrndx];
    if (!within(image, names->sh_offset, names->sh_size) || !names->sh_size ||
        image->bytes[names->sh_offset + names->sh_size - 1])
        return false;
    image->names = image->bytes + names->sh_offset;
    image->names_size = names->sh_size;
    for (size_t i = 0; i < h->e_shnum; i++) {
        const Elf64_Shdr *const s = &image->sections[i];
        if (s->sh_name >= image->names_size ||
            (s->sh_type != SHT_NOBITS && !within(image, s->sh_offset, s->sh_size)))
            return false;
    }
    return true;
}

static bool image_open(struct image *image, const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    *image = (struct image){0};
    if (file < 0)
        return false;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        image->size = (size_t)status.st_size;
        void *const bytes = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, file, 0);
        image->bytes = bytes == MAP_FAILED ? NULL : bytes;
    }
    close(file);
    if (image->bytes && parse(image))
        return true;
    image_close(image);
    return false;
}

static const char *name_of(const struct image *image, const Elf64_Shdr *section)
{
    return image->names + section->sh_name;
}

/* The next loaded section from *index on that is more than a name of the build; NULL at the end. */
static const Elf64_Shdr *next(const struct image *image, size_t *index)
{
    while (*index < image->header->e_shnum) {
        const Elf64_Shdr *const s = &image->sections[(*index)++];
        const char *const name = name_of(image, s);
        if (s->sh_flags & SHF_ALLOC && strcmp(name, ".note.gnu.build-id") != 0 &&
            strcmp(name, ".build_identity") != 0)
            return s;
    }
    return NULL;
}

static bool beside_itself(const struct image *image)
{
    static const char word[] = "$ORIGIN";
    for (size_t i = 0; i < image->header->e_shnum; i++) {
        const Elf64_Shdr *const s = &image->sections[i];
        if (strcmp(name_of(image, s), ".dynstr") == 0 &&
            memmem(image->bytes + s->sh_offset, s->sh_size, word, strlen(word)))
            return true;
    }
    return false;
}

static bool same(const struct image *a, const struct image *b)
{
    size_t i = 0, j = 0;
    if (a->header->e_machine != b->header->e_machine || beside_itself(a) || beside_itself(b))
        return false;
    for (;;) {
        const Elf64_Shdr *const x = next(a, &i), *const y = next(b, &j);
        if (!x || !y)
            return !x && !y;
        if (strcmp(name_of(a, x), name_of(b, y)) != 0 || x->sh_type != y->sh_type ||
            x->sh_addr != y->sh_addr || x->sh_size != y->sh_size)
            return false;
        if (x->sh_type != SHT_NOBITS &&
            memcmp(a->bytes + x->sh_offset, b->bytes + y->sh_offset, x->sh_size) != 0)
            return false;
    }
}

bool reg_same_code(const char *base, const char *head)
{
    struct image a, b;
    bool equal = false;
    if (!image_open(&a, base))
        return false;
    if (image_open(&b, head)) {
        equal = same(&a, &b);
        image_close(&b);
    }
    image_close(&a);
    return equal;
}
