// SPDX-License-Identifier: MIT
// fault - runs a command one of whose calls fails.
//
//	fault CALL NTH ERRNO LOG LIBRARY COMMAND [ARG]...
//	fault --list
//
// COMMAND takes the place of this process. Its NTH call of the kind CALL, counted from the
// beginning of its own code, fails with ERRNO (a name); with NTH+ all that follow do, too; with 0
// none. Its children are left alone, unless CALL has `all:` in front; `watchdog:` means the calls
// of the processes that keep make's tokens for it, and none else. How many calls there were is
// written to the file LOG when nobody below COMMAND is left. LIBRARY is tests/faults/memory.so.
// --list writes the kinds, each with the errors that it may have, a line each.
//
// `memory` is malloc and its kin, which the library fails. All others are system calls: a filter
// of seccomp hands them to a process of ours that answers or lets them go on, so that those made by
// the C library itself and by sqlite are met as well.
//
// Exit status: that of COMMAND; 98 where there was no way to begin.
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../faults/start.h"

#define NUMBERS_MAX 16

/* clang-format off */
static const struct kind {
	const char *name, *errors;
	int numbers[NUMBERS_MAX]; /* 0 ends them: read(2) stands first where it is 0 itself */
} kinds[] = {
	{"memory", "ENOMEM", {0}},
	{"read", "EIO ENOMEM", {SYS_read, SYS_pread64, SYS_readv, SYS_preadv2}},
	{"write", "ENOSPC EIO EDQUOT EFBIG", {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev2}},
	{"open", "EMFILE ENFILE EACCES ENOMEM EIO", {SYS_openat,
#ifdef SYS_open
		SYS_open,
#endif
	}},
	{"fork", "EAGAIN ENOMEM", {SYS_clone, SYS_clone3,
#ifdef SYS_fork
		SYS_fork, SYS_vfork,
#endif
	}},
	{"map", "ENOMEM EAGAIN", {SYS_mmap, SYS_mremap, SYS_mprotect}},
	{"pipe", "EMFILE ENFILE", {SYS_pipe2, SYS_socketpair,
#ifdef SYS_pipe
		SYS_pipe,
#endif
	}},
	{"give", "ENOMEM EINTR EAGAIN", {SYS_write, SYS_pwritev2}},
	{"arrive", "ENFILE EMFILE ENOBUFS ENOMEM", {SYS_accept4}},
	{"talk", "ENOBUFS ENOMEM", {SYS_sendto, SYS_recvfrom}},
	{"sync", "EIO ENOSPC", {SYS_fsync, SYS_fdatasync}},
	{"move", "EACCES EIO ENOSPC", {SYS_renameat2, SYS_unlinkat, SYS_linkat,
#ifdef SYS_rename
		SYS_rename, SYS_unlink, SYS_rmdir,
#endif
	}},
	{"make", "ENOSPC EACCES EDQUOT", {SYS_mkdirat, SYS_mknodat,
#ifdef SYS_mkdir
		SYS_mkdir, SYS_mknod,
#endif
	}},
	{"look", "EACCES EIO ENOMEM", {SYS_fstat, SYS_statx, SYS_faccessat, SYS_readlinkat,
#ifdef SYS_newfstatat
		SYS_newfstatat,
#endif
#ifdef SYS_stat
		SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
	}},
	{"list", "EIO ENOMEM", {SYS_getdents64}},
	{"lock", "ENOLCK EMFILE", {SYS_flock, SYS_fcntl}},
	{"size", "ENOSPC EIO", {SYS_ftruncate, SYS_fallocate}},
	{"descriptor", "EMFILE ENFILE ENOMEM", {SYS_memfd_create, SYS_inotify_init1, SYS_inotify_add_watch,
		SYS_signalfd4, SYS_dup, SYS_dup3}},
	{"reap", "ENOSYS EPERM", {SYS_wait4, SYS_waitid}},
	{"signal", "EPERM ENOSYS", {SYS_kill}},
	{"close", "ENOSYS EPERM", {SYS_close_range}},
	{"ppoll", "ENOSYS EPERM", {SYS_ppoll}},
	{"wait", "ENOMEM ENOSYS EPERM", {SYS_ppoll,
#ifdef SYS_poll
		SYS_poll,
#endif
	}},
};
/* clang-format on */

static const struct {
	const char *name;
	int number;
} errors[] = {
	{"EACCES", EACCES},   {"EAGAIN", EAGAIN}, {"EDQUOT", EDQUOT}, {"EFBIG", EFBIG},
	{"EINTR", EINTR},     {"EIO", EIO},       {"EMFILE", EMFILE}, {"ENFILE", ENFILE},
	{"ENOBUFS", ENOBUFS}, {"ENOLCK", ENOLCK}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC},
	{"ENOSYS", ENOSYS},   {"EPERM", EPERM},
};

static _Noreturn void die(const char *what)
{
	perror(what);
	_exit(98);
}

/* --- the process that answers ------------------------------------------------------------- */

