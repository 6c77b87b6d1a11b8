// SPDX-License-Identifier: MIT
#include "worker/selection.h"

#include "base/err.h"
#include "unit.h"

static void patterns_are_those_that_lua_takes(void **state)
{
	static const struct {
		const char *pattern;
		bool good;
	} rows[] = {
		{"", true},       {"push", true},     {"^a.-b$", true}, {"%d+%%", true},
		{"[%w_]", true},  {"[^]]", true},     {"[]]", true},    {"[a-]", true},
		{"[%]]", true},   {"(a)(b)%2", true}, {"()", true},     {"%bxy", true},
		{"%f[%w]", true}, {"]", true},        {"a*?", true},    {"((a)b)%1", true},
		{"\xff", true},   {"%", false},       {"a%", false},    {"[", false},
		{"[a", false},    {"[]", false},      {"[^]", false},   {"[%]", false},
		{"[a%", false},   {"(", false},       {"(a", false},    {")", false},
		{"a)", false},    {"%1", false},      {"(a%1)", false}, {"(a)%2", false},
		{"%0", false},    {"%b", false},      {"%bx", false},   {"%f", false},
		{"%fa", false},   {"(a))", false},    {"(a(b)", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {0};
		bool good = selection_check_pattern(rows[i].pattern, &err) == 0;
		check_row(good == rows[i].good, "%s: %s", rows[i].pattern, err.message);
		check_row(good || *err.message, "%s", rows[i].pattern);
	}
}

static void captures_are_counted(void **state)
{
	struct buf b = {0};
	struct err err = {0};

	(void)state;
	for (int i = 0; i < 32; i++)
		buf_addstr(&b, "()");
	assert_int_equal(selection_check_pattern(b.data, &err), 0);
	buf_addstr(&b, "()");
	assert_int_equal(selection_check_pattern(b.data, &err), -1);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_those_that_lua_takes),
		cmocka_unit_test(captures_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
