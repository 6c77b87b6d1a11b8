// SPDX-License-Identifier: MIT
#include "model/failure.h"

#include "base/buf.h"
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
	for (size_t i = 0; i < r->tests.n; i++)
		if (failure_is_test(&r->tests.items[i]))
			return true;
	return false;
}

void failure_each(const struct result *r, void (*each)(const struct failure *f, void *arg),
		  void *arg)
{
	for (size_t i = 0; i < r->errors.n; i++) {
		const struct file_error *e = &r->errors.items[i];
		const struct failure f = {e->name, e->message, e->traceback, e->file, e->line};
		each(&f, arg);
	}
	for (size_t i = 0; i < r->tests.n; i++) {
		const struct test_case *t = &r->tests.items[i];
		struct buf name = {0};
		if (!failure_is_test(t))
			continue;
		failure_test_name(&name, t);
		const struct failure f = {name.data, t->message, t->traceback, t->file, t->line};
		each(&f, arg);
		buf_release(&name);
	}
	if (file_status_is_bad(r->status) && !failure_is_explained(r)) {
		const struct failure f = {.message = r->reason};
		each(&f, arg);
	}
}
