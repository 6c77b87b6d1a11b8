// SPDX-License-Identifier: MIT
// The renderers, on one run that has a file of every kind and strings that mean harm.
#include <inttypes.h>
#include <json-c/json.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "firmo-jobs.h"
#include "model/run.h"
#include "report/format.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/progress.h"
#include "report/text.h"
#include "unit.h"

#define MS   NS_PER_MS
#define FFFD "\xef\xbf\xbd"

// Quotes, markup, the end of a CDATA section, control characters, bytes that are no UTF-8, U+FFFF.
static const char hostile[] =
	"a\"b'c<d>&amp;]]>\x01\x1b[2J\x7f\r\n\t\\\xff\xc3(\xed\xa0\x80\xef\xbf\xbf\xc2\x9b"
	"2J\xc3\xa9";

enum { FILES = 8 };

struct sample {
	struct run run;
	struct job jobs[FILES];
};

static struct result *add_file(struct sample *s, const char *path, enum framework f,
			       enum file_status status, const char *reason)
{
	size_t i = s->run.results.n;
	struct result *r = xcalloc(1, sizeof *r);

	assert_true(i < FILES);
	s->jobs[i] = (struct job){.path = (char *)path, .framework = f};
	*r = (struct result){.job = &s->jobs[i],
			     .status = status,
			     .reason = reason ? xstrdup(reason) : NULL,
			     .attempt = 1,
			     .slot = (int)i,
			     .started_ns = 1700000000 * NS_PER_SEC,
			     .wall_ns = (int64_t)(i + 1) * 100 * MS,
			     .user_ns = 20 * MS,
			     .sys_ns = 3 * MS,
			     .maxrss = 1 << 20,
			     .expected = -1};
	VEC_PUSH(&s->run.results, r);
	return r;
}

static struct test_case *add_test(struct result *r, const char *group, const char *name,
				  enum test_status status)
{
	struct test_case t = {.name = xstrdup(name), .status = status, .wall_ns = 10 * MS};

	t.path = xcalloc(1, sizeof *t.path);
	t.path[t.npath++] = xstrdup(group);
	r->has_tests = true;
	VEC_PUSH(&r->tests, t);
	return &r->tests.items[r->tests.n - 1];
}

static void set_output(struct result *r, const char *data, size_t n)
{
	r->output = xcalloc(1, n + 1);
	memcpy(r->output, data, n);
	r->output_len = n;
	r->output_total = n;
}

static void add_failing_file(struct sample *s)
{
	struct result *r = add_file(s, "t/fail_test.lua", FRAMEWORK_BUSTED, FILE_FAILED,
				    "1 of 5 tests failed");

	r->exit_code = 1;
	r->expected = 5;
	add_test(r, "queue", "push", TEST_PASSED);
	struct test_case *t = add_test(r, "queue", "pop", TEST_FAILED);
	t->message = xstrdup("expected 1, got 2");
	t->traceback = xstrdup("stack traceback:\n\tfail_test.lua:9: in function");
	t->file = xstrdup("t/fail_test.lua");
	t->line = 9;
	add_test(r, "queue", "later", TEST_PENDING)->message = xstrdup("not yet");
	add_test(r, "queue", "never", TEST_SKIPPED);
	add_test(r, "queue", "breaks", TEST_ERROR)->message = xstrdup("it broke");
	set_output(r, "worker says hello\nand more", 26);
}

static void add_broken_file(struct sample *s)
{
	struct result *r =
		add_file(s, "t/broken_test.lua", FRAMEWORK_FIRMO, FILE_ERROR, "it did not load");
	struct file_error e = {.where = xstrdup("file"),
			       .name = xstrdup("describe x"),
			       .message = xstrdup("unexpected symbol"),
			       .traceback = xstrdup("stack traceback:\n\tbroken"),
			       .file = xstrdup("t/broken_test.lua"),
			       .line = 3};

	r->has_tests = true;
	r->exit_code = 1;
	VEC_PUSH(&r->errors, e);
}

static void add_hostile_file(struct sample *s)
{
	struct result *r = add_file(s, hostile, FRAMEWORK_TAP, FILE_FAILED, NULL);
	struct test_case *t = add_test(r, "g", "n", TEST_FAILED);

	// The model's strings are valid UTF-8, whatever else they hold; paths and output are not.
	struct buf clean = {0};
	text_add_utf8(&clean, hostile, strlen(hostile));
	free(t->path[0]);
	free(t->name);
	r->reason = xstrdup(clean.data);
	t->path[0] = xstrdup(clean.data);
	t->name = xstrdup(clean.data);
	t->message = xstrdup(clean.data);
	t->traceback = xstrdup(clean.data);
	t->file = xstrdup(clean.data);
	buf_release(&clean);
	set_output(r, hostile, sizeof hostile); // its NUL too
}

