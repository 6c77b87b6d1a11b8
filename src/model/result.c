// SPDX-License-Identifier: MIT
#include "model/result.h"

#include <stdlib.h>

void test_case_release(struct test_case *t)
{
	for (size_t i = 0; i < t->npath; i++)
		free(t->path[i]);
	free(t->path);
	free(t->name);
	free(t->file);
	free(t->message);
	free(t->traceback);
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

void result_release(struct result *r)
{
	for (size_t i = 0; i < r->tests.n; i++)
		test_case_release(&r->tests.items[i]);
	for (size_t i = 0; i < r->errors.n; i++)
		file_error_release(&r->errors.items[i]);
	free(r->tests.items);
	free(r->errors.items);
	free(r->reason);
	free(r->output);
	*r = (struct result){0};
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

static enum test_status as_test(enum file_status s)
{
	return s == FILE_PASSED    ? TEST_PASSED
	       : s == FILE_FAILED  ? TEST_FAILED
	       : s == FILE_SKIPPED ? TEST_SKIPPED
				   : TEST_ERROR;
}

struct counts result_counts(const struct result *r)
{
	struct counts c = {0};

	for (size_t i = 0; i < r->tests.n; i++)
		count(&c, r->tests.items[i].status);
	if (r->has_tests)
		c.errors += (long)r->errors.n;
	else if (r->status != FILE_NOTRUN)
		count(&c, as_test(r->status));
	return c;
}

void counts_add(struct counts *sum, const struct counts *c)
{
	sum->total += c->total;
	sum->passed += c->passed;
	sum->failed += c->failed;
	sum->errors += c->errors;
	sum->skipped += c->skipped;
	sum->pending += c->pending;
}
