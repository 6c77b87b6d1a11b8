// SPDX-License-Identifier: MIT
#include "report/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/format.h"
#include "report/layout.h"
#include "report/reporter.h"

#define MANY       10  // names of a list that are shown
#define PREFIX_MAX 100 // bytes of words that a worker puts before a message

// ---- what went wrong ----

static void add_text(struct buf *b, const char *text, const struct text_style *style)
{
	if (text && *text)
		format_output(b, text, strlen(text), "      ", style->colours);
}

// A message that begins with the place needs it no second time.
static bool tells_place(const char *message, const char *file, int line)
{
	int told;
	size_t n = message ? text_place(message, &told) : 0;

	return n && told == line && strlen(file) == n && strncmp(message, file, n) == 0;
}

// "  x NAME  (FILE:LINE)".
static void add_subject(struct buf *b, const char *name, const struct failure *f)
{
	struct buf place = {0};

	buf_addstr(b, "  x ");
	layout_words(b, name, 4);
	if (f->file && !tells_place(f->message, f->file, f->line)) {
		buf_addf(&place, f->line > 0 ? "(%s:%d)" : "(%s)", f->file, f->line);
		layout_remark(b, place.data, 6);
	}
	buf_addch(b, '\n');
	buf_release(&place);
}

// The reason of a file that died repeats the message of the test that was running, and its name:
// "MESSAGE in "NAME" (3 of 5 done)".
static bool is_said(const struct result *r, const char *message)
{
	size_t n = message ? strlen(message) : 0;

	if (n == 0 || !r->reason || strncmp(r->reason, message, n) != 0)
		return false;
	const char *rest = r->reason + n;
	return *rest == '\0' || strncmp(rest, " in \"", 5) == 0 || strncmp(rest, " (", 2) == 0;
}

static void add_test(struct buf *b, const struct result *r, const struct test_case *t,
		     const struct text_style *style)
{
	const struct failure f = {.message = t->message, .file = t->file, .line = t->line};
	struct buf name = {0};

	failure_test_name(&name, t);
	if (t->round > 0)
		buf_addf(&name, " (round %d)", t->round);
	if (!r->forgiven && quarantine_forgives(r, t))
		buf_addstr(&name, " (in quarantine)");
	add_subject(b, name.data, &f);
	if (!is_said(r, t->message))
		add_text(b, t->message, style);
	add_text(b, t->traceback, style);
	buf_release(&name);
}

// What keeps the whole file from running needs no subject.
static bool is_of_the_file(const struct result *r, const struct file_error *e)
{
	return !e->name && r->tests.n == 0 &&
	       (!e->where || strcmp(e->where, "load") == 0 || strcmp(e->where, "file") == 0);
}

static void add_error(struct buf *b, const struct result *r, const struct file_error *e,
		      const struct text_style *style)
{
	const struct failure f = {.message = e->message, .file = e->file, .line = e->line};
	struct buf subject = {0};

	format_error_name(&subject, e);
	if (!is_of_the_file(r, e))
		add_subject(b, subject.data, &f);
	add_text(b, e->message, style);
	add_text(b, e->traceback, style);
	buf_release(&subject);
}

static void add_never_ran(struct buf *b, const struct result *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->tests.n; i++) {
		struct buf name = {0};
		if (!format_never_ran(&r->tests.items[i]) || ++n > MANY)
			continue;
		failure_test_name(&name, &r->tests.items[i]);
		buf_addf(&name, " (%s)", r->tests.items[i].message);
		buf_addstr(b, "  - ");
		layout_words(b, name.data, 4);
		buf_addch(b, '\n');
		buf_release(&name);
	}
	if (n > MANY)
		buf_addf(b, "  - and %zu more that never ran\n", n - MANY);
}

static void add_wrongs(struct buf *b, const struct result *r, const struct text_style *style)
{
	for (size_t i = 0; i < r->errors.n; i++)
		add_error(b, r, &r->errors.items[i], style);
	for (size_t i = 0; i < r->tests.n; i++)
		if (failure_is_test(&r->tests.items[i]))
			add_test(b, r, &r->tests.items[i], style);
	add_never_ran(b, r);
}

// ---- what it wrote ----

// A text that stands above the output, and need not be read in it once more.
struct told_text {
	char *text;
	struct told_text *next; // with the same first line
};

struct told {
	const struct text_style *style;
	struct map by_line; // of told_text, by the first line
};

static void told_release(struct told *t)
{
	for (size_t i = 0; i < t->by_line.cap; i++)
		for (struct told_text *x = t->by_line.slots[i].value, *next; x; x = next) {
			next = x->next;
			free(x->text);
			free(x);
		}
	map_release(&t->by_line);
}

