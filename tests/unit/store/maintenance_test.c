// SPDX-License-Identifier: MIT
#include "store/maintenance.h"

#include <errno.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "model/inputs.h"
#include "model/run.h"
#include "store/database.h"
#include "store/history.h"
#include "telling.h"

#define US    1000
#define FILES 5
#define TESTS 6

// ---- stores of random runs ----

static uint64_t seed;

static int any(int n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((seed >> 33) % (uint64_t)n);
}

// Removes a store with its log.
static void forget(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		char *file = xasprintf("%s%s", path, suffixes[i]);
		unlink(file);
		free(file);
	}
}

// A random part of the tests of its file, in a random order.
static void add_tests(struct result *r)
{
	for (int i = any(TESTS), n = any(TESTS); n > 0; n--, i = (i + 1 + any(2)) % TESTS) {
		struct test_case t = {.name = xasprintf("test %d", i),
				      .status = any(4) ? TEST_PASSED : TEST_FAILED,
				      .wall_ns = any(2) ? any(1000) * US : -1,
				      .own_ns = any(2) ? any(1000) * US : -1,
				      .line = any(3) ? 10 + i : 0,
				      .file = any(3) ? xstrdup(r->job->path) : NULL};
		t.path = xcalloc(1, sizeof *t.path);
		t.path[t.npath++] = xstrdup("group");
		if (any(3) == 0) {
			t.tags = xcalloc(1, sizeof *t.tags);
			t.tags[t.ntags++] = xasprintf("tag%d", any(3));
		}
		t.message = t.status == TEST_PASSED ? NULL : xasprintf("said %d", any(100));
		VEC_PUSH(&r->tests, t);
	}
	r->has_tests = true;
}

static struct inputs *some_inputs(void)
{
	struct inputs *in = xcalloc(1, sizeof *in);
	struct input home = {.kind = INPUT_VARIABLE, .found = true, .name = xstrdup("HOME")};

	VEC_PUSH(&in->list, home);
	return in;
}

static struct result *make_result(const struct job *job, const struct run *run, int attempt)
{
	struct result *r = result_new(job);

	r->status = any(3) ? FILE_PASSED : FILE_FAILED;
	r->attempt = attempt;
	r->offset_ns = any(1000) * US;
	r->started_ns = run->started_ns + r->offset_ns;
	r->wall_ns = (1 + any(100000)) * US;
	r->user_ns = any(1000) * US;
	r->delay_ns = any(2) ? any(1000) * US : -1;
	r->maxrss = (1 + any(100)) * INT64_C(1024);
	r->exit_code = r->status == FILE_PASSED ? 0 : 1;
	r->reason = r->status == FILE_PASSED ? NULL : xstrdup("1 test failed");
	r->expected = any(3) - 1;
	r->partial = any(8) == 0;
	r->output = xasprintf("printed %d", any(1000));
	r->output_len = strlen(r->output);
	if (any(3))
		add_tests(r);
	if (any(4) == 0) {
		struct file_error e = {.where = xstrdup("setup"), .message = xstrdup("no")};
		VEC_PUSH(&r->errors, e);
	}
	if (r->status == FILE_PASSED && any(2))
		r->inputs = some_inputs();
	return r;
}

// One result of another run, as if it were reused.
static void add_cached(struct store *s, struct run *run, const struct job *job)
{
	struct result *r = result_new(job);
	char *sql = xasprintf("SELECT r.id FROM result r JOIN file f ON f.id = r.file WHERE "
			      "f.path = '%s' AND r.run <> %lld AND r.status <> 0 ORDER BY (r.id * "
			      "7919) %% %d LIMIT 1",
			      job->path, (long long)run->id, 1 + any(100));

	r->id = raw(s, sql);
	free(sql);
	sql = xasprintf("SELECT started FROM result WHERE id = %lld", (long long)r->id);
	r->started_ns = raw(s, sql);
	r->status = FILE_PASSED;
	r->cached = r->id > 0;
	free(sql);
	run_add(run, r);
}

