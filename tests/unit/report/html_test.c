// SPDX-License-Identifier: MIT
// The HTML report as text: what it says, that it is well nested, that nothing in a test breaks out.
// How it looks and works in a browser is tested in tests/e2e/html.bats.
#include "report/html/page.h"

#include <inttypes.h>
#include <signal.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/run.h"
#include "report/html/markup.h"

#define MS   NS_PER_MS
#define DASH "\xe2\x80\x93"

// Quotes, markup, ends of what it may stand in, control characters, bytes that are no UTF-8.
static const char hostile[] =
	"</script></pre></title><img src=x onerror=alert(1)>\"'&amp;-->]]>\x01\x1b[31m\x7f\r\n\t"
	"\xff\xc3(\xed\xa0\x80\xc2\x9b";

enum { FILES = 16 };

struct sample {
	struct run run;
	struct job jobs[FILES];
	size_t njobs;
};

static void begin(struct sample *s)
{
	*s = (struct sample){.run = {.id = 7,
				     .started_ns = 1700000000 * NS_PER_SEC,
				     .elapsed_ns = 2000 * MS,
				     .jobs = 4,
				     .peak = 3,
				     .lower_bound_ns = 1250 * MS}};
}

static void end(struct sample *s)
{
	run_release(&s->run);
}

static struct job *add_job(struct sample *s, const char *path)
{
	assert_true(s->njobs < FILES);
	s->jobs[s->njobs] = (struct job){.path = (char *)path, .framework = FRAMEWORK_BUSTED};
	return &s->jobs[s->njobs++];
}

// An attempt on that slot, from one time to another.
static struct result *attempt(const struct job *job, enum file_status status, int slot,
			      int64_t from_ms, int64_t to_ms)
{
	struct result *r = result_new(job);

	r->status = status;
	r->slot = slot;
	r->offset_ns = from_ms * MS;
	r->wall_ns = (to_ms - from_ms) * MS;
	return r;
}

static struct result *add_file(struct sample *s, const char *path, enum file_status status)
{
	int i = (int)s->njobs;
	struct result *r = attempt(add_job(s, path), status, i, i * 10, i * 10 + 100);

	run_add(&s->run, r);
	return r;
}

static struct test_case *add_test(struct result *r, const char *group, const char *name,
				  enum test_status status, int64_t wall_ns)
{
	struct test_case t = {
		.name = xstrdup(name), .status = status, .wall_ns = wall_ns, .own_ns = -1};

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

static struct buf rendered(const struct run *run)
{
	struct buf b = {0};
	struct err err = {0};
	size_t n = 0;
	FILE *f = open_memstream(&b.data, &n);

