// SPDX-License-Identifier: MIT
// The report for CI servers.
#include "report/junit.h"

#include "report.h"

static long attribute(const char *element, const char *name)
{
	char *key = xasprintf(" %s=\"", name);
	const char *p = strstr(element, key);

	check_row(p && p < strchr(element, '>'), "there is no %s", name);
	long value = strtol(p + strlen(key), NULL, 10);
	free(key);
	return value;
}

static void assert_tally(const char *element, const char *content)
{
	assert_int_equal(attribute(element, "tests"), occurrences(content, "<testcase "));
	assert_int_equal(attribute(element, "failures"), occurrences(content, "<failure"));
	assert_int_equal(attribute(element, "errors"), occurrences(content, "<error"));
}

static void junit_counts_agree_with_its_elements(void **state)
{
	struct sample s;
	size_t suites = 0;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, report_junit);
	const char *top = strstr(b.data, "<testsuites ");
	assert_non_null(top);
	assert_tally(top, top);
	for (char *suite = strstr(b.data, "<testsuite "); suite; suites++) {
		char *stop = strstr(suite, "</testsuite>");
		assert_non_null(stop);
		*stop = '\0';
		assert_tally(suite, suite);
		assert_int_equal(attribute(suite, "skipped"), occurrences(suite, "<skipped"));
		suite = strstr(stop + 1, "<testsuite ");
	}
	assert_int_equal(suites, FILES);
	buf_release(&b);
	end(&s);
}

static void junit_shows_every_file(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, report_junit);
	static const char *const parts[] = {
		("<testsuite name=\"t/fail_test.lua\" tests=\"5\" failures=\"1\" errors=\"1\" "
		 "time=\"0.200\" skipped=\"2\""),
		"<property name=\"framework\" value=\"busted\"/>",
		"<property name=\"exit\" value=\"1\"/>",
		"<property name=\"signal\" value=\"11\"/>",
		"<property name=\"maxrss\" value=\"1048576\"/>",
		"timestamp=\"2023-11-14T22:13:20\"",
		"classname=\"t/fail_test.lua.queue\" name=\"pop\" file=\"t/fail_test.lua\"",
		"<failure message=\"expected 1, got 2\"",
		"<error message=\"it broke\"",
		"<skipped message=\"not yet\"/>",
		"<skipped/>",
		"name=\"error outside of a test: describe x\"",
		"<error message=\"unexpected symbol\"",
		"<testcase classname=\"t/plain.lua\" name=\"t/plain.lua\"",
		"<error message=\"killed by SIGSEGV\"",
		"<skipped message=\"exit status 77\"/>",
		"<skipped message=\"the run was stopped\"/>",
		"worker says hello",
	};
	for (size_t i = 0; i < COUNT(parts); i++)
		check_row(strstr(b.data, parts[i]), "%s", parts[i]);
	buf_release(&b);
	end(&s);
}

static void assert_xml_characters(const struct buf *b)
{
	assert_true(is_valid_utf8(b));
	assert_int_equal(strlen(b->data), b->len);
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];
		check_row(c >= 0x20 || c == '\n' || c == '\t', "character %02x", c);
	}
	assert_null(strstr(b->data, "\xef\xbf\xbf"));
	assert_null(strstr(b->data, "\xef\xbf\xbe"));
}

static void junit_has_only_characters_of_xml(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, report_junit);
	assert_xml_characters(&b);
	assert_null(strstr(b.data, "]]>"));
	assert_non_null(strstr(b.data, "a&quot;b'c&lt;d&gt;&amp;amp;]]&gt;"));
	buf_release(&b);
	end(&s);
}

static void junit_is_well_formed(void **state)
{
	struct sample s;

	(void)state;
	if (system("xmllint --version >/dev/null 2>&1") != 0)
		skip();
	begin_full(&s);
	struct buf b = rendered(&s.run, report_junit);
	write_bytes("report.xml", b.data, b.len);
	assert_int_equal(system("xmllint --noout report.xml >/dev/null 2>&1"), 0);
	buf_release(&b);
	end(&s);
	begin(&s);
	b = rendered(&s.run, report_junit);
	write_bytes("report.xml", b.data, b.len);
	assert_int_equal(system("xmllint --noout report.xml >/dev/null 2>&1"), 0);
	buf_release(&b);
	end(&s);
}

static void assert_has(const struct run *run, const char *part)
{
	struct buf b = rendered(run, report_junit);

	check_row(strstr(b.data, part), "no\n%s\nin\n%s", part, b.data);
	buf_release(&b);
}

static void junit_tells_of_attempts(void **state)
{
	struct sample s;

	(void)state;
	begin_retried(&s);
	s.run.results.items[0]->framework = FRAMEWORK_PLAIN;
	set_output(s.run.results.items[0]->earlier, "port is taken\n", 14);
	assert_has(&s.run, "    <testcase classname=\"port.lua\" name=\"port.lua\" "
			   "file=\"port.lua\" time=\"0.010000\">\n"
			   "      <flakyFailure message=\"exit status 1\" type=\"fail\">\n"
			   "        <stackTrace>exit status 1</stackTrace>\n"
			   "        <system-out>port is taken\n</system-out>\n"
			   "      </flakyFailure>\n"
			   "    </testcase>\n");
	assert_has(&s.run, "<testsuite name=\"port.lua\" tests=\"1\" failures=\"0\" errors=\"0\"");
	assert_has(&s.run, "<property name=\"attempts\" value=\"2\"/>");
	// A test that the last attempt has not reached is as bad as its file.
	assert_has(&s.run, "<testsuite name=\"bad.lua\" tests=\"2\" failures=\"2\" errors=\"0\"");
	end(&s);
}