static void begin(struct sample *s)
{
	*s = (struct sample){.run = {.id = 7,
				     .name = xstrdup("run"),
				     .started_ns = 1700000000 * NS_PER_SEC,
				     .elapsed_ns = 1500 * MS,
				     .jobs = 4,
				     .peak = 3,
				     .lower_bound_ns = 1250 * MS,
				     .seed = UINT64_MAX,
				     .longest_ns = 800 * MS,
				     .sum_ns = 3600 * MS}};
}

static void begin_full(struct sample *s)
{
	begin(s);
	struct result *r = add_file(s, "t/pass_test.lua", FRAMEWORK_BUSTED, FILE_PASSED, NULL);
	add_test(r, "queue", "works", TEST_PASSED)->wall_ns = -1;
	set_output(r, "passing output", 14);
	add_failing_file(s);
	add_broken_file(s);
	add_hostile_file(s);
	add_file(s, "t/plain.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	r = add_file(s, "t/crash.lua", FRAMEWORK_PLAIN, FILE_ERROR, "killed by SIGSEGV");
	r->exit_code = -1;
	r->signal = 11;
	r->leaked = true;
	add_file(s, "t/skip.lua", FRAMEWORK_PLAIN, FILE_SKIPPED, "exit status 77")->exit_code = 77;
	r = add_file(s, "t/notrun.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, "the run was stopped");
	r->slot = -1;
	r->exit_code = -1;
	r->started_ns = 0;
	r->wall_ns = 0;
}

static void end(struct sample *s)
{
	run_release(&s->run);
}

// ---- rendering into memory ----

enum format { JSON, JUNIT, TEXT };

static struct buf rendered(const struct run *run, enum format format,
			   const struct text_style *style)
{
	struct buf b = {0};
	struct err err = {0};
	size_t n = 0;
	FILE *f = open_memstream(&b.data, &n);

	assert_non_null(f);
	int status = format == JSON    ? report_json(f, run, &err)
		     : format == JUNIT ? report_junit(f, run, &err)
				       : report_text(f, run, style, &err);
	check_row(status == 0, "%s", err.message);
	assert_int_equal(fclose(f), 0);
	b.len = n;
	b.cap = n + 1;
	return b;
}

static bool is_valid_utf8(const struct buf *b)
{
	for (size_t i = 0, n; i < b->len; i += n)
		if ((n = text_utf8_length(b->data + i, b->len - i)) == 0)
			return false;
	return true;
}

static size_t occurrences(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

// ---- JSON ----

static struct json_object *parsed(const struct run *run)
{
	struct buf b = rendered(run, JSON, NULL);
	struct json_tokener *tok = json_tokener_new();

	assert_true(is_valid_utf8(&b));
	assert_int_equal(strlen(b.data), b.len);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	struct json_object *o = json_tokener_parse_ex(tok, b.data, (int)b.len + 1);
	check_row(json_tokener_get_error(tok) == json_tokener_success, "%s",
		  json_tokener_error_desc(json_tokener_get_error(tok)));
	json_tokener_free(tok);
	buf_release(&b);
	return o;
}

static struct json_object *member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v = NULL;

	check_row(json_object_object_get_ex(o, key, &v), "there is no %s", key);
	check_row(json_object_get_type(v) == type, "%s is a %s", key,
		  json_type_to_name(json_object_get_type(v)));
	return v;
}

static const char *string(struct json_object *o, const char *key)
{
	return json_object_get_string(member(o, key, json_type_string));
}

static int64_t integer(struct json_object *o, const char *key)
{
	return json_object_get_int64(member(o, key, json_type_int));
}

static void assert_seconds(struct json_object *o, const char *key, double wanted)
{
	assert_float_equal(json_object_get_double(member(o, key, json_type_double)), wanted, 1e-6);
}

static bool boolean(struct json_object *o, const char *key)
{
	return json_object_get_boolean(member(o, key, json_type_boolean));
}

static struct json_object *item(struct json_object *o, const char *key, size_t i)
{
	struct json_object *list = member(o, key, json_type_array);

	assert_true(i < json_object_array_length(list));
	return json_object_array_get_idx(list, i);
}

static void json_sums_up(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run);
	assert_int_equal(integer(o, "schema"), 1);
	assert_false(boolean(o, "success"));
	// 1 + 5 + 0 + 1 tests, and three files that count as one; what was not run is no test.
	assert_int_equal(integer(o, "total"), 10);
	assert_int_equal(integer(o, "passed"), 3);
	assert_int_equal(integer(o, "failed"), 5);
	assert_int_equal(integer(o, "skipped"), 2);
	assert_int_equal(integer(o, "pending"), 1);
	assert_seconds(o, "elapsed", 1.5);
	assert_int_equal(json_object_array_length(member(o, "files", json_type_array)), FILES);
	json_object_put(o);
	end(&s);
}

static void json_tells_of_the_run(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run), *run = member(o, "run", json_type_object);
	assert_int_equal(integer(run, "id"), 7);
	assert_int_equal(integer(run, "jobs"), 4);
	assert_int_equal(integer(run, "tokens_peak"), 3);
	assert_seconds(run, "lower_bound", 1.25);
	assert_true(json_object_get_uint64(member(run, "seed", json_type_int)) == UINT64_MAX);
	assert_string_equal(string(run, "version"), FIRMO_JOBS_VERSION);
	json_object_put(o);

	s.run.id = 0;
	s.run.jobs = 0;
	s.run.seed = 0;
	s.run.lower_bound_ns = -1;
	o = parsed(&s.run);
	run = member(o, "run", json_type_object);
	member(run, "id", json_type_null);
	member(run, "jobs", json_type_null);
	member(run, "seed", json_type_null);
	member(run, "lower_bound", json_type_null);
	json_object_put(o);
	end(&s);
}

