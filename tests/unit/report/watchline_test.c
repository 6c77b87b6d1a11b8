// SPDX-License-Identifier: MIT
// The line below a watch that waits, in terminals of any width.
#include "report/watchline.h"

#include "../unit.h"
#include "base/text.h"

static const struct watchline usual = {.files = 40, .bad = 2, .paths = 253, .has_keys = true};

static const struct {
	size_t columns;
	const char *line;
} widths[] = {
	{120, "2 of 40 failed | watching 253 paths | Enter all, f failed, p pattern, u settings, q "
	      "quit"},
	{85, "2 of 40 failed | 253 paths | Enter all, f failed, p pattern, u settings, q quit"},
	{77, "2 of 40 failed | 253 paths | Enter all f failed p pattern u settings q quit"},
	{70, "2 of 40 failed | Enter all f failed p pattern u settings q quit"},
	{50, "2 of 40 failed | 253 paths | Enter f p u q"},
	{32, "2 of 40 failed | Enter f p u q"},
	{20, "2 of 40 failed"},
	{5, "2 of "},
};

static void test_widths(void **state)
{
	for (size_t i = 0; i < COUNT(widths); i++) {
		struct buf b = {0};
		watchline_render(&b, &usual, widths[i].columns);
		check_row(same_string(b.data, widths[i].line), "%zu: %s", widths[i].columns,
			  b.data);
		buf_release(&b);
	}
}

static void test_states(void **state)
{
	const struct {
		struct watchline of;
		const char *line;
	} rows[] = {
		{{.files = 3, .paths = 7}, "all 3 passed | watching 7 paths"},
		{{.files = 1, .paths = 7}, "1 passed | watching 7 paths"},
		{{.files = 3, .unknown = 1, .paths = 7}, "2 of 3 passed | watching 7 paths"},
		{{.paths = 7}, "no test file | watching 7 paths"},
		{{.files = 3, .paths = 7, .pattern = "b\n"},
		 "all 3 passed | files b\\n | watching 7 paths"},
		{{.files = 3, .typed = "b_"}, "files: b__"},
		{{.files = 3, .bad = 1, .paths = 7, .colours = true},
		 "\033[31m1 of 3 failed\033[0m | watching 7 paths"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = {0};
		watchline_render(&b, &rows[i].of, 80);
		check_row(same_string(b.data, rows[i].line), "%s", b.data);
		buf_release(&b);
	}
}

static void test_the_end_of_what_is_typed_is_seen(void **state)
{
	const struct watchline w = {.typed = "tests/deep/\xc3\xa4/name"};
	struct buf b = {0};

	watchline_render(&b, &w, 8);
	assert_string_equal(b.data, "/\xc3\xa4/name_");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_the_end_of_what_is_typed_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
