// SPDX-License-Identifier: MIT
#include "report/junit_suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "report/format.h"
#include "report/xml.h"

static void entry_free(struct junit_entry *e)
{
	free(e->class);
	free(e->name);
	free(e->tags);
	free(e->outcomes.items);
	free(e);
}

void junit_suite_release(struct junit_suite *s)
{
	for (size_t i = 0; i < s->entries.n; i++)
		entry_free(s->entries.items[i]);
	free(s->entries.items);
	for (size_t i = 0; i < s->by_name.cap; i++) {
		struct junit_namesakes *names = s->by_name.slots[i].value;
		if (names)
			free(names->entries.items);
		free(names);
	}
	map_release(&s->by_name);
}

bool junit_outcome_is_bad(const struct junit_outcome *e)
{
	return !e->forgiven && (e->status == TEST_FAILED || e->status == TEST_ERROR);
}

static struct junit_namesakes *namesakes_of(struct junit_suite *s, const char *class,
					    const char *name, int round)
{
	char *key = xasprintf("%d %zu %s %s", round, strlen(class), class, name);
	struct junit_namesakes *names = map_get(&s->by_name, key);

	if (!names) {
		names = xcalloc(1, sizeof *names);
		map_put(&s->by_name, key, names);
	}
	free(key);
	return names;
}

static struct junit_entry *entry_for(struct junit_suite *s, const char *class, const char *name,
				     int round, const struct result *attempt)
{
	struct junit_namesakes *names = namesakes_of(s, class, name, round);

	if (names->attempt != attempt) {
		names->attempt = attempt;
		names->next = 0;
	}
	if (names->next == names->entries.n) {
		struct junit_entry *e = xcalloc(1, sizeof *e);
		e->class = xstrdup(class);
		e->name = xstrdup(name);
		e->number = s->entries.n;
		VEC_PUSH(&names->entries, e);
		VEC_PUSH(&s->entries, e);
	}
	return names->entries.items[names->next++];
}

static struct junit_entry *add_outcome(struct junit_suite *s, const char *class, const char *name,
				       int round, struct junit_outcome outcome)
{
	struct junit_entry *e = entry_for(s, class, name, round, outcome.attempt);

	if (!e->line) {
		e->file = outcome.file;
		e->line = outcome.line;
	}
	outcome.first_bad = junit_outcome_is_bad(&outcome) && !s->said_bad;
	s->said_bad |= junit_outcome_is_bad(&outcome);
	VEC_PUSH(&e->outcomes, outcome);
	return e;
}

static void add_test(struct junit_suite *s, const struct result *r, const struct test_case *t)
{
	struct buf class = {0}, tags = {0};

	// Many a file has a group of the same name.
	buf_addstr(&class, r->job->path);
	for (size_t i = 0; i < t->npath; i++)
		buf_addf(&class, "%s%s", i ? " " : ".", t->path[i]);
	for (size_t i = 0; i < t->ntags; i++)
		buf_addf(&tags, "%s%s", i ? "," : "", t->tags[i]);
	struct junit_entry *e = add_outcome(
		s, class.data, t->name ? t->name : "(no name)", t->round,
		(struct junit_outcome){t->status, t->message, t->traceback, t->wall_ns, r, false,
				       t->file, t->line, quarantine_forgives(r, t)});
	if (!e->tags && tags.len)
		e->tags = buf_detach(&tags);
	buf_release(&class);
	buf_release(&tags);
}

static enum test_status status_of_file(const struct result *r)
{
	return r->status == FILE_PASSED        ? TEST_PASSED
	       : r->status == FILE_FAILED      ? TEST_FAILED
	       : file_status_is_bad(r->status) ? TEST_ERROR
					       : TEST_SKIPPED;
}

// The file as a test of its own.
static void add_itself(struct junit_suite *s, const struct result *r, const char *message,
		       const char *traceback)
{
	add_outcome(s, r->job->path, r->job->path, 0,
		    (struct junit_outcome){status_of_file(r), message, traceback, r->wall_ns, r,
					   false, NULL, 0, r->forgiven});
}

