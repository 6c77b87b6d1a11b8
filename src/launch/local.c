// SPDX-License-Identifier: MIT
#include "launch/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "launch/dependence.h"
#include "launch/reaper.h"
#include "launch/remnants.h"
#include "launch/watched.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/result.h"
#include "sys/descendants.h"
#include "sys/sentry.h"
#include "sys/signals.h"
#include "sys/spawn.h"
#include "sys/spawner.h"
#include "trace/interpreter.h"

extern char **environ;

#define CHUNK_BYTES (64 << 10)

static struct local *local_of(const struct process *p)
{
	return (struct local *)p->launcher;
}

static struct local_process *local_process(const struct process *p)
{
	return (struct local_process *)p;
}

// ---- what it writes ----

static void close_stream(struct local_process *p, enum stream stream)
{
	struct loop_watch *watch = &p->streams[stream];

	if (watch->fd < 0)
		return;
	loop_remove_watch(local_of(&p->process)->loop, watch);
	close(watch->fd);
	watch->fd = -1;
}

// What is read of a standard output that is inherited otherwise goes there as well.
static void hand_on(const struct loop_watch *watch, const char *data, size_t n)
{
	terminal_resize(watch->fd);
	while (n > 0) {
		ssize_t written = write(STDOUT_FILENO, data, n);
		if (written < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
		else if (written < 0 && errno != EINTR)
			return; // nobody is there to see it
		if (written > 0) {
			data += written;
			n -= (size_t)written;
		}
	}
}

// Reads what is there, at most `most` chunks of it. Closes the stream at the end of file.
static void read_some(struct local_process *p, enum stream stream, int most)
{
	static char chunk[CHUNK_BYTES]; // scratch: nothing is kept in it between calls
	const struct loop_watch *watch = &p->streams[stream];

	while (most-- > 0 && watch->fd >= 0) {
		ssize_t n = read(watch->fd, chunk, sizeof chunk);
		if (n > 0 && stream == STREAM_OUT && local_of(&p->process)->settings->inherits)
			hand_on(watch, chunk, (size_t)n);
		if (n > 0)
			p->process.hooks->wrote(p->process.owner, stream, chunk, (size_t)n);
		else if (n < 0 && errno == EINTR)
			most++;
		else if (n < 0 && errno == EAGAIN)
			return;
		else
			close_stream(p, stream);
	}
}

static void on_readable(struct loop_watch *watch, short revents)
{
	struct local_process *p = watch->owner;

	read_some(p, (enum stream)(watch - p->streams), 4);
	if (watch->fd < 0)
		p->process.hooks->waned(p->process.owner);
}

static void end_sentry(struct local_process *p)
{
	if (p->sentry > 0)
		p->was_interrupted |= sentry_end(p->sentry);
	p->sentry = 0;
}

static void drain(struct process *process)
{
	struct local_process *p = local_process(process);

	end_sentry(p);
	terminal_take_back(&local_of(process)->terminal);
	// All that it wrote is in the pipes by now. Whoever still holds that of the events has
	// nothing to say.
	read_some(p, STREAM_EVENTS, 64);
	close_stream(p, STREAM_EVENTS);
	read_some(p, STREAM_OUT, 64);
	read_some(p, STREAM_ERR, 64);
}

// ---- its processes ----

// To the group, and to the started process itself where it has left that: until it is reaped, its
// pid is surely its own.
static void signal_process(struct process *process, int signo)
{
	const struct local_process *p = local_process(process);

	if (signo == SIGCONT && !p->reaped)
		terminal_lend(&local_of(process)->terminal, p->pid);
	kill(-p->pid, signo);
	if (!p->reaped && getpgid(p->pid) != p->pid)
		kill(p->pid, signo);
}

static void kill_process(struct process *process)
{
	signal_process(process, SIGKILL);
	remnants_find(local_of(process), local_process(process)->environment.marker, true);
}

static bool has_group(const struct local_process *p)
{
	return kill(-p->pid, 0) == 0;
}

static bool has_output(const struct local_process *p)
{
	return p->streams[STREAM_OUT].fd >= 0 || p->streams[STREAM_ERR].fd >= 0;
}

static bool is_quiet(struct process *process)
{
	const struct local_process *p = local_process(process);

	return !has_output(p) && !has_group(p) && errno != EPERM &&
	       remnants_find(local_of(process), p->environment.marker, false) == 0;
}

static bool leaks(struct process *process)
{
	const struct local_process *p = local_process(process);
	struct local *l = local_of(process);
	bool held = has_output(p) || has_group(p), unowned = l->unowned;

	// Only who surely is a descendant counts now. Whoever cannot be told apart after all this
	// time is a child of somebody else's making, and no later process waits for it again.
	l->unowned = true;
	bool escaped = remnants_find(l, p->environment.marker, false) > 0;
	l->unowned = unowned || (!held && !escaped);
	return held || escaped;
}

static bool speaks(const struct process *process)
{
	return ((const struct local_process *)process)->streams[STREAM_OUT].fd >= 0;
}

static bool was_interrupted(const struct process *process)
{
	return ((const struct local_process *)process)->was_interrupted;
}

static int64_t memory_of(const struct process *process)
{
	const struct local_process *p = local_process(process);

	return p->reaped ? 0 : process_memory(p->pid);
}

// ---- what it depended on ----

static bool watches(struct launcher *launcher, const char *program)
{
	struct local *l = (struct local *)launcher;

	if (l->settings->library && program != l->program) {
		l->program = program;
		l->watchable = interpreter_can_be_watched(program);
	}
	return l->settings->library && l->watchable;
}

static struct hits *hits_of(struct process *process)
{
	const struct local_process *p = local_process(process);

	return p->arena.fd >= 0 ? arena_read(&p->arena) : NULL;
}

static void forget_stats(struct launcher *launcher, long serial)
{
	workspace_forget_stats(&((struct local *)launcher)->workspace, serial);
}

// ---- its start ----

// A pipe whose read end is ours, non-blocking; both ends close-on-exec.
static int make_pipe(struct loop_watch *watch, int *write_fd, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, errno, "pipe");
	watch->fd = fds[0];
	*write_fd = fds[1];
	// One that would block would stop everything.
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : err_set(err, errno, "pipe");
}

