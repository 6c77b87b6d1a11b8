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
#include "launch/forkrequest.h"
#include "launch/local.h"
#include "launch/remnants.h"
#include "model/job_settings.h"
#include "sys/signals.h"
#include "sys/spawner.h"
#include "trace/preload/fork.h"

#define START_MS      10000 // that a server may take
#define WAIT_MS       1000  // that a file waits for its server, while nobody looks after others
#define LOOK_MS       20    // between looks whether we are to end
#define PATIENCE_S    1     // a fork takes less
#define MORE_FROM     16    // forks from which a server more pays for itself
#define TOUCHING_MOST 3  // files of a kind that need what its start has written, before all seem to
#define KILLS_MOST    3  // servers of a kind that others may end before they are ready
#define SERVERS_MOST  16 // more than projects have kinds, but where files have settings each
#define STALE_MOST    3  // servers of a kind that one file at most was forked from
#define STARTS_FEW    2  // of a kind, for which none is started that is to be checked

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

// What has come of the kind so far, until the run ends.
static struct forkserver_counts *counts_of(struct local *l, const char *kind)
{
	void **place = map_at(&l->forkservers.counts, kind);

	if (!*place)
		*place = xcalloc(1, sizeof(struct forkserver_counts));
	return *place;
}

// ---- its start ----

// Nobody reads its trace any more. The variable that names it stays in its environment.
static void stop_watching(struct forkserver *f)
{
	if (f->trace.fd >= 0)
		close(f->trace.fd);
	f->trace.fd = -1;
}

static void give_up(struct forkserver *f)
{
	if (f->socket >= 0)
		close(f->socket);
	f->socket = -1;
	stop_watching(f);
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
			     const char *tmpdir, const char *placeholder)
{
	char *shim = what->shim ? xasprintf("0%s", shim_kind(what)) : NULL;
	char *fork = xasprintf("%s\n%s\n%s", l->settings->fork.library, placeholder,
			       what->by_runner ? FORK_BY_RUNNER : "");
	const struct worker_identity id = {
		.run = l->run,
		.serial = ++l->serial,
		.attempt = 1,
		.settings = what->settings,
		.tmpdir = tmpdir,
		.trace = f->trace.variable,
		.shim = shim,
		.fork = fork,
	};

	environment_for(&f->environment, &l->environment, &id);
	free(shim);
	free(fork);
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
	char *placeholder = tmpdir ? workspace_make_placeholder(&l->workspace, err) : NULL;
	int pair[2], status = -1;

	if (!tmpdir)
		err_set(err, errno, "make a temporary folder");
	else if (placeholder && trace_open(&f->trace, err) == 0 &&
		 socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		f->socket = pair[0];
		setsockopt(f->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		make_environment(l, f, what, tmpdir, placeholder);
		f->began_ns = clock_real_ns();
		status = spawn(l, f, what, pair[1], err);
		close(pair[1]);
	}
	free(tmpdir);
	free(placeholder);
	return status;
}

// Of many kinds, those of which no file comes any more have no server.
static void make_room(struct local *l)
{
	struct forkserver *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->forkservers.n; i++) {
		struct forkserver *f = l->forkservers.items[i];
		if (f->socket < 0)
			continue;
		n++;
		if (!oldest || f->used < oldest->used)
			oldest = f;
	}
	if (n >= SERVERS_MOST)
		give_up(oldest);
}

static struct forkserver *add(struct local *l, const struct launch *what, const char *kind)
{
	struct forkserver *f = xcalloc(1, sizeof *f);
	struct err err = {0};

	make_room(l);
	f->kind = xstrdup(kind);
	f->socket = f->trace.fd = -1;
	f->used = l->serial;
	VEC_PUSH(&l->forkservers, f);
	if (start(l, f, what, &err) == 0)
		return f;
	give_up(f);
	refuse(l, what, kind, *err.message ? err.message : strerror(errno));
	return NULL;
}

// ---- whether it can be forked ----

// What all files of the kind depend on that is not seen to be read.
static char *way_of(const struct local *l, const struct launch *what)
{
	struct buf way = {0};

	buf_addf(&way, "%s %s", what->way ? what->way : "", shim_kind(what));
	for (size_t i = 0; l->environment.lua_init_names[i]; i++)
		if (l->environment.lua_init_values[i])
			buf_addf(&way, "\n%s=%s", l->environment.lua_init_names[i],
				 l->environment.lua_init_values[i]);
	return buf_detach(&way);
}

static char *judge(struct local *l, struct forkserver *f, const struct launch *what,
		   const struct fork_hello *hello)
{
	const struct trace_rules rules = {
		.cwd = l->settings->cwd, .below = l->settings->own, .environ = f->environment.envp};
	struct err err;

	if (hello->pid != f->pid && !*hello->obstacle)
		return xstrdup("the interpreter runs in a process of another one");
	// What it has started, and does not wait for, is ours by now.
	size_t left = remnants_find(l, f->environment.marker, true);
	if (*hello->obstacle)
		return xasprintf("before the file %.*s", (int)sizeof hello->obstacle,
				 hello->obstacle);
	if (left > 0)
		return xstrdup("what runs before the file leaves a process behind");
	char *way = way_of(l, what);
	int status =
		forkstart_take(&f->start, &f->trace, &rules, way, l->settings->fork.library, &err);
	free(way);
	return status < 0 ? xstrdup(err.message)
			  : forkstart_fault(&f->start, l->settings->library != NULL);
}