static void record(struct store *s, struct run *run, struct result *r)
{
	struct err err = {0};

	check_row(store_record(s, run, &r, 1, &err) == STORE_OK, "%s", err.message);
	run_add(run, r);
}

static void run_file(struct store *s, struct run *run, const struct job *job)
{
	int n = any(4) ? 1 : 2;

	if (any(4) == 0) {
		add_cached(s, run, job);
		return;
	}
	for (int i = 1; i <= n; i++)
		record(s, run, make_result(job, run, i));
}

static int64_t hours_ago(int n)
{
	return clock_real_ns() - n * 3600 * NS_PER_SEC;
}

// A run of some of the files, of which any may be left out.
static void add_run(struct store *s, const char *name, int64_t started_ns)
{
	struct run run = {.name = xstrdup(name), .started_ns = started_ns, .lower_bound_ns = -1};
	struct jobs jobs = {0};
	struct err err = {0};

	for (int i = 0; i < FILES; i++) {
		struct job job = {.path = xasprintf("tests/%d_test.lua", i)};
		VEC_PUSH(&jobs, job);
	}
	check_row(store_record(s, &run, NULL, 0, &err) == STORE_OK, "%s", err.message);
	for (int i = 0; i < FILES; i++)
		if (any(3))
			run_file(s, &run, &jobs.items[i]);
	run_add_missing(&run, &jobs, "not started");
	run.elapsed_ns = any(1000000) * US;
	assert_int_equal(record_finish_run(s, &run, &err), STORE_OK);
	run_release(&run);
	jobs_release(&jobs);
}

// n runs within the last `hours`, some at the same time as others.
static void add_runs(struct store *s, const char *name, int n, int hours)
{
	int64_t now = clock_real_ns() / (3600 * NS_PER_SEC) * (3600 * NS_PER_SEC);

	for (int i = 0; i < n; i++) {
		char *full = xasprintf("%s-%d", name, i);
		add_run(s, full, now - any(hours) * 3600 * NS_PER_SEC);
		free(full);
	}
}

static void tell_the_same(struct store *a, struct store *b, bool inputs, const char *what)
{
	char *x = told(a, inputs), *y = told(b, inputs);

	if (strcmp(x, y) != 0) {
		size_t at = 0;
		while (x[at] == y[at])
			at++;
		at = at > 200 ? at - 200 : 0;
		print_error("%.400s\n-- or --\n%.400s\n", x + at, y + at);
		fail_msg("%s", what);
	}
	free(x);
	free(y);
}

// ---- importing ----

// Imports a copy of each file, as the program does.
static void import(struct store *s, const char **paths, size_t n, struct imported *out)
{
	struct store *others[4] = {0};
	struct err err = {0};

	for (size_t i = 0; i < n; i++) {
		others[i] = copy_open(paths[i], NULL, &err);
		check_row(others[i], "%s", err.message);
	}
	check_row(store_import(s, others, n, out, &err) == 0, "%s", err.message);
	for (size_t i = 0; i < n; i++)
		store_close(others[i]);
}

// Two stores that have some runs in common, one of which may have lost some of its runs. Then it
// does not know any more whether inputs are those of the result before: false.
static bool make_two(void)
{
	struct err err = {0};
	struct pruned pruned;
	int64_t bytes;
	struct store *a = opened("a.db");

	add_runs(a, "both", 1 + any(20), 60);
	check_row(copy_export(a, "b.db", &bytes, &err) == 0, "%s", err.message);
	assert_true(bytes > 0);
	add_runs(a, "a", any(30), 40);
	store_close(a);
	struct store *b = opened("b.db");
	add_runs(b, "b", any(30), 40);
	bool whole = any(2);
	if (!whole)
		assert_int_equal(store_prune(b, &(struct store_bound){any(20), 0}, &pruned, &err),
				 0);
	store_close(b);
	return whole;
}

