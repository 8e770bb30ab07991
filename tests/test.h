/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every test program uses: CHECK counts and prints, test_exit() turns the count into the
 * exit status, and the generator is seeded from ATTN_TEST_SEED so a failure can be repeated.
 */
#ifndef ATTN_TEST_H
#define ATTN_TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_SKIP = 77 };

/* Sanitizers take memory of their own; gcc says so by macros, clang by features. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

static int test_checks, test_failures;

#define CHECK(condition, ...)                                      \
    do {                                                           \
        test_checks++;                                             \
        if (!(condition)) {                                        \
            test_failures++;                                       \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            printf("" __VA_ARGS__);                                \
            printf("\n");                                          \
        }                                                          \
    } while (0)

#define CHECK_STR(found, expected)                                                                 \
    do {                                                                                           \
        const char *const found_ = (found), *const expected_ = (expected);                         \
        CHECK(strcmp(found_, expected_) == 0, "found \"%s\", expected \"%s\"", found_, expected_); \
    } while (0)

static inline int test_exit(void)
{
    printf("%d checks, %d failures\n", test_checks, test_failures);
    return test_failures || !test_checks ? 1 : 0;
}

static inline uint64_t test_seed(void)
{
    const char *const text = getenv("ATTN_TEST_SEED");
    const uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
    printf("seed %llu\n", (unsigned long long)seed);
    return seed;
}

/* splitmix64: good enough to draw shapes and data, and the same everywhere. */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [0, 1). */
static inline double test_uniform(uint64_t *state)
{
    return (double)(test_random(state) >> 11) * 0x1p-53;
}

#endif