	assert_non_null(f);
	check_row(report_html(f, run, &err) == 0, "%s", err.message);
	assert_int_equal(fclose(f), 0);
	b.len = n;
	b.cap = n + 1;
	return b;
}

static size_t occurrences(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

// The page of the run, without its own style and script.
static char *page_of(const struct run *run)
{
	struct buf b = rendered(run);
	char *page = b.data;
	char *style = strstr(page, "<style>") + 7, *style_end = strstr(page, "</style>");
	char *script = strstr(page, "<script>");

	assert_true(style && style_end && script && style < style_end && style_end < script);
	*script = '\0';
	memmove(style, style_end, strlen(style_end) + 1);
	return page;
}

static void assert_has(const char *page, const char *text)
{
	check_row(strstr(page, text), "the page has no %s", text);
}

static void assert_lacks(const char *page, const char *text)
{
	check_row(!strstr(page, text), "the page has %s", text);
}

// That section of the page, which ends there now.
static const char *section(char *page, const char *id)
{
	char *start = xasprintf("<section id=\"%s\"", id), *s = strstr(page, start);

	check_row(s, "there is no %s", start);
	free(start);
	*strstr(s, "</section>") = '\0';
	return s;
}

// One page, looked at once.
static void assert_page_has(const struct run *run, const char *text)
{
	char *page = page_of(run);

	assert_has(page, text);
	free(page);
}

// ---- pieces ----

static void times_are_told_to_be_read(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{-1, DASH},
		{0, "0 ms"},
		{1499999, "1 ms"},
		{999 * MS, "999 ms"},
		{9996 * MS / 10, "1.00 s"},
		{1234 * MS, "1.23 s"},
		{9994 * MS, "9.99 s"},
		{9996 * MS, "10.0 s"},
		{99940 * MS, "99.9 s"},
		{99960 * MS, "1 min 40 s"},
		{3599400 * MS, "59 min 59 s"},
		{3599600 * MS, "1 h 00 min"},
		{7384 * NS_PER_SEC, "2 h 03 min"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = {0};
		markup_duration(&b, rows[i].ns);
		check_row(strcmp(b.data, rows[i].text) == 0, "%" PRId64 " is %s, wanted %s",
			  rows[i].ns, b.data, rows[i].text);
		buf_release(&b);
	}
}

static void text_cannot_break_out(void **state)
{
	static const struct {
		const char *text, *line, *lines;
	} rows[] = {
		{"a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;", "a&lt;b&gt;&amp;&quot;&#39;\n"},
		{"\033[31mred\033[0m", "\\x1b[31mred\\x1b[0m", "red\n"},
		{"a\nb", "a\\nb", "a\nb\n"},
		{"\xff", "\\xff", "\xef\xbf\xbd\n"},
		{"\xc2\x9b", "\\xc2\\x9b", "\n"},
		{"caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = {0};
		markup_text(&b, rows[i].text);
		check_row(strcmp(b.data, rows[i].line) == 0, "%s", b.data);
		buf_clear(&b);
		markup_lines(&b, rows[i].text, strlen(rows[i].text));
		check_row(strcmp(b.data, rows[i].lines) == 0, "%s", b.data);
		buf_release(&b);
	}
}

static void paths_and_names_have_two_parts(void **state)
{
	struct buf b = {0};
	char *groups[] = {(char *)"a <list>", (char *)"when empty"};
	struct test_case t = {.path = groups, .npath = 2, .name = (char *)"is & stays"};

	(void)state;
	markup_path(&b, "tests/net/a_test.lua");
	assert_string_equal(b.data, "<i>tests/net/</i><wbr>a_test.lua");
	buf_clear(&b);
	markup_path(&b, "a_test.lua");
	assert_string_equal(b.data, "a_test.lua");
	buf_clear(&b);
	markup_test_name(&b, &t);
	assert_string_equal(b.data, "<i>a &lt;list&gt;</i> <i>when empty</i> is &amp; stays");
	buf_release(&b);
}

// ---- the whole page ----

static bool is_void(const char *name, size_t n)
{
	static const char *const names[] = {"meta", "link", "input", "wbr", "!DOCTYPE"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0)
			return true;
	return false;
}

// The end of the tag at p, which quotes may hold a > in front of.
static const char *tag_end(const char *p)
{
	bool quoted = false;

	for (; *p && (quoted || *p != '>'); p++) {
		check_row(*p != '<' || quoted || p[-1] != ' ', "a tag in a tag: %.40s", p);
		quoted ^= *p == '"';
	}
	check_row(*p == '>', "a tag without an end");
	return p;
}

static void assert_well_nested(const char *page)
{
	const char *open[64];
	size_t depth = 0;

	for (const char *p = page; (p = strchr(p, '<')); p = tag_end(p + 1)) {
		bool closes = p[1] == '/';
		const char *name = p + 1 + closes;
		size_t n = strcspn(name, " />");
		if (closes) {
			check_row(depth > 0 && strncmp(open[depth - 1], name, n) == 0 &&
					  strcspn(open[depth - 1], " />") == n,
				  "%.30s closes %.30s", p, depth ? open[depth - 1] : "nothing");
			depth--;
		} else if (!is_void(name, n) && tag_end(name)[-1] != '/') {
			assert_true(depth < COUNT(open));
			open[depth++] = name;
		}
	}
	// The script, cut off here, closes them.
	check_row(depth == 2 && strncmp(open[1], "body", 4) == 0, "%zu tags are left open", depth);
}

static void add_hostile_file(struct sample *s)
{
	struct result *r = add_file(s, hostile, FILE_FAILED);
	struct test_case *t = add_test(r, hostile, hostile, TEST_FAILED, 5 * MS);
	struct file_error e = {.where = xstrdup(hostile),
			       .name = xstrdup(hostile),
			       .message = xstrdup(hostile),
			       .traceback = xstrdup(hostile),
			       .file = xstrdup(hostile)};

	r->reason = xstrdup(hostile);
	r->seed = xstrdup(hostile);
	t->message = xstrdup(hostile);
	t->traceback = xstrdup(hostile);
	t->file = xstrdup(hostile);
	t->tags = xcalloc(1, sizeof *t->tags);
	t->tags[t->ntags++] = xstrdup(hostile);
	add_test(r, "g", "later", TEST_PENDING, -1)->message = xstrdup(hostile);
	VEC_PUSH(&r->errors, e);
	set_output(r, hostile, sizeof hostile); // its NUL too
	s->run.lua = xstrdup(hostile);
	s->run.stopped = xstrdup(hostile);
}

static void hostile_strings_stay_text(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_hostile_file(&s);
	char *page = page_of(&s.run);
	assert_well_nested(page);
	assert_lacks(page, "<img");
	assert_int_equal(occurrences(page, "<script"), 0);
	assert_has(page, "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;amp;--&gt;");
	for (const char *p = page; *p;) {
		size_t n = text_utf8_length(p, strlen(p));
		check_row(n > 0 && (*p == '\n' || *p == '\t' || (unsigned char)*p >= 0x20) &&
				  *p != 0x7f && strncmp(p, "\xc2\x9b", 2) != 0,
			  "a character of %.20s", p);
		p += n;
	}
	free(page);
	struct buf whole = rendered(&s.run);
	assert_int_equal(strlen(whole.data), whole.len);
	buf_release(&whole);
	end(&s);
}

static void the_page_needs_nothing_but_itself(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FILE_PASSED);
	struct buf b = rendered(&s.run);
	check_row(b.len < 60000, "it has %zu bytes of its own", b.len);
	// The one address is the name of a language, in the icon.
	assert_int_equal(occurrences(b.data, "://"), 1);
	assert_has(b.data, "xmlns='http://www.w3.org/2000/svg'");
	assert_has(b.data, "default-src 'none'");
	assert_lacks(b.data, "@import");
	buf_release(&b);
	char *page = page_of(&s.run);
	assert_well_nested(page);
	assert_lacks(page, " src=");
	free(page);
	end(&s);
}

static void a_full_disk_is_told(void **state)
{
	struct sample s;
	struct err err = {0};
	FILE *f = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	begin(&s);
	add_file(&s, "a.lua", FILE_PASSED);
	assert_int_equal(report_html(f, &s.run, &err), -1);
	assert_non_null(strstr(err.message, "HTML"));
	fclose(f);
	end(&s);
}

// ---- the head ----

static void assert_verdict(const struct sample *s, const char *word, const char *sentence)
{
	char *page = page_of(&s->run);
	char *title = xasprintf("<title>%s: %s - firmo-jobs</title>", word, sentence);
	char *head = xasprintf("<h1><strong>%s</strong> %s</h1>", word, sentence);

	assert_has(page, title);
	assert_has(page, head);
	free(head);
	free(title);
	free(page);
}

static void the_verdict_comes_first(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FILE_PASSED);
	assert_verdict(&s, "Passed", "1 file passed");
	add_file(&s, "b.lua", FILE_PASSED);
	assert_verdict(&s, "Passed", "all 2 files passed");
	add_file(&s, "c.lua", FILE_SKIPPED);
	assert_verdict(&s, "Passed", "2 of 3 files passed, 1 skipped");
	s.run.results.items[1]->flaky = true;
	assert_verdict(&s, "Passed", "2 of 3 files passed, 1 flaky, 1 skipped");
	s.run.flaky_fails = true;
	assert_verdict(&s, "Failed", "2 of 3 files passed, 1 flaky, 1 skipped");
	s.run.results.items[1]->flaky = false;
	s.run.results.items[1]->slot = -1;
	s.run.results.items[1]->status = FILE_NOTRUN;
	assert_verdict(&s, "Incomplete", "1 of 3 files passed, 1 skipped, 1 not run");
	add_file(&s, "d.lua", FILE_TIMEOUT);
	assert_verdict(&s, "Failed", "1 of 4 files failed, 1 skipped, 1 not run");
	s.run.signal = SIGINT;
	assert_verdict(&s, "Interrupted", "1 of 4 files failed, 1 skipped, 1 not run");
	end(&s);
}

static void a_partial_report_says_why(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FILE_PASSED);
	char *page = page_of(&s.run);
	assert_lacks(page, "class=\"note\"");
	free(page);
	r->partial = true;
	assert_page_has(&s.run, "Only some of the tests were wanted");
	s.run.unfinished = true;
	assert_verdict(&s, "Incomplete", "1 file passed");
	assert_page_has(&s.run, "The run has not come to its end: this report is partial.");
	s.run.stopped = xstrdup("--fail-fast");
	assert_page_has(&s.run, "Stopped by --fail-fast: this report is partial.");
	s.run.signal = SIGTERM;
	assert_page_has(&s.run, "Interrupted by SIGTERM: this report is partial.");
	end(&s);
}

