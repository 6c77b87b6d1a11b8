// SPDX-License-Identifier: MIT
#include "model/run.h"

#include <stdlib.h>

void run_release(struct run *r)
{
	for (size_t i = 0; i < r->results.n; i++) {
		result_release(r->results.items[i]);
		free(r->results.items[i]);
	}
	free(r->results.items);
	free(r->name);
	*r = (struct run){0};
}

struct totals run_totals(const struct run *r)
{
	struct totals t = {.files = r->results.n};

	for (size_t i = 0; i < r->results.n; i++) {
		const struct result *res = r->results.items[i];
		struct counts c = result_counts(res);
		t.by_status[res->status]++;
		t.bad += file_status_is_bad(res->status);
		counts_add(&t.tests, &c);
	}
	return t;
}
