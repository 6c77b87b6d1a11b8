// SPDX-License-Identifier: MIT
#include "../unit.h"
#include "framework/framework.h"

// The source in memory of exactly its size, so that a sanitizer sees a read behind it.
static enum framework guessed(const char *source, size_t n)
{
	char *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, source, n);
	enum framework f = detect_framework(copy, n).framework;
	free(copy);
	return f;
}

static void check_all(const char *const *sources, size_t n, enum framework wanted)
{
	for (size_t i = 0; i < n; i++) {
		enum framework f = guessed(sources[i], strlen(sources[i]));
		check_row(f == wanted, "%s gives %s", sources[i], framework_name(f));
	}
}

static void every_form_of_require_counts(void **state)
{
	static const char *const sources[] = {
		"local lu = require('luaunit')",
		"require\"luaunit\"",
		"require 'luaunit'",
		"require [[luaunit]]",
		"require [==[luaunit]==]",
		"require(\n\t[[luaunit]]\n)",
		"require -- why\n 'luaunit'",
		"require --[[ why ]] ( --[=[ ]] ]=] 'luaunit')",
		"local ok, lu = pcall(require, 'luaunit')",
		"local ok, lu = pcall ( require , \"luaunit\" )",
		"xpcall(require, print, 'x') lu = require'luaunit'",
		"EXPORT_ASSERT_TO_GLOBALS = true; require(\"luaunit\")",
		"print(require 'luaunit')",
		"require('ext.luaunit')",
		"#!/usr/bin/env lua\nrequire('luaunit')",
		"\xef\xbb\xbfrequire('luaunit')",
		"x = 'it\\'s' require('luaunit')",
		"x = \"a\\\nb\" require('luaunit')",
		"x = 'open\nrequire('luaunit')",
		"x = a[b[1]] require('luaunit')",
		"x = [=[ ]] ]=] require('luaunit')",
		"x = 1 - -2 require('luaunit')",
		"--[==[ ]] --]==] require('luaunit')",
		"--[ no long comment\nrequire('luaunit')",
		"--[=no long comment\nrequire('luaunit')",
		"x = '--' require('luaunit')",
		"x = \"[[\" require('luaunit')",
	};

	(void)state;
	check_all(sources, COUNT(sources), FRAMEWORK_LUAUNIT);
}

static void what_only_mentions_a_framework_does_not_count(void **state)
{
	static const char *const sources[] = {
		"",
		" \n\t",
		"print('hello')",
		"-- require('luaunit')",
		"--require 'firmo'\n",
		"--[[ require('luaunit') ]]",
		"--[[\nrequire('luaunit')\ndescribe('x')\n]]",
		"--[==[ ]] require('luaunit') ]==]",
		"x = \"require('luaunit')\"",
		"x = 'require \"luaunit\"'",
		"x = [[ require('luaunit') describe() ]]",
		"x = [=[ ]] require('luaunit') ]=]",
		"x = 'it\\'s require(\"luaunit\")'",
		"print('luaunit')",
		"require('my_luaunit_helpers')",
		"require('firmographics')",
		"require('bustedly')",
		"require(name) x = 'luaunit'",
		"require(name .. 'luaunit')",
		"required('luaunit')",
		"my_require 'luaunit'",
		"describes('x')",
		"local describe, it",
		"suite.describe('x', f)",
		"suite:it('x', f)",
		"x = { describe = 1 } y = x.describe(name, f)",
		"for it in things do it(thing) end",
		"not_describe('x')",
		"local luaunit, firmo, busted",
	};

	(void)state;
	check_all(sources, COUNT(sources), FRAMEWORK_PLAIN);
}

static void modules_tell_the_framework(void **state)
{
	static const char *const firmo[] = {
		"require('firmo')", "require 'firmo.core'", "pcall(require,'firmo')",
		"local firmo = require(\"firmo\") describe('x', function() end)"};
	static const char *const busted[] = {"require('busted')", "require 'busted.runner'()",
					     "require('busted.runner')({}) describe('x')"};
	static const char *const tap[] = {"require 'Test.More'", "require('Test.Simple')"};

	(void)state;
	check_all(firmo, COUNT(firmo), FRAMEWORK_FIRMO);
	check_all(busted, COUNT(busted), FRAMEWORK_BUSTED);
	check_all(tap, COUNT(tap), FRAMEWORK_TAP);
}

