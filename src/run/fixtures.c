// SPDX-License-Identifier: MIT
#include "run/fixtures.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "launch/environment.h"
#include "model/fixture.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/result.h"
#include "run/private.h"

#define HEAD_BYTES     (16 << 10)
#define TAIL_BYTES     (48 << 10)
#define GRACE_NS       (2 * NS_PER_SEC)
#define VARIABLE_BYTES (1 << 20)

// How far its end has come.
enum fixture_ending { NOT_ENDED, TERMINATED, KILLED };

struct fixture_process {
	struct supervisor *supervisor;
	struct fixture *fixture;
	struct process *setup,
		*process;        // what it has left behind; what runs, which may be the same
	struct capture capture;  // of what runs
	struct loop_timer timer; // its deadline
	enum fixture_ending ending;
	bool timed_out;
	int64_t since_ns; // since when its slot is held
	struct job_settings settings;
	struct strings environment; // of settings, NULL at the end
	char *entry;                // of it, with the path of the file for the variables
};

static const struct launcher_operations *operations(const struct supervisor *s)
{
	return s->local.launcher.operations;
}

static const char *path_of(const struct fixture_process *p)
{
	return strchr(p->entry, '=') + 1;
}

// ---- its end ----

static void add_reason(struct fixture_process *p, struct fixture_result *r,
		       const struct process_exit *e)
{
	if (p->timed_out)
		r->reason =
			xasprintf("it took longer than %g s", ns_to_sec(p->fixture->timeout_ns));
	else if (p->ending != NOT_ENDED)
		r->reason = xstrdup("the run was ended");
	else if (!e)
		r->reason = xstrdup("it could not be started");
	else if (WIFSIGNALED(e->status))
		r->reason = xasprintf("killed by SIG%s", sigabbrev_np(WTERMSIG(e->status)));
	else if (WEXITSTATUS(e->status) != 0)
		r->reason = xasprintf("exit status %d", WEXITSTATUS(e->status));
	r->failed = r->reason;
}

static int check_variables(const struct strings *variables, struct err *err)
{
	// What the kernel hands to a process in one piece.
	const size_t most = 32 * (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < variables->n; i++) {
		const char *entry = variables->items[i];
		size_t n = strcspn(entry, "=");
		if (strlen(entry) >= most)
			return err_set(err, 0,
				       "%.*s: a variable of %zu bytes is too long for a process, "
				       "which takes %zu: put it into a file, and its name here",
				       (int)(n < 200 ? n : 200), entry, strlen(entry), most - 1);
		if (environment_is_own(entry, n))
			return err_set(err, 0,
				       "%.*s: a worker has this variable from firmo-jobs "
				       "itself",
				       (int)n, entry);
	}
	return 0;
}

