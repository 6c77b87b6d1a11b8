// SPDX-License-Identifier: MIT
#include "sys/descriptors.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's own bound (fs.nr_open), unless somebody has raised it.
#define NUMBERS_MOST (1L << 20)

static bool is_kept(int fd, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

// The next number to be kept from there on; -1: there is none.
static int next_kept(int from, const int *keep, size_t n)
{
	int next = -1;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= from && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

// Closes the gaps between the descriptors of keep. False: Linux before 5.9, or a sandbox that
// refuses it.
static bool close_ranges(const int *keep, size_t n)
{
	unsigned from = 3;

	for (int next; (next = next_kept((int)from, keep, n)) >= 0; from = (unsigned)next + 1)
		if ((unsigned)next > from &&
		    syscall(SYS_close_range, from, (unsigned)next - 1, 0) < 0)
			return false;
	return syscall(SYS_close_range, from, ~0U, 0) == 0;
}

// Without opendir, which needs memory.
static bool close_listed(const int *keep, size_t n)
{
	_Alignas(struct dirent64) char entries[4096];
	int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t bytes;

	if (dir < 0)
		return false;
	while ((bytes = getdents64(dir, entries, sizeof entries)) > 0)
		for (ssize_t at = 0; at < bytes;) {
			const struct dirent64 *e = (const void *)(entries + at);
			int fd = isdigit((unsigned char)*e->d_name) ? atoi(e->d_name) : -1;
			if (fd > 2 && fd != dir && !is_kept(fd, keep, n))
				close(fd);
			at += e->d_reclen;
		}
	close(dir);
	return bytes == 0;
}

static void close_numbers(const int *keep, size_t n)
{
	long most = sysconf(_SC_OPEN_MAX);

	if (most < 0 || most > NUMBERS_MOST)
		most = NUMBERS_MOST;
	for (int fd = 3; fd < most; fd++)
		if (!is_kept(fd, keep, n))
			close(fd);
}

void descriptors_keep(const int *keep, size_t n)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null_fd < 0 || dup2(null_fd, fd) < 0)
			close(fd);
	if (!close_ranges(keep, n) && !close_listed(keep, n))
		close_numbers(keep, n);
}