static void a_describe_without_a_require_is_busted(void **state)
{
	static const char *const sources[] = {
		"describe('x', function() end)",
		"describe \"x\"",
		"local x = require 'x'\n\ndescribe('x', function() it('y', function() end) end)",
		"insulate('x', f)",
		"expose('x', f)",
		"it('x', f)",
		"pending 'x'",
		"before_each(function() end)",
		"-- a comment\n--[[ more ]]\ndescribe[[x]]",
	};

	(void)state;
	check_all(sources, COUNT(sources), FRAMEWORK_BUSTED);
}

static void lust_is_told_by_its_module(void **state)
{
	static const char *const lust[] = {
		"local lust = require 'lust' describe('x', f)",
		("local lust = require('lib.lust')\nlocal describe = lust.describe\ndescribe('x', "
		 "f)"),
		"require 'tests/lust'",
		"describe('x', f) local l = pcall(require, 'lust')",
		"require 'lust' print('1..1')",
	};
	static const char *const plain[] = {
		"require 'wanderlust'",
		"require 'lust.helpers'",
		"x = 'lust'",
		"-- require 'lust'",
	};

	(void)state;
	check_all(lust, COUNT(lust), FRAMEWORK_LUST);
	check_all(plain, COUNT(plain), FRAMEWORK_PLAIN);
}

static void titles_may_be_computed(void **state)
{
	static const char *const sources[] = {
		"for _, n in ipairs{'a'} do describe(n, function() it(n, f) end) end",
		"describe(name, f)",
		"setup(function() end) describe(T.name, f)",
		"before_each(function() end)",
		"local it = it it('x', f)",
		"local describe, it = describe, it describe('x', f)",
		"local it, x = _G.it, 1 it('x', f)",
	};

	(void)state;
	check_all(sources, COUNT(sources), FRAMEWORK_BUSTED);
}

static void names_that_a_file_defines_are_its_own(void **state)
{
	static const char *const sources[] = {
		"local function it(name, f) f() end it('x', f)",
		"function it(name, f) f() end it('x', f)",
		"local it = function() end it('x')",
		"it = function() end it('x')",
		"_G.describe = function() end describe('x')",
		("local lust = require 'h' local describe, it = lust.describe, lust.it "
		 "describe('x', f)"),
		"local it; it('x', f)",
		"local function run(it) it('x', f) end",
		"for _, it in ipairs(t) do it('x') end",
		"function before_each(f) f() end before_each(function() end)",
		"local s = \"a\\z\n   it('x') describe('y')\" assert(s)",
		"local s = 'a\\\r\n it(\"x\")' assert(s)",
	};

	(void)state;
	check_all(sources, COUNT(sources), FRAMEWORK_PLAIN);
}

static void what_loads_a_file_of_a_framework_names_it(void **state)
{
	static const char *const lust[] = {"dofile 'lust.lua'", "dofile('lib/lust.lua').it('a', f)",
					   "loadfile('./lust.lua')()"};
	static const char *const luaunit[] = {"require('lib/luaunit')", "dofile('x/luaunit.lua')"};

	(void)state;
	check_all(lust, COUNT(lust), FRAMEWORK_LUST);
	check_all(luaunit, COUNT(luaunit), FRAMEWORK_LUAUNIT);
}

// Whether a file prints TAP shows when it is run.
static void printed_text_is_no_sign(void **state)
{
	static const char *const sources[] = {
		"print('1..3')",
		"print(\"TAP version 13\")",
		"print('not ok 1')",
		"print('1..10 loop') io.write('1..', i)",
	};

	(void)state;
	check_all(sources, COUNT(sources), FRAMEWORK_PLAIN);
}

