// SPDX-License-Identifier: MIT
// Files that are asked for: what they are, where a name leads, their attributes.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/attributes.h"
#include "trace/preload/hook.h"
#include "trace/preload/members.h"

// ---- asking ----

// These two are one here; st is either.
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "files have 64 bits");

// Told of what was asked for: as much of it as op means. What was asked for without following it
// may be a link.
static void told(enum trace_op op, int dir, const char *path, bool nofollow, bool failed,
		 const struct trace_sight *seen)
{
	struct look l = {.op = op,
			 .dir = dir,
			 .path = path,
			 .errnum = failed ? errno : 0,
			 .nofollow = nofollow,
			 .fd = -1};

	if (failed)
		l.op = nofollow ? TRACE_NAMED : TRACE_LOOKED;
	else if (nofollow && S_ISLNK(seen->mode))
		l.op = TRACE_LINK;
	if (!failed) {
		l.ask = SEEN;
		l.seen = *seen;
		l.seen.extra |= nofollow ? TRACE_EXTRA_NAMED : 0;
	}
	log_look(&l);
}

// Of what is open its content is noted where it was opened; its times are those of the moment. What
// has no name is nobody else's.
static void statted_open(int fd, const void *stat, bool failed)
{
	const struct stat *st = stat;
	struct look l = {.op = TRACE_ALLOWED,
			 .dir = fd,
			 .path = "",
			 .whole_fd = true,
			 .fd = fd,
			 .ask = SEEN};

	if (failed || st->st_nlink == 0 || (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)))
		return;
	log_sight(&l.seen, st);
	log_look(&l);
}

static void statted(const void *caller, int dir, const char *path, const void *st, int flags,
		    bool failed)
{
	struct trace_sight seen = {0};
	bool nofollow = flags & AT_SYMLINK_NOFOLLOW;
	bool is_module = log_is_on() && members_is_module(caller);

	if (flags & AT_EMPTY_PATH && !*path) {
		statted_open(dir, st, failed);
		return;
	}
	if (!failed)
		log_sight(&seen, st);
	if (is_module)
		members_told(dir, path, nofollow,
			     failed || (nofollow && S_ISLNK(seen.mode)) ? NULL : &seen);
	told(is_module ? TRACE_ALLOWED : TRACE_STATUS, dir, path, nofollow, failed, &seen);
}

#define HOOK_STAT(name, type, flags)                                                               \
	HOOK(int, name, const char *path, struct type *st)                                         \
	{                                                                                          \
		int result = NEXT(name)(path, st);                                                 \
		statted(CALLER, AT_FDCWD, path, st, flags, result < 0);                            \
		return result;                                                                     \
	}
HOOK_STAT(stat, stat, 0)
HOOK_STAT(lstat, stat, AT_SYMLINK_NOFOLLOW)
HOOK_STAT(stat64, stat64, 0)
HOOK_STAT(lstat64, stat64, AT_SYMLINK_NOFOLLOW)

#define HOOK_STATFS(name, type)                                                                    \
	HOOK_PATH(TRACE_LOOKED, int, name, (const char *path, struct type *st), (path, st))
HOOK_STATFS(statfs, statfs)
HOOK_STATFS(statfs64, statfs64)
HOOK_STATFS(statvfs, statvfs)
HOOK_STATFS(statvfs64, statvfs64)

#define HOOK_FSTATAT(name, type)                                                                   \
	HOOK(int, name, int dir, const char *path, struct type *st, int flags)                     \
	{                                                                                          \
		int result = NEXT(name)(dir, path, st, flags);                                     \
		statted(CALLER, dir, path, st, flags, result < 0);                                 \
		return result;                                                                     \
	}
HOOK_FSTATAT(fstatat, stat)
HOOK_FSTATAT(fstatat64, stat64)

#define HOOK_FSTAT(name, type)                                                                     \
	HOOK(int, name, int fd, struct type *st)                                                   \
	{                                                                                          \
		int result = NEXT(name)(fd, st);                                                   \
		statted_open(fd, st, result < 0);                                                  \
		return result;                                                                     \
	}
HOOK_FSTAT(fstat, stat)
HOOK_FSTAT(fstat64, stat64)

// It says what of it is asked for.
static enum trace_op op_of_mask(unsigned mask)
{
	if (mask & ~(unsigned)(STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID))
		return TRACE_STATUS;
	return mask & ~(unsigned)STATX_TYPE ? TRACE_ALLOWED : TRACE_LOOKED;
}

