/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people, printed from the registry, the suites and the topology. */
#include "bench/cases/show.h"

#include "bench/cases/data.h"
#include "bench/cases/sweep.h"
#include "bench/machine/memory.h"
#include "kernels/cpu.h"
#include "kernels/registry.h"

#include <inttypes.h>
#include <string.h>

static void print_types(FILE *out, uint32_t types)
{
    for (int t = 0, n = 0; t < ATTN_TYPES; t++)
        if (types & ATTN_TYPE_BIT(t))
            fprintf(out, "%s%s", n++ ? "," : "", attn_types[t].name);
}

void attn_show_kernels(FILE *out)
{
    size_t count;
    const struct attn_kernel *const *const all = attn_registry(&count);
    for (size_t i = 0; i < count; i++) {
        char name[64], missing[128] = "";
        attn_kernel_name(all[i], name, sizeof(name));
        attn_cpu_describe(all[i]->cpu & ~attn_cpu_features(), missing, sizeof(missing));
        fprintf(out, "%-28s %s [", name, all[i]->summary);
        print_types(out, all[i]->k_types & all[i]->v_types);
        fprintf(out, "]%s%s\n", *missing ? ", not on this CPU: needs " : "", missing);
    }
    fputs("\nNot built for any CPU: kernels for AMX and for SVE.\n", out);
}

/* What this CPU has and no kernel of this build asks for. */
static uint64_t unused_features(void)
{
    size_t count;
    const struct attn_kernel *const *const all = attn_registry(&count);
    uint64_t features = attn_cpu_features();
    for (size_t i = 0; i < count; i++)
        features &= ~all[i]->cpu;
    return features;
}

void attn_show_suites(FILE *out)
{
    for (size_t i = 0; i < attn_suite_count; i++) {
        struct attn_sweep sweep;
        struct attn_message why;
        if (attn_sweep_open(attn_suites[i].name, &sweep, &why))
            continue; /* the tests see to it that all of them open */
        fprintf(out, "%-12s %s\n", attn_suites[i].name, sweep.about);
        attn_sweep_free(&sweep);
    }
}

static void print_cache(FILE *out, int level, const struct machine_cache *c)
{
    char size[32];
    fprintf(out, "L%d        %s, %u-byte lines, %u ways", level,
            attn_bytes_text(c->size, size, sizeof(size)), c->line, c->ways);
    if (c->instances)
        fprintf(out, ", %u of them, each for %u hardware thread%s", c->instances, c->pus,
                c->pus == 1 ? "" : "s");
    fputs("\n", out);
}

void attn_show_machine(FILE *out, const struct attn_host *host)
{
    const struct machine_topology *const t = &host->topology;
    char text[160];
    fprintf(out, "CPU       %s\n", *t->model ? t->model : "unknown");
    fprintf(out, "topology  %u package%s, %u NUMA node%s, %u cores, %u hardware threads (%s)\n",
            t->packages, t->packages == 1 ? "" : "s", t->nodes, t->nodes == 1 ? "" : "s", t->cores,
            t->pus, t->source);
    for (int level = 0; level < MACHINE_CACHE_LEVELS; level++) {
        const struct machine_cache *const c = &t->cache[level];
        if (c->size)
            print_cache(out, level + 1, c);
    }
    attn_cpu_describe(attn_cpu_features(), text, sizeof(text));
    fprintf(out, "features  %s\n", *text ? text : "portable");
    attn_cpu_describe(unused_features(), text, sizeof(text));
    if (*text)
        fprintf(out, "unused    %s: no kernel of this build is for them\n", text);
    const uint64_t available = machine_memory_available("");
    if (available != UINT64_MAX)
        fprintf(out, "memory    %s free\n", attn_bytes_text(available, text, sizeof(text)));
    if (*t->unknown)
        fprintf(out, "unknown   %s\n", t->unknown);
}

void attn_show_context(FILE *out, const struct machine_context *context)
{
    fputs("\n", out);
    for (size_t i = 0; i < context->items; i++)
        fprintf(out, "%-28s %s\n", context->item[i].key, context->item[i].value);
    for (size_t i = 0; i < context->warnings; i++)
        fprintf(out, "warning: %s\n", context->warning[i]);
}
