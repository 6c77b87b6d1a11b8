// SPDX-License-Identifier: MIT
#include "model/advice.h"

#include <stdlib.h>

const char *advice_bound_name(enum advice_bound b)
{
	static const char *const names[] = {
		[BOUND_WORKERS] = "workers", [BOUND_CPUS] = "CPUs", [BOUND_FILE] = "file"};

	return names[b];
}

void advice_release(struct advice *a)
{
	free(a->rows.items);
	free(a->timeout.others.items);
	*a = (struct advice){0};
}

bool advice_is_worthwhile(int64_t from_ns, int64_t to_ns)
{
	return to_ns < from_ns - from_ns / 20;
}

double advice_speedup(const struct advice *a, const struct advice_row *row)
{
	return row->wall_ns > 0 ? (double)a->rows.items[0].wall_ns / (double)row->wall_ns : 1;
}
