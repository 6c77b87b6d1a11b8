// SPDX-License-Identifier: MIT
// System calls by their numbers: each is what the function of its name is.
#include "trace/preload/calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "base/attributes.h"
#include "trace/preload/hook.h"

struct call {
	long number;
	long a[6];
};

#define P(i) ((void *)c->a[i])
#define I(i) ((int)c->a[i])

static long open_as_told(const struct call *c)
{
	const struct open_how *how = P(2);

	// From where else a path may be looked for, openat has no words.
	if (how && c->a[3] >= (long)sizeof how->flags && (size_t)c->a[3] >= sizeof *how &&
	    how->resolve == 0)
		return openat(I(0), P(1), (int)how->flags, (mode_t)how->mode);
	log_unseen("openat2");
	return -2;
}

#ifdef SYS_open
static bool do_call_of_old(const struct call *c, long *result)
{
	switch (c->number) {
	case SYS_open:
		*result = open(P(0), I(1), (mode_t)c->a[2]);
		return true;
	case SYS_creat:
		*result = creat(P(0), (mode_t)c->a[1]);
		return true;
	case SYS_stat:
		*result = stat(P(0), P(1));
		return true;
	case SYS_lstat:
		*result = lstat(P(0), P(1));
		return true;
	case SYS_access:
		*result = access(P(0), I(1));
		return true;
	case SYS_readlink:
		*result = readlink(P(0), P(1), (size_t)c->a[2]);
		return true;
	case SYS_mkdir:
		*result = mkdir(P(0), (mode_t)c->a[1]);
		return true;
	case SYS_rmdir:
		*result = rmdir(P(0));
		return true;
	case SYS_unlink:
		*result = unlink(P(0));
		return true;
	case SYS_rename:
		*result = rename(P(0), P(1));
		return true;
	case SYS_link:
		*result = link(P(0), P(1));
		return true;
	case SYS_symlink:
		*result = symlink(P(0), P(1));
		return true;
	case SYS_mknod:
		*result = mknod(P(0), (mode_t)c->a[1], (dev_t)c->a[2]);
		return true;
	case SYS_chmod:
		*result = chmod(P(0), (mode_t)c->a[1]);
		return true;
	case SYS_chown:
		*result = chown(P(0), (uid_t)c->a[1], (gid_t)c->a[2]);
		return true;
	case SYS_lchown:
		*result = lchown(P(0), (uid_t)c->a[1], (gid_t)c->a[2]);
		return true;
	case SYS_utime:
		*result = utime(P(0), P(1));
		return true;
	case SYS_utimes:
		*result = utimes(P(0), P(1));
		return true;
	case SYS_futimesat:
		*result = futimesat(I(0), P(1), P(2));
		return true;
	default:
		return false;
	}
}
#else
static bool do_call_of_old(const struct call *c, long *result)
{
	(void)c;
	(void)result;
	return false;
}
#endif

// Calls that look.
static bool do_look(const struct call *c, long *result)
{
	switch (c->number) {
	case SYS_openat:
		*result = openat(I(0), P(1), I(2), (mode_t)c->a[3]);
		return true;
	case SYS_openat2:
		*result = open_as_told(c);
		return *result != -2;
	case SYS_newfstatat:
		*result = fstatat(I(0), P(1), P(2), I(3));
		return true;
	case SYS_statx:
		*result = statx(I(0), P(1), I(2), (unsigned)c->a[3], P(4));
		return true;
	case SYS_faccessat: // has no flags, whatever the function has
		*result = faccessat(I(0), P(1), I(2), 0);
		return true;
	case SYS_faccessat2:
		*result = faccessat(I(0), P(1), I(2), I(3));
		return true;
	case SYS_readlinkat:
		*result = readlinkat(I(0), P(1), P(2), (size_t)c->a[3]);
		return true;
	case SYS_statfs:
		*result = statfs(P(0), P(1));
		return true;
	case SYS_getxattr:
		*result = getxattr(P(0), P(1), P(2), (size_t)c->a[3]);
		return true;
	case SYS_lgetxattr:
		*result = lgetxattr(P(0), P(1), P(2), (size_t)c->a[3]);
		return true;
	case SYS_fgetxattr:
		*result = fgetxattr(I(0), P(1), P(2), (size_t)c->a[3]);
		return true;
	case SYS_listxattr:
		*result = listxattr(P(0), P(1), (size_t)c->a[2]);
		return true;
	case SYS_llistxattr:
		*result = llistxattr(P(0), P(1), (size_t)c->a[2]);
		return true;
	case SYS_flistxattr:
		*result = flistxattr(I(0), P(1), (size_t)c->a[2]);
		return true;
	case SYS_chdir:
		*result = chdir(P(0));
		return true;
	case SYS_execve:
		*result = execve(P(0), P(1), P(2));
		return true;
	case SYS_execveat:
		*result = execveat(I(0), P(1), P(2), P(3), I(4));
		return true;
	default:
		return false;
	}
}