static void the_order_of_imports_does_not_matter(void **state)
{
	struct imported out[3];

	(void)state;
	for (int round = 1; round <= 12; round++) {
		seed = (uint64_t)round;
		bool whole = make_two();
		struct store *x = opened("x.db"), *y = opened("y.db");
		import(x, (const char *[]){"a.db", "b.db"}, 2, out);
		import(y, (const char *[]){"b.db"}, 1, out);
		import(y, (const char *[]){"a.db"}, 1, out);
		is_sound(x);
		is_sound(y);
		char *what = xasprintf("seed %d: the order", round);
		// What a pass printed is forgotten sooner in the one than in the other.
		raw(x, "UPDATE result SET output=NULL WHERE status=1");
		raw(y, "UPDATE result SET output=NULL WHERE status=1");
		tell_the_same(x, y, whole, what);
		import(y, (const char *[]){"a.db", "b.db", "x.db"}, 3, out);
		check_row(out[0].runs + out[1].runs + out[2].runs == 0 && out[2].known > 0, "%s",
			  what);
		tell_the_same(x, y, whole, what);
		is_sound(y);
		free(what);
		store_close(x);
		store_close(y);
		forget("a.db");
		forget("b.db");
		forget("x.db");
		forget("y.db");
	}
}

static void what_was_pruned_comes_back_once(void **state)
{
	static const char *const figures[] = {"SELECT count(*) FROM result",
					      "SELECT count(*) FROM result WHERE run = 0",
					      "SELECT total(started) FROM result",
					      "SELECT count(*) FROM failure",
					      "SELECT count(*) FROM file f, samples(f.trail)",
					      "SELECT total(wall) FROM file f, samples(f.trail)"};
	struct imported out;
	struct pruned pruned;
	struct err err = {0};
	int64_t bytes;
	struct store *x = opened("x.db");

	(void)state;
	seed = 5;
	add_runs(x, "x", 40, 60);
	assert_int_equal(copy_export(x, "whole.db", &bytes, &err), 0);
	assert_int_equal(store_prune(x, &(struct store_bound){3, 0}, &pruned, &err), 0);
	assert_true(raw(x, "SELECT count(*) FROM result WHERE run = 0") > 1);
	import(x, (const char *[]){"whole.db"}, 1, &out);
	is_sound(x);
	struct store *whole = opened("whole.db");
	for (size_t i = 0; i < COUNT(figures); i++)
		check_row(raw(x, figures[i]) == raw(whole, figures[i]), "%s: %lld, not %lld",
			  figures[i], (long long)raw(x, figures[i]),
			  (long long)raw(whole, figures[i]));
	store_close(x);
	store_close(whole);
}

static void what_is_imported_is_what_was_there(void **state)
{
	struct imported out;

	(void)state;
	seed = 77;
	struct store *a = opened("a.db");
	add_runs(a, "a", 200, 500);
	struct store *x = opened("x.db");
	import(x, (const char *[]){"a.db"}, 1, &out);
	assert_int_equal(out.runs, 200);
	assert_int_equal(out.results, raw(a, "SELECT count(*) FROM result"));
	// What the last ten passes printed is kept by the order of time; here runs ended in
	// another.
	for (size_t i = 0; i < 2; i++)
		raw(i ? a : x, "UPDATE result SET output=NULL WHERE status=1");
	// Nobody has watched here.
	raw(a, "UPDATE file SET born=(SELECT id FROM run r WHERE r.id = born); "
	       "DELETE FROM snapshot");
	struct store *y = opened("y.db");
	import(y, (const char *[]){"x.db"}, 1, &out);
	tell_the_same(x, y, true, "a second import");
	char *ours = told(x, true), *theirs = told(a, true);
	// Reports are the same; series are sorted by time now.
	*strstr(ours, "\ntests/0") = *strstr(theirs, "\ntests/0") = '\0';
	assert_string_equal(ours, theirs);
	free(ours);
	free(theirs);
	store_close(a);
	store_close(x);
	store_close(y);
}

