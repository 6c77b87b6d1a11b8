// SPDX-License-Identifier: MIT
// Calls that look at files, or change what paths mean, in ways of which nothing can be noted; see
// also trace/preload/calls.h.
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace/preload/hook.h"

#define HOOK_UNSEEN(type, name, parameters, arguments)                                             \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		log_unseen(#name);                                                                 \
		return NEXT(name) arguments;                                                       \
	}

// ---- what paths mean ----

HOOK_UNSEEN(int, mount,
	    (const char *what, const char *where, const char *type, unsigned long flags,
	     const void *data),
	    (what, where, type, flags, data))
HOOK_UNSEEN(int, umount, (const char *where), (where))
HOOK_UNSEEN(int, umount2, (const char *where, int flags), (where, flags))
HOOK_UNSEEN(int, setns, (int fd, int type), (fd, type))

#if __GLIBC_PREREQ(2, 36)
HOOK_UNSEEN(int, fsopen, (const char *type, unsigned flags), (type, flags))
HOOK_UNSEEN(int, fspick, (int dir, const char *path, unsigned flags), (dir, path, flags))
HOOK_UNSEEN(int, open_tree, (int dir, const char *path, unsigned flags), (dir, path, flags))
HOOK_UNSEEN(int, move_mount,
	    (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
	    (from_dir, from, to_dir, to, flags))
HOOK_UNSEEN(int, mount_setattr,
	    (int dir, const char *path, unsigned flags, struct mount_attr *attributes, size_t n),
	    (dir, path, flags, attributes, n))
#endif

// ---- files ----

HOOK_UNSEEN(int, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
HOOK_UNSEEN(int, fanotify_mark, (int fd, unsigned flags, uint64_t mask, int dir, const char *path),
	    (fd, flags, mask, dir, path))
HOOK_UNSEEN(int, name_to_handle_at,
	    (int dir, const char *path, struct file_handle *handle, int *mount_id, int flags),
	    (dir, path, handle, mount_id, flags))
HOOK_UNSEEN(int, open_by_handle_at, (int mount_fd, struct file_handle *handle, int flags),
	    (mount_fd, handle, flags))
HOOK_UNSEEN(int, acct, (const char *path), (path))
HOOK_UNSEEN(int, quotactl, (int command, const char *device, int id, caddr_t to),
	    (command, device, id, to))
HOOK_UNSEEN(ssize_t, process_vm_readv,
	    (pid_t pid, const struct iovec *to, unsigned long n, const struct iovec *from,
	     unsigned long from_n, unsigned long flags),
	    (pid, to, n, from, from_n, flags))