static void explain_unread(const char *path, int errnum, struct err *err)
{
	struct stat st;

	if (errnum == ENOENT || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		err_set(err, 0, "the setup has %s this file, to which it appends lines",
			errnum == ENOENT ? "removed" : "put something else in the place of");
	else if (errnum == EFBIG)
		err_set(err, 0, "there are more than %d KiB in it", VARIABLE_BYTES >> 10);
	else
		err_set(err, errnum, "read %s", path);
}

// What the setup has written for its files.
static void read_variables(struct fixture_process *p, struct fixture_result *r)
{
	struct strings variables = {0};
	struct buf text = {0};
	struct err err = {0};

	int status = buf_add_file(&text, path_of(p), VARIABLE_BYTES);
	if (status < 0)
		explain_unread(path_of(p), errno, &err);
	else
		status = fixture_read_variables(text.data, text.len, &variables, &err);
	if (status == 0)
		status = check_variables(&variables, &err);
	if (status < 0) {
		r->reason = xasprintf("FIRMO_JOBS_ENV: %s", err.message);
		r->failed = true;
	}
	buf_release(&text);
	strings_free_all(&p->fixture->variables);
	p->fixture->variables = variables;
}

// ---- what its files depend on ----

void fixtures_add_inputs(const struct supervisor *s, struct result *r)
{
	for (struct fixture *const *f = r->job->settings->fixtures; f && *f; f++) {
		const struct fixture_process *p =
			&s->fixtures.items[*f - s->means->fixtures->items];
		struct inputs *in = p->setup ? operations(s)->setup_inputs(p->setup) : NULL;
		// What it has seen only the run above knows.
		if ((*f)->above)
			inputs_doubt(r->inputs, DOUBT_BLIND, (*f)->setup ? (*f)->setup : "");
		if (in)
			inputs_add_setup(r->inputs, in);
		free(in);
	}
}

// Of what it has seen that is kept which may have become something else by now.
static void note_seen(struct fixture_process *p)
{
	struct inputs *in = operations(p->supervisor)->setup_inputs(p->setup);
	size_t n = 0;

	for (size_t i = 0; in && i < in->list.n; i++) {
		struct input *one = &in->list.items[i];
		if (input_is_settled(one)) {
			one->is = input_settled(one);
			in->list.items[n++] = *one;
		} else {
			free(one->name);
		}
	}
	if (in)
		in->list.n = n;
	fixture_forget_seen(p->fixture);
	p->fixture->seen = in;
}

static void end_processes(struct fixture_process *p)
{
	struct process *all[] = {p->process, p->setup == p->process ? NULL : p->setup};

	for (size_t i = 0; i < 2; i++)
		if (all[i]) {
			operations(p->supervisor)->kill(all[i]);
			operations(p->supervisor)->release(all[i]);
		}
	p->process = p->setup = NULL;
}

static void tell(struct fixture_process *p, struct fixture_result *r)
{
	struct supervisor *s = p->supervisor;
	struct buf output = {0};

	capture_text(&p->capture, &output);
	r->output = buf_detach(&output);
	r->name = xstrdup(p->fixture->name);
	if (s->hooks->fixture_ended)
		s->hooks->fixture_ended(s->hooks->owner, p->fixture, r);
	else
		fixture_result_release(r);
}

// A Ctrl-C that has ended it while it had the terminal was meant for the run as well.
static bool is_interrupted_by_hand(const struct fixture_process *p, const struct process_exit *e)
{
	bool came = e && ((WIFSIGNALED(e->status) && WTERMSIG(e->status) == SIGINT) ||
			  operations(p->supervisor)->was_interrupted(p->process));

	return p->supervisor->local.terminal.fd >= 0 && came && e->status != 0 &&
	       p->ending == NOT_ENDED;
}

static void finish(struct fixture_process *p, const struct process_exit *e)
{
	struct supervisor *s = p->supervisor;
	struct fixture *f = p->fixture;
	struct fixture_result r = {.tears_down = f->state == FIXTURE_ENDING};

	if (p->process) {
		operations(s)->drain(p->process);
		r.started_ns = p->process->started_ns;
		r.wall_ns = clock_mono_ns() - p->process->began_ns;
	}
	bool was_interrupted = is_interrupted_by_hand(p, e);
	add_reason(p, &r, e);
	if (!r.tears_down && !r.failed)
		read_variables(p, &r);
	f->state = r.tears_down ? FIXTURE_DOWN : r.failed ? FIXTURE_FAILED : FIXTURE_UP;
	if (f->state == FIXTURE_UP) {
		p->setup = p->process;
		note_seen(p);
	} else {
		end_processes(p);
	}
	p->timer.at_ns = LOOP_NEVER;
	s->fixtures.running--;
	s->in_use--;
	slots_reuse(s, 1, p->since_ns);
	s->out_of_resources = false;
	tell(p, &r);
	if (was_interrupted)
		supervisor_stop(s, SIGINT);
}

static void wrote(void *owner, enum stream stream, const char *data, size_t n)
{
	struct fixture_process *p = owner;

	capture_add(&p->capture, data, n);
}

static void exited(void *owner, const struct process_exit *e)
{
	struct fixture_process *p = owner;

	// That of a setup is told once.
	if (p->fixture->state == FIXTURE_STARTING || p->fixture->state == FIXTURE_ENDING)
		finish(p, e);
}

static void waned(void *owner)
{
}

static const struct process_hooks hooks = {.wrote = wrote, .exited = exited, .waned = waned};

static void end_running(struct fixture_process *p, bool at_once)
{
	if (p->ending == KILLED) {
		// It waits in the kernel, or we may not end it: the run goes on without it.
		finish(p, NULL);
	} else if (p->ending == TERMINATED || at_once) {
		p->ending = KILLED;
		operations(p->supervisor)->kill(p->process);
		p->timer.at_ns = clock_mono_ns() + KILL_NS;
	} else {
		p->ending = TERMINATED;
		operations(p->supervisor)->signal(p->process, SIGTERM);
		operations(p->supervisor)->signal(p->process, SIGCONT);
		p->timer.at_ns = clock_mono_ns() + GRACE_NS;
	}
}

static void on_timer(struct loop_timer *t)
{
	struct fixture_process *p = t->owner;

	p->timed_out |= p->ending == NOT_ENDED;
	end_running(p, false);
}

static bool runs(const struct fixture_process *p)
{
	return p->fixture->state == FIXTURE_STARTING || p->fixture->state == FIXTURE_ENDING;
}

void fixtures_stop(struct supervisor *s, bool at_once)
{
	for (size_t i = 0; i < s->fixtures.n; i++) {
		struct fixture_process *p = &s->fixtures.items[i];
		bool sets_up = p->fixture->state == FIXTURE_STARTING;
		// What was set up is torn down all the same, unless it is asked twice.
		if (at_once ? runs(p) && p->ending != KILLED : sets_up && p->ending == NOT_ENDED)
			end_running(p, at_once);
	}
}

void fixtures_signal(const struct supervisor *s, int signo)
{
	for (size_t i = 0; i < s->fixtures.n; i++)
		if (runs(&s->fixtures.items[i]))
			operations(s)->signal(s->fixtures.items[i].process, signo);
}

void fixtures_shift_clocks(struct supervisor *s, int64_t ns)
{
	for (size_t i = 0; i < s->fixtures.n; i++)
		if (s->fixtures.items[i].timer.at_ns != LOOP_NEVER)
			s->fixtures.items[i].timer.at_ns += ns;
}

// ---- its start ----

static void make_environment(struct fixture_process *p)
{
	free(p->environment.items);
	p->environment = (struct strings){0};
	for (size_t i = 0; i < p->fixture->variables.n; i++)
		if (p->fixture->state == FIXTURE_UP)
			VEC_PUSH(&p->environment, p->fixture->variables.items[i]);
	VEC_PUSH(&p->environment, p->entry);
	VEC_PUSH(&p->environment, NULL);
	p->settings =
		(struct job_settings){.environment = (const char *const *)p->environment.items,
				      .limits.mark = limits_mark(getpid())};
}

static int make_file(const char *path, struct err *err)
{
	FILE *f = fopen(path, "we");

	return f && fclose(f) == 0 ? 0 : err_set(err, errno, "write %s", path);
}

static int launch(struct fixture_process *p, const char *command, bool *transient, struct err *err)
{
	struct supervisor *s = p->supervisor;
	const char *argv[] = {"sh", "-c", command, NULL};
	// Of no worker, and of no other fixture: what it leaves behind may have chosen ports by it.
	int number = TOKENS_MAX - 1 - (int)(p - s->fixtures.items);

	make_environment(p);
	const struct launch what = {
		.settings = &p->settings,
		.file = p->fixture->name,
		.program = "/bin/sh",
		.argv = (char *const *)argv,
		.is_unwatched = p->fixture->state == FIXTURE_UP,
		.slot = number,
		.number = number,
		.attempt = 1,
	};
	*transient = true;
	if (p->fixture->state == FIXTURE_IDLE && make_file(path_of(p), err) < 0)
		return -1;
	return operations(s)->start(&s->local.launcher, &what, &hooks, p, &p->process, transient,
				    err);
}

static void start(struct fixture_process *p, const char *command)
{
	struct supervisor *s = p->supervisor;
	struct fixture *f = p->fixture;
	struct err err = {0};
	bool transient;

	p->since_ns = slots_use(s, 1, 1);
	capture_release(&p->capture);
	capture_init(&p->capture, HEAD_BYTES, TAIL_BYTES);
	p->ending = NOT_ENDED;
	p->timed_out = false;
	p->process = NULL;
	int status = launch(p, command, &transient, &err);
	// The end of what runs may leave room for it.
	if (status < 0 && transient && (s->attempts.n > 0 || s->fixtures.running > 0)) {
		s->out_of_resources = true;
		slots_reuse(s, 1, p->since_ns);
		return;
	}
	s->in_use++;
	s->fixtures.running++;
	f->state = f->state == FIXTURE_UP ? FIXTURE_ENDING : FIXTURE_STARTING;
	if (status < 0) {
		capture_add(&p->capture, err.message, strlen(err.message));
		finish(p, NULL);
	} else if (f->timeout_ns > 0) {
		p->timer.at_ns = p->process->began_ns + f->timeout_ns;
	}
}

// The command that is due now, or NULL. What has none is up, or down, without.
static const char *due(struct supervisor *s, struct fixture *f)
{
	if (s->fixtures.tearing_down && f->state == FIXTURE_UP) {
		if (f->teardown && !f->above)
			return f->teardown;
		f->state = FIXTURE_DOWN;
	} else if (!s->stopping && !s->fixtures.tearing_down && f->state == FIXTURE_IDLE &&
		   f->wanted) {
		if (f->setup)
			return f->setup;
		f->state = FIXTURE_UP;
	}
	return NULL;
}

bool fixtures_start(struct supervisor *s)
{
	for (size_t i = 0; i < s->fixtures.n; i++) {
		struct fixture_process *p = &s->fixtures.items[i];
		const char *command = due(s, p->fixture);
		// What runs alone runs beside no setup either.
		if (!command || s->queue.exclusive || s->out_of_resources)
			continue;
		if (slots_gather(s, 1) < 1)
			return true;
		if (p->fixture->state == FIXTURE_UP
			    ? !neighbours_admit_teardown(s, p->fixture->name)
			    : !neighbours_admit_setup(s, p->fixture->name))
			return false;
		start(p, command);
	}
	return false;
}

// ---- from the first to the last ----

void fixtures_open(struct supervisor *s)
{
	struct fixtures *all = s->means->fixtures;

	s->fixtures = (struct fixture_processes){0};
	if (!all || all->n == 0)
		return;
	s->fixtures.items = xcalloc(all->n, sizeof *s->fixtures.items);
	s->fixtures.n = all->n;
	for (size_t i = 0; i < all->n; i++) {
		struct fixture_process *p = &s->fixtures.items[i];
		p->supervisor = s;
		p->fixture = &all->items[i];
		if (!p->fixture->above)
			p->fixture->state = FIXTURE_IDLE;
		p->fixture->wanted = false;
		p->entry = xasprintf("FIRMO_JOBS_ENV=%s/fixture-%zu", s->local.workspace.dir, i);
		p->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = p};
		loop_add_timer(s->means->loop, &p->timer);
	}
}

