// SPDX-License-Identifier: MIT
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "model/pace.h"
#include "model/run.h"
#include "run/dependence.h"
#include "run/private.h"
#include "run/reaper.h"
#include "sys/descendants.h"
#include "sys/signals.h"
#include "sys/spawner.h"

#define CHUNK_BYTES (64 << 10)
#define HEAD_BYTES  (64 << 10)
#define TAIL_BYTES  (192 << 10)

// ---- what it writes ----

static void close_watch(struct worker *w, struct loop_watch *watch)
{
	if (watch->fd < 0)
		return;
	loop_remove_watch(w->supervisor->loop, watch);
	close(watch->fd);
	watch->fd = -1;
}

// Where stdout and stderr come by two pipes, only whole lines are put together.
static void capture_lines(struct worker *w, struct buf *rest, const char *data, size_t n)
{
	const char *last = memrchr(data, '\n', n);
	size_t whole = last ? (size_t)(last - data) + 1 : 0;

	if (whole > 0 || rest->len > CHUNK_BYTES) {
		capture_add(&w->capture, rest->data, rest->len);
		capture_add(&w->capture, data, whole);
		buf_clear(rest);
	}
	buf_add(rest, data + whole, n - whole);
}

// What goes to stderr is no TAP. Of all others stdout and stderr share a pipe, so that their order
// is the order of the writes.
static bool has_own_stderr(const struct worker *w)
{
	return w->reading.framework == FRAMEWORK_TAP;
}

static void take_data(struct worker *w, const struct loop_watch *watch, const char *data, size_t n)
{
	if (watch == &w->event) {
		events_feed(&w->events, data, n, clock_mono_ns());
		return;
	}
	if (has_own_stderr(w))
		capture_lines(w, watch == &w->out ? &w->out_line : &w->err_line, data, n);
	else
		capture_add(&w->capture, data, n);
	if (watch == &w->out)
		tap_feed(&w->tap, data, n);
}

void worker_finish_output(struct worker *w)
{
	capture_add(&w->capture, w->out_line.data, w->out_line.len);
	capture_add(&w->capture, w->err_line.data, w->err_line.len);
	events_finish(&w->events);
	tap_finish(&w->tap);
}

// Reads what is there, at most `most` chunks of it. Closes the watch at the end of file.
static void read_some(struct worker *w, struct loop_watch *watch, int most)
{
	static char chunk[CHUNK_BYTES]; // scratch: nothing is kept in it between calls

	while (most-- > 0 && watch->fd >= 0) {
		ssize_t n = read(watch->fd, chunk, sizeof chunk);
		if (n > 0)
			take_data(w, watch, chunk, (size_t)n);
		else if (n < 0 && errno == EINTR)
			most++;
		else if (n < 0 && errno == EAGAIN)
			return;
		else
			close_watch(w, watch);
	}
}

static void on_readable(struct loop_watch *watch, short revents)
{
	struct worker *w = watch->owner;

	read_some(w, watch, 4);
	if (watch->fd < 0 && w->state == WORKER_LINGERING)
		worker_check_quiet(w);
}

// ---- its processes ----

// To the group, and to the started process itself where it has left that: until it is reaped, its
// pid is surely its own.
void worker_signal(const struct worker *w, int signo)
{
	kill(-w->pid, signo);
	if (!w->reaped && getpgid(w->pid) != w->pid)
		kill(w->pid, signo);
}

static void signal_group(struct worker *w, int signo)
{
	worker_signal(w, signo);
	// A stopped process sees no signal but SIGKILL until it is continued.
	if (signo != SIGKILL)
		worker_signal(w, SIGCONT);
}

static bool is_known(const struct supervisor *s, pid_t pid)
{
	if (pid == tokens_keeper(s->tokens) || reaper_is_stranger(s, pid) ||
	    reaper_is_command(s, pid))
		return true;
	for (size_t i = 0; i < s->workers.n; i++)
		if (!s->workers.items[i]->reaped && s->workers.items[i]->pid == pid)
			return true;
	return false;
}

size_t worker_escaped(const struct supervisor *s, const char *marker, bool end_them)
{
	// Those that were adopted stand behind all workers.
	size_t max = s->workers.n + 256, found = 0;
	pid_t *pids = xmalloc(max * sizeof *pids);
	size_t n;

	if (!descendants_children(pids, max, &n))
		tokens_distrust(s->tokens);

	for (size_t i = 0; i < n; i++) {
		if (is_known(s, pids[i]))
			continue;
		enum belongs belongs = descendants_belongs(pids[i], marker);
		found += belongs == BELONGS || (belongs == BELONGS_UNKNOWN && !s->strangers);
		if (belongs == BELONGS && end_them)
			kill(pids[i], SIGKILL);
	}
	free(pids);
	return found;
}

