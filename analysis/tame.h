/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of users and names out of files may hold anything: line feeds that turn one sentence into
 * two, escapes that recolour a terminal.
 */
#ifndef ANA_TAME_H
#define ANA_TAME_H

/* Control characters become '?'; the rest, UTF-8 among it, stays. */
void ana_tame(char *text);

#endif
