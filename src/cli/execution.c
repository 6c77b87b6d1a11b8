// SPDX-License-Identifier: MIT
#include "cli/execution.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "cli/covering.h"
#include "cli/fixtures.h"
#include "cli/lock_file.h"
#include "cli/quarantined.h"
#include "cli/reused.h"
#include "cli/root.h"
#include "cli/service.h"
#include "cli/session.h"
#include "coverage/arena.h"
#include "jobserver/tokens.h"
#include "launch/workspace.h"
#include "model/inputs.h"
#include "plan/names.h"
#include "report/text.h"
#include "store/store.h"
#include "sys/command.h"
#include "sys/cpus.h"

// ---- what it takes ----

char *execution_name(void)
{
	const char *outer = getenv("FIRMO_JOBS_WORKER");
	char host[64] = "";

	gethostname(host, sizeof host - 1);
	return xasprintf("%s%s%s-%d-%" PRIx64, outer ? outer : "", outer ? "/" : "", host, getpid(),
			 (uint64_t)clock_real_ns());
}

void execution_open_tokens(struct firmo_jobs *s, const struct makeflags *m, int most)
{
	struct err warning;

	char *marker = xasprintf("FIRMO_JOBS_WORKER=%s", s->run.name);
	free(s->workspace);
	s->workspace = workspace_path(s->run.name);
	s->means.local.workspace = s->workspace;
	s->means.tokens = tokens_open(m, most, cpus_usable(), marker, s->workspace, &warning);
	free(marker);
	// It shares the memory of this watchdog, and is as small.
	spawner_close(&s->context.spawner);
	spawner_open(&s->context.spawner);
	s->means.local.spawner = &s->context.spawner;
	if (*warning.message)
		session_warn(warning.message);
}

// ---- hooks ----

static void publish(void *owner, struct result *const *results, size_t n)
{
	struct firmo_jobs *s = owner;
	struct err err;

	if (s->context.text_to_stdout) {
		display_clear(&s->display);
		// A reader that went away is told once, at the end.
		for (size_t i = 0; i < n; i++)
			report_text_file(stdout, results[i], &s->context.style, &err);
		fflush(stdout);
		display_restore(&s->display);
	}
	for (size_t i = 0; i < n; i++) {
		// What it depended on is recorded, and too much to be kept for hundreds of files.
		result_forget_inputs(results[i]);
		live_add(s, results[i]);
	}
}

static void warn_in_run(void *owner, const char *message)
{
	struct firmo_jobs *s = owner;

	display_clear(&s->display);
	session_warn(message);
	display_restore(&s->display);
}

static void on_begun(void *owner, struct supervisor *supervisor)
{
	struct firmo_jobs *s = owner;

	if (s->service)
		service_begin(s->service, supervisor);
	if (s->context.spectator)
		s->context.spectator->begun(s->context.spectator->owner, supervisor);
}

static void on_started(void *owner, const struct result *r)
{
	struct firmo_jobs *s = owner;

	display_started(&s->display, r);
	if (s->service)
		service_started(s->service, r);
}

static void on_process_started(void *owner, const struct result *r)
{
	live_process_started(owner, r);
}

static void on_test_ended(void *owner, const struct result *r, const struct test_case *t)
{
	live_test_ended(owner, r, t);
}

static void on_wrote(void *owner, const struct result *r, const char *data, size_t n)
{
	live_wrote(owner, r, data, n);
}

static void on_slow(void *owner, const struct result *r)
{
	display_slow(&((struct firmo_jobs *)owner)->display, r);
}

// Who watches the run may wonder why fewer files run than could.
static void on_waits(void *owner, const struct job *job, int64_t left_bytes)
{
	struct firmo_jobs *s = owner;

	if (!s->settings->text.verbose && s->display.kind == PROGRESS_NONE)
		return;
	char *message = xasprintf("%s waits for memory: it took %.1f MiB before, %.1f MiB are left "
				  "beside what those that run may take (--no-memory-guard)",
				  job->path, (double)job->peak_bytes / 1024 / 1024,
				  (double)left_bytes / 1024 / 1024);
	warn_in_run(s, message);
	free(message);
}

