/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock's own figures, from a clock whose cost and step are known because the test is it.
 */
#include "bench/machine/clock.h"

#include "tests/test.h"

static uint64_t now, readings;

/* Each reading costs 7 ns, and every hundredth is interrupted for a millisecond. */
static uint64_t costly_ns(void)
{
    now += ++readings % 100 == 0 ? 1000000 : 7;
    return now;
}

/* A coarse clock: moves 40 ns at every fifth reading. */
static uint64_t coarse_ns(void)
{
    return ++readings / 5 * 40;
}

static uint64_t standing_ns(void)
{
    return 5;
}

int main(void)
{
    const struct machine_clock costly = {.wall_ns = costly_ns};
    const struct machine_clock coarse = {.wall_ns = coarse_ns};
    const struct machine_clock standing = {.wall_ns = standing_ns};
    CHECK(machine_clock_cost_ns(&costly) == 7, "%f", machine_clock_cost_ns(&costly));
    CHECK(machine_clock_step_ns(&coarse) == 40, "coarse clock");
    CHECK(machine_clock_step_ns(&standing) == 0, "clock that stands");

    const uint64_t wall = machine_clock.wall_ns(), cpu = machine_clock.cpu_ns();
    uint64_t spin = 0;
    while (machine_clock.cpu_ns() == cpu)
        spin++;
    CHECK(machine_clock.wall_ns() >= wall, "time went backwards");
    CHECK(machine_clock.cpu_ns() > cpu, "after %llu readings", (unsigned long long)spin);
    CHECK(machine_clock_cost_ns(&machine_clock) > 0, "a reading costs nothing");
    return test_exit();
}
