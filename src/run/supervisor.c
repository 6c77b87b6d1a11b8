// SPDX-License-Identifier: MIT
#include "run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "model/inputs.h"
#include "model/run.h"
#include "run/dependence.h"
#include "run/own_folder.h"
#include "run/private.h"
#include "run/reaper.h"
#include "run/worker.h"
#include "sys/descendants.h"
#include "sys/lease.h"
#include "sys/signals.h"
#include "worker/interpreter.h"
#include "worker/library.h"
#include "worker/outcome.h"
#include "worker/reading.h"

extern char **environ;

// What a passing worker wrote is kept to this much.
#define PASSED_OUTPUT_BYTES 4096
// A token that comes sooner was not waited for.
#define WAIT_SEEN_NS NS_PER_MS
// How long a slot goes from job to job before make may give it to somebody else.
#define HAND_ON_NS (100 * NS_PER_MS)

static int take_slot(struct supervisor *s)
{
	for (size_t i = 0; i < s->slots.n; i++)
		if (!s->slots.items[i].taken) {
			s->slots.items[i].taken = true;
			return (int)i;
		}
	const char *shared = s->settings->slots;
	struct slot slot = {true, shared ? lease_number(shared) : (int)s->slots.n};
	VEC_PUSH(&s->slots, slot);
	return (int)s->slots.n - 1;
}

static void stop(struct supervisor *s)
{
	s->stopping = true;
	queue_stop(&s->queue);
	if (s->hooks->service)
		s->hooks->service->stopped(s->hooks->service->owner);
}

static void pass_on(struct supervisor *s, struct result *r)
{
	const struct run_settings *set = s->settings;

	queue_end(&s->queue, r);
	s->bad += file_status_is_bad(r->status) && !r->again &&
		  !(s->hooks->is_open && s->hooks->is_open(s->hooks->owner, r));
	bool last = set->max_failures > 0 && s->bad >= set->max_failures && !s->stopping;
	s->hooks->ended(s->hooks->owner, r);
	if (last) {
		s->run->stopped = xstrdup(set->stop_word);
		stop(s);
	}
}

// ---- the end of a worker ----

static void keep_output(struct result *r, const struct capture *c)
{
	struct buf b = {0};

	capture_text(c, &b);
	r->output_total = capture_total(c);
	r->output_len = b.len;
	r->output = buf_detach(&b);
}

static void shorten_output(struct result *r)
{
	if (r->output_len <= PASSED_OUTPUT_BYTES)
		return;
	char *end = xmalloc(PASSED_OUTPUT_BYTES + 1);
	memcpy(end, r->output + r->output_len - PASSED_OUTPUT_BYTES, PASSED_OUTPUT_BYTES);
	end[PASSED_OUTPUT_BYTES] = '\0';
	r->output_len = PASSED_OUTPUT_BYTES;
	free(r->output);
	r->output = end;
}

// The framework whose core the worker has read, and from where.
static void find_library(struct supervisor *s, const struct inputs *in, struct observation *o)
{
	for (size_t i = 0; in && i < in->list.n; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind != INPUT_PATH || !input->found)
			continue;
		// A framework and 1 stands in place of a pointer.
		uintptr_t known = (uintptr_t)map_get(&s->libraries, input->name);
		if (known == 0) {
			known = (uintptr_t)library_in(input->name) + 1;
			map_put(&s->libraries, input->name, (void *)known);
		}
		enum framework f = (enum framework)(known - 1);
		if (f > o->loaded) {
			o->loaded = f;
			o->loaded_from = input->name;
		}
	}
}

static void observe(struct supervisor *s, struct worker *w, struct observation *o)
{
	*o = (struct observation){
		.reading = w->reading,
		.events = w->has_shim ? &w->events : NULL,
		.tap = &w->tap,
		.was_tap = w->result->job->was_tap,
		.has_busted = s->settings->commands->busted != NULL,
		.by_runner = w->command.by_runner,
	};
	reading_settle(w->result, o);
	if (w->result->framework == FRAMEWORK_TAP)
		tap_deliver(&w->tap, w->result);
}

