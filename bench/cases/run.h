/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases as benchmarks of the harness: set-up and check, the timed loop, check again, columns.
 * One iteration is one call of the kernel, all its phases on all its ranks.
 */
#ifndef ATTN_RUN_H
#define ATTN_RUN_H

#include "bench/cases/case.h"
#include "bench/cases/ceiling.h"
#include "bench/cases/count.h"
#include "bench/cases/display.h"
#include "bench/cases/host.h"
#include "bench/cases/sim.h"
#include "bench/cases/verify.h"
#include "bench/harness/benchmark.h"
#include "bench/machine/context.h"

/* What the cases of one group share. */
struct attn_group_state {
    struct attn_oracle oracle;
    struct attn_ceilings ceilings;
    size_t left; /* cases still to be run; the oracle goes with the last */
};

struct attn_trial;

struct attn_session {
    struct attn_display *display; /* NULL: nobody watches */
    struct attn_host *host;
    const struct machine_context *late; /* warnings to be given with the first case, or NULL */
    bool begun;                         /* a case has been set up */
    const struct attn_sim *sim;         /* NULL: nothing is simulated */
    struct attn_counting *counting;     /* NULL: nothing is counted */
    const char *step_log;               /* where generated steps are written, or NULL */
    bool paired;                        /* compared with another build: ceilings say nothing */
    const struct attn_cases *cases;
    struct benchmark_runner *runner;
    struct attn_group_state *group; /* [cases->groups] */
    struct attn_trial *trial;       /* [cases->n] */
};

/*
 * Registers every case but those that are finished (NULL: none is). 0 or -errno with a
 * sentence. The session, the host and the cases have to live until the runner has run.
 */
int attn_session_open(struct attn_session *session, struct attn_host *host,
                      const struct attn_cases *cases, struct benchmark_runner *runner,
                      const bool *finished, struct attn_message *why);
void attn_session_close(struct attn_session *session);

/* Makes the harness run passes in which session->counting counts; before the runner is made. */
void attn_session_hooks(struct benchmark_hooks *hooks);

#endif