static void a_run_without_an_end_is_completed(void **state)
{
	struct run run = {.name = (char *)"r", .started_ns = hours_ago(1), .lower_bound_ns = -1};
	struct job jobs[] = {{.path = (char *)"one.lua"}, {.path = (char *)"two.lua"}};
	struct err err = {0};
	struct imported out;

	(void)state;
	seed = 5;
	struct store *a = opened("a.db"), *x = opened("x.db");
	record(a, &run, make_result(&jobs[0], &run, 1));
	import(x, (const char *[]){"a.db"}, 1, &out);
	assert_int_equal(out.results, 1);
	assert_int_equal(raw(x, "SELECT elapsed IS NULL FROM run"), 1);
	record(a, &run, make_result(&jobs[0], &run, 2));
	record(a, &run, make_result(&jobs[1], &run, 1));
	run.elapsed_ns = 7;
	assert_int_equal(record_finish_run(a, &run, &err), STORE_OK);
	import(x, (const char *[]){"a.db"}, 1, &out);
	assert_int_equal(out.runs, 1);
	assert_int_equal(out.results, 2);
	assert_int_equal(raw(x, "SELECT elapsed FROM run"), 7);
	is_sound(x);
	raw(a, "DELETE FROM snapshot");
	tell_the_same(a, x, true, "completed");
	import(x, (const char *[]){"a.db"}, 1, &out);
	assert_int_equal(out.known, 1);
	run.name = NULL;
	run_release(&run);
	store_close(a);
	store_close(x);
}

// A run of one file that passes and whose inputs are watched.
static void add_watched_run(struct store *s, const char *name, int hours)
{
	struct run run = {.name = xstrdup(name), .started_ns = hours_ago(hours)};
	struct job job = {.path = (char *)"a.lua"};
	struct result *r = make_result(&job, &run, 1);
	struct err err = {0};

	r->status = FILE_PASSED;
	r->partial = false;
	if (!r->inputs)
		r->inputs = some_inputs();
	record(s, &run, r);
	assert_int_equal(record_finish_run(s, &run, &err), STORE_OK);
	run_release(&run);
}

static void keep_inputs(const struct past_file *f, void *arg)
{
	char *inputs = arg;

	for (size_t i = 0; i < f->past.series.n; i++)
		*inputs++ = (char)('0' + f->past.series.items[i].inputs);
}

// "The same as before" is said of the result before it in its own store.
static void inputs_are_unknown_behind_a_stranger(void **state)
{
	struct store *a = opened("a.db"), *b = opened("b.db");
	struct imported out;
	struct err err = {0};
	char inputs[8] = "";

	(void)state;
	add_watched_run(a, "a1", 9);
	add_watched_run(a, "a2", 8);
	add_watched_run(a, "a3", 5);
	add_watched_run(a, "a4", 4);
	assert_int_equal(history_each_file(a, true, NULL, keep_inputs, inputs, &err), 0);
	assert_string_equal(inputs, "0111");
	add_watched_run(b, "b1", 7);
	add_watched_run(b, "b2", 6);
	import(a, (const char *[]){"b.db"}, 1, &out);
	assert_int_equal(history_each_file(a, true, NULL, keep_inputs, inputs, &err), 0);
	assert_string_equal(inputs, "010101");
	store_close(a);
	store_close(b);
}

static void a_failing_import_changes_nothing(void **state)
{
	struct imported out[2];
	struct err err = {0};
	struct store *others[2];

	(void)state;
	seed = 6;
	struct store *a = opened("a.db"), *b = opened("b.db"), *x = opened("x.db");
	add_runs(a, "a", 5, 10);
	add_runs(b, "b", 5, 10);
	add_runs(x, "x", 5, 10);
	char *before = told(x, true);
	raw(b, "DELETE FROM file WHERE id = 2");
	others[0] = copy_open("a.db", NULL, &err);
	others[1] = copy_open("b.db", NULL, &err);
	assert_int_equal(store_import(x, others, 2, out, &err), -1);
	assert_string_equal(err.message, "rows that belong together are missing" STORE_HINT);
	assert_true(!out[0].refused && out[1].refused);
	char *after = told(x, true);
	assert_string_equal(before, after);
	free(before);
	free(after);
	store_close(others[0]);
	store_close(others[1]);
	store_close(a);
	store_close(b);
	store_close(x);
}

