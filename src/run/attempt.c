// SPDX-License-Identifier: MIT
#include "run/attempt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "framework/wrapper.h"
#include "launch/environment.h"
#include "launch/workspace.h"
#include "model/deadline.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/result.h"
#include "run/forks.h"
#include "run/supervisor.h"
#include "sys/process.h"

// Of a line that comes by itself, and of the output that is kept.
#define LINE_BYTES (64 << 10)
#define HEAD_BYTES (64 << 10)
#define TAIL_BYTES (192 << 10)

// ---- what it writes ----

// Where stdout and stderr come by two pipes, only whole lines are put together.
static void capture_lines(struct attempt *a, struct buf *rest, const char *data, size_t n)
{
	const char *last = memrchr(data, '\n', n);
	size_t whole = last ? (size_t)(last - data) + 1 : 0;

	if (whole > 0 || rest->len > LINE_BYTES) {
		capture_add(&a->capture, rest->data, rest->len);
		capture_add(&a->capture, data, whole);
		buf_clear(rest);
	}
	buf_add(rest, data + whole, n - whole);
}

// What goes to stderr is no TAP. Of all others stdout and stderr share a pipe, so that their order
// is the order of the writes.
static bool has_own_stderr(const struct attempt *a)
{
	return a->reading.framework == FRAMEWORK_TAP;
}

// Whether its outcome may stand in what it prints: anything may turn out to be TAP.
static bool is_told_by_output(const struct attempt *a)
{
	enum framework f = a->reading.framework;

	return f == FRAMEWORK_TAP || (f == FRAMEWORK_PLAIN && a->reading.source != READING_GIVEN);
}

static void wrote(void *owner, enum stream stream, const char *data, size_t n)
{
	struct attempt *a = owner;

	if (stream == STREAM_EVENTS) {
		events_feed(&a->events, data, n, clock_mono_ns());
		return;
	}
	if (a->terms->wrote)
		a->terms->wrote(a->terms->owner, a->result, data, n);
	if (has_own_stderr(a))
		capture_lines(a, stream == STREAM_OUT ? &a->out_line : &a->err_line, data, n);
	else
		capture_add(&a->capture, data, n);
	if (stream == STREAM_OUT)
		tap_feed(&a->tap, data, n);
}

void attempt_finish_output(struct attempt *a)
{
	capture_add(&a->capture, a->out_line.data, a->out_line.len);
	capture_add(&a->capture, a->err_line.data, a->err_line.len);
	events_finish(&a->events);
	tap_finish(&a->tap);
}

static void test_ended(void *owner, const struct test_case *t)
{
	struct attempt *a = owner;

	a->terms->test_ended(a->terms->owner, a->result, t);
}

// ---- its processes ----

static const struct launcher_operations *operations(const struct attempt *a)
{
	return a->terms->launcher->operations;
}

void attempt_signal(const struct attempt *a, int signo)
{
	operations(a)->signal(a->process, signo);
}

static void signal_processes(struct attempt *a, int signo)
{
	attempt_signal(a, signo);
	// A stopped process sees no signal but SIGKILL until it is continued.
	if (signo != SIGKILL)
		attempt_signal(a, SIGCONT);
}

static void check_quiet(struct attempt *a)
{
	if (a->state == ATTEMPT_LINGERING && operations(a)->is_quiet(a->process))
		attempt_handle(a, ATTEMPT_QUIET);
}

static void waned(void *owner)
{
	check_quiet(owner);
}

static void exited(void *owner, const struct process_exit *e)
{
	struct attempt *a = owner;
	struct result *r = a->result;
	const struct rusage *usage = &e->usage;

	a->exited = true;
	r->wall_ns = clock_mono_ns() - a->began_ns;
	r->user_ns = usage->ru_utime.tv_sec * NS_PER_SEC + usage->ru_utime.tv_usec * INT64_C(1000);
	r->sys_ns = usage->ru_stime.tv_sec * NS_PER_SEC + usage->ru_stime.tv_usec * INT64_C(1000);
	r->maxrss = usage->ru_maxrss * INT64_C(1024);
	if (e->schedule)
		r->delay_ns = process_tree_delay(e->schedule, r->user_ns + r->sys_ns, r->wall_ns);
	r->exit_code = WIFEXITED(e->status) ? WEXITSTATUS(e->status) : -1;
	r->signal = WIFSIGNALED(e->status) ? WTERMSIG(e->status) : 0;
	a->slow.at_ns = LOOP_NEVER;
	attempt_handle(a, ATTEMPT_EXITED);
}

