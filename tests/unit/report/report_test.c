// SPDX-License-Identifier: MIT
// What the reports are made of: lines of output, of limited width, and of progress.
#include "../unit.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/result.h"
#include "report/format.h"
#include "report/progress.h"

#define FFFD "\xef\xbf\xbd"

// ---- what workers wrote ----

static void assert_output(const char *data, size_t n, const char *prefix, bool colours,
			  const char *wanted)
{
	struct buf b = {0};

	format_output(&b, data, n, prefix, colours);
	buf_reserve(&b, 0);
	check_row(b.len == strlen(wanted) && strcmp(b.data, wanted) == 0, "'%s' is not '%s'",
		  b.data, wanted);
	buf_release(&b);
}

static void output_is_made_safe_line_by_line(void **state)
{
	static const struct {
		const char *data, *wanted;
	} rows[] = {
		{"", ""},
		{"a\nb\n", "> a\n> b\n"},
		{"a\n\nb", "> a\n> \n> b\n"},
		{"\n", "> \n"},
		{"a\tb", "> a\tb\n"},
		{"a\rb\bc\ad\x7f", "> abcd\n"},
		{"\033[31mred\033[0m", "> red\n"},
		{"\033[2J\033[1;1Hx", "> x\n"},
		{"\033]0;title\ax", "> x\n"},
		{"\033cx", "> x\n"},
		{"x\033", "> x\n"},
		{"x\033[", "> x\n"},
		{"x\033[12", "> x\n"},
		{"x\033]0;", "> x\n"},
		{"caf\xc3\xa9 \xff", "> caf\xc3\xa9 " FFFD "\n"},
		{"\xc3", "> " FFFD "\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_output(rows[i].data, strlen(rows[i].data), "> ", false, rows[i].wanted);
	assert_output("a\0b", 3, "", false, "ab\n");
}

static void colours_are_kept_when_wanted(void **state)
{
	(void)state;
	assert_output("\033[31mred\033[0m\033[2J", 14, "", true, "\033[31mred\033[0m\n");
}

// U+0080 to U+009F are control characters as well: U+009B begins an escape sequence.
static void eight_bit_control_characters_are_removed(void **state)
{
	struct buf b = {0};

	(void)state;
	format_output(&b,
		      "a\xc2\x9b"
		      "2Jb\xc2\x85",
		      8, "", false);
	assert_null(strstr(b.data, "\xc2\x9b"));
	assert_null(strstr(b.data, "\xc2\x85"));
	buf_release(&b);
}

// ECMA-48 ends an operating system command by ESC \ as well; hyperlinks are written so.
static void text_behind_a_hyperlink_is_not_lost(void **state)
{
	static const char link[] = "see \033]8;;http://x\033\\the link\033]8;;\033\\ here\n";

	(void)state;
	assert_output(link, sizeof link - 1, "", false, "see the link here\n");
}

static void a_broken_escape_sequence_ends_with_its_line(void **state)
{
	(void)state;
	assert_output("a\033[\nhello\n", 9, "> ", false, "> a\n> hello\n");
}

// A terminal obeys control characters in the middle of a sequence.
static void a_colour_holds_no_control_characters(void **state)
{
	struct buf b = {0};

	(void)state;
	format_output(&b, "a\033[\b\r31mb", 10, "", true);
	assert_null(strchr(b.data, '\b'));
	assert_null(strchr(b.data, '\r'));
	buf_release(&b);
}

// ---- progress ----

static size_t cells_of(const struct buf *b)
{
	size_t cells = 0;

	for (size_t i = 0, n; i < b->len; i += n) {
		n = text_utf8_length(b->data + i, b->len - i);
		assert_true(n > 0);
		// CJK ideographs take two cells.
		cells += n == 3 && (unsigned char)b->data[i] >= 0xe4 &&
					 (unsigned char)b->data[i] <= 0xe9
				 ? 2
				 : 1;
	}
	return cells;
}

static void check_width(const char *path, size_t most)
{
	struct job jobs[3];
	struct result results[3];
	const struct result *running[3];

	for (size_t i = 0; i < 3; i++) {
		jobs[i] = (struct job){.path = (char *)path};
		results[i] = (struct result){.job = &jobs[i], .started_ns = NS_PER_SEC};
		running[i] = &results[i];
	}
	results[1].slow = true;
	const struct progress p = {
		.total = 123, .ended = 45, .bad = 6, .running = running, .nrunning = 3};
	for (size_t columns = 0; columns <= most; columns++) {
		struct buf b = {0};
		buf_addstr(&b, "before");
		progress_render(&b, &p, 13 * NS_PER_SEC, columns);
		assert_memory_equal(b.data, "before", 6);
		assert_int_equal(strlen(b.data), b.len);
		buf_drop_front(&b, 6);
		check_row(cells_of(&b) <= columns, "%zu columns: %s", columns, b.data);
		assert_null(strchr(b.data, '\n'));
		assert_null(strchr(b.data, '\033'));
		buf_release(&b);
	}
}

static void progress_is_never_wider_than_asked(void **state)
{
	(void)state;
	check_width("tests/a_test.lua", 200);
	check_width("tests/caf\xc3\xa9_\xc3\xa9\xc3\xa9\xc3\xa9.lua", 200);
	check_width("bad\xff\xff\n\033[2J.lua", 200);
	check_width("", 60);
}

static void wide_characters_count_as_wide(void **state)
{
	(void)state;
	check_width("tests/"
		    "\xe6\xb5\x8b\xe8\xaf\x95\xe6\xb5\x8b\xe8\xaf\x95\xe6\xb5\x8b\xe8\xaf\x95.lua",
		    200);
}

static void progress_tells_what_runs(void **state)
{
	struct job job = {.path = (char *)"tests/a_test.lua"};
	struct result r = {.job = &job, .started_ns = NS_PER_SEC};
	const struct result *running[] = {&r};
	struct progress p = {.total = 62, .ended = 12, .running = running, .nrunning = 1};
	struct buf b = {0};

	(void)state;
	progress_render(&b, &p, 13 * NS_PER_SEC, 80);
	assert_string_equal(b.data, "[12/62] tests/a_test.lua 12s");
	buf_clear(&b);
	p.bad = 1;
	progress_render(&b, &p, 0, 80); // a clock that was set back
	assert_string_equal(b.data, "[12/62] 1 failed; tests/a_test.lua 0s");
	buf_clear(&b);
	p.retried = 2;
	p.elapsed_ns = 12 * NS_PER_SEC;
	p.left_ns = 100 * NS_PER_SEC;
	progress_render(&b, &p, 0, 80);
	assert_string_equal(b.data, "[12/62] #--------- 1 failed, 2 retried; 12s, 1m40s left; "
				    "tests/a_test.lua 0s");
	buf_clear(&b);
	p.left_ns = -1;
	progress_render(&b, &p, 0, 24);
	assert_string_equal(b.data, "[12/62] 1 failed, 2 retr");
	buf_clear(&b);
	p.bad = p.retried = 0;
	progress_render(&b, &p, 0, 26);
	assert_string_equal(b.data, "[12/62] 12s; tes...est.lua");
	p.retried = 0;
	p.elapsed_ns = 0;
	p.bad = 1;
	buf_clear(&b);
	p = (struct progress){0};
	progress_render(&b, &p, 0, 80);
	assert_string_equal(b.data, "[0]"); // there is no end to them
	buf_release(&b);
}

static void progress_tells_first_what_is_slow(void **state)
{
	struct job jobs[2] = {{.path = (char *)"a.lua"}, {.path = (char *)"b.lua"}};
	struct result quick = {.job = &jobs[0], .started_ns = NS_PER_SEC};
	struct result slow = {.job = &jobs[1], .started_ns = NS_PER_SEC, .slow = true};
	const struct result *running[] = {&quick, &slow, &quick};
	struct progress p = {.total = 9, .running = running, .nrunning = 3};
	struct buf b = {0};

	(void)state;
	progress_render(&b, &p, 13 * NS_PER_SEC, 80);
	assert_string_equal(b.data, "[0/9] SLOW b.lua 12s, a.lua 12s, a.lua 12s");
	buf_clear(&b);
	p.colours = true;
	progress_render(&b, &p, 13 * NS_PER_SEC, 24);
	assert_string_equal(b.data, "[0/9] \033[33mSLOW b.lua 12s\033[0m, a.");
	buf_clear(&b);
	progress_render(&b, &p, 13 * NS_PER_SEC, 10);
	assert_string_equal(b.data, "[0/9] \033[33mSLOW\033[0m");
	buf_clear(&b);
	progress_render(&b, &p, 13 * NS_PER_SEC, 6);
	assert_string_equal(b.data, "[0/9] ");
	buf_clear(&b);
	// Nothing takes the place of what had none.
	jobs[1].path = (char *)"\xe6\xb5\x8b.lua";
	p.colours = false;
	progress_render(&b, &p, 13 * NS_PER_SEC, 12);
	assert_string_equal(b.data, "[0/9] SLOW ");
	buf_release(&b);
}

static void a_running_file_has_a_line_of_its_own(void **state)
{
	struct job job = {.path = (char *)"a\nb.lua", .p99_ns = NS_PER_SEC * 3 / 2};
	struct result r = {.job = &job, .started_ns = NS_PER_SEC};
	struct buf b = {0};

	(void)state;
	progress_add_file(&b, &r, 13 * NS_PER_SEC, true);
	assert_string_equal(b.data, "        12.000s a\\nb.lua");
	buf_clear(&b);
	r.slow = true;
	progress_add_file(&b, &r, 13 * NS_PER_SEC, false);
	assert_string_equal(b.data, "SLOW    12.000s a\\nb.lua (usually at most 1.500s)");
	buf_clear(&b);
	progress_add_file(&b, &r, 0, true); // a clock that was set back
	assert_string_equal(b.data, "\033[33mSLOW\033[0m     0.000s a\\nb.lua (usually at most "
				    "1.500s)");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_made_safe_line_by_line),
		cmocka_unit_test(colours_are_kept_when_wanted),
		cmocka_unit_test(eight_bit_control_characters_are_removed),
		cmocka_unit_test(text_behind_a_hyperlink_is_not_lost),
		cmocka_unit_test(a_broken_escape_sequence_ends_with_its_line),
		cmocka_unit_test(a_colour_holds_no_control_characters),
		cmocka_unit_test(progress_is_never_wider_than_asked),
		cmocka_unit_test(wide_characters_count_as_wide),
		cmocka_unit_test(progress_tells_what_runs),
		cmocka_unit_test(progress_tells_first_what_is_slow),
		cmocka_unit_test(a_running_file_has_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
