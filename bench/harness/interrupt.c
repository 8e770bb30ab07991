/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C, a kill, a terminal that is closed: the handler only notes the signal, the runner looks
 * between passes and, where calls are timed one by one, between calls. The handler removes itself,
 * so that an impatient second signal does what it always does; files are never caught half
 * written, because they are replaced whole.
 *
 * A reader that goes away and a file that grows over a limit end a program too, by default. Here
 * they are errors of writing, which are said on stderr while the other output goes on.
 */
#include "bench/harness/runner.h"

#include <signal.h>

static volatile sig_atomic_t received;
static const int ending[] = {SIGINT, SIGTERM, SIGHUP}, writing[] = {SIGPIPE, SIGXFSZ};
enum { ENDING = sizeof(ending) / sizeof(*ending), WRITING = sizeof(writing) / sizeof(*writing) };
static struct sigaction before_ending[ENDING], before_writing[WRITING];
static bool installed;

static void note(int number)
{
    received = number;
}

void bm_interrupt_install(void)
{
    const struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    received = 0;
    /* Also where a script has started the run in its background, which means with SIGINT ignored: a
     * Ctrl-C that ends the script ends what it waits for. */
    for (int i = 0; i < ENDING; i++) {
        sigaction(ending[i], &action, &before_ending[i]);
        /* Under nohup the run is meant to outlive its terminal. */
        if (ending[i] == SIGHUP && before_ending[i].sa_handler == SIG_IGN)
            sigaction(SIGHUP, &before_ending[i], NULL);
    }
    for (int i = 0; i < WRITING; i++)
        sigaction(writing[i], &ignore, &before_writing[i]);
    installed = true;
}

void bm_interrupt_remove(void)
{
    if (!installed)
        return;
    for (int i = 0; i < ENDING; i++)
        sigaction(ending[i], &before_ending[i], NULL);
    for (int i = 0; i < WRITING; i++)
        sigaction(writing[i], &before_writing[i], NULL);
    installed = false;
}

int bm_interrupted(void)
{
    return received;
}
