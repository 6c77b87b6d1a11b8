// SPDX-License-Identifier: MIT
// Packed bytes of the store: what is taken for whole is in its range, and packed again it is no
// more.
#include "store/pack.h"
#include "base/buf.h"
#include "fuzz.h"
#include "model/hits.h"
#include "store/hitpack.h"
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

static bool is_in(struct packed p, const struct buf *b)
{
	return b->len <= (size_t)(p.end - p.at);
}

// A source may have been read before, with more lines or fewer.
static void try_coverage(struct packed shape, struct packed counts, uint32_t before)
{
	struct hits h = {0};
	struct hits_file *f = hits_file(&h, "x", before);
	struct buf b = {0};
	uint32_t lines = 0;
	bool has_shape = hitpack_read_shape(shape, f, &lines);

	HOLDS(f->lines <= HITS_LINES_MOST);
	for (size_t i = 0; i < f->n_functions; i++)
		HOLDS(f->functions[i].first <= f->functions[i].last &&
		      f->functions[i].last <= f->lines);
	if (has_shape) {
		HOLDS(lines <= f->lines);
		hitpack_shape(&b, f);
		HOLDS(before > 0 || is_in(shape, &b));
		buf_release(&b);
		if (hitpack_read_counts(counts, f, lines)) {
			hitpack_counts(&b, f);
			HOLDS(is_in(counts, &b));
		}
	}
	buf_release(&b);
	hits_release(&h);
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
	// The first byte parts the shape from the counts.
	const unsigned char *part = size && data[0] < size ? data + 1 + data[0] : p.end;
	part = part > p.end ? p.end : part;
	try_coverage((struct packed){p.at, part, false}, (struct packed){part, p.end, false}, 0);
	try_coverage((struct packed){p.at, part, false}, (struct packed){part, p.end, false}, 3);
	return 0;
}
