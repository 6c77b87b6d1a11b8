// SPDX-License-Identifier: MIT
// --gather: a command below which every firmo-jobs records into one run, as make rules have it for
// each file; and then the report of that run, with the valid passes.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/covering.h"
#include "cli/execution.h"
#include "cli/files.h"
#include "cli/firmo_settings.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/reports.h"
#include "cli/rules.h"
#include "cli/run.h"
#include "cli/service.h"
#include "cli/session.h"
#include "jobserver/client.h"
#include "jobserver/tokens.h"
#include "store/store.h"
#include "sys/command.h"

// The run is in the history before anybody below us looks for it.
static void begin(struct firmo_jobs *s)
{
	s->run.name = execution_name();
	s->run.started_ns = clock_real_ns();
	s->run.jobs = s->context.make.jobs > 0 ? s->context.make.jobs : 0;
	execution_describe(s);
	// The lines of others stand between ours.
	s->progress = PROGRESS_NONE;
	execution_open_journal(s);
	journal_begin(&s->journal);
	setenv(CONTEXT_GATHER, s->run.name, 1);
	covering_hand_down(s);
	firmo_settings_hand_down(&s->settings->said);
	live_begin(s);
}

// Those below us run and report for themselves where we would know nothing of what did not ask us,
// and where what is repeated, or shares the slots that it has, needs to know of all files.
static bool open_service(struct firmo_jobs *s, struct service *v)
{
	struct err err;
	bool is_past_known = s->settings->writes_rules || !s->context.store ||
			     (plan_add_past(&s->jobs, s->context.store, &err) == 0 &&
			      plan_keep_apart(&s->jobs, &s->request, s->context.store, &err) == 0);

	return (s->context.store || s->settings->writes_rules) && is_past_known &&
	       s->settings->run.rounds == 1 && !s->settings->run.share_tokens &&
	       service_open(v, s, &err) == 0;
}

// Where memory has run out: the tokens that the command and those below it have are back before
// make hears of our end.
static void end_command(void *arg)
{
	const struct service *v = arg;
	int64_t until_ns = clock_mono_ns() + CLIENT_PATIENCE_NS;

	if (v->ended)
		return;
	kill(v->hooks.command, SIGTERM);
	while (waitpid(v->hooks.command, NULL, WNOHANG) == 0 && clock_mono_ns() < until_ns)
		poll(NULL, 0, 10);
}

// Whoever asks us to run a file has a slot for it, so we have as many as make, or as are asked for.
// make holds the load down itself.
static int serve(struct firmo_jobs *s, char **words, struct service *v, struct err *err)
{
	const struct makeflags none = {.auth = AUTH_NONE};
	struct will will = {.act = end_command, .arg = v};

	if (command_start(words, &s->context.signals, &v->hooks.command, err) < 0)
		return -1;
	will_make(&will);
	context_forget_jobserver();
	s->service = v;
	if (s->context.store)
		s->slots = path_beside(s->settings->db, "slots");
	s->means.slots = s->slots;
	s->means.has_make_load = false;
	execution_open_tokens(s, &none, s->run.jobs > 0 ? s->run.jobs : TOKENS_MAX);
	int code = execution_supervise(s, &s->jobs, err);
	s->service = NULL;
	will_drop(&will);
	// Where the run broke, the command is still there.
	if (!v->ended && kill(v->hooks.command, SIGTERM) == 0)
		while (waitpid(v->hooks.command, &v->status, 0) < 0 && errno == EINTR)
			;
	return code;
}

// Those that run their files for themselves know nothing of one another but of locks.
static void warn_of_slots(const struct firmo_jobs *s)
{
	bool have = false;

	for (size_t i = 0; i < s->jobs.n && !have; i++)
		have = s->jobs.items[i].settings->slots > 1 || s->jobs.items[i].settings->fixtures;
	if (!have)
		return;
	char *message = xasprintf(
		"slots do not hold between the files that make runs %s, and fixtures are set up "
		"for each of them",
		s->context.store ? "with --repeat, --until-fail or --share-tokens"
				 : "without a history");
	session_warn(message);
	free(message);
}

