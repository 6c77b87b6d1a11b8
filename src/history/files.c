// SPDX-License-Identifier: MIT
// Single files: their results, their last failure, their tests.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "history/private.h"

#define LATEST   10 // results that people see
#define DRAWN    50
#define TESTS_OF 100 // runs
#define MILLION  1000000

static const struct column file_columns[] = {
	{"path", NULL, CELL_PATH},
	{"results", NULL, CELL_NUMBER},
	{"passed", NULL, CELL_NUMBER},
	{"bad", NULL, CELL_NUMBER},
	{"last", NULL, CELL_STATUS},
	{"median", NULL, CELL_SECONDS},
	{"p95", NULL, CELL_SECONDS},
	{"cpu_share", NULL, CELL_SHARE},
	{"peak", NULL, CELL_BYTES},
	{"tries", NULL, CELL_NUMBER},
	{"flips", NULL, CELL_NUMBER},
	{"failing_since_run", NULL, CELL_NUMBER},
	{"last_failure_run", NULL, CELL_NUMBER},
	{"last_failure_test", NULL, CELL_TEXT},
	{"last_failure_message", NULL, CELL_TEXT},
};

static const struct column result_columns[] = {
	{"path", NULL, CELL_PATH},       {"run", "Run", CELL_NUMBER},
	{"started", "When", CELL_TIME},  {"revision", "Commit", CELL_REVISION},
	{"attempt", NULL, CELL_NUMBER},  {"status", "Result", CELL_STATUS},
	{"wall", "Time", CELL_SECONDS},  {"cpu", "CPU", CELL_SECONDS},
	{"delay", NULL, CELL_SECONDS},   {"peak", "Memory", CELL_BYTES},
	{"inputs", "Inputs", CELL_TEXT},
};

static const struct column test_columns[] = {
	{"path", NULL, CELL_PATH},          {"pass_rate", "Passed", CELL_SHARE},
	{"ran", "Of", CELL_NUMBER},         {"last", "Last", CELL_STATUS},
	{"median", "Median", CELL_SECONDS}, {"last_bad_run", "Failed", CELL_NUMBER},
	{"test", "Test", CELL_TEXT},
};

static struct table *begin_files(struct question *q)
{
	return answer_table(q->answer, "files", NULL, COLUMNS(file_columns));
}

static void add_file_row(struct question *q, const struct summary *s, int64_t bad_run,
			 const struct last_words *words)
{
	struct table *t = begin_files(q);

	table_text(t, s->path);
	table_number(t, (int64_t)s->trail.n);
	table_number(t, (int64_t)s->passed);
	table_number(t, (int64_t)s->bad);
	table_text(t, file_status_name(s->last));
	table_number(t, s->median_ns);
	table_number(t, s->p95_ns);
	table_number(t, summary_cpu_share(s));
	table_number(t, s->peak_bytes);
	table_number(t, (int64_t)s->flips.tries);
	table_number(t, (int64_t)s->flips.flips);
	table_number(t, s->bad_since ? s->bad_since->id : -1);
	table_number(t, bad_run > 0 ? bad_run : -1);
	table_text(t, words->test);
	table_text(t, words->message);
}

// ---- what people read ----

static void add_figures(struct question *q, const struct summary *s)
{
	struct buf b = {0};

	buf_addf(&b, "  %zu result%s: %zu passed, %zu failed", s->trail.n,
		 s->trail.n == 1 ? "" : "s", s->passed, s->bad);
	if (s->median_ns >= 0)
		buf_addf(&b, "; median %.3fs, 95 %% within %.3fs", ns_to_sec(s->median_ns),
			 ns_to_sec(s->p95_ns));
	answer_line(q->answer, "%s", b.data);
	buf_clear(&b);
	if (s->peak_bytes >= 0)
		buf_addf(&b, "  at most %lld MiB", (long long)(s->peak_bytes >> 20));
	if (summary_cpu_share(s) >= 0)
		buf_addf(&b, ", computing for %lld %% of its time",
			 (long long)(summary_cpu_share(s) / (MILLION / 100)));
	if (b.len > 0)
		answer_line(q->answer, "%s", b.data);
	buf_release(&b);
	if (s->flips.flips > 0)
		answer_line(q->answer, "  passed and failed without a change: %zu of %zu times",
			    s->flips.flips, s->flips.tries);
}

static void add_drawing(struct question *q, const struct summary *s)
{
	size_t from = s->trail.n > DRAWN ? s->trail.n - DRAWN : 0;
	int64_t walls[DRAWN];
	struct buf b = {0};

	for (size_t i = from; i < s->trail.n; i++)
		walls[i - from] =
			sample_is_timed(&s->trail.items[i]) ? s->trail.items[i].wall_ns : -1;
	question_draw(q, &b, walls, s->trail.n - from);
	answer_line(q->answer, "  Time of the last %zu: %s", s->trail.n - from, b.data);
	buf_release(&b);
}

