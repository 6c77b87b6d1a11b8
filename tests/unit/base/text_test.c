// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <limits.h>

#include "../unit.h"
#include "base/clock.h"

#define FFFD "\xef\xbf\xbd"

// ---- UTF-8 ----

static void knows_valid_characters(void **state)
{
	static const struct {
		const char *s;
		size_t n, length;
	} rows[] = {
		{"a", 1, 1},
		{"", 1, 1}, // NUL
		{"\x7f", 1, 1},
		{"\xc2\x80", 2, 2},
		{"\xdf\xbf", 2, 2},
		{"\xe0\xa0\x80", 3, 3},
		{"\xed\x9f\xbf", 3, 3},
		{"\xee\x80\x80", 3, 3},
		{"\xef\xbf\xbf", 3, 3},
		{"\xf0\x90\x80\x80", 4, 4},
		{"\xf4\x8f\xbf\xbf", 4, 4},
		{"\xc3\xa9xyz", 5, 2},
		// Continuation bytes and bytes that never are.
		{"\x80", 1, 0},
		{"\xbf", 1, 0},
		{"\xfe", 1, 0},
		{"\xff", 1, 0},
		{"\xf5\x80\x80\x80", 4, 0},
		// Overlong.
		{"\xc0\x80", 2, 0},
		{"\xc1\xbf", 2, 0},
		{"\xe0\x80\x80", 3, 0},
		{"\xe0\x9f\xbf", 3, 0},
		{"\xf0\x80\x80\x80", 4, 0},
		{"\xf0\x8f\xbf\xbf", 4, 0},
		// Surrogates, and beyond U+10FFFF.
		{"\xed\xa0\x80", 3, 0},
		{"\xed\xbf\xbf", 3, 0},
		{"\xf4\x90\x80\x80", 4, 0},
		// Cut off, or something else in between.
		{"\xc3\xa9", 1, 0},
		{"\xe2\x82\xac", 2, 0},
		{"\xf0\x9f\x98\x80", 3, 0},
		{"\xc3(", 2, 0},
		{"\xe2(\xac", 3, 0},
		{"\xe2\x82(", 3, 0},
		{"\xf0\x9f\x98(", 4, 0},
		{"\xc3\xc3", 2, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = text_utf8_length(rows[i].s, rows[i].n);
		check_row(length == rows[i].length, "row %zu gives %zu", i, length);
	}
}

// Every scalar value, and nothing else of up to three bytes.
static void agrees_with_an_encoder(void **state)
{
	(void)state;
	for (unsigned c = 0; c <= 0x10ffff; c++) {
		unsigned char s[4] = {(unsigned char)c};
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = n, rest = c; n > 1 && i-- > 1; rest >>= 6)
			s[i] = (unsigned char)(0x80 | (rest & 0x3f));
		if (n > 1)
			s[0] = (unsigned char)((0xf00 >> n) | (c >> (6 * (n - 1))));
		bool surrogate = c >= 0xd800 && c <= 0xdfff;
		if (text_utf8_length((char *)s, n) != (surrogate ? 0 : n))
			fail_msg("U+%04X", c);
	}
}

static void check_utf8(const char *s, size_t n, const char *wanted)
{
	struct buf b = {0};
	// In memory of exactly its size: a sanitizer sees a read behind it.
	char *copy = xmalloc(n);

	memcpy(copy, s, n);
	text_add_utf8(&b, copy, n);
	buf_reserve(&b, 0);
	check_row(b.len == strlen(wanted) && memcmp(b.data, wanted, b.len) == 0, "'%s' is not '%s'",
		  b.data, wanted);
	free(copy);
	buf_release(&b);
}

static void makes_valid_utf8(void **state)
{
	(void)state;
	check_utf8("", 0, "");
	check_utf8("plain\n\x01", 7, "plain\n\x01");
	check_utf8("caf\xc3\xa9", 5, "caf\xc3\xa9");
	check_utf8("caf\xc3", 4, "caf" FFFD);
	check_utf8("\xff\xfe", 2, FFFD FFFD);
	check_utf8("\xe2\x82x", 3, FFFD FFFD "x");
	check_utf8("\xf0\x9f\x98", 3, FFFD FFFD FFFD);
	check_utf8("\xed\xa0\x80"
		   "a",
		   4, FFFD FFFD FFFD "a");
	check_utf8("\xc0\xaf", 2, FFFD FFFD);
}

static void keeps_nuls(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_addstr(&b, "x");
	text_add_utf8(&b, "a\0b", 3);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "xa\0b", 5);
	buf_release(&b);
}

