/* SPDX-License-Identifier: Apache-2.0 */
/* A loop of two instructions, whatever the compiler: what counters are held against. */
#ifndef MACHINE_COUNTERS_KNOWN_LOOP_H
#define MACHINE_COUNTERS_KNOWN_LOOP_H

#include <stdint.h>

enum { KNOWN_LOOP_INSTRUCTIONS = 2 };

static inline void known_loop(uint64_t turns)
{
#if defined(__x86_64__)
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns) : : "cc");
#elif defined(__aarch64__)
    __asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(turns) : : "cc");
#else
    while (turns--)
        __asm__ volatile("");
#endif
}

#endif
