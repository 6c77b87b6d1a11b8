// SPDX-License-Identifier: MIT
#include "sys/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/path.h"

// More than make ever runs at once.
#define LEASES 4096

// Whether the file could be locked; errno is EWOULDBLOCK if it is another's.
static int try_lock(int folder_fd, int number)
{
	char name[16];

	snprintf(name, sizeof name, "%d", number);
	int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	// The descriptor is kept: it is the lock.
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

int lease_number(const char *folder)
{
	int dir = path_make_dirs(folder, NULL) == 0
			  ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			  : -1;
	int number = 0, fd = -1;

	while (dir >= 0 && number < LEASES && (fd = try_lock(dir, number)) < 0 &&
	       errno == EWOULDBLOCK)
		number++;
	if (dir >= 0)
		close(dir);
	return fd < 0 ? 0 : number;
}
