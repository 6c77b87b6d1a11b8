// SPDX-License-Identifier: MIT
#include "base/percentile.h"

static void swap(int64_t *a, int64_t *b)
{
	int64_t was = *a;

	*a = *b;
	*b = was;
}

// Hoare's selection, as sorting the values of thousands of files for one of them is slow.
// Afterwards values[k] is the value that a sort would put there.
static void select_value(int64_t *values, size_t n, size_t k)
{
	ptrdiff_t from = 0, to = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)k;

	while (from < to) {
		int64_t pivot = values[wanted];
		ptrdiff_t i = from, j = to;
		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (pivot < values[j])
				j--;
			if (i <= j)
				swap(&values[i++], &values[j--]);
		}
		if (j < wanted)
			from = i;
		if (wanted < i)
			to = j;
	}
}

int64_t percentile(int64_t *values, size_t n, int percent)
{
	if (n == 0)
		return -1;
	size_t rank = (n * (size_t)percent + 99) / 100;
	size_t wanted = rank > 0 ? rank - 1 : 0;
	select_value(values, n, wanted);
	return values[wanted];
}
