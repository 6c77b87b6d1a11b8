// SPDX-License-Identifier: MIT
#include "sys/pressure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double pressure_load(void)
{
	double average = 0;
	long running = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	// "0.50 1.14 1.01 3/120 4711": the fourth has those that run now, and all.
	int n = f ? fscanf(f, "%*f %*f %*f %ld/", &running) : 0;
	if (f)
		fclose(f);
	if (n == 1)
		return running > 1 ? (double)(running - 1) : 0;
	return getloadavg(&average, 1) == 1 ? average : 0;
}

static int64_t available_in_machine(void)
{
	char line[256];
	int64_t kib = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && kib < 0 && fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %" SCNd64, &kib) != 1)
			kib = -1;
	if (f)
		fclose(f);
	return kib < 0 ? INT64_MAX : kib * 1024;
}

static int64_t read_number(const char *folder, const char *file)
{
	char path[700];
	int64_t value = -1;

	snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", folder, file);
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%" SCNd64, &value) != 1) // "max": no limit
		value = -1;
	fclose(f);
	return value;
}

// Each cgroup (version 2) from ours to the root may have a limit: the least room counts.
static int64_t available_in_cgroups(void)
{
	char line[512];
	int64_t least = INT64_MAX;
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		char *folder = line + 3, *slash = folder;
		for (folder[strcspn(folder, "\n")] = '\0'; slash && *folder; *slash = '\0') {
			int64_t max = read_number(folder, "memory.max");
			int64_t used = read_number(folder, "memory.current");
			int64_t room = max >= 0 && used >= 0 ? max - used : INT64_MAX;
			least = room < least ? room : least;
			slash = strrchr(folder, '/');
			if (!slash)
				break;
		}
	}
	if (f)
		fclose(f);
	return least < 0 ? 0 : least;
}

int64_t pressure_memory(void)
{
	int64_t machine = available_in_machine(), cgroups = available_in_cgroups();

	return machine < cgroups ? machine : cgroups;
}
