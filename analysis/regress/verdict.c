/* SPDX-License-Identifier: Apache-2.0 */
/* See verdict.h. */
#include "analysis/regress/verdict.h"

#include <string.h>

#include "analysis/regress/regress.h"

const char *const reg_verdict_name[REG_VERDICTS] = {
    [REG_OK] = "OK",
    [REG_REGRESSED] = "REGRESSED",
    [REG_IMPROVED] = "IMPROVED",
    [REG_INCONCLUSIVE] = "INCONCLUSIVE",
    [REG_UNCHANGED] = "UNCHANGED",
    [REG_UNSTABLE] = "UNSTABLE",
    [REG_ERROR] = "ERROR",
    [REG_MISSING] = "MISSING",
    [REG_NEW] = "NEW",
};

enum reg_verdict reg_verdict_find(const char *name)
{
    size_t i = 0;
    while (i < REG_VERDICTS && strcmp(name, reg_verdict_name[i]) != 0)
        i++;
    return (enum reg_verdict)i;
}

int reg_exit_status(const size_t count[REG_VERDICTS], const struct reg_rule *rule)
{
    if (count[REG_ERROR] + count[REG_MISSING])
        return REG_EXIT_BROKEN;
    if (rule->noisy)
        return rule->strict ? REG_EXIT_NOISY : ANA_EXIT_OK;
    if (count[REG_REGRESSED])
        return REG_EXIT_REGRESSED;
    if (rule->strict && count[REG_INCONCLUSIVE] + count[REG_UNSTABLE])
        return REG_EXIT_UNDECIDED;
    return ANA_EXIT_OK;
}
