// SPDX-License-Identifier: MIT
// --gather: a command below which every firmo-jobs records into one run, as make rules have it for
// each file; and then the report of that run, with the passes that stand.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"
#include "store/store.h"
#include "sys/command.h"

static void warn(void *owner, const char *message)
{
	(void)owner;
	session_warn(message);
}

// The run is in the history before anybody below us looks for it.
static void begin(struct firmo_jobs *s)
{
	s->run.name = session_run_name();
	s->run.started_ns = clock_real_ns();
	s->run.jobs = s->make.jobs > 0 ? s->make.jobs : 0;
	session_describe_run(s);
	s->journal = (struct journal){.store = &s->store,
				      .run = &s->run,
				      .announce = session_announce,
				      .warn = warn,
				      .owner = s};
	display_open(&s->display, PROGRESS_NONE, false, 0, &s->loop);
	journal_open(&s->journal, &s->loop);
	journal_begin(&s->journal);
	setenv(SESSION_GATHER, s->run.name, 1);
}

static int run_command(struct firmo_jobs *s, int *status, struct err *err)
{
	char **words = text_split_words(s->options.gather, NULL);
	int code = command_run(words, &s->signals, status, &s->run.signal, err);

	text_free_words(words);
	session_forget_jobserver();
	return code;
}

// Keeps those jobs that are not in ran.
static void leave_out(struct jobs *jobs, const struct map *ran)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		if (map_get(ran, jobs->items[i].path))
			free(jobs->items[i].path);
		else
			jobs->items[n++] = jobs->items[i];
	}
	jobs->n = n;
}

// Takes what was recorded into the run; jobs and reused keep what was not run.
static int load_ran(struct firmo_jobs *s, struct err *err)
{
	struct run begun = s->run;
	struct map ran = {0};

	s->run = (struct run){.lower_bound_ns = -1};
	int status = store_load_run(s->store, begun.id, &s->run, &s->ran, err);
	s->run.unfinished = false;
	s->run.elapsed_ns = clock_real_ns() - begun.started_ns;
	s->run.signal = begun.signal;
	run_release(&begun);
	for (size_t i = 0; i < s->ran.n; i++)
		map_put(&ran, s->ran.items[i].path, s);
	leave_out(&s->jobs, &ran);
	leave_out(&s->reused, &ran);
	map_release(&ran);
	return status;
}

// Takes those that may be support out of the jobs that were not run.
static void set_left_aside(struct firmo_jobs *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->jobs.n; i++) {
		if (support_may_be(&s->support, &s->jobs.items[i]))
			VEC_PUSH(&s->left, s->jobs.items[i]);
		else
			s->jobs.items[n++] = s->jobs.items[i];
	}
	s->jobs.n = n;
}

// Whether those are tests only the whole run tells, so that make's rules have left them to us.
static int run_left(struct firmo_jobs *s, struct err *err)
{
	if (s->run.signal)
		return 0;
	set_left_aside(s);
	if (s->left.n == 0)
		return 0;
	for (size_t i = 0; i < s->run.results.n; i++)
		support_learn(&s->support, s->run.results.items[i]);
	if (plan_note_loads(&s->support, &s->ran, s->store, err) < 0)
		return -1;
	session_open_tokens(s);
	return session_supervise(s, &s->left, err);
}

// What there is to report: all that was run, the passes that stand, and what else is selected.
static int gather(struct firmo_jobs *s, struct err *err)
{
	struct strings notes = {0}; // told already

	jobs_release(&s->jobs);
	s->options.plan.changed_only = true;
	int found = plan_find(&s->jobs, &s->options.plan, &notes, err);
	strings_free_all(&notes);
	if (found < 0 ||
	    plan_order(&s->jobs, &s->reused, &s->options.plan, s->store, &s->support, err) < 0)
		return -1;
	support_begin(&s->support, &s->jobs, &s->reused);
	if (load_ran(s, err) < 0)
		return -1;
	return session_add_reused(s) == FIRMO_JOBS_OK ? run_left(s, err) : -1;
}

static enum firmo_jobs_status report(struct firmo_jobs *s, int status)
{
	enum firmo_jobs_status written = session_report(s, false), outcome = session_outcome(s);
	bool failed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;

	if (outcome == FIRMO_JOBS_OK && failed) {
		session_warn("every file has passed, but the command of --gather has failed");
		return FIRMO_JOBS_BROKEN;
	}
	return outcome == FIRMO_JOBS_OK ? written : outcome;
}

// Without a history everybody has reported for himself, and nobody for all.
static enum firmo_jobs_status leave_to_others(const struct firmo_jobs *s, int status)
{
	bool reports = false;

	for (size_t i = 0; i < s->options.reports.n; i++)
		reports |= s->options.reports.items[i].format != REPORT_TEXT;
	if (reports)
		session_warn("no report is written: without a history nobody knows what ran below "
			     "--gather");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return FIRMO_JOBS_FAILED;
	return reports ? FIRMO_JOBS_BROKEN : FIRMO_JOBS_OK;
}

static enum firmo_jobs_status run_and_report(struct firmo_jobs *s, struct err *err)
{
	int status;

	begin(s);
	bool ran = run_command(s, &status, err) == 0;
	bool gathered = ran && s->store && gather(s, err) == 0;
	// Completes the record, with what was not run.
	run_add_missing(&s->run, &s->jobs, "not started");
	journal_close(&s->journal);
	display_close(&s->display);
	if (gathered)
		return report(s, status);
	if (ran && !*err->message)
		return leave_to_others(s, status);
	session_warn(err->message);
	return FIRMO_JOBS_BROKEN;
}

static int read_command(struct options *o, const char *value, struct err *err)
{
	size_t n = 0;
	char **words = text_split_words(value, &n);

	text_free_words(words);
	if (n == 0)
		return option_invalid(err, "gather", value,
				      "wants a command with its quotes closed");
	o->gather = value;
	return 0;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};

	// As firmo_jobs_plan has it.
	if (s->make.dry_run)
		return FIRMO_JOBS_OK;
	enum firmo_jobs_status ready = session_look(s);
	if (ready != FIRMO_JOBS_OK)
		return ready;
	if ((s->options.writes_rules && session_write_rules(s, &err) < 0) ||
	    signals_open(&s->signals, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	enum firmo_jobs_status status = run_and_report(s, &err);
	signals_close(&s->signals);
	return status;
}

const struct mode mode_gather = {
	.name = "--gather",
	.formats = MODE_RUN_FORMATS,
	.keeps_jobserver = true,
	.read = read_command,
	.carry_out = carry_out,
};
