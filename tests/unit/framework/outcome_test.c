// SPDX-License-Identifier: MIT
#include "framework/outcome.h"

#include <signal.h>

#include "../unit.h"
#include "base/clock.h"
#include "framework/events.h"
#include "framework/tap.h"
#include "model/result.h"

#define SEC NS_PER_SEC

static const struct job job = {.path = (char *)"t.lua"};

static struct result exited(int code)
{
	return (struct result){.job = &job, .exit_code = code, .slot = 0, .expected = -1};
}

static struct result killed(int signo)
{
	return (struct result){.job = &job, .exit_code = -1, .signal = signo, .expected = -1};
}

static void add_test(struct result *r, const char *group, const char *name, enum test_status status)
{
	struct test_case t = {.name = xstrdup(name), .status = status};

	if (group) {
		t.path = xcalloc(1, sizeof *t.path);
		t.path[t.npath++] = xstrdup(group);
	}
	r->has_tests = true;
	VEC_PUSH(&r->tests, t);
}

static void add_error(struct result *r, const char *message)
{
	struct file_error e = {.where = xstrdup("file"), .message = xstrdup(message)};

	VEC_PUSH(&r->errors, e);
}

static void set_output(struct result *r, const char *text)
{
	free(r->output);
	r->output = xstrdup(text);
	r->output_len = strlen(text);
}

// With events it is a file of a framework (LuaUnit, if its job has none), with TAP one of TAP.
static void decide(struct result *r, struct ending e)
{
	struct events ev;

	e.argv0 = "lua5.4";
	if (e.events && e.events->attached) {
		ev = *e.events;
		ev.framework = r->job->framework ? r->job->framework : FRAMEWORK_LUAUNIT;
		ev.announced = ev.announced ? ev.announced : -1;
		e.events = &ev;
		r->framework = ev.framework;
	} else if (e.tap) {
		r->framework = FRAMEWORK_TAP;
	}
	outcome_decide(r, &e);
}

static void assert_outcome(const struct result *r, enum file_status status, const char *reason)
{
	if (r->status != status)
		fail_msg("it is %s (%s)", file_status_name(r->status),
			 r->reason ? r->reason : "NULL");
	check_row(same_string(r->reason, reason), "'%s'", r->reason ? r->reason : "NULL");
}

static bool says(const struct result *r, const char *part)
{
	return r->reason && strstr(r->reason, part);
}

// ---- a file of which only the exit status is known ----

static void the_exit_status_decides(void **state)
{
	static const struct {
		int exit_code;
		enum file_status status;
		const char *reason;
	} rows[] = {
		{0, FILE_PASSED, NULL},
		{1, FILE_FAILED, "exit status 1"},
		{77, FILE_SKIPPED, "exit status 77"},
		{255, FILE_FAILED, "exit status 255"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result r = exited(rows[i].exit_code);
		decide(&r, (struct ending){0});
		assert_outcome(&r, rows[i].status, rows[i].reason);
		assert_int_equal(r.tests.n, 0);
		result_release(&r);
	}
}

static void a_shim_that_found_no_framework_leaves_the_exit_status(void **state)
{
	struct events ev = {.hello = true};
	struct result r = exited(3);

	(void)state;
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_FAILED, "exit status 3");
	result_release(&r);
}

// ---- ended by force ----

