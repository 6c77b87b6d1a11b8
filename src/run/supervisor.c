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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "framework/library.h"
#include "framework/outcome.h"
#include "framework/reading.h"
#include "jobserver/tokens.h"
#include "model/fixture.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "run/private.h"
#include "sys/signals.h"

extern char **environ;

// What a passing worker wrote is kept to this much.
#define PASSED_OUTPUT_BYTES 4096
// A token that comes sooner was not waited for.
#define WAIT_SEEN_NS NS_PER_MS

static void stop(struct supervisor *s)
{
	s->stopping = true;
	queue_stop(&s->queue);
	if (s->hooks->service)
		s->hooks->service->stopped(s->hooks->service->owner);
}

// What it depended on is looked at before anything else can have changed it.
static void take_fingerprints(struct supervisor *s, struct result *r)
{
	struct launcher *l = &s->local.launcher;

	if (s->hooks->recall)
		s->hooks->recall(s->hooks->owner, r);
	l->operations->look(l, r);
}

static void pass_on(struct supervisor *s, struct result *r)
{
	const struct run_settings *set = s->settings;

	if (r->status != FILE_NOTRUN)
		take_fingerprints(s, r);
	queue_set_time(&s->queue, clock_mono_ns());
	quarantine_judge(r);
	queue_end(&s->queue, r);
	s->bad += result_is_bad(r) && !r->again &&
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

// The framework that the file is the core of. Each is looked into once: most of them every worker
// loads.
static enum framework library_of(struct supervisor *s, const char *path)
{
	// A framework and 1 stands in place of a pointer.
	uintptr_t known = (uintptr_t)map_get(&s->libraries, path);

	if (known == 0) {
		known = (uintptr_t)library_in(path) + 1;
		map_put(&s->libraries, path, (void *)known);
	}
	return (enum framework)(known - 1);
}

// The framework whose core the worker has read, and from where.
static void find_library(struct supervisor *s, const struct inputs *in, struct observation *o)
{
	for (size_t i = 0; in && i < in->list.n; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind != INPUT_PATH || !input->found)
			continue;
		enum framework f = library_of(s, input->name);
		if (f > o->loaded) {
			o->loaded = f;
			o->loaded_from = input->name;
		}
	}
}

static bool names_busted(struct supervisor *s, const char *path)
{
	uintptr_t known = (uintptr_t)map_get(&s->busted_names, path);

	if (known == 0) {
		known = (uintptr_t)library_names_busted(path) + 1;
		map_put(&s->busted_names, path, (void *)known);
	}
	return known == 2;
}

// Whether it is not known yet that the job's file is a plain one with that helper, as it is now.
static bool is_news(const struct job *j, const char *helper)
{
	struct stat st;

	return j->known != FRAMEWORK_PLAIN ||
	       (stat(helper, &st) == 0 && st.st_ctim.tv_sec >= j->last_real_ns / NS_PER_SEC);
}

// What the worker has loaded from below the working folder and that may test by busted's names,
// where they are defined.
static void find_names(struct supervisor *s, const struct result *r, struct observation *o)
{
	const struct inputs *in = r->inputs;

	for (size_t i = 0; in && i < in->list.n && !o->names_busted; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind == INPUT_CHUNK && *input->name != '/' &&
		    strcmp(input->name, r->job->path) != 0 && names_busted(s, input->name) &&
		    is_news(r->job, input->name))
			o->names_busted = input->name;
	}
}

static void observe(struct supervisor *s, struct attempt *a, struct observation *o)
{
	*o = (struct observation){
		.reading = a->reading,
		.events = a->has_shim ? &a->events : NULL,
		.tap = &a->tap,
		.was_tap = a->result->job->was_tap,
		.has_busted = a->result->job->settings->commands->busted != NULL,
		.by_runner = a->command.by_runner,
	};
	reading_settle(a->result, o);
	if (a->result->framework == FRAMEWORK_TAP)
		tap_deliver(&a->tap, a->result);
}

