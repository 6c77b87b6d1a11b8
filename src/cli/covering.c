// SPDX-License-Identifier: MIT
#include "cli/covering.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/fingerprint.h"
#include "base/path.h"
#include "cli/changed_lines.h"
#include "cli/coverage_globs.h"
#include "cli/evaluation.h"
#include "cli/session.h"
#include "cli/unloaded.h"
#include "coverage/own_stats.h"
#include "coverage/summary.h"
#include "model/hits.h"
#include "plan/names.h"
#include "store/counted.h"
#include "store/store.h"

#define COVERAGE_LIBRARY "firmo-jobs-coverage.so"
#define NAMED            5 // files in a line that names some of many
// How often and how long a locked history is tried: 5 s.
#define RECORD_TRIES 250
#define RETRY_MS     20

static void warn_of(const char *path, const char *what)
{
	char *message = xasprintf("%s%s", path, what);

	session_warn(message);
	free(message);
}

// ---- .luacov ----

static int read_luacov(struct firmo_jobs *s, const char *file, struct err *err)
{
	struct buf answer = {0};
	const char *const arguments[] = {file, NULL};
	const struct evaluation e = {.lua = s->settings->command ? NULL : s->context.commands.lua,
				     .code = luacov_evaluator(),
				     .arguments = arguments};
	int status = evaluation_run(&e, &answer, err);

	if (status == 0)
		status = luacov_settings_parse(&s->covering.luacov, answer.data, answer.len, err);
	buf_release(&answer);
	return status;
}

static enum firmo_jobs_status find_luacov(struct firmo_jobs *s)
{
	const char *named = getenv("LUACOV_CONFIG");
	const char *file = named && *named ? named : LUACOV_FILE;
	struct stat st;
	struct err err = {0};

	if (stat(file, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (file == named)
			warn_of(file, " is no file, and LUACOV_CONFIG names it: no settings of "
				      "LuaCov's hold");
		return FIRMO_JOBS_OK;
	}
	if (read_luacov(s, file, &err) == 0)
		return FIRMO_JOBS_OK;
	char *message = xasprintf("%s: %s", file, err.message);
	session_warn(message);
	free(message);
	return FIRMO_JOBS_USAGE;
}

// ---- what counts ----

static bool is_hidden(const char *path)
{
	return *path == '.' || strstr(path, "/.");
}

static bool is_own(const struct firmo_jobs *s, const char *path)
{
	size_t n = s->workspace ? strlen(s->workspace) : 0;
	char *workspace = n > 0 ? path_below(s->workspace, s->covering.cwd) : NULL;

	n = workspace ? strlen(workspace) : 0;
	bool is = n > 0 && strncmp(path, workspace, n) == 0 && path[n] == '/';
	free(workspace);
	return is;
}

static void add_tests(struct map *tests, const struct jobs *jobs, const char *cwd)
{
	for (size_t i = 0; i < jobs->n; i++) {
		char *path = path_below(jobs->items[i].path, cwd);
		map_put(tests, path, tests);
		free(path);
	}
}

// Where nothing else is said, the project's own sources: what it has of them besides its tests.
static bool wants(void *owner, const char *path)
{
	const struct firmo_jobs *s = owner;
	const struct coverage_settings *set = &s->settings->coverage;

	if (is_own(s, path) || name_matches(&set->excludes, path) ||
	    !luacov_wants(&s->covering.luacov, path))
		return false;
	if (set->includes.n > 0)
		return name_matches(&set->includes, path);
	return s->covering.luacov.includes.n > 0 ||
	       (*path != '/' && !is_hidden(path) && !map_get(&s->covering.tests, path));
}

// Whether sources may be asked for that lie elsewhere than in the project.
static bool looks_outside(const struct firmo_jobs *s)
{
	const struct strings *globs = &s->settings->coverage.includes,
			     *patterns = &s->covering.luacov.includes;

	for (size_t i = 0; i < globs->n; i++)
		if (*globs->items[i] == '/' || *globs->items[i] == '*')
			return true;
	for (size_t i = 0; i < patterns->n; i++)
		if (patterns->items[i][0] != '^' || patterns->items[i][1] == '/')
			return true;
	return false;
}

static bool has_report(const struct settings *o, enum report_format format)
{
	for (size_t i = 0; i < o->reports.n; i++)
		if (o->reports.items[i].format == format)
			return true;
	return false;
}

static bool tells_of_functions(const struct settings *o)
{
	return has_report(o, REPORT_LCOV) || has_report(o, REPORT_COBERTURA) ||
	       has_report(o, REPORT_JSON);
}

// Finds what counts.
static enum firmo_jobs_status find_library(struct covering *c)
{
	c->library = path_find_own(COVERAGE_LIBRARY, TRACE_FOLDER);
	c->cwd = path_cwd();
	if (!c->library || !c->cwd) {
		session_warn(COVERAGE_LIBRARY " is neither beside the program nor in " TRACE_FOLDER
					      ": no line can be counted");
		return FIRMO_JOBS_BROKEN;
	}
	return FIRMO_JOBS_OK;
}

static void begin(struct firmo_jobs *s, bool calls, bool is_wide)
{
	struct covering *c = &s->covering;

	c->wish = (struct counting_wish){.calls = calls, .is_wide = is_wide};
	c->root = is_wide ? "" : c->cwd;
	c->tells_runners = has_report(s->settings, REPORT_HTML);
	c->hits = xcalloc(1, sizeof *c->hits);
	s->request.counting = &c->wish;
}

enum firmo_jobs_status covering_begin(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = FIRMO_JOBS_OK;

	if (!s->settings->coverage.wanted)
		return FIRMO_JOBS_OK;
	status = context_find_programs(&s->context);
	if (status == FIRMO_JOBS_OK)
		status = find_library(&s->covering);
	if (status == FIRMO_JOBS_OK)
		status = find_luacov(s);
	if (status == FIRMO_JOBS_OK)
		status = changed_lines_find(s);
	if (status == FIRMO_JOBS_OK)
		begin(s, tells_of_functions(s->settings), looks_outside(s));
	return status;
}

void covering_hand_down(const struct firmo_jobs *s)
{
	const struct counting_wish *wish = &s->covering.wish;
	const char words[] = {wish->calls ? CONTEXT_CALLS : ' ', wish->is_wide ? CONTEXT_WIDE : ' ',
			      '\0'};

	if (s->covering.hits)
		setenv(CONTEXT_COUNTING, words, 1);
	else
		unsetenv(CONTEXT_COUNTING);
}

enum firmo_jobs_status covering_join(struct firmo_jobs *s)
{
	const char *words = getenv(CONTEXT_COUNTING);

