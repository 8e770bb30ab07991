/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What else the machine did during a round. The rule by which a round is dropped is fixed before
 * anybody knows a time, and blind to which side was slower.
 */
#ifndef REG_DISTURBANCE_H
#define REG_DISTURBANCE_H

#include <stddef.h>
#include <stdint.h>

struct reg_disturbance {
    double seconds;   /* of the round */
    double steal;     /* seconds of CPU time the hypervisor gave to others meanwhile */
    double yardstick; /* ns a fixed loop of ours took before it */
    int cpu;          /* whose CPU time; -1: of all */
};

/* Begins and ends the watching of one round. */
struct reg_disturbance reg_watch(int cpu);
void reg_watched(struct reg_disturbance *disturbance);

enum reg_drop { REG_KEPT, REG_DROP_STEAL, REG_DROP_SWITCHES, REG_DROP_YARDSTICK, REG_DROPS };
extern const char *const reg_drop_name[REG_DROPS];

/* `turns`: samples of each side of which the round is the median; `switches`: involuntary context
 * switches of the side that had more of them; `typical`: median yardstick of the run. */
enum reg_drop reg_drop_rule(const struct reg_disturbance *disturbance, size_t turns,
                            double switches, double typical);

#endif
