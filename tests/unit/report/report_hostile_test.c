// SPDX-License-Identifier: MIT
// Whatever tests are called and say, no report breaks: many runs that are made of nasty strings,
// the same ones each time.
#include <json-c/json.h>

#include "framework/tap.h"
#include "report.h"
#include "report/annotations.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/tap.h"
#include "report/text.h"

#define RUNS 60

static const char *const pieces[] = {
	"",
	" ",
	"\n",
	"\r",
	"\r\n",
	"\t",
	"x",
	"\\",
	"\"",
	"'",
	"%",
	"&amp;",
	"<b>",
	"]]>",
	"<![CDATA[",
	"-->",
	"<!--",
	"&#0;",
	"{{",
	"\033[31m",
	"\033]0;x\a",
	"\x01",
	"\x7f",
	"\xff",
	"\xc3",
	"\xed\xa0\x80",
	"\xc2\x85",
	("\xc2\x9b"
	 "2J"),
	"\xe2\x80\xa8",
	"\xef\xbb\xbf",
	"\xef\xbf\xbe",
	"\xef\xbf\xbf",
	"\xf0\x9f\x98\x80",
	"\xe6\xb5\x8b",
	"\xc2\xa0",
	"::error file=x::",
	"##[error]",
	" # SKIP",
	"# TODO ",
	"\\#",
	"\n  ...\n",
	"\n  ---\n",
	"\nBail out!",
	"\n1..9\n",
	"\nnot ok 1 - x\n",
	"\n    ok 1\n",
	"a.lua:3: ",
	"stack traceback:\n\t",
	"never ran",
};

struct source {
	uint64_t state;
};

static size_t next(struct source *src, size_t below)
{
	src->state = src->state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(src->state >> 33) % below;
}

// A string of nasty pieces; now and then one that is long.
static char *nasty(struct source *src)
{
	struct buf b = {0};

	for (size_t n = next(src, 7); n > 0; n--)
		buf_addstr(&b, pieces[next(src, COUNT(pieces))]);
	for (size_t n = next(src, 40) ? 0 : 9000 + next(src, 20000); n > 0; n--)
		buf_addstr(&b, n % 50 ? "y" : pieces[next(src, COUNT(pieces))]);
	return buf_detach(&b);
}

// As the model has them: valid UTF-8, perhaps none.
static char *nasty_text(struct source *src)
{
	struct buf b = {0};
	char *raw = nasty(src);

	text_add_utf8(&b, raw, strlen(raw));
	free(raw);
	if (next(src, 5) == 0)
		buf_release(&b);
	return b.data;
}

static void add_nasty_test(struct result *r, struct source *src)
{
	struct test_case t = {.name = nasty_text(src),
			      .status = (enum test_status)(1 + next(src, TEST_STATUS_COUNT - 1)),
			      .wall_ns = (int64_t)next(src, 3) - 1,
			      .own_ns = (int64_t)next(src, 3) - 1,
			      .round = (int)next(src, 3),
			      .file = nasty_text(src),
			      .line = (int)next(src, 3),
			      .message = nasty_text(src),
			      .traceback = nasty_text(src)};

	t.path = xcalloc(2, sizeof *t.path);
	t.tags = xcalloc(2, sizeof *t.tags);
	while (t.npath < 2 && (t.path[t.npath] = nasty_text(src)))
		t.npath++;
	while (t.ntags < 2 && (t.tags[t.ntags] = nasty_text(src)))
		t.ntags++;
	VEC_PUSH(&r->tests, t);
}

static void fill(struct result *r, struct source *src)
{
	r->has_tests = next(src, 4) > 0;
	for (size_t n = r->has_tests ? next(src, 5) : 0; n > 0; n--)
		add_nasty_test(r, src);
	for (size_t n = next(src, 3); n > 0; n--) {
		struct file_error e = {.where = nasty_text(src),
				       .name = nasty_text(src),
				       .message = nasty_text(src),
				       .traceback = nasty_text(src),
				       .file = nasty_text(src),
				       .line = (int)next(src, 3)};
		VEC_PUSH(&r->errors, e);
	}
	r->reason = r->status == FILE_PASSED ? NULL : nasty_text(src);
	r->seed = nasty_text(src);
	char *output = nasty(src);
	set_output(r, output, strlen(output) + next(src, 2)); // its NUL too
	free(output);
}

