// SPDX-License-Identifier: MIT
#include "plan/expect.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW 5

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t expect_ns(const int64_t *recent, size_t n)
{
	int64_t window[WINDOW];

	if (n == 0)
		return -1;
	if (n > WINDOW) {
		recent += n - WINDOW;
		n = WINDOW;
	}
	memcpy(window, recent, n * sizeof *window);
	qsort(window, n, sizeof *window, compare);
	return window[(n - 1) / 2];
}
