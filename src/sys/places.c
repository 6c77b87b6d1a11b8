// SPDX-License-Identifier: MIT
#include "sys/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/err.h"

// Where a place begins in the file: the name, the place, and room for any process number. The lock
// is as long as the holder's number and 1: so it is told, which the kernel does not do for locks
// that belong to no single process.
#define PID_BITS   23
#define PLACE_BITS 10
#define NAME_BITS  29

static off_t offset_of(places_name name, long place)
{
	return (off_t)name << (PLACE_BITS + PID_BITS) | (off_t)place << PID_BITS;
}

static bool lock(const struct places *p, short type, off_t start, off_t n)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = n};

	return fcntl(p->fd, F_OFD_SETLK, &l) == 0;
}

static bool is_held(void)
{
	return errno == EAGAIN || errno == EACCES;
}

int places_open(struct places *p, const char *path, struct err *err)
{
	// Behind the last name.
	const off_t nowhere = offset_of(1u << NAME_BITS, 0);
	struct stat st;

	p->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
	if (p->fd < 0)
		return err_set(err, errno, "open %s", path);
	bool is_file = fstat(p->fd, &st) == 0 && S_ISREG(st.st_mode);
	if (is_file && lock(p, F_RDLCK, nowhere, 1)) {
		lock(p, F_UNLCK, nowhere, 1);
		return 0;
	}
	int errnum = errno;
	places_close(p);
	return is_file ? err_set(err, errnum, "lock %s", path)
		       : err_set(err, 0, "%s is no file", path);
}

void places_close(struct places *p)
{
	// Somebody else may have a copy of the descriptor.
	lock(p, F_UNLCK, 0, 0);
	close(p->fd);
	p->fd = -1;
}

places_name places_of(const char *name)
{
	struct digest d = digest_of(name, strlen(name));
	places_name n;

	memcpy(&n, d.bytes, sizeof n);
	n &= (1u << NAME_BITS) - 1;
	return n ? n : 1;
}

bool places_take(const struct places *p, places_name name, long place, bool shared)
{
	// What was shared is as long as what is alone.
	// To wait for what cannot be had would be for ever.
	return lock(p, shared ? F_RDLCK : F_WRLCK, offset_of(name, place), (off_t)getpid() + 1) ||
	       !is_held();
}

void places_give(const struct places *p, places_name name, long place)
{
	lock(p, F_UNLCK, offset_of(name, place), (off_t)1 << PID_BITS);
}

// The lock of another one that begins first or so; false: there is none.
static bool find(const struct places *p, places_name name, long first, long n, struct flock *l)
{
	*l = (struct flock){.l_type = F_WRLCK,
			    .l_whence = SEEK_SET,
			    .l_start = offset_of(name, first),
			    .l_len = (off_t)n << PID_BITS};
	return n > 0 && fcntl(p->fd, F_OFD_GETLK, l) == 0 && l->l_type != F_UNLCK;
}

pid_t places_holder(const struct places *p, places_name name, long first, long n)
{
	struct flock l;

	return find(p, name, first, n, &l) ? (pid_t)(l.l_len - 1) : 0;
}

long places_count(const struct places *p, places_name name, long first, long n)
{
	struct flock l;
	long count = 0;

	// The kernel tells of any of them: those in front of it are asked for first.
	while (find(p, name, first, n, &l)) {
		long at = (long)(l.l_start >> PID_BITS & (PLACES_MOST - 1));
		count += 1 + places_count(p, name, first, at - first);
		n -= at + 1 - first;
		first = at + 1;
	}
	return count;
}

void places_tell(const struct places *p)
{
	// That changes nothing but the file's times; where it fails, others look again after a
	// while.
	if (futimens(p->fd, NULL) < 0)
		return;
}

int places_watch(const struct places *p)
{
	char path[32];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(path, sizeof path, "/proc/self/fd/%d", p->fd);
	if (fd >= 0 && inotify_add_watch(fd, path, IN_ATTRIB | IN_CLOSE_WRITE) >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
