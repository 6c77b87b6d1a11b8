// SPDX-License-Identifier: MIT
#include "model/failure.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/text.h"
#include "model/job.h"
#include "model/quarantine.h"
#include "model/result.h"

void failure_test_name(struct buf *b, const struct test_case *t)
{
	for (size_t i = 0; i < t->npath; i++)
		buf_addf(b, "%s ", t->path[i]);
	buf_addstr(b, t->name ? t->name : "(no name)");
}

bool failure_is_test(const struct test_case *t)
{
	return t->status == TEST_FAILED || t->status == TEST_ERROR;
}

bool failure_is_explained(const struct result *r)
{
	if (r->errors.n > 0)
		return true;
	// What is forgiven explains nothing that is not.
	for (size_t i = 0; i < r->tests.n; i++)
		if (failure_is_test(&r->tests.items[i]) &&
		    (r->forgiven || !quarantine_forgives(r, &r->tests.items[i])))
			return true;
	return false;
}

void failure_each(const struct result *r, void (*each)(const struct failure *f, void *arg),
		  void *arg)
{
	for (size_t i = 0; i < r->errors.n; i++) {
		const struct file_error *e = &r->errors.items[i];
		const struct failure f = {e->name, e->message, e->traceback, e->file,
					  e->line, r->since,   r->forgiven};
		each(&f, arg);
	}
	for (size_t i = 0; i < r->tests.n; i++) {
		const struct test_case *t = &r->tests.items[i];
		struct buf name = {0};
		if (!failure_is_test(t))
			continue;
		failure_test_name(&name, t);
		const struct failure f = {name.data,
					  t->message,
					  t->traceback,
					  t->file,
					  t->line,
					  t->since,
					  quarantine_forgives(r, t)};
		each(&f, arg);
		buf_release(&name);
	}
	if (file_status_is_bad(r->status) && !failure_is_explained(r)) {
		const struct failure f = {
			.message = r->reason, .since = r->since, .forgiven = r->forgiven};
		each(&f, arg);
	}
}

// ---- where it says that it is ----

static bool is_named(const char *name, size_t n, const char *path)
{
	return path && strlen(path) == n && memcmp(path, name, n) == 0;
}

static bool has_ending(const char *name, size_t n, const char *ending)
{
	size_t length = ending ? strlen(ending) : 0;

	return length > 0 && n > length && memcmp(name + n - length, ending, length) == 0;
}

static bool has_frame(const struct failure *f, const char *name, const struct place *p)
{
	char *frame = xasprintf("\t%.*s:%d:", (int)p->n, name, p->line);
	bool has = f->traceback && strstr(f->traceback, frame);

	free(frame);
	return has;
}

static bool is_source(const char *name, const struct place *p, const struct failure *f,
		      const struct result *r)
{
	static const char text[] = "[string \"", cut[] = "...";
	const char *path = r->job->path;

	if (is_named(name, p->n, f->file) || is_named(name, p->n, path) || has_frame(f, name, p))
		return true;
	if (strncmp(name, text, strlen(text)) == 0)
		return true;
	// Words in front of a name have blanks; that of a folder may have some.
	return (strcspn(name, " \t") >= p->n || strncmp(name, cut, strlen(cut)) == 0) &&
	       (has_ending(name, p->n, ".lua") ||
		has_ending(name, p->n, strrchr(path_base(path), '.')));
}

// Where the last of the words in the first n bytes begins that ": " parts: "timed out after 1 s:
// FILE".
static size_t last_words(const char *s, size_t n)
{
	while (n > 0 && (n < 2 || memcmp(s + n - 2, ": ", 2) != 0))
		n--;
	return n;
}

bool failure_place(const struct failure *f, const struct result *r, struct place *place)
{
	const char *message = f->message ? f->message : "";
	size_t end = 0, n;

	while ((n = text_place(message + end, &place->line)) > 0) {
		end += n;
		for (int whole = 1; whole >= 0; whole--) {
			place->at = whole ? 0 : last_words(message, end);
			place->n = end - place->at;
			if (is_source(message + place->at, place, f, r))
				return true;
		}
		end++;
	}
	*place = (struct place){0};
	return false;
}
