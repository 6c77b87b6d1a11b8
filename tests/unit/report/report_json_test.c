// SPDX-License-Identifier: MIT
// The report for programs.
#include <json-c/json.h>

#include "firmo-jobs.h"
#include "report.h"
#include "report/json.h"

static struct json_object *parsed(const struct run *run)
{
	struct buf b = rendered(run, report_json);
	struct json_tokener *tok = json_tokener_new();

	assert_true(is_valid_utf8(&b));
	assert_int_equal(strlen(b.data), b.len);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	struct json_object *o = json_tokener_parse_ex(tok, b.data, (int)b.len + 1);
	check_row(json_tokener_get_error(tok) == json_tokener_success, "%s",
		  json_tokener_error_desc(json_tokener_get_error(tok)));
	json_tokener_free(tok);
	buf_release(&b);
	return o;
}

static struct json_object *member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v = NULL;

	check_row(json_object_object_get_ex(o, key, &v), "there is no %s", key);
	check_row(json_object_get_type(v) == type, "%s is a %s", key,
		  json_type_to_name(json_object_get_type(v)));
	return v;
}

static const char *string(struct json_object *o, const char *key)
{
	return json_object_get_string(member(o, key, json_type_string));
}

static int64_t integer(struct json_object *o, const char *key)
{
	return json_object_get_int64(member(o, key, json_type_int));
}

static void assert_seconds(struct json_object *o, const char *key, double wanted)
{
	assert_float_equal(json_object_get_double(member(o, key, json_type_double)), wanted, 1e-6);
}

static bool boolean(struct json_object *o, const char *key)
{
	return json_object_get_boolean(member(o, key, json_type_boolean));
}

static struct json_object *item(struct json_object *o, const char *key, size_t i)
{
	struct json_object *list = member(o, key, json_type_array);

	assert_true(i < json_object_array_length(list));
	return json_object_array_get_idx(list, i);
}

static void json_sums_up(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run);
	assert_int_equal(integer(o, "schema"), 1);
	assert_false(boolean(o, "success"));
	// 1 + 5 + 0 + 1 tests, and three files that count as one; what was not run is no test.
	assert_int_equal(integer(o, "total"), 10);
	assert_int_equal(integer(o, "passed"), 3);
	assert_int_equal(integer(o, "failed"), 5);
	assert_int_equal(integer(o, "skipped"), 2);
	assert_int_equal(integer(o, "pending"), 1);
	assert_seconds(o, "elapsed", 1.5);
	assert_int_equal(json_object_array_length(member(o, "files", json_type_array)), FILES);
	json_object_put(o);
	end(&s);
}

static void json_tells_of_the_run(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run), *run = member(o, "run", json_type_object);
	assert_int_equal(integer(run, "id"), 7);
	assert_int_equal(integer(run, "jobs"), 4);
	assert_int_equal(integer(run, "tokens_peak"), 3);
	assert_seconds(run, "lower_bound", 1.25);
	assert_true(json_object_get_uint64(member(run, "seed", json_type_int)) == UINT64_MAX);
	assert_string_equal(string(run, "version"), FIRMO_JOBS_VERSION);
	assert_string_equal(string(run, "name"), "run");
	assert_seconds(run, "started", 1700000000);
	member(run, "lua", json_type_null);
	member(run, "stopped", json_type_null);
	member(run, "revision", json_type_null);
	assert_false(boolean(run, "repeated") || boolean(run, "flaky_fails") ||
		     boolean(run, "unfinished"));
	assert_int_equal(json_object_array_length(member(run, "waits", json_type_array)), 0);
	json_object_put(o);

	s.run.id = 0;
	s.run.jobs = 0;
	s.run.lua = xstrdup("luajit");
	s.run.stopped = xstrdup("--fail-fast");
	s.run.revision = xstrdup("5f2d1b");
	s.run.repeated = s.run.flaky_fails = s.run.unfinished = true;
	VEC_PUSH(&s.run.waits, ((struct wait){250 * MS, 1250 * MS}));
	s.run.seed = 0;
	s.run.lower_bound_ns = -1;
	o = parsed(&s.run);
	run = member(o, "run", json_type_object);
	member(run, "id", json_type_null);
	member(run, "jobs", json_type_null);
	member(run, "seed", json_type_null);
	member(run, "lower_bound", json_type_null);
	assert_string_equal(string(run, "lua"), "luajit");
	assert_string_equal(string(run, "stopped"), "--fail-fast");
	assert_string_equal(string(run, "revision"), "5f2d1b");
	assert_true(boolean(run, "repeated") && boolean(run, "flaky_fails") &&
		    boolean(run, "unfinished"));
	assert_seconds(item(run, "waits", 0), "from", 0.25);
	assert_seconds(item(run, "waits", 0), "to", 1.25);
	json_object_put(o);
	end(&s);
}

