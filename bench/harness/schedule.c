/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repetitions: a fixed number, or as many as an asked-for accuracy needs within its limits. The
 * accuracy is that of the median, from order statistics: times are skewed, and a mean with its
 * standard error would be stopped by the first outlier.
 */
#include "bench/harness/schedule.h"

#include "bench/harness/statistics.h"

#include <time.h>
#include <unistd.h>

bool bm_repeated_enough(const struct progress_of_case *p, const struct settings *settings)
{
    if (settings->dry_run)
        return p->done >= 1;
    if (settings->max_time > 0 && p->done && p->elapsed >= settings->max_time)
        return true;
    if (settings->min_rel_accuracy <= 0)
        return p->done >= p->wanted;
    const int least = p->wanted > settings->min_repetitions ? p->wanted : settings->min_repetitions;
    if (p->done < least)
        return false;
    if (p->done >= settings->max_repetitions)
        return true;
    const double accuracy = bm_median_accuracy(p->seconds, p->count);
    return accuracy >= 0 && accuracy <= settings->min_rel_accuracy;
}

int bm_draw_seed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t mixed = (uint64_t)now.tv_nsec * 2654435761u ^ (uint64_t)getpid() << 16;
    return 1 + (int)(mixed % 1000000000);
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void bm_shuffle(size_t *items, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)(splitmix(state) % i);
        const size_t swapped = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swapped;
    }
}
