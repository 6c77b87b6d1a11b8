// SPDX-License-Identifier: MIT
// The report for people.
#include "report/text.h"

#include "report.h"

static const struct text_style usual = {.worker_output = true};

// A renderer has no style of its own: this one is in it.
static int render_usual(FILE *out, const struct run *run, struct err *err)
{
	return report_text(out, run, &usual, err);
}

static struct buf rendered_text(const struct run *run, const struct text_style *style)
{
	struct buf b = {0};
	struct err err = {0};
	size_t n = 0;
	FILE *f = open_memstream(&b.data, &n);

	assert_non_null(f);
	check_row(report_text(f, run, style, &err) == 0, "%s", err.message);
	assert_int_equal(fclose(f), 0);
	b.len = n;
	b.cap = n + 1;
	return b;
}

static void text_explains_failures(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered_text(&s.run, &usual);
	static const char *const parts[] = {
		"t/pass_test.lua",   "queue pop",
		"expected 1, got 2", "fail_test.lua:9: in function",
		"t/fail_test.lua:9", "queue breaks",
		"it broke",          "describe x",
		"unexpected symbol", "t/broken_test.lua:3",
		"killed by SIGSEGV", "worker says hello",
		"and more",          "the run was stopped",
	};
	for (size_t i = 0; i < COUNT(parts); i++)
		check_row(strstr(b.data, parts[i]), "%s", parts[i]);
	// What passed needs no explanation.
	assert_null(strstr(b.data, "passing output"));
	buf_release(&b);
	end(&s);
}

static void text_hides_output_when_told(void **state)
{
	struct text_style style = usual;
	struct sample s;

	(void)state;
	style.worker_output = false;
	begin_full(&s);
	struct buf b = rendered_text(&s.run, &style);
	assert_null(strstr(b.data, "worker says hello"));
	assert_non_null(strstr(b.data, "expected 1, got 2"));
	assert_non_null(strstr(b.data, "stack traceback:"));
	buf_release(&b);
	end(&s);
}

static void quiet_text_names_no_passed_file(void **state)
{
	struct text_style style = usual;
	struct sample s;

	(void)state;
	style.quiet = true;
	begin_full(&s);
	struct buf b = rendered_text(&s.run, &style);
	assert_null(strstr(b.data, "t/pass_test.lua"));
	assert_null(strstr(b.data, "t/plain.lua"));
	assert_non_null(strstr(b.data, "t/fail_test.lua"));
	assert_non_null(strstr(b.data, "in all"));
	buf_release(&b);
	end(&s);
}

