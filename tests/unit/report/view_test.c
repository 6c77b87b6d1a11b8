// SPDX-License-Identifier: MIT
#include "report/view.h"

#include <json-c/json.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/table.h"
#include "report/text.h"

static const struct column columns[] = {
	{"n", "N", CELL_NUMBER},
	{"seconds", "Time", CELL_SECONDS},
	{"at", "When", CELL_TIME},
	{"day", "Day", CELL_DAY},
	{"bytes", "Size", CELL_BYTES},
	{"share", "Share", CELL_SHARE},
	{"change", "Move", CELL_CHANGE},
	{"hidden", NULL, CELL_TEXT},
	{"commit", "Commit", CELL_REVISION},
	{"status", "Last", CELL_STATUS},
	{NULL, "Pic", CELL_DRAWING},
	{"path", "File", CELL_PATH},
	{"remark", "", CELL_REMARK},
};

static const struct column names[] = {
	{"run", "Run", CELL_NUMBER},
	{"path", "File", CELL_PATH},
	{"test", "Test", CELL_TEXT},
};

static struct table *begin(struct view *a)
{
	*a = (struct view){.name = "made", .main = "rows", .n_runs = 3};
	return view_table(a, "rows", "", columns, COUNT(columns));
}

static void add_row(struct table *t, int64_t n, const char *status, const char *path,
		    const char *remark)
{
	table_number(t, n);
	table_number(t, 1234567890);
	table_number(t, 1700000000 * NS_PER_SEC);
	table_number(t, 1700000000 * NS_PER_SEC);
	table_number(t, 3 << 19);
	table_number(t, 125000);
	table_number(t, -500000);
	table_text(t, "hidden");
	table_text(t, "0123456789abcdef");
	table_text(t, status);
	table_text(t, "#");
	table_text(t, path);
	table_text(t, remark);
}

static void add_unknown(struct table *t)
{
	for (size_t i = 0; i < COUNT(columns); i++) {
		if (columns[i].kind >= CELL_TEXT)
			table_text(t, NULL);
		else if (columns[i].kind == CELL_TIME || columns[i].kind == CELL_DAY ||
			 columns[i].kind == CELL_CHANGE)
			table_number(t, 0);
		else
			table_number(t, -1);
	}
}

typedef int writer(FILE *out, const struct view *a, struct err *err);

// The caller frees it.
static char *written(writer *write, const struct view *a)
{
	char *text = NULL;
	size_t n;
	struct err err = {0};
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(write(out, a, &err), 0);
	fclose(out);
	return text;
}

static int plain(FILE *out, const struct view *a, struct err *err)
{
	const struct text_style style = {0};

	return report_view_text(out, a, &style, err);
}

static int coloured(FILE *out, const struct view *a, struct err *err)
{
	const struct text_style style = {.colours = true};

	return report_view_text(out, a, &style, err);
}

static void assert_written(writer *write, const struct view *a, const char *wanted)
{
	char *text = written(write, a);

	assert_string_equal(text, wanted);
	free(text);
}

// ---- for people ----

static void text_aligns_columns(void **state)
{
	struct view a;
	struct table *t = begin(&a);

	(void)state;
	add_row(t, 7, "pass", "a/b", NULL);
	add_row(t, 1000, "fail", "c", "it broke\nhere");
	add_unknown(t);
	assert_written(
		plain, &a,
		"   N    Time  When              Day            Size  Share  Move  Commit     "
		"Last  Pic  File\n"
		"   7  1.235s  2023-11-14 22:13  2023-11-14  1.5 MiB  12.5%  -50%  012345678  "
		"pass  #    a/b\n"
		"1000  1.235s  2023-11-14 22:13  2023-11-14  1.5 MiB  12.5%  -50%  012345678  "
		"fail  #    c\n"
		"    it broke\n"
		"   -       -  -                 -                 -      -   +0%  -          "
		"-     -    -\n");
	view_release(&a);
}

static void a_large_share_has_no_fraction(void **state)
{
	struct view a;
	struct table *t = begin(&a);

	(void)state;
	add_row(t, 7, "pass", "a/b", NULL);
	t->cells.items[5].number = 10911 * INT64_C(10000);
	char *text = written(plain, &a);
	assert_non_null(strstr(text, "  10911%  "));
	free(text);
	view_release(&a);
}

