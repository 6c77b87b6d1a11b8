// SPDX-License-Identifier: MIT
// Packed bytes of the store: what is taken for whole is in its range, and packed again it is no
// more.
#include "store/pack.h"
#include "base/buf.h"
#include "fuzz.h"
#include "store/range.h"

static void try_series(struct packed p)
{
	struct series t = {0};
	struct buf b = {0};

	if (packed_series(p, &t)) {
		for (size_t i = 0; i < t.n; i++) {
			HOLDS(t.items[i].run >= 0 && t.items[i].attempt > 0);
			HOLDS(t.items[i].status < FILE_STATUS_COUNT);
			HOLDS(t.items[i].inputs <= INPUTS_MOVED);
			HOLDS(range_holds('d', t.items[i].wall_ns));
			HOLDS(range_holds('z', t.items[i].peak_bytes));
		}
		pack_series(&b, t.items, t.n);
		HOLDS(b.len <= (size_t)(p.end - p.at));
	}
	buf_release(&b);
	series_release(&t);
}

static void try_outcomes(struct packed p, size_t n)
{
	struct result r = {0};

	r.tests.items = xcalloc(n + 1, sizeof *r.tests.items);
	r.tests.n = n;
	if (packed_outcomes(p, &r))
		for (size_t i = 0; i < n; i++)
			HOLDS(r.tests.items[i].status < TEST_STATUS_COUNT &&
			      range_holds('d', r.tests.items[i].wall_ns) &&
			      range_holds('d', r.tests.items[i].own_ns));
	free(r.tests.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed p = {data + (size > 0), data + size, false};
	size_t n = 0;
	int64_t *ids = packed_ids(p, &n);

	for (size_t i = 1; i < n; i++)
		HOLDS(ids[i] >= ids[i - 1]);
	free(ids);
	try_series(p);
	try_outcomes(p, size ? data[0] : 0);
	return 0;
}