static void quiet_text_of_success_is_its_sums(void **state)
{
	struct text_style style = {.quiet = true};
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	add_file(&s, "b.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	s.run.seed = 0;
	struct buf b = rendered_text(&s.run, &style);
	assert_string_equal(b.data, "Files: 2 in all, 2 passed\n"
				    "Tests: 2 in all, 2 passed\n"
				    "Time:  1.500s, for 3.600s of work on up to 3 workers\n"
				    "OK\n");
	buf_release(&b);
	end(&s);
}

static void verbose_text_names_every_test(void **state)
{
	struct text_style style = usual;
	struct sample s;

	(void)state;
	style.verbose = true;
	begin_full(&s);
	struct buf b = rendered_text(&s.run, &style);
	assert_non_null(strstr(b.data, "queue push"));
	assert_non_null(strstr(b.data, "queue never"));
	buf_release(&b);
	b = rendered_text(&s.run, &usual);
	assert_null(strstr(b.data, "queue push"));
	buf_release(&b);
	end(&s);
}

static void text_sums_up(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered_text(&s.run, &usual);
	assert_non_null(strstr(
		b.data, "8 in all, 2 passed, 2 failed, 2 with an error, 1 skipped, 1 not run"));
	assert_non_null(
		strstr(b.data, "10 in all, 3 passed, 2 failed, 3 errors, 2 skipped, 1 pending"));
	// The slowest five, the slowest first: files take 0.1, 0.2, ... seconds.
	const char *slowest = strstr(b.data, "lowest");
	assert_non_null(slowest);
	const char *skip_line = strstr(slowest, "t/skip.lua"),
		   *crash = strstr(slowest, "t/crash.lua");
	assert_true(skip_line && crash && skip_line < crash);
	assert_null(strstr(slowest, "t/pass_test.lua"));
	buf_release(&b);
	end(&s);
}

// Compares what stands behind the first occurrence of `from`.
static void assert_text_from(const struct run *run, const struct text_style *style,
			     const char *from, const char *wanted)
{
	struct buf b = rendered_text(run, style);
	const char *part = strstr(b.data, from);

	check_row(part, "no '%s' in\n%s", from, b.data);
	check_row(strncmp(part, wanted, strlen(wanted)) == 0, "this is not\n%s\n but\n%s", wanted,
		  part);
	buf_release(&b);
}

static void assert_last_line(const struct run *run, const char *wanted)
{
	struct buf b = rendered_text(run, &usual);
	const char *last = memrchr(b.data, '\n', b.len - 1);

	assert_string_equal(last + 1, wanted);
	buf_release(&b);
}

static void the_last_line_is_the_verdict(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	assert_last_line(&s.run, "OK\n");
	s.run.flaky_fails = true;
	assert_last_line(&s.run, "OK\n");
	r->flaky = true;
	assert_last_line(&s.run, "FAILED: 0 of 1 file, and 1 flaky (--flaky=fail)\n");
	s.run.flaky_fails = false;
	assert_last_line(&s.run, "OK\n");
	r->flaky = false;
	add_file(&s, "b.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	assert_last_line(&s.run, "FAILED: 1 of 2 files\n");
	s.run.stopped = xstrdup("--fail-fast");
	assert_last_line(&s.run, "FAILED: 1 of 2 files; --fail-fast ended the run\n");
	add_file(&s, "c.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, "not started");
	assert_last_line(&s.run,
			 "STOPPED by --fail-fast: this report is partial, 1 file was not run\n");
	add_file(&s, "d.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, "not started");
	s.run.signal = 2;
	assert_last_line(&s.run, "INTERRUPTED: this report is partial, 2 files were not run\n");
	s.run.signal = 0;
	s.run.unfinished = true;
	assert_last_line(&s.run, "UNFINISHED: this report is partial, 2 files were not run\n");
	end(&s);
}

static void a_selection_of_no_test_is_told(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a_spec.lua", FRAMEWORK_BUSTED, FILE_SKIPPED,
				    "none of its tests is selected");
	assert_last_line(&s.run, "NO TEST: no test was seen in a_spec.lua\n");
	r->partial = true;
	assert_last_line(&s.run,
			 "NO TEST MATCHES: no test of these files is among those that were asked "
			 "for\n");
	r = add_file(&s, "b_spec.lua", FRAMEWORK_BUSTED, FILE_PASSED, NULL);
	r->partial = true;
	add_test(r, "group", "matches", TEST_PASSED);
	assert_last_line(&s.run, "OK\n");
	end(&s);
}

// ---- one file at a time ----

static const char uncaught[] = "before\nlua: t.lua:1: no\nstack traceback:\n\tt.lua:1: in main\n";

static void add_uncaught(struct result *r)
{
	struct file_error e = {.where = xstrdup("file"),
			       .message = xstrdup("t.lua:1: no"),
			       .traceback = xstrdup("stack traceback:\n\tt.lua:1: in main"),
			       .file = xstrdup("t.lua"),
			       .line = 1};

	VEC_PUSH(&r->errors, e);
}

static void an_uncaught_error_is_shown_once(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "t.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
	add_uncaught(r);
	set_output(r, uncaught, sizeof uncaught - 1);
	assert_text_from(&s.run, &usual, "\nFAIL",
			 "\nFAIL t.lua: exit status 1\n"
			 "      t.lua:1: no\n"
			 "      stack traceback:\n"
			 "      \tt.lua:1: in main\n"
			 "  output of the worker:\n"
			 "    | before\n"
			 "    | (shown above)\n\n");
	// Nothing but that is no output worth a title.
	free(r->output);
	set_output(r, uncaught + 7, sizeof uncaught - 8);
	assert_text_from(&s.run, &usual, "\nFAIL",
			 "\nFAIL t.lua: exit status 1\n"
			 "      t.lua:1: no\n"
			 "      stack traceback:\n"
			 "      \tt.lua:1: in main\n\n");
	end(&s);
}

static void what_only_looks_alike_is_shown(void **state)
{
	static const char *const outputs[] = {
		"t.lua:1: nothing\n",
		"xt.lua:1: no\n",
		"t.lua:1: no more\n",
		"stack traceback:\n",
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < COUNT(outputs); i++) {
		begin(&s);
		struct result *r =
			add_file(&s, "t.lua", FRAMEWORK_PLAIN, FILE_FAILED, "exit status 1");
		add_uncaught(r);
		set_output(r, outputs[i], strlen(outputs[i]));
		char *wanted = xasprintf("    | %s", outputs[i]);
		assert_text_from(&s.run, &usual, "    | ", wanted);
		free(wanted);
		end(&s);
	}
}

static void a_place_is_told_once(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r =
		add_file(&s, "t.lua", FRAMEWORK_BUSTED, FILE_FAILED, "2 of 2 tests failed");
	struct test_case *t = add_test(r, "group", "one", TEST_FAILED);
	t->file = xstrdup("t.lua");
	t->line = 3;
	t->message = xstrdup("t.lua:3: no");
	t = add_test(r, "group", "two", TEST_ERROR);
	t->file = xstrdup("t.lua");
	t->line = 4;
	t->round = 2;
	t->message = xstrdup("t.lua:3: no");
	assert_text_from(&s.run, &usual, "  x ",
			 "  x group one\n"
			 "      t.lua:3: no\n"
			 "  x group two (round 2) (t.lua:4)\n"
			 "      t.lua:3: no\n");
	end(&s);
}

static void add_bare_failure(struct result *r, const char *message)
{
	add_test(r, "g", "fails", TEST_FAILED)->message = xstrdup(message);
}

// The summary of a framework is left out, but nothing that only looks a little like it.
static void what_a_reporter_says_is_no_news(void **state)
{
	static const struct {
		enum framework framework;
		const char *output, *shown;
	} rows[] = {
		{FRAMEWORK_LUAUNIT,
		 "mine\n.F\nFailed tests:\n----\n1) g.fails\nt.lua:3: no\n\n"
		 "Ran 2 tests in 0.001 seconds, 1 success, 1 failure\n\nlast\n",
		 "  output of the worker, without the summary of luaunit:\n    | mine\n    | "
		 "last\n\n"},
		{FRAMEWORK_BUSTED,
		 "mine\n+-\n1 success / 1 failure / 0 errors / 0 pending : 0.1 seconds\n\n"
		 "Failure -> t.lua @ 3\ng fails\nt.lua:3: no\n",
		 "  output of the worker, without the summary of busted:\n    | mine\n\n"},
		{FRAMEWORK_BUSTED,
		 "\u25cf\u25fc\n1 success / 1 failure / 0 errors / 0 pending : 0.1 seconds\n\n"
		 "Failure \u2192 t.lua @ 3\ng fails\nt.lua:3: no\n",
		 "\nFiles:"},
		// Marks that no summary follows, a heading without what is told above, another's
		// shape.
		{FRAMEWORK_BUSTED, "+-\nFailure -> t.lua @ 3\ng fails\nother\n",
		 "  output of the worker:\n    | +-\n    | Failure -> t.lua @ 3\n    | g fails\n"
		 "    | other\n\n"},
		{FRAMEWORK_PLAIN, "1) g.fails\nRan 2 tests in 0.1 seconds, 1 success\n",
		 "  output of the worker:\n    | 1) g.fails\n    | Ran 2 tests in 0.1 seconds, 1 "
		 "success"
		 "\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample s;
		begin(&s);
		struct result *r = add_file(&s, "t.lua", rows[i].framework, FILE_FAILED,
					    "1 of 2 tests failed");
		add_bare_failure(r, "t.lua:3: no");
		set_output(r, rows[i].output, strlen(rows[i].output));
		char *wanted = xasprintf("      t.lua:3: no\n%s", rows[i].shown);
		assert_text_from(&s.run, &usual, "      t.lua:3", wanted);
		free(wanted);
		end(&s);
	}
}

// Where require has looked is shown for the first file that misses a module.
static void searched_places_are_listed_once(void **state)
{
	static const char *const messages[] = {
		"module 'a' not found:\n\tno field package.preload['a']\n\tno file 'a.lua'\n"
		"\tno file 'a.so'",
		"module 'a' not found:\n\tno field package.preload['a']\n\tno file 'a.lua'\n"
		"\tno file 'a.so'",
		"module 'b' not found:\n\tno field package.preload['b']\n\tno file 'b.lua'\n"
		"\tno file 'b.so'",
	};
	struct sample s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < COUNT(messages); i++)
		add_bare_failure(add_file(&s, "t.lua", FRAMEWORK_BUSTED, FILE_FAILED, "failed"),
				 messages[i]);
	assert_text_from(&s.run, &usual, "3 files failed:",
			 "3 files failed:\n\n"
			 "FAIL t.lua: failed\n  x g fails\n      module 'a' not found:\n"
			 "      \tno field package.preload['a']\n      \tno file 'a.lua'\n"
			 "      \tno file 'a.so'\n\n"
			 "FAIL t.lua: failed\n  x g fails\n      module 'a' not found:\n"
			 "      \t(the same 3 places as above)\n\n"
			 "FAIL t.lua: failed\n  x g fails\n      module 'b' not found:\n"
			 "      \tno field package.preload['b']\n      \tno file 'b.lua'\n"
			 "      \tno file 'b.so'\n\n");
	end(&s);
}

static void what_the_reason_says_is_not_repeated(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "t.lua", FRAMEWORK_BUSTED, FILE_TIMEOUT,
				    "timed out after 1 s in \"g hangs\" (3 of 5 done)");
	add_test(r, "g", "hangs", TEST_ERROR)->message = xstrdup("timed out after 1 s");
	r->tests.items[0].traceback = xstrdup("stack traceback:\n\tx");
	assert_text_from(&s.run, &usual, "\nTIMEOUT",
			 "\nTIMEOUT t.lua: timed out after 1 s in \"g hangs\" (3 of 5 done)\n"
			 "  x g hangs\n"
			 "      stack traceback:\n");
	end(&s);
	// A message that is short enough to begin the reason is none.
	begin(&s);
	r = add_file(&s, "t.lua", FRAMEWORK_BUSTED, FILE_FAILED, "1 of 5 tests failed");
	add_test(r, "g", "one", TEST_FAILED)->message = xstrdup("1");
	assert_text_from(&s.run, &usual, "  x ", "  x g one\n      1\n");
	end(&s);
}

static void tests_of_a_failed_setup_are_seen(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "t.lua", FRAMEWORK_BUSTED, FILE_FAILED,
				    "1 error outside of its tests");
	struct file_error e = {.where = xstrdup("setup"),
			       .name = xstrdup("database"),
			       .message = xstrdup("no connection")};
	VEC_PUSH(&r->errors, e);
	for (int i = 0; i < 12; i++)
		add_test(r, "database", "writes", TEST_SKIPPED)->message =
			xstrdup("never ran: its setup failed");
	add_test(r, "database", "later", TEST_SKIPPED)->message = xstrdup("not on this machine");
	assert_text_from(&s.run, &usual, "  x ",
			 "  x error in setup: database\n"
			 "      no connection\n"
			 "  - database writes (never ran: its setup failed)\n");
	assert_text_from(&s.run, &usual, "  - and", "  - and 2 more that never ran\n");
	assert_text_from(&s.run, &usual,
			 "Tests:", "Tests: 13 in all, 1 error, 1 skipped, 12 never ran\n");
	r->status = FILE_PASSED;
	free(r->reason);
	r->reason = NULL;
	assert_text_from(&s.run, &usual, "t.lua (", "t.lua (13 tests, 1 skipped, 12 never ran)\n");
	end(&s);
}

static void a_seed_is_told_with_its_failure(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "t_spec.lua", FRAMEWORK_BUSTED, FILE_FAILED, "no");
	r->seed = xstrdup("4711");
	assert_text_from(&s.run, &usual, "\nFAIL",
			 "\nFAIL t_spec.lua: no\n"
			 "  shuffled by seed 4711: -- --shuffle --seed=4711 repeats it\n");
	end(&s);
}