static void add_words(struct question *q, int64_t bad_run, const struct last_words *words)
{
	if (!words->message)
		return;
	answer_line(q->answer, "%s", "");
	answer_line(q->answer, "Last failure, in run %lld%s%s", (long long)bad_run,
		    words->test ? ": " : "", words->test ? words->test : "");
	answer_mark(q->answer);
	for (const char *p = words->message; *p;) {
		size_t n = strcspn(p, "\n");
		answer_line(q->answer, "  %.*s", (int)n, p);
		p += n + (p[n] != '\0');
	}
}

// ---- results ----

static void add_result(struct table *t, const struct question *q, const struct summary *s,
		       const struct sample *sample)
{
	static const char *const inputs[] = {
		[INPUTS_UNKNOWN] = NULL, [INPUTS_SAME] = "same", [INPUTS_MOVED] = "changed"};

	table_text(t, s->path);
	question_add_run(t, window_run(q->window, sample->run));
	table_number(t, sample->attempt);
	table_text(t, file_status_name(sample->status));
	table_number(t, sample->wall_ns);
	table_number(t, sample->cpu_ns);
	table_number(t, sample->delay_ns);
	table_number(t, sample->peak_bytes);
	table_text(t, inputs[sample->inputs <= INPUTS_MOVED ? sample->inputs : INPUTS_UNKNOWN]);
}

static struct table *begin_results(struct question *q, const char *title)
{
	return answer_table(q->answer, "results", title, COLUMNS(result_columns));
}

static void add_results(struct question *q, const struct summary *s)
{
	struct table *t = begin_results(q, "");

	t->most = LATEST;
	for (size_t i = s->trail.n; i-- > 0;)
		add_result(t, q, s, &s->trail.items[i]);
}

// ---- tests ----

// The runs of the last `most` results, in the order of time. The caller frees them.
static int64_t *latest_runs(const struct summary *s, size_t most, size_t *n)
{
	size_t from = s->trail.n > most ? s->trail.n - most : 0;
	int64_t *runs = xcalloc(s->trail.n - from + 1, sizeof *runs);

	*n = 0;
	for (size_t i = from; i < s->trail.n; i++)
		if (*n == 0 || runs[*n - 1] != s->trail.items[i].run)
			runs[(*n)++] = s->trail.items[i].run;
	return runs;
}

static void add_test(struct table *t, const char *path, const struct past_test *p)
{
	char *name = question_test_name(p->name);

	table_text(t, path);
	table_number(t, p->ran ? (int64_t)((double)p->passed / (double)p->ran * MILLION) : -1);
	table_number(t, p->ran);
	table_text(t, p->last ? test_status_name(p->last) : NULL);
	table_number(t, p->median_ns);
	table_number(t, p->last_bad_run ? p->last_bad_run : -1);
	table_text(t, name);
	free(name);
}

struct table *question_begin_tests(struct question *q, const char *title)
{
	return answer_table(q->answer, "tests", title, COLUMNS(test_columns));
}

int question_add_tests(struct question *q, const struct summary *s, const char *title, size_t most,
		       bool (*wanted)(const char *name, void *arg), void *arg, struct err *err)
{
	struct table *t = question_begin_tests(q, title);
	struct past_tests tests = {0};
	size_t n;
	int64_t *runs = latest_runs(s, most, &n);
	int status = history_load_tests(q->store, s->file, runs, n, wanted, arg, &tests, err);

	// Those that are no more are not told of.
	for (size_t i = 0; status == 0 && i < tests.n; i++)
		if (tests.items[i].last)
			add_test(t, s->path, &tests.items[i]);
	past_tests_release(&tests);
	free(runs);
	return status;
}

// ---- the whole ----

static int add_file(struct question *q, const struct summary *s, struct err *err)
{
	int64_t bad_run = summary_last_bad_run(s);
	struct last_words words = {0};
	int status = bad_run ? question_last_words(q, s, bad_run, &words, err) : 0;

	add_file_row(q, s, bad_run, &words);
	answer_line(q->answer, "%s", s->path);
	add_figures(q, s);
	add_drawing(q, s);
	answer_line(q->answer, "%s", "");
	add_results(q, s);
	add_words(q, bad_run, &words);
	last_words_release(&words);
	answer_line(q->answer, "%s", "");
	return status == 0 ? question_add_tests(q, s, "", TESTS_OF, NULL, NULL, err) : status;
}

int answer_files(struct question *q, struct err *err)
{
	struct summaries s = {0};
	int status = question_files(q, SUMMARY_FIGURES | SUMMARY_TRAIL, &s, err);

	// Programs find all tables, whatever is in them.
	begin_files(q);
	begin_results(q, NULL);
	question_begin_tests(q, NULL);
	for (size_t i = 0; status == 0 && i < s.n; i++) {
		if (i > 0)
			answer_line(q->answer, "%s", "");
		status = add_file(q, &s.items[i], err);
	}
	if (s.n == 0)
		question_nothing(q, "No result.");
	summaries_release(&s);
	return status;
}