static void the_facts_of_the_run_are_told(void **state)
{
	struct wait w = {100 * MS, 350 * MS};
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FILE_FAILED);
	add_test(r, "g", "x", TEST_FAILED, MS);
	add_test(r, "g", "y", TEST_PENDING, MS);
	add_file(&s, "b.lua", FILE_LIMIT);
	s.run.seed = 42;
	s.run.lua = xstrdup("luajit");
	VEC_PUSH(&s.run.waits, w);
	s.run.sum_ns = 3000 * MS;
	s.run.longest_ns = 800 * MS;
	char *page = page_of(&s.run);
	assert_has(page, "Run 7");
	assert_has(page, "<time datetime=\"2023-11-14T22:13:20Z\">2023-11-14T22:13:20Z</time>");
	assert_has(page, "luajit");
	assert_has(page, "--order=random:42");
	assert_has(page, "<dt>Files</dt><dd><b>2</b>");
	assert_has(page, "<li class=\"s fail\">1 failed</li>");
	assert_has(page, "<li class=\"s limit\">1 over a limit</li>");
	assert_has(page, "<dt>Tests</dt><dd><b>3</b>");
	assert_has(page, "<li class=\"s pending\">1 pending</li>");
	assert_has(page, "<dt>Time</dt><dd><b>2.00 s</b>");
	assert_has(page, "lower bound 1.25 s");
	assert_has(page, "longest file 800 ms");
	assert_has(page, "<dt>Workers</dt><dd><b>3</b>");
	assert_has(page, "4 allowed");
	assert_has(page, "3.00 s of work");
	assert_has(page, "250 ms waiting for tokens");
	free(page);
	end(&s);
}