static void on_waits_for_run(void *owner, const char *who, const char *lock, bool exclusive,
			     pid_t pid)
{
	struct firmo_jobs *s = owner;

	if (!s->settings->text.verbose && s->display.kind == PROGRESS_NONE)
		return;
	char *number = pid > 0 ? xasprintf(" (%d)", (int)pid) : xstrdup("");
	char *message =
		lock ? xasprintf("%s waits for the lock %s, held by another firmo-jobs%s", who,
				 lock, number)
		: exclusive ? xasprintf("%s waits to be alone: files of another firmo-jobs%s run",
					who, number)
			    : xasprintf("%s waits for an exclusive file of another firmo-jobs%s",
					who, number);
	warn_in_run(s, message);
	free(number);
	free(message);
}

static void on_needs_fresh(void *owner, const struct job *job, bool again)
{
	char *message = xasprintf("%s needs a fresh process: %sforked it has other results",
				  job->path, again ? "run once more, " : "");

	warn_in_run(owner, message);
	free(message);
}

static void recall(void *owner, struct result *r)
{
	struct firmo_jobs *s = owner;

	if (s->context.store)
		snapshot_recall(s->context.store, r);
}

// What the settings let several files write is no claim of one.
static void forget_shared(struct strings *claims, const struct strings *shared)
{
	size_t n = 0;

	for (size_t i = 0; i < claims->n; i++)
		if (name_matches(shared, claims->items[i]))
			free(claims->items[i]);
		else
			claims->items[n++] = claims->items[i];
	claims->n = n;
}

static void on_ended(void *owner, struct result *r)
{
	struct firmo_jobs *s = owner;
	bool bad = result_is_bad(r) || r->status == FILE_NOTRUN;

	if (r->inputs)
		forget_shared(&r->inputs->claims, &s->settings->shared);
	if (s->context.spectator)
		s->context.spectator->ended(s->context.spectator->owner, r);
	// Of what was cut short it matters what it wrote.
	if (r->status == FILE_NOTRUN && r->inputs)
		inputs_forget(r->inputs);
	display_ended(&s->display, r);
	covering_take(s, r);
	quarantined_check(s, r, warn_in_run, s);
	support_learn(&s->support, r);
	reused_note(s, r);
	// Who waits for what is not decided yet goes on: our own status has the last word.
	if (s->service)
		service_finished(s->service, r, bad && !support_is_open(&s->support, r));
	// What it depended on is of use for nothing else.
	if (r->status != FILE_PASSED && r->inputs)
		inputs_forget(r->inputs);
	if (support_is_open(&s->support, r)) {
		VEC_PUSH(&s->open, r);
		return;
	}
	// A file that was cut short has no outcome that would be worth remembering.
	if (r->status != FILE_NOTRUN)
		journal_add(&s->journal, r);
	else
		live_add(s, r);
}

static bool is_open(void *owner, const struct result *r)
{
	return support_is_open(&((struct firmo_jobs *)owner)->support, r);
}

static const char *asks(void *owner, const struct result *r)
{
	return support_asks(&((struct firmo_jobs *)owner)->support, r);
}

static const struct jobs *on_done(void *owner)
{
	struct firmo_jobs *s = owner;
	const struct jobs *more = reused_invalidated(s);

	if (!more)
		more = reused_asked(s);

	if (more && s->display.total > 0)
		s->display.total += more->n * (size_t)s->settings->run.rounds;
	return more;
}

static void decide_open(struct firmo_jobs *s)
{
	for (size_t i = 0; i < s->open.n; i++) {
		support_decide(&s->support, s->open.items[i]);
		journal_add(&s->journal, s->open.items[i]);
	}
	s->open.n = 0;
}

static void on_fixture_ended(void *owner, struct fixture *f, struct fixture_result *r)
{
	struct firmo_jobs *s = owner;
	struct err err;

	if (!r->tears_down && !r->failed) {
		// Passes that stood by other variables do not stand any more.
		bool renewed = variants_renew(&s->context.variants, f);
		s->renewed |= renewed;
		s->wrote |= renewed;
		if (s->context.store)
			fixtures_keep(f, s->settings);
	}
	if (s->service && !r->tears_down)
		service_set_up(s->service);
	if (live_is_open(s))
		live_fixture_ended(s, r);
	VEC_PUSH(&s->run.fixtures, *r);
	if (!s->context.text_to_stdout)
		return;
	display_clear(&s->display);
	report_text_fixture(stdout, r, &s->context.style, &err);
	fflush(stdout);
	display_restore(&s->display);
}

