// SPDX-License-Identifier: MIT
#include "framework/flow.h"

#include "../unit.h"

static bool ends(const char *source, const char *name, int line, int defined)
{
	const struct flow_call call = {.file = "", .name = name, .line = line, .defined = defined};

	return flow_source_ends_with(source, strlen(source), &call);
}

static void an_exit_that_comes_last_is_the_end(void **state)
{
	static const struct {
		const char *source;
		int line, defined;
	} rows[] = {
		{"os.exit(0)", 1, 0},
		{"it('a', f)\nos.exit(lust.errors > 0 and 1 or 0)\n-- the end\n", 2, 0},
		{"it('a', f) os.exit(0)", 1, 0},
		{"#!/usr/bin/lua\nos.exit(f(1)(2)[3]);\n", 2, 0},
		{"if bad then\n\tos.exit(1)\nelse\n\tos.exit(0)\nend\n", 2, 0},
		{"if bad then\n\tos.exit(1)\nelse\n\tos.exit(0)\nend\n", 4, 0},
		{"if bad then os.exit(1) elseif x then g() else os.exit(0) end", 1, 0},
		{"do\n  do os.exit()\n  end\nend", 2, 0},
		{"return os.exit(0)", 1, 0},
		{"if bad then os.exit(1) end os.exit(0)", 1, 0},
		{"if bad then os.exit(1) end\nreturn os.exit(not (n > 0) and t.code or 0, true)", 1,
		 0},
		{"for i = 1, 2 do\n  if bad then os.exit(1) end\n  os.exit(0)\nend", 2, 0},
		{"local s = [[\nos.exit(1)\n]]\nos.exit(0) --[[ it('b') ]]", 4, 0},
		{"x = ok and os.exit(0) or os.exit(1)", 1, 0},
		{"local function finish()\n  os.exit(0)\nend\nit('b')\nfinish()\n", 2, 1},
		{"local f = function() os.exit(0) end\nf()", 1, 1},
		{"if main then os.exit(0) end\nreturn l", 1, 0},
		{"if main then os.exit(0) end return { l = l, 1 + #l }", 1, 0},
		{"local function q()\n  if x then os.exit(0) end\n  return x\nend\nq()", 2, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(ends(rows[i].source, "exit", rows[i].line, rows[i].defined), "%s",
			  rows[i].source);
	assert_true(ends("local function finish()\n  os.exit(0)\nend\nit('b')\nfinish()\n",
			 "finish", 5, 0));
}

// Lua does not tell what the call was made by, as in a tail call.
static void a_call_without_a_name_is_any_on_its_line(void **state)
{
	static const struct {
		const char *source;
		int line, defined;
		bool last;
	} rows[] = {
		{"if ok then q() end", 1, 0, true},
		{"if ok then q() end\nreturn l", 1, 0, true},
		{"(function() os.exit(0) end)()", 1, 0, true},
		{"(function()\n  os.exit(0)\nend)()", 3, 0, true},
		{"t[1](f)", 1, 0, true},
		{"if ok then\n  q()\nelse\n  r()\nend", 2, 0, true},
		{"it('a', f) q()", 1, 0, false},
		{"if ok then q() end it('a', f)", 1, 0, false},
		{"(function() os.exit(0) end)() it('a', f)", 1, 0, false},
		{"q() return it('a', f)", 1, 0, false},
		{"for i = 1, 2 do q() end", 1, 0, false},
		{"if q() then it('a', f) end", 1, 0, false},
		{"local x = { q() }", 1, 0, false},
		{"f(q())", 1, 0, false},
		{"x = 1", 1, 0, false},
		{"", 1, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(ends(rows[i].source, "", rows[i].line, rows[i].defined) == rows[i].last,
			  "%s", rows[i].source);
}

static void an_exit_before_something_is_not(void **state)
{
	static const struct {
		const char *source;
		int line, defined;
	} rows[] = {
		{"os.exit(0) it('b', f)", 1, 0},
		{"it('a', f) os.exit(0) it('b', f)", 1, 0},
		{"os.exit(0)\nit('b', f)", 1, 0},
		{"for i = 1, 2 do\n  it('a', f)\n  os.exit(0)\nend", 3, 0},
		{"while true do os.exit(0) end", 1, 0},
		{"repeat os.exit(0) until true", 1, 0},
		{"if x then os.exit(0) end\nit('b', f)", 1, 0},
		{"if x then os.exit(1) else os.exit(0) end it('b', f)", 1, 0},
		{"run(os.exit(0))", 1, 0},
		{"x = os.exit(0) or it('b', f)", 1, 0},
		{"x = ok and os.exit(0) or it('b', f)", 1, 0},
		{"if x then os.exit(0) end os.exit(it('b', f))", 1, 0},
		{"if x then os.exit(0) end os.exit(run 'b')", 1, 0},
		{"if x then os.exit(0) end os.exit((it)('b', f))", 1, 0},
		{"if x then os.exit(0) end os.exit(lust:run())", 1, 0},
		{"if x then os.exit(0) end 'os' .exit(0)", 1, 0},
		{"local f = function() os.exit(0) end\nf()", 1, 0},
		{"local function f()\n  os.exit(0)\n  it('b')\nend", 2, 1},
		{"x = 1", 2, 0},
		{"", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(!ends(rows[i].source, "exit", rows[i].line, rows[i].defined), "%s",
			  rows[i].source);
	assert_false(ends("local function f() os.exit(0) end\nf()\nit('b')\n", "f", 2, 0));
	assert_false(flow_ends_with(
		&(struct flow_call){.file = "/nonexistent.lua", .line = 1, .name = ""}));
	assert_false(flow_ends_with(&(struct flow_call){.file = "", .line = 1, .name = ""}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_that_comes_last_is_the_end),
		cmocka_unit_test(an_exit_before_something_is_not),
		cmocka_unit_test(a_call_without_a_name_is_any_on_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
