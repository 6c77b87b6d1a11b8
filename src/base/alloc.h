// SPDX-License-Identifier: MIT
// Memory that is there or the program is not: every function aborts with one line when memory runs
// out.
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// Makes room for one more element in the array *items of *cap elements, n of them used.
void *grow_array(void *items, size_t n, size_t *cap, size_t element_size);

// VEC_PUSH(v, x): appends x to a struct that has the members items, n and cap.
#define VEC_PUSH(v, x)                                                                             \
	do {                                                                                       \
		(v)->items = grow_array((v)->items, (v)->n, &(v)->cap, sizeof *(v)->items);        \
		(v)->items[(v)->n++] = (x);                                                        \
	} while (0)

#endif