struct point {
	const struct kind *kind;
	long nth;
	bool lasting;
	enum { OWN, EVERYWHERE, WATCHDOGS } whose;
	int error;
	pid_t pid;
	const char *log;
};

static bool is_start(const struct seccomp_notif *n)
{
	return n->data.nr == SYS_prctl && n->data.args[0] == START_OF_PROGRAM;
}

static bool is_watchdog(uint32_t pid)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof path, "/proc/%u/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, name, sizeof name - 1);
	close(fd);
	return n > 0 && strncmp(name, "jobserver-watch", strlen("jobserver-watch")) == 0;
}

static bool is_meant(uint32_t pid, const struct point *p)
{
	return p->whose == EVERYWHERE || (p->whose == OWN && pid == (uint32_t)p->pid) ||
	       (p->whose == WATCHDOGS && is_watchdog(pid));
}

static void answer(int listener, const struct point *p, long *seen, bool *started)
{
	struct seccomp_notif n = {0};
	struct seccomp_notif_resp r = {0};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return;
	r.id = n.id;
	if (is_start(&n)) {
		*started |= n.pid == (uint32_t)p->pid;
	} else {
		bool counts = *started && is_meant(n.pid, p);
		*seen += counts;
		if (counts && p->nth > 0 && (p->lasting ? *seen >= p->nth : *seen == p->nth))
			r.error = -p->error;
		else
			r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof control};
	int fd = -1;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

static _Noreturn void serve(int socket, const struct point *p)
{
	int listener = receive_fd(socket);
	bool started = false;
	long seen = 0;

	if (listener < 0)
		_exit(98);
	/* Nothing of the command's is held open. */
	if (dup2(listener, 3) < 0)
		_exit(98);
	syscall(SYS_close_range, 4U, ~0U, 0U);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	setsid();
	for (;;) {
		struct pollfd ready = {3, POLLIN, 0};
		if (poll(&ready, 1, -1) < 0)
			continue;
		if (ready.revents & POLLIN)
			answer(3, p, &seen, &started);
		else if (ready.revents & (POLLHUP | POLLERR))
			break;
	}
	FILE *log = fopen(p->log, "w");
	if (log) {
		fprintf(log, "%ld\n", seen);
		fclose(log);
	}
	_exit(0);
}

/* --- the process that becomes the command ------------------------------------------------- */

static void send_fd(int socket, int fd)
{
	char byte = 'f', control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (sendmsg(socket, &m, 0) != 1)
		die("fault: sendmsg");
}

/* The numbers of the kind, and prctl with our option, are asked about. */
static int install(const struct kind *k)
{
	struct sock_filter f[2 * NUMBERS_MAX + 8];
	unsigned short n = 0;
	const struct sock_filter ask = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
				 allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
				 load_number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							offsetof(struct seccomp_data, nr)),
				 load_option = BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							offsetof(struct seccomp_data, args[0]));

	f[n++] = load_number;
	for (int i = 0; i < NUMBERS_MAX && (i == 0 || k->numbers[i] != 0); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						      (unsigned)k->numbers[i], 0, 1);
		f[n++] = ask;
	}
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3);
	f[n++] = load_option;
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, START_OF_PROGRAM, 0, 1);
	f[n++] = ask;
	f[n++] = allow;
	struct sock_fprog program = {n, f};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static void filter(struct point *p)
{
	int pair[2];

	p->pid = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("fault: socketpair");
	/* By way of a process between, so that the command has no child that it has not started. */
	pid_t between = fork();
	if (between == 0) {
		if (fork() == 0)
			serve(pair[1], p);
		_exit(0);
	}
	waitpid(between, NULL, 0);
	close(pair[1]);
	int listener = install(p->kind);
	if (listener < 0)
		die("fault: seccomp");
	send_fd(pair[0], listener);
	close(listener);
	close(pair[0]);
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	fprintf(stderr, "fault: no error %s\n", name);
	exit(2);
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	fprintf(stderr, "fault: no kind of call %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			printf("%s %s\n", kinds[i].name, kinds[i].errors);
		return 0;
	}
	if (argc < 7) {
		fputs("usage: fault CALL NTH ERRNO LOG LIBRARY COMMAND [ARG]...\n", stderr);
		return 2;
	}
	const char *colon = strchr(argv[1], ':');
	struct point p = {.kind = find_kind(colon ? colon + 1 : argv[1]),
			  .whose = !colon            ? OWN
				   : *argv[1] == 'a' ? EVERYWHERE
						     : WATCHDOGS,
			  .nth = atol(argv[2]),
			  .lasting = strchr(argv[2], '+') != NULL,
			  .error = error_number(argv[3]),
			  .log = argv[4]};
	if (strcmp(argv[1], "memory") == 0) {
		setenv("FAULT_NTH", argv[2], 1);
		setenv("FAULT_LOG", argv[4], 1);
	} else {
		filter(&p);
	}
	setenv("LD_PRELOAD", argv[5], 1);
	execvp(argv[6], argv + 6);
	die(argv[6]);
}