static void shows_what_cannot_be_printed(void **state)
{
	static const struct {
		const char *s, *wanted;
	} rows[] = {
		{"", ""},
		{"a b~", "a b~"},
		{"a\nb\tc", "a\\nb\\tc"},
		{"\r\033[31m\x01\x7f", "\\x0d\\x1b[31m\\x01\\x7f"},
		{"caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80"},
		{"caf\xe9", "caf\\xe9"},
		{"\xc3", "\\xc3"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"},
		{"\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"a\\b", "a\\b"},
		// What turns a line around is seen; Hebrew and Arabic letters stay.
		{"a\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "a\\u202e\\u2066\\u200f\\u061c"},
		{"\xe2\x80\x8e\xe2\x80\xaa\xe2\x81\xa9\xe2\x81\xaa",
		 "\\u200e\\u202a\\u2069\xe2\x81\xaa"},
		{"\xd7\xa9\xd7\x9c \xd8\xb3\xd9\x84", "\xd7\xa9\xd7\x9c \xd8\xb3\xd9\x84"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = {0};
		text_add_visible(&b, rows[i].s);
		buf_reserve(&b, 0);
		check_row(strcmp(b.data, rows[i].wanted) == 0, "row %zu: %s", i, b.data);
		buf_release(&b);
	}
}

// ---- numbers ----

static void reads_seconds(void **state)
{
	static const struct {
		const char *s;
		int64_t ns;
	} rows[] = {
		{"0", 0},
		{"60", 60 * NS_PER_SEC},
		{"0.5", NS_PER_SEC / 2},
		{".25", NS_PER_SEC / 4},
		{"1.", NS_PER_SEC},
		{"007", 7 * NS_PER_SEC},
		{"0.000000001", 1},
		{"86400", 86400 * NS_PER_SEC},
		{"1000000", 1000000 * NS_PER_SEC},
		{"0.1", NS_PER_SEC / 10},
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(text_parse_seconds(rows[i].s, &ns), "%s", rows[i].s);
		check_row(ns == rows[i].ns, "%s gives %jd", rows[i].s, (intmax_t)ns);
	}
}

static void rejects_what_is_no_time(void **state)
{
	static const char *const texts[] = {
		"",     ".",   "-1",    "+1",  " 1", "1 ",  "1s", "1e3", "0x10",
		"inf",  "nan", "1.2.3", "1,5", "..", "1\n", "a",  "-0",  "99999999999999999999",
		"\xff",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		ns = -7;
		check_row(!text_parse_seconds(texts[i], &ns), "'%s'", texts[i]);
		check_row(ns == -7, "'%s'", texts[i]);
	}
	char *huge = xcalloc(1, 5001);
	memset(huge, '9', 5000);
	assert_false(text_parse_seconds(huge, &ns));
	free(huge);
}

static void reads_whole_numbers_in_bounds(void **state)
{
	static const struct {
		const char *s;
		long min, max;
		bool good;
		long value;
	} rows[] = {
		{"0", 0, 10, true, 0},
		{"10", 0, 10, true, 10},
		{"007", 0, 10, true, 7},
		{"9223372036854775807", 0, LONG_MAX, true, LONG_MAX},
		{"11", 0, 10, false, 0},
		{"0", 1, 10, false, 0},
		{"9223372036854775808", 0, LONG_MAX, false, 0},
		{"99999999999999999999999", 0, LONG_MAX, false, 0},
		{"", 0, 10, false, 0},
		{"-1", -5, 10, false, 0},
		{"+1", 0, 10, false, 0},
		{" 1", 0, 10, false, 0},
		{"1 ", 0, 10, false, 0},
		{"1x", 0, 10, false, 0},
		{"1.0", 0, 10, false, 0},
		{"0x1", 0, 10, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		long value = -7;
		check_row(text_parse_long(rows[i].s, rows[i].min, rows[i].max, &value) ==
				  rows[i].good,
			  "'%s'", rows[i].s);
		check_row(value == (rows[i].good ? rows[i].value : -7), "'%s' gives %ld", rows[i].s,
			  value);
	}
}

// ---- words ----

struct word_row {
	const char *line, *words[6];
};

static void check_words(const struct word_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t count = 99, wanted = 0;
		char **words = text_split_words(rows[i].line, &count);
		check_row(words, "<%s>", rows[i].line);
		while (rows[i].words[wanted])
			wanted++;
		check_row(count == wanted, "<%s> gives %zu words", rows[i].line, count);
		for (size_t k = 0; k < count; k++)
			check_row(strcmp(words[k], rows[i].words[k]) == 0, "<%s> gives <%s>",
				  rows[i].line, words[k]);
		check_row(!words[count], "<%s>", rows[i].line);
		text_free_words(words);
	}
}

static void splits_words_like_a_shell(void **state)
{
	static const struct word_row rows[] = {
		{"", {NULL}},
		{" \t\n ", {NULL}},
		{"lua test.lua {}", {"lua", "test.lua", "{}"}},
		{"  a\tb\nc  ", {"a", "b", "c"}},
		{"'a b' \"c d\"", {"a b", "c d"}},
		{"a'b c'd", {"ab cd"}},
		{"''", {""}},
		{"a '' \"\" b", {"a", "", "", "b"}},
		{"a''b", {"ab"}},
		{"'\"' \"'\"", {"\"", "'"}},
		{"a\\ b c", {"a b", "c"}},
		{"\\'a \\\"b", {"'a", "\"b"}},
		{"\\\\", {"\\"}},
		{"'a\\b'", {"a\\b"}},
		{"'a\\'b", {"a\\b"}},
		{"\"a\\\"b\\\\c\"", {"a\"b\\c"}},
		{"$HOME *.lua `x` a;b|c #d", {"$HOME", "*.lua", "`x`", "a;b|c", "#d"}},
		{"caf\xc3\xa9 \xff", {"caf\xc3\xa9", "\xff"}},
		{"'a\nb'", {"a\nb"}},
		{"a\\", {"a\\"}},
	};

	(void)state;
	check_words(rows, COUNT(rows));
}

// Within double quotes a backslash is special before $ ` " \ and newline alone (POSIX 2.2.3).
static void a_backslash_in_double_quotes_stays_before_other_characters(void **state)
{
	static const struct word_row rows[] = {
		{"\"a\\nb\"", {"a\\nb"}},
		{"lua -e \"print('x\\ty')\"", {"lua", "-e", "print('x\\ty')"}},
		{"\"\\$HOME \\` \\d\"", {"$HOME ` \\d"}},
		{"\"\\'\"", {"\\'"}},
	};

	(void)state;
	check_words(rows, COUNT(rows));
}

static void an_open_quote_is_an_error(void **state)
{
	static const char *const lines[] = {"'",         "\"",     "a 'b",      "a \"b",
					    "a b'c d\"", "\"\\\"", "'a' \"b' c"};
	size_t count;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		check_row(!text_split_words(lines[i], &count), "<%s>", lines[i]);
}

static void the_count_need_not_be_asked_for(void **state)
{
	char **words = text_split_words("a b", NULL);

	(void)state;
	assert_string_equal(words[1], "b");
	text_free_words(words);
	text_free_words(NULL);
}

static void many_words_are_split(void **state)
{
	struct buf line = {0};
	size_t count;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&line, "'w %d' ", i);
	char **words = text_split_words(line.data, &count);
	assert_int_equal(count, 1000);
	assert_string_equal(words[999], "w 999");
	text_free_words(words);
	buf_release(&line);
}

// ---- width and places ----

static void wide_characters_take_two_cells(void **state)
{
	(void)state;
	assert_int_equal(text_cells("", 0), 0);
	assert_int_equal(text_cells("abc", 3), 3);
	assert_int_equal(text_cells("caf\xc3\xa9", 5), 4);
	assert_int_equal(text_cells("\xe6\xb5\x8b\xe8\xaf\x95", 6), 4);
	assert_int_equal(text_cells("\xf0\x9f\x98\x80", 4), 2);
	assert_int_equal(text_cells("\xff\xc3", 2), 2);
}

static void places_are_found_in_messages(void **state)
{
	static const struct {
		const char *s;
		size_t file;
		int line;
	} rows[] = {
		{"t/a.lua:12: no", 7, 12},
		{"a:b.lua:3:", 7, 3},
		{"[string \"x\"]:1: no", 12, 1},
		{"t/a.lua:12", 0, 0},
		{"t/a.lua:0: no", 0, 0},
		{"t/a.lua:-1: no", 0, 0},
		{"t/a.lua: 12: no", 0, 0},
		{":12: no", 0, 0},
		{"no\nt/a.lua:12: no", 0, 0},
		{"t/a.lua:99999999999999999999: no", 0, 0},
		{"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int line = 0;
		size_t n = text_place(rows[i].s, &line);
		check_row(n == rows[i].file && line == rows[i].line, "%s: %zu, %d", rows[i].s, n,
			  line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_valid_characters),
		cmocka_unit_test(agrees_with_an_encoder),
		cmocka_unit_test(makes_valid_utf8),
		cmocka_unit_test(keeps_nuls),
		cmocka_unit_test(shows_what_cannot_be_printed),
		cmocka_unit_test(reads_seconds),
		cmocka_unit_test(rejects_what_is_no_time),
		cmocka_unit_test(reads_whole_numbers_in_bounds),
		cmocka_unit_test(splits_words_like_a_shell),
		cmocka_unit_test(a_backslash_in_double_quotes_stays_before_other_characters),
		cmocka_unit_test(an_open_quote_is_an_error),
		cmocka_unit_test(the_count_need_not_be_asked_for),
		cmocka_unit_test(many_words_are_split),
		cmocka_unit_test(wide_characters_take_two_cells),
		cmocka_unit_test(places_are_found_in_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
