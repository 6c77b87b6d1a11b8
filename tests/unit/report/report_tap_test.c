// SPDX-License-Identifier: MIT
// The report in TAP, and the YAML below its points.
#include "report/tap.h"

#include "framework/tap.h"
#include "report.h"
#include "report/yaml.h"

#define HEAD "TAP version 13\n# TAP 14: subtests, YAML diagnostics\n"

static void assert_tap(const struct run *run, const char *wanted)
{
	struct buf b = rendered(run, report_tap);

	assert_string_equal(b.data, wanted);
	buf_release(&b);
}

static void a_file_is_a_point_with_its_tests_below(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "t/good.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	add_failing_file(&s);
	s.run.results.items[1]->tests.items[1].own_ns = 9 * MS;
	assert_tap(&s.run, HEAD "1..2\n"
				"ok 1 - t/good.lua\n"
				"  ---\n"
				"  framework: \"plain\"\n"
				"  exit: 0\n"
				"  wall: 0.100000\n"
				"  ...\n"
				"# Subtest: t/fail_test.lua\n"
				"    1..5\n"
				"    ok 1 - queue push\n"
				"      ---\n"
				"      wall: 0.010000\n"
				"      ...\n"
				"    not ok 2 - queue pop\n"
				"      ---\n"
				"      message: \"expected 1, got 2\"\n"
				"      severity: \"fail\"\n"
				"      at:\n"
				"        file: \"t/fail_test.lua\"\n"
				"        line: 9\n"
				"      wall: 0.010000\n"
				"      own: 0.009000\n"
				"      traceback: |\n"
				"        stack traceback:\n"
				"        \tfail_test.lua:9: in function\n"
				"      ...\n"
				"    not ok 3 - queue later # TODO not yet\n"
				"      ---\n"
				"      wall: 0.010000\n"
				"      ...\n"
				"    ok 4 - queue never # SKIP\n"
				"      ---\n"
				"      wall: 0.010000\n"
				"      ...\n"
				"    not ok 5 - queue breaks\n"
				"      ---\n"
				"      message: \"it broke\"\n"
				"      severity: \"error\"\n"
				"      wall: 0.010000\n"
				"      ...\n"
				"not ok 2 - t/fail_test.lua\n"
				"  ---\n"
				"  message: \"1 of 5 tests failed\"\n"
				"  severity: \"fail\"\n"
				"  framework: \"busted\"\n"
				"  failures: 1\n"
				"  exit: 1\n"
				"  wall: 0.200000\n"
				"  ...\n");
	end(&s);
}

static void assert_has(const struct run *run, const char *part)
{
	struct buf b = rendered(run, report_tap);

	check_row(strstr(b.data, part), "no\n%s\nin\n%s", part, b.data);
	buf_release(&b);
}

static void a_plain_file_tells_what_it_died_of(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "t.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	struct file_error e = {.where = xstrdup("file"),
			       .message = xstrdup("t.lua:1: no"),
			       .file = xstrdup("t.lua"),
			       .line = 1};
	VEC_PUSH(&r->errors, e);
	r->exit_code = 1;
	assert_tap(&s.run, HEAD "1..1\n"
				"not ok 1 - t.lua\n"
				"  ---\n"
				"  message: \"t.lua:1: no\"\n"
				"  severity: \"fail\"\n"
				"  at:\n"
				"    file: \"t.lua\"\n"
				"    line: 1\n"
				"  reason: \"exit status 1\"\n"
				"  framework: \"plain\"\n"
				"  failures: 1\n"
				"  exit: 1\n"
				"  wall: 0.100000\n"
				"  ...\n");
	end(&s);
}

static void errors_outside_of_tests_are_points(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_broken_file(&s);
	assert_has(&s.run, "# Subtest: t/broken_test.lua\n    1..1\n"
			   "    not ok 1 - error outside of a test: describe x\n");
	free(s.run.results.items[0]->errors.items[0].where);
	s.run.results.items[0]->errors.items[0].where = xstrdup("setup");
	assert_has(&s.run, "    not ok 1 - error in setup: describe x\n");
	end(&s);
}

static void what_was_left_out_is_skipped(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FRAMEWORK_PLAIN, FILE_SKIPPED, "exit # 77");
	add_file(&s, "b.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, "not started")->exit_code = -1;
	assert_has(&s.run, "\nok 1 - a.lua # SKIP exit \\# 77\n");
	assert_has(&s.run, "\nok 2 - b.lua # SKIP not run: not started\n"
			   "  ---\n  framework: \"plain\"\n  ...\n");
	end(&s);
}

static void flaky_files_are_ok_unless_they_fail(void **state)
{
	struct sample s;

	(void)state;
	begin_retried(&s);
	assert_has(&s.run, "\nok 1 - port.lua\n  ---\n"
			   "  message: \"flaky: passed at attempt 2\"\n"
			   "  framework: \"plain\"\n"
			   "  attempt: 2\n  attempts: 2\n  failures: 1\n");
	s.run.flaky_fails = true;
	assert_has(&s.run, "\nnot ok 1 - port.lua\n  ---\n"
			   "  message: \"flaky: passed at attempt 2\"\n"
			   "  severity: \"flaky\"\n");
	end(&s);
}

