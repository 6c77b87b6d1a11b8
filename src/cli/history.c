// SPDX-License-Identifier: MIT
// --history: queries to the past.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "history/run_range.h"
#include "history/views.h"
#include "store/store.h"
#include "sys/command.h"

static int no_such_view(struct err *err, const char *value)
{
	struct buf known = {0};

	for (size_t i = 0; history_view_names[i]; i++)
		buf_addf(&known, "%s%s", known.len ? ", " : "", history_view_names[i]);
	int status =
		err_set(err, 0, "--history=%s: no such view; it can be %s, or none for an overview",
			value, known.data);
	buf_release(&known);
	return status;
}

// "tests:PATTERN" alone has something behind its name.
static int read_view(struct settings *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, ":");

	o->view = VIEW_OVERVIEW;
	o->pattern = NULL;
	if (!*value)
		return 0;
	int view = option_find(history_view_names, value, n);
	if (view < 0 || (value[n] && view + VIEW_NAMED != VIEW_TESTS))
		return no_such_view(err, value);
	o->view = (enum history_view)(view + VIEW_NAMED);
	o->pattern = value[n] && value[n + 1] ? value + n + 1 : NULL;
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	return o->view == VIEW_RUNS ? settings_refuse_path(o, "--history=runs takes no path", err)
				    : 0;
}

// Where the locale has UTF-8, so has the terminal.
static bool is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

// When git says that the commit was made.
static int64_t time_of_commit(const char *commit)
{
	char *words = xasprintf("git show -s --format=%%ct '%s^{commit}' 2>/dev/null", commit);
	char *view = command_first_line(words);
	int64_t seconds = view ? strtoll(view, NULL, 10) : 0;

	free(words);
	free(view);
	return seconds > 0 ? seconds * NS_PER_SEC : -1;
}

static int limit_range(struct run_range *w, const struct settings *o, struct err *err)
{
	if (o->since && run_range_since(w, o->since, clock_real_ns(), time_of_commit, err) < 0)
		return -1;
	if (o->last_runs > 0)
		run_range_last(w, (size_t)o->last_runs);
	return 0;
}

// The paths that are asked for, as the history has them. "." is where each of them starts.
static char **clean_paths(const struct strings *paths, size_t *n)
{
	char *cwd = path_cwd(), **clean = xcalloc(paths->n + 1, sizeof *clean);
	bool all = false;

	for (size_t i = 0; i < paths->n; i++) {
		clean[i] = path_below(paths->items[i], cwd);
		all = all || strcmp(clean[i], ".") == 0;
	}
	*n = all ? 0 : paths->n;
	free(cwd);
	return clean;
}

static enum firmo_jobs_status view(struct firmo_jobs *s, const struct run_range *w)
{
	const struct strings *paths = s->request.paths;
	struct view a = {0};
	struct err err = {0};
	size_t n;
	char **clean = clean_paths(paths, &n);
	bool named = s->settings->view == VIEW_OVERVIEW && paths->n > 0;
	const struct history_request request = {
		.view = named ? VIEW_FILES : s->settings->view,
		.pattern = s->settings->pattern,
		.paths = (const char *const *)clean,
		.n_paths = n,
		.range = w,
		.is_utf8 = is_utf8(),
	};
	enum firmo_jobs_status status = FIRMO_JOBS_BROKEN;

	if (views_show(&a, s->context.store, &request, &err) == 0)
		status = reports_of_view(s, &a);
	else
		session_warn(err.message);
	view_release(&a);
	for (size_t i = 0; i < paths->n; i++)
		free(clean[i]);
	free(clean);
	return status;
}

// There may be none.
static enum firmo_jobs_status open_store(struct firmo_jobs *s)
{
	char *notice;
	struct err err = {0};

	s->context.store = store_open(s->settings->db, STORE_READ, &notice, &err);
	free(notice);
	return s->context.store || err.errnum == ENOENT ? FIRMO_JOBS_OK
							: context_refuse_store(&s->context, &err);
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = FIRMO_JOBS_BROKEN;
	struct run_range w = {0};
	struct err err = {0};

	enum firmo_jobs_status opened = open_store(s);
	if (opened != FIRMO_JOBS_OK)
		return opened;
	if (s->context.store && run_range_open(&w, s->context.store, &err) < 0)
		session_warn(err.message);
	else if (limit_range(&w, s->settings, &err) == 0)
		status = view(s, &w);
	else {
		session_warn(err.message);
		status = FIRMO_JOBS_USAGE;
	}
	run_range_release(&w);
	return status;
}

const struct mode mode_history = {
	.name = "--history",
	.formats = MODE_DATA_FORMATS,
	.read = read_view,
	.check = check,
	.carry_out = carry_out,
};
