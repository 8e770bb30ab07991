/* SPDX-License-Identifier: Apache-2.0 */
/* ANSI colours. TERM is matched against a list, since a dumb terminal would show the bytes. */
#include "bench/harness/colour.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bm_colour_printf(FILE *out, bool on, enum colour colour, const char *format, ...)
{
    va_list args;
    if (on && colour != COLOUR_NONE)
        fprintf(out, "\033[0;3%dm", (int)colour);
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    if (on)
        fputs("\033[m", out);
}

bool bm_colour_terminal(FILE *stream)
{
    static const char *const known[] = {
        "xterm",           "xterm-color", "xterm-256color", "xterm-kitty",  "screen",
        "screen-256color", "tmux",        "tmux-256color",  "rxvt-unicode", "rxvt-unicode-256color",
        "linux",           "cygwin",      "alacritty",      "foot",         "foot-extra",
        "wezterm",
    };
    const char *const term = getenv("TERM");
    if (!term || !isatty(fileno(stream)))
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(term, known[i]) == 0)
            return true;
    return false;
}
