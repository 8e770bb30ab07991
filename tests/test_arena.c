/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas under every page policy: alignment, zeroed content that survives growing, guards on both
 * sides, page counts read back from the kernel, and requests that no machine can serve.
 */
#include "bench/machine/arena.h"

#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = (8 << 20) + 12345, MIB2 = 2 << 20 };

/* Whether touching the byte kills a child of ours, which is what a guard is for. */
static bool faults(volatile char *p)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        alarm(20);
        *p = 1;
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static size_t wrong_bytes(const struct arena *a, size_t from, size_t to, int step)
{
    size_t wrong = 0;
    for (size_t i = from; i < to; i += 1024)
        wrong += a->base[i] != (char)(step ? i / 1024 : 0);
    return wrong;
}

static void test_policy(enum arena_pages pages, struct team *team)
{
    const char *const name = arena_pages_name[pages];
    struct arena a;
    struct arena_state state;
    const int err = arena_reserve(&a, BYTES, pages);
    if (err && pages == ARENA_HUGETLB) {
        CHECK(err == -ENOMEM || err == -EPERM || err == -EINVAL, "%s: %s", name, strerror(-err));
        CHECK(a.base == NULL && a.bytes == 0, "not empty after an error");
        arena_free(&a);
        return;
    }
    CHECK(!err, "%s: %s", name, strerror(-err));
    CHECK(a.bytes >= BYTES && (uintptr_t)a.base % MIB2 == 0, "%s: %p", name, (void *)a.base);
    CHECK(arena_state(&a, &state) == 0 && state.resident_bytes == 0, "%s: resident at birth", name);

    arena_touch(&a, team, ARENA_INTERLEAVE);
    CHECK(arena_state(&a, &state) == 0, "state");
    CHECK(state.resident_bytes >= a.bytes, "%s: %llu of %zu resident", name,
          (unsigned long long)state.resident_bytes, a.bytes);
    CHECK(state.huge_bytes <= state.resident_bytes, "%s: more huge than there is", name);
    if (pages == ARENA_4K)
        CHECK(state.huge_bytes == 0, "%llu bytes huge", (unsigned long long)state.huge_bytes);
    printf("%s: %llu of %zu bytes on huge pages\n", name, (unsigned long long)state.huge_bytes,
           a.bytes);

    CHECK(wrong_bytes(&a, 0, a.bytes, 0) == 0, "%s: not zeroed", name);
    for (size_t i = 0; i < a.bytes; i += 1024)
        a.base[i] = (char)(i / 1024);
    const size_t before = a.bytes;
    CHECK(arena_grow(&a, 3 * (size_t)BYTES) == 0 && a.bytes >= 3 * (size_t)BYTES, "grow");
    CHECK(arena_grow(&a, 1) == 0 && a.bytes >= 3 * (size_t)BYTES, "shrunk");
    CHECK((uintptr_t)a.base % MIB2 == 0, "%s: %p after growing", name, (void *)a.base);
    arena_touch(&a, team, ARENA_BY_SLICE);
    CHECK(wrong_bytes(&a, 0, before, 1) == 0, "%s: content lost by growing", name);
    CHECK(wrong_bytes(&a, (before + 1023) / 1024 * 1024, a.bytes, 0) == 0, "%s: new part", name);
    CHECK(arena_state(&a, &state) == 0 && state.resident_bytes >= a.bytes, "state after growing");
    const size_t held = a.bytes;
    CHECK(arena_grow(&a, SIZE_MAX / 4) == -ENOMEM && a.bytes == held, "grown beyond the world");
    CHECK(wrong_bytes(&a, 0, before, 1) == 0, "%s: content lost by a refusal", name);
    CHECK(faults(a.base - 1) && faults(a.base + a.bytes), "%s: no guard", name);
    arena_free(&a);
    CHECK(a.base == NULL && a.bytes == 0, "not empty after free");
    arena_free(&a);
}

int main(void)
{
    struct team *team;
    struct arena a;
    enum arena_pages pages;
    CHECK(team_create(&team, &(struct team_options){.ranks = 3}) == 0, "team");
    for (int i = 0; i < ARENA_PAGES; i++) {
        CHECK(arena_pages_parse(arena_pages_name[i], &pages) == 0 && pages == (enum arena_pages)i,
              "%s", arena_pages_name[i]);
        test_policy((enum arena_pages)i, team);
    }
    team_destroy(team);
    CHECK(arena_pages_parse("64k", &pages) == -EINVAL, "64k");
    CHECK(arena_reserve(&a, 0, ARENA_4K) == -EINVAL, "no bytes");
    CHECK(arena_reserve(&a, SIZE_MAX, ARENA_4K) == -ENOMEM, "every byte");
    CHECK(arena_reserve(&a, (size_t)1 << 60, ARENA_THP) == -ENOMEM && !a.base, "an exbibyte");
    return test_exit();
}
