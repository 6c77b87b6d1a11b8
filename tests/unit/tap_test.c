// SPDX-License-Identifier: MIT
#include "worker/tap.h"

#include "model/result.h"
#include "unit.h"

struct reading {
	struct result result;
	struct tap tap;
};

static void begin(struct reading *r)
{
	*r = (struct reading){.result.expected = -1};
	tap_init(&r->tap, &r->result);
}

static void read_pieces(struct reading *r, const char *text, size_t n, size_t piece)
{
	begin(r);
	for (size_t i = 0; i < n; i += piece)
		tap_feed(&r->tap, text + i, n - i < piece ? n - i : piece);
	tap_finish(&r->tap);
}

static void read_text(struct reading *r, const char *text)
{
	read_pieces(r, text, strlen(text), strlen(text) + 1);
}

static void end(struct reading *r)
{
	tap_release(&r->tap);
	result_release(&r->result);
}

static const struct test_case *test_at(const struct reading *r, size_t i)
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
		{"1..\n1..x\n 1..2\n2..3\n", false, 0, 0},
		{"", false, 0, 0},
		{"\n\n\n", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading r;
		read_text(&r, rows[i].text);
		check_row(r.tap.planned == rows[i].planned, "row %zu", i);
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
	struct reading r;

	(void)state;
	read_text(&r, "1..99999999999999999999999\nok 1\n");
	assert_true(r.tap.planned);
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
		{"1..0\n", NULL},
		{"1..2 # SKIP not all\n", NULL},
		{"1..0 # SKIP one\n1..0 # SKIP two\n", "two"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading r;
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
		struct reading r;
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
		{"ok 1 # skip no floats", "test 1", TEST_SKIPPED, "no floats"},
		{"not ok 1 - adds # SKIP no floats", "adds", TEST_SKIPPED, "no floats"},
		{"not ok 1 - adds # TODO later", "adds", TEST_PENDING, "later"},
		{"not ok 1 - adds # todo", "adds", TEST_PENDING, NULL},
		{"not ok 1 - adds # Todo later", "adds", TEST_PENDING, "later"},
		// A surprise, but no failure.
		{"ok 1 - adds # TODO later", "adds", TEST_PASSED, NULL},
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
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct reading r;
		read_text(&r, lines[i]);
		check_row(test_at(&r, 0)->status == TEST_FAILED, "'%s'", lines[i]);
		end(&r);
	}
}

// A failure must not be taken for an expected one because of a longer word.
static void longer_words_do_not_excuse_a_failure(void **state)
{
	static const char *const lines[] = {"not ok 1 - lists # todos of today",
					    "not ok 1 - lists # TODOLIST"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct reading r;
		read_text(&r, lines[i]);
		check_row(test_at(&r, 0)->status == TEST_FAILED, "'%s' is %s", lines[i],
			  test_status_name(test_at(&r, 0)->status));
		end(&r);
	}
}

static void other_lines_are_no_results(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r, "okay\nok1\nnot  ok 1\nnot okay\nOK 1\nhello\n ok 1\n"
		      "# Subtest: inner\n    ok 1 - inner\n    not ok 2 - inner\n    1..2\n\tok 3\n"
		      "pragma +strict\n\x01\xff\n");
	assert_int_equal(r.result.tests.n, 0);
	assert_false(r.tap.planned);
	assert_true(r.result.has_tests);
	end(&r);
}

static void no_output_is_no_tests(void **state)
{
	struct reading r;

	(void)state;
	begin(&r);
	tap_finish(&r.tap);
	assert_int_equal(r.tap.seen, 0);
	assert_false(r.tap.planned);
	assert_false(r.tap.bailed);
	end(&r);
}

static void subtests_do_not_count_twice(void **state)
{
	struct reading r;

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
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading r;
		read_text(&r, rows[i].text);
		check_row(r.tap.bailed, "row %zu", i);
		check_row(same_string(r.tap.bail_out, rows[i].reason), "row %zu: %s", i,
			  r.tap.bail_out);
		end(&r);
	}
}

static void an_indented_bail_out_is_not_ours(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r, "    Bail out! inner\n# Bail out! no\nBail out\n");
	assert_false(r.tap.bailed);
	assert_null(r.tap.bail_out);
	end(&r);
}

