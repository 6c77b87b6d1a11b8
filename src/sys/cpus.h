// SPDX-License-Identifier: MIT
#ifndef SYS_CPUS_H
#define SYS_CPUS_H

// How many CPUs this process may use: affinity and the cgroup's quota counted. At least 1.
int cpus_usable(void);

#endif
