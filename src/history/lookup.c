// SPDX-License-Identifier: MIT
#include "history/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "model/run.h"

// Series at hand have the latest results, so many at least.
#define AT_HAND 64

bool lookup_wants(const char *path, void *lookup)
{
	struct lookup *l = lookup;
	const struct history_request *r = l->request;
	bool any = r->n_paths == 0;

	for (size_t i = 0; i < r->n_paths; i++) {
		size_t n = strlen(r->paths[i]);
		if (strncmp(path, r->paths[i], n) == 0 && (!path[n] || path[n] == '/'))
			any = l->found[i] = true;
	}
	return any;
}

// Of a file that was named people want to see all; of the tests of all the latest results are
// looked at.
static bool wants_whole(const struct lookup *l)
{
	switch (l->request->view) {
	case VIEW_FILES:
		return true;
	case VIEW_TESTS:
		return false;
	default:
		return l->range->is_limited && run_range_size(l->range) > AT_HAND;
	}
}

int lookup_files(struct lookup *l, unsigned parts, struct summaries *s, struct err *err)
{
	if (!l->store)
		return 0;
	return summaries_load(s, l->store, l->range, wants_whole(l), parts, lookup_wants, l, err);
}

static bool knows_any(const struct lookup *l)
{
	bool any = l->request->n_paths == 0;

	for (size_t i = 0; i < l->request->n_paths; i++)
		any = any || l->found[i];
	return any;
}

void lookup_nothing(struct lookup *l, const char *line)
{
	if (l->range->runs.n == 0)
		view_line(l->view, "No history yet.");
	else if (knows_any(l))
		view_line(l->view, "%s", line);
}

char *lookup_test_name(const char *name)
{
	char *visible = xstrdup(name);

	for (char *p = visible; (p = strpbrk(p, STORE_SEPARATOR)); p++)
		*p = ' ';
	return visible;
}

void lookup_add_run(struct table *t, const struct past_run *run)
{
	table_number(t, run ? run->id : -1);
	table_number(t, run ? run->started_ns : 0);
	table_text(t, run ? run->revision : NULL);
}

void lookup_draw(const struct lookup *l, struct buf *b, const int64_t *figures, size_t n)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
	const char *const *bars = l->request->is_utf8 ? blocks : letters;
	int64_t most = 1;

	for (size_t i = 0; i < n; i++)
		most = figures[i] > most ? figures[i] : most;
	for (size_t i = 0; i < n; i++)
		buf_addstr(b, figures[i] < 0
				      ? " "
				      : bars[(int)((double)figures[i] / (double)most * 7.99)]);
}

static void keep_first(const struct failure *f, void *arg)
{
	struct last_failure *last = arg;

	if (last->message)
		return;
	last->test = f->test ? xstrdup(f->test) : NULL;
	last->message = xstrdup(f->message ? f->message : "");
}

static void keep_quarantine(const struct result *r, struct last_failure *last)
{
	struct buf b = {0};

	if (!r->forgiven)
		return;
	quarantine_describe(&b, r->quarantine, r->started_ns, true);
	last->quarantine = buf_detach(&b);
}

int lookup_last_failure(struct lookup *l, const struct summary *s, int64_t run,
			struct last_failure *last, struct err *err)
{
	struct run found = {0};
	struct jobs jobs = {0};
	int status = load_result(l->store, run, s->file, &found, &jobs, err);

	*last = (struct last_failure){0};
	// The last attempt may have passed.
	for (size_t i = 0; i < found.results.n; i++)
		for (const struct result *r = found.results.items[i]; r; r = r->earlier)
			failure_each(r, keep_first, last);
	for (size_t i = 0; i < found.results.n; i++)
		keep_quarantine(found.results.items[i], last);
	run_release(&found);
	jobs_release(&jobs);
	return status;
}

void last_failure_release(struct last_failure *last)
{
	free(last->test);
	free(last->message);
	free(last->quarantine);
	*last = (struct last_failure){0};
}