static int run_command(struct firmo_jobs *s, int *status, bool *served, struct err *err)
{
	char **words = text_split_words(s->settings->gather, NULL);
	struct service service;
	int code;

	*served = open_service(s, &service);
	if (*served) {
		code = serve(s, words, &service, err);
		*status = service.status;
		service_close(&service);
	} else {
		warn_of_slots(s);
		code = command_run(words, &s->context.signals, status, &s->run.signal, err);
	}
	text_free_words(words);
	context_forget_jobserver();
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
	if (store_load_run(s->context.store, begun.id, &s->run, &s->ran, err) < 0) {
		run_release(&s->run);
		s->run = begun;
		return -1;
	}
	s->run.unfinished = false;
	s->run.elapsed_ns =
		begun.elapsed_ns ? begun.elapsed_ns : clock_real_ns() - begun.started_ns;
	s->run.signal = begun.signal;
	// The record has them at the end.
	s->run.fixtures.items = begun.fixtures.items;
	s->run.fixtures.n = begun.fixtures.n;
	s->run.fixtures.cap = begun.fixtures.cap;
	begun.fixtures.n = 0;
	begun.fixtures.items = NULL;
	s->run.stopped = begun.stopped;
	begun.stopped = NULL;
	run_release(&begun);
	for (size_t i = 0; i < s->ran.n; i++)
		map_put(&ran, s->ran.items[i].path, s);
	leave_out(&s->jobs, &ran);
	leave_out(&s->reused, &ran);
	map_release(&ran);
	return 0;
}

// make's rules have gone by the variables that a setup gave before; what has not passed make was
// not asked for.
static bool is_renewed(const struct firmo_jobs *s, const struct job *job)
{
	return s->renewed && job->settings->fixtures && job->last == FILE_PASSED;
}

// Takes those that may be support, and those whose passes do not stand any more or were not
// counted, out of the jobs that were not run.
static void set_left_aside(struct firmo_jobs *s, bool has_failed)
{
	size_t n = 0;

	for (size_t i = 0; i < s->jobs.n; i++) {
		const struct job *job = &s->jobs.items[i];
		if (support_may_be(&s->support, job) ||
		    (!has_failed && (is_renewed(s, job) || job->is_uncounted)))
			VEC_PUSH(&s->left, *job);
		else
			s->jobs.items[n++] = s->jobs.items[i];
	}
	s->jobs.n = n;
}

// Whether those are tests only the whole run tells, so that make's rules have left them to us.
static int run_left(struct firmo_jobs *s, bool has_failed, struct err *err)
{
	if (s->run.signal)
		return 0;
	set_left_aside(s, has_failed);
	if (s->left.n == 0)
		return 0;
	for (size_t i = 0; i < s->run.results.n; i++)
		support_learn(&s->support, s->run.results.items[i]);
	if (plan_note_loads(&s->support, &s->ran, s->context.store, err) < 0)
		return -1;
	execution_open_tokens(s, &s->context.make, (int)s->settings->jobs);
	return execution_supervise(s, &s->left, err);
}

// What there is to report: all that was run, the valid passes, and what else is selected.
static int gather(struct firmo_jobs *s, bool has_failed, struct err *err)
{
	struct strings notes = {0}; // told already

	// What was served points to them.
	s->asked = s->jobs;
	s->jobs = (struct jobs){0};
	s->request.changed_only = true;
	int found = plan_find(&s->jobs, &s->request, s->context.store, &notes, err);
	strings_free_all(&notes);
	if (found < 0 ||
	    plan_order(&s->jobs, &s->reused, &s->request, s->context.store, &s->support, err) < 0)
		return -1;
	support_begin(&s->support, &s->jobs, &s->reused);
	if (load_ran(s, err) < 0)
		return -1;
	return execution_add_reused(s) == FIRMO_JOBS_OK ? run_left(s, has_failed, err) : -1;
}

