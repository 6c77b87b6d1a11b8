// SPDX-License-Identifier: MIT
#include "history/since.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "history/run_range.h"
#include "history/summary.h"
#include "model/failure.h"
#include "model/run.h"

// Runs that are looked at for a file. What fails for longer has had its time of being new.
#define RUNS_MOST 20

// One thing that failed, while it is not known since when.
struct open {
	struct since *since;
	char *name; // of the test; NULL: it is the file's; owned
	bool is_settled;
};

struct opens {
	struct open *items;
	size_t n, cap;
	size_t left; // that are not settled
};

struct search {
	struct run *run;
	struct store *store;
	struct run_range range;
	struct map by_path; // the bad results
	struct opens opens; // of the file at hand
};

// ---- what has failed ----

static void add(struct opens *o, struct since **since, char *name)
{
	*since = xcalloc(1, sizeof **since);
	const struct open open = {*since, name, false};
	VEC_PUSH(o, open);
	o->left++;
}

static void add_all(struct opens *o, struct result *r)
{
	if (r->errors.n > 0 || !failure_is_explained(r))
		add(o, &r->since, NULL);
	for (size_t i = 0; i < r->tests.n; i++) {
		struct test_case *t = &r->tests.items[i];
		struct buf name = {0};
		if (!failure_is_test(t))
			continue;
		failure_test_name(&name, t);
		add(o, &t->since, buf_detach(&name));
	}
}

static void release(struct opens *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->items[i].name);
	free(o->items);
	*o = (struct opens){0};
}

// ---- whether it has failed in an earlier run ----

static bool fails_in(const struct result *r, const char *name)
{
	bool fails = !name && (r->errors.n > 0 || !failure_is_explained(r));

	for (size_t i = 0; name && !fails && i < r->tests.n; i++) {
		struct buf other = {0};
		if (!failure_is_test(&r->tests.items[i]))
			continue;
		failure_test_name(&other, &r->tests.items[i]);
		fails = strcmp(other.data, name) == 0;
		buf_release(&other);
	}
	return fails;
}

static void settle(struct opens *o, const struct past_run *past, const struct result *r)
{
	for (size_t i = 0; i < o->n; i++) {
		struct open *open = &o->items[i];
		if (open->is_settled)
			continue;
		if (fails_in(r, open->name)) {
			free(open->since->revision);
			open->since->run = past->id;
			open->since->started_ns = past->started_ns;
			open->since->revision = past->revision ? xstrdup(past->revision) : NULL;
		} else if (!r->partial) {
			open->is_settled = true;
			o->left--;
		}
	}
}

static int look_at(struct search *s, const struct summary *f, const struct past_run *past,
		   struct err *err)
{
	struct run found = {0};
	struct jobs jobs = {0};
	int status = load_result(s->store, past->id, f->file, &found, &jobs, err);

	for (size_t i = 0; i < found.results.n; i++)
		settle(&s->opens, past, found.results.items[i]);
	run_release(&found);
	jobs_release(&jobs);
	return status;
}

// ---- the runs before ----

// The run of the sample, if it began before this one.
static const struct past_run *run_before(const struct search *s, const struct sample *sample)
{
	const struct past_run *past = run_range_run(&s->range, sample->run);

	return past && past->id != s->run->id && past->started_ns < s->run->started_ns ? past
										       : NULL;
}

static int look_back(struct search *s, const struct summary *f, struct err *err)
{
	const struct past_run *last = NULL;
	size_t looked = 0;
	int status = 0;

	for (size_t i = f->series.n; i-- > 0 && s->opens.left > 0 && status == 0;) {
		const struct sample *sample = &f->series.items[i];
		const struct past_run *past = run_before(s, sample);
		// The last attempt of a run stands for it.
		if (!past || past == last)
			continue;
		last = past;
		if (sample->status == FILE_PASSED && !sample->partial)
			break;
		if (!file_status_is_bad(sample->status))
			continue;
		if (looked++ == RUNS_MOST) {
			for (size_t k = 0; k < s->opens.n; k++)
				s->opens.items[k].since->or_before = !s->opens.items[k].is_settled;
			break;
		}
		status = look_at(s, f, past, err);
	}
	return status;
}

static int tell_file(struct search *s, const struct summary *f, struct err *err)
{
	struct result *r = map_get(&s->by_path, f->path);
	const struct flips *flips = &f->flips;

	r->unsteady = flips->flips > (flips->last_run == s->run->id);
	add_all(&s->opens, r);
	int status = look_back(s, f, err);
	release(&s->opens);
	return status;
}

static bool is_bad(const char *path, void *arg)
{
	return map_get(&((struct search *)arg)->by_path, path) != NULL;
}

static int tell_files(struct search *s, struct err *err)
{
	struct summaries files = {0};
	int status =
		summaries_load(&files, s->store, &s->range, false, SUMMARY_SERIES, is_bad, s, err);

	for (size_t i = 0; i < files.n && status == 0; i++)
		status = tell_file(s, &files.items[i], err);
	summaries_release(&files);
	return status;
}

static bool has_past(const struct search *s)
{
	const struct past_runs *runs = &s->range.runs;

	return runs->n > 0 && runs->items[0].started_ns < s->run->started_ns;
}

int since_tell(struct run *run, struct store *store, struct err *err)
{
	struct search s = {.run = run, .store = store};
	int status = 0;

	for (size_t i = 0; i < run->results.n; i++) {
		struct result *r = run->results.items[i];
		if (file_status_is_bad(r->status))
			map_put(&s.by_path, r->job->path, r);
	}
	if (s.by_path.n > 0 && run->id > 0)
		status = run_range_open(&s.range, store, err);
	if (status == 0 && has_past(&s))
		status = tell_files(&s, err);
	run_range_release(&s.range);
	map_release(&s.by_path);
	return status;
}
