// SPDX-License-Identifier: MIT
#include "base/muzzle.h"

#include "../unit.h"

static const struct {
	const char *text, *shown;
} rows[] = {
	{"", ""},
	{"plain text\n", "plain text\n"},
	// GitHub, version 2: behind blanks, at the start of a line.
	{"::error::no", ":\\u003aerror::no"},
	{"::stop-commands::x\n::add-mask::a", ":\\u003astop-commands::x\n:\\u003aadd-mask::a"},
	{"a\n   \t::group::b\n", "a\n   \t:\\u003agroup::b\n"},
	{"a\r::error::b", "a\r:\\u003aerror::b"},
	{"\xc2\xa0\xe3\x80\x80::error::b", "\xc2\xa0\xe3\x80\x80:\\u003aerror::b"},
	{":::error::", ":\\u003a:error::"},
	{": :error", ": :error"},
	{"a::b::c", "a::b::c"},
	{"std::string\n:\n:x", "std::string\n:\n:x"},
	// Version 1, and Azure: anywhere.
	{"##[group]x", "##\\u005bgroup]x"},
	{"a ##[error]b ##[x]", "a ##\\u005berror]b ##\\u005bx]"},
	{"##vso[task.setvariable variable=a]b", "##vso\\u005btask.setvariable variable=a]b"},
	{"x##VSO[y]", "x##VSO\\u005by]"},
	{"##teamcity[testFailed name='a']", "##teamcity\\u005btestFailed name='a']"},
	{"###vso[a]", "###vso\\u005ba]"},
	{"##a##b[", "##a##b\\u005b"},
	{"##a#b[ # [ #[ ## [ ##1[ a[1] #t[1]", "##a#b[ # [ #[ ## [ ##1[ a[1] #t[1]"},
	{"::##[x]", ":\\u003a##\\u005bx]"},
};

static void marks_are_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct muzzle m = {0};
		struct buf b = {0};
		buf_reserve(&b, 0);
		muzzle_add(&m, &b, rows[i].text, strlen(rows[i].text));
		buf_add(&b, "", 1);
		check_row(strcmp(b.data, rows[i].shown) == 0, "%s becomes %s", rows[i].text,
			  b.data);
		buf_release(&b);
	}
}

static void pieces_make_no_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = strlen(rows[i].text);
		for (size_t at = 0; at <= n; at++) {
			struct muzzle m = {0};
			struct buf b = {0};
			muzzle_add(&m, &b, rows[i].text, at);
			muzzle_add(&m, &b, rows[i].text + at, n - at);
			buf_add(&b, "", 1);
			check_row(strcmp(b.data, rows[i].shown) == 0, "%s cut at %zu: %s",
				  rows[i].text, at, b.data);
			buf_release(&b);
		}
	}
}

static void once_broken_is_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct muzzle m = {0};
		struct buf b = {0};
		muzzle_add(&m, &b, rows[i].shown, strlen(rows[i].shown));
		buf_add(&b, "", 1);
		check_row(strcmp(b.data, rows[i].shown) == 0, "%s becomes %s", rows[i].shown,
			  b.data);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_broken),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(once_broken_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
