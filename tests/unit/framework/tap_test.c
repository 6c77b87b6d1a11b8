// SPDX-License-Identifier: MIT
#include "framework/tap.h"

#include "../unit.h"
#include "model/result.h"

struct intake {
	struct result result;
	struct tap tap;
};

static void begin(struct intake *r)
{
	*r = (struct intake){.result.expected = -1};
	tap_init(&r->tap);
}

static void finish(struct intake *r)
{
	tap_finish(&r->tap);
	tap_deliver(&r->tap, &r->result);
}

static void read_pieces(struct intake *r, const char *text, size_t n, size_t piece)
{
	begin(r);
	for (size_t i = 0; i < n; i += piece)
		tap_feed(&r->tap, text + i, n - i < piece ? n - i : piece);
	finish(r);
}

static void read_text(struct intake *r, const char *text)
{
	read_pieces(r, text, strlen(text), strlen(text) + 1);
}

static void end(struct intake *r)
{
	tap_release(&r->tap);
	result_release(&r->result);
}

static const struct test_case *test_at(const struct intake *r, size_t i)
{
	assert_true(i < r->result.tests.n);
	return &r->result.tests.items[i];
}

// ---- plans ----

static void reads_the_plan_wherever_it_stands(void **state)
{
	static const struct {
		const char *text;
		bool planned;
		long plan, seen;
	} rows[] = {
		{"1..2\nok 1\nok 2\n", true, 2, 2},
		{"ok 1\nok 2\n1..2\n", true, 2, 2},
		{"TAP version 13\n1..2\nok\nok\n", true, 2, 2},
		{"ok 1\nok 2\n", false, 0, 2},
		{"1..3\nok 1\n", true, 3, 1},
		{"1..1\nok 1\nok 2\n", true, 1, 2},
		{"1..0\n", true, 0, 0},
		{"ok 1\n1..1", true, 1, 1},
		{"1..2\r\nok 1\r\nok 2\r\n", true, 2, 2},
		{"1..2 # two of them\nok 1\nok 2\n", true, 2, 2},
		{"1..2 \t#\nok 1\nok 2\n", true, 2, 2},
		{"1..2\rok 1\rok 2\r", true, 2, 2},
		{"1..\n1..x\n 1..2\n2..3\n1..-1\n1..2 loop\n1..2..3\nx1..2\n", false, 0, 0},
		{"", false, 0, 0},
		{"\n\n\n", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row((r.tap.plans > 0) == rows[i].planned, "row %zu", i);
		check_row(r.tap.seen == rows[i].seen, "row %zu: %ld", i, r.tap.seen);
		check_row(!rows[i].planned || r.tap.plan == rows[i].plan, "row %zu: %ld", i,
			  r.tap.plan);
		check_row(r.result.expected == (rows[i].planned ? rows[i].plan : -1), "row %zu", i);
		check_row((long)r.result.tests.n == rows[i].seen, "row %zu", i);
		end(&r);
	}
}

static void a_plan_beyond_all_numbers_is_not_met(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "1..99999999999999999999999\nok 1\n");
	assert_int_equal(r.tap.plans, 1);
	assert_true(r.tap.plan > 1000000);
	end(&r);
}

static void a_plan_of_none_may_give_a_reason(void **state)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{"1..0 # SKIP no database\n", "no database"},
		{"1..0 # skip no database\r\n", "no database"},
		{"1..0 # Skipped: no database\n", "no database"},
		{"1..0 # SKIP\n", ""},
		{"1..0 # SKIP \xff\n", "\xef\xbf\xbd"},
		{"1..0 # no database\n", "no database"},
		{"1..0 #no database\n", "no database"},
		{"1..0 # issue \\#7\n", "issue #7"},
		{"1..0 #\n", ""},
		{"1..0\n", NULL},
		{"1..2 # SKIP not all\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(same_string(r.tap.skip_all, rows[i].reason), "row %zu: %s", i,
			  r.tap.skip_all ? r.tap.skip_all : "NULL");
		end(&r);
	}
}

// ---- results ----

struct line_row {
	const char *line, *name;
	enum test_status status;
	const char *message;
};

