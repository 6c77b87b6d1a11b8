// SPDX-License-Identifier: MIT
#include "framework/pattern.h"

#include "../unit.h"
#include "base/err.h"

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
		bool good = pattern_check(rows[i].pattern, &err) == 0;
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
	assert_int_equal(pattern_check(b.data, &err), 0);
	buf_addstr(&b, "()");
	assert_int_equal(pattern_check(b.data, &err), -1);
	buf_release(&b);
}

static void a_pattern_is_found_as_lua_finds_it(void **state)
{
	static const struct {
		const char *pattern, *text;
		int found;
	} rows[] = {
		{"_spec", "a_spec.lua", 1},
		{"_spec", "a-spec.lua", 0},
		{"", "", 1},
		{"^$", "", 1},
		{"^$", "a", 0},
		{"^a", "ba", 0},
		{"a$", "aab", 0},
		{"a$", "ba", 1},
		{"a$b", "a$b", 1},
		{"%.test%.lua$", "x.test.lua", 1},
		{"%.test%.lua$", "x_test.lua", 0},
		{"^test_.+%.lua$", "test_.lua", 0},
		{"^test_.*%.lua$", "test_.lua", 1},
		{"^[^_].-_spec", "_a_spec", 0},
		{"[a-c]%d", "d1c2", 1},
		{"[a-c]%d", "d1d2", 0},
		{"[]]", "]", 1},
		{"[^]]", "]", 0},
		{"[a-]", "-", 1},
		{"[%-x]", "-", 1},
		{"[%a_]+%d?$", "ab_1", 1},
		{"%u%l", "aB", 0},
		{"%D%S%W%P", "a b", 0},
		{"a?b?c", "c", 1},
		{"^a-b$", "aaab", 1},
		{"^(a)(b)%2%1$", "abba", 1},
		{"^(a)(b)%2%1$", "abab", 0},
		{"^()a()$", "a", 1},
		{"^%b()$", "(a(b)c)", 1},
		{"^%b()$", "(a(b)c", 0},
		{"%f[%w]spec%f[%W]", "a-spec.lua", 1},
		{"%f[%w]spec%f[%W]", "aspec.lua", 0},
		{"%xx", "fx", 1},
		{".", "\xff", 1},
		{"^.*a.*a.*a.*a.*b$", "aaaaaaaaaaaa", 0},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(pattern_find(rows[i].pattern, rows[i].text) == rows[i].found, "%s in %s",
			  rows[i].pattern, rows[i].text);
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(pattern_find(".-.-.-.-.-.-.-.-.-.-b", text), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_those_that_lua_takes),
		cmocka_unit_test(captures_are_counted),
		cmocka_unit_test(a_pattern_is_found_as_lua_finds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
