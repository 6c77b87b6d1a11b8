// SPDX-License-Identifier: MIT
// Files that are removed, renamed, linked.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/hook.h"
#include "trace/preload/kept.h"

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