// By a terminal where ours is one, so that it looks as if it had that.
static int make_output(struct loop_watch *watch, int *write_fd, bool as_terminal, struct err *err)
{
	if (!as_terminal)
		return make_pipe(watch, write_fd, err);
	watch->fd = terminal_make(write_fd);
	return watch->fd >= 0 && fcntl(watch->fd, F_SETFL, O_NONBLOCK) == 0
		       ? 0
		       : err_set(err, errno, "make a terminal");
}

static int make_inherited(struct local_process *p, const struct launch *what, struct spawn *s,
			  struct err *err)
{
	s->stdin_fd = STDIN_FILENO;
	s->stdout_fd = STDOUT_FILENO;
	s->stderr_fd = STDERR_FILENO;
	if (what->is_read &&
	    make_output(&p->streams[STREAM_OUT], &s->stdout_fd, isatty(STDOUT_FILENO), err) < 0)
		return -1;
	return what->shim ? make_pipe(&p->streams[STREAM_EVENTS], &s->extra_fds[0], err) : 0;
}

static int make_pipes(struct local_process *p, const struct launch *what, struct spawn *s,
		      struct err *err)
{
	if (local_of(&p->process)->settings->inherits)
		return make_inherited(p, what, s, err);
	if (make_pipe(&p->streams[STREAM_OUT], &s->stdout_fd, err) < 0)
		return -1;
	s->stderr_fd = s->stdout_fd;
	if (what->own_stderr && make_pipe(&p->streams[STREAM_ERR], &s->stderr_fd, err) < 0)
		return -1;
	if (what->shim && make_pipe(&p->streams[STREAM_EVENTS], &s->extra_fds[0], err) < 0)
		return -1;
	return 0;
}

static void close_write_ends(const struct spawn *s)
{
	if (s->stdout_fd > STDERR_FILENO)
		close(s->stdout_fd);
	if (s->stderr_fd > STDERR_FILENO && s->stderr_fd != s->stdout_fd)
		close(s->stderr_fd);
	if (s->extra_fds[0] >= 0)
		close(s->extra_fds[0]);
}

// What the end of another process may cure.
static bool is_shortage(int errnum)
{
	return errnum == EAGAIN || errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE;
}

// Its process group is no more: the watchdog need not end it.
static void forget_group(const struct local *l, int slot)
{
	pid_t *group = tokens_group(l->tokens, slot);

	if (group)
		*group = 0;
}

// Forks it, or starts it anew.
static int begin_process(struct local_process *p, const struct launch *what, const struct spawn *s,
			 enum spawn_step *step, struct err *err)
{
	struct local *l = local_of(&p->process);

	// The spawner does not have our descriptors.
	if (!p->server)
		return l->settings->inherits
			       ? spawn_start(s, &p->pid, step, err)
			       : spawner_start(l->settings->spawner, s, &p->pid, step, err);
	p->server_pid = p->server->pid;
	p->process.forked = forkserver_fork(l, p->server, what, s, &p->pid);
	return p->process.forked ? 0 : -1;
}