static bool has_failed(int status)
{
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

// ---- a history that was lost on the way ----

static bool is_lost(const struct firmo_jobs *s)
{
	const struct store *store = s->context.store;

	return !store || s->journal.renewed || store_is_broken(store);
}

// Copies of what there is no result of, be it gone by now. The passes that a command such as make
// goes by may be among them: nobody can tell any more.
static struct jobs *find_unknown(const struct firmo_jobs *s)
{
	const struct jobs *lists[] = {&s->jobs, &s->reused, &s->asked};
	struct jobs *unknown = xcalloc(1, sizeof *unknown);
	struct map known = {0};

	for (size_t i = 0; i < s->run.results.n; i++)
		map_put(&known, s->run.results.items[i]->job->path, unknown);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (size_t j = 0; j < lists[i]->n; j++) {
			struct job job = lists[i]->items[j];
			if (map_get(&known, job.path))
				continue;
			map_put(&known, job.path, unknown);
			job.path = xstrdup(job.path);
			VEC_PUSH(unknown, job);
		}
	map_release(&known);
	return unknown;
}

// A command that has failed may have left them out for that.
static int run_unknown(struct firmo_jobs *s, int status, struct err *err)
{
	struct jobs *unknown = find_unknown(s), none = {0};

	VEC_PUSH(&s->invalidated, unknown);
	if (unknown->n == 0)
		return 0;
	if (s->run.signal || has_failed(status)) {
		run_add_missing(
			&s->run, unknown,
			"whether its last pass is still valid is not known: the history was lost");
		return 0;
	}
	if (plan_order(unknown, &none, &s->request, NULL, NULL, err) < 0)
		return -1;
	execution_open_tokens(s, &s->context.make, (int)s->settings->jobs);
	return execution_supervise(s, unknown, err);
}

static enum firmo_jobs_status report(struct firmo_jobs *s, int status)
{
	enum firmo_jobs_status written = reports_of_run(s, false), outcome = execution_outcome(s);

	if (outcome == FIRMO_JOBS_OK && has_failed(status)) {
		session_warn("every file has passed, but the command of --gather has failed");
		return FIRMO_JOBS_BROKEN;
	}
	return outcome == FIRMO_JOBS_OK ? written : outcome;
}

// Whether somebody below has written the report, if only of his own part.
static bool is_written(const struct report_request *r, int64_t since_ns)
{
	struct stat st;

	return strcmp(r->path, "-") == 0 ||
	       (stat(r->path, &st) == 0 && st.st_mtim.tv_sec >= since_ns / NS_PER_SEC);
}

// Without a history everybody has reported for himself, and nobody for all.
static enum firmo_jobs_status leave_to_others(const struct firmo_jobs *s, int status)
{
	bool missing = false;

	for (size_t i = 0; i < s->settings->reports.n; i++)
		missing |= !is_written(&s->settings->reports.items[i], s->run.started_ns);
	if (missing)
		session_warn("no report is written: without a history nobody knows what ran below "
			     "--gather");
	if (has_failed(status))
		return FIRMO_JOBS_FAILED;
	return missing ? FIRMO_JOBS_BROKEN : FIRMO_JOBS_OK;
}

static enum firmo_jobs_status run_and_report(struct firmo_jobs *s, struct err *err)
{
	bool served;
	int status;

	begin(s);
	bool had_history = s->context.store;
	bool ran = run_command(s, &status, &served, err) == 0;
	bool gathered = ran && s->context.store && gather(s, has_failed(status), err) == 0;
	if (ran && s->context.store && !gathered && store_is_broken(s->context.store))
		context_lose_store(&s->context, err);
	if (ran && had_history && is_lost(s))
		gathered = run_unknown(s, status, err) == 0;
	// Completes the record, with what was not run.
	execution_add_missing(s);
	journal_close(&s->journal);
	display_close(&s->display);
	covering_gather(s);
	covering_end(s);
	// What we have run ourselves we know, also where there is no history.
	if (gathered || (ran && served && !s->context.store))
		return report(s, status);
	if (ran && !*err->message)
		return leave_to_others(s, status);
	session_warn(err->message);
	return FIRMO_JOBS_BROKEN;
}

static int read_command(struct settings *o, const char *value, struct err *err)
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

static enum firmo_jobs_status run_it(struct firmo_jobs *s)
{
	struct err err = {0};

	enum firmo_jobs_status ready = files_look(s);
	if (ready != FIRMO_JOBS_OK)
		return ready;
	ready = covering_begin(s);
	if (ready != FIRMO_JOBS_OK)
		return ready;
	if ((s->settings->writes_rules && rules_write(s, &err) < 0) ||
	    context_open_signals(&s->context, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	enum firmo_jobs_status status = run_and_report(s, &err);
	context_close_signals(&s->context);
	return status;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	if (!s->context.make.dry_run)
		return live_end(s, run_it(s));
	s->request.changed_only = true; // as the stamps have it
	return run_dry(s);
}

const struct mode mode_gather = {
	.name = "--gather",
	.goes_by_plan = true,
	.formats = MODE_RUN_FORMATS | MODE_LIVE_FORMATS | MODE_COVERAGE_FORMATS,
	.keeps_jobserver = true,
	.read = read_command,
	.carry_out = carry_out,
};
