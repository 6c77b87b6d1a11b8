// SPDX-License-Identifier: MIT
#include "sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

// The three numbers that /proc/PID/NAME begins with; false if there are none.
static bool read_numbers(pid_t pid, const char *name, int64_t numbers[3])
{
	char path[64], text[128];

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &numbers[0], &numbers[1],
		      &numbers[2]) == 3;
}

int64_t process_memory(pid_t pid)
{
	int64_t pages[3]; // its size, what is resident, and what of that others may share

	if (!read_numbers(pid, "statm", pages))
		return 0;
	return (pages[1] - pages[2]) * sysconf(_SC_PAGESIZE);
}

bool process_schedule(pid_t pid, struct schedule *s)
{
	int64_t told[3]; // the third: how often it was given a CPU

	// A kernel that keeps no account says 0 0 0, which is true of no process that has run.
	if (!read_numbers(pid, "schedstat", told) || told[2] == 0)
		return false;
	*s = (struct schedule){.ran_ns = told[0], .delay_ns = told[1]};
	return true;
}

int64_t process_tree_delay(const struct schedule *s, int64_t cpu_ns, int64_t wall_ns)
{
	int64_t delay_ns = s->delay_ns, most_ns = wall_ns > cpu_ns ? wall_ns - cpu_ns : 0;

	if (s->ran_ns > 0 && cpu_ns > s->ran_ns)
		delay_ns = (int64_t)((double)delay_ns * (double)cpu_ns / (double)s->ran_ns);
	return delay_ns < most_ns ? delay_ns : most_ns;
}