void fixtures_want(struct supervisor *s, const struct job *job)
{
	bool runs_it = job->size > 0 && !job->unreadable;

	for (struct fixture *const *f = job->settings->fixtures; runs_it && f && *f; f++)
		(*f)->wanted = true;
}

bool fixtures_are_up(const struct supervisor *s)
{
	for (size_t i = 0; i < s->fixtures.n; i++) {
		const struct fixture *f = s->fixtures.items[i].fixture;
		if (f->state == FIXTURE_UP && f->teardown && !f->above)
			return true;
	}
	return false;
}

bool fixtures_go_on(struct supervisor *s)
{
	bool goes_on = s->fixtures.running > 0;

	s->fixtures.tearing_down = true;
	for (size_t i = 0; i < s->fixtures.n; i++)
		goes_on |= s->fixtures.items[i].fixture->state == FIXTURE_UP;
	return goes_on;
}

void fixtures_close(struct supervisor *s)
{
	for (size_t i = 0; i < s->fixtures.n; i++) {
		struct fixture_process *p = &s->fixtures.items[i];
		end_processes(p);
		// What was run for others is judged once more after the teardown.
		if (!s->hooks->service)
			fixture_forget_seen(p->fixture);
		loop_remove_timer(s->means->loop, &p->timer);
		capture_release(&p->capture);
		free(p->environment.items);
		free(p->entry);
	}
	free(s->fixtures.items);
	s->fixtures = (struct fixture_processes){0};
}
