// SPDX-License-Identifier: MIT
#include "model/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/hits.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/quarantine.h"

static void free_since(struct since *s)
{
	if (s)
		free(s->revision);
	free(s);
}

void test_case_release(struct test_case *t)
{
	for (size_t i = 0; i < t->npath; i++)
		free(t->path[i]);
	free(t->path);
	for (size_t i = 0; i < t->ntags; i++)
		free(t->tags[i]);
	free(t->tags);
	free(t->name);
	free(t->file);
	free(t->message);
	free(t->traceback);
	free_since(t->since);
	*t = (struct test_case){0};
}

static void file_error_release(struct file_error *e)
{
	free(e->where);
	free(e->name);
	free(e->message);
	free(e->traceback);
	free(e->file);
}

static void release_errors(struct result *r)
{
	for (size_t i = 0; i < r->errors.n; i++)
		file_error_release(&r->errors.items[i]);
	free(r->errors.items);
	memset(&r->errors, 0, sizeof r->errors);
}

struct result *result_new(const struct job *job)
{
	struct result *r = xcalloc(1, sizeof *r);

	*r = (struct result){.job = job,
			     .framework = job->framework,
			     .attempt = 1,
			     .attempts = 1,
			     .slot = -1,
			     .exit_code = -1,
			     .expected = -1,
			     .delay_ns = -1};
	if (job->settings)
		r->quarantine = quarantine_copy(&job->settings->quarantine);
	return r;
}

static void free_inputs(struct inputs *in)
{
	if (in)
		inputs_release(in);
	free(in);
}

void result_forget_inputs(struct result *r)
{
	if (r->inputs)
		inputs_forget(r->inputs);
	free_inputs(r->last_inputs);
	r->last_inputs = NULL;
	hits_free(r->hits);
	r->hits = NULL;
}

void result_release(struct result *r)
{
	for (size_t i = 0; i < r->tests.n; i++)
		test_case_release(&r->tests.items[i]);
	release_errors(r);
	free(r->tests.items);
	free(r->reason);
	free(r->learned);
	free(r->output);
	free(r->seed);
	free_since(r->since);
	free_inputs(r->inputs);
	free_inputs(r->last_inputs);
	hits_free(r->hits);
	quarantine_free(r->quarantine);
	result_free(r->earlier);
	*r = (struct result){0};
}

void result_free(struct result *r)
{
	if (r)
		result_release(r);
	free(r);
}

static void count(struct counts *c, enum test_status s)
{
	c->total++;
	c->passed += s == TEST_PASSED;
	c->failed += s == TEST_FAILED;
	c->errors += s == TEST_ERROR;
	c->skipped += s == TEST_SKIPPED;
	c->pending += s == TEST_PENDING;
}

static void forgive(struct counts *c)
{
	c->total++;
	c->forgiven++;
}

static enum test_status as_test(enum file_status s)
{
	return s == FILE_PASSED    ? TEST_PASSED
	       : s == FILE_FAILED  ? TEST_FAILED
	       : s == FILE_SKIPPED ? TEST_SKIPPED
				   : TEST_ERROR;
}

void result_skip(struct result *r, char *reason)
{
	char *whole = file_status_is_bad(r->status) && r->reason
			      ? xasprintf("%s; alone: %s", reason, r->reason)
			      : xstrdup(reason);

	free(reason);
	free(r->reason);
	release_errors(r);
	r->reason = whole;
	r->status = FILE_SKIPPED;
	r->forgiven = false;
}

bool result_is_bad(const struct result *r)
{
	return file_status_is_bad(r->status) && !r->forgiven;
}

bool result_could_leave(const struct result *r)
{
	return r->quarantine && r->status == FILE_PASSED && !r->flaky;
}

bool result_tells(const struct result *r)
{
	if (r->status != FILE_SKIPPED || r->cached)
		return r->status != FILE_NOTRUN;
	// TAP has a plan that says so.
	bool says_so = r->framework == FRAMEWORK_TAP && r->slot >= 0;
	return r->tests.n > 0 || r->exit_code == EXIT_SKIP || says_so;
}

struct counts result_counts(const struct result *r)
{
	struct counts c = {0};

	for (size_t i = 0; i < r->tests.n; i++)
		if (quarantine_forgives(r, &r->tests.items[i]))
			forgive(&c);
		else
			count(&c, r->tests.items[i].status);
	// Those of a file that is forgiven as a whole belong to none of its tests.
	if (r->has_tests)
		c.errors += r->forgiven ? 0 : (long)r->errors.n;
	else if (r->forgiven)
		forgive(&c);
	else if (r->status != FILE_NOTRUN)
		count(&c, as_test(r->status));
	return c;
}

long result_tests_done(const struct result *r)
{
	long done = 0;

	for (size_t i = 0; i < r->tests.n; i++)
		done += r->tests.items[i].status != 0;
	return done;
}

bool result_fails_only_concurrently(const struct result *r)
{
	if (!r->flaky || r->concurrent)
		return false;
	for (const struct result *e = r->earlier; e; e = e->earlier)
		if (!e->concurrent)
			return false;
	return r->earlier != NULL;
}

void counts_add(struct counts *sum, const struct counts *c)
{
	sum->total += c->total;
	sum->passed += c->passed;
	sum->failed += c->failed;
	sum->errors += c->errors;
	sum->skipped += c->skipped;
	sum->pending += c->pending;
	sum->forgiven += c->forgiven;
}