// ---- removing ----

static void what_is_old_goes_and_the_rest_is_sound(void **state)
{
	struct err err = {0};

	(void)state;
	for (int round = 1; round <= 12; round++) {
		struct pruned out;
		struct map past = {0};
		seed = (uint64_t)round;
		struct store *s = opened("s.db");
		add_runs(s, "r", 1 + any(150), 200);
		long long runs = raw(s, "SELECT count(*) FROM run"), kept = any(30);
		long long results = raw(s, "SELECT count(*) FROM result");
		char *sql = xasprintf("SELECT min(started) FROM (SELECT started FROM run ORDER BY "
				      "started DESC, id DESC LIMIT %lld)",
				      kept);
		long long first = raw(s, sql);
		free(sql);
		assert_int_equal(store_prune(s, &(struct store_bound){kept, 0}, &out, &err), 0);
		check_row(out.runs == (runs > kept ? runs - kept : 0), "%ld gone of %lld", out.runs,
			  runs);
		assert_int_equal(out.results, results - raw(s, "SELECT count(*) FROM result"));
		assert_int_equal(raw(s, "SELECT count(*) FROM run"), runs - out.runs);
		if (kept > 0 && out.runs > 0)
			assert_int_equal(raw(s, "SELECT min(started) FROM run"), first);
		is_sound(s);
		// A run that stays shows all that it has taken over; a valid pass can be
		// taken.
		assert_int_equal(raw(s, "SELECT count(*) FROM snapshot s LEFT JOIN result r ON "
					"r.id = s.result WHERE stands AND r.id IS NULL"),
				 0);
		// What a file takes is known as before.
		assert_int_equal(file_load_all(s, &past, &err), 0);
		assert_true(past.n > 0);
		for (size_t i = 0; i < past.cap; i++) {
			const struct past *p = past.slots[i].value;
			check_row(!p || p->series.n > 0 || p->ended_ns == 0, "%s",
				  past.slots[i].key);
		}
		file_free_all(&past);
		// Nobody takes a new run for an old one.
		add_run(s, "new", hours_ago(0));
		assert_int_equal(raw(s, "SELECT max(id) FROM run"), runs + 1);
		is_sound(s);
		store_close(s);
		forget("s.db");
	}
}

static void reused_results_outlive_their_runs(void **state)
{
	struct run first = {
		.name = (char *)"first", .started_ns = hours_ago(9), .lower_bound_ns = -1};
	struct run second = {
		.name = (char *)"second", .started_ns = hours_ago(8), .lower_bound_ns = -1};
	struct job job = {.path = (char *)"a.lua"}, other = {.path = (char *)"b.lua"};
	struct pruned out;
	struct err err = {0};

	(void)state;
	seed = 8;
	struct store *s = opened("s.db");
	record(s, &first, make_result(&job, &first, 1));
	record(s, &first, make_result(&other, &first, 1));
	record_finish_run(s, &first, &err);
	assert_int_equal(store_record(s, &second, NULL, 0, &err), STORE_OK);
	struct result *r = result_new(&job);
	r->id = 1;
	r->started_ns = raw(s, "SELECT started FROM result WHERE id = 1");
	r->cached = true;
	r->status = FILE_PASSED;
	run_add(&second, r);
	// One that another process has removed, and whose number is another's now.
	struct result *gone = result_new(&other);
	gone->id = 2;
	gone->cached = true;
	gone->status = FILE_PASSED;
	run_add(&second, gone);
	record_finish_run(s, &second, &err);
	raw(s, "DELETE FROM snapshot");
	assert_int_equal(store_prune(s, &(struct store_bound){1, 0}, &out, &err), 0);
	assert_int_equal(out.runs, 1);
	assert_int_equal(out.results, 1);
	assert_int_equal(raw(s, "SELECT run FROM result WHERE id = 1"), 0);
	is_sound(s);
	// With the last run that shows it, it goes as well; but its file was run of late.
	assert_int_equal(store_prune(s, &(struct store_bound){0, 0}, &out, &err), 0);
	assert_int_equal(out.results, 1);
	assert_int_equal(raw(s, "SELECT count(*) FROM result"), 0);
	assert_int_equal(raw(s, "SELECT count(*) FROM test"), 0);
	assert_int_equal(raw(s, "SELECT count(*) FROM roster"), 0);
	assert_int_equal(raw(s, "SELECT count(*) FROM file"), 2);
	raw(s, "UPDATE file SET ended = 1 WHERE path = 'a.lua'");
	assert_int_equal(store_prune(s, &(struct store_bound){0, 0}, &out, &err), 0);
	assert_int_equal(raw(s, "SELECT count(*) FROM file"), 1);
	is_sound(s);
	first.name = second.name = NULL;
	run_release(&first);
	run_release(&second);
	store_close(s);
}

