// SPDX-License-Identifier: MIT
#include "launch/forkserver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "launch/local.h"
#include "launch/remnants.h"
#include "model/job_settings.h"
#include "sys/signals.h"
#include "sys/spawner.h"
#include "trace/preload/fork.h"

#define START_MS   10000            // that the first file of a kind waits for its server
#define LOOK_MS    20               // between looks whether we are to end
#define PATIENCE_S 1                // a fork takes less
#define SETTLE_NS  (50 * NS_PER_MS) // several times as long as the clock of files stands still
#define MORE_FROM  16               // forks from which a server more pays for itself

// ---- kinds ----

// What a shim is told behind the worker's own key.
static const char *shim_kind(const struct launch *what)
{
	return what->shim ? what->shim + strcspn(what->shim, ",") : "";
}

static char *kind_of(const struct launch *what)
{
	struct buf kind = {0};

	buf_addf(&kind, "%p %s %s", (const void *)what->settings, shim_kind(what), what->program);
	for (char *const *word = what->warm; *word; word++)
		buf_addf(&kind, " %zu:%s", strlen(*word), *word);
	return buf_detach(&kind);
}

static bool is_refused(const struct local *l, const char *kind)
{
	for (size_t i = 0; i < l->forkservers.refused.n; i++)
		if (strcmp(l->forkservers.refused.items[i], kind) == 0)
			return true;
	return false;
}

static void refuse(struct local *l, const struct launch *what, const char *kind, const char *why)
{
	const struct forkserver_settings *set = &l->settings->fork;

	if (is_refused(l, kind))
		return;
	VEC_PUSH(&l->forkservers.refused, xstrdup(kind));
	if (set->refused)
		set->refused(set->owner, what->file, why);
}

// ---- its start ----

static void give_up(struct forkserver *f)
{
	if (f->socket >= 0)
		close(f->socket);
	f->socket = -1;
	if (f->pid > 0)
		kill(f->pid, SIGKILL);
}

static char *make_tmpdir(struct local *l)
{
	char *path = xasprintf("%s/server-%zu", l->workspace.dir, l->forkservers.n);

	if (mkdir(path, 0700) == 0)
		return path;
	free(path);
	return NULL;
}

static void make_environment(struct local *l, struct forkserver *f, const struct launch *what,
			     const char *tmpdir)
{
	char *shim = what->shim ? xasprintf("0%s", shim_kind(what)) : NULL;
	const struct worker_identity id = {
		.run = l->run,
		.serial = ++l->serial,
		.attempt = 1,
		.settings = what->settings,
		.tmpdir = tmpdir,
		.trace = f->trace.variable,
		.shim = shim,
		.fork = l->settings->fork.library,
	};

	environment_for(&f->environment, &l->environment, &id);
	free(shim);
}

// What it prints goes to a file, for each worker to print it again.
static int spawn(struct local *l, struct forkserver *f, const struct launch *what, int socket,
		 struct err *err)
{
	struct limits limits = what->settings->limits;
	sigset_t defaults = l->signals->ignored;
	enum spawn_step step;
	int out = memfd_create("firmo-jobs-start", MFD_CLOEXEC);
	const struct spawn s = {
		.program = what->program,
		.argv = what->warm,
		.envp = f->environment.envp,
		.stdin_fd = l->null_fd,
		.stdout_fd = out,
		.stderr_fd = out,
		.extra_fds = {socket, -1, -1},
		.limits = &limits,
		.mask = &l->signals->inherited,
		.defaults = &defaults,
		.pid_text = f->environment.pid_text,
	};

	// Its own time is that of all its forks.
	limits.set[LIMIT_CPU] = false;
	sigaddset(&defaults, SIGPIPE);
	int status = out < 0 ? err_set(err, errno, "memfd_create")
			     : spawner_start(l->settings->spawner, &s, &f->pid, &step, err);
	if (out >= 0)
		close(out);
	return status;
}

static int start(struct local *l, struct forkserver *f, const struct launch *what, struct err *err)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	char *tmpdir = make_tmpdir(l);
	int pair[2], status = -1;

	if (!tmpdir)
		return err_set(err, errno, "make a temporary folder");
	if (trace_open(&f->trace, err) == 0 &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		f->socket = pair[0];
		setsockopt(f->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		make_environment(l, f, what, tmpdir);
		f->began_ns = clock_real_ns();
		status = spawn(l, f, what, pair[1], err);
		close(pair[1]);
	}
	free(tmpdir);
	return status;
}