static void junit_tells_of_attempts_of_each_test(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	for (int i = 1; i <= 3; i++) {
		struct result *r = add_attempt(&s, "bad.lua", FILE_FAILED, i, i * 20 * MS, false);
		char message[16];
		snprintf(message, sizeof message, "no %d", i);
		add_failed_test(r, "always", message);
		add_test(r, "queue", "never", TEST_PASSED);
		if (i == 1)
			add_test(r, "queue", "once", TEST_ERROR)->message = xstrdup("odd");
		else
			add_test(r, "queue", "once", TEST_PASSED);
	}
	assert_has(&s.run,
		   "    <testcase classname=\"bad.lua.queue\" name=\"always\" file=\"bad.lua\" "
		   "time=\"0.010000\">\n"
		   "      <failure message=\"no 1\" type=\"fail\">no 1\nstack traceback:\n"
		   "\tx.lua:1: in main chunk</failure>\n"
		   "      <rerunFailure message=\"no 2\" type=\"fail\">\n"
		   "        <stackTrace>no 2\nstack traceback:\n"
		   "\tx.lua:1: in main chunk</stackTrace>\n"
		   "      </rerunFailure>\n"
		   "      <rerunFailure message=\"no 3\" type=\"fail\">\n");
	assert_has(&s.run, "name=\"never\" file=\"bad.lua\" time=\"0.010000\"/>\n");
	assert_has(&s.run, "name=\"once\" file=\"bad.lua\" time=\"0.010000\">\n"
			   "      <flakyError message=\"odd\" type=\"error\">\n"
			   "        <stackTrace>odd</stackTrace>\n"
			   "      </flakyError>\n"
			   "    </testcase>\n");
	assert_has(&s.run, "<testsuite name=\"bad.lua\" tests=\"3\" failures=\"1\" errors=\"0\"");
	end(&s);
}

static void junit_has_one_case_of_a_plain_file(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_attempt(&s, "t.lua", FILE_FAILED, 1, 0, false);
	struct file_error e = {.where = xstrdup("file"), .message = xstrdup("t.lua:1: no")};
	VEC_PUSH(&r->errors, e);
	assert_has(&s.run,
		   "    <testcase classname=\"t.lua\" name=\"t.lua\" file=\"t.lua\" "
		   "time=\"0.010000\">\n"
		   "      <failure message=\"t.lua:1: no\" type=\"fail\">t.lua:1: no</failure>\n"
		   "    </testcase>\n  </testsuite>");
	add_attempt(&s, "t.lua", FILE_PASSED, 2, 20 * MS, false);
	assert_has(&s.run, "<testsuite name=\"t.lua\" tests=\"1\" failures=\"0\" errors=\"0\"");
	end(&s);
}

// Tests of one name are told apart by their order, repetitions by their round.
static void junit_mixes_no_namesakes_up(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	for (int i = 1; i <= 2; i++) {
		struct result *r = add_attempt(&s, "bad.lua", FILE_FAILED, i, i * 20 * MS, false);
		add_test(r, "queue", "same", TEST_PASSED);
		add_failed_test(r, "same", "no");
		add_test(r, "queue", "round", TEST_PASSED)->round = 1;
		add_failed_test(r, "round", "odd");
		r->tests.items[3].round = 2;
	}
	assert_has(&s.run, "tests=\"4\" failures=\"2\"");
	assert_has(&s.run, "name=\"same\" file=\"bad.lua\" time=\"0.010000\"/>\n");
	assert_has(&s.run, "name=\"round\" file=\"bad.lua\" time=\"0.010000\"/>\n");
	struct buf b = rendered(&s.run, report_junit);
	assert_int_equal(occurrences(b.data, "<rerunFailure"), 2);
	assert_int_equal(occurrences(b.data, "name=\"same (2)\""), 1);
	assert_int_equal(occurrences(b.data, "name=\"round (2)\""), 1);
	buf_release(&b);
	end(&s);
}

static void junit_groups_by_tags(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a_spec.lua", FRAMEWORK_BUSTED, FILE_PASSED, NULL);
	struct test_case *t = add_test(r, "g", "one", TEST_PASSED);
	t->tags = xcalloc(2, sizeof *t->tags);
	t->tags[t->ntags++] = xstrdup("slow");
	t->tags[t->ntags++] = xstrdup("net");
	assert_has(&s.run, "name=\"one\" file=\"a_spec.lua\" group=\"slow,net\" time=");
	end(&s);
}

static void junit_keeps_carriage_returns(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FRAMEWORK_BUSTED, FILE_FAILED, "no");
	add_test(r, "g", "one", TEST_FAILED)->message = xstrdup("a\r\nb\tc");
	assert_has(&s.run, "message=\"a&#13;&#10;b&#9;c\" type=\"fail\">a&#13;\nb\tc</failure>");
	end(&s);
}

static void junit_on_a_full_disk(void **state)
{
	(void)state;
	check_full_disk(report_junit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(junit_counts_agree_with_its_elements),
		cmocka_unit_test(junit_shows_every_file),
		cmocka_unit_test(junit_has_only_characters_of_xml),
		WITH_FOLDER(junit_is_well_formed),
		cmocka_unit_test(junit_tells_of_attempts),
		cmocka_unit_test(junit_tells_of_attempts_of_each_test),
		cmocka_unit_test(junit_mixes_no_namesakes_up),
		cmocka_unit_test(junit_has_one_case_of_a_plain_file),
		cmocka_unit_test(junit_groups_by_tags),
		cmocka_unit_test(junit_keeps_carriage_returns),
		cmocka_unit_test(junit_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