static void only_what_names_its_framework_is_certain(void **state)
{
	static const struct {
		const char *source;
		bool certain;
	} rows[] = {{"require 'luaunit'", true},
		    {"describe('x', f)", false},
		    {"x = 1", false},
		    {"require 'busted' it('x', f)", true},
		    {"require 'Test.More'", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(detect_framework(rows[i].source, strlen(rows[i].source)).certain ==
				  rows[i].certain,
			  "%s", rows[i].source);
}

static void the_stronger_sign_decides(void **state)
{
	static const struct {
		const char *source;
		enum framework framework;
	} rows[] = {
		{"print('1..1') describe('x', f)", FRAMEWORK_BUSTED},
		{"require 'luaunit' print('ok 1')", FRAMEWORK_LUAUNIT},
		{"require 'luaunit' describe('x')", FRAMEWORK_LUAUNIT},
		{"require 'busted' require 'firmo'", FRAMEWORK_FIRMO},
		{"require 'firmo' require 'lust' describe()", FRAMEWORK_FIRMO},
		{"require 'busted' require 'lust'", FRAMEWORK_BUSTED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_all(&rows[i].source, 1, rows[i].framework);
}

static void broken_sources_are_read_to_their_end(void **state)
{
	static const char *const sources[] = {
		"\"",
		"'",
		"[[",
		"[=[",
		"[=",
		"[",
		"--",
		"--[[",
		"--[=[",
		"--[",
		"\"\\",
		"'a\\",
		"[[ ]",
		"[=[ ]=",
		"]]",
		"require('luaunit",
		"require [[luaunit]",
		"describ",
		"-",
		"--[==[ ]=] ]=",
		"require",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++)
		guessed(sources[i], strlen(sources[i]));
	static const char *const still[] = {"x = ] require 'luaunit'", "x = ]] require 'luaunit'",
					    "( ( require 'luaunit'", "x = [ = [ require 'luaunit'",
					    "@ $ ? require 'luaunit'"};
	check_all(still, COUNT(still), FRAMEWORK_LUAUNIT);
}

static void a_source_cut_anywhere_is_no_trouble(void **state)
{
	static const char source[] = "#!/usr/bin/lua\n--[==[ long\n]] ]==]\nlocal s = \"a\\\"b\" "
				     ".. 'c\\\\' .. [=[ x ]=]\n"
				     "-- comment\nlocal ok = pcall(require, "
				     "[[luaunit]])\nprint('1..2')\ndescribe('x')\n";
	size_t named = (size_t)(strstr(source, "luaunit") - source) + strlen("luaunit");

	(void)state;
	for (size_t n = 0; n < sizeof source; n++) {
		enum framework f = guessed(source, n);
		// A module's name that is cut off is anybody's guess.
		if (n < named || n > named + 1)
			check_row(f == (n < named ? FRAMEWORK_PLAIN : FRAMEWORK_LUAUNIT),
				  "%zu bytes give %s", n, framework_name(f));
	}
}

static void binary_bytes_are_no_trouble(void **state)
{
	static const char nuls[] = "\0\0require\0'luaunit'\0";
	static const char precompiled[] = "\x1bLuaT\0\x19\x93\r\n\x1a\n";
	char bytes[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	guessed(bytes, sizeof bytes);
	guessed(nuls, sizeof nuls);
	assert_int_equal(guessed(precompiled, sizeof precompiled), FRAMEWORK_PLAIN);
	static const char *const latin[] = {"-- caf\xe9\nrequire 'luaunit'",
					    "x = '\xff\x80' require 'luaunit'"};
	check_all(latin, COUNT(latin), FRAMEWORK_LUAUNIT);
}

static void random_bytes_are_no_trouble(void **state)
{
	static const char alphabet[] = "[]=-'\"\\\n requi(luaunit)describe1.\0\xff";
	char source[64];
	unsigned r = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = round % sizeof source;
		for (size_t i = 0; i < n; i++) {
			r = r * 1103515245u + 12345u;
			source[i] = alphabet[(r >> 16) % (sizeof alphabet - 1)];
		}
		guessed(source, n);
	}
}

static void a_long_source_is_read_in_a_moment(void **state)
{
	struct buf b = {0};

	(void)state;
	// Openings and ends of long brackets that never match.
	for (int i = 0; i < 60000; i++)
		buf_addstr(&b, "[=]=");
	buf_addstr(&b, "\nrequire 'luaunit'\n");
	assert_int_equal(guessed(b.data, b.len), FRAMEWORK_LUAUNIT);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_require_counts),
		cmocka_unit_test(what_only_mentions_a_framework_does_not_count),
		cmocka_unit_test(modules_tell_the_framework),
		cmocka_unit_test(a_describe_without_a_require_is_busted),
		cmocka_unit_test(lust_is_told_by_its_module),
		cmocka_unit_test(titles_may_be_computed),
		cmocka_unit_test(names_that_a_file_defines_are_its_own),
		cmocka_unit_test(what_loads_a_file_of_a_framework_names_it),
		cmocka_unit_test(printed_text_is_no_sign),
		cmocka_unit_test(only_what_names_its_framework_is_certain),
		cmocka_unit_test(the_stronger_sign_decides),
		cmocka_unit_test(broken_sources_are_read_to_their_end),
		cmocka_unit_test(a_source_cut_anywhere_is_no_trouble),
		cmocka_unit_test(binary_bytes_are_no_trouble),
		cmocka_unit_test(random_bytes_are_no_trouble),
		cmocka_unit_test(a_long_source_is_read_in_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
