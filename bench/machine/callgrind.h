/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts that no neighbour can disturb: a program runs itself once more under callgrind, which
 * simulates two levels of cache, and marks the region that counts. Only valgrind's header is
 * needed to build this, and only where it was there can a region be marked; valgrind itself is
 * looked for when it is asked for.
 *
 * The simulated caches: two levels, 64-byte lines, LRU, write-allocate, virtually indexed; no
 * prefetcher and no TLB. What is counted in them is the same on every run and every machine that
 * runs the same code.
 */
#ifndef MACHINE_CALLGRIND_H
#define MACHINE_CALLGRIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALLGRIND_LINE = 64, CALLGRIND_L1_WAYS = 8, CALLGRIND_LL_WAYS = 16 };

struct callgrind_caches {
    uint64_t l1_bytes; /* I1 and D1 each */
    uint64_t ll_bytes;
};

/* 0, or -EINVAL with a sentence: powers of two, large enough for their ways, L1 not above LL. */
int callgrind_caches_check(const struct callgrind_caches *caches, char *why, size_t size);

/*
 * "valgrind-3.19.0". 0, -ENOTSUP if this build cannot mark regions, -ENOENT if there is no
 * valgrind in PATH, or another -errno.
 */
int callgrind_version(char *buf, size_t size);

struct callgrind_run {
    const char *const *argv;     /* of the program itself, NULL-terminated; [0] is its path */
    const char *const *environ_; /* "NAME=value", NULL-terminated; added to the little it gets */
    struct callgrind_caches caches;
    const char *out; /* the file callgrind is to write */
    /* Asked while waiting: true ends the simulation. NULL is never. */
    bool (*stop)(void *user);
    void *user;
};

/*
 * Runs it to its end, with a fixed environment, fixed addresses, nothing on stdin or stdout and
 * stderr in `out`.log, which is removed if all goes well. 0 when the program ended with status 0
 * and `out` is there, -EINTR when stopped, or another -errno with a sentence.
 */
int callgrind_run(const struct callgrind_run *run, char *why, size_t size);

/* Removes what callgrind_run() may have left under that name. */
void callgrind_clean(const char *out);

/*
 * In the program that runs under callgrind: simulates fn(arg) and dumps its counts as `name`. The
 * simulated caches are empty to begin with, or with `warm` as a first call leaves them. Elsewhere
 * it just calls.
 */
void callgrind_region(const char *name, bool warm, void (*fn)(void *arg), void *arg);

#endif