// Figures go by chunks of 64, once none of their runs is left.
static void all_series_are_cut(void **state)
{
	static const struct {
		int kept;
		long long chunks;
	} rows[] = {{300, 3}, {240, 3}, {236, 2}, {109, 1}, {108, 0}, {0, 0}};
	struct store *s = opened("s.db");
	struct pruned out;
	struct err err = {0};
	char name[16];

	(void)state;
	for (int i = 300; i > 0; i--) {
		snprintf(name, sizeof name, "r%d", i);
		add_watched_run(s, name, i);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(store_prune(s, &(struct store_bound){rows[i].kept, 0}, &out, &err),
				 0);
		check_row(raw(s, "SELECT count(*) FROM trail") == rows[i].chunks, "%d",
			  rows[i].kept);
		is_sound(s);
	}
	assert_true(raw(s, "SELECT length(trail) FROM file") > 64 * 4);
	store_close(s);
}

static void an_age_is_a_bound_but_not_for_a_run_that_goes_on(void **state)
{
	static const struct {
		const char *name;
		int hours;
		bool ended, goes;
	} rows[] = {{"old", 50, true, true},
		    {"killed", 49, false, true},
		    {"going on", 9, false, false},
		    {"ended", 8, true, true},
		    {"new", 2, true, false}};
	struct store *s = opened("s.db");
	struct pruned out;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		add_run(s, rows[i].name, hours_ago(rows[i].hours));
		if (!rows[i].ended)
			raw(s, "UPDATE run SET elapsed=NULL WHERE id=(SELECT max(id) FROM run)");
	}
	assert_int_equal(store_prune(s, &(struct store_bound){-1, hours_ago(5)}, &out, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct run run = {0};
		check_row(load_find_run(s, rows[i].name, &run) != rows[i].goes, "%s", rows[i].name);
	}
	is_sound(s);
	store_close(s);
}

static void a_run_that_ends_keeps_the_bound(void **state)
{
	struct store *s = opened("s.db");

	(void)state;
	seed = 9;
	// As after an import: the old ones have the high numbers.
	add_run(s, "young", hours_ago(3));
	add_run(s, "old", hours_ago(100));
	raw(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2003) "
	       "INSERT INTO run(name, started, elapsed, jobs, version) "
	       "SELECT 'made' || i, (SELECT started FROM run WHERE name = 'old') + i, 1, 1, '' "
	       "FROM n");
	add_run(s, "last", hours_ago(1));
	assert_int_equal(raw(s, "SELECT count(*) FROM run"), 2002);
	assert_int_equal(raw(s, "SELECT count(*) FROM run WHERE name IN ('old', 'made3')"), 0);
	assert_int_equal(raw(s, "SELECT count(*) FROM run WHERE name IN ('young', 'made4')"), 2);
	add_run(s, "one more", hours_ago(1));
	assert_int_equal(raw(s, "SELECT count(*) FROM run"), STORE_KEPT_RUNS);
	is_sound(s);
	store_close(s);
}

