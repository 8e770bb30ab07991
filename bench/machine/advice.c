/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with an environment. Looks at keys and not at files, so it can be asked about a
 * machine that is elsewhere; a key that is unknown is not held against it.
 */
#include "bench/machine/advice.h"

#include "bench/machine/build.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is(const struct machine_context *c, const char *key, const char *value)
{
    const char *const found = context_get(c, key);
    return found && strcmp(found, value) == 0;
}

static double number(const struct machine_context *c, const char *key)
{
    const char *const found = context_get(c, key);
    return found && isdigit((unsigned char)found[0]) ? strtod(found, NULL) : 0;
}

static bool known(const struct machine_context *c, const char *key)
{
    return !is(c, key, "unknown");
}

void advice_add(struct machine_context *c, int threads)
{
    if (known(c, "env.governor") && !is(c, "env.governor", "performance"))
        context_warn(c,
                     "the CPU frequency governor is \"%s\"; \"performance\" gives steadier numbers",
                     context_get(c, "env.governor"));
    if (is(c, "env.turbo", "on"))
        context_warn(c, "CPU boost is on: the clock depends on temperature and on the neighbours");
    if (is(c, "env.power_supply", "battery"))
        context_warn(c, "the machine runs on its battery, which lowers the clock");
    if (number(c, "env.loadavg") > 0.5)
        context_warn(c, "other programs are running (load average %s); numbers will be noisy",
                     context_get(c, "env.loadavg"));
    if (is(c, "env.thp", "never"))
        context_warn(c, "transparent huge pages are off; caches lie on 4 KiB pages");
    if (is(c, "env.hypervisor", "yes"))
        context_warn(c, "this is a virtual machine: neighbours share its caches and memory");
    if (known(c, "env.clocksource") && !is(c, "env.clocksource", "tsc") &&
        !is(c, "env.clocksource", "arch_sys_counter"))
        context_warn(c, "the clock source is \"%s\": reading the clock may be slow",
                     context_get(c, "env.clocksource"));
    if (is(c, "env.smt", "1"))
        context_warn(c, "hardware threads share cores: a busy neighbour halves a core");
    if (is(c, "env.numa_balancing", "1") && number(c, "env.numa_nodes") > 1)
        context_warn(c, "automatic NUMA balancing is on and may move memory during a run");
    if (number(c, "env.ksm") == 1)
        context_warn(c, "kernel samepage merging is on and takes CPU time");
    const double cpus = number(c, "env.cgroup_quota");
    if (cpus > 0 && (threads == 0 || cpus < threads))
        context_warn(c, "a CPU quota of %.2f CPUs is set; threads beyond it are stopped", cpus);
    if (strcmp(MACHINE_SANITIZE, "none") != 0)
        context_warn(c, "built with the %s sanitizer; times mean nothing", MACHINE_SANITIZE);
#ifndef __OPTIMIZE__
    context_warn(c, "built without optimisation; times mean nothing");
#endif
}