static void end_all_processes(struct worker *w)
{
	worker_signal(w, SIGKILL);
	worker_escaped(w->supervisor, w->environment.marker, true);
}

static bool has_processes(struct worker *w)
{
	return kill(-w->pid, 0) == 0 || errno == EPERM ||
	       worker_escaped(w->supervisor, w->environment.marker, false) > 0;
}

void worker_check_quiet(struct worker *w)
{
	if (w->state == WORKER_LINGERING && w->out.fd < 0 && w->err.fd < 0 && !has_processes(w))
		worker_handle(w, WORKER_QUIET);
}

void worker_on_death(struct worker *w)
{
	w->is_accounted = process_schedule(w->pid, &w->schedule);
}

void worker_on_exit(struct worker *w, int status, const struct rusage *usage)
{
	struct result *r = w->result;

	w->reaped = true;
	r->wall_ns = clock_mono_ns() - w->began_ns;
	r->user_ns = usage->ru_utime.tv_sec * NS_PER_SEC + usage->ru_utime.tv_usec * INT64_C(1000);
	r->sys_ns = usage->ru_stime.tv_sec * NS_PER_SEC + usage->ru_stime.tv_usec * INT64_C(1000);
	r->maxrss = usage->ru_maxrss * INT64_C(1024);
	if (w->is_accounted)
		r->delay_ns = process_tree_delay(&w->schedule, r->user_ns + r->sys_ns, r->wall_ns);
	r->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	w->slow.at_ns = LOOP_NEVER;
	worker_handle(w, WORKER_EXITED);
}

// ---- the state machine ----

static void set_timer(struct worker *w, int64_t after_ns)
{
	w->timer.at_ns = clock_mono_ns() + after_ns;
}

static enum worker_state interrupt(struct worker *w)
{
	// The stock interpreter answers SIGINT with a traceback of the line that hangs.
	w->timed_out = true;
	w->done = result_tests_done(w->result);
	if (w->reading.framework == FRAMEWORK_TAP)
		w->done += w->tap.seen;
	for (size_t i = 0; i < w->result->tests.n; i++)
		if (w->result->tests.items[i].status == 0)
			w->hung = (long)i;
	signal_group(w, SIGINT);
	set_timer(w, w->supervisor->settings->grace_ns);
	return WORKER_INTERRUPTED;
}

static enum worker_state terminate(struct worker *w)
{
	signal_group(w, SIGTERM);
	set_timer(w, w->supervisor->settings->grace_ns);
	return WORKER_TERMINATED;
}

static enum worker_state cut_short(struct worker *w)
{
	w->cut_short = !w->timed_out;
	return terminate(w);
}

static enum worker_state end_now(struct worker *w)
{
	end_all_processes(w);
	set_timer(w, KILL_NS);
	return WORKER_KILLED;
}

static enum worker_state cut_short_now(struct worker *w)
{
	w->cut_short = !w->timed_out;
	return end_now(w);
}

static enum worker_state linger(struct worker *w)
{
	bool ended = w->state != WORKER_RUNNING;

	// All that it wrote is in the pipes by now. The event pipe is not waited for: whoever still
	// holds it has nothing to say.
	read_some(w, &w->event, 64);
	close_watch(w, &w->event);
	read_some(w, &w->out, 64);
	read_some(w, &w->err, 64);
	set_timer(w, LINGER_NS);
	// What belongs to a file that we ended gets no time of its own.
	if (ended)
		end_all_processes(w);
	return WORKER_LINGERING;
}

static enum worker_state end_leaked(struct worker *w)
{
	struct supervisor *s = w->supervisor;
	bool held = w->out.fd >= 0 || w->err.fd >= 0 || kill(-w->pid, 0) == 0;
	bool strangers = s->strangers;

	// Only who surely is a descendant counts now. Whoever cannot be told apart after all this
	// time is a child of somebody else's making, and no later worker waits for it again.
	s->strangers = true;
	bool escaped = worker_escaped(s, w->environment.marker, false) > 0;
	s->strangers = strangers || (!held && !escaped);
	w->result->leaked = held || escaped;
	end_all_processes(w);
	return WORKER_FINISHED;
}

// It waits in the kernel, or we may not end it: the run goes on without it.
static enum worker_state give_up(struct worker *w)
{
	w->result->wall_ns = clock_mono_ns() - w->began_ns;
	w->result->leaked = true;
	return WORKER_FINISHED;
}

static enum worker_state finish(struct worker *w)
{
	return WORKER_FINISHED;
}

