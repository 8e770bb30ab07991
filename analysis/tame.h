/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of users and names out of files may hold anything: line feeds that turn one sentence into
 * two, escapes that recolour a terminal.
 */
#ifndef ANA_TAME_H
#define ANA_TAME_H

#include <stddef.h>

/* Control characters become '?'; the rest, UTF-8 among it, stays. */
void ana_tame(char *text);

/* Bytes of the UTF-8 character at `text` if it is well formed and may be shown, else 0: controls,
 * surrogates and what is no character are not. */
size_t ana_character(const char *text);

#endif
