/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address range is reserved without access, a little larger than asked for, and the memory is
 * mapped into the middle of it. That gives the alignment huge pages need, makes running over
 * either end a fault rather than a wrong number, and keeps the kernel from merging the mapping
 * with a neighbour, so that its page counts are ours alone.
 *
 * aligned_alloc() was no alternative: it returns base pages wherever the system's huge page setting
 * is "madvise", which is most systems.
 */
#include "bench/machine/arena.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE = 2 << 20 };

const char *const arena_pages_name[ARENA_PAGES] = {
    [ARENA_4K] = "4k",
    [ARENA_THP] = "thp",
    [ARENA_HUGETLB] = "hugetlb",
};

int arena_pages_parse(const char *text, enum arena_pages *pages)
{
    for (int i = 0; i < ARENA_PAGES; i++) {
        if (strcmp(text, arena_pages_name[i]) == 0) {
            *pages = (enum arena_pages)i;
            return 0;
        }
    }
    return -EINVAL;
}

static size_t page_bytes(enum arena_pages pages)
{
    return pages == ARENA_4K ? (size_t)sysconf(_SC_PAGESIZE) : HUGE;
}

/* Addresses only; whatever the reason they are refused, there is no room for so many. */
static int reserve_range(struct arena *a, size_t bytes, enum arena_pages pages)
{
    const size_t page = page_bytes(pages);
    *a = (struct arena){.pages = pages};
    if (bytes == 0)
        return -EINVAL;
    if (bytes > SIZE_MAX / 2)
        return -ENOMEM;
    a->bytes = (bytes + page - 1) / page * page;
    a->reserved_bytes = a->bytes + 3 * (size_t)HUGE;
    a->reserved = mmap(NULL, a->reserved_bytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (a->reserved == MAP_FAILED) {
        *a = (struct arena){.pages = pages};
        return -ENOMEM;
    }
    const uintptr_t from = (uintptr_t)a->reserved + HUGE;
    a->base = (char *)a->reserved + HUGE + (HUGE - from % HUGE) % HUGE;
    return 0;
}

/* A kernel built without huge pages refuses the advice, and then base pages are what there is. */
static void advise(const struct arena *a)
{
    if (a->pages != ARENA_HUGETLB)
        madvise(a->base, a->bytes, a->pages == ARENA_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

int arena_reserve(struct arena *a, size_t bytes, enum arena_pages pages)
{
    int err = reserve_range(a, bytes, pages);
    if (err)
        return err;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (mmap(a->base, a->bytes, PROT_READ | PROT_WRITE,
             flags | (pages == ARENA_HUGETLB ? MAP_HUGETLB : 0), -1, 0) == MAP_FAILED) {
        err = -errno;
        arena_free(a);
        return err;
    }
    advise(a);
    return 0;
}

/* Pages move without being copied; asking mremap() to enlarge as well would confuse memcheck. */
int arena_grow(struct arena *a, size_t bytes)
{
    struct arena larger;
    if (bytes <= a->bytes)
        return 0;
    const int err = arena_reserve(&larger, bytes, a->pages);
    if (err)
        return err;
    if (mremap(a->base, a->bytes, a->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, larger.base) ==
        MAP_FAILED) {
        const int failed = -errno;
        arena_free(&larger);
        return failed;
    }
    munmap(a->reserved, a->reserved_bytes);
    *a = larger;
    return 0;
}

void arena_free(struct arena *a)
{
    if (a->reserved)
        munmap(a->reserved, a->reserved_bytes);
    *a = (struct arena){.pages = a->pages};
}

struct touch {
    const struct arena *arena;
    enum arena_owner owner;
};

/* Writing back the byte that is there makes the page ours and keeps the content. */
static void touch_range(char *from, char *end, size_t page)
{
    for (volatile char *p = from; p < end; p += page)
        *p = *p;
}

static void touch_rank(void *arg, int rank, int ranks)
{
    const struct touch *const t = arg;
    const struct arena *const a = t->arena;
    const size_t huge = (a->bytes + HUGE - 1) / HUGE;
    const size_t r = (size_t)rank, n = (size_t)ranks;
    const bool slices = t->owner == ARENA_BY_SLICE;
    const size_t first = slices ? huge * r / n : r;
    const size_t last = slices ? huge * (r + 1) / n : huge;
    for (size_t i = first; i < last; i += slices ? 1 : n) {
        char *const from = a->base + i * HUGE;
        const size_t left = a->bytes - i * HUGE;
        touch_range(from, from + (left < HUGE ? left : HUGE), page_bytes(ARENA_4K));
    }
}

void arena_touch(const struct arena *a, struct team *team, enum arena_owner owner)
{
    struct touch t = {.arena = a, .owner = owner};
    team_run(team, touch_rank, &t);
}

/*
 * Streams /proc/self/smaps. A mapping's lines follow its "from-to" line; the kernel may have split
 * ours, and the guards keep it from holding anybody else's.
 */
int arena_state(const struct arena *a, struct arena_state *state)
{
    FILE *const f = fopen("/proc/self/smaps", "re");
    if (!f)
        return -errno;
    const uint64_t from = (uintptr_t)a->base, to = from + a->bytes;
    char line[512];
    bool ours = false;
    *state = (struct arena_state){0};
    while (fgets(line, sizeof(line), f)) {
        uint64_t start, end, kib;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2)
            ours = start >= from && end <= to;
        else if (!ours)
            continue;
        else if (sscanf(line, "Rss: %" SCNu64, &kib) == 1)
            state->resident_bytes += kib * 1024;
        else if (sscanf(line, "AnonHugePages: %" SCNu64, &kib) == 1)
            state->huge_bytes += kib * 1024;
        else if (sscanf(line, "Private_Hugetlb: %" SCNu64, &kib) == 1) {
            state->huge_bytes += kib * 1024;
            state->resident_bytes += kib * 1024; /* Rss leaves the pool's pages out */
        }
    }
    fclose(f);
    return 0;
}
