// SPDX-License-Identifier: MIT
// How busy the machine is at this moment.
#ifndef SYS_PRESSURE_H
#define SYS_PRESSURE_H

#include <stdint.h>

// Processes that are running or ready to run, this one left out: what GNU make's -l looks at since
// 4.4, where the load average lags a minute behind. The load average where /proc does not tell; 0
// where nothing does.
double pressure_load(void);
// The load average of the last minute, 0 where nothing tells.
double pressure_average(void);
// Bytes of memory that can be had without swapping, the limits of our cgroups counted. INT64_MAX
// where nothing tells.
int64_t pressure_memory(void);
// What the limit of the cgroup (version 2) with that folder leaves, in bytes; INT64_MAX if it has
// none.
int64_t pressure_cgroup(const char *folder);

#endif