static void decide(struct supervisor *s, struct attempt *a, struct observation *o)
{
	struct result *r = a->result;
	const struct limits *limits = &r->job->settings->limits;

	attempt_finish_output(a);
	keep_output(r, &a->capture);
	observe(s, a, o);
	const struct ending ending = {
		.timeout_ns = a->timed_out ? r->deadline_ns : 0,
		.hung = a->hung,
		.done = a->done,
		.cut_short = a->cut_short,
		.unended = a->unended,
		.cpu_limit_s = limits->set[LIMIT_CPU] ? (int64_t)limits->value[LIMIT_CPU] : 0,
		.memory_limit = limits->set[LIMIT_AS],
		.argv0 = a->command.argv[a->command.first],
		.events = o->events,
		.tap = o->tap,
	};
	outcome_decide(r, &ending);
	// What has failed has loaded others, too.
	if (r->status != FILE_NOTRUN)
		r->inputs = attempt_inputs(a);
	if (o->events && o->events->cut)
		outcome_charge_cut(r, o->events->cut);
	else if (r->inputs && r->inputs->cut)
		outcome_charge_cut(r, r->inputs->cut);
	o->heard = o->events && o->events->hello;
	// Without /proc no file can be looked into: the run goes by what there is.
	o->watched = !s->has_proc || (r->inputs && !r->inputs->blind);
	a->seen = o->heard || o->watched;
	o->before_seen = a->before_seen;
	if (!framework_has_events(r->framework) && !o->heard)
		find_library(s, r->inputs, o);
	if (r->status == FILE_PASSED && r->framework == FRAMEWORK_PLAIN)
		find_names(s, r, o);
}

static void remove_attempt(struct supervisor *s, struct attempt *a)
{
	size_t n = 0;

	for (size_t i = 0; i < s->attempts.n; i++)
		if (s->attempts.items[i] != a)
			s->attempts.items[n++] = s->attempts.items[i];
		else
			s->in_use -= a->held;
	s->attempts.n = n;
}

// Gives up all that an attempt holds but its slot, its result and itself.
static void end_attempt(struct supervisor *s, struct attempt *a)
{
	attempt_release(a);
	remove_attempt(s, a);
}

static struct attempt *new_attempt(struct supervisor *s, const struct job *job, int number,
				   int lane, int held, int64_t since_ns)
{
	struct attempt *a = attempt_new(&s->terms, job, number);

	a->fresh = map_get(&s->fresh, job->path) != NULL;
	a->slot = lane;
	a->held = held;
	a->slot_since_ns = since_ns;
	a->result->slot = s->slots.lanes.items[lane].number;
	return a;
}

static void enlist(struct supervisor *s, struct attempt *a)
{
	a->result->offset_ns = a->began_ns - s->began_ns;
	VEC_PUSH(&s->attempts, a);
	s->in_use += a->held;
	for (size_t i = 0; s->attempts.n > 1 && i < s->attempts.n; i++)
		s->attempts.items[i]->result->concurrent = true;
	if ((int)s->attempts.n > s->run->peak)
		s->run->peak = (int)s->attempts.n;
}

// The result that was announced is the one that is passed on, with the content of that which tells
// more.
static struct result *choose(struct attempt *a)
{
	struct result *r = a->result, *before = a->before;

	if (!before)
		return r;
	a->before = NULL;
	bool better = !a->reading.proof && reading_is_better(r, &a->reading, before);
	if (a->reading.proof && before->inputs && r->inputs)
		inputs_take_whole(before->inputs, r->inputs);
	if (better) {
		struct result swapped = *before;
		*before = *r;
		*r = swapped;
	}
	if (!better)
		a->seen = a->before_seen;
	if (better && !before->learned) {
		before->learned = a->learned;
		a->learned = NULL;
	}
	result_free(r);
	a->result = before;
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

// One for each way to read a file.
static unsigned bit_of(const struct reading *reading)
{
	return 1u << (4 * reading->framework + 2 * reading->proof + reading->shim);
}

// Whether another file, which this one has loaded, may be its support and no test, as only a run
// for proof can tell.
static bool wants_proof(const struct supervisor *s, const struct attempt *a,
			const struct observation *o, struct reading *next, char **why)
{
	const struct result *r = a->result;
	const char *path = NULL;

	if (!o->reading.proof && o->reading.source != READING_GIVEN && r->status != FILE_NOTRUN &&
	    r->status != FILE_TIMEOUT && r->status != FILE_LIMIT && s->hooks->asks)
		path = s->hooks->asks(s->hooks->owner, r);
	if (!path)
		return false;
	*next = o->reading;
	next->shim = next->proof = true;
	*why = xasprintf("it loads %s", path);
	return true;
}

static struct result *take(struct result **place)
{
	struct result *r = *place;

