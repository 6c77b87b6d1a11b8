// SPDX-License-Identifier: MIT
// Which lines count, by their text: as LuaCov 0.17 has it.
#include "coverage/lines.h"

#include "../unit.h"

struct row {
	enum lines_kind kind;
	const char *line;
};

static void check(const struct row *rows, size_t n)
{
	struct lines_state state = {0};

	for (size_t i = 0; i < n; i++) {
		enum lines_kind kind = lines_next(&state, rows[i].line, strlen(rows[i].line));
		check_row(kind == rows[i].kind, "%s: %d, not %d", rows[i].line, kind, rows[i].kind);
	}
	lines_release(&state);
}

static void lines_by_themselves(void **state)
{
	static const struct row rows[] = {
		{LINES_NEVER, "#!/usr/bin/lua print(1)"},
		{LINES_NEVER, ""},
		{LINES_NEVER, "  \t\r"},
		{LINES_NEVER, "-- print(1)"},
		{LINES_NEVER, "  end)), -- f()"},
		{LINES_NEVER, "else"},
		{LINES_NEVER, "while true do"},
		{LINES_NEVER, "local name"},
		{LINES_NEVER, "local name ="},
		{LINES_NEVER, "local a, b, c"},
		{LINES_NEVER, "local a,b ="},
		{LINES_NEVER, "local function f(a, b)"},
		{LINES_IF_HIT, "1, 0x1F, 'two', nil,"},
		{LINES_IF_HIT, "{},"},
		{LINES_IF_HIT, "name = a + 1,"},
		{LINES_IF_HIT, "['name'] = function(a)"},
		{LINES_IF_HIT, "return function()"},
		{LINES_IF_HIT, "nil"},
		{LINES_IF_HIT, "\"a \\\" b\""},
		{LINES_IF_HIT, "[==[ one ]] line ]==]"},
		{LINES_IF_HIT, "a.b"},
		{LINES_IF_HIT, "a['b'] = function(x)"},
		{LINES_IF_HIT, "local f = function(x)"},
		{LINES_IF_HIT, "local a = (("},
		{LINES_IF_HIT, "local a, b = ("},
		{LINES_IF_HIT, "local a = nil"},
		{LINES_IF_HIT, "},"},
		{LINES_IF_HIT, "}, function(a)"},
		{LINES_IF_HIT, "break"},
		{LINES_IF_HIT, "{"},
		{LINES_IF_HIT, "})"},
		{LINES_IF_HIT, "1 } )"},
		{LINES_IF_HIT, "goto continue"},
		{LINES_IF_HIT, "::continue::"},
		{LINES_ALWAYS, "end }"},
		{LINES_ALWAYS, "function M.f(a)"},
		{LINES_ALWAYS, "local a = 1"},
		{LINES_ALWAYS, "local a = nil or b"},
		{LINES_ALWAYS, "a = .5e+3"},
		{LINES_ALWAYS, "return nil"},
		{LINES_ALWAYS, "print('--')"},
		{LINES_ALWAYS, "x = a..b"},
	};

	check(rows, COUNT(rows));
}

static void lines_that_go_on(void **state)
{
	static const struct row rows[] = {
		{LINES_IF_HIT, "local s = [["},
		{LINES_NEVER, "print()"},
		{LINES_ALWAYS, "]==] ]=] ]] .. f()"},
		{LINES_NEVER, "--[=[ print(1)"},
		{LINES_NEVER, "print(2) ]]"},
		{LINES_ALWAYS, "]=] print(3)"},
		{LINES_ALWAYS, "f('one\\"},
		{LINES_ALWAYS, "two') print()"},
		{LINES_ALWAYS, "function M.f(a,"},
		{LINES_NEVER, "b, -- more"},
		{LINES_NEVER, "c)"},
		{LINES_ALWAYS, "print()"},
	};

	check(rows, COUNT(rows));
}

static void lines_that_are_left_out(void **state)
{
	static const struct row rows[] = {
		{LINES_ALWAYS, "print(1)"},
		{LINES_NEVER, "print(2) --  luacov:disable "},
		{LINES_NEVER, "print(3)"},
		{LINES_NEVER, "-- luacov: enabled"},
		{LINES_ALWAYS, "print(4) -- luacov: enable"},
		{LINES_NEVER, "print(5) -- coverage: ignore"},
		{LINES_ALWAYS, "print(6) -- coverage: ignored"},
	};

	check(rows, COUNT(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_by_themselves),
		cmocka_unit_test(lines_that_go_on),
		cmocka_unit_test(lines_that_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