// Whether its end was not its own doing: it has no more to say, and is not reaped yet, or was a
// moment ago.
static bool was_killed(const struct forkserver *f)
{
	siginfo_t info = {0};

	if (f->pid == 0)
		return WIFSIGNALED(f->status) && WTERMSIG(f->status) == SIGKILL;
	// Its files are closed some time before it can be waited for.
	for (int ms = 0; ms < LOOK_MS && info.si_pid == 0; ms++)
		if (waitid(P_PID, (id_t)f->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == 0)
			poll(NULL, 0, 1);
	return info.si_pid == f->pid && info.si_code == CLD_KILLED && info.si_status == SIGKILL;
}

// Takes what it says of itself, if it has.
static void take_hello(struct local *l, struct forkserver *f, const struct launch *what)
{
	struct fork_hello hello;
	ssize_t n = recv(f->socket, &hello, sizeof hello, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	// It may have said all, and be gone.
	if ((n < (ssize_t)sizeof hello || f->pid == 0) && was_killed(f) &&
	    ++counts_of(l, f->kind)->killed < KILLS_MOST) {
		give_up(f);
		return;
	}
	char *fault = n == sizeof hello
			      ? judge(l, f, what, &hello)
			      : xstrdup("the interpreter has ended before it came to the file");
	f->ready = !fault;
	stop_watching(f);
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

static void end_if_late(struct local *l, struct forkserver *f, const struct launch *what)
{
	if (f->ready || f->socket < 0 || clock_real_ns() - f->began_ns < START_MS * NS_PER_MS)
		return;
	give_up(f);
	refuse(l, what, f->kind, "the interpreter does not come to the file");
}

// Deadlines and pipes of other processes wait as well: those that there are do not for long.
static void await_hello(struct local *l, struct forkserver *f, const struct launch *what)
{
	struct pollfd fd = {.fd = f->socket, .events = POLLIN};
	int patience = l->processes.n > 0 ? WAIT_MS : START_MS;

	for (int ms = 0; ms < patience && !is_asked_to_end(); ms += LOOK_MS)
		if (poll(&fd, 1, LOOK_MS) > 0) {
			take_hello(l, f, what);
			return;
		}
	if (is_asked_to_end())
		give_up(f);
	end_if_late(l, f, what);
}

// ---- which one it is ----

static bool is_of_use(struct local *l, struct forkserver *f, const struct launch *what)
{
	if (!f->ready)
		take_hello(l, f, what);
	end_if_late(l, f, what);
	if (f->ready && !forkstart_is_current(&f->start)) {
		give_up(f);
		if (f->forked < 2 && ++counts_of(l, f->kind)->stale == STALE_MOST)
			refuse(l, what, f->kind,
			       "what runs before the file looks at what files change");
	}
	return f->socket >= 0;
}

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
		if (f->socket < 0 || strcmp(f->kind, kind) != 0 || !is_of_use(l, f, what))
			continue;
		++*n;
		f->used = l->serial;
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
		// Whether it is of use shows later: nobody waits for it, and few files have none.
		bool checks = l->settings->fork.checks;
		if (checks && counts_of(l, kind)->started++ < STARTS_FEW)
			return NULL;
		f = add(l, what, kind);
		if (f && !checks)
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

bool forkserver_admits(struct local *l, const struct forkserver *f, const struct launch *what,
		       struct fork_states *states)
{
	const struct forkserver_settings *set = &l->settings->fork;
	const struct forkserver_memory *known = &l->forkservers.memory;

	*states = (struct fork_states){.known = true,
				       .server = f->start.state,
				       .file = forkstart_state_with(&f->start, what->file)};
	if (known->of(known->owner, states->file) == FORK_UNSAFE) {
		if (set->refused && !map_put(&l->forkservers.told, what->file, l))
			set->refused(set->owner, what->file, NULL);
		return false;
	}
	return !set->checks || what->is_trial ||
	       known->of(known->owner, states->server) == FORK_SAFE;
}

void forkserver_note_touched(struct local *l, const struct forkserver *f, const char *file,
			     const char *path)
{
	const struct launch what = {.file = file};
	char *why = xasprintf("it uses %s, which is written before the file runs", path);

	if (++counts_of(l, f->kind)->touching == TOUCHING_MOST)
		refuse(l, &what, f->kind, why);
	free(why);
}

// ---- a worker ----

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

	if (!forkrequest_write(r, what, s) || !forkrequest_send(f->socket, r, s))
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

void forkserver_reaped(struct local *l, pid_t pid, int status)
{
	for (size_t i = 0; i < l->forkservers.n; i++) {
		struct forkserver *f = l->forkservers.items[i];
		if (f->pid != pid)
			continue;
		f->pid = 0;
		f->status = status;
		// What it has said before is still to be heard.
		if (f->ready)
			give_up(f);
	}
}

static void reap(struct forkserver *f)
{
	while (f->pid > 0 && waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
		;
	f->pid = 0;
}

bool forkservers_shed(struct local *l)
{
	bool any = false;

	for (size_t i = 0; i < l->forkservers.n; i++) {
		struct forkserver *f = l->forkservers.items[i];
		if (f->socket < 0)
			continue;
		any = true;
		give_up(f);
		reap(f);
	}
	return any;
}

static void release(struct forkserver *f)
{
	give_up(f);
	reap(f);
	worker_environment_release(&f->environment);
	trace_close(&f->trace);
	forkstart_release(&f->start);
	free(f->kind);
	free(f);
}

void forkservers_close(struct local *l)
{
	for (size_t i = 0; i < l->forkservers.n; i++)
		release(l->forkservers.items[i]);
	free(l->forkservers.items);
	strings_free_all(&l->forkservers.refused);
	for (size_t i = 0; i < l->forkservers.counts.cap; i++)
		free(l->forkservers.counts.slots[i].value);
	map_release(&l->forkservers.counts);
	map_release(&l->forkservers.told);
	l->forkservers = (struct forkservers){0};
}
