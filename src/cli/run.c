// SPDX-License-Identifier: MIT
// The main verb: test files are found, put in order, run and reported on.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "cli/covering.h"
#include "cli/execution.h"
#include "cli/files.h"
#include "cli/fixtures.h"
#include "cli/mode.h"
#include "cli/relating.h"
#include "cli/reports.h"
#include "cli/run.h"
#include "cli/service.h"
#include "cli/session.h"
#include "jobserver/tokens.h"
#include "plan/forecast.h"
#include "store/store.h"

// ---- plan ----

static void warn_of_file(const struct job *job, const char *what, int errnum)
{
	char *message = xasprintf("%s: %s%s%s", job->path, what, errnum ? ": " : "",
				  errnum ? strerror(errnum) : "");

	session_warn(message);
	free(message);
}

static void warn_of_files(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		if (jobs->items[i].unreadable)
			warn_of_file(&jobs->items[i], "cannot be read", jobs->items[i].unreadable);
		else if (jobs->items[i].size == 0)
			warn_of_file(&jobs->items[i], "is empty, so it tests nothing", 0);
	}
}

static void tell_all(const struct jobs *jobs, const struct handovers *all, const char *waits,
		     const char *why)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct handover *h = &all->items[i];
		char *message = xasprintf("%s %s %s, which writes what it depends on%s: %s",
					  jobs->items[h->consumer].path, waits,
					  jobs->items[h->producer].path, why, h->path);
		session_warn(message);
		free(message);
	}
}

// Tests whose order matters, though nothing in them says so.
static void tell_handovers(const struct jobs *jobs)
{
	tell_all(jobs, &jobs->handovers, "waits for", "");
	tell_all(jobs, &jobs->circles, "does not wait for", " but depends on it as well");
}

// Below firmo-jobs --gather what we run is a part of that run, which reports on it.
static void join_run(struct firmo_jobs *s)
{
	const char *name = getenv(CONTEXT_GATHER);

	if (!name || !s->context.store || !load_find_run(s->context.store, name, &s->run))
		return;
	s->joined = true;
	s->slots = path_beside(s->settings->db, "slots");
	s->means.slots = s->slots;
	s->progress = PROGRESS_NONE;
}

// The exit status that --join was answered; -1: nobody has.
static int ask_service(const struct firmo_jobs *s)
{
	const char *name = getenv(CONTEXT_GATHER);
	const struct strings *paths = s->request.paths;

	return s->settings->join && name && paths->n == 1 ? service_ask(name, paths->items[0]) : -1;
}

// Where a report goes to standard output, nothing else does.
static void tell_none(const struct firmo_jobs *s)
{
	const char *text = s->request.related
				   ? "No file has to do with these sources: nothing to run."
				   : "No file failed last time: nothing to run.";

	if (s->context.text_to_stdout)
		puts(text);
	else
		session_warn(text);
}

static enum firmo_jobs_status put_in_order(struct firmo_jobs *s, bool to_run)
{
	enum firmo_jobs_status found = FIRMO_JOBS_OK;
	struct err err = {0};

	if (s->request.changed_only)
		found = context_find_programs(&s->context);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (plan_order(&s->jobs, &s->reused, &s->request, s->context.store, &s->support, &err) < 0)
		context_lose_store(&s->context, &err);
	if (s->jobs.n == 0 && s->reused.n == 0 && !s->context.make.question)
		tell_none(s);
	relating_tell(s);
	warn_of_files(&s->jobs);
	if (to_run && s->settings->text.verbose)
		tell_handovers(&s->jobs);
	struct forecast f;
	forecast_make(&f, &s->jobs, context_workers(&s->context), &s->settings->run.locks);
	if (f.unknown == 0 && context_workers(&s->context) > 0 && s->settings->run.rounds == 1)
		s->run.lower_bound_ns = f.lower_bound_ns;
	return FIRMO_JOBS_OK;
}

static void begin_plan(struct firmo_jobs *s)
{
	s->run.name = execution_name();
	execution_open_tokens(s, &s->context.make, (int)s->settings->jobs);
}

enum firmo_jobs_status run_plan(struct firmo_jobs *s)
{
	s->stage = STAGE_PLANNED;
	begin_plan(s);
	s->request.slots = context_workers(&s->context);
	return put_in_order(s, true);
}

static enum firmo_jobs_status plan(struct firmo_jobs *s, bool to_run)
{
	int answered = to_run ? ask_service(s) : -1;

	if (answered >= 0) {
		s->joined = true;
		return (enum firmo_jobs_status)answered;
	}
	if (to_run)
		begin_plan(s);
	// What the history knows of files need not be read in them.
	if (s->request.changed_only && access(s->settings->db, F_OK) == 0 &&
	    context_open_store(&s->context, to_run) != FIRMO_JOBS_OK)
		return FIRMO_JOBS_USAGE;
	enum firmo_jobs_status found = files_find(s);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (s->jobs.n == 0)
		return files_none(s);
	s->request.slots = context_workers(&s->context);
	if (context_open_store(&s->context, to_run) != FIRMO_JOBS_OK)
		return FIRMO_JOBS_USAGE;
	if (to_run)
		join_run(s);
	// Where nothing runs it matters only if it decides what would.
	if (s->joined)
		found = covering_join(s);
	else if (to_run || s->request.changed_only || s->settings->plan.failed_only)
		found = covering_begin(s);
	if (found == FIRMO_JOBS_OK)
		found = relating_begin(s);
	return found == FIRMO_JOBS_OK ? put_in_order(s, to_run) : found;
}