	*place = NULL;
	return r;
}

// Runs the file once more in the worker's slot, read in another way. False: its result stands.
static bool read_again(struct supervisor *s, struct attempt *a, const struct observation *o)
{
	struct attempt *other;
	struct err err = {0};
	struct reading next;
	char *learned = NULL;
	bool transient;

	if (!reading_revise(a->result, o, &next, &learned) &&
	    !wants_proof(s, a, o, &next, &learned))
		return false;
	// Each way is tried once.
	unsigned tried = a->tried | bit_of(&a->reading);
	if (tried & bit_of(&next)) {
		free(learned);
		return false;
	}
	if (!s->abandoned) {
		other = new_attempt(s, a->result->job, a->result->attempt, a->slot, a->held,
				    a->slot_since_ns);
		other->reading = next;
		choose(a);
		// What a forked process has failed at is not proven by another reading.
		struct result *failed = take(&a->failed);
		other->fresh |= failed != NULL;
		end_attempt(s, a);
		if (attempt_start(other, &transient, &err) == 0) {
			other->failed = failed;
			other->before = a->result;
			other->before_seen = a->seen;
			other->tried = tried;
			other->learned = learned;
			enlist(s, other);
			free(a);
			return true;
		}
		result_free(failed);
		result_free(other->result);
		free(other);
	}
	if (!next.proof)
		leave_unproven(a->result, learned,
			       *err.message ? err.message : "the run was stopped");
	free(learned);
	return false;
}

// The exit status of a file is not believed that may hold tests which nobody saw: those of a
// framework in its own text, which no shim finds, or of any, where neither a shim nor a trace tells
// of it.
static void doubt_plain(struct supervisor *s, struct result *r, bool seen)
{
	enum framework f = FRAMEWORK_PLAIN;

	if (!seen)
		leave_unproven(r,
			       "it cannot be watched, and Lua ran without LUA_INIT or in a child",
			       "--framework=plain takes its exit status");
	else
		f = library_of(s, r->job->path);
	if (f == FRAMEWORK_LUAUNIT || f == FRAMEWORK_LUST) {
		char *holds = xasprintf("it holds %s itself", framework_name(f));
		leave_unproven(r, holds, "--framework=plain takes its exit status");
		free(holds);
	}
}

// Whether the worker was watched whole, and the file was not read: its command leaves it out, or an
// end came before its beginning.
static bool never_began(const struct supervisor *s, const struct result *r)
{
	const struct inputs *in = r->inputs;

	return s->has_proc && in && in->unread && !in->blind && !in->overflow;
}

static void doubt(struct supervisor *s, struct result *r, bool seen)
{
	if (r->job->source == READING_GIVEN || r->status != FILE_PASSED)
		return;
	if (never_began(s, r))
		leave_unproven(r, "nothing has read the file",
			       "a --framework=NAME has its result count all the same");
	else if (r->framework == FRAMEWORK_PLAIN)
		doubt_plain(s, r, seen);
}

// ---- what a forked process has failed at ----

// Runs the file once more in the worker's slot, read in the same way, in a process that may be
// forked or not. What is known by now goes along. False: it could not be started.
static bool run_again(struct supervisor *s, struct attempt *a, bool fresh)
{
	struct attempt *other = new_attempt(s, a->result->job, a->result->attempt, a->slot, a->held,
					    a->slot_since_ns);
	struct result *before = take(&a->before), *failed = take(&a->failed);
	struct err err;
	bool transient;

	other->reading = a->reading;
	other->fresh = fresh;
	end_attempt(s, a);
	if (attempt_start(other, &transient, &err) < 0) {
		// What there was stands.
		a->before = before;
		result_free(failed);
		result_free(other->result);
		free(other);
		return false;
	}
	other->before = before;
	other->before_seen = a->before_seen;
	other->tried = a->tried;
	other->failed = fresh ? a->result : failed;
	other->passed = fresh ? NULL : a->result;
	enlist(s, other);
	free(a);
	return true;
}

// No failure of a forked process stands before a fresh one has failed as well; and where that has
// passed, another forked one tells whether the fork or chance was to blame. True: such a process
// was started, and more is to come.
static bool prove(struct supervisor *s, struct attempt *a)
{
	bool bad = file_status_is_bad(a->result->status);

	if (s->abandoned || a->passed)
		return false;
	if (a->forked && bad)
		return run_again(s, a, true);
	return a->failed && !bad && run_again(s, a, false);
}

// The fresh process passed: with what the second forked one has come to, the file is known.
static void settle_proof(struct supervisor *s, struct attempt *a)
{
	struct result *passed = take(&a->passed), *failed = take(&a->failed), *last = a->result;

	a->result = passed;
	if (a->forked && last->status != FILE_NOTRUN && file_status_is_bad(last->status)) {
		map_put(&s->fresh, passed->job->path, s);
		if (s->hooks->needs_fresh)
			s->hooks->needs_fresh(s->hooks->owner, passed->job);
		result_free(failed);
	} else {
		failed->again = true;
		s->hooks->ended(s->hooks->owner, failed);
		passed->attempt++;
	}
	result_free(last);
}

// A Ctrl-C that has ended a file which has the terminal was meant for the run as well.
static bool is_interrupted_by_hand(const struct supervisor *s, const struct attempt *a,
				   const struct result *r)
{
	return s->local.terminal.fd >= 0 && r->signal == SIGINT && !a->timed_out && !a->cut_short;
}

static void on_finished(void *owner, struct attempt *a)
{
	struct supervisor *s = owner;
	struct observation o;

	decide(s, a, &o);
	bool bad = file_status_is_bad(a->result->status);
	if ((bad && prove(s, a)) || (!a->passed && read_again(s, a, &o)) || (!bad && prove(s, a)))
		return;
	if (a->passed)
		settle_proof(s, a);
	struct result *r = choose(a);
	doubt(s, r, a->seen);
	// What a pass has written is of less interest.
	if (!file_status_is_bad(r->status))
		shorten_output(r);
	end_attempt(s, a);
	s->slots.lanes.items[a->slot].taken = false;
	slots_reuse(s, a->held, a->slot_since_ns);
	s->out_of_resources = false;
	admission_reopen(&s->admission);
	bool was_interrupted = is_interrupted_by_hand(s, a, r);
	free(a);
	pass_on(s, r);
	if (was_interrupted)
		supervisor_stop(s, SIGINT);
}

// ---- the start of a worker ----

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
	bool selects = selection_is_partial(&job->settings->selection);
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

// A file for which nothing could be set up: true if it was dealt with.
static bool leave_out(struct supervisor *s, const struct turn *turn)
{
	const struct fixture *failed = fixtures_find_failed(turn->job->settings);

	if (!failed)
		return false;
	char *reason = xasprintf("the setup of %s has failed", failed->name);
	queue_begin(&s->queue, turn);
	end_unstarted(s, result_new(turn->job), FILE_NOTRUN, reason);
	free(reason);
	return true;
}

static void give_slots(struct supervisor *s, int n)
{
	for (; n > 0; n--)
		tokens_give(s->means->tokens);
}

// Starts one job in so many of the spare slots. False if it has to wait.
static bool start_turn(struct supervisor *s, const struct turn *turn, int held)
{
	int64_t since_ns = slots_use(s, held, turn->slots);
	struct attempt *a =
		new_attempt(s, turn->job, turn->attempt, slots_take_lane(s), held, since_ns);
	struct err err = {0};
	bool transient;

	if (attempt_start(a, &transient, &err) == 0) {
		queue_begin(&s->queue, turn);
		enlist(s, a);
		if (s->hooks->started)
			s->hooks->started(s->hooks->owner, a->result);
		return true;
	}
	struct result *r = a->result;
	r->slot = -1;
	s->slots.lanes.items[a->slot].taken = false;
	free(a);
	give_slots(s, held);
	if (transient && (s->attempts.n > 0 || s->fixtures.running > 0)) {
		s->out_of_resources = true;
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
	bool waits = ready && tokens_shared(s->means->tokens) && (most == 0 || s->in_use < most);
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
	bool held_back = false, part = false, ready = false;
	int room = slots_limit(s);
	struct turn turn;

	queue_set_time(&s->queue, clock_mono_ns());
	bool sets_up = fixtures_start(s);
	while (!s->out_of_resources && !*s->broken.message &&
	       (ready = queue_peek(&s->queue, room, &turn))) {
		if (settle_without_worker(s, &turn) || leave_out(s, &turn))
			continue;
		// Not beside a setup.
		if (turn.exclusive && s->fixtures.running > 0) {
			ready = false;
			break;
		}
		held_back = admission_must_wait(s, turn.job);
		if (held_back)
			break;
		int held = slots_gather(s, turn.slots);
		if (held < turn.slots && !slots_suffice(s)) {
			// What needs less may start in it.
			part |= turn.slots > 1;
			room = held;
			if (held > 0)
				continue;
			break;
		}
		if (!start_turn(s, &turn, held))
			break;
		room = slots_limit(s);
	}
	slots_settle(s, part && !held_back);
	ready = ((ready || part) && !s->out_of_resources && !held_back) || sets_up;
	note_wait(s, ready);
	int64_t due_ns = queue_due(&s->queue);
	s->again.at_ns = due_ns < 0 ? LOOP_NEVER : due_ns;
	// What no file of ours needs may be lent.
	if (s->settings->share_tokens)
		server_allow(&s->server, !ready && !held_back);
	tokens_await(s->means->tokens, ready || server_wants(&s->server));
}

static void on_slots_timer(struct loop_timer *t)
{
	slots_look_again(t->owner);
	start_ready(t->owner);
}

static void on_admission_timer(struct loop_timer *t)
{
	start_ready(t->owner);
}

static void on_again_timer(struct loop_timer *t)
{
	start_ready(t->owner);
}

static void on_token(void *owner)
{
	start_ready(owner);
}

// ---- signals ----

// A callback may finish workers, which changes the list: so it is walked over a copy.
static void for_each_worker(struct supervisor *s, void (*act)(struct attempt *, void *), void *arg)
{
	size_t n = s->attempts.n;
	struct attempt **copy = xmalloc((n + 1) * sizeof *copy);

	for (size_t i = 0; i < n; i++)
		copy[i] = s->attempts.items[i];
	for (size_t i = 0; i < n; i++)
		act(copy[i], arg);
	free(copy);
}

static void handle_event(struct attempt *a, void *event)
{
	attempt_handle(a, *(enum attempt_event *)event);
}

void supervisor_stop(struct supervisor *s, int signo)
{
	enum attempt_event event = s->run->signal ? ATTEMPT_STOP_NOW : ATTEMPT_STOP;

	if (!s->run->signal)
		s->run->signal = signo;
	s->abandoned = true;
	stop(s);
	for_each_worker(s, handle_event, &event);
	fixtures_stop(s, event == ATTEMPT_STOP_NOW);
}

bool supervisor_ask(struct supervisor *s, const struct job *job)
{
	if (s->stopping)
		return false;
	fixtures_want(s, job);
	queue_ask(&s->queue, job);
	return true;
}

bool supervisor_has_ready(const struct supervisor *s)
{
	struct turn turn;

	return queue_peek(&s->queue, tokens_most(s->means->tokens) - s->in_use, &turn);
}

void supervisor_end(struct supervisor *s)
{
	enum attempt_event event = ATTEMPT_STOP;

	s->abandoned = true;
	stop(s);
	for_each_worker(s, handle_event, &event);
	fixtures_stop(s, false);
}

static void on_limit(struct loop_timer *t)
{
	struct supervisor *s = t->owner;

	// What was set up is torn down whatever time that takes.
	if (s->fixtures.tearing_down)
		return;
	if (!s->run->stopped)
		s->run->stopped = xstrdup("--run-limit");
	supervisor_end(s);
}

static void signal_worker(struct attempt *a, void *signo)
{
	attempt_signal(a, *(int *)signo);
}

static void shift_clocks(struct attempt *a, void *ns)
{
	attempt_shift_clocks(a, *(int64_t *)ns);
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
	fixtures_signal(s, stop);
	raise(SIGSTOP);
	int64_t slept = clock_mono_ns() - before;
	s->began_ns += slept;
	if (s->limit.at_ns != LOOP_NEVER)
		s->limit.at_ns += slept;
	for_each_worker(s, shift_clocks, &slept);
	fixtures_shift_clocks(s, slept);
	fixtures_signal(s, go_on);
	for_each_worker(s, signal_worker, &go_on);
	if (s->hooks->suspended)
		s->hooks->suspended(s->hooks->owner, false);
}

static void reap(struct supervisor *s)
{
	struct err err;

	if (reaper_reap(&s->local, &err) < 0)
		s->broken = err;
}

static void on_signal(struct loop_watch *watch, short revents)
{
	struct supervisor *s = watch->owner;
	int signo;

	while ((signo = signals_next(s->means->signals)) != 0) {
		if (signo == SIGCHLD) {
			reap(s);
			local_stop_with(&s->local);
		} else if (signals_is_fatal(signo))
			supervisor_stop(s, signo);
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
	const struct commands *c = jobs->n ? jobs->items[0].settings->commands : NULL;
	size_t n = 0;

	for (size_t i = 0; i < jobs->n && jobs->items[i].settings->commands == c; i++)
		n += framework_has_events(jobs->items[i].framework) || jobs->items[i].shim ||
		     (!s->means->local.library && jobs->items[i].source != READING_GIVEN);
	if (n >= COMPILE_FROM && !c->template && !has_lua_init())
		local_compile_shim(&s->local, c->busted_lua ? c->busted_lua : c->lua);
}

static void on_slow(void *owner, const struct result *r)
{
	const struct run_hooks *hooks = ((struct supervisor *)owner)->hooks;

	if (hooks->slow)
		hooks->slow(hooks->owner, r);
}

static int begin(struct supervisor *s, struct err *err)
{
	const struct run_service *service = s->hooks->service;
	const struct local_guest guest = {service ? service->command : 0,
					  service ? service->reaped : NULL,
					  service ? service->owner : NULL};

	s->has_proc = access("/proc/self/fd", F_OK) == 0;
	s->terms = (struct attempt_terms){.launcher = &s->local.launcher,
					  .means = s->means,
					  .finished = on_finished,
					  .slow = on_slow,
					  .owner = s};
	return local_open(&s->local, &s->means->local, s->run->name, &guest, s->means->tokens,
			  s->means->loop, s->means->signals, err);
}

// What was set up is torn down, however the run has ended.
static void tear_down(struct supervisor *s)
{
	while (fixtures_go_on(s)) {
		start_ready(s);
		if (fixtures_go_on(s) && loop_step(s->means->loop) < 0)
			break;
	}
}

static void end(struct supervisor *s)
{
	fixtures_close(s);
	local_close(&s->local);
	queue_release(&s->queue);
	free(s->attempts.items);
	slots_close(s);
	map_release(&s->libraries);
	map_release(&s->busted_names);
	map_release(&s->fresh);
}

// Nothing can be learned of them any more: they are ended, and have not run.
static void abandon_workers(struct supervisor *s)
{
	struct observation o;

	while (s->attempts.n > 0) {
		struct attempt *a = s->attempts.items[0];
		attempt_signal(a, SIGKILL);
		a->cut_short = true;
		decide(s, a, &o);
		struct result *r = choose(a);
		end_attempt(s, a);
		give_slots(s, a->held);
		free(a);
		tokens_distrust(s->means->tokens);
		pass_on(s, r);
	}
}

static void want_fixtures(struct supervisor *s, const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		fixtures_want(s, &jobs->items[i]);
}

// Goes on with what the end of all jobs has made necessary. False: nothing has to be run any more.
static bool go_on(struct supervisor *s)
{
	const struct jobs *more =
		!s->stopping && s->hooks->done ? s->hooks->done(s->hooks->owner) : NULL;

	if (!more)
		return false;
	queue_release(&s->queue);
	queue_init(&s->queue, more, &s->queue_terms);
	want_fixtures(s, more);
	start_ready(s);
	return true;
}

// Others may still ask for jobs.
static bool is_open(const struct supervisor *s)
{
	const struct run_service *service = s->hooks->service;

	return service && service->goes_on(service->owner);
}

int supervisor_run(struct run *run, const struct jobs *jobs, const struct run_settings *settings,
		   const struct run_means *means, const struct run_hooks *hooks, struct err *err)
{
	struct supervisor s = {
		.run = run,
		.settings = settings,
		.hooks = hooks,
		.means = means,
	};
	struct loop_watch signal_watch = {
		.fd = means->signals->fd, .events = POLLIN, .ready = on_signal, .owner = &s};

	// A run may have begun in another process.
	s.began_ns = clock_mono_ns() - (clock_real_ns() - run->started_ns);
	s.wait_ns = -1;
	s.queue_terms = (struct queue_terms){
		.rounds = settings->rounds,
		.most = tokens_shared(means->tokens) ? run->jobs : tokens_most(means->tokens),
		.in_order = settings->in_order,
		.sets_up = means->fixtures && means->fixtures->n > 0,
		.locks = &settings->locks};
	if (begin(&s, err) < 0)
		return -1;
	slots_open(&s, on_slots_timer);
	fixtures_open(&s);
	if (hooks->service)
		queue_init_asked(&s.queue, jobs, &s.queue_terms);
	else
		queue_init(&s.queue, jobs, &s.queue_terms);
	if (!hooks->service)
		want_fixtures(&s, jobs);
	compile_shim(&s, jobs);
	if (settings->share_tokens &&
	    server_open(&s.server, means->tokens, means->loop, on_token, &s, err) < 0) {
		end(&s);
		return -1;
	}
	if (settings->share_tokens)
		local_share_tokens(&s.local, &s.server);
	s.admission.timer =
		(struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_admission_timer, .owner = &s};
	loop_add_timer(means->loop, &s.admission.timer);
	s.limit = (struct loop_timer){.at_ns = settings->limit_ns ? s.began_ns + settings->limit_ns
								  : LOOP_NEVER,
				      .fire = on_limit,
				      .owner = &s};
	loop_add_timer(means->loop, &s.limit);
	s.again = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_again_timer, .owner = &s};
	loop_add_timer(means->loop, &s.again);
	loop_add_watch(means->loop, &signal_watch);
	tokens_attach(means->tokens, means->loop, on_token, &s);
	if (hooks->service)
		hooks->service->begun(hooks->service->owner, &s);
	start_ready(&s);
	while (!*s.broken.message &&
	       (s.attempts.n > 0 || !queue_is_empty(&s.queue) || is_open(&s) || go_on(&s))) {
		if (loop_step(means->loop) < 0)
			err_set(&s.broken, errno, "wait for the workers");
		start_ready(&s); // also gives back the slots that nobody needs
	}
	abandon_workers(&s);
	queue_stop(&s.queue);
	tear_down(&s);
	tokens_await(means->tokens, false);
	server_close(&s.server);
	loop_remove_watch(means->loop, &signal_watch);
	loop_remove_timer(means->loop, &s.admission.timer);
	loop_remove_timer(means->loop, &s.limit);
	loop_remove_timer(means->loop, &s.again);
	end(&s);
	run->elapsed_ns = clock_mono_ns() - s.began_ns;
	*err = s.broken;
	return *err->message ? -1 : 0;
}