static void json_tells_of_files_and_tests(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 1);
	assert_string_equal(string(f, "path"), "t/fail_test.lua");
	assert_string_equal(string(f, "framework"), "busted");
	assert_string_equal(string(f, "status"), "fail");
	assert_string_equal(string(f, "reason"), "1 of 5 tests failed");
	assert_false(boolean(f, "cached") || boolean(f, "flaky") || boolean(f, "leaked"));
	assert_int_equal(integer(f, "attempt"), 1);
	assert_seconds(f, "started", 1700000000);
	assert_seconds(f, "wall", 0.2);
	assert_seconds(f, "user", 0.02);
	assert_seconds(f, "sys", 0.003);
	assert_int_equal(integer(f, "maxrss"), 1 << 20);
	assert_int_equal(integer(f, "exit"), 1);
	member(f, "signal", json_type_null);
	assert_int_equal(integer(f, "slot"), 1);
	assert_int_equal(integer(f, "expected"), 5);
	assert_string_equal(string(f, "output"), "worker says hello\nand more");

	struct json_object *t = item(f, "tests", 1);
	assert_string_equal(json_object_get_string(item(t, "path", 0)), "queue");
	assert_string_equal(string(t, "name"), "pop");
	assert_string_equal(string(t, "status"), "fail");
	assert_seconds(t, "wall", 0.01);
	assert_string_equal(string(t, "file"), "t/fail_test.lua");
	assert_int_equal(integer(t, "line"), 9);
	assert_string_equal(string(t, "message"), "expected 1, got 2");
	assert_non_null(strstr(string(t, "traceback"), "fail_test.lua:9"));
	t = item(item(o, "files", 0), "tests", 0);
	member(t, "wall", json_type_null);
	member(t, "line", json_type_null);
	member(t, "message", json_type_null);
	json_object_put(o);
	end(&s);
}

static void json_tells_how_files_ended(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run), *crash = item(o, "files", 5);
	assert_string_equal(string(crash, "status"), "error");
	assert_int_equal(integer(crash, "signal"), 11);
	member(crash, "exit", json_type_null);
	assert_true(boolean(crash, "leaked"));
	assert_string_equal(string(item(o, "files", 6), "status"), "skip");
	struct json_object *notrun = item(o, "files", 7);
	assert_string_equal(string(notrun, "status"), "notrun");
	member(notrun, "slot", json_type_null);
	json_object_put(o);
	end(&s);
}

