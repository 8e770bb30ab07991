/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people type them on a command line or in a suite file. The whole text must be the
 * number: "12x", "", " 3" and "-1" are no counts. Every function returns 0, -EINVAL if the text
 * is not such a number, or -ERANGE if it is one but does not fit; then *value is left alone.
 */
#ifndef ANA_NUMBER_H
#define ANA_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Decimal digits, then at most one of K, M, G (1024s, either case): "32", "8K", "1M". */
int ana_parse_count(const char *text, size_t len, uint64_t max, uint64_t *value);

/* As above, and a fraction before a unit, and B, KB, MB, GB, TB (powers of 1000) and KiB, MiB,
 * GiB, TiB (1024s); a bare K, M, G, T is 1024s too: "16GiB", "1.5GB", "512M". */
int ana_parse_bytes(const char *text, size_t len, uint64_t *value);

/* A finite decimal number, sign and exponent allowed. */
int ana_parse_real(const char *text, size_t len, double *value);

#endif