// A file without tests has no errors outside of them: they are its own.
static void add_error(struct junit_suite *s, const struct result *r, const struct file_error *e)
{
	struct buf name = {0};

	if (!r->has_tests) {
		add_itself(s, r, e->message, e->traceback);
		return;
	}
	format_error_name(&name, e);
	add_outcome(s, r->job->path, name.data, 0,
		    (struct junit_outcome){TEST_ERROR, e->message, e->traceback, -1, r, false,
					   e->file, e->line, r->forgiven});
	buf_release(&name);
}

static void add_attempt(const struct result *r, void *arg)
{
	struct junit_suite *s = arg;

	s->said_bad = false;
	for (size_t i = 0; i < r->errors.n; i++)
		add_error(s, r, &r->errors.items[i]);
	for (size_t i = 0; i < r->tests.n; i++)
		add_test(s, r, &r->tests.items[i]);
	// Where no test shows how the file ended, it does so itself.
	if (file_status_is_bad(r->status) ? !failure_is_explained(r) : r->tests.n == 0)
		add_itself(s, r, r->reason, NULL);
}

void junit_suite_open(struct junit_suite *s, const struct result *r)
{
	*s = (struct junit_suite){.last = r};
	format_each_earlier(r, add_attempt, s);
	add_attempt(r, s);
}

// ---- names ----

static int by_line(const void *a, const void *b)
{
	const struct junit_entry *x = *(struct junit_entry *const *)a,
				 *y = *(struct junit_entry *const *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

// Whether no other entry is written under that name; it is taken then.
static bool take_name(struct map *taken, const char *class, const char *name)
{
	struct buf key = {0};

	xml_add_attribute(&key, "classname", class);
	xml_add_attribute(&key, "name", name);
	bool is_free = !map_get(taken, key.data);
	if (is_free)
		map_put(taken, key.data, taken);
	buf_release(&key);
	return is_free;
}

void junit_suite_tell_apart(struct junit_suite *s, struct map *taken)
{
	struct junit_entry **sorted = xmalloc((s->entries.n + 1) * sizeof *sorted);

	memcpy(sorted, s->entries.items, s->entries.n * sizeof *sorted);
	qsort(sorted, s->entries.n, sizeof *sorted, by_line);
	for (size_t i = 0; i < s->entries.n; i++) {
		struct junit_entry *e = sorted[i];
		char *name = xstrdup(e->name);
		for (int n = 2; !take_name(taken, e->class, name); n++) {
			free(name);
			name = xasprintf("%s (%d)", e->name, n);
		}
		free(e->name);
		e->name = name;
	}
	free(sorted);
}

// ---- how an entry ended in the end ----

const struct junit_outcome *junit_entry_last(const struct junit_entry *e)
{
	return &e->outcomes.items[e->outcomes.n - 1];
}

// What the last attempt lacks is as bad as its file.
static bool ended_badly(const struct junit_suite *s, const struct junit_entry *e)
{
	const struct junit_outcome *last = junit_entry_last(e);

	return junit_outcome_is_bad(last) && (last->attempt == s->last || result_is_bad(s->last));
}

const struct junit_outcome *junit_suite_primary(const struct junit_suite *s,
						const struct junit_entry *e)
{
	for (size_t i = 0; ended_badly(s, e) && i < e->outcomes.n; i++)
		if (junit_outcome_is_bad(&e->outcomes.items[i]))
			return &e->outcomes.items[i];
	return NULL;
}

bool junit_entry_is_skipped(const struct junit_entry *e)
{
	const struct junit_outcome *last = junit_entry_last(e);

	return last->status == TEST_SKIPPED || last->status == TEST_PENDING || last->forgiven;
}

struct junit_tally junit_suite_tally(const struct junit_suite *s)
{
	struct junit_tally n = {.tests = s->entries.n};

	for (size_t i = 0; i < s->entries.n; i++) {
		const struct junit_entry *e = s->entries.items[i];
		const struct junit_outcome *primary = junit_suite_primary(s, e);
		n.failures += primary && primary->status == TEST_FAILED;
		n.errors += primary && primary->status == TEST_ERROR;
		n.skipped += junit_entry_is_skipped(e);
	}
	return n;
}
