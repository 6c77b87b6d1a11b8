// SPDX-License-Identifier: MIT
#include "cli/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/muzzle.h"
#include "base/outfile.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/service.h"
#include "jobserver/client.h"
#include "jobserver/tokens.h"
#include "launch/workspace.h"
#include "model/inputs.h"
#include "plan/names.h"
#include "report/annotations.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/tap.h"
#include "store/store.h"
#include "sys/command.h"
#include "sys/cpus.h"

// What is preloaded into workers. TRACE_FOLDER, where it is installed, comes from mk/build.mk.
#define TRACE_LIBRARY "firmo-jobs-trace.so"

void session_warn(const char *message)
{
	struct buf b = {0};

	text_add_visible(&b, message);
	fprintf(stderr, "firmo-jobs: %s\n", b.data);
	buf_release(&b);
}

void session_print_time(int64_t real_ns)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	localtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	fputs(text, stdout);
}

int session_workers(const struct firmo_jobs *s)
{
	if (s->options.jobs > 0)
		return (int)s->options.jobs;
	if (s->make.auth == AUTH_NOT_OURS || s->make.auth == AUTH_MALFORMED)
		return 1;
	if (s->make.most > 0)
		return s->make.most;
	if (s->make.jobs > 0)
		return s->make.jobs;
	return s->make.auth == AUTH_NONE ? cpus_usable() : 0;
}

enum firmo_jobs_status session_refuse_store(const struct firmo_jobs *s, const struct err *err)
{
	session_warn(err->message);
	return err->errnum == STORE_FOREIGN && s->options.named_db ? FIRMO_JOBS_USAGE
								   : FIRMO_JOBS_BROKEN;
}

enum firmo_jobs_status session_open_store(struct firmo_jobs *s, bool to_write)
{
	struct err err = {0};
	char *notice = NULL;

	s->store = store_open(s->options.db, to_write ? STORE_WRITE : STORE_READ, &notice, &err);
	if (!s->store && err.errnum == STORE_FOREIGN && s->options.named_db)
		return session_refuse_store(s, &err);
	if (notice)
		session_warn(notice);
	else if (!s->store && (to_write || err.errnum != ENOENT)) {
		char *message = xasprintf("%s: going on without history", err.message);
		session_warn(message);
		free(message);
	}
	free(notice);
	return FIRMO_JOBS_OK;
}

static bool use_colours(const struct options *o, int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != WHEN_AUTO)
		return o->color == WHEN_ALWAYS;
	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

// Text goes to standard output unless another report takes it.
static bool wants_text_on_stdout(const struct options *o)
{
	for (size_t i = 0; i < o->reports.n; i++)
		if (strcmp(o->reports.items[i].path, "-") == 0)
			return o->reports.items[i].format == REPORT_TEXT;
	return true;
}

void session_forget_jobserver(void)
{
	static const char *const names[] = {"MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		char *clean = value ? makeflags_without_jobserver(value) : NULL;
		// Where cargo's is set, even to nothing, its clients ask no other.
		if (clean && i == 2 && clean[strspn(clean, " \t")] == '\0')
			unsetenv(names[i]);
		else if (clean)
			setenv(names[i], clean, 1);
		free(clean);
	}
}

// The command of --gather takes part in the jobserver for itself; it is told where that has moved.
static void read_jobserver(struct makeflags *make)
{
	makeflags_read(make, getenv("MAKEFLAGS"), getenv("CARGO_MAKEFLAGS"));
	int read_fd = make->read_fd, write_fd = make->write_fd;
	client_clear_standard_fds(make);
	if (make->read_fd == read_fd && make->write_fd == write_fd)
		return;
	char *moved = makeflags_with_jobserver(getenv("MAKEFLAGS"), make->read_fd, make->write_fd);
	setenv("MAKEFLAGS", moved, 1);
	if (getenv("CARGO_MAKEFLAGS"))
		setenv("CARGO_MAKEFLAGS", moved, 1);
	free(moved);
}

