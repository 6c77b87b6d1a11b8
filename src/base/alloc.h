// SPDX-License-Identifier: MIT
// Allocation that cannot fail: out of memory, the process carries out its wills and ends with one
// line on standard error and FIRMO_JOBS_BROKEN.
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>
#include <sys/types.h>

// What is to be done when memory has run out: act(arg) needs none. The owner keeps it in place.
struct will {
	void (*act)(void *arg);
	void *arg;
	pid_t pid; // set by will_make: it is not a child's
	struct will *next;
};

void will_make(struct will *w);
// Does nothing if it was never made.
void will_drop(struct will *w);
// Carries out the wills, the latest first, and ends the process. Never allocates.
void alloc_fail(void) __attribute__((noreturn));

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// Passes on the result of a C library function; NULL with ENOMEM ends the process.
void *xgiven(void *p);

// Makes room for one more element in the array *items of *cap elements, n of them used.
void *alloc_grow(void *items, size_t n, size_t *cap, size_t element_size);

// VEC_PUSH(v, x): appends x to a struct that has the members items, n and cap.
#define VEC_PUSH(v, x)                                                                             \
	do {                                                                                       \
		(v)->items = alloc_grow((v)->items, (v)->n, &(v)->cap, sizeof *(v)->items);        \
		(v)->items[(v)->n++] = (x);                                                        \
	} while (0)

#endif