static void decide(struct supervisor *s, struct worker *w, struct observation *o)
{
	const struct limits *limits = &s->settings->limits;
	struct result *r = w->result;

	worker_finish_output(w);
	keep_output(r, &w->capture);
	observe(s, w, o);
	const struct ending ending = {
		.timeout_ns = w->timed_out ? r->deadline_ns : 0,
		.hung = w->hung,
		.done = w->done,
		.cut_short = w->cut_short,
		.cpu_limit_s = limits->set[LIMIT_CPU] ? (int64_t)limits->value[LIMIT_CPU] : 0,
		.memory_limit = limits->set[LIMIT_AS],
		.argv0 = w->command.argv[0],
		.events = o->events,
		.tap = o->tap,
	};
	outcome_decide(r, &ending);
	// What has failed has loaded others, too.
	if (s->settings->library && r->status != FILE_NOTRUN)
		r->inputs = worker_inputs(w);
	if (r->inputs)
		own_folder_explain(r, s->settings->cwd);
	if (r->framework == FRAMEWORK_PLAIN && !o->events)
		find_library(s, r->inputs, o);
}

static void remove_worker(struct supervisor *s, struct worker *w)
{
	size_t n = 0;

	for (size_t i = 0; i < s->workers.n; i++)
		if (s->workers.items[i] != w)
			s->workers.items[n++] = s->workers.items[i];
	s->workers.n = n;
}

// Gives up all that a worker holds but its slot, its result and itself. Once is enough.
static void end_worker(struct supervisor *s, struct worker *w)
{
	if (w->ended)
		return;
	w->ended = true;
	worker_release(w);
	workspace_clear_tmpdir(&s->workspace, w->slot);
	worker_forget_group(w);
	remove_worker(s, w);
}

static struct worker *worker_new(struct supervisor *s, const struct job *job, int attempt, int slot,
				 int64_t since_ns)
{
	struct worker *w = xcalloc(1, sizeof *w);

	w->supervisor = s;
	w->slot = slot;
	w->slot_since_ns = since_ns;
	w->reading = (struct reading){job->framework, job->source, job->shim};
	w->result = result_new(job);
	w->result->attempt = attempt;
	w->result->partial = selection_is_partial(&s->settings->selection);
	return w;
}

static void enlist(struct supervisor *s, struct worker *w)
{
	w->result->slot = s->slots.items[w->slot].number;
	w->result->offset_ns = w->began_ns - s->began_ns;
	VEC_PUSH(&s->workers, w);
	for (size_t i = 0; s->workers.n > 1 && i < s->workers.n; i++)
		s->workers.items[i]->result->crowded = true;
	if ((int)s->workers.n > s->run->peak)
		s->run->peak = (int)s->workers.n;
}

// The result that was announced is the one that is passed on, with the content of that which tells
// more.
static struct result *choose(struct worker *w)
{
	struct result *r = w->result, *before = w->before;

	if (!before)
		return r;
	w->before = NULL;
	if (reading_is_better(r, before)) {
		struct result swapped = *before;
		*before = *r;
		*r = swapped;
		if (!before->learned) {
			before->learned = w->learned;
			w->learned = NULL;
		}
	}
	result_free(r);
	return before;
}

// A pass of a file that should be run in another way to be understood, and cannot be, is none.
static void leave_unproven(struct result *r, const char *learned, const char *problem)
{
	if (file_status_is_bad(r->status))
		return;
	r->status = FILE_ERROR;
	free(r->reason);
	r->reason = xasprintf("its tests were not seen (%s): %s", learned, problem);
}

// Runs the file once more in the worker's slot, read in another way. False: its result stands.
static bool read_again(struct supervisor *s, struct worker *w, const struct observation *o)
{
	struct worker *other;
	struct err err = {0};
	struct reading next;
	char *learned = NULL;
	bool transient;

	if (w->before || !reading_revise(w->result, o, &next, &learned))
		return false;
	if (!s->run->signal) {
		other = worker_new(s, w->result->job, w->result->attempt, w->slot,
				   w->slot_since_ns);
		other->reading = next;
		end_worker(s, w);
		if (worker_start(other, &transient, &err) == 0) {
			other->before = w->result;
			other->learned = learned;
			enlist(s, other);
			free(w);
			return true;
		}
		result_free(other->result);
		free(other);
	}
	leave_unproven(w->result, learned, *err.message ? err.message : "the run was stopped");
	free(learned);
	return false;
}

void supervisor_on_finished(struct supervisor *s, struct worker *w)
{
	struct observation o;

	decide(s, w, &o);
	if (read_again(s, w, &o))
		return;
	struct result *r = choose(w);
	// What a pass has written is of less interest.
	if (!file_status_is_bad(r->status))
		shorten_output(r);
	end_worker(s, w);
	s->slots.items[w->slot].taken = false;
	VEC_PUSH(&s->spare, w->slot_since_ns);
	free(w);
	s->starved = false;
	room_open(&s->room);
	pass_on(s, r);
}

