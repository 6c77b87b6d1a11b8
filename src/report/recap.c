// SPDX-License-Identifier: MIT
#include "report/recap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/run.h"
#include "report/format.h"
#include "report/layout.h"
#include "report/place.h"

#define SHARED   3   // failures that make a cause worth a line of its own
#define CELLS    160 // of a message
#define REVISION 8   // digits

struct collecting {
	struct recap *recap;
	const struct result *result; // whose failures are added now
	size_t rank;
};

// ---- collecting ----

// What f says in one line, without the place. Frames and lists of folders that were searched, which
// are indented, are left out.
static char *find_cause(const struct failure *f, const struct result *r)
{
	const char *message = f->message;
	struct buf b = {0};
	struct place place;

	if (failure_place(f, r, &place)) {
		buf_add(&b, message, place.at);
		message += place.at + place.n + 1;
		message += strspn(message, "0123456789");
	}
	message += strspn(message, ": \n");
	for (bool first = true; *message; first = false) {
		size_t n = strcspn(message, "\n");
		if (!first && (n == 0 || strchr("\t ", *message) ||
			       strncmp(message, "stack traceback:", n) == 0))
			break;
		if (!first)
			buf_addch(&b, ' ');
		buf_add(&b, message, n);
		message += n + (message[n] == '\n');
	}
	while (b.len > 0 && strchr(": ", b.data[b.len - 1]))
		b.data[--b.len] = '\0';
	buf_reserve(&b, 0);
	return buf_detach(&b);
}

// What has ended the file says more than what it said when it was ended: "interrupted!".
static void add_end(struct recap_entry *e, const struct failure *f)
{
	const struct result *r = e->result;
	char *said = e->cause;

	if (f->test || !f->message || !*f->message || !r->reason || f->message == r->reason ||
	    (r->status != FILE_TIMEOUT && r->status != FILE_LIMIT))
		return;
	e->cause = xasprintf("%s: %s", r->reason, said);
	free(said);
}

static void collect(const struct failure *f, void *arg)
{
	const struct collecting *c = arg;
	if (f->forgiven)
		return;
	struct recap_entry e = {.result = c->result, .rank = c->rank, .n = 1, .since = f->since};
	const char *reason =
		c->result->reason ? c->result->reason : file_status_name(c->result->status);

	place_find(f, c->result, &e.file, &e.line);
	e.line = e.line > 0 ? e.line : 1;
	e.name = f->test ? xstrdup(f->test) : NULL;
	struct failure said = *f;
	if (!f->message || !*f->message)
		said.message = f->test ? "" : reason;
	e.cause = find_cause(&said, c->result);
	add_end(&e, f);
	VEC_PUSH(c->recap, e);
}

static void collect_all(struct recap *recap, const struct run *run)
{
	struct collecting c = {.recap = recap};

	for (; c.rank < run->results.n; c.rank++) {
		c.result = run->results.items[c.rank];
		if (result_is_bad(c.result))
			failure_each(c.result, collect, &c);
	}
}

bool recap_is_old(const struct recap_entry *e)
{
	return e->since && e->since->run != 0;
}

// The causes that several failures have, new ones and those of before apart; "failed" without a
// word is none.
static void count_causes(struct recap *c)
{
	struct map counts[2] = {0};

	for (size_t i = 0; i < c->n; i++) {
		const struct recap_entry *e = &c->items[i];
		struct map *m = &counts[recap_is_old(e)];
		map_put(m, e->cause, (void *)((uintptr_t)map_get(m, e->cause) + 1));
	}
	for (size_t i = 0; i < c->n; i++) {
		struct recap_entry *e = &c->items[i];
		size_t n = (uintptr_t)map_get(&counts[recap_is_old(e)], e->cause);
		e->n = n >= SHARED && *e->cause ? n : 1;
	}
	map_release(&counts[0]);
	map_release(&counts[1]);
}

// ---- the lines ----