// ---- messages ----

static void comments_behind_a_failure_are_its_message(void **state)
{
	struct reading r;

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
	struct reading r;

	(void)state;
	read_text(&r, "not ok 1 - a\n  ---\n  got: 1\n  at:\n    line: 3\n  ...\nok 2 - b\n  ---\n "
		      " got: 2\n  ...\n1..2\n");
	assert_int_equal(r.tap.seen, 2);
	assert_true(r.tap.planned);
	assert_string_equal(test_at(&r, 0)->message, "got: 1\nat:\nline: 3");
	assert_null(test_at(&r, 1)->message);
	end(&r);
}

static void results_within_yaml_do_not_count(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r, "not ok 1\r\n  ---\r\n  ok 2\r\n  1..9\r\n  ...\r\nok 2\r\n1..2\r\n");
	assert_int_equal(r.tap.seen, 2);
	assert_int_equal(r.tap.plan, 2);
	assert_string_equal(test_at(&r, 0)->message, "ok 2\n1..9");
	end(&r);
}

static void yaml_without_a_test_hides_nothing(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r, "  ---\nok 1\n  ...\nok 2\n1..2\n");
	assert_int_equal(r.tap.seen, 2);
	end(&r);
}

static void a_message_is_bounded(void **state)
{
	struct buf text = {0};
	struct reading r;

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

static void assert_same_reading(const struct reading *a, const struct reading *b)
{
	assert_int_equal(a->tap.planned, b->tap.planned);
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
		"TAP version 14\r\n1..5\r\nok 1 - a\nnot ok 2 - b # TODO c\nnot ok 3 - d\n"
		"  ---\n  e: f\n  ...\n# g\n    ok 1 - inner\n\nok 4 # SKIP h\nok 5 - \xc3\xa9\n"
		"\0ok 6\nBail out! i";
	struct reading whole;

	(void)state;
	read_pieces(&whole, text, sizeof text - 1, sizeof text);
	assert_int_equal(whole.tap.seen, 5);
	for (size_t piece = 1; piece < sizeof text; piece++) {
		struct reading r;
		read_pieces(&r, text, sizeof text - 1, piece);
		assert_same_reading(&whole, &r);
		end(&r);
	}
	end(&whole);
}

static void a_huge_line_costs_no_memory_and_hides_nothing(void **state)
{
	char chunk[4096];
	struct reading r;

	(void)state;
	begin(&r);
	tap_feed(&r.tap, "ok 1\n", 5);
	memset(chunk, 'x', sizeof chunk);
	for (int i = 0; i < 25000; i++)
		tap_feed(&r.tap, chunk, sizeof chunk);
	assert_true(r.tap.line.cap < 1 << 20);
	tap_feed(&r.tap, "\nok 2\n1..2", 10);
	tap_finish(&r.tap);
	assert_int_equal(r.tap.seen, 2);
	assert_true(r.tap.planned);
	end(&r);
}

static void a_huge_description_is_cut(void **state)
{
	struct buf text = {0};
	struct reading r;

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

static void many_tests_are_kept_in_order(void **state)
{
	struct buf text = {0};
	struct reading r;

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
		cmocka_unit_test(longer_words_do_not_excuse_a_failure),
		cmocka_unit_test(other_lines_are_no_results),
		cmocka_unit_test(no_output_is_no_tests),
		cmocka_unit_test(subtests_do_not_count_twice),
		cmocka_unit_test(bails_out),
		cmocka_unit_test(an_indented_bail_out_is_not_ours),
		cmocka_unit_test(comments_behind_a_failure_are_its_message),
		cmocka_unit_test(yaml_behind_a_failure_is_its_message),
		cmocka_unit_test(results_within_yaml_do_not_count),
		cmocka_unit_test(yaml_without_a_test_hides_nothing),
		cmocka_unit_test(a_message_is_bounded),
		cmocka_unit_test(pieces_of_any_size_read_the_same),
		cmocka_unit_test(a_huge_line_costs_no_memory_and_hides_nothing),
		cmocka_unit_test(a_huge_description_is_cut),
		cmocka_unit_test(many_tests_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
