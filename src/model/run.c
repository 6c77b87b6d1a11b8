// SPDX-License-Identifier: MIT
#include "model/run.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"

void run_release(struct run *r)
{
	for (size_t i = 0; i < r->results.n; i++)
		result_free(r->results.items[i]);
	free(r->results.items);
	free(r->waits.items);
	for (size_t i = 0; i < r->fixtures.n; i++)
		fixture_result_release(&r->fixtures.items[i]);
	free(r->fixtures.items);
	free(r->name);
	free(r->stopped);
	free(r->lua);
	free(r->project);
	free(r->revision);
	coverage_free(r->coverage);
	*r = (struct run){0};
}

// ---- several attempts ----

static struct result **find(const struct run *r, const struct job *job)
{
	for (size_t i = 0; i < r->results.n; i++)
		if (r->results.items[i]->job == job)
			return &r->results.items[i];
	return NULL;
}

// What is forgiven is better than what is not.
static int badness(const struct result *r)
{
	return file_status_is_bad(r->status) + result_is_bad(r);
}

// A repetition that was cut short says nothing; of the others the first of the worst is shown.
static struct result *merge_repetition(struct result *so_far, struct result *next)
{
	bool counts = next->status != FILE_NOTRUN;
	bool take = counts && (so_far->failures == 0 || badness(next) > badness(so_far));
	struct result *kept = take ? next : so_far;

	kept->attempts = so_far->attempts + counts;
	kept->failures = so_far->failures + file_status_is_bad(next->status);
	result_free(take ? so_far : next);
	return kept;
}

static struct result *merge_retry(struct result *so_far, struct result *next)
{
	if (next->status == FILE_NOTRUN) {
		result_free(next);
		return so_far;
	}
	next->attempts = so_far->attempts + 1;
	next->failures = so_far->failures + file_status_is_bad(next->status);
	next->flaky = !result_is_bad(next) && result_tells(next);
	next->earlier = so_far;
	return next;
}

void run_add(struct run *r, struct result *res)
{
	struct result **so_far = res->attempt > 1 ? find(r, res->job) : NULL;

	if (!res->cached) {
		r->sum_ns += res->wall_ns;
		r->longest_ns = res->wall_ns > r->longest_ns ? res->wall_ns : r->longest_ns;
	}
	res->attempts = 1;
	res->failures = file_status_is_bad(res->status);
	if (!so_far)
		VEC_PUSH(&r->results, res);
	else if (r->repeated)
		*so_far = merge_repetition(*so_far, res);
	else
		*so_far = merge_retry(*so_far, res);
}

void run_take_back(struct run *r, const struct jobs *jobs)
{
	struct map paths = {0};
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		map_put(&paths, jobs->items[i].path, &jobs->items[i]);
	for (size_t i = 0; i < r->results.n; i++) {
		struct result *res = r->results.items[i];
		if (res->cached && map_get(&paths, res->job->path))
			result_free(res);
		else
			r->results.items[n++] = res;
	}
	r->results.n = n;
	map_release(&paths);
}

void run_add_missing(struct run *r, const struct jobs *jobs, const char *reason)
{
	struct map there = {0};

	for (size_t i = 0; i < r->results.n; i++)
		map_put(&there, r->results.items[i]->job->path, r);
	for (size_t i = 0; i < jobs->n; i++) {
		if (map_get(&there, jobs->items[i].path))
			continue;
		struct result *res = result_new(&jobs->items[i]);
		res->reason = xstrdup(reason);
		run_add(r, res);
	}
	map_release(&there);
}

// ---- questions ----

struct totals run_totals(const struct run *r)
{
	struct totals t = {.files = r->results.n};

	for (size_t i = 0; i < r->results.n; i++) {
		const struct result *res = r->results.items[i];
		struct counts c = result_counts(res);
		t.by_status[res->status] += !res->forgiven;
		t.forgiven += res->forgiven;
		t.bad += result_is_bad(res);
		t.flaky += res->flaky;
		counts_add(&t.tests, &c);
	}
	return t;
}

int64_t run_bound_ns(const struct run *r)
{
	int workers = r->jobs > 0 ? r->jobs : r->peak;
	int64_t share_ns = r->sum_ns / (workers > 0 ? workers : 1);

	return share_ns > r->longest_ns ? share_ns : r->longest_ns;
}

const struct fixture_result *run_failed_fixture(const struct run *r)
{
	for (size_t i = 0; i < r->fixtures.n; i++)
		if (r->fixtures.items[i].failed)
			return &r->fixtures.items[i];
	return NULL;
}

bool run_succeeded(const struct run *r)
{
	struct totals t = run_totals(r);

	return t.bad == 0 && t.by_status[FILE_NOTRUN] == 0 && !r->unfinished &&
	       !run_failed_fixture(r) && (t.flaky == 0 || !r->flaky_fails) &&
	       coverage_suffices(r->coverage);
}

bool run_tells(const struct run *r)
{
	for (size_t i = 0; i < r->results.n; i++)
		if (result_tells(r->results.items[i]))
			return true;
	return false;
}

bool run_selected_no_test(const struct run *r)
{
	bool partial = false;

	for (size_t i = 0; i < r->results.n; i++) {
		if (r->results.items[i]->tests.n > 0)
			return false;
		partial |= r->results.items[i]->partial;
	}
	return partial;
}

static bool overlap(const struct result *a, const struct result *b)
{
	return a->slot >= 0 && b->slot >= 0 && a->offset_ns < b->offset_ns + b->wall_ns &&
	       b->offset_ns < a->offset_ns + a->wall_ns;
}

void run_each_concurrent(const struct run *r, const struct result *res,
			 void (*each)(const char *path, void *arg), void *arg)
{
	for (size_t i = 0; i < r->results.n; i++) {
		const struct result *other = r->results.items[i];
		if (other->job == res->job)
			continue;
		while (other && !overlap(other, res))
			other = other->earlier;
		if (other)
			each(other->job->path, arg);
	}
}
