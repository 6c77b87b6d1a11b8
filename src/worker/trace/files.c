// SPDX-License-Identifier: MIT
// Files that are opened, asked for, written, renamed, removed.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include "worker/trace/hook.h"
#include "worker/trace/programs.h"

// ---- opening ----

struct opening {
	int dir;
	const char *path;
	int flags;
	bool existed; // only looked for where it matters
};

// Before the call: whether the file is there already, where the call will not tell.
static struct opening opening(int dir, const char *path, int flags)
{
	struct opening o = {dir, path, flags, true};

	if ((flags & (O_CREAT | O_TRUNC | O_EXCL)) == O_CREAT)
		o.existed = log_exists(dir, path);
	return o;
}

static void opened_for_reading(const struct opening *o, int fd)
{
	if (log_path(TRACE_READ, o->dir, o->path, fd < 0) && fd >= 0)
		programs_have_opened(fd);
}

// After it: fd is what it returned, errno as it left it.
static void opened(const struct opening *o, int fd)
{
	int how = o->flags & O_ACCMODE;

	if ((o->flags & O_TMPFILE) == O_TMPFILE)
		return; // a file without a name
	if (o->flags & O_PATH)
		log_path(TRACE_LOOKED, o->dir, o->path, fd < 0);
	else if (!o->existed || o->flags & O_TRUNC ||
		 (o->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		log_path(TRACE_WRITTEN, o->dir, o->path, fd < 0);
	else if (o->flags & O_DIRECTORY)
		log_listed(o->dir, o->path, fd < 0);
	else {
		if (how != O_WRONLY)
			opened_for_reading(o, fd);
		if (how != O_RDONLY)
			log_path(o->flags & O_CREAT ? TRACE_EXTENDED : TRACE_CHANGED, o->dir,
				 o->path, fd < 0);
	}
}

static bool has_mode(int flags)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

#define TAKE_MODE(mode, flags)                                                                     \
	mode_t mode = 0;                                                                           \
	if (has_mode(flags)) {                                                                     \
		va_list ap;                                                                        \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, mode_t);                                                         \
		va_end(ap);                                                                        \
	}

#define HOOK_OPEN(name)                                                                            \
	HOOK(int, name, const char *path, int flags, ...)                                          \
	{                                                                                          \
		TAKE_MODE(mode, flags)                                                             \
		struct opening o = opening(AT_FDCWD, path, flags);                                 \
		int fd = NEXT(name)(path, flags, mode);                                            \
		opened(&o, fd);                                                                    \
		return fd;                                                                         \
	}
HOOK_OPEN(open)
HOOK_OPEN(open64)

#define HOOK_OPENAT(name)                                                                          \
	HOOK(int, name, int dir, const char *path, int flags, ...)                                 \
	{                                                                                          \
		TAKE_MODE(mode, flags)                                                             \
		struct opening o = opening(dir, path, flags);                                      \
		int fd = NEXT(name)(dir, path, flags, mode);                                       \
		opened(&o, fd);                                                                    \
		return fd;                                                                         \
	}
HOOK_OPENAT(openat)
HOOK_OPENAT(openat64)

// What open is under _FORTIFY_SOURCE, without a mode.
#define HOOK_OPEN_2(name)                                                                          \
	int name(const char *path, int flags);                                                     \
	HOOK(int, name, const char *path, int flags)                                               \
	{                                                                                          \
		struct opening o = opening(AT_FDCWD, path, flags);                                 \
		int fd = NEXT(name)(path, flags);                                                  \
		opened(&o, fd);                                                                    \
		return fd;                                                                         \
	}
HOOK_OPEN_2(__open_2)
HOOK_OPEN_2(__open64_2)

#define HOOK_OPENAT_2(name)                                                                        \
	int name(int dir, const char *path, int flags);                                            \
	HOOK(int, name, int dir, const char *path, int flags)                                      \
	{                                                                                          \
		struct opening o = opening(dir, path, flags);                                      \
		int fd = NEXT(name)(dir, path, flags);                                             \
		opened(&o, fd);                                                                    \
		return fd;                                                                         \
	}
HOOK_OPENAT_2(__openat_2)
HOOK_OPENAT_2(__openat64_2)

HOOK_PATH(TRACE_WRITTEN, int, creat, (const char *path, mode_t mode), (path, mode))
HOOK_PATH(TRACE_WRITTEN, int, creat64, (const char *path, mode_t mode), (path, mode))

static int flags_of_mode(const char *mode)
{
	bool both = strchr(mode, '+');

	switch (*mode) {
	case 'r':
		return both ? O_RDWR : O_RDONLY;
	case 'w':
		return (both ? O_RDWR : O_WRONLY) | O_CREAT |
		       (strchr(mode, 'x') ? O_EXCL : O_TRUNC);
	default:
		return (both ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND;
	}
}

#define HOOK_FOPEN(name)                                                                           \
	HOOK(FILE *, name, const char *path, const char *mode)                                     \
	{                                                                                          \
		struct opening o = opening(AT_FDCWD, path, flags_of_mode(mode));                   \
		FILE *f = NEXT(name)(path, mode);                                                  \
		opened(&o, f ? fileno(f) : -1);                                                    \
		return f;                                                                          \
	}
HOOK_FOPEN(fopen)
HOOK_FOPEN(fopen64)

// Without a path the file that is open gets another mode.
#define HOOK_FREOPEN(name)                                                                         \
	HOOK(FILE *, name, const char *path, const char *mode, FILE *stream)                       \
	{                                                                                          \
		struct opening o = opening(AT_FDCWD, path, flags_of_mode(mode));                   \
		FILE *f = NEXT(name)(path, mode, stream);                                          \
		opened(&o, f ? fileno(f) : -1);                                                    \
		return f;                                                                          \
	}
HOOK_FREOPEN(freopen)
HOOK_FREOPEN(freopen64)

// ---- asking ----

#define HOOK_STAT(name, type)                                                                      \
	HOOK_PATH(TRACE_LOOKED, int, name, (const char *path, struct type *st), (path, st))
HOOK_STAT(stat, stat)
HOOK_STAT(lstat, stat)
HOOK_STAT(stat64, stat64)
HOOK_STAT(lstat64, stat64)

#define HOOK_STATFS(name, type)                                                                    \
	HOOK(int, name, const char *path, struct type *st)                                         \
	{                                                                                          \
		int result = NEXT(name)(path, st);                                                 \
		log_path(TRACE_LOOKED, AT_FDCWD, path, result < 0);                                \
		return result;                                                                     \
	}
HOOK_STATFS(statfs, statfs)
HOOK_STATFS(statfs64, statfs64)
HOOK_STATFS(statvfs, statvfs)
HOOK_STATFS(statvfs64, statvfs64)

#define HOOK_FSTATAT(name, type)                                                                   \
	HOOK_PATH_AT(TRACE_LOOKED, int, name,                                                      \
		     (int dir, const char *path, struct type *st, int flags),                      \
		     (dir, path, st, flags), dir)
HOOK_FSTATAT(fstatat, stat)
HOOK_FSTATAT(fstatat64, stat64)
HOOK_PATH_AT(TRACE_LOOKED, int, statx,
	     (int dir, const char *path, int flags, unsigned mask, struct statx *st),
	     (dir, path, flags, mask, st), dir)

// What these were before glibc 2.33.
#define HOOK_XSTAT(name, type)                                                                     \
	int name(int version, const char *path, struct type *st);                                  \
	HOOK(int, name, int version, const char *path, struct type *st)                            \
	{                                                                                          \
		int result = NEXT(name)(version, path, st);                                        \
		log_path(TRACE_LOOKED, AT_FDCWD, path, result < 0);                                \
		return result;                                                                     \
	}
HOOK_XSTAT(__xstat, stat)
HOOK_XSTAT(__lxstat, stat)
HOOK_XSTAT(__xstat64, stat64)
HOOK_XSTAT(__lxstat64, stat64)

#define HOOK_FXSTATAT(name, type)                                                                  \
	int name(int version, int dir, const char *path, struct type *st, int flags);              \
	HOOK(int, name, int version, int dir, const char *path, struct type *st, int flags)        \
	{                                                                                          \
		int result = NEXT(name)(version, dir, path, st, flags);                            \
		log_path(TRACE_LOOKED, dir, path, result < 0);                                     \
		return result;                                                                     \
	}
HOOK_FXSTATAT(__fxstatat, stat)
HOOK_FXSTATAT(__fxstatat64, stat64)

HOOK_PATH(TRACE_LOOKED, int, access, (const char *path, int mode), (path, mode))
HOOK_PATH(TRACE_LOOKED, int, eaccess, (const char *path, int mode), (path, mode))
HOOK_PATH(TRACE_LOOKED, int, euidaccess, (const char *path, int mode), (path, mode))
HOOK_PATH_AT(TRACE_LOOKED, int, faccessat, (int dir, const char *path, int mode, int flags),
	     (dir, path, mode, flags), dir)
// Noted before the call: afterwards the path counts from somewhere else.
HOOK(int, chdir, const char *path)
{
	log_ahead(TRACE_LOOKED, path);
	return NEXT(chdir)(path);
}

HOOK_PATH(TRACE_LOOKED, ssize_t, readlink, (const char *path, char *to, size_t n), (path, to, n))
HOOK_PATH_AT(TRACE_LOOKED, ssize_t, readlinkat, (int dir, const char *path, char *to, size_t n),
	     (dir, path, to, n), dir)
ssize_t __readlink_chk(const char *path, char *to, size_t n, size_t room);
HOOK_PATH(TRACE_LOOKED, ssize_t, __readlink_chk,
	  (const char *path, char *to, size_t n, size_t room), (path, to, n, room))
ssize_t __readlinkat_chk(int dir, const char *path, char *to, size_t n, size_t room);
HOOK_PATH_AT(TRACE_LOOKED, ssize_t, __readlinkat_chk,
	     (int dir, const char *path, char *to, size_t n, size_t room), (dir, path, to, n, room),
	     dir)

#define HOOK_REALPATH(name, parameters, arguments)                                                 \
	HOOK(char *, name, HOOK_STRIP parameters)                                                  \
	{                                                                                          \
		char *real = NEXT(name) arguments;                                                 \
		log_path(TRACE_LOOKED, AT_FDCWD, path, !real);                                     \
		return real;                                                                       \
	}
HOOK_REALPATH(realpath, (const char *path, char *room), (path, room))
char *__realpath_chk(const char *path, char *room, size_t size);
HOOK_REALPATH(__realpath_chk, (const char *path, char *room, size_t size), (path, room, size))
HOOK_REALPATH(canonicalize_file_name, (const char *path), (path))

// ---- making ----

HOOK_PATH(TRACE_WRITTEN, int, mkdir, (const char *path, mode_t mode), (path, mode))
HOOK_PATH_AT(TRACE_WRITTEN, int, mkdirat, (int dir, const char *path, mode_t mode),
	     (dir, path, mode), dir)
HOOK_PATH(TRACE_WRITTEN, int, mkfifo, (const char *path, mode_t mode), (path, mode))
HOOK_PATH_AT(TRACE_WRITTEN, int, mkfifoat, (int dir, const char *path, mode_t mode),
	     (dir, path, mode), dir)
HOOK_PATH(TRACE_WRITTEN, int, mknod, (const char *path, mode_t mode, dev_t device),
	  (path, mode, device))
HOOK_PATH_AT(TRACE_WRITTEN, int, mknodat, (int dir, const char *path, mode_t mode, dev_t device),
	     (dir, path, mode, device), dir)
HOOK_PATH(TRACE_WRITTEN, int, symlink, (const char *target, const char *path), (target, path))
HOOK_PATH_AT(TRACE_WRITTEN, int, symlinkat, (const char *target, int dir, const char *path),
	     (target, dir, path), dir)

// The path has its last letters replaced when the call returns.
#define HOOK_MKSTEMP(name, parameters, arguments)                                                  \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		int fd = NEXT(name) arguments;                                                     \
		log_path(TRACE_WRITTEN, AT_FDCWD, path, fd < 0);                                   \
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
	char *made = NEXT(mkdtemp)(path);

	log_path(TRACE_WRITTEN, AT_FDCWD, path, !made);
	return made;
}

// ---- changing ----

HOOK_PATH(TRACE_CHANGED, int, truncate, (const char *path, off_t n), (path, n))
HOOK_PATH(TRACE_CHANGED, int, truncate64, (const char *path, off64_t n), (path, n))
HOOK_PATH(TRACE_CHANGED, int, chmod, (const char *path, mode_t mode), (path, mode))
HOOK_PATH_AT(TRACE_CHANGED, int, fchmodat, (int dir, const char *path, mode_t mode, int flags),
	     (dir, path, mode, flags), dir)
HOOK_PATH(TRACE_CHANGED, int, chown, (const char *path, uid_t user, gid_t group),
	  (path, user, group))
HOOK_PATH(TRACE_CHANGED, int, lchown, (const char *path, uid_t user, gid_t group),
	  (path, user, group))
HOOK_PATH_AT(TRACE_CHANGED, int, fchownat,
	     (int dir, const char *path, uid_t user, gid_t group, int flags),
	     (dir, path, user, group, flags), dir)
HOOK_PATH(TRACE_CHANGED, int, utime, (const char *path, const struct utimbuf *times), (path, times))
HOOK_PATH(TRACE_CHANGED, int, utimes, (const char *path, const struct timeval times[2]),
	  (path, times))
HOOK_PATH(TRACE_CHANGED, int, lutimes, (const char *path, const struct timeval times[2]),
	  (path, times))
HOOK_PATH_AT(TRACE_CHANGED, int, futimesat,
	     (int dir, const char *path, const struct timeval times[2]), (dir, path, times), dir)
HOOK_PATH_AT(TRACE_CHANGED, int, utimensat,
	     (int dir, const char *path, const struct timespec times[2], int flags),
	     (dir, path, times, flags), dir)

// ---- removing and renaming ----

HOOK_PATH(TRACE_REMOVED, int, unlink, (const char *path), (path))
HOOK_PATH_AT(TRACE_REMOVED, int, unlinkat, (int dir, const char *path, int flags),
	     (dir, path, flags), dir)
HOOK_PATH(TRACE_REMOVED, int, remove, (const char *path), (path))
HOOK_PATH(TRACE_REMOVED, int, rmdir, (const char *path), (path))

// ENOENT does not tell which of the two is missing.
static void renamed(int from, const char *before, int to, const char *after, int result)
{
	bool there = result == 0 || log_exists(from, before);

	log_path(result < 0 && there ? TRACE_LOOKED : TRACE_REMOVED, from, before, !there);
	if (there)
		log_path(TRACE_WRITTEN, to, after, result < 0);
}

HOOK(int, rename, const char *before, const char *after)
{
	int result = NEXT(rename)(before, after);

	renamed(AT_FDCWD, before, AT_FDCWD, after, result);
	return result;
}

HOOK(int, renameat, int from, const char *before, int to, const char *after)
{
	int result = NEXT(renameat)(from, before, to, after);

	renamed(from, before, to, after, result);
	return result;
}

HOOK(int, renameat2, int from, const char *before, int to, const char *after, unsigned flags)
{
	int result = NEXT(renameat2)(from, before, to, after, flags);

	renamed(from, before, to, after, result);
	return result;
}

static void linked(int from, const char *path, int to, const char *name, int result)
{
	bool there = result == 0 || log_exists(from, path);

	log_path(result < 0 ? TRACE_LOOKED : TRACE_READ, from, path, !there);
	if (there)
		log_path(TRACE_WRITTEN, to, name, result < 0);
}

HOOK(int, link, const char *path, const char *name)
{
	int result = NEXT(link)(path, name);

	linked(AT_FDCWD, path, AT_FDCWD, name, result);
	return result;
}

HOOK(int, linkat, int from, const char *path, int to, const char *name, int flags)
{
	int result = NEXT(linkat)(from, path, to, name, flags);

	linked(from, path, to, name, result);
	return result;
}

// What paths mean from now on nobody can tell.
HOOK(int, chroot, const char *path)
{
	int result = NEXT(chroot)(path);

	if (result == 0)
		log_unseen("chroot");
	return result;
}