static void verbose_text_tells_tags_and_reasons(void **state)
{
	struct text_style verbose = {.verbose = true};
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "t_spec.lua", FRAMEWORK_BUSTED, FILE_PASSED, NULL);
	struct test_case *t = add_test(r, "g", "one", TEST_PASSED);
	t->tags = xcalloc(2, sizeof *t->tags);
	t->tags[t->ntags++] = xstrdup("slow");
	t->tags[t->ntags++] = xstrdup("net");
	t = add_test(r, "g", "two", TEST_PENDING);
	t->message = xstrdup("not\nyet");
	t->wall_ns = -1;
	assert_text_from(&s.run, &verbose, "   PASS",
			 "   PASS [    0.100s] t_spec.lua (2 tests, 1 pending)\n"
			 "          pass        0.010s g one #slow #net\n"
			 "          pending            g two: not\\nyet\n");
	end(&s);
}

// ---- several attempts ----

static void a_flaky_file_is_explained(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_attempt(&s, "port.lua", FILE_FAILED, 1, 0, true);
	add_attempt(&s, "beside.lua", FILE_PASSED, 1, 5 * MS, true);
	add_attempt(&s, "later.lua", FILE_PASSED, 1, 20 * MS, true);
	add_attempt(&s, "port.lua", FILE_PASSED, 2, 40 * MS, false);
	assert_text_from(
		&s.run, &usual, "",
		"   FAIL [    0.010s] port.lua (exit status 1; will be tried again)\n"
		"  FLAKY [    0.010s] port.lua (passed at attempt 2)\n"
		"   PASS [    0.010s] beside.lua\n"
		"   PASS [    0.010s] later.lua\n"
		"\n1 file passed only when tried again:\n\n"
		"FLAKY port.lua: passed at attempt 2\n"
		"  fails only beside other files: it passed alone, and failed while these ran:\n"
		"      beside.lua\n"
		"  attempt 1 failed: exit status 1\n\n");
	assert_text_from(&s.run, &usual, "Files:", "Files: 3 in all, 2 passed, 1 flaky\n");
	assert_last_line(&s.run, "OK\n");
	// It was alone the first time as well: other files are not to blame.
	s.run.results.items[0]->earlier->concurrent = false;
	assert_text_from(&s.run, &usual, "FLAKY port.lua:",
			 "FLAKY port.lua: passed at attempt 2\n"
			 "  attempt 1 failed: exit status 1\n\n");
	end(&s);
}