static void check_lines(const struct line_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct intake r;
		read_text(&r, rows[i].line);
		check_row(r.result.tests.n == 1, "'%s' gives %zu tests", rows[i].line,
			  r.result.tests.n);
		const struct test_case *t = test_at(&r, 0);
		check_row(t->status == rows[i].status, "'%s' is %s", rows[i].line,
			  test_status_name(t->status));
		check_row(strcmp(t->name, rows[i].name) == 0, "'%s' is named '%s'", rows[i].line,
			  t->name);
		check_row(same_string(t->message, rows[i].message), "'%s' says '%s'", rows[i].line,
			  t->message ? t->message : "NULL");
		check_row(t->wall_ns == -1 && t->npath == 0, "'%s'", rows[i].line);
		end(&r);
	}
}

static void reads_result_lines(void **state)
{
	static const struct line_row rows[] = {
		{"ok", "test 1", TEST_PASSED, NULL},
		{"ok\n", "test 1", TEST_PASSED, NULL},
		{"not ok", "test 1", TEST_FAILED, NULL},
		{"ok 1 - adds", "adds", TEST_PASSED, NULL},
		{"not ok 1 - adds", "adds", TEST_FAILED, NULL},
		{"ok 1 adds", "adds", TEST_PASSED, NULL},
		{"ok - adds", "adds", TEST_PASSED, NULL},
		{"ok adds", "adds", TEST_PASSED, NULL},
		{"ok\t1\t-\tadds  ", "adds", TEST_PASSED, NULL},
		{"ok 7 - adds - twice", "adds - twice", TEST_PASSED, NULL},
		{"not ok 1 - ok", "ok", TEST_FAILED, NULL},
		{"ok 7", "test 7", TEST_PASSED, NULL},
		{"ok 12345678901234567890123", "test 9223372036854775807", TEST_PASSED, NULL},
		{"ok -1", "-1", TEST_PASSED, NULL},
		// Whatever stands behind the word.
		{"not ok: adds", ": adds", TEST_FAILED, NULL},
		{"not ok\n", "test 1", TEST_FAILED, NULL},
		{"ok 1: adds", ": adds", TEST_PASSED, NULL},
		{"ok 1 - a\tb", "a\tb", TEST_PASSED, NULL},
		{"ok 1 - caf\xc3\xa9 \xff", "caf\xc3\xa9 \xef\xbf\xbd", TEST_PASSED, NULL},
		{"ok 1 - #", "#", TEST_PASSED, NULL},
		// What is escaped comes as it was meant; before version 14 only # is.
		{"ok 1 - issue \\#7 # SKIP no", "issue #7", TEST_SKIPPED, "no"},
		{"ok 1 - C:\\\\x\\y", "C:\\\\x\\y", TEST_PASSED, NULL},
		{"TAP version 14\nok 1 - C:\\\\x \\# \\y", "C:\\x # \\y", TEST_PASSED, NULL},
		{"TAP version 13\nok 1 - a\\\\b", "a\\\\b", TEST_PASSED, NULL},
	};

	(void)state;
	check_lines(rows, COUNT(rows));
}

// Only the number that stands behind ok is the test's number.
static void a_name_may_begin_with_a_number(void **state)
{
	static const struct line_row rows[] = {
		{"ok 1 - 100 bottles", "100 bottles", TEST_PASSED, NULL},
		{"ok - 100 bottles", "100 bottles", TEST_PASSED, NULL},
		{"ok 1 100 bottles", "100 bottles", TEST_PASSED, NULL},
		{"ok 1 2nd bottle", "2nd bottle", TEST_PASSED, NULL},
		{"ok 2nd bottle", "2nd bottle", TEST_PASSED, NULL},
		{"ok 3.14 is pi", "3.14 is pi", TEST_PASSED, NULL},
	};

	(void)state;
	check_lines(rows, COUNT(rows));
}

