// SPDX-License-Identifier: MIT
#include "sys/spawner.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "sys/descriptors.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#define LETTER_BYTES (8 << 20)  // more words than a program can have; untouched pages cost nothing
#define STACK_BYTES  (64 << 10) // untouched pages cost nothing; a sanitizer wants some
#define FDS          (3 + SPAWN_EXTRA_FDS)
#define PATIENCE_S   1 // to start a process takes less; in vain it costs a call

// What is to be started, and what came of it. It lies at one address in both processes, and so its
// pointers are good in both.
struct letter {
	struct spawn spawn; // its fds are places among the descriptors of the message
	sigset_t mask, defaults;
	struct limits limits;
	pid_t pid;
	struct spawn_report report;
	size_t used; // bytes of text
	char text[]; // words, and the lists of them
};

// ---- the process ----

struct start {
	const struct spawn *spawn;
	struct spawn_report *report;
};

static int run_child(void *arg)
{
	const struct start *start = arg;

	spawn_child(start->spawn, start->report);
}

static void start(struct letter *l, const int fds[FDS])
{
	struct spawn s = l->spawn;
	_Alignas(16) char stack[STACK_BYTES];

	s.stdin_fd = fds[s.stdin_fd];
	s.stdout_fd = fds[s.stdout_fd];
	s.stderr_fd = fds[s.stderr_fd];
	for (int i = 0; i < SPAWN_EXTRA_FDS; i++)
		s.extra_fds[i] = s.extra_fds[i] < 0 ? -1 : fds[s.extra_fds[i]];
	l->report = (struct spawn_report){SPAWN_OK, 0};
	struct start how = {&s, &l->report};
#ifdef __SANITIZE_ADDRESS__
	// The frames of the child before, which has not returned from them, are still marked.
	char *at = stack;
	__asm__("" : "+r"(at)); // gcc warns of reading what nobody has written
	__asan_unpoison_memory_region(at, sizeof stack);
#endif
	l->pid = clone(run_child, stack + sizeof stack,
		       CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, &how);
	if (l->pid < 0)
		l->report = (struct spawn_report){SPAWN_FORK, errno};
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FDS * sizeof(int))];
};

// How many fds have come; -1: the runner is gone.
static int receive(int from, int fds[FDS])
{
	union control control;
	char byte;
	struct iovec data = {&byte, 1};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof control.bytes};
	ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	size_t bytes = c->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(c), bytes);
	return (int)(bytes / sizeof *fds);
}