static void see_all(struct trace_sight *seen, const struct statx *st)
{
	*seen = (struct trace_sight){
		.device = makedev(st->stx_dev_major, st->stx_dev_minor),
		.inode = st->stx_ino,
		.size = (int64_t)st->stx_size,
		.mtime_ns = st->stx_mtime.tv_sec * INT64_C(1000000000) + st->stx_mtime.tv_nsec,
		.ctime_ns = st->stx_ctime.tv_sec * INT64_C(1000000000) + st->stx_ctime.tv_nsec,
		.mode = st->stx_mode,
		.user = st->stx_uid,
		.group = st->stx_gid,
		.links = st->stx_nlink,
	};
}

HOOK(int, statx, int dir, const char *path, int flags, unsigned mask, struct statx *st)
{
	int result = NEXT(statx)(dir, path, flags, mask, st), errnum = errno;
	struct trace_sight seen = {0};
	struct statx all;

	if (result == 0 && (st->stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS)
		see_all(&seen, st);
	else if (result == 0 && log_is_on() && // some systems tell no more than was asked for
		 syscall(SYS_statx, dir, path, flags, STATX_BASIC_STATS, &all) == 0)
		see_all(&seen, &all);
	errno = errnum;
	if (flags & AT_EMPTY_PATH && !*path && result == 0 && seen.links > 0)
		log_fd(TRACE_ALLOWED, dir);
	else
		told(op_of_mask(mask), dir, path, flags & AT_SYMLINK_NOFOLLOW, result < 0, &seen);
	return result;
}

// What these were before glibc 2.33.
#define HOOK_XSTAT(name, type, flags)                                                              \
	int name(int version, const char *path, struct type *st);                                  \
	HOOK(int, name, int version, const char *path, struct type *st)                            \
	{                                                                                          \
		int result = NEXT(name)(version, path, st);                                        \
		statted(CALLER, AT_FDCWD, path, st, flags, result < 0);                            \
		return result;                                                                     \
	}
HOOK_XSTAT(__xstat, stat, 0)
HOOK_XSTAT(__lxstat, stat, AT_SYMLINK_NOFOLLOW)
HOOK_XSTAT(__xstat64, stat64, 0)
HOOK_XSTAT(__lxstat64, stat64, AT_SYMLINK_NOFOLLOW)

#define HOOK_FXSTAT(name, type)                                                                    \
	int name(int version, int fd, struct type *st);                                            \
	HOOK(int, name, int version, int fd, struct type *st)                                      \
	{                                                                                          \
		int result = NEXT(name)(version, fd, st);                                          \
		statted_open(fd, st, result < 0);                                                  \
		return result;                                                                     \
	}
HOOK_FXSTAT(__fxstat, stat)
HOOK_FXSTAT(__fxstat64, stat64)

#define HOOK_FXSTATAT(name, type)                                                                  \
	int name(int version, int dir, const char *path, struct type *st, int flags);              \
	HOOK(int, name, int version, int dir, const char *path, struct type *st, int flags)        \
	{                                                                                          \
		int result = NEXT(name)(version, dir, path, st, flags);                            \
		statted(CALLER, dir, path, st, flags, result < 0);                                 \
		return result;                                                                     \
	}
HOOK_FXSTATAT(__fxstatat, stat)
HOOK_FXSTATAT(__fxstatat64, stat64)

static void allowed(int dir, const char *path, int mode, int flags, bool failed)
{
	log_look(&(struct look){.op = mode == F_OK ? TRACE_LOOKED : TRACE_ALLOWED,
				.dir = dir,
				.path = path,
				.errnum = failed ? errno : 0,
				.nofollow = flags & AT_SYMLINK_NOFOLLOW,
				.fd = -1,
				.ask = ASK});
}

#define HOOK_ACCESS(name, parameters, arguments, dir, flags)                                       \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		int result = NEXT(name) arguments;                                                 \
		allowed(dir, path, mode, flags, result < 0);                                       \
		return result;                                                                     \
	}
HOOK_ACCESS(access, (const char *path, int mode), (path, mode), AT_FDCWD, 0)
HOOK_ACCESS(eaccess, (const char *path, int mode), (path, mode), AT_FDCWD, 0)
HOOK_ACCESS(euidaccess, (const char *path, int mode), (path, mode), AT_FDCWD, 0)
HOOK_ACCESS(faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags),
	    dir, flags)
HOOK(long, pathconf, const char *path, int name)
{
	log_ahead(TRACE_LOOKED, path);
	return NEXT(pathconf)(path, name);
}

// Noted before the call: afterwards the path counts from somewhere else.
HOOK(int, chdir, const char *path)
{
	log_ahead(TRACE_ALLOWED, path);
	return NEXT(chdir)(path);
}