static void json_tells_of_files_and_tests(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 1);
	assert_string_equal(string(f, "path"), "t/fail_test.lua");
	assert_string_equal(string(f, "framework"), "busted");
	assert_string_equal(string(f, "status"), "fail");
	assert_string_equal(string(f, "reason"), "1 of 5 tests failed");
	assert_false(boolean(f, "cached") || boolean(f, "flaky") || boolean(f, "leaked"));
	assert_int_equal(integer(f, "attempt"), 1);
	assert_seconds(f, "started", 1700000000);
	assert_seconds(f, "wall", 0.2);
	assert_seconds(f, "user", 0.02);
	assert_seconds(f, "sys", 0.003);
	assert_int_equal(integer(f, "maxrss"), 1 << 20);
	assert_int_equal(integer(f, "exit"), 1);
	member(f, "signal", json_type_null);
	assert_int_equal(integer(f, "slot"), 1);
	assert_int_equal(integer(f, "expected"), 5);
	assert_string_equal(string(f, "output"), "worker says hello\nand more");

	struct json_object *t = item(f, "tests", 1);
	assert_string_equal(json_object_get_string(item(t, "path", 0)), "queue");
	assert_string_equal(string(t, "name"), "pop");
	assert_string_equal(string(t, "status"), "fail");
	assert_seconds(t, "wall", 0.01);
	assert_string_equal(string(t, "file"), "t/fail_test.lua");
	assert_int_equal(integer(t, "line"), 9);
	assert_string_equal(string(t, "message"), "expected 1, got 2");
	assert_non_null(strstr(string(t, "traceback"), "fail_test.lua:9"));
	t = item(item(o, "files", 0), "tests", 0);
	member(t, "wall", json_type_null);
	member(t, "line", json_type_null);
	member(t, "message", json_type_null);
	json_object_put(o);
	end(&s);
}

static void json_tells_how_files_ended(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run), *crash = item(o, "files", 5);
	assert_string_equal(string(crash, "status"), "error");
	assert_int_equal(integer(crash, "signal"), 11);
	member(crash, "exit", json_type_null);
	assert_true(boolean(crash, "leaked"));
	assert_string_equal(string(item(o, "files", 6), "status"), "skip");
	struct json_object *notrun = item(o, "files", 7);
	assert_string_equal(string(notrun, "status"), "notrun");
	member(notrun, "slot", json_type_null);
	json_object_put(o);
	end(&s);
}

static void json_tells_all_of_a_test(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a_spec.lua", FRAMEWORK_BUSTED, FILE_PASSED, NULL);
	struct test_case *t = add_test(r, "g", "one", TEST_PASSED);
	t->own_ns = 9 * MS;
	t->round = 2;
	t->tags = xcalloc(2, sizeof *t->tags);
	t->tags[t->ntags++] = xstrdup("slow");
	t->tags[t->ntags++] = xstrdup("net");
	r->seed = xstrdup("4711");
	r->partial = true;
	add_test(r, "g", "two", TEST_PASSED);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 0),
			   *test = item(f, "tests", 0);
	assert_seconds(test, "own", 0.009);
	assert_int_equal(integer(test, "round"), 2);
	assert_string_equal(json_object_get_string(item(test, "tags", 0)), "slow");
	assert_string_equal(json_object_get_string(item(test, "tags", 1)), "net");
	test = item(f, "tests", 1);
	member(test, "own", json_type_null);
	member(test, "round", json_type_null);
	assert_int_equal(json_object_array_length(member(test, "tags", json_type_array)), 0);
	assert_string_equal(string(f, "seed"), "4711");
	assert_true(boolean(f, "partial"));
	json_object_put(o);
	end(&s);
}

static void json_tells_of_attempts(void **state)
{
	struct sample s;

	(void)state;
	begin_retried(&s);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 0);
	assert_true(boolean(f, "flaky"));
	assert_int_equal(integer(f, "attempt"), 2);
	assert_int_equal(integer(f, "attempts"), 2);
	assert_int_equal(integer(f, "failures"), 1);
	assert_int_equal(json_object_array_length(member(f, "company", json_type_array)), 1);
	assert_string_equal(json_object_get_string(item(f, "company", 0)), "beside.lua");
	struct json_object *earlier = item(f, "earlier", 0);
	assert_string_equal(string(earlier, "status"), "fail");
	assert_true(boolean(earlier, "crowded"));
	assert_int_equal(integer(earlier, "attempt"), 1);
	assert_int_equal(json_object_array_length(member(earlier, "earlier", json_type_array)), 0);
	member(earlier, "company", json_type_null);
	f = item(o, "files", 2);
	assert_int_equal(integer(f, "failures"), 2);
	member(f, "company", json_type_null);
	assert_string_equal(string(item(item(f, "earlier", 0), "tests", 0), "message"), "first");
	// What went away with a retry is no error; what stayed is one, not two.
	assert_int_equal(json_object_array_length(member(o, "errors", json_type_array)), 1);
	assert_string_equal(string(item(o, "errors", 0), "message"), "second");
	json_object_put(o);
	end(&s);
}