static void reads_directives_in_any_case(void **state)
{
	static const struct line_row rows[] = {
		{"ok 1 - adds # SKIP no floats", "adds", TEST_SKIPPED, "no floats"},
		{"ok 1 - adds # skip no floats", "adds", TEST_SKIPPED, "no floats"},
		{"ok 1 - adds # SkIp", "adds", TEST_SKIPPED, NULL},
		{"ok 1 - adds #skip no floats", "adds", TEST_SKIPPED, "no floats"},
		{"ok 1 - adds # SKIPPED: no floats", "adds", TEST_SKIPPED, "no floats"},
		{"ok 1 - adds\t#\tSKIP\tno floats", "adds", TEST_SKIPPED, "no floats"},
		{"ok 1 - adds # SKIP: no floats", "adds", TEST_SKIPPED, "no floats"},
		{"ok 1 - # SKIP no floats", "test 1", TEST_SKIPPED, "no floats"},
		{"ok 1 - issue #7 # SKIP no \\# 7", "issue #7", TEST_SKIPPED, "no # 7"},
		{"not ok 1 - adds # TODO: later", "adds", TEST_PENDING, "later"},
		{"ok 1 # skip no floats", "test 1", TEST_SKIPPED, "no floats"},
		{"not ok 1 - adds # SKIP no floats", "adds", TEST_SKIPPED, "no floats"},
		{"not ok 1 - adds # TODO later", "adds", TEST_PENDING, "later"},
		{"not ok 1 - adds # todo", "adds", TEST_PENDING, NULL},
		{"not ok 1 - adds # Todo later", "adds", TEST_PENDING, "later"},
		// A surprise, but no failure.
		{"ok 1 - adds # TODO later", "adds", TEST_PASSED, "passes, though TODO: later"},
		{"ok 1 - adds # TODO", "adds", TEST_PASSED, "passes, though TODO"},
		{"ok 1 - adds # SKIP no floats\r\n", "adds", TEST_SKIPPED, "no floats"},
	};

	(void)state;
	check_lines(rows, COUNT(rows));
}

static void words_that_are_no_directive_change_nothing(void **state)
{
	static const char *const lines[] = {
		"not ok 1 - skip this",          "not ok 1 - TODO",
		"not ok 1 - adds # see issue 3", "not ok 1 - issue \\# SKIP it",
		"not ok 1 - a \\#todo b",        "not ok 1 - adds # SKI",
		"not ok 1 - adds # see SKIP",    "not ok 1 - adds # ",
		"not ok 1 - a \\# TODO b",       "not ok 1 - a \\\\# TODO b",
		"not ok 1 - issue #skipper x",   "not ok 1 - GET /a#todo works",
		"not ok 1 - fix #todo marks",    "not ok 1 - adds# TODO",
		"not ok 1 - a # b # TODO c",     "not ok 1 - a # SKIPPED: b",
		"not ok 1 - # skipping",         "not ok 1 - a # todo.lua: bad",
		"not ok 1 - a # skip-list b",    "not ok 1 - a # TODO_b",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct intake r;
		read_text(&r, lines[i]);
		check_row(test_at(&r, 0)->status == TEST_FAILED, "'%s'", lines[i]);
		end(&r);
	}
}

static void what_only_looks_like_a_directive_skips_no_pass(void **state)
{
	static const char *const lines[] = {"ok 1 - see x/y.html#skip it", "ok 1 - a \\# SKIP b",
					    "ok 1 - a # b # SKIP c", "ok 1 - a # SKI",
					    "ok 1 - a#SKIP"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct intake r;
		read_text(&r, lines[i]);
		check_row(test_at(&r, 0)->status == TEST_PASSED, "'%s'", lines[i]);
		check_row(!test_at(&r, 0)->message, "'%s'", lines[i]);
		end(&r);
	}
}

static void other_lines_are_no_results(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "okay\nok1\nnot  ok 1\nnot okay\nOK 1\nhello\n ok 1\n"
		      "# Subtest: inner\n    ok 1 - inner\n    not ok 2 - inner\n    1..2\n\tok 3\n"
		      "pragma +strict\n\x01\xff\n");
	assert_int_equal(r.result.tests.n, 0);
	assert_int_equal(r.tap.plans, 0);
	assert_true(r.result.has_tests);
	end(&r);
}

// ---- what is wrong with it ----

