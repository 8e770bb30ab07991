/* SPDX-License-Identifier: Apache-2.0 */
/* See disturbance.h. */
#include "analysis/regress/disturbance.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/regress/child.h"

const char *const reg_drop_name[REG_DROPS] = {"kept", "steal", "switches", "yardstick"};

/* Seconds stolen since boot from one CPU, or from all; 0 where the kernel does not say. */
static double stolen(int cpu)
{
    char line[512], wanted[32] = "cpu ";
    double ticks = 0;
    FILE *const file = fopen("/proc/stat", "re");
    if (!file)
        return 0;
    if (cpu >= 0)
        snprintf(wanted, sizeof(wanted), "cpu%d ", cpu);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, wanted, strlen(wanted)) == 0 &&
            sscanf(line, "%*s %*f %*f %*f %*f %*f %*f %*f %lf", &ticks) != 1)
            ticks = 0;
    fclose(file);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static double loop(void)
{
    struct timespec a, b;
    uint64_t x = 1;
    clock_gettime(CLOCK_MONOTONIC_RAW, &a);
    for (int i = 0; i < 40000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(x));
    }
    clock_gettime(CLOCK_MONOTONIC_RAW, &b);
    return (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
}

struct reg_disturbance reg_watch(int cpu)
{
    /* The best of three: one interruption of ours says nothing of the round. */
    const double best = fmin(loop(), fmin(loop(), loop()));
    return (struct reg_disturbance){
        .yardstick = best, .steal = stolen(cpu), .seconds = reg_now(), .cpu = cpu};
}

void reg_watched(struct reg_disturbance *disturbance)
{
    disturbance->seconds = reg_now() - disturbance->seconds;
    disturbance->steal = stolen(disturbance->cpu) - disturbance->steal;
}

enum reg_drop reg_drop_rule(const struct reg_disturbance *disturbance, size_t turns,
                            double switches, double typical)
{
    /* Turns outvote what befell the lesser half of them, and see the same speed on both sides. */
    const bool many = turns >= 8;
    if (disturbance->steal > (many ? 0.5 : 0.02) * disturbance->seconds)
        return REG_DROP_STEAL;
    /* Ten in ten milliseconds, on either side of the round. */
    if (switches > fmax(10, 1000 * disturbance->seconds))
        return REG_DROP_SWITCHES;
    if (!many && fabs(disturbance->yardstick - typical) > 0.1 * typical)
        return REG_DROP_YARDSTICK;
    return REG_KEPT;
}
