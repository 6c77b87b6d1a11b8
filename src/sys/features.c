// SPDX-License-Identifier: MIT
#include "sys/features.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has_proc(void)
{
	return access("/proc/self/fd", F_OK) == 0;
}

// The last number, which nothing has: nothing is closed.
static bool has_close_range(void)
{
	return syscall(SYS_close_range, ~0U, ~0U, 0) == 0;
}

static bool has_subreaper(void)
{
	int is_one;

	return prctl(PR_GET_CHILD_SUBREAPER, &is_one) == 0;
}

// The size of the map alone; a map of its own is what a forked worker gets.
static bool has_memory_map(void)
{
	unsigned size;

	return prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0;
}

static bool has_memory_file(void)
{
	int fd = memfd_create("firmo-jobs-feature", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_open_file_locks(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open("/", O_RDONLY | O_CLOEXEC);
	bool has = fd >= 0 && fcntl(fd, F_OFD_GETLK, &l) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static bool has_inotify(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_cgroups(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
}

const struct feature features[] = {
	{"/proc", has_proc, "nothing is watched or forked, and what files leave behind may stay"},
	{"shared memory files", has_memory_file, "what files depend on is not learned"},
	{"memory maps of one's own", has_memory_map, "interpreters are not forked"},
	{"adoption of orphans", has_subreaper, "what files leave behind may stay"},
	{"close_range", has_close_range, "descriptors are closed one by one"},
	{"locks of open files", has_open_file_locks, "locks hold within one run alone"},
	{"inotify", has_inotify, "no --share-tokens; what other runs release is seen late"},
	{"cgroups, version 2", has_cgroups, "a container's limit of memory is not seen"},
	{0},
};