static void text_has_lines_titles_and_a_window(void **state)
{
	struct view a = {.main = "rows", .range = xstrdup("run 1 to run 2")};

	(void)state;
	view_line(&a, "first %d", 1);
	struct table *t = view_table(&a, "rows", "a title", names, COUNT(names));
	for (int64_t i = 1; i <= 3; i++) {
		table_number(t, i);
		table_text(t, "p");
		table_text(t, "a\tb\x1b");
	}
	t->most = 2;
	t = view_table(&a, "rows", NULL, names, COUNT(names));
	table_number(t, 9);
	table_text(t, "not seen");
	table_text(t, "not seen");
	view_table(&a, "rows", "without rows", names, COUNT(names));
	char *text = written(plain, &a);
	const char *beginning =
		"run 1 to run 2\n\nfirst 1\n\na title\nRun  File  Test\n  1  p     a";
	assert_int_equal(strncmp(text, beginning, strlen(beginning)), 0);
	assert_non_null(strstr(text, "\n  2  p "));
	assert_null(strstr(text, "\n  3  p "));
	assert_non_null(strstr(text, "\n... and 1 more, which --report=csv or json has\n"));
	assert_null(strstr(text, "not seen"));
	assert_null(strstr(text, "without rows"));
	assert_null(strchr(text, '\x1b'));
	free(text);
	view_release(&a);
}

static void text_is_red_where_something_is_bad(void **state)
{
	static const char *const good[] = {"pass", "skip", "notrun", "pending", NULL};
	static const char *const bad[] = {"fail", "error", "timeout", "limit"};
	struct view a;
	struct table *t = begin(&a);

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		add_row(t, 1, good[i], "p", NULL);
	view_line(&a, "all is well");
	char *text = written(coloured, &a);
	assert_null(strchr(text, '\x1b'));
	free(text);
	view_release(&a);
	for (size_t i = 0; i < COUNT(bad); i++) {
		add_row(begin(&a), 1, bad[i], "p", "remark");
		view_line(&a, "a bad line");
		view_mark(&a);
		text = written(coloured, &a);
		char *cell = xasprintf("\033[31m%s", bad[i]);
		assert_non_null(strstr(text, cell));
		assert_non_null(strstr(text, "\033[31m    remark\033[0m\n"));
		assert_non_null(strstr(text, "\033[31ma bad line\033[0m\n"));
		free(cell);
		free(text);
		text = written(plain, &a);
		assert_null(strchr(text, '\x1b'));
		free(text);
		view_release(&a);
	}
}

static char *repeated(const char *s, size_t n)
{
	struct buf b = {0};

	for (size_t i = 0; i < n; i++)
		buf_addstr(&b, s);
	return b.data ? b.data : xstrdup("");
}

static size_t widest_line(const char *text)
{
	size_t most = 0;

	for (; *text; text += strcspn(text, "\n") + 1) {
		size_t cells = text_cells(text, strcspn(text, "\n"));
		most = cells > most ? cells : most;
	}
	return most;
}

