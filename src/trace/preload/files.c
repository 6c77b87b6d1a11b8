// SPDX-License-Identifier: MIT
// Files that are opened, asked for, written, renamed, removed.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "base/attributes.h"
#include "trace/preload/chunks.h"
#include "trace/preload/hook.h"
#include "trace/preload/kept.h"
#include "trace/preload/members.h"

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

	if (flags & O_CREAT)
		o.existed = !(flags & O_EXCL) && log_exists(dir, path);
	if (o.existed && flags & (O_WRONLY | O_RDWR | O_TRUNC))
		kept_note(dir, path, flags & O_NOFOLLOW);
	return o;
}

// A link, which was not to be followed.
static bool has_met_link(const struct opening *o, int fd)
{
	bool is_refused = fd < 0 && o->flags & O_NOFOLLOW && (errno == ELOOP || errno == ENOTDIR);

	return is_refused && S_ISLNK(log_before(o->dir, o->path, true).seen.mode);
}

static void note_open(const struct opening *o, enum trace_op op, int fd)
{
	bool nofollow =
		o->flags & O_NOFOLLOW || (o->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	bool is_link = has_met_link(o, fd);

	log_look(&(struct look){
		.op = is_link ? TRACE_LINK : op,
		.dir = o->dir,
		.path = o->path,
		.errnum = fd < 0 && !is_link ? errno : 0,
		.nofollow = nofollow,
		.repeats = !o->existed && fd >= 0,
		.fd = fd,
		.ask = fd >= 0 ? ASK : UNSEEN,
		.seen = {.extra = o->existed ? TRACE_EXTRA_THERE : 0},
	});
}

// What is emptied if it is there need not be missing.
static enum trace_op op_of_making(const struct opening *o)
{
	return o->flags & O_TRUNC && !(o->flags & O_EXCL) ? TRACE_WRITTEN : TRACE_MADE;
}

// After it: fd is what it returned, errno as it left it; read: how what is read is noted.
static void opened_as(const struct opening *o, int fd, enum trace_op read)
{
	int how = o->flags & O_ACCMODE;

	if ((o->flags & O_TMPFILE) == O_TMPFILE)
		return; // a file without a name
	if (o->flags & (O_PATH | O_DIRECTORY)) {
		note_open(o, TRACE_LOOKED, fd);
	} else if (!o->existed || o->flags & (O_TRUNC | O_EXCL)) {
		note_open(o, op_of_making(o), fd);
	} else {
		if (how != O_WRONLY)
			note_open(o, read, fd);
		if (how != O_RDONLY)
			note_open(o, o->flags & O_CREAT ? TRACE_EXTENDED : TRACE_CHANGED, fd);
	}
}

static void opened(const struct opening *o, int fd)
{
	opened_as(o, fd, TRACE_READ);
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

#define HOOK_CREAT(name)                                                                           \
	HOOK(int, name, const char *path, mode_t mode)                                             \
	{                                                                                          \
		struct opening o = opening(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC);          \
		int fd = NEXT(name)(path, mode);                                                   \
		opened(&o, fd);                                                                    \
		return fd;                                                                         \
	}
HOOK_CREAT(creat)
HOOK_CREAT(creat64)

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

#define CALLER __builtin_return_address(0)

static enum trace_op op_of_reader(const void *caller, const char *path)
{
	return log_is_on() && chunks_loads(caller, path) ? TRACE_CHUNK : TRACE_READ;
}

#define HOOK_FOPEN(name)                                                                           \
	HOOK(FILE *, name, const char *path, const char *mode)                                     \
	{                                                                                          \
		struct opening o = opening(AT_FDCWD, path, flags_of_mode(mode));                   \
		FILE *f = NEXT(name)(path, mode);                                                  \
		opened_as(&o, f ? fileno(f) : -1, f ? op_of_reader(CALLER, path) : TRACE_READ);    \
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

HOOK(int, statx, int dir, const char *path, int flags, unsigned mask, struct statx *st)
{
	int result = NEXT(statx)(dir, path, flags, mask, st);
	struct trace_sight seen = {0};

	if (result == 0)
		seen = (struct trace_sight){
			.device = makedev(st->stx_dev_major, st->stx_dev_minor),
			.inode = st->stx_ino,
			.size = (int64_t)st->stx_size,
			.mtime_ns =
				st->stx_mtime.tv_sec * INT64_C(1000000000) + st->stx_mtime.tv_nsec,
			.ctime_ns =
				st->stx_ctime.tv_sec * INT64_C(1000000000) + st->stx_ctime.tv_nsec,
			.mode = st->stx_mode,
			.user = st->stx_uid,
			.group = st->stx_gid,
		};
	if (flags & AT_EMPTY_PATH && !*path && result == 0 && st->stx_nlink > 0)
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

// ---- removing and renaming ----

// What names count from may be what moves or is removed: they are made real before.
static const char *real_or(char *room, size_t size, int dir, const char *path)
{
	return log_real(room, size, dir, path) ? room : path;
}

struct removing {
	struct before before;
	int dir;
	const char *path;
	int fd; // a file that has more names: it is changed when it loses one; -1: it is not held
	char room[PATH_MAX / 8]; // the real name of a folder, which may be the current one
};

static void will_remove(struct removing *r, int dir, const char *path)
{
	int errnum = errno;

	r->before = log_before(dir, path, true);
	r->dir = dir;
	r->path = path;
	r->fd = -1;
	if (r->before.has_more_names)
		r->fd = (int)syscall(SYS_openat, dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r->before.exists)
		kept_note(dir, path, true);
	if (S_ISDIR(r->before.seen.mode))
		r->path = real_or(r->room, sizeof r->room, dir, path);
	errno = errnum;
}

static void removed(const struct removing *r, bool failed)
{
	int errnum = errno;
	struct look l = {.op = TRACE_REMOVED,
			 .dir = r->dir,
			 .path = r->path,
			 .errnum = failed ? errno : 0,
			 .nofollow = true,
			 .repeats = !failed,
			 .fd = -1,
			 .ask = r->before.exists ? SEEN : UNSEEN,
			 .seen = r->before.seen};
	struct stat st;

	if (r->fd >= 0 && log_stat(r->fd, &st)) {
		log_sight(&l.seen, &st);
		l.seen.ctime_before_ns = r->before.seen.ctime_ns;
	}
	if (r->fd >= 0)
		syscall(SYS_close, r->fd);
	if (failed && (errnum == ENOTEMPTY || errnum == EEXIST))
		log_listed(r->dir, r->path, false, -1);
	else
		log_look(&l);
	errno = errnum;
}

#define HOOK_REMOVE(name, parameters, arguments, dir)                                              \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		struct removing removing;                                                          \
		will_remove(&removing, dir, path);                                                 \
		int result = NEXT(name) arguments;                                                 \
		removed(&removing, result < 0);                                                    \
		return result;                                                                     \
	}
HOOK_REMOVE(unlink, (const char *path), (path), AT_FDCWD)
HOOK_REMOVE(unlinkat, (int dir, const char *path, int flags), (dir, path, flags), dir)
HOOK_REMOVE(remove, (const char *path), (path), AT_FDCWD)
HOOK_REMOVE(rmdir, (const char *path), (path), AT_FDCWD)

// A name that becomes another, or gets another.
struct moving {
	enum trace_op op;
	int from_dir, to_dir;
	const char *from, *to;
	struct before old, new; // what the two were before
	bool alone;             // there may be nothing of the second name
	// The real names, as far as there is room: what they count from may be what moves.
	char from_room[PATH_MAX / 8], to_room[PATH_MAX / 8];
};

static void will_move(struct moving *m, enum trace_op op, int from_dir, const char *from,
		      int to_dir, const char *to)
{
	m->op = op;
	m->from_dir = from_dir;
	m->to_dir = to_dir;
	m->alone = op == TRACE_LINKED;
	m->old = log_before(from_dir, from, true);
	m->new = log_before(to_dir, to, true);
	if (op == TRACE_RENAMED && m->old.exists && m->new.exists)
		kept_note(to_dir, to, true);
	// Where they cannot be read they are the kernel's to refuse.
	m->from = m->old.exists ? real_or(m->from_room, sizeof m->from_room, from_dir, from) : from;
	m->to = m->old.exists ? real_or(m->to_room, sizeof m->to_room, to_dir, to) : to;
}

static void has_moved(const struct moving *m)
{
	struct look l = {.op = m->op,
			 .dir = m->from_dir,
			 .path = m->from,
			 .nofollow = true,
			 .repeats = true,
			 .second = m->to,
			 .second_dir = m->to_dir,
			 .fd = -1};
	struct before now = log_before(m->to_dir, m->to, true);

	log_moved();
	if (now.exists) {
		l.ask = SEEN;
		l.seen = now.seen;
		l.seen.ctime_before_ns = m->old.seen.ctime_ns;
	}
	l.seen.extra = (m->new.exists ? TRACE_EXTRA_THERE : 0u) |
		       (m->alone ? TRACE_EXTRA_ALONE : 0u) |
		       (m->new.seen.mode &S_IFMT) << TRACE_EXTRA_TYPE;
	log_look(&l);
}

static void named(int dir, const char *path, const struct before *b)
{
	log_look(&(struct look){.op = b->exists && S_ISLNK(b->seen.mode) ? TRACE_LINK : TRACE_NAMED,
				.dir = dir,
				.path = path,
				.errnum = b->exists ? 0 : ENOENT,
				.nofollow = true,
				.fd = -1,
				.ask = b->exists ? SEEN : UNSEEN,
				.seen = b->seen});
}

// Who may not remove a name may not put one there either.
static void denied(int dir, const char *path, const struct before *b, int errnum)
{
	log_look(&(struct look){.op = TRACE_REMOVED,
				.dir = dir,
				.path = path,
				.errnum = errnum,
				.nofollow = true,
				.fd = -1,
				.ask = b->exists ? SEEN : UNSEEN,
				.seen = b->seen});
}

// Why it has not may be any of the two, the folders that they lie in, or what is in the second.
static void has_not_moved(const struct moving *m, int errnum)
{
	named(m->from_dir, m->from, &m->old);
	if (!m->old.exists)
		return;
	named(m->to_dir, m->to, &m->new);
	if (errnum == EACCES || errnum == EPERM) {
		denied(m->from_dir, m->from, &m->old, errnum);
		denied(m->to_dir, m->to, &m->new, errnum);
	} else if (S_ISDIR(m->new.seen.mode) && (errnum == ENOTEMPTY || errnum == EEXIST)) {
		log_listed(m->to_dir, m->to, false, -1);
	}
}

static void moved(const struct moving *m, int result)
{
	int errnum = errno;

	if (log_is_on() && m->old.known && result == 0)
		has_moved(m);
	else if (log_is_on() && m->old.known && errnum != EFAULT && errnum != EBADF)
		has_not_moved(m, errnum);
	errno = errnum;
}

HOOK(int, rename, const char *before, const char *after)
{
	struct moving m;
	will_move(&m, TRACE_RENAMED, AT_FDCWD, before, AT_FDCWD, after);
	int result = NEXT(rename)(before, after);

	moved(&m, result);
	return result;
}

HOOK(int, renameat, int from, const char *before, int to, const char *after)
{
	struct moving m;
	will_move(&m, TRACE_RENAMED, from, before, to, after);
	int result = NEXT(renameat)(from, before, to, after);

	moved(&m, result);
	return result;
}

HOOK(int, renameat2, int from, const char *before, int to, const char *after, unsigned flags)
{
	struct moving m;
	will_move(&m, TRACE_RENAMED, from, before, to, after);
	int result = NEXT(renameat2)(from, before, to, after, flags);

	m.alone = flags & RENAME_NOREPLACE;
	if (result == 0 && flags & RENAME_EXCHANGE)
		log_lost();
	moved(&m, result);
	return result;
}

HOOK(int, link, const char *path, const char *name)
{
	struct moving m;
	will_move(&m, TRACE_LINKED, AT_FDCWD, path, AT_FDCWD, name);
	int result = NEXT(link)(path, name);

	moved(&m, result);
	return result;
}

HOOK(int, linkat, int from, const char *path, int to, const char *name, int flags)
{
	struct moving m;
	will_move(&m, TRACE_LINKED, from, path, to, name);
	int result = NEXT(linkat)(from, path, to, name, flags);

	moved(&m, result);
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