static void much_company_is_shortened(void **state)
{
	char paths[14][16];
	struct job jobs[14] = {{0}};
	struct sample s;

	(void)state;
	begin(&s);
	add_attempt(&s, "port.lua", FILE_FAILED, 1, 0, true);
	for (size_t i = 0; i < COUNT(jobs); i++) {
		snprintf(paths[i], sizeof paths[i], "n%zu.lua", i);
		jobs[i].path = paths[i];
		struct result *r = result_new(&jobs[i]);
		*r = (struct result){.job = &jobs[i], .status = FILE_PASSED, .wall_ns = 9};
		run_add(&s.run, r);
	}
	add_attempt(&s, "port.lua", FILE_PASSED, 2, 40 * MS, false);
	assert_text_from(&s.run, &usual, "      n9.lua", "      n9.lua\n      and 4 more\n");
	end(&s);
}

static void a_file_that_always_fails_is_explained_once(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_attempt(&s, "bad.lua", FILE_FAILED, 1, 0, false);
	add_attempt(&s, "bad.lua", FILE_FAILED, 2, 20 * MS, false);
	assert_text_from(&s.run, &usual, "\n1 file failed:",
			 "\n1 file failed:\n\nFAIL bad.lua: exit status 1\n"
			 "  failed in the same way at each of its 2 attempts\n\n");
	// Not in the same way.
	add_uncaught(s.run.results.items[0]->earlier);
	assert_text_from(&s.run, &usual, "\nFAIL",
			 "\nFAIL bad.lua: exit status 1\n"
			 "  failed at each of its 2 attempts; this is the last\n"
			 "  attempt 1 failed: exit status 1\n"
			 "      t.lua:1: no\n");
	end(&s);
}