static void signals_are_named(void **state)
{
	static const struct {
		int signo;
		const char *name;
	} rows[] = {{SIGSEGV, "SIGSEGV"},
		    {SIGKILL, "SIGKILL"},
		    {SIGABRT, "SIGABRT"},
		    {SIGTERM, "SIGTERM"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result r = killed(rows[i].signo);
		decide(&r, (struct ending){0});
		check_row(r.status == FILE_ERROR && says(&r, rows[i].name), "%s: %s", rows[i].name,
			  r.reason);
		result_release(&r);
	}
}

static void a_signal_without_a_name_has_a_number(void **state)
{
	struct result r = killed(SIGRTMIN + 3);

	(void)state;
	decide(&r, (struct ending){0});
	assert_int_equal(r.status, FILE_ERROR);
	check_row(!says(&r, "(null)"), "%s", r.reason);
	result_release(&r);
}

static void a_passed_deadline_is_a_timeout(void **state)
{
	static const struct {
		int exit_code, signo;
	} endings[] = {{1, 0}, {-1, SIGINT}, {-1, SIGKILL}, {0, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(endings); i++) {
		struct result r = {
			.job = &job, .exit_code = endings[i].exit_code, .signal = endings[i].signo};
		decide(&r, (struct ending){.timeout_ns = SEC * 3 / 2});
		assert_outcome(&r, FILE_TIMEOUT, "timed out after 1.5 s");
		result_release(&r);
	}
}

static void a_stopped_run_leaves_its_files_undecided(void **state)
{
	struct result r = killed(SIGTERM);

	(void)state;
	add_test(&r, NULL, "done", TEST_PASSED);
	add_test(&r, NULL, "running", 0);
	decide(&r, (struct ending){.cut_short = true, .timeout_ns = SEC});
	assert_int_equal(r.status, FILE_NOTRUN);
	assert_non_null(r.reason);
	assert_int_equal(r.tests.items[0].status, TEST_PASSED);
	assert_int_equal(r.tests.items[1].status, TEST_ERROR);
	result_release(&r);
}

static void limits_are_told_from_crashes(void **state)
{
	static const struct {
		int signo;
		int64_t user_ns, sys_ns, cpu_limit_s;
		enum file_status status;
		const char *part;
	} rows[] = {
		{SIGXCPU, 0, 0, 0, FILE_LIMIT, "cpu"},
		{SIGXCPU, 2 * SEC, 0, 2, FILE_LIMIT, "cpu"},
		{SIGKILL, 2 * SEC, 1 * SEC, 3, FILE_LIMIT, "cpu"},
		{SIGKILL, 1 * SEC, 1 * SEC, 3, FILE_ERROR, "SIGKILL"},
		{SIGKILL, 9 * SEC, 0, 0, FILE_ERROR, "SIGKILL"},
		{SIGSEGV, 9 * SEC, 0, 3, FILE_ERROR, "SIGSEGV"},
		{SIGXFSZ, 0, 0, 0, FILE_LIMIT, "fsize"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result r = killed(rows[i].signo);
		r.user_ns = rows[i].user_ns;
		r.sys_ns = rows[i].sys_ns;
		decide(&r, (struct ending){.cpu_limit_s = rows[i].cpu_limit_s});
		check_row(r.status == rows[i].status && says(&r, rows[i].part), "row %zu: %s, %s",
			  i, file_status_name(r.status), r.reason);
		result_release(&r);
	}
}

static void too_little_memory_is_a_limit(void **state)
{
	struct result r = exited(1);

	(void)state;
	set_output(&r, "lua5.4: not enough memory\n");
	decide(&r, (struct ending){.memory_limit = true});
	assert_int_equal(r.status, FILE_LIMIT);
	assert_true(says(&r, "as"));
	result_release(&r);

	// Without a limit, or without those words, or with success, it is something else.
	r = exited(1);
	set_output(&r, "lua5.4: not enough memory\n");
	decide(&r, (struct ending){0});
	assert_int_equal(r.status, FILE_FAILED);
	result_release(&r);
	r = exited(1);
	set_output(&r, "lua5.4: x.lua:1: no\nstack traceback:\n\t[C]: in ?\n");
	decide(&r, (struct ending){.memory_limit = true});
	assert_int_equal(r.status, FILE_FAILED);
	result_release(&r);
	r = exited(0);
	set_output(&r, "lua5.4: not enough memory\n");
	decide(&r, (struct ending){.memory_limit = true});
	assert_int_equal(r.status, FILE_PASSED);
	result_release(&r);
}

static void a_death_is_charged_to_the_running_test(void **state)
{
	struct result r = killed(SIGSEGV);
	struct events ev = {.hello = true, .attached = true};

	(void)state;
	add_test(&r, "queue", "pushes", TEST_PASSED);
	add_test(&r, "queue", "pops", 0);
	r.expected = 12;
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_ERROR, "killed by SIGSEGV in \"queue pops\" (1 of 12 done)");
	assert_int_equal(r.tests.items[0].status, TEST_PASSED);
	assert_null(r.tests.items[0].message);
	assert_int_equal(r.tests.items[1].status, TEST_ERROR);
	assert_string_equal(r.tests.items[1].message, "killed by SIGSEGV");
	result_release(&r);
}

// What a framework makes of the signal at the deadline, and what it does after it, is not what the
// file did.
static void the_deadline_is_charged_to_the_test_that_hung(void **state)
{
	struct events ev = {.attached = true, .done = true};
	const struct ending e = {.events = &ev, .timeout_ns = 2 * SEC, .hung = 1, .done = 1};
	struct job known = {.path = (char *)"t.lua", .usual_tests = 9};

	(void)state;
	for (int passed = 0; passed < 2; passed++) {
		struct result r = exited(1);
		r.job = &known;
		add_test(&r, NULL, "first", TEST_PASSED);
		add_test(&r, "g", "hangs", passed ? TEST_PASSED : TEST_FAILED);
		add_test(&r, NULL, "third", TEST_PASSED);
		r.tests.items[1].message = passed ? NULL : xstrdup("t.lua:6: interrupted!");
		decide(&r, e);
		assert_outcome(&r, FILE_TIMEOUT,
			       "timed out after 2 s in \"g hangs\" (1 of 9 done)");
		assert_int_equal(r.tests.items[1].status, TEST_ERROR);
		assert_string_equal(r.tests.items[1].message,
				    passed ? "timed out after 2 s"
					   : "timed out after 2 s: t.lua:6: interrupted!");
		assert_int_equal(r.tests.items[2].status, TEST_PASSED);
		result_release(&r);
	}
}

static void the_innermost_of_nested_tests_is_named(void **state)
{
	struct result r = exited(1);
	struct events ev = {.attached = true};

	(void)state;
	add_test(&r, NULL, "outer", 0);
	add_test(&r, NULL, "inner", 0);
	add_test(&r, NULL, "over", TEST_FAILED);
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_ERROR,
		       "it left (exit status 1) before its tests were done in \"inner\" (1 done)");
	assert_int_equal(r.tests.items[0].status, TEST_ERROR);
	assert_int_equal(r.tests.items[1].status, TEST_ERROR);
	assert_int_equal(r.tests.items[2].status, TEST_FAILED);
	result_release(&r);
}

// ---- events ----

struct event_row {
	const char *tests; // p f e s - (pending), ? (running)
	int errors, exit_code;
	enum file_status status;
	const char *reason;
};

static void add_tests(struct result *r, const char *tests)
{
	static const char letters[] = "?pfes-";

	r->has_tests = true;
	for (const char *p = tests; *p; p++)
		add_test(r, NULL, "t", (enum test_status)(strchr(letters, *p) - letters));
}

static void check_rows(const struct event_row *rows, size_t n, const struct events *ev,
		       const struct tap *tap)
{
	for (size_t i = 0; i < n; i++) {
		struct result r = exited(rows[i].exit_code);
		add_tests(&r, rows[i].tests);
		for (int k = 0; k < rows[i].errors; k++)
			add_error(&r, "x.lua:3: bad");
		decide(&r, (struct ending){.events = ev, .tap = tap});
		check_row(r.status == rows[i].status, "row %zu: %s (%s)", i,
			  file_status_name(r.status), r.reason ? r.reason : "");
		check_row(same_string(r.reason, rows[i].reason), "row %zu: %s", i,
			  r.reason ? r.reason : "NULL");
		result_release(&r);
	}
}

static void tests_decide_what_has_come_to_its_end(void **state)
{
	static const struct event_row rows[] = {
		{"ppp", 0, 0, FILE_PASSED, NULL},
		{"p", 0, 0, FILE_PASSED, NULL},
		{"ps-", 0, 0, FILE_PASSED, NULL},
		{"s-s", 0, 0, FILE_SKIPPED, "all its tests are skipped or pending"},
		{"", 0, 0, FILE_SKIPPED, "it holds no test"},
		{"pfp", 0, 1, FILE_FAILED, "1 of 3 tests failed"},
		// Counts come from events, not from the exit status.
		{"pff", 0, 0, FILE_FAILED, "2 of 3 tests failed"},
		{"pe", 0, 1, FILE_FAILED, "1 of 2 tests failed"},
		{"ppp", 0, 1, FILE_ERROR, "exit status 1, though no test failed"},
		{"ppp", 0, 77, FILE_ERROR, "exit status 77, though no test failed"},
		{"", 0, 1, FILE_ERROR, "exit status 1, though no test failed"},
		{"", 0, 77, FILE_SKIPPED, "exit status 77"},
		{"", 1, 1, FILE_ERROR, "it did not load"},
		{"", 2, 0, FILE_ERROR, "it did not load"},
	};
	const struct events ev = {.attached = true, .done = true};

	(void)state;
	check_rows(rows, COUNT(rows), &ev, NULL);
}

// An error outside of every test is no test, but bad all the same.
static void errors_outside_of_tests_are_not_counted_as_tests(void **state)
{
	const struct events ev = {.attached = true, .done = true};
	struct result r = exited(1);

	(void)state;
	add_tests(&r, "f");
	add_error(&r, "teardown broke");
	decide(&r, (struct ending){.events = &ev});
	assert_int_equal(r.status, FILE_FAILED);
	check_row(!says(&r, "2 of 1"), "%s", r.reason);
	result_release(&r);

	r = exited(1);
	add_tests(&r, "pp");
	add_error(&r, "teardown broke");
	decide(&r, (struct ending){.events = &ev});
	assert_true(file_status_is_bad(r.status));
	check_row(!says(&r, "1 of 2 tests failed"), "%s, though both passed", r.reason);
	result_release(&r);
}

static void leaving_early_is_an_error_whatever_the_exit_status(void **state)
{
	const struct events left = {.attached = true},
			    exit_called = {.attached = true, .os_exit = true};
	struct result r = exited(0);

	(void)state;
	add_tests(&r, "p");
	add_test(&r, "group", "middle", 0);
	decide(&r, (struct ending){.events = &exit_called});
	assert_outcome(&r, FILE_ERROR,
		       "it called os.exit (exit status 0) before its tests were done in \"group "
		       "middle\" (1 done)");
	assert_int_equal(r.tests.items[1].status, TEST_ERROR);
	result_release(&r);

	r = exited(0);
	add_tests(&r, "ppp");
	decide(&r, (struct ending){.events = &left});
	assert_outcome(&r, FILE_ERROR,
		       "it left (exit status 0) before its tests were done (3 done)");
	result_release(&r);
}

static void a_file_that_does_not_load_is_an_error(void **state)
{
	const struct events ev = {.attached = true};
	struct result r = exited(1);

	(void)state;
	add_tests(&r, "");
	add_error(&r, "x.lua:1: '=' expected");
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_ERROR, "it did not load");
	assert_int_equal(r.errors.n, 1);
	result_release(&r);
}