static int spawn(struct local_process *p, const struct launch *what, bool *transient,
		 struct err *err)
{
	struct local *l = local_of(&p->process);
	enum spawn_step step = SPAWN_OK;
	sigset_t defaults = l->signals->ignored;
	struct spawn s = {
		.program = what->program,
		.argv = what->argv,
		.envp = p->environment.envp,
		.stdin_fd = l->null_fd,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.extra_fds = {-1, -1, -1},
		.limits = &what->settings->limits,
		.mask = &l->signals->inherited,
		.defaults = &defaults,
		.pid_text = p->environment.pid_text,
	};

	sigaddset(&defaults, SIGPIPE);
	// In the background we have no terminal to lend.
	if (l->terminal.fd >= 0 && tcgetpgrp(l->terminal.fd) == getpgrp())
		s.terminal = l->terminal.fd + 1;
	if (s.terminal > 0)
		s.sentry = &p->sentry;
	int status = make_pipes(p, what, &s, err);
	if (l->server) {
		s.extra_fds[LOAN_READ_FD - 3] = p->loan.read_fd;
		s.extra_fds[LOAN_WRITE_FD - 3] = p->loan.write_fd;
	}
	s.pid_place = tokens_group(l->tokens, p->slot);
	if (status == 0) {
		p->process.began_ns = clock_mono_ns();
		p->process.started_ns = clock_real_ns();
		status = begin_process(p, what, &s, &step, err);
	}
	if (s.terminal > 0)
		terminal_note(&l->terminal);
	if (status < 0)
		terminal_take_back(&l->terminal);
	close_write_ends(&s);
	loan_started(&p->loan);
	*transient = status < 0 && (step == SPAWN_OK || is_shortage(err->errnum));
	return status;
}

static int open_loan(struct local_process *p, struct err *err)
{
	struct local *l = local_of(&p->process);
	char *path = xasprintf("%s/tokens-%d", l->workspace.dir, p->slot);
	int status = loan_open(&p->loan, l->server, path, err);

	free(path);
	return status;
}

static int prepare(struct local_process *p, const struct launch *what, struct err *err)
{
	struct local *l = local_of(&p->process);
	const char *tmpdir = workspace_take_tmpdir(&l->workspace, p->slot, err);

	if (!tmpdir)
		return -1;
	if (l->server && open_loan(p, err) < 0)
		return -1;
	if (!what->is_unwatched && watches(&l->launcher, what->program) &&
	    trace_open(&p->trace, err) < 0)
		return -1;
	if (p->server && p->trace.fd >= 0 &&
	    trace_continue(&p->trace, p->server->start.trace, p->server->start.bytes, err) < 0)
		return -1;
	const struct local_coverage *coverage = &l->settings->coverage;
	if (!what->is_unwatched && coverage->library &&
	    arena_open(&p->arena, coverage->root, coverage->calls, err) < 0)
		return -1;
	const struct worker_identity id = {
		.run = l->run,
		.serial = p->process.serial = ++l->serial,
		.slot = what->number,
		.attempt = what->attempt,
		.settings = what->settings,
		.tmpdir = tmpdir,
		.trace = p->trace.fd >= 0 ? p->trace.variable : NULL,
		.shim = what->shim,
		.is_wrapped = what->is_wrapped,
		.words = what->words,
		.coverage = p->arena.variable,
		.nested = l->server,
	};
	environment_for(&p->environment, &l->environment, &id);
	return 0;
}

static void watch_streams(struct local_process *p)
{
	for (int i = 0; i < STREAMS; i++) {
		struct loop_watch *watch = &p->streams[i];
		watch->events = POLLIN;
		watch->ready = on_readable;
		watch->owner = p;
		if (watch->fd >= 0)
			loop_add_watch(local_of(&p->process)->loop, watch);
	}
}

static void remove_process(struct local *l, const struct local_process *p)
{
	size_t n = 0;

	for (size_t i = 0; i < l->processes.n; i++)
		if (l->processes.items[i] != p)
			l->processes.items[n++] = l->processes.items[i];
	l->processes.n = n;
}

static void release(struct process *process)
{
	struct local_process *p = local_process(process);

	if (!process)
		return;
	struct local *l = local_of(process);
	end_sentry(p);
	terminal_take_back(&l->terminal);
	for (int i = 0; i < STREAMS; i++)
		close_stream(p, (enum stream)i);
	trace_close(&p->trace);
	free(p->noted.data);
	arena_close(&p->arena);
	loan_close(&p->loan, l->server);
	worker_environment_release(&p->environment);
	workspace_clear_tmpdir(&l->workspace, p->slot);
	forget_group(l, p->slot);
	remove_process(l, p);
	free(p);
}

// server: what it is forked from, or NULL.
static int start_by(struct local_process *p, const struct launch *what, struct forkserver *server,
		    bool *transient, struct err *err)
{
	p->slot = what->slot;
	p->settings = what->settings;
	p->file = what->file;
	p->server = server;
	p->trace.fd = p->arena.fd = -1;
	for (int i = 0; i < STREAMS; i++)
		p->streams[i].fd = -1;
	int status = prepare(p, what, err);
	*transient = status < 0 && is_shortage(err->errnum);
	return status == 0 ? spawn(p, what, transient, err) : -1;
}