static int by_age_cause_and_file(const void *a, const void *b)
{
	const struct recap_entry *x = a, *y = b;
	int order;

	if (recap_is_old(x) != recap_is_old(y))
		return recap_is_old(x) - recap_is_old(y);
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->n > 1 && (order = strcmp(x->cause, y->cause)) != 0)
		return order;
	if ((order = strcmp(x->result->job->path, y->result->job->path)) != 0)
		return order;
	// qsort keeps no order of its own.
	return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : x->line - y->line;
}

void recap_add_cause(struct buf *b, const char *cause)
{
	struct buf visible = {0};

	text_add_visible(&visible, cause);
	size_t fits = layout_fitting(visible.data ? visible.data : "", visible.len, CELLS);
	buf_add(b, visible.data ? visible.data : "", fits);
	if (fits < visible.len)
		buf_addstr(b, "...");
	buf_release(&visible);
}

static void add_cause_line(struct buf *b, const struct recap_entry *e)
{
	buf_addf(b, "%zu failures: ", e->n);
	recap_add_cause(b, e->cause);
	buf_addch(b, '\n');
}

void recap_add_past(struct buf *b, const struct run *run, const struct recap_entry *e)
{
	const struct since *s = e->since;
	const char *comma = e->result->unsteady ? ", " : "";

	buf_addstr(b, e->result->unsteady ? "flaky before" : "");
	if (!recap_is_old(e))
		return;
	buf_addf(b, "%ssince run %lld%s, ", comma, (long long)s->run,
		 s->or_before ? " or before" : "");
	if (s->revision)
		buf_addf(b, "%.*s, ", REVISION, s->revision);
	format_age(b, run->started_ns - s->started_ns);
}

// In parentheses it is no part of what editors look for.
static void add_past(struct buf *b, const struct run *run, const struct recap_entry *e)
{
	struct buf past = {0};

	recap_add_past(&past, run, e);
	if (past.len)
		buf_addf(b, " (%s)", past.data);
	buf_release(&past);
}

static void add_entry(struct buf *b, const struct run *run, const struct recap_entry *e)
{
	text_add_visible(b, e->file);
	buf_addf(b, ":%d:", e->line);
	if (e->name) {
		buf_addch(b, ' ');
		text_add_visible(b, e->name);
	}
	if (e->n == 1 && *e->cause) {
		buf_addstr(b, e->name ? ": " : " ");
		recap_add_cause(b, e->cause);
	} else if (!e->name) {
		buf_addstr(b, " the whole file");
	}
	add_past(b, run, e);
	buf_addch(b, '\n');
}

const char *recap_headline(const struct recap_entry *e)
{
	return recap_is_old(e) ? "Failures of before" : e->since ? "New failures" : "Failures";
}

bool recap_begins(const struct recap *c, size_t i)
{
	return i == 0 || recap_is_old(&c->items[i]) != recap_is_old(&c->items[i - 1]);
}

bool recap_begins_cause(const struct recap *c, size_t i)
{
	const struct recap_entry *e = &c->items[i];

	return e->n > 1 && (recap_begins(c, i) || strcmp(e->cause, e[-1].cause) != 0);
}

void recap_open(struct recap *c, const struct run *run)
{
	*c = (struct recap){0};
	collect_all(c, run);
	count_causes(c);
	if (c->n > 0)
		qsort(c->items, c->n, sizeof *c->items, by_age_cause_and_file);
}

void recap_close(struct recap *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].file);
		free(c->items[i].name);
		free(c->items[i].cause);
	}
	free(c->items);
}

void recap_add(struct buf *b, const struct run *run)
{
	struct recap c;

	recap_open(&c, run);
	for (size_t i = 0; i < c.n; i++) {
		const struct recap_entry *e = &c.items[i];
		if (recap_begins(&c, i))
			buf_addf(b, "%s:\n", recap_headline(e));
		if (recap_begins_cause(&c, i))
			add_cause_line(b, e);
		add_entry(b, run, e);
	}
	recap_close(&c);
}