static struct forkserver *add(struct local *l, const struct launch *what, const char *kind)
{
	struct forkserver *f = xcalloc(1, sizeof *f);
	struct err err = {0};

	f->kind = xstrdup(kind);
	f->socket = f->trace.fd = -1;
	VEC_PUSH(&l->forkservers, f);
	if (start(l, f, what, &err) == 0)
		return f;
	give_up(f);
	refuse(l, what, kind, *err.message ? err.message : strerror(errno));
	return NULL;
}

// ---- whether its start would be the same now ----

static int64_t ctime_of(const struct stat *st)
{
	return st->st_ctim.tv_sec * NS_PER_SEC + st->st_ctim.tv_nsec;
}

static bool has_changed(const struct input *in)
{
	struct stat st;

	if (stat(in->name, &st) < 0)
		return true;
	return in->seen.has_stamp &&
	       ((int64_t)st.st_ino != in->seen.inode || ctime_of(&st) != in->seen.last_ctime_ns);
}

// Whether something may have come into the folder since. One that was changed a moment ago may be
// changed once more without another time.
static bool has_moved(struct forkserver_folder *folder)
{
	struct stat st = {0};
	bool is_there = stat(folder->path, &st) == 0;
	bool moved = !is_there || (int64_t)st.st_ino != folder->inode ||
		     ctime_of(&st) != folder->ctime_ns;
	bool settled = ctime_of(&st) < clock_real_ns() - SETTLE_NS;

	folder->inode = settled ? (int64_t)st.st_ino : 0;
	folder->ctime_ns = ctime_of(&st);
	return moved;
}

// The nearest folder above the path that is there.
static char *folder_above(const char *path)
{
	char *folder = xstrdup(path);
	struct stat st;

	do {
		char *slash = strrchr(folder, '/');
		if (!slash || slash == folder) {
			char *top = xstrdup(slash ? "/" : ".");
			free(folder);
			return top;
		}
		*slash = '\0';
	} while (stat(folder, &st) < 0);
	return folder;
}

static bool has_folder(const struct forkserver *f, const char *path)
{
	for (size_t i = 0; i < f->folders.n; i++)
		if (strcmp(f->folders.items[i].path, path) == 0)
			return true;
	return false;
}

// What the start has looked for in vain is looked for again where its folder has moved, and not
// hundreds of times.
static void find_folders(struct forkserver *f)
{
	for (size_t i = 0; i < f->inputs.list.n; i++) {
		const struct input *in = &f->inputs.list.items[i];
		if (in->kind != INPUT_PATH || in->found)
			continue;
		struct forkserver_folder folder = {.path = folder_above(in->name)};
		if (has_folder(f, folder.path))
			free(folder.path);
		else
			VEC_PUSH(&f->folders, folder);
	}
}

static bool is_current(struct forkserver *f)
{
	bool moved = false;

	for (size_t i = 0; i < f->folders.n; i++)
		moved |= has_moved(&f->folders.items[i]);
	// What has come may be a folder of what is missing.
	if (moved)
		find_folders(f);
	for (size_t i = 0; i < f->inputs.list.n; i++) {
		const struct input *in = &f->inputs.list.items[i];
		if (in->kind != INPUT_PATH)
			continue;
		if (in->found ? has_changed(in) : moved && access(in->name, F_OK) == 0)
			return false;
	}
	return true;
}

// ---- whether it can be forked ----

