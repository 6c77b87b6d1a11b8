// SPDX-License-Identifier: MIT
// Fills a store with a history that never was: history DB RUNS FILES TESTS. Each run has every
// file, each file so many tests; times vary, one file in 50 has become slower half-way, one is
// flaky, one fails since the last tenth of the runs. The same words give the same history.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/run.h"
#include "store/store.h"

#define BATCH 50

static uint64_t seed = 1;

static int64_t any(int64_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t)((seed >> 33) % (uint64_t)n);
}

// A time around the usual one.
static int64_t around(int64_t ns)
{
	return ns * (90 + any(20)) / 100 + any(1000);
}

static enum file_status ends(long file, long run, long runs)
{
	if (file % 50 == 1 && any(10) == 0)
		return FILE_FAILED;
	return file % 50 == 2 && run > runs - runs / 10 ? FILE_FAILED : FILE_PASSED;
}

static void add_tests(struct result *r, long tests)
{
	for (long i = 0; i < tests; i++) {
		int64_t wall_ns = around(r->wall_ns / (tests + 1));
		struct test_case t = {
			.status = TEST_PASSED,
			.wall_ns = wall_ns,
			.own_ns = wall_ns - any(50000),
			.name = xasprintf("does the thing of number %ld as it should", i),
			.file = xstrdup(r->job->path),
			.line = (int)(10 + 7 * i),
		};
		t.path = xcalloc(1, sizeof *t.path);
		t.path[t.npath++] = xstrdup("a group of tests");
		if (r->status == FILE_FAILED && i == tests / 2) {
			t.status = TEST_FAILED;
			t.message = xstrdup("expected 3, got 4");
			t.traceback =
				xstrdup("stack traceback:\n\ttests/some_test.lua:42: in function");
		}
		VEC_PUSH(&r->tests, t);
	}
	r->has_tests = true;
}

static struct result *make_result(const struct job *job, const struct run *run, long file,
				  long tests, enum file_status status)
{
	struct result *r = result_new(job);
	int64_t usual = NS_PER_MS * (5 + file % 40) * (file % 50 == 3 && run->seed ? 2 : 1);

	r->status = status;
	r->exit_code = status == FILE_PASSED ? 0 : 1;
	r->reason = status == FILE_PASSED ? NULL : xstrdup("1 test failed");
	r->slot = (int)(file % 8);
	r->concurrent = true;
	r->offset_ns = file * NS_PER_MS + any(NS_PER_MS);
	r->started_ns = run->started_ns + r->offset_ns;
	r->wall_ns = around(usual);
	r->user_ns = around(usual * 2 / 3);
	r->sys_ns = around(usual / 10);
	r->delay_ns = around(usual / 50);
	r->maxrss = (4096 + file * 16 + any(64)) * 1024;
	r->expected = tests;
	r->output_total = (uint64_t)any(3000);
	add_tests(r, tests);
	return r;
}

static void record(struct store *s, struct run *run, struct result **results, size_t n)
{
	struct err err = {0};

	if (store_record(s, run, results, n, &err) != STORE_OK) {
		fprintf(stderr, "history: %s\n", err.message);
		exit(1);
	}
	for (size_t i = 0; i < n; i++)
		run_add(run, results[i]);
}

static void make_run(struct store *s, const struct jobs *jobs, long nth, long runs, long tests)
{
	struct run run = {
		.name = xasprintf("made-%ld", nth),
		.started_ns = INT64_C(1700000000) * NS_PER_SEC + nth * 3600 * NS_PER_SEC,
		.jobs = 8,
		.lower_bound_ns = -1,
		.revision = xasprintf("%040lx", 1000003 * (nth / 3)),
	};
	struct result *batch[BATCH];
	struct err err = {0};
	size_t n = 0;

	run.seed = nth > runs / 2; // tells make_result; no order was random
	for (size_t i = 0; i < jobs->n; i++) {
		enum file_status status = ends((long)i, nth, runs);
		batch[n++] = make_result(&jobs->items[i], &run, (long)i, tests, status);
		if (n == BATCH || i + 1 == jobs->n) {
			record(s, &run, batch, n);
			n = 0;
		}
	}
	run.elapsed_ns = run_bound_ns(&run) * 11 / 10;
	run.peak = 8;
	record_finish_run(s, &run, &err);
	run_release(&run);
}

int main(int argc, char **argv)
{
	struct jobs jobs = {0};
	struct err err = {0};
	char *notice;

	if (argc != 5) {
		fputs("history DB RUNS FILES TESTS\n", stderr);
		return 2;
	}
	long runs = atol(argv[2]), files = atol(argv[3]), tests = atol(argv[4]);
	struct store *s = store_open(argv[1], STORE_WRITE, &notice, &err);
	if (!s) {
		fprintf(stderr, "history: %s\n", err.message);
		return 1;
	}
	for (long i = 0; i < files; i++) {
		struct job j = {.path = xasprintf("tests/part%02ld/file%03ld_spec.lua", i % 20, i),
				.framework = FRAMEWORK_BUSTED};
		VEC_PUSH(&jobs, j);
	}
	for (long i = 0; i < runs; i++)
		make_run(s, &jobs, i, runs, tests);
	store_close(s);
	jobs_release(&jobs);
	return 0;
}
