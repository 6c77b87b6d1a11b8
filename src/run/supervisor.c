// SPDX-License-Identifier: MIT
#include "run/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "model/job_settings.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "run/forks.h"
#include "run/observation.h"
#include "run/private.h"
#include "run/proof.h"
#include "run/start.h"
#include "sys/signals.h"

extern char **environ;

// What a passing worker wrote is kept to this much.
#define PASSED_OUTPUT_BYTES 4096

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

	if (r->inputs && r->status == FILE_PASSED)
		fixtures_add_inputs(s, r);
	if (s->hooks->recall)
		s->hooks->recall(s->hooks->owner, r);
	l->operations->look(l, r);
}

void supervisor_pass_on(struct supervisor *s, struct result *r)
{
	const struct run_settings *set = s->settings;

	if (r->status != FILE_NOTRUN)
		take_fingerprints(s, r);
	queue_set_time(&s->queue, clock_mono_ns());
	quarantine_judge(r);
	neighbours_dismiss(s, r->job);
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

void supervisor_end_attempt(struct supervisor *s, struct attempt *a)
{
	attempt_release(a);
	remove_attempt(s, a);
}

struct attempt *supervisor_new_attempt(struct supervisor *s, const struct job *job, int number,
				       int lane, int held, int64_t since_ns)
{
	struct attempt *a = attempt_new(&s->terms, job, number);

	a->fresh = forks_needs_fresh(s, job);
	a->slot = lane;
	a->held = held;
	a->slot_since_ns = since_ns;
	a->result->slot = s->slots.lanes.items[lane].number;
	return a;
}

void supervisor_enlist(struct supervisor *s, struct attempt *a)
{
	a->result->offset_ns = a->began_ns - s->began_ns;
	VEC_PUSH(&s->attempts, a);
	s->in_use += a->held;
	for (size_t i = 0; s->attempts.n > 1 && i < s->attempts.n; i++)
		s->attempts.items[i]->result->concurrent = true;
	if ((int)s->attempts.n > s->run->peak)
		s->run->peak = (int)s->attempts.n;
	if (s->hooks->process_started)
		s->hooks->process_started(s->hooks->owner, a->result);
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

// A Ctrl-C that a file which has the terminal has not survived was meant for the run as well,
// whatever the file has made of it: Lua ends by an error.
static bool is_interrupted_by_hand(const struct supervisor *s, const struct attempt *a)
{
	bool came = a->result->signal == SIGINT ||
		    s->local.launcher.operations->was_interrupted(a->process);

	return s->local.terminal.fd >= 0 && came && file_status_is_bad(a->result->status) &&
	       !a->timed_out && !a->cut_short;
}

static void on_finished(void *owner, struct attempt *a)
{
	struct supervisor *s = owner;
	struct observation o;

	observation_decide(a, &o);
	bool was_interrupted = is_interrupted_by_hand(s, a);
	if (!was_interrupted && proof_goes_on(s, a, &o))
		return;
	struct result *r = proof_settle(s, a);
	// What a pass has written is of less interest.
	if (!file_status_is_bad(r->status))
		shorten_output(r);
	supervisor_end_attempt(s, a);
	s->slots.lanes.items[a->slot].taken = false;
	slots_reuse(s, a->held, a->slot_since_ns);
	s->out_of_resources = false;
	admission_reopen(&s->admission);
	free(a);
	supervisor_pass_on(s, r);
	if (was_interrupted)
		supervisor_stop(s, SIGINT);
}

// ---- the start of a worker ----

// Others may still ask for jobs.
static bool is_open(const struct supervisor *s)
{
	const struct run_service *service = s->hooks->service;

	return service && service->goes_on(service->owner);
}

bool supervisor_is_over(const struct supervisor *s)
{
	return s->attempts.n == 0 && queue_is_empty(&s->queue) && !is_open(s);
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
		if (start_without_process(s, &turn))
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
		if (!neighbours_admit(s, &turn))
			continue;
		if (!start_turn(s, &turn, held)) {
			neighbours_dismiss(s, turn.job);
			break;
		}
		room = slots_limit(s);
	}
	neighbours_settle(s);
	slots_settle(s, part && !held_back);
	ready = ((ready || part) && !s->out_of_resources && !held_back) || sets_up;
	slots_note_wait(s, ready);
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

static void on_timer(struct loop_timer *t)
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

bool supervisor_set_up(struct supervisor *s, struct fixture *f)
{
	if (s->stopping)
		return false;
	f->wanted = true;
	start_ready(s);
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

// Who has started us holds the other end.
static void on_input(struct loop_watch *watch, short revents)
{
	struct supervisor *s = watch->owner;
	char ignored[512];
	ssize_t n = read(watch->fd, ignored, sizeof ignored);

	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	loop_remove_watch(s->means->loop, watch);
	supervisor_stop(s, SIGTERM);
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

static void on_test_ended(void *owner, const struct result *r, const struct test_case *t)
{
	const struct run_hooks *hooks = ((struct supervisor *)owner)->hooks;

	hooks->test_ended(hooks->owner, r, t);
}

static void on_wrote(void *owner, const struct result *r, const char *data, size_t n)
{
	const struct run_hooks *hooks = ((struct supervisor *)owner)->hooks;

	hooks->wrote(hooks->owner, r, data, n);
}

static int begin(struct supervisor *s, struct err *err)
{
	const struct run_service *service = s->hooks->service;
	const struct local_guest guest = {service ? service->command : 0,
					  service ? service->reaped : NULL,
					  service ? service->owner : NULL};

	s->terms = (struct attempt_terms){.launcher = &s->local.launcher,
					  .means = s->means,
					  .finished = on_finished,
					  .slow = on_slow,
					  .test_ended = s->hooks->test_ended ? on_test_ended : NULL,
					  .wrote = s->hooks->wrote ? on_wrote : NULL,
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
	neighbours_close(s);
	local_close(&s->local);
	queue_release(&s->queue);
	free(s->attempts.items);
	slots_close(s);
	forks_close(s);
}

// Nothing can be learned of them any more: they are ended, and have not run.
static void abandon_workers(struct supervisor *s)
{
	struct observation o;

	while (s->attempts.n > 0) {
		struct attempt *a = s->attempts.items[0];
		attempt_signal(a, SIGKILL);
		a->cut_short = true;
		observation_decide(a, &o);
		struct result *r = proof_choose(a);
		supervisor_end_attempt(s, a);
		slots_give(s, a->held);
		free(a);
		tokens_distrust(s->means->tokens);
		supervisor_pass_on(s, r);
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

	struct loop_watch input_watch = {
		.fd = STDIN_FILENO, .events = POLLIN, .ready = on_input, .owner = &s};

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
	forks_open(&s, jobs);
	slots_open(&s, on_slots_timer);
	neighbours_open(&s, start_ready);
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
	s.admission.timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = &s};
	loop_add_timer(means->loop, &s.admission.timer);
	s.limit = (struct loop_timer){.at_ns = settings->limit_ns ? s.began_ns + settings->limit_ns
								  : LOOP_NEVER,
				      .fire = on_limit,
				      .owner = &s};
	loop_add_timer(means->loop, &s.limit);
	s.again = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = &s};
	loop_add_timer(means->loop, &s.again);
	loop_add_watch(means->loop, &signal_watch);
	if (settings->end_with_input)
		loop_add_watch(means->loop, &input_watch);
	tokens_attach(means->tokens, means->loop, on_token, &s);
	if (hooks->begun)
		hooks->begun(hooks->owner, &s);
	start_ready(&s);
	while (!*s.broken.message && (!supervisor_is_over(&s) || go_on(&s))) {
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
	loop_remove_watch(means->loop, &input_watch);
	loop_remove_timer(means->loop, &s.admission.timer);
	loop_remove_timer(means->loop, &s.limit);
	loop_remove_timer(means->loop, &s.again);
	end(&s);
	run->elapsed_ns = clock_mono_ns() - s.began_ns;
	*err = s.broken;
	return *err->message ? -1 : 0;
}