static void outputs_of_passes_are_kept_by_time(void **state)
{
	struct store *s = opened("s.db"), *x = opened("x.db");
	struct imported out;

	(void)state;
	seed = 10;
	// The latest first: their numbers say the opposite.
	for (int i = 0; i < 25; i++) {
		char *name = xasprintf("r%02d", i);
		add_run(s, name, hours_ago(i + 1));
		free(name);
	}
	add_run(s, "now", hours_ago(0));
	static const char kept[] =
		"SELECT count(*) FROM (SELECT DISTINCT n.name FROM result r JOIN run n ON n.id = "
		"r.run WHERE r.status = 1 AND r.output IS NOT NULL AND n.name > 'r08' AND n.name < "
		"'r19')";
	assert_int_equal(raw(s, kept), 0);
	assert_true(raw(s, "SELECT count(*) FROM result r JOIN run n ON n.id = r.run WHERE "
			   "r.status = 1 AND r.output IS NOT NULL AND n.name < 'r09'") > 9);
	import(x, (const char *[]){"s.db"}, 1, &out);
	assert_int_equal(raw(x, kept), 0);
	assert_int_equal(raw(x, "SELECT count(DISTINCT run) FROM result WHERE status = 1 AND "
				"output IS NOT NULL"),
			 raw(s, "SELECT count(DISTINCT r.run) FROM result r JOIN run n ON n.id = "
				"r.run WHERE r.status = 1 AND r.output IS NOT NULL AND (n.name < "
				"'r09' OR n.name = 'now')"));
	store_close(s);
	store_close(x);
}

// ---- looking ----

static void each_kind_of_damage_is_found(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{"DELETE FROM run WHERE id = 2", "of no run"},
		{"DELETE FROM file WHERE id = 1", "of no file"},
		{"DELETE FROM roster WHERE id = 1", "listed nowhere"},
		{"UPDATE roster SET file = file + 1 WHERE id = 1", "listed nowhere"},
		{"DELETE FROM test WHERE id = 1", "tests that are listed and not there"},
		{"UPDATE result SET endings = CAST(x'09' || endings AS BLOB) WHERE id = "
		 "(SELECT id FROM result WHERE roster > 0)",
		 "other tests"},
		{"UPDATE result SET endings = NULL WHERE roster > 0 AND id = "
		 "(SELECT id FROM result WHERE roster > 0)",
		 "other tests"},
		{"UPDATE file SET trail = substr(trail, 1, length(trail) - 1) WHERE id = 1",
		 "torn"},
		{"UPDATE file SET trail = x'ffffffffffffffffffffffff' WHERE id = 1", "torn"},
		{"UPDATE file SET trail = x'' WHERE id = 1", "figures of other results"},
		{"DELETE FROM result WHERE id = (SELECT id FROM result WHERE status <> 0 AND id "
		 "NOT IN (SELECT result FROM snapshot) AND id NOT IN (SELECT result FROM failure) "
		 "AND id NOT IN (SELECT result FROM reused) "
		 "AND id NOT IN (SELECT result FROM file_error))",
		 "figures of other results"},
		{"INSERT INTO failure VALUES(99999, 0, '', '')", "messages of no result"},
		{"INSERT INTO file_error(result, seq) VALUES(99999, 0)", "errors of no result"},
		{"UPDATE snapshot SET result = 99999", "to be reused"},
		{"INSERT INTO reused SELECT max(id), 99999 FROM run",
		 "reused results that are gone"},
		{"INSERT INTO reused SELECT 99999, min(id) FROM result",
		 "reused results of no run"},
		{"UPDATE run SET jobs = 'many' WHERE id = 1", "value that cannot be"},
		{"UPDATE result SET framework = 99999999 WHERE id = 1",
		 "rows of result with a value that cannot be: 1"},
		{"UPDATE result SET slot = 2147483600 WHERE id = 1", "value that cannot be"},
		{"UPDATE result SET wall = 9000000000000000000 WHERE id = 1",
		 "value that cannot be"},
		{"UPDATE run SET waits = zeroblob(17) WHERE id = 1", "waits of a run are torn"},
		{"DELETE FROM input", "inputs that are named and not there"},
		{"INSERT INTO counted VALUES(99999, 1, x'')", "coverage of no result"},
		{"INSERT INTO edition VALUES(1, 1, NULL, x'')", "texts of no source"},
		{"UPDATE result SET counted=1 WHERE id=1; INSERT INTO counted VALUES(1, 1, x'00')",
		 "torn coverage"},
		{"UPDATE result SET counted=1 WHERE id=1; INSERT INTO source VALUES(1, 'a');"
		 "INSERT INTO edition VALUES(1, 1, NULL, x'030000');"
		 "INSERT INTO counted VALUES(1, 1, x'0104010000')",
		 "torn coverage"},
		{"INSERT INTO covered VALUES(99999, 1, 1, 1)", "covered lines of no run"},
		{"DROP INDEX result_by_run; DROP TABLE failure", "cannot be read"},
	};
	struct err err = {0};
	int64_t bytes;

	(void)state;
	seed = 11;
	struct store *s = opened("s.db");
	add_runs(s, "r", 30, 100);
	is_sound(s);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store_facts facts = {0};
		check_row(copy_export(s, "bad.db", &bytes, &err) == 0, "%s", err.message);
		struct store *bad = opened("bad.db");
		raw(bad, rows[i].sql);
		store_check(bad, &facts);
		check_row(facts.problems.n > 0, "%s: sound", rows[i].sql);
		check_row(strstr(facts.problems.items[0], rows[i].words), "%s: %s", rows[i].sql,
			  facts.problems.items[0]);
		check_facts_release(&facts);
		store_close(bad);
		forget("bad.db");
	}
	store_close(s);
}