// EINVAL says that there is something, and that it is no link.
static void link_read(int dir, const char *path, ssize_t n)
{
	bool is_no_link = n < 0 && errno == EINVAL;
	struct look l = {.op = n < 0 ? TRACE_NAMED : TRACE_LINK,
			 .dir = dir,
			 .path = path,
			 .errnum = n < 0 && !is_no_link ? errno : 0,
			 .nofollow = true,
			 .fd = -1,
			 .ask = is_no_link ? ASK : UNSEEN};

	log_look(&l);
}

#define HOOK_READLINK(name, parameters, arguments, dir)                                            \
	HOOK(ssize_t, name, HOOK_STRIP parameters)                                                 \
	{                                                                                          \
		ssize_t length = NEXT(name) arguments;                                             \
		link_read(dir, path, length);                                                      \
		return length;                                                                     \
	}
HOOK_READLINK(readlink, (const char *path, char *to, size_t n), (path, to, n), AT_FDCWD)
HOOK_READLINK(readlinkat, (int dir, const char *path, char *to, size_t n), (dir, path, to, n), dir)
ssize_t __readlink_chk(const char *path, char *to, size_t n, size_t room);
HOOK_READLINK(__readlink_chk, (const char *path, char *to, size_t n, size_t room),
	      (path, to, n, room), AT_FDCWD)
ssize_t __readlinkat_chk(int dir, const char *path, char *to, size_t n, size_t room);
HOOK_READLINK(__readlinkat_chk, (int dir, const char *path, char *to, size_t n, size_t room),
	      (dir, path, to, n, room), dir)

#define HOOK_REALPATH(name, parameters, arguments)                                                 \
	HOOK(char *, name, HOOK_STRIP parameters)                                                  \
	{                                                                                          \
		char *real = NEXT(name) arguments;                                                 \
		if (real && *path != '/')                                                          \
			log_name(TRACE_ATTRIBUTE, ATTRIBUTE_FOLDER, 0);                            \
		log_path(real ? TRACE_REAL : TRACE_LOOKED, AT_FDCWD, path, !real);                 \
		return real;                                                                       \
	}
HOOK_REALPATH(realpath, (const char *path, char *room), (path, room))
char *__realpath_chk(const char *path, char *room, size_t size);
HOOK_REALPATH(__realpath_chk, (const char *path, char *room, size_t size), (path, room, size))
HOOK_REALPATH(canonicalize_file_name, (const char *path), (path))

// ---- extended attributes ----

// That there is none of a name, or no room for it, is told of the file.
static int errnum_of_xattrs(ssize_t n)
{
	bool told = n >= 0 || errno == ENODATA || errno == ENOTSUP || errno == ERANGE;

	return told ? 0 : errno;
}

#define HOOK_XATTR(name, parameters, arguments, flags)                                             \
	HOOK(ssize_t, name, HOOK_STRIP parameters)                                                 \
	{                                                                                          \
		bool is_named = (flags)&AT_SYMLINK_NOFOLLOW;                                       \
		ssize_t n = NEXT(name) arguments;                                                  \
		log_look(&(struct look){.op = TRACE_XATTRS,                                        \
					.dir = AT_FDCWD,                                           \
					.path = path,                                              \
					.errnum = errnum_of_xattrs(n),                             \
					.nofollow = is_named,                                      \
					.fd = -1,                                                  \
					.ask = ASK,                                                \
					.seen = {.extra = is_named ? TRACE_EXTRA_NAMED : 0}});     \
		return n;                                                                          \
	}
HOOK_XATTR(getxattr, (const char *path, const char *attribute, void *value, size_t size),
	   (path, attribute, value, size), 0)
HOOK_XATTR(lgetxattr, (const char *path, const char *attribute, void *value, size_t size),
	   (path, attribute, value, size), AT_SYMLINK_NOFOLLOW)
HOOK_XATTR(listxattr, (const char *path, char *list, size_t size), (path, list, size), 0)
HOOK_XATTR(llistxattr, (const char *path, char *list, size_t size), (path, list, size),
	   AT_SYMLINK_NOFOLLOW)

#define HOOK_XATTR_OPEN(name, parameters, arguments)                                               \
	HOOK(ssize_t, name, HOOK_STRIP parameters)                                                 \
	{                                                                                          \
		log_fd(TRACE_XATTRS, fd);                                                          \
		return NEXT(name) arguments;                                                       \
	}
HOOK_XATTR_OPEN(fgetxattr, (int fd, const char *attribute, void *value, size_t size),
		(fd, attribute, value, size))
HOOK_XATTR_OPEN(flistxattr, (int fd, char *list, size_t size), (fd, list, size))