// ---- failures ----

static void a_failure_is_told_completely(void **state)
{
	struct file_error e = {.where = xstrdup("load"),
			       .message = xstrdup("unexpected symbol"),
			       .traceback = xstrdup("stack: broken"),
			       .file = xstrdup("a.lua"),
			       .line = 3};
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FILE_FAILED);
	r->reason = xstrdup("1 of 2 tests failed");
	r->seed = xstrdup("977");
	r->leaked = true;
	add_test(r, "queue", "works", TEST_PASSED, MS);
	struct test_case *t = add_test(r, "queue", "pops", TEST_FAILED, MS);
	t->message = xstrdup("\nexpected 1\ngot 2");
	t->traceback = xstrdup("stack traceback:\n\ta.lua:9: in function");
	t->file = xstrdup("a.lua");
	t->line = 9;
	VEC_PUSH(&r->errors, e);
	set_output(r, "\033[32mhello\033[0m\nmore", 20);
	r->output_total = 5000000;
	char *page = page_of(&s.run);
	assert_well_nested(page);
	assert_int_equal(occurrences(page, "<article"), 1);
	assert_has(page, "1 of 2 tests failed</b>");
	assert_has(page, "100 ms on slot 0, alone");
	assert_has(page, "its tests shuffled by seed 977");
	assert_has(page, "left a process behind");
	assert_has(page, "</span> <i>queue</i> pops <span class=\"at\">a.lua:9</span></h4>");
	assert_lacks(page, "</span> <i>queue</i> works");
	// The newline that the message begins with is still there behind the one that is dropped.
	assert_has(page, "<pre class=\"message\">\n\nexpected 1\ngot 2\n</pre>");
	assert_has(page, "<pre class=\"trace\">\nstack traceback:\n\ta.lua:9: in function\n</pre>");
	assert_has(page, "outside of a test <span class=\"tag\">load</span>");
	assert_has(page, "<span class=\"at\">a.lua:3</span>");
	assert_has(page, "unexpected symbol\n");
	assert_has(page, "stack: broken\n");
	assert_has(page, "Output of the worker, 20 bytes kept of 4.8 MiB</summary>");
	assert_has(page, "<pre tabindex=\"0\">\nhello\nmore\n</pre>");
	free(page);
	end(&s);
}