static void begin_nasty(struct sample *s, struct source *src)
{
	begin(s);
	for (size_t i = 0, n = 1 + next(src, FILES); i < n; i++) {
		char *path = nasty(src);
		s->jobs[i] = (struct job){.path = *path ? path : xstrdup("p"),
					  .framework = (enum framework)next(src, FRAMEWORK_COUNT)};
		if (!*path)
			free(path);
		for (size_t attempt = 1, all = 1 + next(src, 3); attempt <= all; attempt++) {
			struct result *r = result_new(&s->jobs[i]);
			r->status = (enum file_status)next(src, FILE_STATUS_COUNT);
			r->attempt = (int)attempt;
			r->slot = 0;
			r->wall_ns = 10 * MS;
			r->concurrent = next(src, 2);
			fill(r, src);
			run_add(&s->run, r);
		}
	}
	s->run.signal = next(src, 9) ? 0 : 2;
	s->run.repeated = next(src, 2);
	s->run.lua = nasty_text(src);
	s->run.stopped = next(src, 2) ? xstrdup("--fail-fast") : NULL;
}

static void end_nasty(struct sample *s)
{
	for (size_t i = 0; i < FILES; i++)
		free(s->jobs[i].path);
	end(s);
}

static void assert_nothing_raw(const struct buf *b, const char *allowed)
{
	check_row(is_valid_utf8(b), "it is not UTF-8");
	assert_int_equal(strlen(b->data ? b->data : ""), b->len);
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];
		check_row((c >= 0x20 && c != 0x7f) || strchr(allowed, c),
			  "character %02x at '%.40s'", c, b->data + (i < 20 ? 0 : i - 20));
	}
}

// ---- one check a format ----

static void check_json(const struct run *run)
{
	struct buf b = rendered(run, report_json);
	struct json_tokener *tok = json_tokener_new();

	assert_true(is_valid_utf8(&b));
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	json_object_put(json_tokener_parse_ex(tok, b.data, (int)b.len + 1));
	check_row(json_tokener_get_error(tok) == json_tokener_success, "%s",
		  json_tokener_error_desc(json_tokener_get_error(tok)));
	json_tokener_free(tok);
	buf_release(&b);
}

// Well-formed, as far as that can be seen without a parser: every < begins a tag that is ours.
static void check_junit(const struct run *run)
{
	struct buf b = rendered(run, report_junit);
	size_t open = 0;

	assert_true(is_valid_utf8(&b));
	assert_null(strstr(b.data, "]]>"));
	for (const char *p = b.data + 1; (p = strchr(p, '<')); p++) {
		const char *close = strchr(p, '>');
		check_row(p[1] == '/' || (p[1] >= 'a' && p[1] <= 'z'), "%.20s", p);
		assert_non_null(close);
		open += p[1] != '/' && close[-1] != '/';
		open -= p[1] == '/';
	}
	assert_int_equal(open, 0);
	for (size_t i = 0; i < b.len; i++)
		check_row((unsigned char)b.data[i] >= 0x20 || strchr("\n\t", b.data[i]),
			  "character %02x", b.data[i]);
	buf_release(&b);
}

static void check_tap(const struct run *run)
{
	struct job job = {.path = (char *)"report.tap"};
	struct buf b = rendered(run, report_tap);
	struct result *read = result_new(&job);
	struct tap tap;

	assert_nothing_raw(&b, "\n\t");
	tap_init(&tap);
	tap_feed(&tap, b.data, b.len);
	tap_finish(&tap);
	tap_deliver(&tap, read);
	assert_int_equal(tap.plan, run->results.n);
	assert_int_equal(tap.seen, run->results.n);
	const struct totals t = run_totals(run);
	assert_int_equal(tap.bailed,
			 run->signal != 0 || (t.bad == 0 && t.by_status[FILE_NOTRUN] > 0));
	for (size_t i = 0; i < run->results.n; i++)
		assert_int_equal(read->tests.items[i].status == TEST_FAILED,
				 file_status_is_bad(run->results.items[i]->status));
	tap_release(&tap);
	result_free(read);
	buf_release(&b);
}

static int verbose_text(FILE *out, const struct run *run, struct err *err)
{
	static const struct text_style style = {.worker_output = true, .verbose = true};

	return report_text(out, run, &style, err);
}

static void check_text(const struct run *run)
{
	struct buf b = rendered(run, verbose_text);

	assert_nothing_raw(&b, "\n\t");
	assert_non_null(strstr(b.data, "\nFiles: "));
	buf_release(&b);
}

static void check_annotations(const struct run *run)
{
	struct buf b = rendered(run, report_annotations);

	assert_nothing_raw(&b, "\n\t\x7f");
	for (const char *p = b.data; *p; p = strchr(p, '\n') + 1)
		check_row(strncmp(p, "::error file=", 13) == 0 ||
				  strncmp(p, "::warning file=", 15) == 0,
			  "%.40s", p);
	buf_release(&b);
}

static void no_string_breaks_a_report(void **state)
{
	struct source src = {4711};

	(void)state;
	for (int i = 0; i < RUNS; i++) {
		struct sample s;
		begin_nasty(&s, &src);
		check_json(&s.run);
		check_junit(&s.run);
		check_tap(&s.run);
		check_text(&s.run);
		check_annotations(&s.run);
		end_nasty(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_string_breaks_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