static void the_first_fault_is_told(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"1..2\nok 1\nok 2\n", NULL},
		{"1..3\nok 2\nok 3\nok 1\n", NULL},
		{"1..4\nok 3\nok\nok 1\nok\n", NULL}, // 3, 4, 1, 2
		{"ok\nok 2\nok\n1..3\n", NULL},
		{"1..2\n# end\nok 1\nnoise\nok 2\nnoise\n", NULL},
		{"1..0\n", NULL},
		{"not ok 1\n", NULL}, // that the plan is missing is for others to say
		{"1..3\nok 1\nok 2\n", "planned 3 tests but ran 2"},
		{"1..1\nok 1\nok 2\n", "planned 1 tests but ran 2"},
		{"1..3\nok 1\nok 3\n", "planned 3 tests but ran 2: test 2 is missing"},
		{"1..3\n", "planned 3 tests but ran 0"},
		{"1..0\nok 1\n", "planned 0 tests but ran 1"},
		{"ok 1\n1..0\n", "planned 0 tests but ran 1"},
		{"1..2\nok 1\nok 7\n", "test 7 is none of its plan 1..2"},
		{"1..1\nok 0\n", "test 0 is none of its plan 1..1"},
		{"1..2\nok 1\nok 1\n", "test 1 came twice"},
		{"1..3\nok 1\nok 1\nok 1\n", "test 1 came twice"},
		{"1..3\nok 1\nok\nok 2\n", "test 2 came twice"},
		{"1..2\nok 99999999999999999999\nok\n",
		 "test 9223372036854775807 is none of its plan 1..2"},
		{"ok 1\n1..2\nok 2\n", "a TAP plan, 1..2, in the midst of the results"},
		{"1..5\nok 1\nok 2\n1..2\n",
		 "a second TAP plan, 1..2, after 1..5 (of a child process?)"},
		{"1..2\n1..2\nok 1\nok 2\n",
		 "a second TAP plan, 1..2, after 1..2 (of a child process?)"},
		{"TAP version 15\n1..1\nok 1\n", "TAP version 15; 12 to 14 are understood"},
		{"TAP version 11\n1..1\nok 1\n", "TAP version 11; 12 to 14 are understood"},
		{"1..1\nTAP version 13\nok 1\n",
		 "a TAP version line behind the beginning (of a child process?)"},
		{"TAP version 13\ntap  VERSION 13 \n1..1\nok 1\n",
		 "a TAP version line behind the beginning (of a child process?)"},
		{"noise\n\nTAP version 14\n1..1\n    TAP version 14\n    1..1\n    ok 1\nok 1\n",
		 NULL},
		{"TAP version x\nTAP version\nTAP version 13 or so\n1..1\nok 1\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(same_string(r.tap.fault, rows[i].fault), "row %zu: %s", i,
			  r.tap.fault ? r.tap.fault : "NULL");
		end(&r);
	}
}

static void only_strict_streams_must_be_nothing_but_tap(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"TAP version 13\npragma +strict\nnoise\n", "no TAP under pragma +strict: noise"},
		{"TAP version 14\npragma -x, +strict\n ok 1\n",
		 "no TAP under pragma +strict:  ok 1"},
		{"TAP version 14\npragma +strict\npragma -strict\nnoise\n", NULL},
		{"TAP version 14\npragma +strictly\npragma +bail\nnoise\n", NULL},
		{"TAP version 14\npragma strict\nnoise\n", NULL},
		{"pragma +strict\nnoise\n", NULL},
		{"TAP version 14\n    pragma +strict\n    ok 1\nnoise\n", NULL},
		{"TAP version 14\npragma +strict\n\n  \n# a\n # b\n    noise\nok 1\n  ---\n  a: 1\n"
		 "  ...\nTAP version 14\n",
		 "a TAP version line behind the beginning (of a child process?)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(same_string(r.tap.fault, rows[i].fault), "row %zu: %s", i,
			  r.tap.fault ? r.tap.fault : "NULL");
		end(&r);
	}
}

// ---- whether it is TAP ----

