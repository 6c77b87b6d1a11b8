// SPDX-License-Identifier: MIT
// What the files of this layer share.
#ifndef HISTORY_PRIVATE_H
#define HISTORY_PRIVATE_H

#include "history/summary.h"
#include "history/views.h"
#include "history/window.h"

struct buf;

#define COLUMNS(c) c, sizeof c / sizeof *c

// A question while it is answered.
struct question {
	struct answer *answer;
	struct store *store;
	const struct history_request *request;
	const struct window *window;
	bool *found; // for each of the paths: something below it is known
};

// The files that are asked for. The caller releases s on failure as well.
int question_files(struct question *q, unsigned parts, struct summaries *s, struct err *err);
// Adds a line for an answer that has nothing to show, unless the reason is that all the paths are
// unknown: that is told anyway.
void question_nothing(struct question *q, const char *line);
// The name of a test, with blanks between its groups; the caller frees it.
char *question_test_name(const char *name);
// Three cells: a run, when it began, and its commit. NULL: unknown.
void question_add_run(struct table *t, const struct past_run *run);
// Appends a bar for each of n figures, from 0 to the greatest; -1 is a gap.
void question_draw(const struct question *q, struct buf *b, const int64_t *figures, size_t n);

int answer_overview(struct question *q, struct err *err);
int answer_runs(struct question *q, struct err *err);
int answer_files(struct question *q, struct err *err);
int answer_slowest(struct question *q, struct err *err);
int answer_failing(struct question *q, struct err *err);
int answer_flaky(struct question *q, struct err *err);
int answer_regressions(struct question *q, struct err *err);
int answer_new(struct question *q, struct err *err);
int answer_tests(struct question *q, struct err *err);

// What went wrong first in the file's result of that run. Strings are owned; NULL: unknown.
struct last_words {
	char *test, *message;
};

int question_last_words(struct question *q, const struct summary *s, int64_t run,
			struct last_words *words, struct err *err);
void last_words_release(struct last_words *words);
// Begins a table of tests; title as answer_table has it.
struct table *question_begin_tests(struct question *q, const char *title);
// Such a table with the file's tests of which wanted(name) is true, in the runs of its last `most`
// results.
int question_add_tests(struct question *q, const struct summary *s, const char *title, size_t most,
		       bool (*wanted)(const char *name, void *arg), void *arg, struct err *err);
// The run of the file's latest result that is bad; 0: there is none. It needs SUMMARY_TRAIL.
int64_t summary_last_bad_run(const struct summary *s);

#endif
