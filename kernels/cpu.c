/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU features. The compiler's own run-time query is used because it also asks the operating
 * system whether the wide registers are saved, which a bare cpuid does not say.
 */
#include "kernels/cpu.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

static uint64_t cpu_mask = UINT64_MAX;
static _Atomic(uint64_t) reading; /* a struct attn_cpu_reading; 0: not asked yet */

static const struct {
    uint64_t bit;
    const char *name;
} names[] = {
    {ATTN_CPU_AVX2, "avx2"},
    {ATTN_CPU_AVX_VNNI, "avx_vnni"},
    {ATTN_CPU_AVX512, "avx512"},
    {ATTN_CPU_AVX512_VNNI, "avx512_vnni"},
    {ATTN_CPU_AVX512_BF16, "avx512_bf16"},
    {ATTN_CPU_NEON, "neon"},
    {ATTN_CPU_DOTPROD, "dotprod"},
    {ATTN_CPU_ARM_BF16, "arm_bf16"},
    {ATTN_CPU_AMX, "amx"},
    {ATTN_CPU_SVE, "sve"},
};

#if defined(__x86_64__)
/* F16C, AVX-VNNI and AMX are unknown to the query of some compilers. The first two need no state of
 * their own, and nothing here executes the third. */
static uint64_t detect_cpuid(void)
{
    uint32_t a, b, c, d;
    uint64_t f = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C))
        f |= ATTN_CPU_AVX2;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4)))
        f |= ATTN_CPU_AVX_VNNI;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & (1u << 24)))
        f |= ATTN_CPU_AMX;
    return f;
}
#endif

static uint64_t detect(void)
{
    uint64_t f = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        f = detect_cpuid();
    if (!(f & ATTN_CPU_AVX2))
        return 0;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        f |= ATTN_CPU_AVX512;
    if ((f & ATTN_CPU_AVX512) && __builtin_cpu_supports("avx512vnni"))
        f |= ATTN_CPU_AVX512_VNNI;
    if ((f & ATTN_CPU_AVX512) && __builtin_cpu_supports("avx512bf16"))
        f |= ATTN_CPU_AVX512_BF16;
#elif defined(__aarch64__)
    /* HWCAP_ASIMD, HWCAP_ASIMDDP, HWCAP_SVE, HWCAP2_BF16: bits of the kernel's user interface. */
    const unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
    if (hwcap & (1ul << 1))
        f |= ATTN_CPU_NEON;
    if (hwcap & (1ul << 20))
        f |= ATTN_CPU_DOTPROD;
    if (hwcap & (1ul << 22))
        f |= ATTN_CPU_SVE;
    if (hwcap2 & (1ul << 14))
        f |= ATTN_CPU_ARM_BF16;
#endif
    return f;
}

/* AMD's prefetchers follow fewer ascending runs of lines than Intel's, and its cores keep fewer
 * lines in flight: measured on a Zen 3, and taken to hold for its kin. */
static struct attn_cpu_reading detect_reading(void)
{
    struct attn_cpu_reading r = {.tile = 0, .streams = 8, .burst = UINT16_MAX};
#if defined(__x86_64__)
    uint32_t a, b, c, d;
    char maker[12];
    if (__get_cpuid(0, &a, &b, &c, &d)) {
        memcpy(maker, &b, 4);
        memcpy(maker + 4, &d, 4);
        memcpy(maker + 8, &c, 4);
        if (!memcmp(maker, "AuthenticAMD", 12) || !memcmp(maker, "HygonGenuine", 12))
            r = (struct attn_cpu_reading){.tile = 24, .streams = 4, .burst = 16, .few = true};
    }
#endif
    return r;
}

/* Kept, because a virtual machine takes longer over cpuid than a small call does. */
struct attn_cpu_reading attn_cpu_reading(void)
{
    struct attn_cpu_reading r;
    uint64_t known = atomic_load_explicit(&reading, memory_order_relaxed);
    if (!known) {
        attn_cpu_set_reading(detect_reading());
        known = atomic_load_explicit(&reading, memory_order_relaxed);
    }
    memcpy(&r, &known, sizeof(r));
    return r;
}

void attn_cpu_set_reading(struct attn_cpu_reading r)
{
    uint64_t all = 0;
    memcpy(&all, &r, sizeof(r));
    atomic_store_explicit(&reading, r.streams ? all : 0, memory_order_relaxed);
}

uint64_t attn_cpu_features(void)
{
    return detect() & cpu_mask;
}

void attn_cpu_set_mask(uint64_t mask)
{
    cpu_mask = mask;
}

const char *attn_cpu_feature_name(uint64_t bit)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (names[i].bit == bit)
            return names[i].name;
    return "unknown";
}

int attn_cpu_describe(uint64_t features, char *buf, size_t size)
{
    int n = 0;
    if (size)
        buf[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!(features & names[i].bit))
            continue;
        const size_t used = (size_t)n < size ? (size_t)n : size;
        n += snprintf(buf + used, size - used, "%s%s", n ? " " : "", names[i].name);
    }
    return n;
}