	if (!words)
		return FIRMO_JOBS_OK;
	enum firmo_jobs_status status = find_library(&s->covering);
	if (status == FIRMO_JOBS_OK)
		begin(s, strchr(words, CONTEXT_CALLS), strchr(words, CONTEXT_WIDE));
	return status;
}

struct local_coverage covering_terms(const struct firmo_jobs *s)
{
	return (struct local_coverage){.library = s->covering.library,
				       .root = s->covering.root,
				       .calls = s->covering.wish.calls};
}

// ---- what was counted ----

// Which text has run is known where that has not changed since.
static void note_text(struct firmo_jobs *s, struct hits_file *f, int64_t started_ns)
{
	void **place = map_at(&s->covering.digests, f->path);
	struct fingerprint *known = *place;
	struct fingerprint now = fingerprint_of_path(f->path, known);

	if (!known)
		*place = known = xmalloc(sizeof *known);
	*known = now;
	f->is_passing = !now.present || is_own(s, f->path);
	f->has_digest = now.present && now.stamp.ctime_ns <= started_ns;
	f->digest = now.digest;
}

static void add_hits(const char *file, const struct hits *h, void *session)
{
	struct covering *c = &((struct firmo_jobs *)session)->covering;

	hits_add(c->hits, h);
	if (c->tells_runners)
		runners_add(&c->runners, file, h);
}

void covering_take(struct firmo_jobs *s, struct result *r)
{
	const struct covering_worker worker = {r->process, r->job};

	if (!s->settings->coverage.adds_up && r->process > 0)
		VEC_PUSH(&s->covering.workers, worker);
	if (!s->covering.hits || !r->hits)
		return;
	if (!r->hits->has_begun && r->slot >= 0 && r->status != FILE_NOTRUN)
		VEC_PUSH(&s->covering.uncounted, xstrdup(r->job->path));
	hits_name(r->hits, s->covering.cwd);
	for (size_t i = 0; i < r->hits->n; i++)
		note_text(s, r->hits->items[i], r->started_ns);
	add_hits(r->job->path, r->hits, s);
}

void covering_gather(struct firmo_jobs *s)
{
	struct covering *c = &s->covering;
	struct hits *own = c->hits;
	struct runners own_runners = c->runners;
	struct strings uncounted = {0};
	struct err err = {0};

	if (!own || !s->context.store || s->run.id == 0)
		return;
	c->hits = xcalloc(1, sizeof *c->hits);
	c->runners = (struct runners){0};
	if (counted_load_run(s->context.store, s->run.id, add_hits, s, &uncounted, &err) == 0) {
		hits_free(own);
		runners_release(&own_runners);
		strings_free_all(&c->uncounted);
		c->uncounted = uncounted;
		return;
	}
	context_lose_store(&s->context, &err);
	hits_free(c->hits);
	runners_release(&c->runners);
	strings_free_all(&uncounted);
	c->hits = own;
	c->runners = own_runners;
}

// What passes that were not run again have covered when they were.
static void add_reused(struct firmo_jobs *s)
{
	struct err err = {0};

	for (size_t i = 0; i < s->run.results.n; i++) {
		const struct result *r = s->run.results.items[i];
		struct hits h = {0};
		bool found = false;
		if (!r->cached)
			continue;
		if (s->context.store && r->id &&
		    counted_load(s->context.store, r->id, &h, &found, &err) < 0)
			context_lose_store(&s->context, &err);
		if (found)
			add_hits(r->job->path, &h, s);
		hits_release(&h);
		if (!found)
			VEC_PUSH(&s->covering.lost, xstrdup(r->job->path));
	}
}

// ---- what it comes to ----

static void tell_files(const struct strings *files, const char *before, const char *behind)
{
	struct buf b = {0};

	if (files->n == 0)
		return;
	buf_addf(&b, "%s %zu file%s %s:", before, files->n, files->n == 1 ? "" : "s", behind);
	for (size_t i = 0; i < files->n && i < NAMED; i++)
		buf_addf(&b, "%s %s", i ? "," : "", files->items[i]);
	if (files->n > NAMED)
		buf_addf(&b, " and %zu more", files->n - NAMED);
	session_warn(b.data);
	buf_release(&b);
}

static void tell_doubts(const struct hits *h)
{
	if (h->by_lua)
		session_warn("the interpreter hides its functions, or is not known: lines are "
			     "counted by a hook in Lua, which is slow, and functions are not");
	if (h->lost)
		session_warn(
			"some lines were not counted, as there was no room for them: little memory "
			"(--limit=as), or very many sources in forked children");
	if (h->displaced)
		session_warn("some lines were not counted, as a library has set a hook of its own");
	if (h->is_bad)
		session_warn("some counts of lines are damaged and were left out: a test has "
			     "written to the memory that they are kept in");
}

static void on_unreadable(void *owner, const char *path, int errnum)
{
	char *message =
		xasprintf("%s has run and cannot be read any more: %s", path, strerror(errnum));

	session_warn(message);
	free(message);
}

static void on_changed(void *owner, const char *path)
{
	warn_of(path, " has changed during the run: what is told of its lines may be wrong");
}

// What nobody has loaded counts where a person has said which sources there are.
static void add_unloaded(struct firmo_jobs *s, const struct unloaded_terms *terms)
{
	const char *const all[] = {".", NULL};
	VEC_PUSH(&s->covering.luacov.untested, NULL);
	const char *const *roots = (const char *const *)s->covering.luacov.untested.items;
	s->covering.luacov.untested.n--;

	if (s->settings->coverage.includes.n > 0)
		unloaded_add(s->covering.hits, all, terms);
	else
		unloaded_add(s->covering.hits, roots, terms);
}

// Who has the history locked for long is not waited for: what is lost is a point of a curve.
static void record(struct firmo_jobs *s)
{
	enum store_status status = STORE_BUSY;
	struct err err = {0};

	if (!s->context.store || s->run.id == 0)
		return;
	for (int i = 0; i < RECORD_TRIES && status == STORE_BUSY; i++) {
		if (i > 0)
			poll(NULL, 0, RETRY_MS);
		status = counted_record(s->context.store, s->run.id, s->run.coverage, &err);
	}
	if (status == STORE_FAILED)
		context_lose_store(&s->context, &err);
	else if (status == STORE_BUSY)
		session_warn("another process keeps the history locked: what this run has covered "
			     "is not in it");
}

void covering_end(struct firmo_jobs *s)
{
	struct covering *c = &s->covering;
	const struct jobs *files[] = {&s->jobs, &s->left, &s->reused, &s->ran, &s->asked};
	const struct unloaded_terms unloaded = {.lua = s->context.commands.lua,
						.library = c->library,
						.cwd = c->cwd,
						.wants = wants,
						.owner = s};
	const struct summary_terms terms = {.cwd = c->cwd,
					    .calls = c->wish.calls,
					    .keeps_text = c->tells_runners,
					    .wants = wants,
					    .unreadable = on_unreadable,
					    .since_ns = s->run.started_ns,
					    .changed = on_changed,
					    .owner = s};

	// What is a part of another run is told by that.
	if (!c->hits || s->joined)
		return;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		add_tests(&c->tests, files[i], c->cwd);
	add_reused(s);
	tell_files(&c->uncounted, "no line of",
		   "was counted, as the interpreter did not load what counts");
	tell_files(&c->lost, "the history has lost what", "covered when it ran; run again");
	tell_doubts(c->hits);
	add_unloaded(s, &unloaded);
	coverage_free(s->run.coverage);
	s->run.coverage = summary_make(c->hits, &terms);
	if (c->tells_runners)
		s->run.coverage->runners = &c->runners;
	coverage_globs_tell(s);
	if (s->settings->coverage.diff)
		changed_lines_add(s, &terms, &unloaded);
	for (size_t i = 0; i < s->settings->coverage.minima.n; i++) {
		const struct coverage_wish *wish = &s->settings->coverage.minima.items[i];
		summary_add_minimum(s->run.coverage, wish->percent, wish->glob,
				    coverage_globs_match);
	}
	record(s);
}

// ---- a LuaCov of the workers' own ----

EMBED(reporting, "src/framework/lua/luacov_report.lua");

static void on_failed(void *owner, const char *message)
{
	session_warn(message);
}

static void on_report(void *owner, const char *path)
{
	const struct firmo_jobs *s = owner;
	const char *const arguments[] = {path, NULL};
	const struct evaluation e = {.lua = s->context.commands.lua,
				     .code = &reporting,
				     .arguments = arguments,
				     .is_work = true};
	struct buf answer = {0};
	struct err err = {0};

	if (evaluation_run(&e, &answer, &err) < 0) {
		char *message = xasprintf("LuaCov's report of %s: %s", path, err.message);
		session_warn(message);
		free(message);
	}
	buf_release(&answer);
}

// As its file, without the slashes.
static char *name_of_worker(void *owner, long process)
{
	const struct covering *c = &((const struct firmo_jobs *)owner)->covering;
	size_t i = c->workers.n;

	while (i > 0 && c->workers.items[i - 1].process != process)
		i--;
	char *name = i > 0 ? xstrdup(c->workers.items[i - 1].job->path)
			   : xasprintf("worker-%ld", process);
	for (char *slash = name; (slash = strchr(slash, '/')) != NULL;)
		*slash = '-';
	return name;
}

static void on_left(void *owner, const char *path)
{
	VEC_PUSH(&((struct firmo_jobs *)owner)->covering.left, xstrdup(path));
}

void covering_left_stats(void *session, const char *folder)
{
	struct firmo_jobs *s = session;
	const struct own_stats_told told = {.failed = on_failed,
					    .report = on_report,
					    .apart = s->settings->coverage.adds_up ? NULL
										   : name_of_worker,
					    .left = on_left,
					    .owner = session};

	own_stats_gather(folder, &told);
	strings_sort(&s->covering.left);
	tell_files(&s->covering.left, "LuaCov's stats are apart, in", "(--no-aggregate-coverage)");
}

void covering_release(struct firmo_jobs *s)
{
	struct covering *c = &s->covering;

	free(c->library);
	free(c->cwd);
	hits_free(c->hits);
	runners_release(&c->runners);
	map_release(&c->tests);
	for (size_t i = 0; i < c->digests.cap; i++)
		free(c->digests.slots[i].value);
	map_release(&c->digests);
	strings_free_all(&c->uncounted);
	free(c->workers.items);
	strings_free_all(&c->left);
	strings_free_all(&c->lost);
	git_changes_release(&c->changes);
	luacov_settings_release(&c->luacov);
	*c = (struct covering){0};
}
