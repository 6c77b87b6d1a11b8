// SPDX-License-Identifier: MIT
#include "cli/quarantined.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/session.h"
#include "model/failure.h"
#include "model/quarantine.h"

// All its tests have been seen, whatever became of them.
static bool ran_whole(const struct result *r)
{
	return !r->partial && !r->unproven && r->attempt == 1 &&
	       (r->status == FILE_PASSED || r->status == FILE_FAILED || r->status == FILE_SKIPPED);
}

// Whether a test of r is called so; if not, near has found the one that may be meant.
static bool has_test(const struct result *r, const char *name, struct nearest *near,
		     struct strings *names)
{
	for (size_t i = 0; i < r->tests.n; i++) {
		const struct test_case *t = &r->tests.items[i];
		struct buf full = {0};
		failure_test_name(&full, t);
		if (strcmp(full.data, name) == 0 || (t->name && strcmp(t->name, name) == 0)) {
			buf_release(&full);
			return true;
		}
		VEC_PUSH(names, buf_detach(&full));
		nearest_offer(near, names->items[names->n - 1]);
		if (t->name)
			nearest_offer(near, t->name);
	}
	return false;
}

static void check_name(const struct firmo_jobs *s, const struct result *r, const char *name,
		       void (*warn)(void *owner, const char *message), void *owner)
{
	struct nearest near = {.word = name, .n = strlen(name)};
	struct strings names = {0}; // near points to them
	struct buf b = {0};

	if (!has_test(r, name, &near, &names)) {
		text_add_visible(
			&b, variants_origin(&s->context.variants, r->job->settings, "quarantine"));
		buf_addstr(&b, ": ");
		text_add_visible(&b, r->job->path);
		buf_addstr(&b, " has no test \"");
		text_add_visible(&b, name);
		buf_addch(&b, '"');
		if (near.best) {
			buf_addstr(&b, "; did you mean \"");
			text_add_visible(&b, near.best);
			buf_addstr(&b, "\"?");
		}
		warn(owner, b.data);
	}
	strings_free_all(&names);
	buf_release(&b);
}

void quarantined_check(const struct firmo_jobs *s, const struct result *r,
		       void (*warn)(void *owner, const char *message), void *owner)
{
	const struct quarantine *q = r->quarantine;

	for (size_t i = 0; q && i < q->tests.n && ran_whole(r); i++)
		check_name(s, r, q->tests.items[i], warn, owner);
}