static void output_is_open_where_it_is_all_there_is(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FILE_ERROR);
	r->reason = xstrdup("killed by SIGSEGV");
	set_output(r, "last words", 10);
	assert_page_has(&s.run, "<details class=\"output\" open>");
	add_test(r, "g", "t", TEST_ERROR, MS);
	assert_page_has(&s.run, "<details class=\"output\">");
	end(&s);
}

static void without_failures_there_is_no_such_part(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	set_output(add_file(&s, "a.lua", FILE_PASSED), "quiet please", 12);
	char *page = page_of(&s.run);
	assert_lacks(page, "failures");
	assert_lacks(page, "quiet please");
	free(page);
	end(&s);
}

// b fails beside a and c and passes alone, d runs later.
static void add_concurrent(struct sample *s)
{
	struct job *a = add_job(s, "a.lua"), *b = add_job(s, "b.lua"), *c = add_job(s, "c.lua");
	struct job *d = add_job(s, "d.lua");
	struct result *first = attempt(b, FILE_FAILED, 1, 0, 100);
	struct result *second = attempt(b, FILE_PASSED, 0, 600, 700);

	first->concurrent = true;
	first->reason = xstrdup("exit status 1");
	set_output(first, "port is taken", 13);
	second->attempt = 2;
	run_add(&s->run, attempt(a, FILE_PASSED, 0, 0, 300));
	run_add(&s->run, first);
	run_add(&s->run, attempt(c, FILE_PASSED, 2, 50, 400));
	run_add(&s->run, attempt(d, FILE_PASSED, 0, 400, 500));
	run_add(&s->run, second);
}

static void company_is_named_where_it_matters(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_concurrent(&s);
	char *page = page_of(&s.run);
	assert_well_nested(page);
	assert_has(page, "Fails only beside other files:");
	assert_has(page, "attempt 1 of 2: <b>exit status 1</b>");
	assert_has(page, "port is taken");
	assert_has(page, "<li>a.lua</li>");
	assert_has(page, "<li>c.lua</li>");
	assert_lacks(page, "<li>d.lua</li>");
	assert_has(page, "<td class=\"n\">1 of 2 bad</td>");
	assert_has(page, "<tr id=\"f1\" class=\"pass flaky\">");
	free(page);
	// It might as well have been the machine.
	s.run.results.items[1]->earlier->concurrent = false;
	page = page_of(&s.run);
	assert_lacks(page, "beside other files");
	assert_lacks(page, "<li>a.lua</li>");
	assert_has(page, "Passed at a later attempt");
	free(page);
	end(&s);
}