static const struct process_hooks hooks = {.wrote = wrote, .exited = exited, .waned = waned};

// ---- the state machine ----

static void set_timer(struct attempt *a, int64_t after_ns)
{
	a->timer.at_ns = clock_mono_ns() + after_ns;
}

static enum attempt_state interrupt(struct attempt *a)
{
	// The stock interpreter answers SIGINT with a traceback of the line that hangs.
	a->timed_out = true;
	a->done = result_tests_done(a->result);
	if (a->reading.framework == FRAMEWORK_TAP)
		a->done += a->tap.seen;
	for (size_t i = 0; i < a->result->tests.n; i++)
		if (a->result->tests.items[i].status == 0)
			a->hung = (long)i;
	signal_processes(a, SIGINT);
	set_timer(a, a->result->job->settings->grace_ns);
	return ATTEMPT_INTERRUPTED;
}

static enum attempt_state terminate(struct attempt *a)
{
	signal_processes(a, SIGTERM);
	set_timer(a, a->result->job->settings->grace_ns);
	return ATTEMPT_TERMINATED;
}

static enum attempt_state cut_short(struct attempt *a)
{
	a->cut_short = !a->timed_out;
	return terminate(a);
}

static enum attempt_state end_now(struct attempt *a)
{
	operations(a)->kill(a->process);
	set_timer(a, KILL_NS);
	return ATTEMPT_KILLED;
}

static enum attempt_state cut_short_now(struct attempt *a)
{
	a->cut_short = !a->timed_out;
	return end_now(a);
}

static enum attempt_state linger(struct attempt *a)
{
	bool ended = a->state != ATTEMPT_RUNNING;

	operations(a)->drain(a->process);
	set_timer(a, LINGER_NS);
	// What belongs to a file that we ended gets no time of its own.
	if (ended)
		operations(a)->kill(a->process);
	return ATTEMPT_LINGERING;
}

static enum attempt_state end_leaked(struct attempt *a)
{
	a->result->leaked = operations(a)->leaks(a->process);
	a->unended = operations(a)->speaks(a->process);
	operations(a)->kill(a->process);
	return ATTEMPT_FINISHED;
}

// It waits in the kernel, or we may not end it: the run goes on without it.
static enum attempt_state give_up(struct attempt *a)
{
	a->result->wall_ns = clock_mono_ns() - a->began_ns;
	a->result->leaked = true;
	return ATTEMPT_FINISHED;
}

static enum attempt_state finish(struct attempt *a)
{
	return ATTEMPT_FINISHED;
}

// What each event does in each state; an empty place: nothing.
static enum attempt_state (*const transitions[ATTEMPT_STATES][ATTEMPT_EVENTS])(struct attempt *) = {
	[ATTEMPT_RUNNING] = {[ATTEMPT_TIMER] = interrupt,
			     [ATTEMPT_EXITED] = linger,
			     [ATTEMPT_STOP] = cut_short,
			     [ATTEMPT_STOP_NOW] = cut_short_now},
	[ATTEMPT_INTERRUPTED] = {[ATTEMPT_TIMER] = terminate,
				 [ATTEMPT_EXITED] = linger,
				 [ATTEMPT_STOP] = cut_short,
				 [ATTEMPT_STOP_NOW] = cut_short_now},
	[ATTEMPT_TERMINATED] = {[ATTEMPT_TIMER] = end_now,
				[ATTEMPT_EXITED] = linger,
				[ATTEMPT_STOP_NOW] = cut_short_now},
	[ATTEMPT_KILLED] = {[ATTEMPT_TIMER] = give_up, [ATTEMPT_EXITED] = linger},
	[ATTEMPT_LINGERING] = {[ATTEMPT_TIMER] = end_leaked,
			       [ATTEMPT_QUIET] = finish,
			       [ATTEMPT_STOP_NOW] = end_leaked},
};