static void json_lists_every_failure(void **state)
{
	static const struct {
		const char *file, *test, *message;
		int line;
	} rows[] = {
		{"t/fail_test.lua", "queue pop", "expected 1, got 2", 9},
		{"t/fail_test.lua", "queue breaks", "it broke", 0},
		{"t/broken_test.lua", "describe x", "unexpected symbol", 3},
		{NULL, NULL, NULL, 0}, // the hostile one
		{"t/crash.lua", NULL, "killed by SIGSEGV", 0},
	};
	struct sample s;

	(void)state;
	begin_full(&s);
	struct json_object *o = parsed(&s.run);
	assert_int_equal(json_object_array_length(member(o, "errors", json_type_array)),
			 COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_object *e = item(o, "errors", i);
		if (!rows[i].file)
			continue;
		assert_string_equal(string(e, "file"), rows[i].file);
		assert_string_equal(string(e, "message"), rows[i].message);
		if (rows[i].test)
			assert_string_equal(string(e, "test"), rows[i].test);
		else
			member(e, "test", json_type_null);
		if (rows[i].line)
			assert_int_equal(integer(e, "line"), rows[i].line);
		else
			member(e, "line", json_type_null);
	}
	assert_non_null(strstr(string(item(o, "errors", 0), "traceback"), "stack traceback:"));
	json_object_put(o);
	end(&s);
}

static void json_keeps_hostile_strings_whole(void **state)
{
	struct buf wanted = {0};
	struct sample s;

	(void)state;
	begin_full(&s);
	text_add_utf8(&wanted, hostile, sizeof hostile);
	struct json_object *o = parsed(&s.run), *f = item(o, "files", 3);
	assert_string_equal(string(f, "path"), wanted.data);
	assert_string_equal(string(f, "reason"), wanted.data);
	assert_string_equal(string(item(f, "tests", 0), "name"), wanted.data);
	struct json_object *output = member(f, "output", json_type_string);
	assert_int_equal(json_object_get_string_len(output), wanted.len);
	assert_memory_equal(json_object_get_string(output), wanted.data, wanted.len);
	json_object_put(o);
	buf_release(&wanted);
	end(&s);
}

static void json_of_success(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FRAMEWORK_PLAIN, FILE_PASSED, NULL);
	add_file(&s, "b.lua", FRAMEWORK_PLAIN, FILE_SKIPPED, "exit status 77");
	struct json_object *o = parsed(&s.run);
	assert_true(boolean(o, "success"));
	assert_int_equal(json_object_array_length(member(o, "errors", json_type_array)), 0);
	json_object_put(o);
	// A run that did not run everything is none.
	add_file(&s, "c.lua", FRAMEWORK_PLAIN, FILE_NOTRUN, NULL);
	o = parsed(&s.run);
	assert_false(boolean(o, "success"));
	assert_int_equal(integer(o, "total"), 2);
	json_object_put(o);
	end(&s);
}

static void json_of_nothing(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct json_object *o = parsed(&s.run);
	assert_int_equal(integer(o, "total"), 0);
	assert_int_equal(json_object_array_length(member(o, "files", json_type_array)), 0);
	json_object_put(o);
	end(&s);
}

// ---- JUnit ----

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
	struct buf b = rendered(&s.run, JUNIT, NULL);
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
	struct buf b = rendered(&s.run, JUNIT, NULL);
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
	struct buf b = rendered(&s.run, JUNIT, NULL);
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
	struct buf b = rendered(&s.run, JUNIT, NULL);
	write_bytes("report.xml", b.data, b.len);
	assert_int_equal(system("xmllint --noout report.xml >/dev/null 2>&1"), 0);
	buf_release(&b);
	end(&s);
	begin(&s);
	b = rendered(&s.run, JUNIT, NULL);
	write_bytes("report.xml", b.data, b.len);
	assert_int_equal(system("xmllint --noout report.xml >/dev/null 2>&1"), 0);
	buf_release(&b);
	end(&s);
}

// ---- text ----

static const struct text_style usual = {.worker_output = true};

static void text_explains_failures(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, TEXT, &usual);
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
	struct buf b = rendered(&s.run, TEXT, &style);
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
	struct buf b = rendered(&s.run, TEXT, &style);
	assert_null(strstr(b.data, "t/pass_test.lua"));
	assert_null(strstr(b.data, "t/plain.lua"));
	assert_non_null(strstr(b.data, "t/fail_test.lua"));
	assert_non_null(strstr(b.data, "in all"));
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
	struct buf b = rendered(&s.run, TEXT, &style);
	assert_non_null(strstr(b.data, "queue push"));
	assert_non_null(strstr(b.data, "queue never"));
	buf_release(&b);
	b = rendered(&s.run, TEXT, &usual);
	assert_null(strstr(b.data, "queue push"));
	buf_release(&b);
	end(&s);
}

