/* SPDX-License-Identifier: Apache-2.0 */
/* The sentence of message.h; cut rather than grown, since a reader will not read more either. */
#include "bench/cases/message.h"

#include "analysis/tame.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int attn_refuse(struct attn_message *why, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    ana_tame(why->text);
    return error;
}

int attn_refuse_at(struct attn_message *why, int error, const char *format, ...)
{
    char sentence[sizeof(why->text)];
    memcpy(sentence, why->text, sizeof(sentence));
    va_list args;
    va_start(args, format);
    int n = vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(why->text))
        n = 0;
    const size_t room = sizeof(why->text) - (size_t)n;
    snprintf(why->text + n, room, ": %.*s", (int)room - 3, sentence);
    ana_tame(why->text);
    return error;
}