static void a_run_without_its_end_bails_out(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	s.run.signal = 2;
	assert_has(&s.run, "  ...\nBail out! interrupted by SIGINT\n");
	s.run.signal = 0;
	s.run.unfinished = true;
	assert_has(&s.run, "  ...\nBail out! the run has not come to its end\n");
	s.run.unfinished = false;
	add_file(&s, "b.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, NULL);
	assert_has(&s.run, "  ...\nBail out! 1 file was not run\n");
	end(&s);
	begin(&s);
	assert_tap(&s.run, HEAD "1..0 # SKIP nothing was run\n");
	end(&s);
}

static void descriptions_have_no_directives_of_their_own(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a#b\\c\n.lua", FRAMEWORK_BUSTED, FILE_PASSED, NULL);
	add_test(r, "g", "x # SKIP y \\# TODO\r\nnot ok", TEST_PASSED)->round = 2;
	assert_has(&s.run, "# Subtest: a\\#b\\\\c\\\\n.lua\n    1..1\n"
			   "    ok 1 - g x \\# SKIP y \\\\\\# TODO\\\\x0d\\\\nnot ok (round 2)\n");
	assert_has(&s.run, "\nok 1 - a\\#b\\\\c\\\\n.lua\n");
	end(&s);
}

static void our_own_reader_takes_it(void **state)
{
	struct job job = {.path = (char *)"report.tap"};
	struct sample s;
	struct tap tap;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, report_tap);
	struct result *read = result_new(&job);
	tap_init(&tap);
	tap_feed(&tap, b.data, b.len);
	tap_finish(&tap);
	tap_deliver(&tap, read);
	assert_int_equal(tap.plan, FILES);
	assert_int_equal(tap.seen, FILES);
	assert_false(tap.bailed);
	for (size_t i = 0; i < FILES; i++) {
		enum file_status status = s.run.results.items[i]->status;
		assert_int_equal(read->tests.items[i].status,
				 file_status_is_bad(status) ? TEST_FAILED
				 : status == FILE_PASSED    ? TEST_PASSED
							    : TEST_SKIPPED);
	}
	assert_string_equal(read->tests.items[1].name, "t/fail_test.lua");
	assert_non_null(strstr(read->tests.items[1].message, "message: \"1 of 5 tests failed\""));
	tap_release(&tap);
	result_free(read);
	buf_release(&b);
	end(&s);
}

static void tap_on_a_full_disk(void **state)
{
	(void)state;
	check_full_disk(report_tap);
}

// ---- YAML ----

static void strings_are_quoted_or_blocks(void **state)
{
	static const struct {
		const char *value, *wanted;
	} rows[] = {
		{"", "\"\""},
		{"a: b # c", "\"a: b # c\""},
		{"'q' \"q\" \\", "\"'q' \\\"q\\\" \\\\\""},
		{"caf\xc3\xa9 \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xf0\x9f\x98\x80\""},
		{"a\x01\x1b\x7f", "\"a\\x01\\x1b\\x7f\""},
		{"a\r\nb", "\"a\\r\\nb\""},
		{"a\tb", "\"a\\tb\""},
		{"a\xffz", "\"a" FFFD "z\""},
		{"a\xe2\x80\xae\xd7\xa9", "\"a\\u202e\xd7\xa9\""},
		{"a\xc2\x85\xc2\x9b", "\"a\\x85\\x9b\""},
		{"a\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xef\xbf\xbe",
		 "\"a\\u2028\\u2029\\ufeff\\ufffe\""},
		{"a\nb", "|\n    a\n    b"},
		{"a\n\n \tb\n", "|\n    a\n    \n     \tb"},
		// What a block cannot begin with, or hold.
		{" a\nb", "\" a\\nb\""},
		{"\na", "\"\\na\""},
		{"\ta\nb", "\"\\ta\\nb\""},
		{"\xc2\xa0"
		 "a\nb",
		 "\"\xc2\xa0"
		 "a\\nb\""},
		{"a\nb\x01", "\"a\\nb\\x01\""},
		{"...\n---", "|\n    ...\n    ---"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = {0};
		char *wanted = xasprintf("  key: %s\n", rows[i].wanted);
		yaml_string(&b, 2, "key", rows[i].value);
		check_row(strcmp(b.data, wanted) == 0, "'%s' is not '%s'", b.data, wanted);
		free(wanted);
		buf_release(&b);
	}
}

static void long_strings_are_blocks(void **state)
{
	struct buf value = {0}, b = {0};

	(void)state;
	buf_addstr(&value, " \x01");
	for (int i = 0; i < 5000; i++)
		buf_addch(&value, 'x');
	yaml_string(&b, 2, "key", value.data);
	assert_memory_equal(b.data, "  key: |\n    " FFFD FFFD "xxx", 22);
	buf_release(&value);
	buf_release(&b);
}

static void numbers_that_are_none_are_left_out(void **state)
{
	struct buf b = {0};

	(void)state;
	yaml_string(&b, 0, "a", NULL);
	yaml_integer(&b, 0, "b", 1, 2);
	yaml_integer(&b, 2, "c", -3, -5);
	yaml_seconds(&b, 0, "d", -1);
	yaml_seconds(&b, 0, "e", 1500 * MS);
	assert_string_equal(b.data, "  c: -3\ne: 1.500000\n");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_a_point_with_its_tests_below),
		cmocka_unit_test(a_plain_file_tells_what_it_died_of),
		cmocka_unit_test(errors_outside_of_tests_are_points),
		cmocka_unit_test(what_was_left_out_is_skipped),
		cmocka_unit_test(flaky_files_are_ok_unless_they_fail),
		cmocka_unit_test(a_run_without_its_end_bails_out),
		cmocka_unit_test(descriptions_have_no_directives_of_their_own),
		cmocka_unit_test(our_own_reader_takes_it),
		cmocka_unit_test(tap_on_a_full_disk),
		cmocka_unit_test(strings_are_quoted_or_blocks),
		cmocka_unit_test(long_strings_are_blocks),
		cmocka_unit_test(numbers_that_are_none_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
