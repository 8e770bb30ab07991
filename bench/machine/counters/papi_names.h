/* SPDX-License-Identifier: Apache-2.0 */
/* Names of PAPI's events, for its back end alone; backend.h says what find and offer do. */
#ifndef MACHINE_COUNTERS_PAPI_NAMES_H
#define MACHINE_COUNTERS_PAPI_NAMES_H

#include "bench/machine/counters/backend.h"

/* The component that counts for threads; the others count for packages, devices, networks. */
int papi_of_threads(void);

bool papi_find(const char *root, struct counter_event *event);
void papi_offer(const char *root, struct ana_nearest *near);

#endif
