// SPDX-License-Identifier: MIT
#include "base/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmo-jobs.h"

// The one global state: out of memory there is no caller to ask.
static struct will *wills;

void will_make(struct will *w)
{
	w->pid = getpid();
	w->next = wills;
	wills = w;
}

void will_drop(struct will *w)
{
	for (struct will **at = &wills; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			return;
		}
}

void alloc_fail(void)
{
	static const char words[] = "firmo-jobs: out of memory: it ends here, and what it had not "
				    "written yet is not written; fewer workers (-j) need less\n";
	struct will *left = wills;

	// A will that needs memory all the same ends us, too.
	wills = NULL;
	ssize_t told = write(STDERR_FILENO, words, sizeof words - 1);
	(void)told; // stderr may be closed
	for (; left; left = left->next)
		if (left->pid == getpid())
			left->act(left->arg);
	_exit(FIRMO_JOBS_BROKEN);
}

static void *or_end(void *p)
{
	if (!p)
		alloc_fail();
	return p;
}

void *xmalloc(size_t size)
{
	return or_end(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return or_end(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
	return or_end(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return or_end(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return or_end(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return or_end(n < 0 ? NULL : s);
}

void *xgiven(void *p)
{
	if (!p && errno == ENOMEM)
		alloc_fail();
	return p;
}

void *alloc_grow(void *items, size_t n, size_t *cap, size_t element_size)
{
	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	return or_end(reallocarray(items, *cap, element_size));
}