static void tell(struct told *t, const char *text)
{
	struct buf b = {0};
	int line;

	format_output(&b, text, strlen(text), "", t->style->colours);
	while (b.len > 0 && b.data[b.len - 1] == '\n')
		b.data[--b.len] = '\0';
	// A short line may be there for another reason.
	if (b.len > 0 && *b.data != '\n' && (strchr(b.data, '\n') || text_place(b.data, &line))) {
		struct told_text *x = xcalloc(1, sizeof *x);
		char *first = xstrndup(b.data, strcspn(b.data, "\n"));
		x->text = buf_detach(&b);
		x->next = map_put(&t->by_line, first, x);
		free(first);
	}
	buf_release(&b);
}

static void tell_failure(const struct failure *f, void *arg)
{
	if (f->message && f->traceback) {
		char *both = xasprintf("%s\n%s", f->message, f->traceback);
		tell(arg, both);
		free(both);
	}
	if (f->message)
		tell(arg, f->message);
	if (f->traceback)
		tell(arg, f->traceback);
}

// How much of s, which begins with the first line of them, is the longest of these texts.
static size_t length_of_longest(const struct told_text *x, const char *s)
{
	size_t longest = 0;

	for (; x; x = x->next) {
		size_t n = strlen(x->text);
		if (n > longest && strncmp(s, x->text, n) == 0 && (s[n] == '\n' || s[n] == '\0'))
			longest = n;
	}
	return longest;
}

// The length of the line at s and the lines behind it, if they are a text that was told already;
// words of the worker may stand before it: "lua: ".
static size_t length_of_told(const struct told *t, const char *s)
{
	size_t len = strcspn(s, "\n"), found = 0;
	char *line = xstrndup(s, len);

	for (size_t at = 0; !found && at < len && at < PREFIX_MAX;
	     at += strcspn(line + at, " ") + 1) {
		size_t n = length_of_longest(map_get(&t->by_line, line + at), s + at);
		found = n ? at + n : 0;
	}
	free(line);
	return found;
}

// The length of what the reporter of the framework says at s of tests that are told of above, with
// the empty lines behind it; 0: nothing.
static size_t length_of_reported(const struct told *t, enum framework framework, const char *s)
{
	size_t n = reporter_summary(framework, s), heading = n ? 0 : reporter_heading(framework, s);
	size_t told = heading ? length_of_told(t, s + heading) : 0;

	n = told ? heading + told : n;
	return n ? n + strspn(s + n, "\n") : 0;
}

// What of a worker's output is to be read.
struct news {
	struct buf lines;
	bool any;          // there is something new in them
	bool was_reported; // what the framework's reporter says is left out
};

static void find_news(struct news *news, const char *s, const struct told *t,
		      enum framework framework)
{
	while (*s) {
		size_t reported = length_of_reported(t, framework, s);
		news->was_reported |= reported > 0;
		s += reported;
		if (reported)
			continue;
		size_t told = length_of_told(t, s), n = told ? told : strcspn(s, "\n");
		buf_addstr(&news->lines, "    | ");
		if (told)
			buf_addstr(&news->lines, "(shown above)");
		else
			buf_add(&news->lines, s, n);
		buf_addch(&news->lines, '\n');
		news->any |= !told && strspn(s, " \t") < n;
		s += n + (s[n] == '\n');
	}
}

static void add_output(struct buf *b, const struct result *r, const struct text_style *style)
{
	struct told told = {.style = style};
	struct news news = {0};
	struct buf clean = {0};

	if (!style->worker_output || r->output_len == 0)
		return;
	failure_each(r, tell_failure, &told);
	format_output(&clean, r->output, r->output_len, "", style->colours);
	if (clean.len > 0)
		find_news(&news, clean.data, &told, r->framework);
	if (news.any)
		buf_addf(b, "  output of the worker%s%s:\n%s",
			 news.was_reported ? ", without the summary of " : "",
			 news.was_reported ? framework_name(r->framework) : "", news.lines.data);
	told_release(&told);
	buf_release(&clean);
	buf_release(&news.lines);
}

// ---- attempts ----

static void add_seed(struct buf *b, const struct result *r)
{
	if (!r->seed)
		return;
	buf_addstr(b, "  shuffled by seed ");
	text_add_visible(b, r->seed);
	if (r->framework == FRAMEWORK_BUSTED) {
		buf_addstr(b, ": -- --shuffle --seed=");
		text_add_visible(b, r->seed);
		buf_addstr(b, " repeats it");
	}
	buf_addch(b, '\n');
}

struct attempts {
	struct buf *b;
	const struct text_style *style;
	const struct result *last; // whose failures stand above, or NULL
};