void attempt_handle(struct attempt *a, enum attempt_event event)
{
	enum attempt_state (*act)(struct attempt *) = transitions[a->state][event];

	if (!act)
		return;
	a->state = act(a);
	if (a->state == ATTEMPT_LINGERING)
		check_quiet(a);
	else if (a->state == ATTEMPT_FINISHED)
		a->terms->finished(a->terms->owner, a);
}

static void on_timer(struct loop_timer *t)
{
	attempt_handle(t->owner, ATTEMPT_TIMER);
}

static void on_slow(struct loop_timer *t)
{
	struct attempt *a = t->owner;

	a->result->slow = true;
	if (a->terms->slow)
		a->terms->slow(a->terms->owner, a->result);
}

void attempt_shift_clocks(struct attempt *a, int64_t ns)
{
	a->began_ns += ns;
	if (a->timer.at_ns != LOOP_NEVER)
		a->timer.at_ns += ns;
	if (a->slow.at_ns != LOOP_NEVER)
		a->slow.at_ns += ns;
	for (size_t i = 0; i < a->result->tests.n; i++)
		a->result->tests.items[i].began_ns += ns;
}

// ---- what it depended on ----

struct inputs *attempt_inputs(struct attempt *a)
{
	struct inputs *in = operations(a)->inputs(a->process, &a->events.whole);

	a->spoilt = a->process->spoilt;
	if (in && a->way)
		inputs_insert(in, INPUT_WAY, a->way);
	return in;
}

struct hits *attempt_hits(const struct attempt *a)
{
	return operations(a)->hits(a->process);
}

void attempt_drop(struct launcher *l, struct result *r)
{
	if (r)
		l->operations->forget_stats(l, r->process);
	result_free(r);
}

// ---- its start ----

struct attempt *attempt_new(const struct attempt_terms *terms, const struct job *job, int number)
{
	struct attempt *a = xcalloc(1, sizeof *a);

	a->terms = terms;
	// Where the user has said what it is, nothing else is looked for.
	a->reading = (struct reading){.framework = job->framework,
				      .source = job->source,
				      .shim = job->shim && job->source != READING_GIVEN};
	a->result = result_new(job);
	a->result->attempt = number;
	a->result->partial = selection_is_partial(&job->settings->selection);
	a->hung = -1;
	return a;
}

static int prepare(struct attempt *a, struct err *err)
{
	const struct job *job = a->result->job;
	const struct job_settings *set = job->settings;
	enum framework f = a->reading.framework;

	if (command_make(&a->command, set->commands, job->path, f, err) < 0)
		return -1;
	if (set->wrapper)
		wrapper_apply(set->wrapper, &a->command);
	a->way = command_way(set->commands, f, set->way);
	a->result->key = a->way ? digest_of(a->way, strlen(a->way)) : (struct digest){0};
	a->result->deadline_ns = deadline_of(&set->deadline, job->p99_ns);
	// Where it is not watched, only the shim can tell what a file loads; and a wrapper may
	// start what cannot be watched.
	// It tells as well that modules were required before the file.
	a->has_shim = framework_has_events(f) || a->reading.shim || environment_preloads(set) ||
		      (a->reading.source != READING_GIVEN &&
		       (a->command.is_wrapped ||
			!operations(a)->watches(a->terms->launcher, a->command.program)));
	return 0;
}

// Why no process can be forked for the file, or NULL. Of all that we start ourselves it is known
// where one file begins to differ from another.
static const char *why_cold(const struct attempt *a)
{
	return a->result->job->settings->commands->template ? "--command runs it" : NULL;
}

// The words of a process that can be forked for it, or none.
static struct command warm_command(const struct attempt *a)
{
	const struct local_settings *local = &a->terms->means->local;
	struct command warm = {0};

	// A start saved is nothing to a file that takes long.
	bool is_long = local->fork.checks && a->result->job->expected_ns > FORKS_LONG_NS;

