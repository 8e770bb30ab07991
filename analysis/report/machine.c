/* SPDX-License-Identifier: Apache-2.0 */
/* Context keys as a sentence about a machine; the key names are those attn-bench writes. */
#include "analysis/report/machine.h"

#include "analysis/report/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *get(const struct ana_result *result, const char *key)
{
    const char *const value = ana_result_context(result, key);
    return value ? value : "";
}

static const char *first_of(const struct ana_result *result, const char *const *keys)
{
    for (; *keys; keys++)
        if (*get(result, *keys))
            return get(result, *keys);
    return "";
}

void rep_machine_read(const struct ana_result *result, struct rep_machine *machine)
{
    *machine = (struct rep_machine){0};
    char key[64], size[REP_TEXT];
    for (size_t i = 0; i < 16; i++) {
        snprintf(key, sizeof(key), "caches.%zu.type", i);
        const char *const type = get(result, key);
        snprintf(key, sizeof(key), "caches.%zu.level", i);
        const int level = atoi(get(result, key));
        snprintf(key, sizeof(key), "caches.%zu.size", i);
        if (level < 1 || level > 3 || strcmp(type, "Instruction") == 0)
            continue;
        machine->cache[level - 1] = atof(get(result, key));
    }
    static const char *const cpu_keys[] = {"env.cpu_model", "cpu_model", NULL};
    const char *const cpu = first_of(result, cpu_keys), *const cpus = get(result, "num_cpus");
    size_t at = (size_t)snprintf(machine->line, sizeof(machine->line), "%.120s", cpu);
    if (*cpus)
        at += (size_t)snprintf(machine->line + at, sizeof(machine->line) - at, "%s%.12s CPU%s",
                               at ? ", " : "", cpus, strcmp(cpus, "1") == 0 ? "" : "s");
    for (size_t level = 3; level >= 2; level--)
        if (machine->cache[level - 1] > 0) {
            snprintf(machine->line + at, sizeof(machine->line) - at, "%s%s L%zu", at ? ", " : "",
                     rep_write(REP_BYTES, machine->cache[level - 1], size), level);
            break;
        }
}

bool rep_machine_same(const struct ana_result *a, const struct ana_result *b)
{
    static const char *const keys[] = {"host_name", "env.cpu_model", "cpu_model", "num_cpus"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(get(a, keys[i]), get(b, keys[i])) != 0)
            return false;
    return true;
}
