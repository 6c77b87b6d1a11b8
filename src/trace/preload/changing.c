// SPDX-License-Identifier: MIT
// Files that are made, and changed without being opened.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "trace/preload/hook.h"

// ---- making ----

static void made(int dir, const char *path, bool failed, unsigned extra)
{
	log_look(&(struct look){.op = TRACE_MADE,
				.dir = dir,
				.path = path,
				.errnum = failed ? errno : 0,
				.nofollow = true,
				.repeats = !failed,
				.fd = -1,
				.ask = failed ? UNSEEN : ASK,
				.seen = {.extra = extra}});
}

#define HOOK_MAKE(name, parameters, arguments, dir)                                                \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		int result = NEXT(name) arguments;                                                 \
		made(dir, path, result < 0, 0);                                                    \
		return result;                                                                     \
	}
HOOK_MAKE(mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
HOOK_MAKE(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), dir)
HOOK_MAKE(mkfifo, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
HOOK_MAKE(mkfifoat, (int dir, const char *path, mode_t mode), (dir, path, mode), dir)
HOOK_MAKE(mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device), AT_FDCWD)
HOOK_MAKE(mknodat, (int dir, const char *path, mode_t mode, dev_t device),
	  (dir, path, mode, device), dir)

int __xmknod(int version, const char *path, mode_t mode, dev_t *device);
HOOK_MAKE(__xmknod, (int version, const char *path, mode_t mode, dev_t *device),
	  (version, path, mode, device), AT_FDCWD)
int __xmknodat(int version, int dir, const char *path, mode_t mode, dev_t *device);
HOOK_MAKE(__xmknodat, (int version, int dir, const char *path, mode_t mode, dev_t *device),
	  (version, dir, path, mode, device), dir)

// What lies behind the name of a link has other names from now on.
#define HOOK_SYMLINK(name, parameters, arguments, dir)                                             \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		int result = NEXT(name) arguments;                                                 \
		if (result == 0)                                                                   \
			log_moved();                                                               \
		made(dir, path, result < 0, 0);                                                    \
		return result;                                                                     \
	}
HOOK_SYMLINK(symlink, (const char *target, const char *path), (target, path), AT_FDCWD)
HOOK_SYMLINK(symlinkat, (const char *target, int dir, const char *path), (target, dir, path), dir)

// The path has its last letters replaced when the call returns.
#define HOOK_MKSTEMP(name, parameters, arguments)                                                  \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		int fd = NEXT(name) arguments;                                                     \
		made(AT_FDCWD, path, fd < 0, TRACE_EXTRA_CHANCE);                                  \
		return fd;                                                                         \
	}
HOOK_MKSTEMP(mkstemp, (char *path), (path))
HOOK_MKSTEMP(mkstemp64, (char *path), (path))
HOOK_MKSTEMP(mkstemps, (char *path, int n), (path, n))
HOOK_MKSTEMP(mkstemps64, (char *path, int n), (path, n))
HOOK_MKSTEMP(mkostemp, (char *path, int flags), (path, flags))
HOOK_MKSTEMP(mkostemp64, (char *path, int flags), (path, flags))
HOOK_MKSTEMP(mkostemps, (char *path, int n, int flags), (path, n, flags))
HOOK_MKSTEMP(mkostemps64, (char *path, int n, int flags), (path, n, flags))

HOOK(char *, mkdtemp, char *path)
{
	char *folder = NEXT(mkdtemp)(path);

	made(AT_FDCWD, path, !folder, TRACE_EXTRA_CHANCE);
	return folder;
}

// Their names are of chance as well; the folder is not.
#define HOOK_TMPFILE(name)                                                                         \
	HOOK(FILE *, name, void)                                                                   \
	{                                                                                          \
		log_ahead(TRACE_ALLOWED, P_tmpdir);                                                \
		return NEXT(name)();                                                               \
	}
HOOK_TMPFILE(tmpfile)
HOOK_TMPFILE(tmpfile64)

HOOK(char *, tempnam, const char *folder, const char *start)
{
	const char *first = log_is_on() ? getenv("TMPDIR") : NULL;

	if (first && *first)
		log_ahead(TRACE_LOOKED, first);
	if (folder && *folder)
		log_ahead(TRACE_LOOKED, folder);
	log_ahead(TRACE_LOOKED, P_tmpdir);
	return NEXT(tempnam)(folder, start);
}

// ---- changing ----

// Whoever has looked at it before knows it again afterwards.
static void changed(int dir, const char *path, bool nofollow, const struct before *before,
		    bool failed)
{
	struct look l = {.op = TRACE_CHANGED,
			 .dir = dir,
			 .path = path,
			 .errnum = failed ? errno : 0,
			 .nofollow = nofollow,
			 .repeats = !failed,
			 .fd = -1};
	struct before after = {0};

	if (!failed)
		after = log_before(dir, path, nofollow);
	if (after.known && after.exists) {
		l.ask = SEEN;
		l.seen = after.seen;
		l.seen.ctime_before_ns = before->exists ? before->seen.ctime_ns : 0;
	}
	log_look(&l);
}