enum firmo_jobs_status run_dry(struct firmo_jobs *s)
{
	if (!s->context.make.question)
		return FIRMO_JOBS_OK;
	enum firmo_jobs_status status = plan(s, false);
	if (status == FIRMO_JOBS_OK && s->jobs.n > 0)
		status = FIRMO_JOBS_FAILED;
	jobs_release(&s->jobs);
	jobs_release(&s->reused); // what stands is not told either
	return status;
}

enum firmo_jobs_status firmo_jobs_plan(struct firmo_jobs *s)
{
	bool to_run = s->settings->mode->runs_files;

	session_begin_run(s);
	s->stage = STAGE_PLANNED;
	return s->context.make.dry_run && to_run ? run_dry(s) : plan(s, to_run);
}

unsigned long firmo_jobs_planned(const struct firmo_jobs *s)
{
	return s->jobs.n;
}

const char *firmo_jobs_planned_path(const struct firmo_jobs *s, unsigned long index)
{
	return index < s->jobs.n ? s->jobs.items[index].path : NULL;
}

// ---- run ----

static void begin_run(struct firmo_jobs *s)
{
	const struct tokens *tokens = s->means.tokens;

	int most = tokens_most(tokens), made = s->context.make.jobs;

	s->run.jobs = most;
	// Below make there are no more than make has, whatever we may use of them.
	if (tokens_shared(tokens) && (most >= TOKENS_MAX || (made > 0 && made < most)))
		s->run.jobs = made > 0 ? made : 0;
	execution_describe(s);
	execution_open_journal(s);
	live_begin(s);
}

static bool is_needed(const struct fixture *f, const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *job = &jobs->items[i];
		for (struct fixture *const *own = job->settings->fixtures; own && *own; own++)
			if (*own == f && job->size > 0 && !job->unreadable)
				return true;
	}
	return false;
}

// What our files need is set up by the run that ours is a part of, once for all of it.
static void ask_for_fixtures(struct firmo_jobs *s)
{
	const char *above = getenv(CONTEXT_GATHER);
	struct variants *variants = &s->context.variants;

	for (size_t i = 0; i < variants->fixtures.n; i++) {
		struct fixture *f = &variants->fixtures.items[i];
		int status = is_needed(f, &s->jobs) ? service_ask_fixture(above, f) : -1;
		f->above = status == FIRMO_JOBS_OK || status == FIRMO_JOBS_FAILED;
		if (!f->above)
			continue;
		f->state = status == FIRMO_JOBS_OK ? FIXTURE_UP : FIXTURE_FAILED;
		fixtures_read(f, s->settings);
		s->renewed |= variants_renew(variants, f);
	}
	s->wrote |= s->renewed;
}

static int carry_out(struct firmo_jobs *s, struct err *err)
{
	support_begin(&s->support, &s->jobs, &s->reused);
	begin_run(s);
	int status = execution_supervise(s, &s->jobs, err);
	execution_add_missing(s);
	journal_close(&s->journal);
	display_close(&s->display);
	covering_end(s);
	return status;
}

enum firmo_jobs_status firmo_jobs_run(struct firmo_jobs *s)
{
	struct err err = {0};

	if (s->stage != STAGE_PLANNED) {
		session_warn("firmo_jobs_run: firmo_jobs_plan has to be called before each run");
		return FIRMO_JOBS_USAGE;
	}
	s->stage = STAGE_RUN;
	if (!s->joined) {
		s->run.started_ns = clock_real_ns();
		if (execution_add_reused(s) != FIRMO_JOBS_OK)
			return FIRMO_JOBS_BROKEN;
	}
	enum firmo_jobs_status found = s->jobs.n > 0 || s->covering.hits
					       ? context_find_programs(&s->context)
					       : FIRMO_JOBS_OK;
	if (found != FIRMO_JOBS_OK)
		return found;
	if (s->jobs.n == 0) {
		covering_end(s);
		s->run.elapsed_ns = clock_real_ns() - s->run.started_ns;
		return s->covering.hits ? execution_outcome(s) : FIRMO_JOBS_OK;
	}
	if (s->joined)
		ask_for_fixtures(s);
	bool is_one_of_many = s->context.has_signals;
	if (!is_one_of_many && context_open_signals(&s->context, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	int status = carry_out(s, &err);
	if (!is_one_of_many)
		context_close_signals(&s->context);
	if (status == 0)
		return execution_outcome(s);
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

// ---- report ----

enum firmo_jobs_status firmo_jobs_report(struct firmo_jobs *s)
{
	if (s->jobs.n == 0 && s->reused.n == 0)
		return live_end(s, FIRMO_JOBS_OK);
	if (s->joined)
		return execution_outcome(s);
	enum firmo_jobs_status written = reports_of_run(s, false), outcome = execution_outcome(s);
	return live_end(s, outcome == FIRMO_JOBS_OK ? written : outcome);
}

static enum firmo_jobs_status run(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = firmo_jobs_plan(s);

	if (s->context.make.dry_run)
		return status;
	if (status != FIRMO_JOBS_OK)
		return live_end(s, status);
	status = firmo_jobs_run(s);
	return status == FIRMO_JOBS_BROKEN ? live_end(s, status) : firmo_jobs_report(s);
}

const struct mode mode_run = {.name = "a run",
			      .goes_by_plan = true,
			      .runs_files = true,
			      .formats =
				      MODE_RUN_FORMATS | MODE_COVERAGE_FORMATS | MODE_LIVE_FORMATS,
			      .carry_out = run};

// ---- the rest ----