static void text_is_told_from_tap(void **state)
{
	static const struct {
		const char *text;
		enum tap_evidence evidence;
	} rows[] = {
		{"", TAP_NONE},
		{"hello\n", TAP_NONE},
		{"1..10 loop\nok\n", TAP_NONE},
		{"1..11..21..3", TAP_NONE},
		{"1..3", TAP_NONE}, // whose line may go on: print(1 .. "..", 3)
		{"1..3\n", TAP_STREAM},
		{"1..3\nok 1", TAP_STREAM},
		{"1..3\n1..3\n", TAP_STREAM},
		{"1..1\n1..2\n1..3\n", TAP_NONE},
		{"# three\n\n1..3\n", TAP_STREAM},
		{"1..3\nand more\n", TAP_STREAM},
		{"from 1 to 3\n1..3\n", TAP_STREAM},
		{"ok 1\n", TAP_NONE},
		{"ok 1 file read\nok 2 file read\n", TAP_NONE},
		{"not ok at all\nnot okay 1\n", TAP_NONE},
		{"    1..1\n    not ok 1\n", TAP_BROKEN},
		{"  not ok 1 - x\nok 1\n", TAP_BROKEN},
		{"# Subtest: a\n    ok - b\n    1..1\n", TAP_BROKEN},
		{"    1..3\n", TAP_NONE},
		{"    ok 1\n", TAP_NONE},
		{" 1..3\n ok\n not ok\n", TAP_NONE},
		{"bail out! they said\n    Bail out! no\n", TAP_NONE},
		{"the TAP version 13\n", TAP_NONE},
		{"1..1\nok 1\n", TAP_STREAM},
		{"\033[32m1..2\033[0m\n\033[1;32mok 1\033[m\n", TAP_STREAM},
		{"\033[31mnot ok 1 - x\033[0m\n", TAP_BROKEN},
		{"\033[2J\033[1;1Hnot ok 1 - x\n\033[31", TAP_BROKEN},
		{"\033(B\033[mnot ok 1 - x\n", TAP_BROKEN},
		{"\033[m\017not ok 1 - x\n", TAP_BROKEN},
		{"\xef\xbb\xbfnot ok 1 - x\n", TAP_BROKEN},
		{"\xef\xbb\xbf"
		 "1..1\nok 1\n",
		 TAP_STREAM},
		{"\033[31\nnot\033\n\033(", TAP_NONE},
		{"ok\n1..1\n", TAP_STREAM},
		{"noise\n1..3 # three\nnoise\nnot ok 1\n", TAP_STREAM},
		{"1..0\n", TAP_STREAM},
		{"1..0 # no database\n", TAP_STREAM},
		{"1..5\nBail out! no database\n", TAP_STREAM},
		{"TAP version 13\n", TAP_STREAM},
		{"TAP version 14\nok 1\n", TAP_STREAM},
		{"not ok 1\n", TAP_BROKEN},
		{"ok 1\nnot ok 2 - x # TODO\nok 3\n", TAP_BROKEN},
		{"noise\nBail out! no database\n", TAP_BROKEN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(tap_evidence(&r.tap) == rows[i].evidence, "row %zu: %d", i,
			  (int)tap_evidence(&r.tap));
		end(&r);
	}
}

static void tap_may_hide_behind_other_text(void **state)
{
	static const struct {
		const char *text;
		bool hides;
	} rows[] = {
		{"", false},
		{".1..2\n.ok 1\n.ok 2\n", true},
		{"x1..2\nok 1\n", true},
		{"1..2\nxok 1\n", true},
		{".1..2\n.Bail out!\n", true},
		{"xnot ok 1\n", true},
		{"from 1..2 on\nxok 1\n", false},
		{"from 1..2\nbooks\nit is not ok at all\n", false},
		{"x.1..2\n", false},
		{"a book 3\nx not okay 1\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(tap_may_hide(&r.tap) == rows[i].hides, "row %zu", i);
		end(&r);
	}
}

static void numbered_lines_are_counted(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "ok 1\nok\nnot ok 3\nnot ok\nok 2nd\nnot ok 5 - x\n");
	assert_int_equal(r.tap.seen, 6);
	assert_int_equal(r.tap.numbered_oks, 1);
	assert_int_equal(r.tap.numbered_failures, 2);
	end(&r);
}

static void tests_come_to_a_result_only_when_delivered(void **state)
{
	struct intake r;

	(void)state;
	begin(&r);
	tap_feed(&r.tap, "ok 1\nok 2\n", 10);
	tap_finish(&r.tap);
	assert_int_equal(r.result.tests.n, 0);
	assert_false(r.result.has_tests);
	tap_deliver(&r.tap, &r.result);
	assert_int_equal(r.result.tests.n, 2);
	assert_true(r.result.has_tests);
	assert_int_equal(r.result.expected, -1);
	end(&r);
}

static void no_output_is_no_tests(void **state)
{
	struct intake r;

	(void)state;
	begin(&r);
	finish(&r);
	assert_int_equal(r.tap.seen, 0);
	assert_int_equal(r.tap.plans, 0);
	assert_false(r.tap.bailed);
	end(&r);
}

static void subtests_do_not_count_twice(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "1..2\n    # Subtest: a\n    1..2\n    not ok 1 - x\n      ---\n      m: 1\n "
		      "     ...\n"
		      "    ok 2 - y\nok 1 - a # TODO\nok 2 - b\n");
	assert_int_equal(r.tap.plan, 2);
	assert_int_equal(r.tap.seen, 2);
	assert_string_equal(test_at(&r, 1)->name, "b");
	end(&r);
}