	if (!local->fork.library || a->fresh || is_long || a->reading.proof || why_cold(a))
		return warm;
	char *placeholder = xasprintf("%s/" WORKSPACE_PLACEHOLDER, local->workspace);
	command_make(&warm, a->result->job->settings->commands, placeholder, a->reading.framework,
		     NULL);
	free(placeholder);
	return warm;
}

static int launch(struct attempt *a, bool *transient, struct err *err)
{
	struct command warm = warm_command(a);
	char key[EVENTS_KEY_SIZE], shim[EVENTS_KEY_SIZE + 32];

	events_make_key(key);
	events_init(&a->events, a->result, key);
	a->events.test_ended = a->terms->test_ended ? test_ended : NULL;
	a->events.owner = a;
	snprintf(shim, sizeof shim, "%s,%s%s", key, framework_name(a->reading.framework),
		 a->reading.proof ? ",proof" : "");
	const struct launch what = {
		.settings = a->result->job->settings,
		.file = a->result->job->path,
		.program = a->command.program,
		.argv = a->command.argv,
		.warm = warm.argv,
		.cold = why_cold(a),
		.by_runner = a->command.by_runner,
		.is_trial = a->is_trial,
		.way = a->way,
		.shim = a->has_shim ? shim : NULL,
		.is_wrapped = a->command.is_wrapped,
		.words = a->command.words,
		.is_read = is_told_by_output(a),
		.own_stderr = has_own_stderr(a),
		.slot = a->slot,
		.number = a->result->slot,
		.attempt = a->result->attempt,
	};
	int status = operations(a)->start(a->terms->launcher, &what, &hooks, a, &a->process,
					  transient, err);
	a->forked = status == 0 && a->process->forked;
	if (status == 0)
		a->states = a->process->states;
	command_release(&warm);
	return status;
}

// A forked process that hangs proves nothing, and a new one has to show that it does so as well: it
// is given up sooner, unless its file is known to take that long. A second run that only we have
// asked for holds up nobody.
static int64_t deadline_of_process(struct attempt *a)
{
	int64_t deadline = a->result->deadline_ns;

	if (a->is_trial)
		return deadline > 0 && deadline < FORKS_TRIAL_NS ? deadline : FORKS_TRIAL_NS;
	a->is_hasty = a->forked && deadline > 0 &&
		      a->result->job->expected_ns < deadline / (2 * FORKS_HASTE);
	return a->is_hasty ? deadline / FORKS_HASTE : deadline;
}

static void set_clocks(struct attempt *a)
{
	int64_t deadline = deadline_of_process(a), slow = deadline_slow_ns(a->result->job->p99_ns);

	a->began_ns = a->process->began_ns;
	a->result->started_ns = a->process->started_ns;
	a->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = a};
	if (deadline > 0)
		a->timer.at_ns = a->began_ns + deadline;
	a->slow = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_slow, .owner = a};
	if (slow >= 0)
		a->slow.at_ns = a->began_ns + slow;
	loop_add_timer(a->terms->means->loop, &a->timer);
	loop_add_timer(a->terms->means->loop, &a->slow);
}

int attempt_start(struct attempt *a, bool *transient, struct err *err)
{
	*transient = false;
	if (prepare(a, err) < 0 || launch(a, transient, err) < 0) {
		attempt_release(a);
		return -1;
	}
	capture_init(&a->capture, HEAD_BYTES, TAIL_BYTES);
	tap_init(&a->tap);
	set_clocks(a);
	return 0;
}

void attempt_release(struct attempt *a)
{
	if (a->released)
		return;
	a->released = true;
	operations(a)->release(a->process);
	a->process = NULL;
	loop_remove_timer(a->terms->means->loop, &a->timer);
	loop_remove_timer(a->terms->means->loop, &a->slow);
	buf_release(&a->out_line);
	buf_release(&a->err_line);
	capture_release(&a->capture);
	events_release(&a->events);
	tap_release(&a->tap);
	command_release(&a->command);
	result_free(a->before);
	result_free(a->failed);
	result_free(a->passed);
	result_free(a->sample);
	free(a->learned);
	free(a->way);
}