static void text_sums_up(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, TEXT, &usual);
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

static void text_of_a_partial_run_says_so(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct buf b = rendered(&s.run, TEXT, &usual);
	assert_null(strstr(b.data, "partial"));
	buf_release(&b);
	s.run.signal = 2;
	b = rendered(&s.run, TEXT, &usual);
	assert_non_null(strstr(b.data, "partial"));
	buf_release(&b);
	s.run.signal = 0;
	s.run.stopped = (char *)"--fail-fast";
	b = rendered(&s.run, TEXT, &usual);
	assert_non_null(strstr(b.data, "--fail-fast"));
	assert_non_null(strstr(b.data, "partial"));
	buf_release(&b);
	s.run.stopped = NULL;
	end(&s);
}

// Nothing that a test writes, or is called, may steer the terminal.
static void text_holds_no_control_characters(void **state)
{
	struct text_style verbose = {.worker_output = true, .verbose = true};
	struct sample s;

	(void)state;
	begin_full(&s);
	struct buf b = rendered(&s.run, TEXT, &verbose);
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
	struct buf b = rendered(&s.run, TEXT, &style);
	assert_non_null(strchr(b.data, '\033'));
	buf_release(&b);
	b = rendered(&s.run, TEXT, &usual);
	assert_null(strchr(b.data, '\033'));
	buf_release(&b);
	end(&s);
}

static void a_full_disk_is_told(void **state)
{
	struct sample s;

	(void)state;
	begin_full(&s);
	for (enum format format = JSON; format <= TEXT; format++) {
		struct err err = {0};
		FILE *f = fopen("/dev/full", "we");
		assert_non_null(f);
		setvbuf(f, NULL, _IONBF, 0);
		int status = format == JSON    ? report_json(f, &s.run, &err)
			     : format == JUNIT ? report_junit(f, &s.run, &err)
					       : report_text(f, &s.run, &usual, &err);
		check_row(status == -1 && err.message[0], "format %d", (int)format);
		fclose(f);
	}
	end(&s);
}

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
	const struct progress p = {123, 45, 6, running, 3};
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
	struct progress p = {62, 12, 0, running, 1};
	struct buf b = {0};

	(void)state;
	progress_render(&b, &p, 13 * NS_PER_SEC, 80);
	assert_string_equal(b.data, "[12/62] tests/a_test.lua 12s");
	buf_clear(&b);
	p.bad = 1;
	progress_render(&b, &p, 0, 80); // a clock that was set back
	assert_string_equal(b.data, "[12/62] 1 failed; tests/a_test.lua 0s");
	buf_clear(&b);
	p = (struct progress){0, 0, 0, NULL, 0};
	progress_render(&b, &p, 0, 80);
	assert_string_equal(b.data, "[0]"); // there is no end to them
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_sums_up),
		cmocka_unit_test(json_tells_of_the_run),
		cmocka_unit_test(json_tells_of_files_and_tests),
		cmocka_unit_test(json_tells_how_files_ended),
		cmocka_unit_test(json_lists_every_failure),
		cmocka_unit_test(json_keeps_hostile_strings_whole),
		cmocka_unit_test(json_of_success),
		cmocka_unit_test(json_of_nothing),
		cmocka_unit_test(junit_counts_agree_with_its_elements),
		cmocka_unit_test(junit_shows_every_file),
		cmocka_unit_test(junit_has_only_characters_of_xml),
		WITH_FOLDER(junit_is_well_formed),
		cmocka_unit_test(text_explains_failures),
		cmocka_unit_test(text_hides_output_when_told),
		cmocka_unit_test(quiet_text_names_no_passed_file),
		cmocka_unit_test(verbose_text_names_every_test),
		cmocka_unit_test(text_sums_up),
		cmocka_unit_test(text_of_a_partial_run_says_so),
		cmocka_unit_test(text_holds_no_control_characters),
		cmocka_unit_test(text_has_colours_only_when_told),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(output_is_made_safe_line_by_line),
		cmocka_unit_test(colours_are_kept_when_wanted),
		cmocka_unit_test(eight_bit_control_characters_are_removed),
		cmocka_unit_test(text_behind_a_hyperlink_is_not_lost),
		cmocka_unit_test(a_broken_escape_sequence_ends_with_its_line),
		cmocka_unit_test(a_colour_holds_no_control_characters),
		cmocka_unit_test(progress_is_never_wider_than_asked),
		cmocka_unit_test(wide_characters_count_as_wide),
		cmocka_unit_test(progress_tells_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
