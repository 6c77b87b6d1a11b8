// SPDX-License-Identifier: MIT
#include "report/recap.h"

#include "base/buf.h"
#include "base/clock.h"
#include "report.h"

static struct test_case *add_failing(struct result *r, const char *name, const char *file, int line,
				     const char *message)
{
	struct test_case *t = add_test(r, "group", name, TEST_FAILED);

	t->file = file ? xstrdup(file) : NULL;
	t->line = line;
	t->message = message ? xstrdup(message) : NULL;
	return t;
}

static void assert_recap(const struct run *run, const char *wanted)
{
	struct buf b = {0};

	buf_reserve(&b, 0);
	recap_add(&b, run);
	assert_string_equal(b.len ? b.data : "", wanted);
	buf_release(&b);
}

static void has_a_line_for_each_failure(void **state)
{
	struct sample s;

	begin(&s);
	add_file(&s, "t/pass.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	struct result *r = add_file(&s, "t/b.lua", FRAMEWORK_LUAUNIT, FILE_FAILED, "2 of 2 failed");
	add_failing(r, "one", "t/b.lua", 7, "t/b.lua:9: expected: 1, actual: 2\nstack traceback:");
	add_failing(r, "two", "t/b.lua", 12, NULL);
	add_file(&s, "t/a.lua", FRAMEWORK_PLAIN, FILE_TIMEOUT, "timed out after 1 s");
	add_file(&s, "t/c.lua", FRAMEWORK_PLAIN, FILE_TIMEOUT,
		 "timed out after 1 s: t/c.lua:4: interrupted!");
	r = add_file(&s, "t/d.lua", FRAMEWORK_PLAIN, FILE_TIMEOUT, "timed out after 1 s");
	struct file_error e = {.message = xstrdup("t/d.lua:5: interrupted!")};
	VEC_PUSH(&r->errors, e);
	r = add_file(&s, "t/e.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	e.message = xstrdup("connect to 127.0.0.1:80: refused");
	VEC_PUSH(&r->errors, e);
	r = add_file(&s, "t/f.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	e.message = xstrdup("localhost:8080: refused");
	VEC_PUSH(&r->errors, e);
	r = add_file(&s, "t/g.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	e.message = xstrdup("localhost:8080: t/g.lua:3: refused");
	VEC_PUSH(&r->errors, e);
	assert_recap(&s.run, "Failures:\n"
			     "t/a.lua:1: timed out after 1 s\n"
			     "t/b.lua:9: group one: expected: 1, actual: 2\n"
			     "t/b.lua:12: group two\n"
			     "t/c.lua:4: timed out after 1 s: interrupted!\n"
			     "t/d.lua:5: timed out after 1 s: interrupted!\n"
			     "t/e.lua:1: connect to 127.0.0.1:80: refused\n"
			     "t/f.lua:1: localhost:8080: refused\n"
			     "t/g.lua:3: localhost:8080: refused\n");
	end(&s);
}

static void nothing_where_nothing_failed(void **state)
{
	struct sample s;

	begin(&s);
	add_file(&s, "t/pass.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	add_file(&s, "t/left.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, "the run was stopped");
	assert_recap(&s.run, "");
	end(&s);
}

static void failures_of_one_cause_stand_below_it(void **state)
{
	static const char missing[] =
		"t/b.lua:3: module 'x' not found:\n\tno field ['x']\n\tno file";
	struct sample s;

	begin(&s);
	struct result *r = add_file(&s, "t/b.lua", FRAMEWORK_BUSTED, FILE_FAILED, "3 failed");
	add_failing(r, "one", "t/b.lua", 3, missing);
	add_failing(r, "other", "t/b.lua", 4,
		    "t/b.lua:4: Expected objects to be equal.\nPassed in:\n1");
	add_failing(r, "two", "t/b.lua", 3, missing);
	r = add_file(&s, "t/a.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	struct file_error e = {.message = xstrdup("t/a.lua:1: module 'x' not found:\n\tno file y")};
	VEC_PUSH(&r->errors, e);
	assert_recap(&s.run,
		     "Failures:\n"
		     "3 failures: module 'x' not found\n"
		     "t/a.lua:1: the whole file\n"
		     "t/b.lua:3: group one\n"
		     "t/b.lua:3: group two\n"
		     "t/b.lua:4: group other: Expected objects to be equal. Passed in: 1\n");
	end(&s);
}

static struct since *since(int64_t run, int64_t age_ns, const char *revision, bool or_before)
{
	struct since *s = xcalloc(1, sizeof *s);

	*s = (struct since){run, 1000000 * NS_PER_SEC - age_ns, revision ? xstrdup(revision) : NULL,
			    or_before};
	return s;
}

static void new_failures_come_first(void **state)
{
	struct sample s;

	begin(&s);
	s.run.started_ns = 1000000 * NS_PER_SEC;
	struct result *r = add_file(&s, "t/a.lua", FRAMEWORK_BUSTED, FILE_FAILED, "3 failed");
	add_failing(r, "old", "t/a.lua", 3, "t/a.lua:3: x")->since =
		since(5, 3 * 86400 * NS_PER_SEC, "c31f2a9b7700", false);
	add_failing(r, "new", "t/a.lua", 4, "t/a.lua:4: x")->since = since(0, 0, NULL, false);
	add_failing(r, "older", "t/a.lua", 5, "t/a.lua:5: x")->since =
		since(2, 7200 * NS_PER_SEC, NULL, true);
	r = add_file(&s, "t/b.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	r->since = since(0, 0, NULL, false);
	r->unsteady = true;
	assert_recap(&s.run, "New failures:\n"
			     "t/a.lua:4: group new: x\n"
			     "t/b.lua:1: exit status 1 (flaky before)\n"
			     "Failures of before:\n"
			     "t/a.lua:3: group old: x (since run 5, c31f2a9b, 3 days)\n"
			     "t/a.lua:5: group older: x (since run 2 or before, 2 hours)\n");
	end(&s);
}

// Three that share it, of which one is new, are no three of one kind.
static void causes_are_counted_by_age(void **state)
{
	struct sample s;

	begin(&s);
	s.run.started_ns = 1000000 * NS_PER_SEC;
	struct result *r = add_file(&s, "t/a.lua", FRAMEWORK_BUSTED, FILE_FAILED, "3 failed");
	for (int i = 0; i < 4; i++)
		add_failing(r, "one", "t/a.lua", 3 + i, "gone")->since =
			since(i > 0 ? 7 : 0, 0, NULL, false);
	assert_recap(&s.run, "New failures:\n"
			     "t/a.lua:3: group one: gone\n"
			     "Failures of before:\n"
			     "3 failures: gone\n"
			     "t/a.lua:4: group one (since run 7, 0 seconds)\n"
			     "t/a.lua:5: group one (since run 7, 0 seconds)\n"
			     "t/a.lua:6: group one (since run 7, 0 seconds)\n");
	end(&s);
}

static void a_line_stays_one_and_bounded(void **state)
{
	char message[1000];
	struct sample s;
	struct buf b = {0};

	memset(message, 'x', sizeof message - 1);
	message[sizeof message - 1] = '\0';
	begin(&s);
	struct result *r = add_file(&s, "t/a\nb.lua", FRAMEWORK_LUAUNIT, FILE_FAILED, "1 failed");
	add_failing(r, "o\033[2Jne", NULL, 0, message);
	recap_add(&b, &s.run);
	assert_memory_equal(b.data, "Failures:\nt/a\\nb.lua:1: group o\\x1b[2Jne: xxx", 44);
	assert_true(b.len < 250);
	assert_int_equal(b.data[b.len - 1], '\n');
	buf_release(&b);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_line_for_each_failure),
		cmocka_unit_test(nothing_where_nothing_failed),
		cmocka_unit_test(failures_of_one_cause_stand_below_it),
		cmocka_unit_test(new_failures_come_first),
		cmocka_unit_test(causes_are_counted_by_age),
		cmocka_unit_test(a_line_stays_one_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