// Calls that make, change, name or remove.
static bool do_change(const struct call *c, long *result)
{
	switch (c->number) {
	case SYS_mkdirat:
		*result = mkdirat(I(0), P(1), (mode_t)c->a[2]);
		return true;
	case SYS_unlinkat:
		*result = unlinkat(I(0), P(1), I(2));
		return true;
	case SYS_renameat:
		*result = renameat(I(0), P(1), I(2), P(3));
		return true;
	case SYS_renameat2:
		*result = renameat2(I(0), P(1), I(2), P(3), (unsigned)c->a[4]);
		return true;
	case SYS_linkat:
		*result = linkat(I(0), P(1), I(2), P(3), I(4));
		return true;
	case SYS_symlinkat:
		*result = symlinkat(P(0), I(1), P(2));
		return true;
	case SYS_mknodat:
		*result = mknodat(I(0), P(1), (mode_t)c->a[2], (dev_t)c->a[3]);
		return true;
	case SYS_fchmodat:
		*result = fchmodat(I(0), P(1), (mode_t)c->a[2], 0);
		return true;
	case SYS_fchownat:
		*result = fchownat(I(0), P(1), (uid_t)c->a[2], (gid_t)c->a[3], I(4));
		return true;
	case SYS_setxattr:
		*result = setxattr(P(0), P(1), P(2), (size_t)c->a[3], I(4));
		return true;
	case SYS_lsetxattr:
		*result = lsetxattr(P(0), P(1), P(2), (size_t)c->a[3], I(4));
		return true;
	case SYS_removexattr:
		*result = removexattr(P(0), P(1));
		return true;
	case SYS_lremovexattr:
		*result = lremovexattr(P(0), P(1));
		return true;
	case SYS_truncate:
		*result = truncate(P(0), c->a[1]);
		return true;
	case SYS_utimensat:
		if (!P(1)) // a descriptor alone
			return false;
		*result = utimensat(I(0), P(1), P(2), I(3));
		return true;
	default:
		return false;
	}
}

// number, as text before the end of room.
static char *decimal(char *end, unsigned long number)
{
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	return end;
}

static void note_unseen(const struct call *c)
{
	char name[] = "system call 12345678901234567890";
	char *digits = name + strlen("system call ");
	char *start = decimal(name + sizeof name - 1, (unsigned long)c->number);

	memmove(digits, start, strlen(start) + 1);
	log_unseen(name);
}

static void note_other(const struct call *c)
{
	switch (c->number) {
	case SYS_getcwd:
		log_name(TRACE_ATTRIBUTE, ATTRIBUTE_FOLDER, 0);
		break;
	case SYS_sched_getaffinity:
		log_name(TRACE_ATTRIBUTE, ATTRIBUTE_CPUS, 0);
		break;
	case SYS_getpriority:
	case SYS_ioprio_get:
	case SYS_sched_getattr:
	case SYS_sched_getparam:
	case SYS_sched_getscheduler:
		log_name(TRACE_ATTRIBUTE, ATTRIBUTE_NICENESS, 0);
		break;
	default:
		if (call_is_unseen(c->number))
			note_unseen(c);
	}
}

#define TAKE_CALL(c, number)                                                                       \
	struct call call = {number, {0}}, *c = &call;                                              \
	va_list ap;                                                                                \
	va_start(ap, number);                                                                      \
	for (size_t i = 0; i < sizeof c->a / sizeof *c->a; i++)                                    \
		c->a[i] = va_arg(ap, long);                                                        \
	va_end(ap);

// Within this library the name means the next function, see mk/build.mk.
#undef syscall
long syscall(long number, ...);
HOOK(long, syscall, long number, ...)
{
	TAKE_CALL(c, number)
	long result;

	if (log_is_on() &&
	    (do_look(c, &result) || do_change(c, &result) || do_call_of_old(c, &result)))
		return result;
	if (log_is_on())
		note_other(c);
	return NEXT(syscall)(number, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
}

long calls_kernel(long number, ...)
{
	TAKE_CALL(c, number)

	return NEXT(syscall)(number, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
}