static void repetitions_are_counted(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	s.run.repeated = true;
	for (int i = 1; i <= 5; i++)
		add_attempt(&s, "odd.lua", i % 2 ? FILE_PASSED : FILE_FAILED, i, i * 20 * MS,
			    false);
	assert_text_from(&s.run, &usual, "\nFAIL",
			 "\nFAIL odd.lua: exit status 1\n"
			 "  failed 2 of 5 times, first at attempt 2, which is shown here\n");
	assert_text_from(&s.run, &usual, "Files:",
			 "Files: 1 in all, 1 failed\n"
			 "Runs:  5 of these files, 2 of them failed\n");
	end(&s);
}

// ---- 80 columns ----

static void assert_columns(const struct buf *b, size_t most)
{
	for (const char *s = b->data; *s;) {
		size_t n = strcspn(s, "\n");
		check_row(text_cells(s, n) <= most, "a line is too long: %.*s", (int)n, s);
		s += n + (s[n] == '\n');
	}
}

static void lines_fit_80_columns(void **state)
{
	static const char reason[] =
		"it called os.exit (exit status 0) before its tests were done in \"a group of "
		"tests with a long name that leaves in the middle of it\" (1 of 2 done)";
	struct text_style verbose = {.worker_output = true, .verbose = true};
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "tests/integration/warehouse/deliveries/customs_spec.lua",
				    FRAMEWORK_BUSTED, FILE_ERROR, reason);
	r->leaked = r->again = true;
	struct test_case *t = add_test(
		r, "customs declaration forms for deliveries to countries outside of the union",
		"lists every article with its tariff number, weight and country of origin",
		TEST_ERROR);
	t->file = xstrdup("tests/integration/warehouse/deliveries/customs_spec.lua");
	t->line = 12;
	for (int status = FILE_PASSED; status < FILE_STATUS_COUNT; status++)
		add_file(&s, "a.lua", FRAMEWORK_PLAIN, (enum file_status)status, NULL);
	struct buf b = rendered_text(&s.run, &verbose);
	// The recap has a line for each failure, however long: it is for editors as well.
	char *recap = strstr(b.data, "Failures:\n");
	assert_non_null(recap);
	*recap = '\0';
	b.len = (size_t)(recap - b.data);
	assert_columns(&b, 80);
	// Nothing is lost by it.
	assert_non_null(
		strstr(b.data, "(tests/integration/warehouse/deliveries/customs_spec.lua:12)"));
	assert_non_null(strstr(b.data, "weight and"));
	buf_release(&b);
	// Colours take no room.
	verbose.colours = true;
	struct buf c = rendered_text(&s.run, &verbose);
	assert_text_from(&s.run, &usual, "Files:",
			 "Files: 7 in all, 1 passed, 1 failed, 2 with an error, 1 timed out,\n"
			 "       1 over a limit, 1 skipped\n");
	assert_non_null(strstr(c.data, "1 timed out\033[0m,\n       \033[31m1 over a limit"));
	buf_release(&c);
	end(&s);
}

