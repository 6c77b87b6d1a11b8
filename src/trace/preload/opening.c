// SPDX-License-Identifier: MIT
// Files that are opened.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/preload/chunks.h"
#include "trace/preload/hook.h"
#include "trace/preload/kept.h"

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

// What can only be appended to, nobody else's writing spoils.
static bool appends(const struct opening *o, enum trace_op op)
{
	return o->flags & O_APPEND &&
	       (op == TRACE_MADE || op == TRACE_EXTENDED || op == TRACE_CHANGED);
}

static void note_open(const struct opening *o, enum trace_op op, int fd)
{
	bool nofollow =
		o->flags & O_NOFOLLOW || (o->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	bool is_link = has_met_link(o, fd);
	bool was_there = o->existed && (op == TRACE_WRITTEN || op == TRACE_MADE);

	log_look(&(struct look){
		.op = is_link ? TRACE_LINK : op,
		.dir = o->dir,
		.path = o->path,
		.errnum = fd < 0 && !is_link ? errno : 0,
		.nofollow = nofollow,
		.repeats = !o->existed && fd >= 0,
		.fd = fd,
		.ask = fd >= 0 ? ASK : UNSEEN,
		.seen = {.extra = (was_there ? TRACE_EXTRA_THERE : 0u) |
				  (appends(o, op) ? TRACE_EXTRA_APPENDS : 0u)},
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

	if ((o->flags & O_TMPFILE) == O_TMPFILE) { // a file without a name, in a folder
		log_path(TRACE_ALLOWED, o->dir, o->path, fd < 0);
		return;
	}
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
int __open(const char *path, int flags, ...);
HOOK_OPEN(__open)
int __open64(const char *path, int flags, ...);
HOOK_OPEN(__open64)

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