// ---- the start of a worker ----

bool supervisor_can_watch(struct supervisor *s, const char *program)
{
	if (s->settings->library && program != s->program) {
		s->program = program;
		s->watchable = interpreter_can_be_watched(program);
	}
	return s->settings->library && s->watchable;
}

static void end_unstarted(struct supervisor *s, struct result *r, enum file_status status,
			  const char *reason)
{
	r->status = status;
	r->reason = xstrdup(reason);
	r->started_ns = clock_real_ns();
	pass_on(s, r);
}

// A file that needs no process: true if it was dealt with.
static bool settle_without_worker(struct supervisor *s, const struct turn *turn)
{
	const struct job *job = turn->job;
	bool selects = selection_is_partial(&s->settings->selection);
	char reason[128] = "the file is empty";

	if (job->unreadable)
		snprintf(reason, sizeof reason, "cannot be read: %s", strerror(job->unreadable));
	else if (job->size > 0 && selects && !framework_has_events(job->framework))
		snprintf(reason, sizeof reason, "a %s file cannot select tests",
			 framework_name(job->framework));
	else if (job->size > 0)
		return false;
	struct result *r = result_new(job);
	r->partial = selects;
	queue_begin(&s->queue, turn);
	end_unstarted(s, r, job->unreadable ? FILE_ERROR : FILE_SKIPPED, reason);
	return true;
}

// A slot for the next job. That of a worker which has just ended is handed on, which spares a suite
// of tiny files the way through make and back; but not for ever: others may be waiting for it.
static bool take_slot_grant(struct supervisor *s, int64_t *since_ns)
{
	int64_t now = clock_mono_ns();

	while (s->spare.n > 0) {
		*since_ns = s->spare.items[--s->spare.n];
		if (now - *since_ns < HAND_ON_NS)
			return true;
		tokens_give(s->tokens);
	}
	*since_ns = now;
	return tokens_take(s->tokens);
}

static void give_spare(struct supervisor *s)
{
	for (; s->spare.n > 0; s->spare.n--)
		tokens_give(s->tokens);
}

// Starts one job in the slot that was granted then. False if it has to wait.
static bool start_turn(struct supervisor *s, const struct turn *turn, int64_t since_ns)
{
	struct worker *w = worker_new(s, turn->job, turn->attempt, take_slot(s), since_ns);
	struct err err = {0};
	bool transient;

	if (worker_start(w, &transient, &err) == 0) {
		queue_begin(&s->queue, turn);
		enlist(s, w);
		if (s->hooks->started)
			s->hooks->started(s->hooks->owner, w->result);
		return true;
	}
	struct result *r = w->result;
	s->slots.items[w->slot].taken = false;
	free(w);
	tokens_give(s->tokens);
	if (transient && s->workers.n > 0) {
		s->starved = true;
		result_free(r);
		return false;
	}
	// What is too little for one is too little for every other, too.
	if (err.errnum == EMFILE) {
		s->broken = err;
		result_free(r);
		return false;
	}
	queue_begin(&s->queue, turn);
	end_unstarted(s, r, FILE_ERROR, err.message);
	return true;
}

// Remembers the times at which a file waited for make's tokens, where one more worker was allowed.
static void note_wait(struct supervisor *s, bool ready)
{
	int most = s->run->jobs;
	bool waits = ready && tokens_shared(s->tokens) && (most == 0 || (int)s->workers.n < most);
	int64_t now = clock_mono_ns() - s->began_ns;

	if (waits && s->wait_ns < 0) {
		s->wait_ns = now;
	} else if (!waits && s->wait_ns >= 0) {
		const struct wait wait = {s->wait_ns, now};
		if (now - s->wait_ns >= WAIT_SEEN_NS)
			VEC_PUSH(&s->run->waits, wait);
		s->wait_ns = -1;
	}
}

static void start_ready(struct supervisor *s)
{
	bool held_back = false, ready = false;
	struct turn turn;

	while (!s->starved && !*s->broken.message && (ready = queue_peek(&s->queue, &turn))) {
		int64_t since_ns;
		if (settle_without_worker(s, &turn))
			continue;
		held_back = room_is_missing(s, turn.job);
		if (held_back || !take_slot_grant(s, &since_ns) || !start_turn(s, &turn, since_ns))
			break;
	}
	give_spare(s);
	ready = ready && !s->starved && !held_back;
	note_wait(s, ready);
	// What no file of ours needs may be lent.
	if (s->settings->share_tokens)
		lender_allow(&s->lender, !ready && !held_back);
	tokens_await(s->tokens, ready || lender_wants(&s->lender));
}