// Nothing that a test writes, or is called, may steer the terminal.
static void text_holds_no_control_characters(void **state)
{
	struct text_style verbose = {.worker_output = true, .verbose = true};
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered_text(&s.run, &verbose);
	check_row(is_valid_utf8(&b), "it is not UTF-8");
	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.data[i];
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			fail_msg("character %02x at '%.40s'", c, b.data + (i < 20 ? 0 : i - 20));
	}
	buf_release(&b);
	end(&s);
}

static void text_has_colours_only_when_told(void **state)
{
	struct text_style style = usual;
	struct sample s;

	(void)state;
	begin(&s);
	add_failing_file(&s);
	style.colours = true;
	struct buf b = rendered_text(&s.run, &style);
	assert_non_null(strchr(b.data, '\033'));
	buf_release(&b);
	b = rendered_text(&s.run, &usual);
	assert_null(strchr(b.data, '\033'));
	buf_release(&b);
	end(&s);
}

static void text_on_a_full_disk(void **state)
{
	(void)state;
	check_full_disk(render_usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_explains_failures),
		cmocka_unit_test(text_hides_output_when_told),
		cmocka_unit_test(quiet_text_names_no_passed_file),
		cmocka_unit_test(quiet_text_of_success_is_its_sums),
		cmocka_unit_test(verbose_text_names_every_test),
		cmocka_unit_test(text_sums_up),
		cmocka_unit_test(the_last_line_is_the_verdict),
		cmocka_unit_test(a_selection_of_no_test_is_told),
		cmocka_unit_test(an_uncaught_error_is_shown_once),
		cmocka_unit_test(what_only_looks_alike_is_shown),
		cmocka_unit_test(a_place_is_told_once),
		cmocka_unit_test(what_a_reporter_says_is_no_news),
		cmocka_unit_test(searched_places_are_listed_once),
		cmocka_unit_test(what_the_reason_says_is_not_repeated),
		cmocka_unit_test(tests_of_a_failed_setup_are_seen),
		cmocka_unit_test(a_seed_is_told_with_its_failure),
		cmocka_unit_test(verbose_text_tells_tags_and_reasons),
		cmocka_unit_test(a_flaky_file_is_explained),
		cmocka_unit_test(much_company_is_shortened),
		cmocka_unit_test(a_file_that_always_fails_is_explained_once),
		cmocka_unit_test(repetitions_are_counted),
		cmocka_unit_test(lines_fit_80_columns),
		cmocka_unit_test(text_holds_no_control_characters),
		cmocka_unit_test(text_has_colours_only_when_told),
		cmocka_unit_test(text_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