// What each worker has of its own, and has to ask for itself.
static bool is_own_variable(const char *name)
{
	static const char *const names[] = {"TMPDIR", "MAKEFLAGS", "FIRMO_JOBS_SLOT",
					    "FIRMO_JOBS_ATTEMPT", "FIRMO_JOBS_WORKER"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

// What its start has done that each worker would have to do for itself, or NULL; the caller frees
// it.
static char *find_fault(const struct inputs *in)
{
	if (in->written.n > 0)
		return xasprintf("what runs before the file writes %s", in->written.items[0]);
	if (in->network)
		return xstrdup("what runs before the file uses the network");
	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind == INPUT_VARIABLE &&
		    is_own_variable(in->list.items[i].name))
			return xasprintf("what runs before the file reads %s",
					 in->list.items[i].name);
	return NULL;
}

static char *judge(struct local *l, struct forkserver *f, const struct fork_hello *hello)
{
	const struct trace_rules rules = {
		.cwd = l->settings->cwd, .below = l->settings->own, .environ = f->environment.envp};
	struct err err;

	if (hello->pid != f->pid)
		return xstrdup("the interpreter runs in a process of another one");
	// What it has started, and does not wait for, is ours by now.
	size_t left = remnants_find(l, f->environment.marker, true);
	if (*hello->obstacle)
		return xasprintf("before the file %.*s", (int)sizeof hello->obstacle,
				 hello->obstacle);
	if (left > 0)
		return xstrdup("what runs before the file leaves a process behind");
	f->start = trace_copy(&f->trace, &f->nstart, &err);
	if (!f->start)
		return xstrdup(err.message);
	trace_parse(f->start, f->nstart, &rules, &f->inputs);
	find_folders(f);
	return find_fault(&f->inputs);
}

// Takes what it says of itself, if it has.
static void take_hello(struct local *l, struct forkserver *f, const struct launch *what)
{
	struct fork_hello hello;
	ssize_t n = recv(f->socket, &hello, sizeof hello, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	char *fault = n == sizeof hello
			      ? judge(l, f, &hello)
			      : xstrdup("the interpreter has ended before it came to the file");
	f->ready = !fault;
	if (fault) {
		give_up(f);
		refuse(l, what, f->kind, fault);
	}
	free(fault);
}

static bool is_asked_to_end(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (int i = 1; i < NSIG; i++)
		if (signals_is_fatal(i) && sigismember(&pending, i) == 1)
			return true;
	return sigismember(&pending, SIGTSTP) == 1;
}

static void await_hello(struct local *l, struct forkserver *f, const struct launch *what)
{
	struct pollfd fd = {.fd = f->socket, .events = POLLIN};

	for (int ms = 0; ms < START_MS && !is_asked_to_end(); ms += LOOK_MS)
		if (poll(&fd, 1, LOOK_MS) > 0) {
			take_hello(l, f, what);
			return;
		}
	give_up(f);
	if (!is_asked_to_end())
		refuse(l, what, f->kind, "the interpreter does not come to the file");
}

// ---- which one it is ----

// The ready one of the kind that was forked least; *n: how many there are, *forked: how often they
// were.
static struct forkserver *choose(struct local *l, const struct launch *what, const char *kind,
				 size_t *n, long *forked)
{
	struct forkserver *best = NULL;

	*n = 0;
	*forked = 0;
	for (size_t i = 0; i < l->forkservers.n; i++) {
		struct forkserver *f = l->forkservers.items[i];
		if (f->socket < 0 || strcmp(f->kind, kind) != 0)
			continue;
		if (!f->ready)
			take_hello(l, f, what);
		if (f->ready && !is_current(f))
			give_up(f);
		if (f->socket < 0)
			continue;
		++*n;
		*forked += f->forked;
		if (f->ready && (!best || f->forked < best->forked))
			best = f;
	}
	return best;
}

static struct forkserver *find(struct local *l, const struct launch *what, const char *kind)
{
	size_t n;
	long forked;
	struct forkserver *f = choose(l, what, kind, &n, &forked);

	if (n == 0 && !is_refused(l, kind)) {
		f = add(l, what, kind);
		if (f)
			await_hello(l, f, what);
		return f && f->ready ? f : NULL;
	}
	// One for each slot that is in use.
	if (f && n <= (size_t)what->slot && forked >= MORE_FROM * (long)n)
		add(l, what, kind);
	return f;
}

struct forkserver *forkserver_find(struct local *l, const struct launch *what)
{
	if (!l->settings->fork.library || what->is_wrapped || what->is_unwatched ||
	    l->settings->inherits)
		return NULL;
	if (what->cold)
		refuse(l, what, what->cold, what->cold);
	if (!what->warm)
		return NULL;
	char *kind = kind_of(what);
	struct forkserver *f = is_refused(l, kind) ? NULL : find(l, what, kind);
	free(kind);
	return f;
}

// ---- a worker ----

static bool add_text(struct fork_request *r, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > FORK_BYTES - sizeof *r - r->bytes)
		return false;
	memcpy(r->text + r->bytes, text, n);
	r->bytes += (uint32_t)n;
	return true;
}

// The word of the server's arguments that stands for the file, and the file.
static bool add_file(struct fork_request *r, const struct launch *what)
{
	for (size_t i = 0; what->argv[i] && what->warm[i]; i++)
		if (strcmp(what->argv[i], what->warm[i]) != 0)
			return add_text(r, what->warm[i]) && add_text(r, what->argv[i]);
	return false;
}

// False: it is too long.
static bool write_request(struct fork_request *r, const struct launch *what, const struct spawn *s)
{
	const struct limits *limits = s->limits;
	bool fits = add_file(r, what);

	for (char *const *entry = s->envp; *entry && fits; entry++) {
		fits = add_text(r, *entry);
		r->has_pid = s->pid_text && s->pid_text == *entry + strlen(*entry);
		r->entries++;
	}
	r->has_cpu = limits->set[LIMIT_CPU];
	return fits && limits_resolve(limits, LIMIT_CPU, &r->cpu) == 0;
}

static bool send_request(int to, struct fork_request *r, const struct spawn *s)
{
	const int fds[FORK_STREAMS] = {
		-1, s->stdout_fd, s->stderr_fd, s->extra_fds[0], s->extra_fds[1], s->extra_fds[2]};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fds)];
	} control = {0};
	struct iovec data = {r, sizeof *r + r->bytes};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes};
	int sent[FORK_STREAMS] = {0};
	size_t n = 0;
	ssize_t status;

	for (int i = 0; i < FORK_STREAMS; i++) {
		r->has[i] = fds[i] >= 0;
		if (fds[i] >= 0)
			sent[n++] = fds[i];
	}
	m.msg_controllen = CMSG_SPACE(n * sizeof *sent);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN(n * sizeof *sent)};
	memcpy(CMSG_DATA(c), sent, n * sizeof *sent);
	while ((status = sendmsg(to, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	return status >= 0;
}

// Somebody may have stopped it, who did not stop us: it goes on then, once.
static bool await_report(const struct forkserver *f, struct fork_report *report)
{
	for (int tries = 0; tries < 3;) {
		ssize_t n = recv(f->socket, report, sizeof *report, 0);
		if (n == sizeof *report)
			return true;
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return false;
		if (errno == EAGAIN) {
			kill(f->pid, SIGCONT);
			tries++;
		}
	}
	return false;
}

// What reports that it has failed ends, and is nobody's then.
static bool ask(struct forkserver *f, const struct launch *what, const struct spawn *s, pid_t *pid,
		struct fork_request *r)
{
	struct fork_report report = {.errnum = 0};

	if (!write_request(r, what, s) || !send_request(f->socket, r, s))
		return false;
	if (!await_report(f, &report)) {
		// A worker that comes after all ends, as nobody hears it.
		give_up(f);
		return false;
	}
	if (report.errnum && report.pid > 0)
		while (waitpid(report.pid, NULL, 0) < 0 && errno == EINTR)
			;
	*pid = report.pid;
	return report.errnum == 0 && report.pid > 0;
}

bool forkserver_fork(struct local *l, struct forkserver *f, const struct launch *what,
		     const struct spawn *s, pid_t *pid)
{
	static union {
		struct fork_request request;
		char bytes[FORK_BYTES];
	} room; // scratch: nothing is kept in it between calls

	memset(&room.request, 0, sizeof room.request);
	if (!ask(f, what, s, pid, &room.request)) {
		if (f->forked == 0)
			refuse(l, what, f->kind, "a fork of the interpreter fails");
		return false;
	}
	f->forked++;
	if (s->pid_place)
		*s->pid_place = *pid;
	return true;
}

// ---- their ends ----

bool forkserver_is(const struct local *l, pid_t pid)
{
	for (size_t i = 0; i < l->forkservers.n; i++)
		if (l->forkservers.items[i]->pid == pid)
			return true;
	return false;
}

void forkserver_reaped(struct local *l, pid_t pid)
{
	for (size_t i = 0; i < l->forkservers.n; i++) {
		struct forkserver *f = l->forkservers.items[i];
		if (f->pid != pid)
			continue;
		f->pid = 0;
		// What it has said before is still to be heard.
		if (f->ready)
			give_up(f);
	}
}

static void release(struct forkserver *f)
{
	give_up(f);
	while (f->pid > 0 && waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
		;
	worker_environment_release(&f->environment);
	trace_close(&f->trace);
	inputs_release(&f->inputs);
	for (size_t i = 0; i < f->folders.n; i++)
		free(f->folders.items[i].path);
	free(f->folders.items);
	free(f->start);
	free(f->kind);
	free(f);
}

void forkservers_close(struct local *l)
{
	for (size_t i = 0; i < l->forkservers.n; i++)
		release(l->forkservers.items[i]);
	free(l->forkservers.items);
	strings_free_all(&l->forkservers.refused);
	l->forkservers = (struct forkservers){0};
}