#define HOOK_CHANGE(name, parameters, arguments, dir, flags)                                       \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		bool nofollow = (flags)&AT_SYMLINK_NOFOLLOW;                                       \
		struct before before = log_before(dir, path, nofollow);                            \
		int result = NEXT(name) arguments;                                                 \
		changed(dir, path, nofollow, &before, result < 0);                                 \
		return result;                                                                     \
	}
HOOK_CHANGE(truncate, (const char *path, off_t n), (path, n), AT_FDCWD, 0)
HOOK_CHANGE(truncate64, (const char *path, off64_t n), (path, n), AT_FDCWD, 0)
HOOK_CHANGE(chmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD, 0)
HOOK_CHANGE(lchmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD, AT_SYMLINK_NOFOLLOW)
HOOK_CHANGE(fchmodat, (int dir, const char *path, mode_t mode, int flags), (dir, path, mode, flags),
	    dir, flags)
HOOK_CHANGE(chown, (const char *path, uid_t user, gid_t group), (path, user, group), AT_FDCWD, 0)
HOOK_CHANGE(lchown, (const char *path, uid_t user, gid_t group), (path, user, group), AT_FDCWD,
	    AT_SYMLINK_NOFOLLOW)
HOOK_CHANGE(fchownat, (int dir, const char *path, uid_t user, gid_t group, int flags),
	    (dir, path, user, group, flags), dir, flags)
HOOK_CHANGE(utime, (const char *path, const struct utimbuf *times), (path, times), AT_FDCWD, 0)
HOOK_CHANGE(utimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD, 0)
HOOK_CHANGE(lutimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD,
	    AT_SYMLINK_NOFOLLOW)
HOOK_CHANGE(futimesat, (int dir, const char *path, const struct timeval times[2]),
	    (dir, path, times), dir, 0)
HOOK_CHANGE(utimensat, (int dir, const char *path, const struct timespec times[2], int flags),
	    (dir, path, times, flags), dir, flags)
HOOK_CHANGE(setxattr,
	    (const char *path, const char *attribute, const void *value, size_t size, int flags),
	    (path, attribute, value, size, flags), AT_FDCWD, 0)
HOOK_CHANGE(lsetxattr,
	    (const char *path, const char *attribute, const void *value, size_t size, int flags),
	    (path, attribute, value, size, flags), AT_FDCWD, AT_SYMLINK_NOFOLLOW)
HOOK_CHANGE(removexattr, (const char *path, const char *attribute), (path, attribute), AT_FDCWD, 0)
HOOK_CHANGE(lremovexattr, (const char *path, const char *attribute), (path, attribute), AT_FDCWD,
	    AT_SYMLINK_NOFOLLOW)

// The same with a file that is open. One without a name is nobody else's.
struct held {
	bool known;
	struct stat st;
};

static struct held hold(int fd)
{
	struct held h = {0};
	int errnum = errno;

	h.known = log_is_on() && log_stat(fd, &h.st) && h.st.st_nlink > 0;
	errno = errnum;
	return h;
}

static void changed_open(int fd, const struct held *before)
{
	struct held after = hold(fd);
	struct look l = {.op = TRACE_CHANGED,
			 .dir = fd,
			 .path = "",
			 .whole_fd = true,
			 .repeats = true,
			 .fd = fd,
			 .ask = SEEN};
	struct trace_sight was;

	if (!before->known || !after.known)
		return;
	log_sight(&was, &before->st);
	log_sight(&l.seen, &after.st);
	l.seen.ctime_before_ns = was.ctime_ns;
	log_look(&l);
}

#define HOOK_CHANGE_OPEN(name, parameters, arguments)                                              \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		struct held before = hold(fd);                                                     \
		int result = NEXT(name) arguments;                                                 \
		if (result == 0)                                                                   \
			changed_open(fd, &before);                                                 \
		return result;                                                                     \
	}
HOOK_CHANGE_OPEN(fchmod, (int fd, mode_t mode), (fd, mode))
HOOK_CHANGE_OPEN(fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
HOOK_CHANGE_OPEN(futimens, (int fd, const struct timespec times[2]), (fd, times))
HOOK_CHANGE_OPEN(futimes, (int fd, const struct timeval times[2]), (fd, times))
HOOK_CHANGE_OPEN(fsetxattr,
		 (int fd, const char *attribute, const void *value, size_t size, int flags),
		 (fd, attribute, value, size, flags))
HOOK_CHANGE_OPEN(fremovexattr, (int fd, const char *attribute), (fd, attribute))
