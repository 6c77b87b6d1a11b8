// SPDX-License-Identifier: MIT
#include "history/views.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "history/private.h"
#include "model/failure.h"
#include "model/run.h"

// Trails at hand have the latest results, so many at least.
#define AT_HAND 64

static const struct {
	const char *name, *main;
	int (*answer)(struct question *q, struct err *err);
} views[VIEW_COUNT] = {
	[VIEW_OVERVIEW] = {NULL, "runs", answer_overview},
	[VIEW_FILES] = {NULL, "results", answer_files},
	[VIEW_RUNS] = {"runs", "runs", answer_runs},
	[VIEW_SLOWEST] = {"slowest", "files", answer_slowest},
	[VIEW_FAILING] = {"failing", "files", answer_failing},
	[VIEW_FLAKY] = {"flaky", "files", answer_flaky},
	[VIEW_REGRESSIONS] = {"regressions", "moves", answer_regressions},
	[VIEW_NEW] = {"new", "new", answer_new},
	[VIEW_TESTS] = {"tests", "tests", answer_tests},
};

const char *history_view_name(enum history_view view)
{
	return views[view].name;
}

static char *describe(const struct window *w)
{
	if (!w->is_limited)
		return NULL;
	if (window_size(w) == 0)
		return xstrdup("no run");
	return xasprintf("run %lld to run %lld", (long long)w->runs.items[w->from].id,
			 (long long)w->runs.items[w->runs.n - 1].id);
}

// Of each path that stands for nothing.
static void tell_unknown(struct question *q)
{
	const struct history_request *r = q->request;

	for (size_t i = 0; i < r->n_paths && q->window->runs.n > 0; i++)
		if (!q->found[i])
			answer_line(q->answer, "%s: there is nothing in the history.", r->paths[i]);
}

int history_ask(struct answer *answer, struct store *store, const struct history_request *request,
		struct err *err)
{
	struct question q = {answer, store, request, request->window,
			     xcalloc(request->n_paths + 1, sizeof *q.found)};

	answer->view = request->view == VIEW_OVERVIEW ? "overview"
		       : request->view == VIEW_FILES  ? "files"
						      : views[request->view].name;
	answer->main = views[request->view].main;
	answer->window = describe(request->window);
	answer->n_runs = window_size(request->window);
	int status = views[request->view].answer(&q, err);
	if (status == 0)
		tell_unknown(&q);
	free(q.found);
	return status;
}

// ---- what the views share ----

static bool is_asked_for(const char *path, void *arg)
{
	struct question *q = arg;
	const struct history_request *r = q->request;
	bool any = r->n_paths == 0;

	for (size_t i = 0; i < r->n_paths; i++) {
		size_t n = strlen(r->paths[i]);
		if (strncmp(path, r->paths[i], n) == 0 && (!path[n] || path[n] == '/'))
			any = q->found[i] = true;
	}
	return any;
}

// Of a file that was named people want to see all; of the tests of all the latest results are
// looked at.
static bool wants_whole(const struct question *q)
{
	switch (q->request->view) {
	case VIEW_FILES:
		return true;
	case VIEW_TESTS:
		return false;
	default:
		return q->window->is_limited && window_size(q->window) > AT_HAND;
	}
}

int question_files(struct question *q, unsigned parts, struct summaries *s, struct err *err)
{
	if (!q->store)
		return 0;
	return summaries_load(s, q->store, q->window, wants_whole(q), parts, is_asked_for, q, err);
}

static bool knows_any(const struct question *q)
{
	bool any = q->request->n_paths == 0;

	for (size_t i = 0; i < q->request->n_paths; i++)
		any = any || q->found[i];
	return any;
}

void question_nothing(struct question *q, const char *line)
{
	if (q->window->runs.n == 0)
		answer_line(q->answer, "No history yet.");
	else if (knows_any(q))
		answer_line(q->answer, "%s", line);
}

char *question_test_name(const char *name)
{
	char *visible = xstrdup(name);

	for (char *p = visible; (p = strpbrk(p, STORE_SEPARATOR)); p++)
		*p = ' ';
	return visible;
}

void question_add_run(struct table *t, const struct past_run *run)
{
	table_number(t, run ? run->id : -1);
	table_number(t, run ? run->started_ns : 0);
	table_text(t, run ? run->revision : NULL);
}

void question_draw(const struct question *q, struct buf *b, const int64_t *figures, size_t n)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
	const char *const *bars = q->request->is_utf8 ? blocks : letters;
	int64_t most = 1;

	for (size_t i = 0; i < n; i++)
		most = figures[i] > most ? figures[i] : most;
	for (size_t i = 0; i < n; i++)
		buf_addstr(b, figures[i] < 0
				      ? " "
				      : bars[(int)((double)figures[i] / (double)most * 7.99)]);
}

// ---- failures ----

int64_t summary_last_bad_run(const struct summary *s)
{
	for (size_t i = s->trail.n; i-- > 0;)
		if (file_status_is_bad(s->trail.items[i].status))
			return s->trail.items[i].run;
	return 0;
}

static void keep_first(const struct failure *f, void *arg)
{
	struct last_words *words = arg;

	if (words->message)
		return;
	words->test = f->test ? xstrdup(f->test) : NULL;
	words->message = xstrdup(f->message ? f->message : "");
}

int question_last_words(struct question *q, const struct summary *s, int64_t run,
			struct last_words *words, struct err *err)
{
	struct run found = {0};
	struct jobs jobs = {0};
	int status = history_load_result(q->store, run, s->file, &found, &jobs, err);

	*words = (struct last_words){0};
	// The last attempt may have passed.
	for (size_t i = 0; i < found.results.n; i++)
		for (const struct result *r = found.results.items[i]; r; r = r->earlier)
			failure_each(r, keep_first, words);
	run_release(&found);
	jobs_release(&jobs);
	return status;
}

void last_words_release(struct last_words *words)
{
	free(words->test);
	free(words->message);
	*words = (struct last_words){0};
}