static void a_test_whose_end_is_missing_is_an_error(void **state)
{
	const struct events ev = {.attached = true, .done = true};
	struct result r = exited(0);

	(void)state;
	add_tests(&r, "p?");
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_ERROR, "the end of 1 of 2 tests was not reported");
	assert_int_equal(r.tests.items[1].status, TEST_ERROR);
	assert_non_null(r.tests.items[1].message);
	result_release(&r);
}

// ---- TAP ----

static void check_tap(const char *text, int exit_code, enum file_status status, const char *part)
{
	struct result r = exited(exit_code);
	struct tap tap;

	tap_init(&tap);
	tap_feed(&tap, text, strlen(text));
	tap_finish(&tap);
	tap_deliver(&tap, &r);
	decide(&r, (struct ending){.tap = &tap});
	check_row(r.status == status, "'%s' %d: %s (%s)", text, exit_code,
		  file_status_name(r.status), r.reason ? r.reason : "");
	check_row(part ? says(&r, part) : !r.reason, "'%s' %d: %s", text, exit_code,
		  r.reason ? r.reason : "NULL");
	tap_release(&tap);
	result_release(&r);
}

static void tap_must_agree_with_its_plan_and_exit_status(void **state)
{
	static const struct {
		const char *text;
		int exit_code;
		enum file_status status;
		const char *part;
	} rows[] = {
		{"1..2\nok 1\nok 2\n", 0, FILE_PASSED, NULL},
		{"ok 1\n1..1\n", 0, FILE_PASSED, NULL},
		{"1..2\nok 1\nnot ok 2\n", 0, FILE_FAILED, "1 of 2"},
		{"1..2\nok 1\nnot ok 2\n", 1, FILE_FAILED, "1 of 2"},
		{"1..2\nok 1\nnot ok 2 # TODO x\n", 0, FILE_PASSED, NULL},
		{"1..1\nok 1 # SKIP x\n", 0, FILE_SKIPPED, "skipped"},
		{"1..3\nok 1\n", 0, FILE_ERROR, "planned 3 tests but ran 1"},
		{"1..1\nok 1\nok 2\n", 0, FILE_ERROR, "planned 1 tests but ran 2"},
		{"ok 1\nok 2\n", 0, FILE_ERROR, "no TAP plan"},
		{"", 0, FILE_ERROR, "no TAP plan"},
		{"", 1, FILE_ERROR, "no TAP plan"},
		{"", 77, FILE_SKIPPED, "77"},
		{"1..2\nok 1\nok 2\n", 1, FILE_ERROR, "exit status 1, though no test failed"},
		{"1..0 # SKIP no database\n", 0, FILE_SKIPPED, "no database"},
		{"1..0 # SKIP\n", 0, FILE_SKIPPED, "skipped"},
		{"1..0 # SKIP no database\n", 2, FILE_ERROR, "exit status 2"},
		{"1..0 # SKIP no database\nnot ok 1\n", 0, FILE_ERROR, "planned 0 tests but ran 1"},
		{"1..0 # no database\n", 0, FILE_SKIPPED, "no database"},
		{"1..0\n", 0, FILE_SKIPPED, "no test"},
		{"1..2\nok 1\nok 7\n", 0, FILE_ERROR, "test 7 is none of its plan 1..2"},
		{"1..5\nok 1\nok 2\n1..2\n", 0, FILE_ERROR, "a second TAP plan, 1..2, after 1..5"},
		{"1..2\nok 2\nok 1\n", 0, FILE_PASSED, NULL},
		{"1..1\nok 1 # TODO x\n", 0, FILE_PASSED, NULL},
		{"1..1\n    1..1\n    not ok 1\nok 1\n", 0, FILE_PASSED, NULL},
		{"1..1\n    1..1\n    ok 1\nnot ok 1\n", 0, FILE_FAILED, "1 of 1"},
		{"1..1\n    Bail out! x\nok 1\n", 0, FILE_ERROR, "Bail out! x"},
		{"1..2\nok 1\nBail out! no disk\n", 0, FILE_ERROR, "Bail out! no disk"},
		{"Bail out!\n", 255, FILE_ERROR, "Bail out!"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_tap(rows[i].text, rows[i].exit_code, rows[i].status, rows[i].part);
}

static void exit_status_77_hides_no_failed_test(void **state)
{
	struct result r = exited(77);
	struct tap tap;

	(void)state;
	tap_init(&tap);
	tap_feed(&tap, "not ok 1\n", 9);
	tap_finish(&tap);
	tap_deliver(&tap, &r);
	decide(&r, (struct ending){.tap = &tap});
	check_row(file_status_is_bad(r.status), "it is %s", file_status_name(r.status));
	tap_release(&tap);
	result_release(&r);
}

// ---- the interpreter's own message ----

#define TRACEBACK                                                                                  \
	"stack traceback:\n\t[C]: in function 'error'\n\tx_test.lua:12: in main chunk\n\t[C]: in " \
	"?"

static void finds_message_and_traceback_in_the_output(void **state)
{
	struct result r = exited(1);

	(void)state;
	set_output(&r, "hello\nlua5.4: dir/x_test.lua:12: it broke\n" TRACEBACK "\nbye\n");
	decide(&r, (struct ending){0});
	assert_outcome(&r, FILE_FAILED, "exit status 1");
	assert_int_equal(r.errors.n, 1);
	assert_string_equal(r.errors.items[0].message, "dir/x_test.lua:12: it broke");
	assert_string_equal(r.errors.items[0].traceback, TRACEBACK);
	assert_string_equal(r.errors.items[0].file, "dir/x_test.lua");
	assert_int_equal(r.errors.items[0].line, 12);
	result_release(&r);
}

static void check_message(const char *output, const char *message, const char *file, int line)
{
	struct result r = exited(1);

	set_output(&r, output);
	decide(&r, (struct ending){0});
	check_row(r.errors.n == 1, "%s", output);
	const struct file_error *e = &r.errors.items[0];
	check_row(strcmp(e->message, message) == 0, "%s", e->message);
	check_row(same_string(e->file, file), "%s", e->file ? e->file : "NULL");
	check_row(e->line == line, "%d", e->line);
	result_release(&r);
}

static void finds_messages_of_all_forms(void **state)
{
	(void)state;
	check_message("lua5.4: x.lua:3: bad", "x.lua:3: bad", "x.lua", 3);
	check_message("lua5.4: cannot open nowhere.lua\n", "cannot open nowhere.lua", NULL, 0);
	check_message("lua5.4: x.lua:3: two\nlines\nstack traceback:\n\t[C]: in ?",
		      "x.lua:3: two\nlines", "x.lua", 3);
	check_message("lua5.4: a:b/x.lua:3: bad\n", "a:b/x.lua:3: bad", "a:b/x.lua", 3);
	check_message("lua5.4: no place\nx.lua:3: not of the message\nstack traceback:\n",
		      "no place\nx.lua:3: not of the message", NULL, 0);
	check_message("lua5.4: x.lua:99999999999: bad\n", "x.lua:99999999999: bad", NULL, 0);
	check_message("lua5.4: \xff.lua:1: bad\n", "\xef\xbf\xbd.lua:1: bad", "\xef\xbf\xbd.lua",
		      1);
	check_message("lua5.4: to 127.0.0.1:80: no\nstack traceback:\n\t[C]: in ?",
		      "to 127.0.0.1:80: no", NULL, 0);
	check_message("lua5.4: localhost:8080: no", "localhost:8080: no", NULL, 0);
	check_message("lua5.4: host:80: m.lua:7: no", "host:80: m.lua:7: no", "m.lua", 7);
	check_message("lua5.4: [::1]:80: no", "[::1]:80: no", NULL, 0);
	check_message("lua5.4: [string \"a b\"]:1: no", "[string \"a b\"]:1: no",
		      "[string \"a b\"]", 1);
	check_message("lua5.4: run:2: no\nstack traceback:\n\t[C]: in ?\n\trun:2: in x",
		      "run:2: no", "run", 2);
	check_message("lua5.4: a b.lua:2: no\nstack traceback:\n\t[C]: in ?\n\ta b.lua:2: in x",
		      "a b.lua:2: no", "a b.lua", 2);
	// The last one is what ended it.
	check_message("lua5.4: a.lua:1: of a child\nlua5.4: b.lua:2: ours\n", "b.lua:2: ours",
		      "b.lua", 2);
	check_message("x lua5.4: a.lua:1: no\nlua5.4: b.lua:2: yes\n lua5.4: c.lua:3: no\n",
		      "b.lua:2: yes", "b.lua", 2);
}

static void output_behind_a_nul_is_read_too(void **state)
{
	static const char output[] = "binary \0 noise\nlua5.4: x.lua:3: bad\n";
	struct result r = exited(1);

	(void)state;
	r.output = xcalloc(1, sizeof output);
	memcpy(r.output, output, sizeof output);
	r.output_len = sizeof output - 1;
	decide(&r, (struct ending){0});
	assert_int_equal(r.errors.n, 1);
	assert_string_equal(r.errors.items[0].message, "x.lua:3: bad");
	result_release(&r);
}

static void other_output_is_no_message(void **state)
{
	static const char *const outputs[] = {
		"",
		"lua5.4:no blank\n",
		"lua: x.lua:3: of another program\n",
		"  lua5.4: x.lua:3: quoted\n",
		"lua5.4",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(outputs); i++) {
		struct result r = exited(1);
		set_output(&r, outputs[i]);
		decide(&r, (struct ending){0});
		check_row(r.errors.n == 0, "'%s'", outputs[i]);
		result_release(&r);
	}
	struct result r = exited(1);
	decide(&r, (struct ending){0});
	assert_int_equal(r.errors.n, 0);
	result_release(&r);
}

static void a_message_that_is_known_is_not_told_twice(void **state)
{
	const struct events ev = {.attached = true, .done = true};
	struct result r = exited(1);

	(void)state;
	set_output(&r, "lua5.4: x.lua:3: bad\n");
	add_error(&r, "x.lua:3: bad");
	decide(&r, (struct ending){.events = &ev});
	assert_int_equal(r.errors.n, 1);
	result_release(&r);

	r = exited(1);
	set_output(&r, "lua5.4: x.lua:3: bad\n");
	add_tests(&r, "f");
	decide(&r, (struct ending){.events = &ev});
	assert_int_equal(r.errors.n, 0);
	result_release(&r);

	r = exited(1);
	set_output(&r, "lua5.4: x.lua:3: bad\n");
	add_tests(&r, "pe");
	decide(&r, (struct ending){.events = &ev});
	assert_int_equal(r.errors.n, 0);
	result_release(&r);

	r = exited(0);
	set_output(&r, "lua5.4: x.lua:3: bad\n");
	decide(&r, (struct ending){0});
	assert_int_equal(r.errors.n, 0);
	assert_int_equal(r.status, FILE_PASSED);
	result_release(&r);
}

// lust reports no end of its own, and never fails a file: the interpreter does, for an error
// outside.
static void an_error_outside_of_lusts_tests_has_a_message(void **state)
{
	static const struct job lust = {.path = (char *)"t.lua", .framework = FRAMEWORK_LUST};
	struct events ev = {.attached = true, .done = true};
	struct result r = exited(1);

	(void)state;
	r.job = &lust;
	add_tests(&r, "pf");
	set_output(&r, "FAIL t\nlua5.4: x.lua:3: bad\n");
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_FAILED, "1 of 2 tests failed, 1 error outside of its tests");
	assert_string_equal(r.errors.items[0].message, "x.lua:3: bad");
	result_release(&r);

	r = exited(1);
	r.job = &lust;
	ev.os_exit = true;
	add_tests(&r, "pf");
	set_output(&r, "lua5.4: x.lua:3: of a child\n");
	decide(&r, (struct ending){.events = &ev});
	assert_outcome(&r, FILE_FAILED, "1 of 2 tests failed");
	result_release(&r);
}

static void a_crash_after_its_tap_has_a_message(void **state)
{
	struct result r = exited(1);
	struct tap tap;

	(void)state;
	tap_init(&tap);
	tap_feed(&tap, "1..3\nok 1\n", 10);
	tap_finish(&tap);
	tap_deliver(&tap, &r);
	set_output(&r, "1..3\nok 1\nlua5.4: x.lua:3: bad\n");
	decide(&r, (struct ending){.tap = &tap});
	assert_outcome(&r, FILE_ERROR, "planned 3 tests but ran 1");
	assert_int_equal(r.errors.n, 1);
	tap_release(&tap);
	result_release(&r);
}

// ---- a pass needs proof ----

static struct result with_tests(int passed, int failed)
{
	struct result r = exited(0);

	for (int i = 0; i < passed; i++)
		add_test(&r, NULL, "a", TEST_PASSED);
	for (int i = 0; i < failed; i++)
		add_test(&r, NULL, "b", TEST_FAILED);
	return r;
}

static void what_is_missing_of_the_proof_is_an_error(void **state)
{
	static const struct {
		struct events ev;
		long expected;
		const char *part;
	} rows[] = {
		{{.attached = true, .done = true, .announced = 2}, 2, NULL},
		{{.attached = true, .done = true, .announced = 2, .lost = 1},
		 -1,
		 "1 event of its tests was lost"},
		{{.attached = true, .done = true, .announced = 2, .foreign = 3}, -1, "(3 lines)"},
		{{.attached = true, .done = true, .announced = 3},
		 -1,
		 "3 tests began, and 2 ended"},
		{{.attached = true, .done = true, .announced = 2},
		 50,
		 "planned 50 tests but ran 2"},
		{{.attached = true,
		  .done = true,
		  .announced = 2,
		  .shim_error = (char *)"no memory"},
		 -1,
		 "cannot be followed: no memory"},
		{{.attached = true, .announced = -1}, -1, "before its tests were done"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result r = with_tests(2, 0), bad = with_tests(1, 1);
		r.expected = rows[i].expected;
		decide(&r, (struct ending){.events = &rows[i].ev});
		decide(&bad, (struct ending){.events = &rows[i].ev});
		check_row(rows[i].part ? r.status == FILE_ERROR && says(&r, rows[i].part)
				       : r.status == FILE_PASSED,
			  "row %zu: %s %s", i, file_status_name(r.status), r.reason);
		// Nothing of this makes a failure better.
		check_row(file_status_is_bad(bad.status), "row %zu", i);
		result_release(&r);
		result_release(&bad);
	}
}

static void a_framework_of_which_nothing_was_heard_is_no_pass(void **state)
{
	static const struct events hello = {.hello = true}, silent = {0},
				   other = {.hello = true,
					    .attached = true,
					    .framework = FRAMEWORK_LUST};
	static const struct {
		const struct events *ev;
		const char *part;
	} rows[] = {{&silent, "without LUA_INIT"},
		    {NULL, "without LUA_INIT"},
		    {&hello, "never loaded"},
		    {&other, "it loads lust"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result r = exited(0);
		r.framework = FRAMEWORK_LUAUNIT;
		outcome_decide(&r, &(struct ending){.argv0 = "lua", .events = rows[i].ev});
		check_row(r.status == FILE_ERROR && says(&r, rows[i].part), "row %zu: %s", i,
			  r.reason);
		result_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_decides),
		cmocka_unit_test(a_shim_that_found_no_framework_leaves_the_exit_status),
		cmocka_unit_test(signals_are_named),
		cmocka_unit_test(a_signal_without_a_name_has_a_number),
		cmocka_unit_test(a_passed_deadline_is_a_timeout),
		cmocka_unit_test(a_stopped_run_leaves_its_files_undecided),
		cmocka_unit_test(limits_are_told_from_crashes),
		cmocka_unit_test(too_little_memory_is_a_limit),
		cmocka_unit_test(a_death_is_charged_to_the_running_test),
		cmocka_unit_test(the_deadline_is_charged_to_the_test_that_hung),
		cmocka_unit_test(the_innermost_of_nested_tests_is_named),
		cmocka_unit_test(tests_decide_what_has_come_to_its_end),
		cmocka_unit_test(errors_outside_of_tests_are_not_counted_as_tests),
		cmocka_unit_test(leaving_early_is_an_error_whatever_the_exit_status),
		cmocka_unit_test(a_file_that_does_not_load_is_an_error),
		cmocka_unit_test(a_test_whose_end_is_missing_is_an_error),
		cmocka_unit_test(tap_must_agree_with_its_plan_and_exit_status),
		cmocka_unit_test(exit_status_77_hides_no_failed_test),
		cmocka_unit_test(finds_message_and_traceback_in_the_output),
		cmocka_unit_test(finds_messages_of_all_forms),
		cmocka_unit_test(output_behind_a_nul_is_read_too),
		cmocka_unit_test(other_output_is_no_message),
		cmocka_unit_test(a_message_that_is_known_is_not_told_twice),
		cmocka_unit_test(an_error_outside_of_lusts_tests_has_a_message),
		cmocka_unit_test(a_crash_after_its_tap_has_a_message),
		cmocka_unit_test(what_is_missing_of_the_proof_is_an_error),
		cmocka_unit_test(a_framework_of_which_nothing_was_heard_is_no_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
