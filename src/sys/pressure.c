// SPDX-License-Identifier: MIT
#include "sys/pressure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double pressure_average(void)
{
	double average = 0;

	return getloadavg(&average, 1) == 1 ? average : 0;
}

double pressure_load(void)
{
	long running = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	// "0.50 1.14 1.01 3/120 4711": the fourth field has the running threads, and all.
	int n = f ? fscanf(f, "%*f %*f %*f %ld/", &running) : 0;
	if (f)
		fclose(f);
	if (n == 1)
		return running > 1 ? (double)(running - 1) : 0;
	return pressure_average();
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

// The number that follows `key` at the beginning of a line of that file ("": at its own beginning),
// or -1. "max", which is no limit, is no number.
static int64_t read_number(const char *folder, const char *file, const char *key)
{
	char path[700], line[128];
	int64_t value = -1;
	size_t n = strlen(key);

	snprintf(path, sizeof path, "%s/%s", folder, file);
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof line, f))
		if (strncmp(line, key, n) != 0 || sscanf(line + n, "%" SCNd64, &value) != 1)
			value = -1;
	fclose(f);
	return value;
}

int64_t pressure_cgroup(const char *folder)
{
	int64_t max = read_number(folder, "memory.max", "");
	int64_t used = read_number(folder, "memory.current", "");

	if (max < 0 || used < 0)
		return INT64_MAX;
	// What was read from files and is no longer in use gives way to everything else.
	int64_t idle = read_number(folder, "memory.stat", "inactive_file ");
	int64_t room = max - used + (idle > 0 ? idle : 0);
	return room > 0 ? room : 0;
}

// Each cgroup (version 2) from ours to the root may have a limit, in a container the root as well:
// the least room counts.
static int64_t available_in_cgroups(void)
{
	static const char root[] = "/sys/fs/cgroup";
	char line[512], folder[sizeof line + sizeof root];
	int64_t least = INT64_MAX;
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(folder, sizeof folder, "%s%s", root, line + 3);
		while (strlen(folder) >= strlen(root)) {
			int64_t room = pressure_cgroup(folder);
			least = room < least ? room : least;
			*strrchr(folder, '/') = '\0';
		}
	}
	if (f)
		fclose(f);
	return least;
}

int64_t pressure_memory(void)
{
	int64_t machine = available_in_machine(), cgroups = available_in_cgroups();

	return machine < cgroups ? machine : cgroups;
}
