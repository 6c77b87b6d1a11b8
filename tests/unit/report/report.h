// SPDX-License-Identifier: MIT
// What the tests of the reports share: a run that has a file of every kind and strings that mean
// harm, and rendering into memory.
#ifndef UNIT_REPORT_H
#define UNIT_REPORT_H

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/run.h"

#define MS   NS_PER_MS
#define FFFD "\xef\xbf\xbd"

// Quotes, markup, the end of a CDATA section, control characters, bytes that are no UTF-8, U+FFFF.
static const char hostile[] __attribute__((unused)) =
	"a\"b'c<d>&amp;]]>\x01\x1b[2J\x7f\r\n\t\\\xff\xc3(\xed\xa0\x80\xef\xbf\xbf\xc2\x9b"
	"2J\xc3\xa9";

enum { FILES = 8 };

struct sample {
	struct run run;
	struct job jobs[FILES];
};

static inline struct result *add_file(struct sample *s, const char *path, enum framework f,
				      enum file_status status, const char *reason)
{
	size_t i = s->run.results.n;
	struct result *r = xcalloc(1, sizeof *r);

	assert_true(i < FILES);
	s->jobs[i] = (struct job){.path = (char *)path, .framework = f};
	*r = (struct result){.job = &s->jobs[i],
			     .framework = f,
			     .status = status,
			     .reason = reason ? xstrdup(reason) : NULL,
			     .attempt = 1,
			     .attempts = 1,
			     .failures = file_status_is_bad(status),
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

static inline struct test_case *add_test(struct result *r, const char *group, const char *name,
					 enum test_status status)
{
	struct test_case t = {
		.name = xstrdup(name), .status = status, .wall_ns = 10 * MS, .own_ns = -1};

	t.path = xcalloc(1, sizeof *t.path);
	t.path[t.npath++] = xstrdup(group);
	r->has_tests = true;
	VEC_PUSH(&r->tests, t);
	return &r->tests.items[r->tests.n - 1];
}

static inline void set_output(struct result *r, const char *data, size_t n)
{
	r->output = xcalloc(1, n + 1);
	memcpy(r->output, data, n);
	r->output_len = n;
	r->output_total = n;
}

static inline void add_failing_file(struct sample *s)
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

static inline void add_broken_file(struct sample *s)
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

static inline void add_hostile_file(struct sample *s)
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

static inline void begin(struct sample *s)
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

static inline void begin_full(struct sample *s)
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

// One attempt of a file, added as a run adds it; what it took over may be gone when the next one
// is.
static inline struct result *add_attempt(struct sample *s, const char *path,
					 enum file_status status, int attempt, int64_t offset_ns,
					 bool concurrent)
{
	struct job *job = NULL;

	for (size_t i = 0; i < FILES; i++)
		if (s->jobs[i].path && strcmp(s->jobs[i].path, path) == 0)
			job = &s->jobs[i];
	for (size_t i = 0; !job && i < FILES; i++)
		if (!s->jobs[i].path)
			job = &s->jobs[i];
	job->path = (char *)path;
	struct result *r = result_new(job);
	r->status = status;
	r->attempt = attempt;
	r->offset_ns = offset_ns;
	r->wall_ns = 10 * MS;
	r->slot = 0;
	r->concurrent = concurrent;
	r->again = attempt == 1 && file_status_is_bad(status);
	if (file_status_is_bad(status))
		r->reason = xstrdup("exit status 1");
	run_add(&s->run, r);
	return r;
}

// What a failing test of every attempt looks like.
static inline void add_failed_test(struct result *r, const char *name, const char *message)
{
	struct test_case *t = add_test(r, "queue", name, TEST_FAILED);

	t->message = xstrdup(message);
	t->traceback = xstrdup("stack traceback:\n\tx.lua:1: in main chunk");
}

// port.lua fails beside beside.lua, and passes alone; bad.lua fails at each of its two attempts,
// each time in another test.
static inline void begin_retried(struct sample *s)
{
	begin(s);
	add_attempt(s, "port.lua", FILE_FAILED, 1, 0, true);
	add_attempt(s, "beside.lua", FILE_PASSED, 1, 5 * MS, true);
	add_failed_test(add_attempt(s, "bad.lua", FILE_FAILED, 1, 20 * MS, false), "one", "first");
	add_attempt(s, "port.lua", FILE_PASSED, 2, 40 * MS, false);
	add_failed_test(add_attempt(s, "bad.lua", FILE_FAILED, 2, 60 * MS, false), "two", "second");
}

static inline void end(struct sample *s)
{
	run_release(&s->run);
}

// ---- rendering into memory ----

typedef int renderer(FILE *out, const struct run *run, struct err *err);

static inline struct buf rendered(const struct run *run, renderer *render)
{
	struct buf b = {0};
	struct err err = {0};
	size_t n = 0;
	FILE *f = open_memstream(&b.data, &n);

	assert_non_null(f);
	int status = render(f, run, &err);
	check_row(status == 0, "%s", err.message);
	assert_int_equal(fclose(f), 0);
	b.len = n;
	b.cap = n + 1;
	return b;
}

// A report that cannot be written says so.
static inline void check_full_disk(renderer *render)
{
	struct sample s;
	struct err err = {0};
	FILE *f = fopen("/dev/full", "we");

	assert_non_null(f);
	begin_full(&s);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(render(f, &s.run, &err), -1);
	assert_true(err.message[0] != '\0');
	fclose(f);
	end(&s);
}

static inline bool is_valid_utf8(const struct buf *b)
{
	for (size_t i = 0, n; i < b->len; i += n)
		if ((n = text_utf8_length(b->data + i, b->len - i)) == 0)
			return false;
	return true;
}

static inline size_t occurrences(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

#endif