enum firmo_jobs_status firmo_jobs_open(struct firmo_jobs **session, int argc, char **argv)
{
	struct firmo_jobs *s = *session = xcalloc(1, sizeof *s);
	struct err err = {0};

	s->spawner.socket = -1;
	store_use_memory();
	read_jobserver(&s->make);
	if (options_parse(&s->options, argc, argv, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_USAGE;
	}
	s->options.run.has_make_load = s->make.load >= 0;
	s->options.run.make_load = s->make.load;
	if (!s->options.mode->keeps_jobserver)
		session_forget_jobserver();
	s->options.text.colours = use_colours(&s->options, STDOUT_FILENO);
	s->text_to_stdout = wants_text_on_stdout(&s->options);
	s->run.lower_bound_ns = -1;
	return FIRMO_JOBS_OK;
}

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

// Tests whose order matters, though nothing in them says so.
static void tell_handovers(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->handovers.n; i++) {
		const struct handover *h = &jobs->handovers.items[i];
		char *message = xasprintf("%s waits for %s, which writes what it depends on: %s",
					  jobs->items[h->consumer].path,
					  jobs->items[h->producer].path, h->path);
		session_warn(message);
		free(message);
	}
}

enum firmo_jobs_status session_no_jobs(const struct firmo_jobs *s)
{
	const struct plan_request *p = &s->options.plan;
	const char *why = "no test file found in tests, test, spec, specs or t; name files or "
			  "folders to run";

	if (p->includes.n + p->excludes.n > 0)
		why = "no test file is left by --include and --exclude";
	else if (p->patterns.n > 0)
		why = "no test file has a name that matches --pattern";
	else if (p->paths.n > 0)
		why = "no test file matches (a folder's are " NAMES_TEXT ")";
	if (!s->told_why_none)
		session_warn(why);
	return FIRMO_JOBS_NO_TESTS;
}

char *session_run_name(void)
{
	const char *outer = getenv("FIRMO_JOBS_WORKER");
	char host[64] = "";

	gethostname(host, sizeof host - 1);
	return xasprintf("%s%s%s-%d-%" PRIx64, outer ? outer : "", outer ? "/" : "", host, getpid(),
			 (uint64_t)clock_real_ns());
}

void session_open_tokens(struct firmo_jobs *s, const struct makeflags *m, int most)
{
	struct err warning;

	char *marker = xasprintf("FIRMO_JOBS_WORKER=%s", s->run.name);
	free(s->workspace);
	s->workspace = workspace_path(s->run.name);
	s->options.run.local.workspace = s->workspace;
	s->tokens = tokens_open(m, most, cpus_usable(), marker, s->workspace, &warning);
	free(marker);
	// It shares the memory of this keeper, and is as small.
	spawner_close(&s->spawner);
	spawner_open(&s->spawner);
	s->options.run.local.spawner = &s->spawner;
	s->options.run.local.limits = &s->options.run.limits;
	s->options.run.local.selection = &s->options.run.selection;
	if (*warning.message)
		session_warn(warning.message);
}

void session_lose_store(struct firmo_jobs *s, const struct err *err)
{
	bool renew = s->options.mode == &mode_run && store_is_broken(s->store);
	struct err why = *err;
	char *notice = NULL;

	if (renew) {
		s->store = store_renew(s->store, &notice, &why);
	} else {
		store_close(s->store);
		s->store = NULL;
	}
	// One that cannot be read will not be written either: one warning is enough.
	char *message =
		notice ? notice
		       : xasprintf("cannot use the history %s: %s: going on without history",
				   s->options.db, why.message);
	session_warn(message);
	free(message);
}

// Below firmo-jobs --gather what we run is a part of that run, which reports on it.
static void join_run(struct firmo_jobs *s)
{
	const char *name = getenv(SESSION_GATHER);

	if (!name || !s->store || !store_find_run(s->store, name, &s->run))
		return;
	s->joined = true;
	s->slots = path_beside(s->options.db, "slots");
	s->options.run.slots = s->slots;
	s->options.progress = PROGRESS_NONE;
}