static struct local_process *new_process(struct local *l, const struct process_hooks *hooks,
					 void *owner)
{
	struct local_process *p = xcalloc(1, sizeof *p);

	p->process = (struct process){.launcher = &l->launcher, .hooks = hooks, .owner = owner};
	return p;
}

static int start(struct launcher *launcher, const struct launch *what,
		 const struct process_hooks *hooks, void *owner, struct process **process,
		 bool *transient, struct err *err)
{
	struct local *l = (struct local *)launcher;
	struct forkserver *server = forkserver_find(l, what);
	struct fork_states states = {0};
	struct local_process *p = new_process(l, hooks, owner);

	if (server && !forkserver_admits(l, server, what, &states))
		server = NULL;
	int status = start_by(p, what, server, transient, err);

	// What ails a server is no fault of the file; and an interpreter that waits is of less use
	// than the room that it takes.
	if (status < 0 && ((*transient && forkservers_shed(l)) || server)) {
		release(&p->process);
		p = new_process(l, hooks, owner);
		status = start_by(p, what, NULL, transient, err);
	}
	p->process.states = states;
	if (status < 0) {
		release(&p->process);
		return -1;
	}
	watch_streams(p);
	VEC_PUSH(&l->processes, p);
	*process = &p->process;
	return 0;
}

// ---- the launcher ----

static const struct launcher_operations operations = {
	.watches = watches,
	.start = start,
	.signal = signal_process,
	.kill = kill_process,
	.drain = drain,
	.is_quiet = is_quiet,
	.leaks = leaks,
	.speaks = speaks,
	.was_interrupted = was_interrupted,
	.memory = memory_of,
	.inputs = watched_inputs,
	.setup_inputs = watched_setup_inputs,
	.hits = hits_of,
	.forget_stats = forget_stats,
	.look = watched_look,
	.library = libraries_core,
	.names_busted = libraries_name_busted,
	.release = release,
};

static int begin(struct local *l, struct err *err)
{
	const char *library =
		l->settings->library ? l->settings->library : l->settings->fork.library;

	if (library && !(library = workspace_preload(&l->workspace, library, err)))
		return -1;
	l->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (l->null_fd < 0)
		return err_set(err, errno, "open /dev/null");
	environment_init(&l->environment, environ, l->workspace.dir, library,
			 l->settings->coverage.library);
	if (l->settings->inherits) {
		terminal_open(&l->terminal);
		environment_show_terminal(&l->environment);
	}
	return 0;
}

int local_open(struct local *l, const struct local_settings *settings, const char *run,
	       const struct local_guest *guest, struct tokens *tokens, struct loop *loop,
	       struct signals *signals, struct err *err)
{
	*l = (struct local){.launcher = {&operations, access("/proc/self/fd", F_OK) == 0},
			    .settings = settings,
			    .run = run,
			    .tokens = tokens,
			    .loop = loop,
			    .signals = signals,
			    .terminal = {.fd = -1},
			    .null_fd = -1};
	if (guest)
		l->guest = *guest;
	if (workspace_open(&l->workspace, settings->workspace, err) < 0)
		return -1;
	if (begin(l, err) < 0) {
		workspace_close(&l->workspace);
		return -1;
	}
	descendants_adopt();
	reaper_open(l);
	return 0;
}

void local_close(struct local *l)
{
	forkservers_close(l);
	remnants_end_all(l);
	if (l->settings->left_stats)
		l->settings->left_stats(l->settings->owner, l->workspace.stats);
	close(l->null_fd);
	environment_release(&l->environment);
	workspace_close(&l->workspace);
	free(l->processes.items);
	dependence_release(&l->programs);
	fingerprints_release(&l->fingerprints);
	libraries_release(&l->libraries);
	reaper_close(l);
}

void local_stop_with(struct local *l)
{
	for (size_t i = 0; l->terminal.fd >= 0 && i < l->processes.n; i++) {
		const struct local_process *p = l->processes.items[i];
		siginfo_t info = {0};
		if (p->reaped || waitid(P_PID, (id_t)p->pid, &info, WSTOPPED | WNOHANG) < 0 ||
		    info.si_pid == 0)
			continue;
		terminal_take_back(&l->terminal);
		kill(0, SIGTSTP);
	}
}

void local_remember_forks(struct local *l, const struct forkserver_memory *memory)
{
	l->forkservers.memory = *memory;
}

void local_share_tokens(struct local *l, struct server *server)
{
	l->server = server;
}

void local_compile_shim(const struct local *l, const char *interpreter)
{
	workspace_compile(&l->workspace, interpreter);
}