static void on_asked(void *owner)
{
	display_dump(&((struct firmo_jobs *)owner)->display);
}

static void on_suspended(void *owner, bool now)
{
	struct firmo_jobs *s = owner;
	const struct spectator *spectator = s->context.spectator;

	if (now)
		display_clear(&s->display);
	if (spectator)
		spectator->suspended(spectator->owner, now);
	if (!now)
		display_restore(&s->display);
}

// ---- what is ours and no input ----

// By the name that it has where no link leads to it, whether it is there yet or not.
static void add_own(struct firmo_jobs *s, const char *path)
{
	char *real = path_real(path);

	if (!real) {
		char *folder = xstrndup(path, (size_t)(path_base(path) - path));
		char *above = path_real(*folder ? folder : ".");
		real = above ? path_join(above, path_base(path)) : NULL;
		free(above);
		free(folder);
	}
	if (real)
		VEC_PUSH(&s->own, real);
}

// What we write ourselves, and nothing beside it.
static void find_own(struct firmo_jobs *s)
{
	static const char *const logs[] = {"-wal", "-shm", "-journal", LOCK_FILE_SUFFIX};

	add_own(s, s->workspace);
	add_own(s, STATE_FOLDER);
	add_own(s, s->settings->db);
	char *database = path_real(s->settings->db);
	for (size_t i = 0; database && i < sizeof logs / sizeof *logs; i++)
		VEC_PUSH(&s->own, xasprintf("%s%s", database, logs[i]));
	free(database);
	if (s->slots)
		add_own(s, s->slots);
	// What the shim of a fork server loads of it is no dependence of a test.
	if (s->means.local.fork.library)
		add_own(s, s->means.local.fork.library);
	if (s->means.local.coverage.library) {
		add_own(s, s->means.local.coverage.library);
		VEC_PUSH(&s->own, xstrdup(ARENA_NAME));
	}
	for (size_t i = 0; i < s->settings->reports.n; i++)
		add_own(s, s->settings->reports.items[i].path);
	VEC_PUSH(&s->own, NULL);
}

static void on_refused(void *owner, const char *file, const char *why)
{
	struct firmo_jobs *s = owner;

	if (!s->settings->text.verbose)
		return;
	char *message =
		why ? xasprintf("%s and its kind are not forked: %s", file, why)
		    : xasprintf("%s is not forked: it was seen to need a fresh process", file);
	warn_in_run(s, message);
	free(message);
}

static void set_up_watching(struct firmo_jobs *s)
{
	struct local_settings *local = &s->means.local;

	local->inherits = !s->settings->capture;
	local->left_stats = covering_left_stats;
	local->owner = s;
	local->coverage = covering_terms(s);
	if (s->own.n > 0)
		return;
	bool watches = context_watches(&s->context);
	local->fork = (struct forkserver_settings){
		.library = local->coverage.library ? NULL : context_fork_library(&s->context),
		.checks = s->settings->forks == FORK_AUTO,
		.refused = on_refused,
		.owner = s};
	if (!watches && !local->fork.library)
		return;
	find_own(s);
	local->cwd = s->context.cwd;
	local->library = watches ? s->context.library : NULL;
	local->own = (const char *const *)s->own.items;
}

// ---- from the first to the last ----

// A session of many runs asks git again where HEAD has moved, by what git writes of that.
static const char *revision(struct context *c)
{
	char *moves = root_head_log();
	struct fingerprint now = {0};

	if (moves)
		now = fingerprint_of_status(moves);
	if (!c->revision || !now.present || !fingerprint_equal(&now, &c->revision_since)) {
		free(c->revision);
		c->revision = command_first_line("exec git rev-parse HEAD 2>/dev/null");
		c->revision_since = now;
	}
	free(moves);
	return c->revision;
}

void execution_describe(struct firmo_jobs *s)
{
	s->run.seed = s->settings->plan.seed;
	s->run.repeated = s->settings->run.rounds != 1;
	s->run.flaky_fails = s->settings->flaky == FLAKY_FAIL;
	s->run.lua = xstrdup(s->context.commands.lua_name);
	const char *now = s->context.store && !s->joined && root_in_repository()
				  ? revision(&s->context)
				  : NULL;
	s->run.revision = now ? xstrdup(now) : NULL;
}

