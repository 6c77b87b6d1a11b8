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
	assert_int_equal(attribute(element, "skipped"), occurrences(content, "<skipped"));
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
		"<testsuite name=\"t/fail_test.lua\" tests=\"5\" failures=\"1\" errors=\"1\" "
		"skipped=\"2\" time=\"0.200000\"",
		"timestamp=\"2023-11-14T22:13:20\"",
		"classname=\"queue\" name=\"pop\" time=\"0.010000\"",
		"<failure message=\"expected 1, got 2\"",
		"<error message=\"it broke\"",
		"<skipped message=\"not yet\"/>",
		"<skipped/>",
		"name=\"describe x\"",
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
		cmocka_unit_test(junit_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