static void json_lists_attempts_in_their_order(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	for (int i = 1; i <= 4; i++)
		add_attempt(&s, "bad.lua", FILE_FAILED, i, i * 20 * MS, false);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 0);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(integer(item(f, "earlier", (size_t)i - 1), "attempt"), i);
	assert_int_equal(integer(f, "attempt"), 4);
	json_object_put(o);
	end(&s);
}

static void json_lists_every_failure(void **state)
{
	static const struct {
		const char *file, *test, *message;
		int line;
	} rows[] = {
		{"t/fail_test.lua", "queue pop", "expected 1, got 2", 9},
		{"t/fail_test.lua", "queue breaks", "it broke", 0},
		{"t/broken_test.lua", "describe x", "unexpected symbol", 3},
		{NULL, NULL, NULL, 0}, // the hostile one
		{"t/crash.lua", NULL, "killed by SIGSEGV", 0},
	};
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run);
	assert_int_equal(json_object_array_length(member(o, "errors", json_type_array)),
			 COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_object *e = item(o, "errors", i);
		if (!rows[i].file)
			continue;
		assert_string_equal(string(e, "file"), rows[i].file);
		assert_string_equal(string(e, "message"), rows[i].message);
		if (rows[i].test)
			assert_string_equal(string(e, "test"), rows[i].test);
		else
			member(e, "test", json_type_null);
		if (rows[i].line)
			assert_int_equal(integer(e, "line"), rows[i].line);
		else
			member(e, "line", json_type_null);
	}
	assert_non_null(strstr(string(item(o, "errors", 0), "traceback"), "stack traceback:"));
	json_object_put(o);
	end(&s);
}

static void json_keeps_hostile_strings_whole(void **state)
{
	struct buf wanted = {0};
	struct sample s;

	(void)state;
	begin_full(&s);
	text_add_utf8(&wanted, hostile, sizeof hostile);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 3);
	assert_string_equal(string(f, "path"), wanted.data);
	assert_string_equal(string(f, "reason"), wanted.data);
	assert_string_equal(string(item(f, "tests", 0), "name"), wanted.data);
	struct json_object *output = member(f, "output", json_type_string);
	assert_int_equal(json_object_get_string_len(output), wanted.len);
	assert_memory_equal(json_object_get_string(output), wanted.data, wanted.len);
	json_object_put(o);
	buf_release(&wanted);
	end(&s);
}

static void json_of_success(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	add_file(&s, "b.lua", FRAMEWORK_PLAIN, FILE_SKIPPED, "exit status 77");
	struct json_object *o = parsed(&s.run);
	assert_true(boolean(o, "success"));
	assert_int_equal(json_object_array_length(member(o, "errors", json_type_array)), 0);
	json_object_put(o);
	// A run that did not run everything is none.
	add_file(&s, "c.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, NULL);
	o = parsed(&s.run);
	assert_false(boolean(o, "success"));
	assert_int_equal(integer(o, "total"), 2);
	json_object_put(o);
	end(&s);
}

static void json_of_nothing(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct json_object *o = parsed(&s.run);
	assert_int_equal(integer(o, "total"), 0);
	assert_int_equal(json_object_array_length(member(o, "files", json_type_array)), 0);
	json_object_put(o);
	end(&s);
}

static void json_on_a_full_disk(void **state)
{
	(void)state;
	check_full_disk(report_json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_sums_up),
		cmocka_unit_test(json_tells_of_the_run),
		cmocka_unit_test(json_tells_of_files_and_tests),
		cmocka_unit_test(json_tells_how_files_ended),
		cmocka_unit_test(json_tells_all_of_a_test),
		cmocka_unit_test(json_tells_of_attempts),
		cmocka_unit_test(json_lists_attempts_in_their_order),
		cmocka_unit_test(json_lists_every_failure),
		cmocka_unit_test(json_keeps_hostile_strings_whole),
		cmocka_unit_test(json_of_success),
		cmocka_unit_test(json_of_nothing),
		cmocka_unit_test(json_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