// The same failures are shown once. What was written may differ by a time or an address.
static bool is_the_same(const struct result *a, const struct result *b,
			const struct text_style *style)
{
	struct buf x = {0}, y = {0};
	const char *reason = a->reason ? a->reason : "";

	add_wrongs(&x, a, style);
	add_wrongs(&y, b, style);
	bool same = a->status == b->status && strcmp(reason, b->reason ? b->reason : "") == 0 &&
		    x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
	buf_release(&x);
	buf_release(&y);
	return same;
}

static void add_attempt(const struct result *r, void *arg)
{
	const struct attempts *a = arg;
	struct buf line = {0};

	if (a->last && is_the_same(r, a->last, a->style)) {
		buf_addf(a->b, "  attempt %d failed in the same way\n", r->attempt);
		return;
	}
	buf_addf(&line, "attempt %d failed: %s", r->attempt, r->reason ? r->reason : "");
	buf_addstr(a->b, "  ");
	layout_words(a->b, line.data, 6);
	buf_addch(a->b, '\n');
	buf_release(&line);
	add_seed(a->b, r);
	add_wrongs(a->b, r, a->style);
	add_output(a->b, r, a->style);
}

static bool are_all_the_same(const struct result *r, const struct text_style *style)
{
	for (const struct result *e = r->earlier; e; e = e->earlier)
		if (!is_the_same(e, r, style))
			return false;
	return true;
}

// "FAIL PATH: REASON".
static void add_header(struct buf *b, const struct result *r, const char *reason,
		       const struct text_style *style)
{
	layout_label(b, r, style->colours, 0);
	buf_addch(b, ' ');
	text_add_visible(b, r->job->path);
	buf_addch(b, ':');
	layout_remark(b, reason, 4);
	buf_addch(b, '\n');
}

// That it is forgiven, and for how long; or is no longer.
static void add_quarantine(struct buf *b, const struct result *r)
{
	struct buf line = {0};

	if (!r->quarantine)
		return;
	quarantine_describe(&line, r->quarantine, r->started_ns, true);
	if (!r->forgiven && quarantine_holds(r->quarantine, r->started_ns))
		buf_addstr(&line, "; not all that is wrong with it is");
	buf_addstr(b, "  ");
	layout_words(b, line.data, 4);
	buf_addch(b, '\n');
	buf_release(&line);
}

void explain_failure(struct buf *b, const struct run *run, const struct result *r,
		     const struct text_style *style)
{
	struct attempts earlier = {b, style, r};
	bool same = are_all_the_same(r, style);

	add_header(b, r, r->reason ? r->reason : file_status_name(r->status), style);
	if (run->repeated && r->attempts > 1)
		buf_addf(b, "  failed %d of %d times, first at attempt %d, which is shown here\n",
			 r->failures, r->attempts, r->attempt);
	else if (r->attempts > 1)
		buf_addf(b, "  failed%s at each of its %d attempts%s\n",
			 same ? " in the same way" : "", r->attempts,
			 same ? "" : "; this is the last");
	add_quarantine(b, r);
	add_seed(b, r);
	add_wrongs(b, r, style);
	add_output(b, r, style);
	if (!same)
		format_each_earlier(r, add_attempt, &earlier);
}

// ---- concurrent files ----

struct concurrent {
	struct buf *b;
	size_t n;
};

static void add_neighbour(const char *path, void *arg)
{
	struct concurrent *c = arg;

	if (++c->n > MANY)
		return;
	buf_addstr(c->b, "      ");
	text_add_visible(c->b, path);
	buf_addch(c->b, '\n');
}

static void add_concurrent(struct buf *b, const struct run *run, const struct result *r)
{
	struct concurrent c = {.b = b};

	if (!result_fails_only_concurrently(r))
		return;
	buf_addstr(
		b,
		"  fails only beside other files: it passed alone, and failed while these ran:\n");
	run_each_concurrent(run, r->earlier, add_neighbour, &c);
	if (c.n > MANY)
		buf_addf(b, "      and %zu more\n", c.n - MANY);
}

void explain_flaky(struct buf *b, const struct run *run, const struct result *r,
		   const struct text_style *style)
{
	struct attempts earlier = {b, style, NULL};
	char passed[64];

	snprintf(passed, sizeof passed, "%s at attempt %d",
		 r->forgiven ? "failed in quarantine alone" : "passed", r->attempt);
	add_header(b, r, passed, style);
	if (r->forgiven) {
		add_quarantine(b, r);
		add_wrongs(b, r, style);
	}
	add_concurrent(b, run, r);
	format_each_earlier(r, add_attempt, &earlier);
}
