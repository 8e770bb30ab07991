/* SPDX-License-Identifier: Apache-2.0 */
/* See tame.h. */
#include "analysis/tame.h"

void ana_tame(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}