// ---- bailing out ----

static void bails_out(void **state)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{"Bail out! no database", "no database"},
		{"Bail out!\n", ""},
		{"bail out! x\n", "x"},
		{"1..2\nok 1\nBail out!  x\r\n", "x"},
		{"Bail out!\xff", "\xef\xbf\xbd"},
		{"Bail out! \\# is escaped\n", "# is escaped"},
		{"    Bail out! inner\n", "inner"},
		{"        Bail out! inner\n    Bail out!\nBail out!\n", "inner"},
		{"Bail out!\nBail out! x\n", "x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(r.tap.bailed, "row %zu", i);
		check_row(same_string(r.tap.bail_out, rows[i].reason), "row %zu: %s", i,
			  r.tap.bail_out);
		end(&r);
	}
}

static void what_only_speaks_of_bailing_out_does_not(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r,
		  "# Bail out! no\nBail out\n    # Bail out! no\nok 1\n  ---\n  Bail out! no\n"
		  "  ...\n    ok 1\n      ---\n      Bail out! no\n      ...\nwe Bail out! no\n");
	assert_false(r.tap.bailed);
	assert_null(r.tap.bail_out);
	end(&r);
}

// ---- messages ----

static void comments_behind_a_failure_are_its_message(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "# before\n1..3\nok 1\n# of a pass\nnot ok 2 - b\n#   got: 1\n#wanted: "
		      "2\nother\nok 3\n# last\n");
	assert_null(test_at(&r, 0)->message);
	assert_string_equal(test_at(&r, 1)->message, "got: 1\nwanted: 2");
	assert_null(test_at(&r, 2)->message);
	end(&r);
}

static void yaml_behind_a_failure_is_its_message(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "not ok 1 - a\n  ---\n  got: 1\n  at:\n    line: 3\n  ...\nok 2 - b\n  ---\n "
		      " got: 2\n  ...\n1..2\n");
	assert_int_equal(r.tap.seen, 2);
	assert_int_equal(r.tap.plans, 1);
	assert_string_equal(test_at(&r, 0)->message, "got: 1\nat:\nline: 3");
	assert_null(test_at(&r, 1)->message);
	end(&r);
}

// A block without its end must not hide what comes behind it.
static void yaml_ends_where_its_indentation_does(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"not ok 1\n  ---\n  a: 1\nnot ok 2\n", "a: 1"},
		{"not ok 1\n  ---\nnot ok 2\n", NULL},
		{"not ok 1\n  ---\n\n  a: 1\n\n  b: 2\nnot ok 2\n", "a: 1\n\nb: 2"},
		{"not ok 1\n ---\n a: 1\n  ...\n ...\nnot ok 2\n", "a: 1\n..."},
		{"not ok 1\n  --- # why\n  a: 1\n  ... \nnot ok 2\n", "a: 1"},
		{"not ok 1\n# b\n\n  ---\n  a: 1\n  ...\nnot ok 2\n", "b\na: 1"},
		{"not ok 1\nx\n  ---\n  a: 1\n  ...\nnot ok 2\n", NULL},
		{"not ok 1\n  ---x\n  a: 1\n  ...\nnot ok 2\n", NULL},
		{"not ok 1\n    not ok 1\n      ---\n      a: 1\n      ...\nnot ok 2\n", NULL},
		{"not ok 1\n    not ok 1\n      ---\n      a: 1\nnot ok 2\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		read_text(&r, rows[i].text);
		check_row(r.result.tests.n == 2, "row %zu: %zu", i, r.result.tests.n);
		check_row(same_string(test_at(&r, 0)->message, rows[i].message), "row %zu: '%s'", i,
			  test_at(&r, 0)->message);
		end(&r);
	}
}

static void results_within_yaml_do_not_count(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "not ok 1\r\n  ---\r\n  ok 2\r\n  1..9\r\n  ...\r\nok 2\r\n1..2\r\n");
	assert_int_equal(r.tap.seen, 2);
	assert_int_equal(r.tap.plan, 2);
	assert_string_equal(test_at(&r, 0)->message, "ok 2\n1..9");
	end(&r);
}