static void on_room_timer(struct loop_timer *t)
{
	start_ready(t->owner);
}

static void on_token(void *owner)
{
	start_ready(owner);
}

// ---- signals ----

// A callback may finish workers, which changes the list: so it is walked over a copy.
static void for_each_worker(struct supervisor *s, void (*act)(struct worker *, void *), void *arg)
{
	size_t n = s->workers.n;
	struct worker **copy = xmalloc((n + 1) * sizeof *copy);

	for (size_t i = 0; i < n; i++)
		copy[i] = s->workers.items[i];
	for (size_t i = 0; i < n; i++)
		act(copy[i], arg);
	free(copy);
}

static void handle_event(struct worker *w, void *event)
{
	worker_handle(w, *(enum worker_event *)event);
}

static void check_quiet(struct worker *w, void *arg)
{
	worker_check_quiet(w);
}

void supervisor_check_quiet(struct supervisor *s)
{
	for_each_worker(s, check_quiet, NULL);
}

static void stop_run(struct supervisor *s, int signo)
{
	enum worker_event event = s->run->signal ? WORKER_STOP_NOW : WORKER_STOP;

	if (!s->run->signal)
		s->run->signal = signo;
	stop(s);
	for_each_worker(s, handle_event, &event);
}

bool supervise_ask(struct supervisor *s, const struct job *job)
{
	if (!s->stopping)
		queue_ask(&s->queue, job);
	return !s->stopping;
}

void supervise_end(struct supervisor *s)
{
	enum worker_event event = WORKER_STOP;

	stop(s);
	for_each_worker(s, handle_event, &event);
}

static void signal_worker(struct worker *w, void *signo)
{
	worker_signal(w, *(int *)signo);
}

static void shift_clocks(struct worker *w, void *ns)
{
	worker_shift_clocks(w, *(int64_t *)ns);
}

// Ctrl-Z: the workers stop, then we do; SIGCONT wakes us inside raise(). No deadline runs
// meanwhile.
static void suspend(struct supervisor *s)
{
	int64_t before = clock_mono_ns();
	int stop = SIGSTOP, go_on = SIGCONT;

	if (s->hooks->suspended)
		s->hooks->suspended(s->hooks->owner, true);
	for_each_worker(s, signal_worker, &stop);
	raise(SIGSTOP);
	int64_t slept = clock_mono_ns() - before;
	s->began_ns += slept;
	for_each_worker(s, shift_clocks, &slept);
	for_each_worker(s, signal_worker, &go_on);
	if (s->hooks->suspended)
		s->hooks->suspended(s->hooks->owner, false);
}

static void on_signal(struct loop_watch *watch, short revents)
{
	struct supervisor *s = watch->owner;
	int signo;

	while ((signo = signals_next(s->signals)) != 0) {
		if (signo == SIGCHLD)
			reaper_reap(s);
		else if (signals_is_fatal(signo))
			stop_run(s, signo);
		else if (signo == SIGTSTP)
			suspend(s);
		else if (signo == SIGUSR1 && s->hooks->asked)
			s->hooks->asked(s->hooks->owner);
	}
	// The freed slots are filled before anything is recorded or printed.
	start_ready(s);
}

// ---- the run ----

// To compile the shim once takes as long as to read its text so many times.
#define COMPILE_FROM 8

static bool has_lua_init(void)
{
	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, "LUA_INIT", strlen("LUA_INIT")) == 0)
			return true;
	return false;
}

// Only an interpreter that is surely one is started for that, and where it runs nothing but that.
static void compile_shim(const struct supervisor *s, const struct jobs *jobs)
{
	const struct commands *c = s->settings->commands;
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		n += framework_has_events(jobs->items[i].framework) || jobs->items[i].shim ||
		     (!s->settings->library && jobs->items[i].source != READING_GIVEN);
	if (n >= COMPILE_FROM && !c->template && !has_lua_init())
		workspace_compile(&s->workspace, c->busted_lua ? c->busted_lua : c->lua);
}