static void a_repeated_file_tells_how_often_it_failed(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	s.run.repeated = true;
	struct job *job = add_job(&s, "a.lua");
	for (int i = 1; i <= 4; i++) {
		struct result *r =
			attempt(job, i == 2 || i == 3 ? FILE_FAILED : FILE_PASSED, 0, i, i + 1);
		r->attempt = i;
		run_add(&s.run, r);
	}
	assert_page_has(&s.run, "bad in 2 of 4 rounds, the first of them is shown, round 2");
	assert_page_has(&s.run, "<td class=\"n\">2 of 4 bad</td>");
	end(&s);
}

// ---- the timeline ----

// The number that the attribute of the element at p has.
static double attribute(const char *p, const char *name)
{
	char *key = xasprintf(" %s=\"", name);
	const char *at = strstr(p, key);

	check_row(at && at < strchr(p, '>'), "there is no %s in %.60s", name, p);
	double value = strtod(at + strlen(key), NULL);
	free(key);
	return value;
}

static void every_attempt_has_a_bar(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	add_concurrent(&s);
	add_file(&s, "never.lua", FILE_NOTRUN)->slot = -1;
	char *page = page_of(&s.run);
	const char *plot = section(page, "timeline");
	assert_int_equal(occurrences(plot, "<a href=\"#f"), 5);
	assert_int_equal(occurrences(plot, "<a href=\"#f1\""), 2);
	const char *late = strstr(plot, "<rect class=\"bar pass flaky\"");
	const char *early = strstr(plot, "<rect class=\"bar fail earlier\"");
	assert_true(late && early);
	assert_has(early, "b.lua\nfail, 100 ms, from 0 ms\nslot 1, beside others, attempt 1 of 2");
	assert_has(late, "b.lua\npass, 100 ms, from 600 ms\nslot 0, alone, attempt 2 of 2");
	// As far apart as 600 of 2000 ms, and in rows of their own.
	double across = attribute(late, "x") - attribute(early, "x");
	assert_float_equal(across / attribute(early, "width"), 6, 0.01);
	assert_true(attribute(early, "y") > attribute(late, "y"));
	assert_has(plot, "class=\"bound\"");
	free(page);
	end(&s);
}

static void waiting_is_hatched(void **state)
{
	static const struct wait waits[] = {
		{100 * MS, 300 * MS},
		{300 * MS + 1000, 400 * MS}, // nobody could see the pause
		{1000 * MS, 1500 * MS},
	};
	struct sample s;

	(void)state;
	begin(&s);
	add_file(&s, "a.lua", FILE_PASSED);
	char *page = page_of(&s.run);
	assert_lacks(page, "class=\"wait\"");
	free(page);
	for (size_t i = 0; i < COUNT(waits); i++)
		VEC_PUSH(&s.run.waits, waits[i]);
	page = page_of(&s.run);
	assert_int_equal(occurrences(page, "<rect class=\"wait\" x=\""), 2 + 1); // and the key's
	const char *first = strstr(page, "<rect class=\"wait\"");
	const char *second = strstr(first + 1, "<rect class=\"wait\"");
	assert_has(first, "waiting for a token of make: 300 ms, from 100 ms</title>");
	assert_has(second, "waiting for a token of make: 500 ms, from 1.00 s</title>");
	assert_float_equal(attribute(second, "width") / attribute(first, "width"), 5. / 3, 0.01);
	assert_has(page, "<pattern id=\"hatch\"");
	assert_has(first, "fill=\"url(#hatch)\"");
	free(page);
	end(&s);
}