static void yaml_without_a_test_hides_nothing(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "  ---\nok 1\n  ...\nok 2\n1..2\n");
	assert_int_equal(r.tap.seen, 2);
	end(&r);
}

static void a_message_is_bounded(void **state)
{
	struct buf text = {0};
	struct intake r;

	(void)state;
	buf_addstr(&text, "not ok 1\n");
	for (int i = 0; i < 100000; i++)
		buf_addstr(&text, "# a line of a flood of diagnostics\n");
	buf_addstr(&text, "ok 2\n");
	read_text(&r, text.data);
	assert_true(strlen(test_at(&r, 0)->message) <= 128 << 10);
	assert_int_equal(r.tap.seen, 2);
	end(&r);
	buf_release(&text);
}

// ---- how it arrives ----

static void assert_same_reading(const struct intake *a, const struct intake *b)
{
	assert_int_equal(a->tap.plans, b->tap.plans);
	assert_int_equal(a->tap.plan, b->tap.plan);
	assert_int_equal(a->tap.bailed, b->tap.bailed);
	assert_int_equal(a->result.tests.n, b->result.tests.n);
	for (size_t i = 0; i < a->result.tests.n; i++) {
		const struct test_case *x = &a->result.tests.items[i],
				       *y = &b->result.tests.items[i];
		assert_int_equal(x->status, y->status);
		assert_string_equal(x->name, y->name);
		assert_true(same_string(x->message, y->message));
	}
}

static void pieces_of_any_size_read_the_same(void **state)
{
	static const char text[] =
		"TAP version 14\r\n1..5\r\nok 1 - a\nnot ok 2 - b # TODO c\rnot ok 3 - d\r\n"
		"  ---\r\n  e: f\r\n\r\n  j\n\n  ...\n# g\n    ok 1 - inner\n\nok 4 # SKIP h\n"
		"ok 5 - \xc3\xa9\0\n\0ok 6\nBail out! i";
	struct intake whole;

	(void)state;
	read_pieces(&whole, text, sizeof text - 1, sizeof text);
	assert_int_equal(whole.tap.seen, 5);
	assert_string_equal(test_at(&whole, 2)->message, "e: f\n\nj\n\ng");
	assert_string_equal(test_at(&whole, 4)->name, "\xc3\xa9\xef\xbf\xbd");
	for (size_t piece = 1; piece < sizeof text; piece++) {
		struct intake r;
		read_pieces(&r, text, sizeof text - 1, piece);
		assert_same_reading(&whole, &r);
		end(&r);
	}
	end(&whole);
}

static void a_huge_line_costs_no_memory_and_hides_nothing(void **state)
{
	char chunk[4096];
	struct intake r;

	(void)state;
	begin(&r);
	tap_feed(&r.tap, "ok 1\n", 5);
	memset(chunk, 'x', sizeof chunk);
	for (int i = 0; i < 25000; i++)
		tap_feed(&r.tap, chunk, sizeof chunk);
	assert_true(r.tap.line.cap < 1 << 20);
	tap_feed(&r.tap, "\nok 2\n1..2", 10);
	finish(&r);
	assert_int_equal(r.tap.seen, 2);
	assert_int_equal(r.tap.plans, 1);
	end(&r);
}

static void what_hides_far_behind_in_a_line_is_found(void **state)
{
	static const size_t distances[] = {0,     100,    65529,  65530,  65535,   65536,
					   65537, 131000, 131066, 131072, 5000000, 5000001};
	char *filler = malloc(1 << 16);

	(void)state;
	memset(filler, '.', 1 << 16);
	for (size_t i = 0; i < COUNT(distances); i++) {
		struct intake r;
		begin(&r);
		for (size_t n = distances[i], piece; n > 0; n -= piece) {
			piece = n < 1 << 16 ? n : 1 << 16;
			tap_feed(&r.tap, filler, piece);
		}
		tap_feed(&r.tap, " no", 3);
		tap_feed(&r.tap, "t ok 1\n", 7);
		assert_true(r.tap.line.cap < 1 << 20 && r.tap.rest.cap < 1 << 20);
		check_row(tap_may_hide(&r.tap) || distances[i] == 0, "%zu", distances[i]);
		finish(&r);
		end(&r);
	}
	free(filler);
}

