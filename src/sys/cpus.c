// SPDX-License-Identifier: MIT
#include "sys/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_affinity(void)
{
	for (int n = CPU_SETSIZE; n <= 1 << 18; n *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)n);
		size_t size = CPU_ALLOC_SIZE((size_t)n);
		int count =
			set && sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
		CPU_FREE(set);
		if (count > 0)
			return count;
	}
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int)online : 1;
}

// The quota of one cgroup v2 folder in CPUs, rounded up; 0 if it has none.
static int quota_of(const char *folder)
{
	char path[600];
	long quota, period;
	int cpus = 0;

	snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", folder);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0)
		cpus = (int)((quota + period - 1) / period);
	fclose(f);
	return cpus;
}

// Every folder from ours up to the root may hold a quota; the smallest counts.
static int by_cgroup(void)
{
	char line[512];
	int least = 0;
	FILE *f = fopen("/proc/self/cgroup", "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		char *folder = line + 3;
		folder[strcspn(folder, "\n")] = '\0';
		for (;;) {
			int cpus = quota_of(folder);
			if (cpus > 0 && (least == 0 || cpus < least))
				least = cpus;
			char *slash = strrchr(folder, '/');
			if (!slash || !*folder)
				break;
			*slash = '\0';
		}
	}
	fclose(f);
	return least;
}

int cpus_usable(void)
{
	int cpus = by_affinity(), quota = by_cgroup();

	return quota > 0 && quota < cpus ? quota : cpus;
}