void execution_open_journal(struct firmo_jobs *s)
{
	display_open(&s->display, s->progress, context_uses_colours(s->settings, STDERR_FILENO),
		     &s->jobs, s->settings->run.rounds, &s->context.loop);
	// Lines that are gathered for as long as the line below them stands still do not flicker;
	// without one, a time that no eye sees spares a suite of tiny files most of its commits.
	int64_t batch_ns = s->display.kind == PROGRESS_BAR ? DISPLAY_REDRAW_NS : 10 * NS_PER_MS;
	s->journal = (struct journal){.store = &s->context.store,
				      .run = &s->run,
				      .joined = s->joined,
				      .publish = publish,
				      .warn = warn_in_run,
				      .owner = s,
				      .batch_ns = batch_ns};
	journal_open(&s->journal, &s->context.loop);
}

static bool needs_places(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (job_count_locks(&jobs->items[i]) > 0 || jobs->items[i].settings->exclusive)
			return true;
	return false;
}

// Locks hold among all runs of the project, but for what a worker or a fixture runs: that is a part
// of what has its locks already, and would wait for itself.
static void open_places(struct firmo_jobs *s, const struct jobs *jobs)
{
	struct err err;

	if (getenv("FIRMO_JOBS_WORKER"))
		return;
	if (lock_file_open(&s->places, s->context.store ? s->settings->db : NULL, &err) == 0) {
		s->means.places = &s->places;
		tokens_keep(s->means.tokens, s->places.fd);
	} else if (needs_places(jobs)) {
		char *message = xasprintf("%s: locks do not hold beside other runs", err.message);
		session_warn(message);
		free(message);
	}
}

static void close_places(struct firmo_jobs *s)
{
	if (s->means.places)
		places_close(&s->places);
	s->means.places = NULL;
}

int execution_supervise(struct firmo_jobs *s, const struct jobs *jobs, struct err *err)
{
	bool is_live = live_is_open(s);
	const struct run_hooks hooks = {.begun = on_begun,
					.started = on_started,
					.process_started = is_live ? on_process_started : NULL,
					.test_ended = is_live ? on_test_ended : NULL,
					.wrote = is_live ? on_wrote : NULL,
					.waits = on_waits,
					.waits_for_run = on_waits_for_run,
					.slow = on_slow,
					.needs_fresh = on_needs_fresh,
					.recall = recall,
					.ended = on_ended,
					.is_open = is_open,
					.asks = asks,
					.done = on_done,
					.fixture_ended = on_fixture_ended,
					.asked = on_asked,
					.suspended = on_suspended,
					.service = s->service ? &s->service->hooks : NULL,
					.owner = s};

	set_up_watching(s);
	open_places(s, jobs);
	int status = supervisor_run(&s->run, jobs, &s->settings->run, &s->means, &hooks, err);
	// Nobody is kept waiting for our tokens while reports are written.
	if (!tokens_close(s->means.tokens))
		session_warn("make's jobserver is full: tokens could not be given back in time");
	s->means.tokens = NULL;
	close_places(s);
	decide_open(s);
	// What a run that was ended early has changed may matter all the same.
	reused_invalidated(s);
	journal_flush(&s->journal);
	return status;
}

void execution_add_missing(struct firmo_jobs *s)
{
	run_add_missing(&s->run, &s->jobs, "not started");
	run_add_missing(&s->run, &s->left, "not started");
	for (size_t i = 0; i < s->invalidated.n; i++)
		run_add_missing(&s->run, s->invalidated.items[i], "not started");
}

enum firmo_jobs_status execution_outcome(const struct firmo_jobs *s)
{
	if (!run_succeeded(&s->run))
		return FIRMO_JOBS_FAILED;
	// One that is a part of another does not know what the others have run.
	return !s->joined && !run_tells(&s->run) ? FIRMO_JOBS_NO_TESTS : FIRMO_JOBS_OK;
}

enum firmo_jobs_status execution_add_reused(struct firmo_jobs *s)
{
	struct err err;

	s->run.is_unchecked = !s->request.changed_only;
	if (s->reused.n == 0 || store_load_passes(s->context.store, &s->reused, &s->run, &err) == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}