// What each event does in each state; an empty place: nothing.
static enum worker_state (*const transitions[WORKER_STATES][WORKER_EVENTS])(struct worker *) = {
	[WORKER_RUNNING] = {[WORKER_TIMER] = interrupt,
			    [WORKER_EXITED] = linger,
			    [WORKER_STOP] = cut_short,
			    [WORKER_STOP_NOW] = cut_short_now},
	[WORKER_INTERRUPTED] = {[WORKER_TIMER] = terminate,
				[WORKER_EXITED] = linger,
				[WORKER_STOP] = cut_short,
				[WORKER_STOP_NOW] = cut_short_now},
	[WORKER_TERMINATED] = {[WORKER_TIMER] = end_now,
			       [WORKER_EXITED] = linger,
			       [WORKER_STOP_NOW] = cut_short_now},
	[WORKER_KILLED] = {[WORKER_TIMER] = give_up, [WORKER_EXITED] = linger},
	[WORKER_LINGERING] = {[WORKER_TIMER] = end_leaked,
			      [WORKER_QUIET] = finish,
			      [WORKER_STOP_NOW] = end_leaked},
};

void worker_handle(struct worker *w, enum worker_event event)
{
	enum worker_state (*act)(struct worker *) = transitions[w->state][event];

	if (!act)
		return;
	w->state = act(w);
	if (w->state == WORKER_LINGERING)
		worker_check_quiet(w);
	else if (w->state == WORKER_FINISHED)
		supervisor_on_finished(w->supervisor, w);
}

static void on_timer(struct loop_timer *t)
{
	worker_handle(t->owner, WORKER_TIMER);
}

static void on_slow(struct loop_timer *t)
{
	struct worker *w = t->owner;
	const struct run_hooks *hooks = w->supervisor->hooks;

	w->result->slow = true;
	if (hooks->slow)
		hooks->slow(hooks->owner, w->result);
}

void worker_shift_clocks(struct worker *w, int64_t ns)
{
	w->began_ns += ns;
	if (w->timer.at_ns != LOOP_NEVER)
		w->timer.at_ns += ns;
	if (w->slow.at_ns != LOOP_NEVER)
		w->slow.at_ns += ns;
	for (size_t i = 0; i < w->result->tests.n; i++)
		w->result->tests.items[i].began_ns += ns;
}

// ---- what it depended on ----

// The test file itself, even where nothing could be watched.
static void add_file(struct inputs *in, const char *path)
{
	struct input file = {.kind = INPUT_PATH, .found = true};

	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind == INPUT_PATH &&
		    strcmp(in->list.items[i].name, path) == 0)
			return;
	file.name = xstrdup(path);
	VEC_PUSH(&in->list, file);
}

struct inputs *worker_inputs(const struct worker *w)
{
	struct supervisor *sup = w->supervisor;
	const struct trace_rules rules = {.cwd = sup->settings->cwd,
					  .below = sup->settings->own,
					  .environ = w->environment.envp};
	struct inputs *in = xcalloc(1, sizeof *in);