// The functions of a session are called once, in their order. False, and a word, where they are
// not.
static bool proceed(struct firmo_jobs *s, enum stage from, const char *function)
{
	if (s->stage == from) {
		s->stage++;
		return true;
	}
	char *message = xasprintf("%s: %s; another run takes another session", function,
				  s->stage > from ? "it was called before"
						  : "firmo_jobs_plan has to be called first");
	session_warn(message);
	free(message);
	return false;
}

// The exit status that --join was answered; -1: nobody has.
static int ask_service(const struct firmo_jobs *s)
{
	const char *name = getenv(SESSION_GATHER);
	const struct strings *paths = &s->options.plan.paths;

	return s->options.join && name && paths->n == 1 ? service_ask(name, paths->items[0]) : -1;
}

enum firmo_jobs_status firmo_jobs_plan(struct firmo_jobs *s)
{
	bool to_run = s->options.mode == &mode_run;
	struct err err = {0};

	if (!proceed(s, STAGE_OPENED, "firmo_jobs_plan"))
		return FIRMO_JOBS_USAGE;
	// make -n, -t and -q run recipes that hold a + all the same: nothing may happen then.
	if (s->make.dry_run && to_run)
		return FIRMO_JOBS_OK;
	int answered = to_run ? ask_service(s) : -1;
	if (answered >= 0)
		return (enum firmo_jobs_status)answered;
	if (to_run) {
		s->run.name = session_run_name();
		session_open_tokens(s, &s->make, (int)s->options.jobs);
	}
	enum firmo_jobs_status found = session_find_files(s);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (s->jobs.n == 0)
		return session_no_jobs(s);
	s->options.plan.slots = session_workers(s);
	if (session_open_store(s, to_run) != FIRMO_JOBS_OK)
		return FIRMO_JOBS_USAGE;
	if (to_run)
		join_run(s);
	if (s->options.plan.changed_only) {
		found = session_find_programs(s);
		if (found != FIRMO_JOBS_OK)
			return found;
	}
	if (plan_order(&s->jobs, &s->reused, &s->options.plan, s->store, &s->support, &err) < 0)
		session_lose_store(s, &err);
	if (s->jobs.n == 0 && s->reused.n == 0)
		puts("No file failed last time: nothing to run.");
	warn_of_files(&s->jobs);
	if (to_run && s->options.text.verbose)
		tell_handovers(&s->jobs);
	struct forecast f;
	forecast_make(&f, &s->jobs, session_workers(s));
	if (f.unknown == 0 && session_workers(s) > 0 && s->options.run.rounds == 1)
		s->run.lower_bound_ns = f.lower_bound_ns;
	return FIRMO_JOBS_OK;
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

void session_announce(void *owner, struct result *const *results, size_t n)
{
	struct firmo_jobs *s = owner;
	struct err err;

	if (s->text_to_stdout) {
		display_clear(&s->display);
		// A reader that went away is told once, at the end.
		for (size_t i = 0; i < n; i++)
			report_text_file(stdout, results[i], &s->options.text, &err);
		fflush(stdout);
		display_restore(&s->display);
	}
	for (size_t i = 0; i < n; i++) {
		// What it depended on is recorded, and too much to be kept for hundreds of files.
		if (results[i]->inputs)
			inputs_forget(results[i]->inputs);
		run_add(&s->run, results[i]);
	}
}

static void warn_in_run(void *owner, const char *message)
{
	struct firmo_jobs *s = owner;

	display_clear(&s->display);
	session_warn(message);
	display_restore(&s->display);
}

static void on_started(void *owner, const struct result *r)
{
	struct firmo_jobs *s = owner;

	display_started(&s->display, r);
	if (s->service)
		service_started(s->service, r);
}

static void on_slow(void *owner, const struct result *r)
{
	display_slow(&((struct firmo_jobs *)owner)->display, r);
}

// Who watches the run may wonder why fewer files run than could.
static void on_waits(void *owner, const struct job *job, int64_t left_bytes)
{
	struct firmo_jobs *s = owner;

	if (!s->options.text.verbose && s->display.kind == PROGRESS_NONE)
		return;
	char *message = xasprintf("%s waits for memory: it took %.1f MiB before, %.1f MiB are left "
				  "beside what those that run may take (--no-memory-guard)",
				  job->path, (double)job->peak_bytes / 1024 / 1024,
				  (double)left_bytes / 1024 / 1024);
	warn_in_run(s, message);
	free(message);
}

static void on_ended(void *owner, struct result *r)
{
	struct firmo_jobs *s = owner;
	bool bad = file_status_is_bad(r->status) || r->status == FILE_NOTRUN;

	display_ended(&s->display, r);
	support_learn(&s->support, r);
	session_note_writes(s, r);
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
		run_add(&s->run, r);
}

static bool is_open(void *owner, const struct result *r)
{
	return support_is_open(&((struct firmo_jobs *)owner)->support, r);
}

static const struct jobs *on_done(void *owner)
{
	struct firmo_jobs *s = owner;
	const struct jobs *more = session_fallen(s);

	if (more && s->display.total > 0)
		s->display.total += more->n * (size_t)s->options.run.rounds;
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

static void on_asked(void *owner)
{
	display_dump(&((struct firmo_jobs *)owner)->display);
}

static void on_suspended(void *owner, bool now)
{
	struct firmo_jobs *s = owner;

	if (now)
		display_clear(&s->display);
	else
		display_restore(&s->display);
}

// The key of a pass: all that results depend on besides their command, their inputs and their
// deadline (pace_stands). A setting that no outcome depends on is none of it.
static char *make_settings_key(const struct options *o)
{
	const struct limits *l = &o->run.limits;
	struct buf b = {0};

	buf_addf(&b, "%s\n%d\n", FIRMO_JOBS_VERSION, o->plan.framework);
	buf_addf(&b, "%s\n%s", o->run.selection.filter ? o->run.selection.filter : "",
		 o->run.selection.tags ? o->run.selection.tags : "");
	// What MAKEFLAGS is to workers.
	buf_addf(&b, "\n%s", o->run.share_tokens ? "shared" : "");
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (l->set[i])
			buf_addf(&b, "\n%d=%llu", i, (unsigned long long)l->value[i]);
	return buf_detach(&b);
}

enum firmo_jobs_status session_find_programs(struct firmo_jobs *s)
{
	struct err err = {0};

	if (s->settings_key)
		return FIRMO_JOBS_OK;
	s->settings_key = make_settings_key(&s->options);
	s->options.run.settings_key = s->options.plan.settings_key = s->settings_key;
	s->options.plan.commands = &s->commands;
	s->options.plan.deadline = s->options.run.deadline;
	if (commands_init(&s->commands, s->options.lua, s->options.command, s->options.extra,
			  getenv("PATH"), &err) == 0) {
		s->options.run.commands = &s->commands;
		return FIRMO_JOBS_OK;
	}
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

enum firmo_jobs_status session_look(struct firmo_jobs *s)
{
	enum firmo_jobs_status found = session_find_files(s);

	if (found != FIRMO_JOBS_OK)
		return found;
	if (s->jobs.n == 0)
		return session_no_jobs(s);
	found = session_find_programs(s);
	return found == FIRMO_JOBS_OK ? session_open_store(s, true) : found;
}

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
	static const char *const logs[] = {"-wal", "-shm", "-journal"};

	add_own(s, s->workspace);
	add_own(s, STATE_FOLDER);
	add_own(s, s->options.db);
	char *database = path_real(s->options.db);
	for (size_t i = 0; database && i < sizeof logs / sizeof *logs; i++)
		VEC_PUSH(&s->own, xasprintf("%s%s", database, logs[i]));
	free(database);
	if (s->slots)
		add_own(s, s->slots);
	for (size_t i = 0; i < s->options.reports.n; i++)
		add_own(s, s->options.reports.items[i].path);
	VEC_PUSH(&s->own, NULL);
}

// Watching costs a little; without a history nobody would learn from it.
static void set_up_watching(struct firmo_jobs *s)
{
	if (s->options.no_trace || !s->store || s->own.n > 0)
		return;
	if (access("/proc/self/fd", F_OK) != 0) {
		session_warn(
			"/proc is not there: what the files depend on is not learned, and what "
			"they leave behind may stay alive");
		return;
	}
	s->library = path_find_own(TRACE_LIBRARY, TRACE_FOLDER);
	find_own(s);
	s->cwd = path_cwd();
	s->options.run.local.cwd = s->cwd;
	s->options.run.local.library = s->library;
	s->options.run.local.own = (const char *const *)s->own.items;
	if (!s->library)
		session_warn(TRACE_LIBRARY " is neither beside the program nor in " TRACE_FOLDER
					   ": what the files depend on is not learned");
}

void session_describe_run(struct firmo_jobs *s)
{
	s->run.seed = s->options.plan.seed;
	s->run.repeated = s->options.run.rounds != 1;
	s->run.flaky_fails = s->options.flaky == FLAKY_FAIL;
	s->run.lua = xstrdup(s->commands.lua_name);
	if (s->store && !s->joined)
		s->run.revision = command_first_line("git rev-parse HEAD 2>/dev/null");
}

void session_open_journal(struct firmo_jobs *s)
{
	display_open(&s->display, s->options.progress, use_colours(&s->options, STDERR_FILENO),
		     s->jobs.n * (size_t)s->options.run.rounds, &s->loop);
	// Lines that are gathered for as long as the line below them stands still do not flicker;
	// without one, a time that no eye sees spares a suite of tiny files most of its commits.
	int64_t gather_ns = s->display.kind == PROGRESS_BAR ? DISPLAY_REDRAW_NS : 10 * NS_PER_MS;
	s->journal = (struct journal){.store = &s->store,
				      .run = &s->run,
				      .joined = s->joined,
				      .announce = session_announce,
				      .warn = warn_in_run,
				      .owner = s,
				      .gather_ns = gather_ns};
	journal_open(&s->journal, &s->loop);
}

static void begin_run(struct firmo_jobs *s)
{
	const struct tokens *tokens = s->tokens;

	s->run.jobs = tokens_most(tokens) < TOKENS_MAX || !tokens_shared(tokens)
			      ? tokens_most(tokens)
			      : s->make.jobs;
	s->run.jobs = s->run.jobs > 0 ? s->run.jobs : 0;
	session_describe_run(s);
	session_open_journal(s);
}

int session_supervise(struct firmo_jobs *s, const struct jobs *jobs, struct err *err)
{
	const struct run_hooks hooks = {.started = on_started,
					.waits = on_waits,
					.slow = on_slow,
					.ended = on_ended,
					.is_open = is_open,
					.done = on_done,
					.asked = on_asked,
					.suspended = on_suspended,
					.service = s->service ? &s->service->hooks : NULL,
					.owner = s};

	set_up_watching(s);
	int status = supervise(&s->run, jobs, &s->options.run, s->tokens, &s->loop, &s->signals,
			       &hooks, err);
	// Nobody is kept waiting for our tokens while reports are written.
	if (!tokens_close(s->tokens))
		session_warn("make's jobserver is full: tokens could not be given back in time");
	s->tokens = NULL;
	decide_open(s);
	// What a run that was ended early has changed may matter all the same.
	session_fallen(s);
	journal_flush(&s->journal);
	return status;
}

void session_add_missing(struct firmo_jobs *s)
{
	run_add_missing(&s->run, &s->jobs, "not started");
	run_add_missing(&s->run, &s->left, "not started");
	for (size_t i = 0; i < s->fallen.n; i++)
		run_add_missing(&s->run, s->fallen.items[i], "not started");
}

static int carry_out(struct firmo_jobs *s, struct err *err)
{
	support_begin(&s->support, &s->jobs, &s->reused);
	begin_run(s);
	int status = session_supervise(s, &s->jobs, err);
	session_add_missing(s);
	journal_close(&s->journal);
	display_close(&s->display);
	return status;
}

enum firmo_jobs_status session_outcome(const struct firmo_jobs *s)
{
	if (!run_succeeded(&s->run))
		return FIRMO_JOBS_FAILED;
	// One that is a part of another does not know what the others have run.
	return !s->joined && !run_tells(&s->run) ? FIRMO_JOBS_NO_TESTS : FIRMO_JOBS_OK;
}

enum firmo_jobs_status session_add_reused(struct firmo_jobs *s)
{
	struct err err;

	if (s->reused.n == 0 || store_load_passes(s->store, &s->reused, &s->run, &err) == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

enum firmo_jobs_status firmo_jobs_run(struct firmo_jobs *s)
{
	struct err err = {0};

	if (!proceed(s, STAGE_PLANNED, "firmo_jobs_run"))
		return FIRMO_JOBS_USAGE;
	if (!s->joined) {
		s->run.started_ns = clock_real_ns();
		if (session_add_reused(s) != FIRMO_JOBS_OK)
			return FIRMO_JOBS_BROKEN;
	}
	if (s->jobs.n == 0) {
		s->run.elapsed_ns = clock_real_ns() - s->run.started_ns;
		return FIRMO_JOBS_OK;
	}
	enum firmo_jobs_status found = session_find_programs(s);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (signals_open(&s->signals, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	int status = carry_out(s, &err);
	signals_close(&s->signals);
	if (status == 0)
		return session_outcome(s);
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

// ---- reports ----

static int write_run(FILE *out, enum report_format format, const struct text_style *style,
		     const void *run, struct err *err)
{
	switch (format) {
	case REPORT_JSON:
		return report_json(out, run, err);
	case REPORT_JUNIT:
		return report_junit(out, run, err);
	case REPORT_HTML:
		return report_html(out, run, err);
	case REPORT_TAP:
		return report_tap(out, run, err);
	default:
		return report_text(out, run, style, err);
	}
}

static int make_report(const struct firmo_jobs *s, const struct report_request *r,
		       session_writer *writer, const void *subject, struct err *err)
{
	struct text_style style = s->options.text;
	struct outfile file;
	struct err write_err = {0};

	// That stands there already.
	if (r->format == REPORT_TEXT && strcmp(r->path, "-") == 0)
		return 0;
	if (r->at_home && path_make_home(r->path, err) < 0)
		return -1;
	if (outfile_open(&file, r->path, err) < 0)
		return -1;
	style.colours = style.colours && s->options.color == WHEN_ALWAYS;
	int status = writer(file.stream, r->format, &style, subject, &write_err);
	if (outfile_commit(&file, err) < 0)
		return -1;
	if (status < 0)
		*err = write_err;
	else if (r->at_home)
		fprintf(s->text_to_stdout ? stdout : stderr, "HTML report: %s\n", r->path);
	return status;
}

static enum firmo_jobs_status make_reports(const struct firmo_jobs *s, session_writer *writer,
					   const void *subject)
{
	enum firmo_jobs_status status = FIRMO_JOBS_OK;
	struct err err = {0};

	for (size_t i = 0; i < s->options.reports.n; i++) {
		if (make_report(s, &s->options.reports.items[i], writer, subject, &err) == 0)
			continue;
		session_warn(err.message);
		status = FIRMO_JOBS_BROKEN;
	}
	return status;
}

enum firmo_jobs_status session_write(const struct firmo_jobs *s, session_writer *writer,
				     const void *subject)
{
	struct err err = {0};

	if (s->text_to_stdout && writer(stdout, REPORT_TEXT, &s->options.text, subject, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	return make_reports(s, writer, subject);
}

// What GitHub shows beside the lines of a change is told by commands of ours.
static int annotate(const struct run *run, struct err *err)
{
	const char *actions = getenv("GITHUB_ACTIONS");
	FILE *out = muzzle_bypass();

	if (!actions || !*actions)
		return 0;
	fflush(stdout);
	int status = report_annotations(out, run, err);
	fflush(out);
	return status;
}

enum firmo_jobs_status session_report(struct firmo_jobs *s, bool whole)
{
	enum firmo_jobs_status status = FIRMO_JOBS_OK;
	struct err err = {0};
	int (*text)(FILE *, const struct run *, const struct text_style *, struct err *) =
		whole ? report_text : report_text_end;

	if (s->text_to_stdout &&
	    (text(stdout, &s->run, &s->options.text, &err) < 0 || annotate(&s->run, &err) < 0))
		status = FIRMO_JOBS_BROKEN;
	enum firmo_jobs_status files = make_reports(s, write_run, &s->run);
	return status == FIRMO_JOBS_OK ? files : status;
}

enum firmo_jobs_status firmo_jobs_report(struct firmo_jobs *s)
{
	if (s->jobs.n == 0 && s->reused.n == 0)
		return FIRMO_JOBS_OK;
	if (s->joined)
		return session_outcome(s);
	enum firmo_jobs_status written = session_report(s, false), outcome = session_outcome(s);
	return outcome == FIRMO_JOBS_OK ? written : outcome;
}

static enum firmo_jobs_status run(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = firmo_jobs_plan(s);

	if (status == FIRMO_JOBS_OK)
		status = firmo_jobs_run(s);
	else
		return status;
	return status == FIRMO_JOBS_BROKEN ? status : firmo_jobs_report(s);
}

const struct mode mode_run = {.name = "a run", .formats = MODE_RUN_FORMATS, .carry_out = run};

// ---- the rest ----

static enum firmo_jobs_status print_help(struct firmo_jobs *s)
{
	options_help(stdout);
	return FIRMO_JOBS_OK;
}

const struct mode mode_help = {
	.name = "--help", .formats = MODE_ANY_FORMAT, .goes_first = true, .carry_out = print_help};

static enum firmo_jobs_status print_version(struct firmo_jobs *s)
{
	puts("firmo-jobs " FIRMO_JOBS_VERSION);
	return FIRMO_JOBS_OK;
}

const struct mode mode_version = {.name = "--version",
				  .formats = MODE_ANY_FORMAT,
				  .goes_first = true,
				  .carry_out = print_version};

enum firmo_jobs_status firmo_jobs_carry_out(struct firmo_jobs *s)
{
	return s->options.mode->carry_out(s);
}

int firmo_jobs_signal(const struct firmo_jobs *s)
{
	// What --show shows may have been ended by one, long ago.
	bool runs = s->options.mode == &mode_run || s->options.mode == &mode_gather;

	return runs ? s->run.signal : 0;
}

void firmo_jobs_close(struct firmo_jobs *s)
{
	if (s->tokens)
		tokens_close(s->tokens);
	spawner_close(&s->spawner);
	free(s->workspace);
	busted_settings_release(&s->busted);
	free(s->settings_key);
	free(s->library);
	free(s->cwd);
	strings_free_all(&s->own);
	free(s->slots);
	jobs_release(&s->reused);
	run_release(&s->run);
	support_release(&s->support);
	free(s->open.items);
	jobs_release(&s->jobs);
	jobs_release(&s->ran);
	for (size_t i = 0; i < s->fallen.n; i++) {
		jobs_release(s->fallen.items[i]);
		free(s->fallen.items[i]);
	}
	free(s->fallen.items);
	jobs_release(&s->asked);
	jobs_release(&s->left);
	store_close(s->store);
	commands_release(&s->commands);
	makeflags_release(&s->make);
	options_release(&s->options);
	loop_release(&s->loop);
	free(s);
}
