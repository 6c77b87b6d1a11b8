// SPDX-License-Identifier: MIT
// What GitHub Actions is told.
#include "report/annotations.h"

#include "report.h"

static void assert_annotations(const struct run *run, const char *wanted)
{
	struct buf b = rendered(run, report_annotations);

	assert_string_equal(b.data, wanted);
	buf_release(&b);
}

static void every_failure_is_annotated(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "t/good.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	add_failing_file(&s);
	add_broken_file(&s);
	add_file(&s, "t/crash.lua", FRAMEWORK_PLAIN, FILE_ERROR, "killed by SIGSEGV");
	add_file(&s, "t/notrun.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, "not started");
	assert_annotations(
		&s.run,
		"::error file=t/fail_test.lua,line=9,title=t/fail_test.lua%3A queue pop::"
		"expected 1, got 2\n"
		"::error file=t/fail_test.lua,title=t/fail_test.lua%3A queue breaks::it broke\n"
		"::error file=t/broken_test.lua,line=3,title=t/broken_test.lua%3A describe x::"
		"unexpected symbol\n"
		"::error file=t/crash.lua,title=t/crash.lua%3A killed by SIGSEGV::"
		"killed by SIGSEGV\n");
	end(&s);
}

static void flaky_files_are_warned_of(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_attempt(&s, "port.lua", FILE_FAILED, 1, 0, true);
	add_attempt(&s, "port.lua", FILE_PASSED, 2, 40 * MS, false);
	assert_annotations(&s.run,
			   "::warning file=port.lua,title=port.lua%3A flaky::passed at "
			   "attempt 2, after: exit status 1; fails only beside other files\n");
	end(&s);
}

static void what_has_a_meaning_is_escaped(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a,b:c%\n.lua", FRAMEWORK_BUSTED, FILE_FAILED, "no");
	add_test(r, "x::y", "z,\r\n", TEST_FAILED)->message =
		xstrdup("50%, a:b\r\n::warning::x\001\033[31m\x7f\xc2\x9b\xe2\x80\xae\xff");
	assert_annotations(&s.run, "::error file=a%2Cb%3Ac%25%0A.lua,"
				   "title=a%2Cb%3Ac%25%0A.lua%3A x%3A%3Ay z%2C%0D%0A::"
				   "50%25, a:b%0D%0A::warning::x[31m\\u202e" FFFD "\n");
	end(&s);
}

static void a_failure_is_where_its_message_says(void **state)
{
	static const struct {
		const char *message, *file;
		int line;
		const char *wanted;
	} rows[] = {
		{"no", NULL, 0, "file=t/long/a_spec.lua,"},
		{"no", "t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=3,"},
		{"no", "./t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=3,"},
		{"no", "/home/me/t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=3,"},
		{"no", "/usr/share/lua/x.lua", 3, "file=/usr/share/lua/x.lua,line=3,"},
		{"t/long/a_spec.lua:7: no", "t/long/a_spec.lua", 3,
		 "file=t/long/a_spec.lua,line=7,"},
		{"./t/long/a_spec.lua:7: no", NULL, 0, "file=t/long/a_spec.lua,line=7,"},
		{"...g/a_spec.lua:7: no", "t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=7,"},
		{"...g/a_spec.lua:7: no", NULL, 0, "file=t/long/a_spec.lua,line=7,"},
		{"...x/helper.lua:7: no", "t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=3,"},
		{"lib/helper.lua:7: no", "t/long/a_spec.lua", 3, "file=lib/helper.lua,line=7,"},
		{"timed out after 1 s: t/long/a_spec.lua:7: interrupted!", "t/long/a_spec.lua", 3,
		 "file=t/long/a_spec.lua,line=7,"},
		{"[string \"x\"]:7: no", "t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=3,"},
		{"wanted 1 of a:2: no", "t/long/a_spec.lua", 3, "file=t/long/a_spec.lua,line=3,"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample s;
		begin(&s);
		struct result *r =
			add_file(&s, "t/long/a_spec.lua", FRAMEWORK_BUSTED, FILE_FAILED, "no");
		struct test_case *t = add_test(r, "g", "n", TEST_FAILED);
		t->message = xstrdup(rows[i].message);
		t->file = rows[i].file ? xstrdup(rows[i].file) : NULL;
		t->line = rows[i].line;
		struct buf b = rendered(&s.run, report_annotations);
		char *wanted = xasprintf("::error %stitle=", rows[i].wanted);
		check_row(strncmp(b.data, wanted, strlen(wanted)) == 0, "row %zu: %s", i, b.data);
		free(wanted);
		buf_release(&b);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_is_annotated),
		cmocka_unit_test(flaky_files_are_warned_of),
		cmocka_unit_test(what_has_a_meaning_is_escaped),
		cmocka_unit_test(a_failure_is_where_its_message_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
