// SPDX-License-Identifier: MIT
#include "framework/json.h"

#include <math.h>

#include "../unit.h"
#include "base/buf.h"

static struct json value;

static bool reads(const char *text)
{
	json_release(&value);
	return json_read(&value, text, strlen(text));
}

static void test_values(void **state)
{
	assert_true(reads(" {\"a\" : [1, -2.5e3, \"x\", true, false, null, {}, []] , \"a\": 7}\t"));
	assert_true(json_is(&value, JSON_OBJECT));
	assert_int_equal(json_integer(json_member(&value, "a"), 0), 7); // the last
	const struct json *list = &value.parts.items[0];
	assert_int_equal(list->parts.n, 8);
	assert_int_equal(json_integer(&list->parts.items[1], 0), -2500);
	assert_string_equal(list->parts.items[2].text, "x");
	assert_true(json_is(&list->parts.items[5], JSON_NULL));
	assert_true(json_member(&value, "b") == NULL);
	assert_true(json_member(NULL, "b") == NULL);
	assert_true(json_member(list, "a") == NULL);
	assert_int_equal(json_integer(NULL, -1), -1);
	json_release(&value);
}

static void test_strings(void **state)
{
	assert_true(reads("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\""));
	assert_string_equal(value.text, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_true(reads("\"a\\u0000b\""));
	assert_int_equal(value.length, 3);
	assert_true(reads("\"\\ud83d!\"")); // half a pair
	assert_string_equal(value.text, "\xef\xbf\xbd!");
	assert_true(reads("\"\\ud83d\\u0041\""));
	assert_string_equal(value.text, "\xef\xbf\xbd"
					"A");
	assert_true(reads("\"\""));
	assert_string_equal(value.text, "");
	assert_true(reads("\"\xff\"")); // whatever bytes
	json_release(&value);
}

static void test_numbers(void **state)
{
	assert_true(reads("9223372036854775807"));
	assert_true(json_integer(&value, 0) == INT64_MAX);
	assert_true(reads("99999999999999999999"));
	assert_true(json_integer(&value, 0) == INT64_MAX);
	assert_true(reads("-1e300"));
	assert_true(json_integer(&value, 0) == INT64_MIN);
	assert_true(reads("0.25"));
	assert_true(fabs(json_real(&value, 0) - 0.25) < 1e-9);
	assert_string_equal(value.text, "0.25");
	json_release(&value);
}

static void test_what_is_none(void **state)
{
	static const char *const bad[] = {
		"",         " ",          "{",     "}",     "[1,]", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{a:1}", "'a'",   "\"a",  "\"\\x\"",
		"\"\\u12",  "\"\n\"",     "01",    "1.",    ".5",   "-",
		"1e",       "+1",         "nul",   "truex", "1 2",  "[1 2]",
		"NaN",      "[}",         "{]",    "\"\\",  "// x", "\"\\ud83d\\u12\""};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (reads(bad[i]))
			fail_msg("taken for JSON: %s", bad[i]);
	json_release(&value);
}

static void test_nesting_has_an_end(void **state)
{
	struct buf b = {0};

	for (int i = 0; i < 100000; i++)
		buf_addch(&b, '[');
	assert_false(reads(b.data));
	assert_true(reads("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"));
	json_release(&value);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_nesting_has_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