	if (w->trace.fd < 0 || trace_read(&w->trace, &rules, in, NULL) < 0)
		inputs_doubt(in, DOUBT_BLIND, "");
	dependence_complete(in, &sup->programs);
	add_file(in, w->result->job->path);
	return in;
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

static int make_pipes(struct worker *w, struct spawn *s, struct err *err)
{
	if (make_pipe(&w->out, &s->stdout_fd, err) < 0)
		return -1;
	s->stderr_fd = s->stdout_fd;
	if (has_own_stderr(w) && make_pipe(&w->err, &s->stderr_fd, err) < 0)
		return -1;
	if (w->has_shim && make_pipe(&w->event, &s->extra_fds[0], err) < 0)
		return -1;
	return 0;
}

static void close_write_ends(const struct spawn *s)
{
	if (s->stdout_fd >= 0)
		close(s->stdout_fd);
	if (s->stderr_fd >= 0 && s->stderr_fd != s->stdout_fd)
		close(s->stderr_fd);
	if (s->extra_fds[0] >= 0)
		close(s->extra_fds[0]);
}

// What the end of another worker may cure.
static bool is_shortage(int errnum)
{
	return errnum == EAGAIN || errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE;
}

void worker_forget_group(struct worker *w)
{
	pid_t *group = tokens_group(w->supervisor->tokens, w->slot);

	if (group)
		*group = 0;
}

static int spawn(struct worker *w, bool *transient, struct err *err)
{
	struct supervisor *sup = w->supervisor;
	enum spawn_step step = SPAWN_OK;
	sigset_t defaults = sup->signals->ignored;
	struct spawn s = {
		.program = w->command.program,
		.argv = w->command.argv,
		.envp = w->environment.envp,
		.stdin_fd = sup->null_fd,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.extra_fds = {-1, -1, -1},
		.limits = &sup->settings->limits,
		.mask = &sup->signals->inherited,
		.defaults = &defaults,
		.pid_text = w->environment.pid_text,
	};

	sigaddset(&defaults, SIGPIPE);
	int status = make_pipes(w, &s, err);
	if (sup->settings->share_tokens) {
		s.extra_fds[LOAN_READ_FD - 3] = w->loan.read_fd;
		s.extra_fds[LOAN_WRITE_FD - 3] = w->loan.write_fd;
	}
	s.pid_place = tokens_group(sup->tokens, w->slot);
	if (status == 0) {
		w->began_ns = clock_mono_ns();
		w->result->started_ns = clock_real_ns();
		status = spawner_start(sup->settings->spawner, &s, &w->pid, &step, err);
	}
	close_write_ends(&s);
	loan_started(&w->loan);
	if (status < 0)
		worker_forget_group(w);
	*transient = status < 0 && (step == SPAWN_OK || is_shortage(err->errnum));
	return status;
}

static int open_loan(struct worker *w, struct err *err)
{
	char *path = xasprintf("%s/tokens-%d", w->supervisor->workspace.dir, w->slot);
	int status = loan_open(&w->loan, &w->supervisor->lender, path, err);

	free(path);
	return status;
}

static int prepare(struct worker *w, struct err *err)
{
	struct supervisor *sup = w->supervisor;
	enum framework f = w->reading.framework;
	char key[EVENTS_KEY_SIZE], shim[EVENTS_KEY_SIZE + 32];

	if (command_make(&w->command, sup->settings->commands, w->result->job->path, f, err) < 0)
		return -1;
	w->result->key = command_key(&w->command, sup->settings->settings_key);
	w->result->deadline_ns = pace_deadline_of(&sup->settings->deadline, w->result->job->p99_ns);
	const char *tmpdir = workspace_take_tmpdir(&sup->workspace, w->slot, err);
	if (!tmpdir)
		return -1;
	if (sup->settings->share_tokens && open_loan(w, err) < 0)
		return -1;
	if (supervisor_can_watch(sup, w->command.program) && trace_open(&w->trace, err) < 0)
		return -1;
	// Where it is not watched, only the shim can tell what a file loads.
	w->has_shim = framework_has_events(f) || w->reading.shim ||
		      (w->trace.fd < 0 && w->reading.source != READING_GIVEN);
	events_make_key(key);
	events_init(&w->events, w->result, key);
	snprintf(shim, sizeof shim, "%s,%s", key, framework_name(f));
	const struct worker_identity id = {
		.run = sup->run->name,
		.serial = ++sup->serial,
		.slot = sup->slots.items[w->slot].number,
		.attempt = w->result->attempt,
		.tmpdir = tmpdir,
		.trace = w->trace.fd >= 0 ? w->trace.variable : NULL,
		.shim = w->has_shim ? shim : NULL,
		.lender = sup->settings->share_tokens,
	};
	environment_for(&w->environment, &sup->environment, &id);
	return 0;
}

static void watch(struct worker *w, struct loop_watch *watch)
{
	watch->events = POLLIN;
	watch->ready = on_readable;
	watch->owner = w;
	if (watch->fd >= 0)
		loop_add_watch(w->supervisor->loop, watch);
}

static void set_clocks(struct worker *w)
{
	const struct supervisor *sup = w->supervisor;
	const struct job *job = w->result->job;
	int64_t deadline = w->result->deadline_ns, slow = pace_slow_ns(job->p99_ns);

	w->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = w};
	if (deadline > 0)
		w->timer.at_ns = w->began_ns + deadline;
	w->slow = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_slow, .owner = w};
	if (slow >= 0)
		w->slow.at_ns = w->began_ns + slow;
	loop_add_timer(sup->loop, &w->timer);
	loop_add_timer(sup->loop, &w->slow);
}

int worker_start(struct worker *w, bool *transient, struct err *err)
{
	w->out.fd = w->err.fd = w->event.fd = w->trace.fd = -1;
	w->hung = -1;
	*transient = false;
	int status = prepare(w, err);
	if (status < 0)
		*transient = is_shortage(err->errnum);
	else
		status = spawn(w, transient, err);
	if (status < 0) {
		worker_release(w);
		return -1;
	}
	capture_init(&w->capture, HEAD_BYTES, TAIL_BYTES);
	tap_init(&w->tap);
	watch(w, &w->out);
	watch(w, &w->err);
	watch(w, &w->event);
	set_clocks(w);
	return 0;
}

void worker_release(struct worker *w)
{
	close_watch(w, &w->out);
	close_watch(w, &w->err);
	close_watch(w, &w->event);
	loop_remove_timer(w->supervisor->loop, &w->timer);
	loop_remove_timer(w->supervisor->loop, &w->slow);
	buf_release(&w->out_line);
	buf_release(&w->err_line);
	capture_release(&w->capture);
	events_release(&w->events);
	tap_release(&w->tap);
	trace_close(&w->trace);
	loan_close(&w->loan, &w->supervisor->lender);
	command_release(&w->command);
	worker_environment_release(&w->environment);
	result_free(w->before);
	free(w->learned);
}