static void the_picture_stays_small(void **state)
{
	static const int slots[] = {1, 4, 19, 20, 64, 4096};
	double height = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(slots); i++) {
		struct sample s;
		begin(&s);
		struct result *r = add_file(&s, "a_rather_long_name_test.lua", FILE_PASSED);
		r->slot = slots[i] - 1;
		r->wall_ns = 1;
		char *page = page_of(&s.run);
		const char *plot = section(page, "timeline");
		check_row(attribute(strstr(plot, "<svg"), "height") >= height, "%d slots",
			  slots[i]);
		height = attribute(strstr(plot, "<svg"), "height");
		check_row(height <= 420, "%d slots are %g pixels high", slots[i], height);
		// It is seen, and has no room for a name.
		check_row(attribute(strstr(plot, "<rect class=\"bar"), "width") >= 0.2, "%d slots",
			  slots[i]);
		assert_lacks(plot, ">a_rather_long_name<");
		assert_true(occurrences(plot, "<text") < 80);
		r->wall_ns = 2000 * MS;
		free(page);
		page = page_of(&s.run);
		check_row(!strstr(page, ">a_rather_long_name<") == (slots[i] > 19), "%d slots",
			  slots[i]);
		free(page);
		end(&s);
	}
}

static void ticks_are_round_numbers(void **state)
{
	static const struct {
		int64_t elapsed_ns;
		const char *second, *last;
	} rows[] = {
		{7 * MS, ">0.001 s<", ">0.007 s<"},
		{150 * MS, ">0.02 s<", ">0.14 s<"},
		{2000 * MS, ">0.5 s<", ">2 s<"},
		{42 * NS_PER_SEC, ">5 s<", ">40 s<"},
		{119 * NS_PER_SEC, ">15 s<", ">105 s<"},
		{400 * NS_PER_SEC, ">1:00<", ">6:00<"},
		{9000 * NS_PER_SEC, ">0:30:00<", ">2:30:00<"},
		{400000 * NS_PER_SEC, ">16:00:00<", ">96:00:00<"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample s;
		begin(&s);
		add_file(&s, "a.lua", FILE_PASSED)->wall_ns = 0;
		s.run.elapsed_ns = rows[i].elapsed_ns;
		char *page = page_of(&s.run);
		assert_has(page, rows[i].second);
		assert_has(page, rows[i].last);
		check_row(occurrences(page, "<text class=\"tick\"") <= 10, "row %zu", i);
		free(page);
		end(&s);
	}
}

static void a_run_of_nothing_has_a_page(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	s.run.elapsed_ns = 0;
	s.run.peak = 0;
	add_file(&s, "a.lua", FILE_NOTRUN)->slot = -1;
	s.run.results.items[0]->wall_ns = 0;
	char *page = page_of(&s.run);
	assert_well_nested(page);
	assert_lacks(page, "nan");
	assert_lacks(page, "inf%");
	assert_has(page, "<td class=\"s notrun\">notrun</td>");
	free(page);
	end(&s);
}

// ---- the tables ----

static void files_have_a_row_each(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "tests/a_test.lua", FILE_PASSED);
	r->user_ns = 30 * MS;
	r->sys_ns = 12 * MS;
	r->maxrss = 3 << 19;
	r->cached = true;
	r->leaked = true;
	add_file(&s, "b.lua", FILE_SKIPPED)->reason = xstrdup("exit status 77");
	char *page = page_of(&s.run);
	const char *files = section(page, "files");
	assert_has(files, "Files <span class=\"n\">2</span>");
	assert_has(files, "<tr id=\"f0\" class=\"pass\"><td class=\"s pass\">pass</td><td class=\""
			  "path\"><i>tests/</i><wbr>a_test.lua <span class=\"tag\">cached</span> "
			  "<span class=\"tag\">leaked</span></td><td>busted</td><td class=\"n\">1"
			  "</td><td class=\"n\">0.100</td><td class=\"n\">0.042</td><td class=\"n\""
			  ">1.5</td><td class=\"n\">1</td><td class=\"n\">0</td></tr>");
	assert_has(page, "<li class=\"s pass\">1 passed before</li>");
	assert_has(files, "b.lua <small>exit status 77</small>");
	free(page);
	end(&s);
}

