/* SPDX-License-Identifier: Apache-2.0 */
/* Families that BENCHMARK() puts into a program before main, and the main for such programs. */
#include "bench/harness/benchmark.h"

#include <errno.h>

static struct benchmark_static_family *first, **last = &first;

void benchmark_link_static(struct benchmark_static_family *node)
{
    *last = node;
    last = &node->next;
}

int benchmark_register_static(struct benchmark_runner *runner)
{
    int rc = 0;
    for (const struct benchmark_static_family *node = first; !rc && node; node = node->next)
        rc = benchmark_register(runner, node->family);
    return rc;
}

int benchmark_main(int argc, char **argv)
{
    struct benchmark_runner *const runner = benchmark_runner_new(NULL);
    if (!runner) {
        fputs("error: out of memory\n", stderr);
        return 1;
    }
    int status = 1;
    const int rc = benchmark_initialize(runner, &argc, argv);
    if (rc)
        status = rc == 1 ? benchmark_exit_status(runner) : 1;
    else if (!benchmark_report_unrecognized(runner, argc, argv) &&
             !benchmark_register_static(runner))
        status = benchmark_run(runner);
    benchmark_runner_free(runner);
    return status;
}