static void a_huge_description_is_cut(void **state)
{
	struct buf text = {0};
	struct intake r;

	(void)state;
	buf_addstr(&text, "not ok 1 - ");
	for (int i = 0; i < 300000; i++)
		buf_addstr(&text, "\xc3\xa9");
	buf_addstr(&text, "\nok 2\n");
	read_text(&r, text.data);
	assert_int_equal(r.tap.seen, 2);
	assert_int_equal(test_at(&r, 0)->status, TEST_FAILED);
	assert_true(strlen(test_at(&r, 0)->name) < 256 << 10);
	end(&r);
	buf_release(&text);
}

// Text that merely looks like results, for ever, fills no memory; and it is no pass.
static void a_flood_of_results_is_a_fault(void **state)
{
	static const char *const heads[] = {"", "1..9999999\n"};
	static const char chunk[] = "ok\nok\nok\nok\nok\nok\nok\nok\nok\nok\nok\nok\nok\nok\n";
	long lines = (sizeof chunk - 1) / 3;

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct intake r;
		begin(&r);
		tap_feed(&r.tap, heads[i], strlen(heads[i]));
		for (int k = 0; k < 200000 / lines; k++)
			tap_feed(&r.tap, chunk, sizeof chunk - 1);
		tap_finish(&r.tap);
		check_row((r.tap.tests.n < 150000) == (i == 0), "%zu", r.tap.tests.n);
		check_row(r.tap.seen == 200000 / lines * lines, "%ld", r.tap.seen);
		check_row(strstr(r.tap.fault, i == 0 ? "more results than are kept" : "planned"),
			  "%s", r.tap.fault);
		end(&r);
	}
}

static void many_tests_are_kept_in_order(void **state)
{
	struct buf text = {0};
	struct intake r;

	(void)state;
	for (int i = 1; i <= 5000; i++)
		buf_addf(&text, "ok %d - name %d\n", i, i);
	buf_addstr(&text, "1..5000\n");
	read_text(&r, text.data);
	assert_int_equal(r.tap.seen, 5000);
	assert_string_equal(test_at(&r, 4999)->name, "name 5000");
	end(&r);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_plan_wherever_it_stands),
		cmocka_unit_test(a_plan_beyond_all_numbers_is_not_met),
		cmocka_unit_test(a_plan_of_none_may_give_a_reason),
		cmocka_unit_test(reads_result_lines),
		cmocka_unit_test(a_name_may_begin_with_a_number),
		cmocka_unit_test(reads_directives_in_any_case),
		cmocka_unit_test(words_that_are_no_directive_change_nothing),
		cmocka_unit_test(what_only_looks_like_a_directive_skips_no_pass),
		cmocka_unit_test(other_lines_are_no_results),
		cmocka_unit_test(the_first_fault_is_told),
		cmocka_unit_test(only_strict_streams_must_be_nothing_but_tap),
		cmocka_unit_test(text_is_told_from_tap),
		cmocka_unit_test(tap_may_hide_behind_other_text),
		cmocka_unit_test(numbered_lines_are_counted),
		cmocka_unit_test(tests_come_to_a_result_only_when_delivered),
		cmocka_unit_test(no_output_is_no_tests),
		cmocka_unit_test(subtests_do_not_count_twice),
		cmocka_unit_test(bails_out),
		cmocka_unit_test(what_only_speaks_of_bailing_out_does_not),
		cmocka_unit_test(comments_behind_a_failure_are_its_message),
		cmocka_unit_test(yaml_behind_a_failure_is_its_message),
		cmocka_unit_test(yaml_ends_where_its_indentation_does),
		cmocka_unit_test(results_within_yaml_do_not_count),
		cmocka_unit_test(yaml_without_a_test_hides_nothing),
		cmocka_unit_test(a_message_is_bounded),
		cmocka_unit_test(pieces_of_any_size_read_the_same),
		cmocka_unit_test(a_huge_line_costs_no_memory_and_hides_nothing),
		cmocka_unit_test(what_hides_far_behind_in_a_line_is_found),
		cmocka_unit_test(a_huge_description_is_cut),
		cmocka_unit_test(a_flood_of_results_is_a_fault),
		cmocka_unit_test(many_tests_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