static void tests_have_a_row_each(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FILE_FAILED);
	struct test_case *t = add_test(r, "g", "works", TEST_PASSED, 1500000);
	t->tags = xcalloc(1, sizeof *t->tags);
	t->tags[t->ntags++] = xstrdup("slow");
	t->round = 3;
	add_test(r, "g", "fails", TEST_FAILED, -1);
	add_test(r, "g", "waits", TEST_PENDING, 0)->message = xstrdup("not yet");
	add_file(&s, "plain.lua", FILE_PASSED);
	char *page = page_of(&s.run);
	const char *tests = section(page, "tests");
	assert_has(tests, "Tests <span class=\"n\">4</span>");
	assert_int_equal(occurrences(tests, "<tr class="), 4);
	assert_has(tests, "<td class=\"s pass\">pass</td><td class=\"name\"><i>g</i> works <span "
			  "class=\"tag\">round 3</span> <span class=\"tag\">slow</span></td><td "
			  "class=\"path\"><a href=\"#f0\">a.lua</a></td><td class=\"n\">1.50</td>");
	assert_has(tests, "<a href=\"#x0\"><i>g</i> fails</a></td>");
	assert_has(tests, "<td class=\"n\">" DASH "</td>");
	assert_has(tests, "waits <small>not yet</small>");
	assert_has(tests, "<i>the file as a whole</i>");
	assert_lacks(tests, "Own, ms");
	free(page);
	r->tests.items[0].own_ns = 250000;
	page = page_of(&s.run);
	tests = section(page, "tests");
	assert_has(tests, "Own, ms");
	assert_has(tests, "<td class=\"n\">1.50</td><td class=\"n\">0.25</td></tr>");
	free(page);
	end(&s);
}

static void the_slowest_ten_come_slowest_first(void **state)
{
	struct sample s;

	(void)state;
	begin(&s);
	struct result *r = add_file(&s, "a.lua", FILE_PASSED);
	for (int i = 1; i <= 12; i++) {
		char name[8];
		snprintf(name, sizeof name, "t%d.", i);
		add_test(r, "g", name, TEST_PASSED, i * 7 % 13 * MS);
	}
	char *page = page_of(&s.run);
	const char *slowest = section(page, "slowest");
	assert_int_equal(occurrences(slowest, "<tr>") - 1, 10);
	double last = 1e9;
	for (const char *p = strstr(slowest, "<tr><td"); p; p = strstr(p + 1, "<tr><td")) {
		double ms = strtod(strchr(p + 5, '>') + 1, NULL);
		check_row(ms > 0 && ms <= last, "%g behind %g", ms, last);
		last = ms;
	}
	assert_float_equal(last, 3, 0);
	free(page);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_told_to_be_read),
		cmocka_unit_test(text_cannot_break_out),
		cmocka_unit_test(paths_and_names_have_two_parts),
		cmocka_unit_test(hostile_strings_stay_text),
		cmocka_unit_test(the_page_needs_nothing_but_itself),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(the_verdict_comes_first),
		cmocka_unit_test(a_partial_report_says_why),
		cmocka_unit_test(the_facts_of_the_run_are_told),
		cmocka_unit_test(a_failure_is_told_completely),
		cmocka_unit_test(output_is_open_where_it_is_all_there_is),
		cmocka_unit_test(without_failures_there_is_no_such_part),
		cmocka_unit_test(company_is_named_where_it_matters),
		cmocka_unit_test(a_repeated_file_tells_how_often_it_failed),
		cmocka_unit_test(every_attempt_has_a_bar),
		cmocka_unit_test(waiting_is_hatched),
		cmocka_unit_test(the_picture_stays_small),
		cmocka_unit_test(ticks_are_round_numbers),
		cmocka_unit_test(a_run_of_nothing_has_a_page),
		cmocka_unit_test(files_have_a_row_each),
		cmocka_unit_test(tests_have_a_row_each),
		cmocka_unit_test(the_slowest_ten_come_slowest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