static int begin(struct supervisor *s, struct err *err)
{
	const char *library = s->settings->library;

	if (workspace_open(&s->workspace, s->settings->workspace, err) < 0)
		return -1;
	if (library && !(library = workspace_preload(&s->workspace, library, err))) {
		workspace_close(&s->workspace);
		return -1;
	}
	s->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->null_fd < 0) {
		workspace_close(&s->workspace);
		return err_set(err, errno, "open /dev/null");
	}
	environment_init(&s->environment, environ, s->workspace.dir, &s->settings->selection,
			 library);
	descendants_adopt();
	reaper_open(s);
	return 0;
}

// Whoever could not be recognised when its worker ended, because it was about to execute something.
static void end_stragglers(struct supervisor *s)
{
	char *marker = xasprintf("FIRMO_JOBS_WORKER=%s", s->run->name);

	size_t left = 1;

	for (int round = 0; round < 100 && (left = worker_escaped(s, marker, true)) > 0; round++) {
		poll(NULL, 0, 10);
		reaper_reap(s);
	}
	if (left > 0)
		tokens_distrust(s->tokens);
	free(marker);
}

static void end(struct supervisor *s)
{
	end_stragglers(s);
	queue_release(&s->queue);
	close(s->null_fd);
	environment_release(&s->environment);
	workspace_close(&s->workspace);
	free(s->workers.items);
	free(s->slots.items);
	free(s->spare.items);
	dependence_release(&s->programs);
	map_release(&s->libraries);
	reaper_close(s);
}

// Nothing can be learned of them any more: they are ended, and have no outcome.
static void abandon_workers(struct supervisor *s)
{
	while (s->workers.n > 0) {
		struct worker *w = s->workers.items[0];
		worker_signal(w, SIGKILL);
		end_worker(s, w);
		result_free(w->result);
		free(w);
		tokens_give(s->tokens);
		tokens_distrust(s->tokens);
	}
}

// Goes on with what the end of all jobs has made necessary. False: nothing has to be run any more.
static bool go_on(struct supervisor *s)
{
	const struct jobs *more =
		!s->stopping && s->hooks->done ? s->hooks->done(s->hooks->owner) : NULL;

	if (!more)
		return false;
	queue_release(&s->queue);
	queue_init(&s->queue, more, s->settings->rounds, s->settings->retries);
	start_ready(s);
	return true;
}

// Others may still ask for jobs.
static bool is_open(const struct supervisor *s)
{
	const struct run_service *service = s->hooks->service;

	return service && service->goes_on(service->owner);
}

int supervise(struct run *run, const struct jobs *jobs, const struct run_settings *settings,
	      struct tokens *tokens, struct loop *loop, struct signals *signals,
	      const struct run_hooks *hooks, struct err *err)
{
	struct supervisor s = {
		.run = run,
		.settings = settings,
		.hooks = hooks,
		.tokens = tokens,
		.loop = loop,
		.signals = signals,
	};
	struct loop_watch signal_watch = {
		.fd = signals->fd, .events = POLLIN, .ready = on_signal, .owner = &s};

	// A run may have begun in another process.
	s.began_ns = clock_mono_ns() - (clock_real_ns() - run->started_ns);
	s.wait_ns = -1;
	if (begin(&s, err) < 0)
		return -1;
	if (hooks->service)
		queue_init_asked(&s.queue, jobs, settings->retries);
	else
		queue_init(&s.queue, jobs, settings->rounds, settings->retries);
	compile_shim(&s, jobs);
	if (settings->share_tokens && lender_open(&s.lender, tokens, loop, on_token, &s, err) < 0) {
		end(&s);
		return -1;
	}
	s.room.timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_room_timer, .owner = &s};
	loop_add_timer(loop, &s.room.timer);
	loop_add_watch(loop, &signal_watch);
	tokens_attach(tokens, loop, on_token, &s);
	if (hooks->service)
		hooks->service->begun(hooks->service->owner, &s);
	start_ready(&s);
	while (!*s.broken.message &&
	       (s.workers.n > 0 || !queue_is_empty(&s.queue) || is_open(&s) || go_on(&s))) {
		if (loop_step(loop) < 0)
			err_set(&s.broken, errno, "wait for the workers");
		start_ready(&s); // also gives back the slots that nobody needs
	}
	abandon_workers(&s);
	tokens_await(tokens, false);
	lender_close(&s.lender);
	loop_remove_watch(loop, &signal_watch);
	loop_remove_timer(loop, &s.room.timer);
	end(&s);
	run->elapsed_ns = clock_mono_ns() - s.began_ns;
	*err = s.broken;
	return *err->message ? -1 : 0;
}
