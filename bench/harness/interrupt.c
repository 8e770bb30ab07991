/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C: the handler only notes the signal, the runner looks between passes. The handler removes
 * itself, so that an impatient second signal does what it always does; files are never caught half
 * written, because they are replaced whole.
 */
#include "bench/harness/runner.h"

#include <signal.h>

static volatile sig_atomic_t received;
static struct sigaction before_int, before_term;
static bool installed;

static void note(int number)
{
    received = number;
}

void bm_interrupt_install(void)
{
    const struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    received = 0;
    /* Also where a script has started the run in its background, which means with SIGINT ignored: a
     * Ctrl-C that ends the script ends what it waits for. */
    sigaction(SIGINT, &action, &before_int);
    sigaction(SIGTERM, &action, &before_term);
    installed = true;
}

void bm_interrupt_remove(void)
{
    if (!installed)
        return;
    sigaction(SIGINT, &before_int, NULL);
    sigaction(SIGTERM, &before_term, NULL);
    installed = false;
}

int bm_interrupted(void)
{
    return received;
}