// Whatever the bytes are: no crash, and what is not sound is told before anything is imported.
static void ignore_file(const struct past_file *f, void *arg)
{
	(void)f;
	(void)arg;
}

// Whatever comes of it.
static void load_all(struct store *s)
{
	struct map past = {0};
	struct err err = {0};

	for (int64_t id = 1; id <= 3; id++) {
		struct run run = {0};
		struct jobs jobs = {0};
		store_load_run(s, id, &run, &jobs, &err);
		run_release(&run);
		jobs_release(&jobs);
	}
	history_each_file(s, true, NULL, ignore_file, NULL, &err);
	file_load_all(s, &past, &err);
	file_free_all(&past);
}

static void no_garbage_is_too_wild(void **state)
{
	struct err err = {0};

	(void)state;
	for (int round = 1; round <= 12; round++) {
		struct store_facts facts = {0};
		seed = (uint64_t)round;
		struct store *s = opened("s.db");
		add_runs(s, "r", 3, 100);
		raw(s, "UPDATE file SET trail = randomblob(40); UPDATE listed SET test = "
		       "random(); UPDATE result SET endings = randomblob(40) WHERE roster > "
		       "0; UPDATE reused SET result = random()");
		store_check(s, &facts);
		assert_true(facts.problems.n > 0);
		check_facts_release(&facts);
		load_all(s);
		struct imported out;
		struct store *x = opened("x.db"), *copy = copy_open("s.db", NULL, &err);
		store_import(x, &copy, 1, &out, &err);
		store_close(copy);
		store_close(x);
		store_close(s);
		forget("s.db");
		forget("x.db");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(the_order_of_imports_does_not_matter),
		WITH_FOLDER(what_was_pruned_comes_back_once),
		WITH_FOLDER(what_is_imported_is_what_was_there),
		WITH_FOLDER(a_run_without_an_end_is_completed),
		WITH_FOLDER(inputs_are_unknown_behind_a_stranger),
		WITH_FOLDER(a_failing_import_changes_nothing),
		WITH_FOLDER(what_is_old_goes_and_the_rest_is_sound),
		WITH_FOLDER(reused_results_outlive_their_runs),
		WITH_FOLDER(all_series_are_cut),
		WITH_FOLDER(an_age_is_a_bound_but_not_for_a_run_that_goes_on),
		WITH_FOLDER(a_run_that_ends_keeps_the_bound),
		WITH_FOLDER(outputs_of_passes_are_kept_by_time),
		WITH_FOLDER(each_kind_of_damage_is_found),
		WITH_FOLDER(no_garbage_is_too_wild),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