static void serve(int from, struct letter *l) __attribute__((noreturn));
static void serve(int from, struct letter *l)
{
	int fds[FDS], n;

	prctl(PR_SET_NAME, "firmo-jobs-spawn");
	// Neither make's pipe nor that of a reader is held open by it.
	descriptors_keep(&from, 1);
	while ((n = receive(from, fds)) >= 0) {
		start(l, fds);
		for (int i = 0; i < n; i++)
			close(fds[i]);
		if (send(from, "", 1, MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

// ---- our side ----

void spawner_open(struct spawner *sp)
{
	void *p = mmap(NULL, LETTER_BYTES, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	sigset_t all, before;
	int pair[2];

	*sp = (struct spawner){.socket = -1, .letter = p == MAP_FAILED ? NULL : p};
	if (!sp->letter)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		munmap(sp->letter, LETTER_BYTES);
		return;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	// What is sent to our process group reaches it, too.
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	sp->pid = fork();
	if (sp->pid == 0) {
		close(pair[0]);
		serve(pair[1], sp->letter);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (sp->pid > 0) {
		sp->socket = pair[0];
		return;
	}
	close(pair[0]);
	munmap(sp->letter, LETTER_BYTES);
}

static void *take_room(struct letter *l, size_t n)
{
	size_t at = (l->used + 15) & ~(size_t)15;

	if (n > LETTER_BYTES - sizeof *l - at || at > LETTER_BYTES - sizeof *l)
		return NULL;
	l->used = at + n;
	return l->text + at;
}

// Copies a list of words into the letter; NULL: there is no room. *inside, which may point into one
// of them, is moved along.
static char *const *copy_words(struct letter *l, char *const *words, char **inside)
{
	size_t n = 0;

	while (words[n])
		n++;
	char **list = take_room(l, (n + 1) * sizeof *list);
	for (size_t i = 0; list && i < n; i++) {
		size_t bytes = strlen(words[i]) + 1;
		// Behind it is room for a pid, should it be the word that gets one.
		list[i] = take_room(l, bytes + SPAWN_PID_SIZE);
		if (!list[i])
			return NULL;
		memcpy(list[i], words[i], bytes);
		if (*inside >= words[i] && *inside < words[i] + bytes)
			*inside = list[i] + (*inside - words[i]);
	}
	if (list)
		list[n] = NULL;
	return list;
}

// False: it has too many words.
static bool write_letter(struct letter *l, const struct spawn *s)
{
	char *none = NULL, *pid_text = s->pid_text;

	l->used = 0;
	l->pid = 0;
	l->spawn = *s;
	l->mask = *s->mask;
	l->defaults = *s->defaults;
	l->spawn.mask = &l->mask;
	l->spawn.defaults = &l->defaults;
	if (s->limits) {
		l->limits = *s->limits;
		l->spawn.limits = &l->limits;
	}
	if (!s->pid_place)
		l->spawn.pid_place = &l->pid;
	*l->spawn.pid_place = 0;
	l->spawn.argv = copy_words(l, s->argv, &none);
	l->spawn.envp = copy_words(l, s->envp, &pid_text);
	// In no word that is passed on, it is of no use.
	l->spawn.pid_text = pid_text != s->pid_text ? pid_text : NULL;
	char *program = take_room(l, strlen(s->program) + 1);
	l->spawn.program = program ? strcpy(program, s->program) : NULL;
	return l->spawn.argv && l->spawn.envp && program;
}

// Gives an fd its place among the descriptors of the message, where it stands once.
static int place(int fds[FDS], int *n, int fd)
{
	if (fd < 0)
		return -1;
	for (int i = 0; i < *n; i++)
		if (fds[i] == fd)
			return i;
	fds[*n] = fd;
	return (*n)++;
}

// Sends the letter with its fds. False: it cannot be sent, or nobody is there to take it.
static bool send_letter(int to, struct spawn *s)
{
	union control control = {0};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes};
	int fds[FDS], n = 0;

	s->stdin_fd = place(fds, &n, s->stdin_fd);
	s->stdout_fd = place(fds, &n, s->stdout_fd);
	s->stderr_fd = place(fds, &n, s->stderr_fd);
	for (int i = 0; i < SPAWN_EXTRA_FDS; i++)
		s->extra_fds[i] = place(fds, &n, s->extra_fds[i]);
	m.msg_controllen = CMSG_SPACE((size_t)n * sizeof *fds);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN((size_t)n * sizeof *fds)};
	memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof *fds);
	while (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

// Somebody may have stopped it, who did not stop us: it goes on then.
static bool await_answer(const struct spawner *sp)
{
	char byte;
	ssize_t n;

	while ((n = recv(sp->socket, &byte, 1, 0)) < 0 && (errno == EAGAIN || errno == EINTR))
		kill(sp->pid, SIGCONT);
	return n == 1;
}

// It has died in the middle of it: what it may have begun comes to nothing.
static void give_up(struct spawner *sp, const struct spawn *s)
{
	pid_t begun = *sp->letter->spawn.pid_place;

	spawner_close(sp);
	if (begun > 0) {
		kill(begun, SIGKILL);
		while (waitpid(begun, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (s->pid_place)
		*s->pid_place = 0;
}

int spawner_start(struct spawner *sp, const struct spawn *s, pid_t *pid, enum spawn_step *step,
		  struct err *err)
{
	struct letter *l = sp->letter;

	if (sp->socket < 0 || !write_letter(l, s) || !send_letter(sp->socket, &l->spawn))
		return spawn_start(s, pid, step, err);
	if (!await_answer(sp)) {
		give_up(sp, s);
		return spawn_start(s, pid, step, err);
	}
	*pid = l->pid;
	if (l->spawn.pid_text && l->report.step == SPAWN_OK)
		strcpy(s->pid_text, l->spawn.pid_text);
	return spawn_settle(s, &l->report, l->pid, step, err);
}

void spawner_close(struct spawner *sp)
{
	if (sp->socket < 0)
		return;
	close(sp->socket);
	sp->socket = -1;
	munmap(sp->letter, LETTER_BYTES);
	kill(sp->pid, SIGCONT);
	while (waitpid(sp->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