static void text_cuts_what_is_too_wide(void **state)
{
	static const char *const pieces[] = {"x", "ab/", "\xc3\xa9", "\xe5\x90\x8d", "\xff", "\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++)
		for (size_t n = 0; n < 120; n += 7) {
			struct view a = {.main = "rows"};
			struct table *t = view_table(&a, "rows", "", names, COUNT(names));
			char *path = repeated(pieces[i], n), *test = repeated(pieces[i], n / 2);
			char *tail = xasprintf("%send", path), *head = xasprintf("start%s", test);
			table_number(t, 123456);
			table_text(t, tail);
			table_text(t, head);
			char *text = written(plain, &a);
			check_row(widest_line(text) <= 80, "piece %zu, %zu: %zu cells\n%s", i, n,
				  widest_line(text), text);
			// A path keeps its end, a name its beginning.
			check_row(strstr(text, "end  ") && strstr(text, "  start"),
				  "piece %zu, %zu:\n%s", i, n, text);
			check_row(text_utf8_length(text, strlen(text)) > 0, "piece %zu", i);
			free(text);
			free(path);
			free(test);
			free(tail);
			free(head);
			view_release(&a);
		}
}

// ---- for programs ----

static void json_tells_the_unknown_as_null(void **state)
{
	struct view a;
	struct table *t = begin(&a);

	(void)state;
	add_row(t, 7, "pass", "a/\xff\"b", "two\nlines");
	add_unknown(t);
	// A second table of the same key goes on, what people do not see included.
	t = view_table(&a, "rows", NULL, names, COUNT(names));
	table_number(t, 5);
	table_text(t, "");
	table_text(t, NULL);
	view_table(&a, "none", "", names, COUNT(names));
	view_line(&a, "for people");
	assert_written(
		report_view_json, &a,
		"{\"schema\":1,\"view\":\"made\",\"window\":null,\"window_runs\":3,\"rows\":["
		"{\"n\":7,\"seconds\":1.234568,\"at\":1700000000.000000,\"day\":1700000000.000000,"
		"\"bytes\":1572864,\"share\":0.125000,\"change\":-0.500000,\"hidden\":\"hidden\","
		"\"commit\":\"0123456789abcdef\",\"status\":\"pass\",\"path\":\"a/"
		"\xef\xbf\xbd\\\"b\","
		"\"remark\":\"two\\nlines\"},"
		"{\"n\":null,\"seconds\":null,\"at\":null,\"day\":null,\"bytes\":null,"
		"\"share\":null,\"change\":0.000000,\"hidden\":null,\"commit\":null,"
		"\"status\":null,\"path\":null,\"remark\":null},"
		"{\"run\":5,\"path\":\"\",\"test\":null}],\"none\":[]}\n");
	view_release(&a);
}

static void csv_quotes_as_it_should(void **state)
{
	struct view a = {.main = "rows"};
	static const char *const texts[] = {"plain",
					    "a,b",
					    "a\"b",
					    "a\nb",
					    "a\rb",
					    "",
					    NULL,
					    " ",
					    "=1+1",
					    "-2",
					    "@a",
					    "+b",
					    "\tc",
					    "\r",
					    "a=b",
					    "\x1b[31m\x7f",
					    "\xff\xc2\x9b",
					    "\xd7\xa9",
					    "\xe2\x80\xae=1"};

	(void)state;
	view_line(&a, "for people");
	struct table *t = view_table(&a, "others", "", names, COUNT(names));
	table_number(t, 1);
	table_text(t, "x");
	table_text(t, "x");
	for (size_t i = 0; i < COUNT(texts); i++) {
		t = view_table(&a, "rows", i ? NULL : "", names, COUNT(names));
		t->most = 1;
		table_number(t, i ? (int64_t)i : -1);
		table_text(t, texts[i]);
		table_text(t, "t");
	}
	assert_written(report_view_csv, &a,
		       "run,path,test\n,plain,t\n1,\"a,b\",t\n2,\"a\"\"b\",t\n3,\"a\nb\",t\n"
		       "4,\"a\rb\",t\n5,,t\n6,,t\n7, ,t\n"
		       "8,'=1+1,t\n9,'-2,t\n10,'@a,t\n11,'+b,t\n12,'\tc,t\n13,\"'\r\",t\n14,a=b,t\n"
		       "15,\xef\xbf\xbd[31m\xef\xbf\xbd,t\n16,\xef\xbf\xbd\xef\xbf\xbd,t\n17,"
		       "\xd7\xa9,t\n18,\xef\xbf\xbd=1,t\n");
	view_release(&a);
	begin(&a);
	assert_written(report_view_csv, &a,
		       "n,seconds,at,day,bytes,share,change,hidden,commit,status,path,remark\n");
	view_release(&a);
}

static void a_full_disk_is_told(void **state)
{
	static writer *const writers[] = {plain, report_view_json, report_view_csv};

	(void)state;
	for (size_t i = 0; i < COUNT(writers); i++) {
		struct view a;
		struct err err = {0};
		FILE *out = fopen("/dev/full", "w");
		setvbuf(out, NULL, _IONBF, 0);
		add_row(begin(&a), 1, "pass", "p", NULL);
		assert_int_equal(writers[i](out, &a, &err), -1);
		assert_true(*err.message);
		fclose(out);
		view_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_aligns_columns),
		cmocka_unit_test(a_large_share_has_no_fraction),
		cmocka_unit_test(text_has_lines_titles_and_a_window),
		cmocka_unit_test(text_is_red_where_something_is_bad),
		cmocka_unit_test(text_cuts_what_is_too_wide),
		cmocka_unit_test(json_tells_the_unknown_as_null),
		cmocka_unit_test(csv_quotes_as_it_should),
		cmocka_unit_test(a_full_disk_is_told),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
