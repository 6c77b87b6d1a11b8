// SPDX-License-Identifier: MIT
// Make rules as text. That make takes them is tested with make itself, in tests/e2e/rules.bats.
#include "report/rules.h"

#include "../unit.h"
#include "base/err.h"

static void names_are_quoted_for_make(void **state)
{
	static const struct {
		const char *path, *prerequisite, *target;
	} rows[] = {
		{"tests/a_test.lua", "tests/a_test.lua", "tests/a_test.lua"},
		{"a b", "a\\ b", "a\\ b"},
		{"a$b", "a$$b", "a$$b"},
		{"a#b", "a\\#b", "a\\#b"},
		{"a:b", "a\\:b", "a\\:b"},
		{"a=b", "a$(firmo_eq)b", "a$(firmo_eq)b"},
		{"a%b", "a%b", "a\\%b"},
		{"a|b", "a\\|b", "a|b"},
		{"a*?[b", "a\\*\\?\\[b", "a\\*\\?\\[b"},
		{"a\\b", "a\\b", "a\\b"},
		{"a\\ b", "a\\\\\\ b", "a\\\\\\ b"},
		{"a\\\\#b", "a\\\\\\\\\\#b", "a\\\\\\\\\\#b"},
		{"a\\%", "a\\%", "a\\\\\\%"},
		{"a'\"`&!~,", "a'\"`&!~,", "a'\"`&!~,"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = {0};
		check_row(rules_can_name(rows[i].path), "%s", rows[i].path);
		rules_add_name(&b, rows[i].path, false);
		check_row(same_string(b.data, rows[i].prerequisite), "%s: %s", rows[i].path,
			  b.data);
		buf_clear(&b);
		rules_add_name(&b, rows[i].path, true);
		check_row(same_string(b.data, rows[i].target), "%s: %s", rows[i].path, b.data);
		buf_release(&b);
	}
}

static void names_that_make_cannot_take_are_known(void **state)
{
	static const char *const rows[] = {"",   " ",   "a\nb", "a\tb",   "a;b",  "~",
					   "~a", "a\\", "a\\*", "lib(a)", ".NAME"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(!rules_can_name(rows[i]), "'%s'", rows[i]);
	assert_true(rules_can_name("a~b"));
	assert_true(rules_can_name("a(b)c"));
	assert_true(rules_can_name(".name"));
	assert_true(rules_can_run("a b"));
	assert_false(rules_can_run("a\nb"));
}

static void assert_stamp(const char *path, const char *wanted)
{
	struct buf b = {0};

	rules_add_stamp(&b, path);
	check_row(same_string(b.data, wanted), "%s: %s", path, b.data);
	buf_release(&b);
}

static void every_path_has_a_stamp_of_its_own(void **state)
{
	char path[3000];
	struct buf one = {0}, other = {0};

	(void)state;
	assert_stamp("tests/a_b-c.test.lua", "tests,a_b-c.test.lua");
	assert_stamp("../a b+,$\xff", "..,a+20b+2B+2C+24+FF");
	// Long ones are cut, and still differ.
	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	rules_add_stamp(&one, path);
	path[sizeof path - 2] = 'b';
	rules_add_stamp(&other, path);
	assert_in_range(one.len, 150, 255);
	assert_int_equal(one.len, other.len);
	assert_string_not_equal(one.data, other.data);
	buf_release(&one);
	buf_release(&other);
}

static void rules_are_written_in_their_order(void **state)
{
	const char *slow[] = {"tests/slow.lua", "lib/m.lua", "/bin/sh", "a\nb", "lib/x.so.1"};
	const char *quick[] = {"tests/qu'ick$.lua", "lib/m.lua", "x"};
	const struct rule rules[] = {
		{.path = "tests/slow.lua", .files = slow, .n = COUNT(slow)},
		{.path = "tests/qu'ick$.lua", .files = quick, .n = COUNT(quick)},
		{.path = "-none.lua"}};
	struct err err = {0};
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_int_equal(report_rules(f, rules, COUNT(rules), &err), 0);
	fclose(f);
	assert_string_equal(
		text, "# Made by firmo-jobs --rules, for firmo-jobs.mk. make makes it anew.\n"
		      "firmo_eq := =\n"
		      "firmo_stamps := \\\n"
		      " $(firmo_s)/tests,slow.lua \\\n"
		      " $(firmo_s)/tests,qu+27ick+24.lua \\\n"
		      " $(firmo_s)/-none.lua\n"
		      "\n"
		      "$(firmo_s)/tests,slow.lua : tests/slow.lua lib/m.lua /bin/sh lib/x.so.1"
		      " ; +@$(firmo_one) 'tests/slow.lua' $(firmo_args)\n"
		      "$(firmo_s)/tests,qu+27ick+24.lua : tests/qu'ick$$.lua lib/m.lua x"
		      " ; +@$(firmo_one) 'tests/qu'\\''ick$$.lua' $(firmo_args)\n"
		      "$(firmo_s)/-none.lua : ; +@$(firmo_one) './-none.lua' $(firmo_args)\n"
		      "\n"
		      "# What has vanished stops nobody.\n"
		      "/bin/sh :\n"
		      "lib/m.lua :\n"
		      "lib/x.so.1 :\n"
		      "tests/qu'ick$$.lua :\n"
		      "tests/slow.lua :\n"
		      "x :\n"
		      "\n"
		      "# No built-in rule is for these.\n"
		      ".SUFFIXES : .1 .lua\n"
		      "/bin/s% :\n");
	free(text);
}

static void a_full_disk_is_told(void **state)
{
	const struct rule rule = {.path = "tests/a.lua"};
	struct err err = {0};
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(report_rules(f, &rule, 1, &err), -1);
	assert_non_null(strstr(err.message, "write the make rules"));
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_quoted_for_make),
		cmocka_unit_test(names_that_make_cannot_take_are_known),
		cmocka_unit_test(every_path_has_a_stamp_of_its_own),
		cmocka_unit_test(rules_are_written_in_their_order),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
