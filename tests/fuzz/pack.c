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

static struct packed all_of(const struct buf *b)
{
	const unsigned char *at = (const unsigned char *)b->data;

	return (struct packed){at, at + b->len, false};
}

// What is packed is read, and packed the same.
static void try_again(const struct hits_file *f)
{
	struct hits h = {0};
	struct hits_file *again = hits_file(&h, "x", 0);
	struct buf first = {0}, second = {0};
	uint32_t lines = 0;

	hitpack_shape(&first, f);
	HOLDS(hitpack_read_shape(all_of(&first), again, &lines) && lines == f->lines);
	hitpack_shape(&second, again);
	HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	buf_release(&first);
	buf_release(&second);
	hitpack_counts(&first, f);
	HOLDS(hitpack_read_counts(all_of(&first), again, lines));
	hitpack_counts(&second, again);
	HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	buf_release(&first);
	buf_release(&second);
	hits_release(&h);
}

// Many lines are slow, and as few are.
static bool is_slow(struct packed shape)
{
	uint64_t lines = packed_number(&shape);

	return lines > 10000 && lines <= HITS_LINES_MOST;
}

// A source may have been read before, with more lines or fewer.
static void try_coverage(struct packed shape, struct packed counts, uint32_t before)
{
	struct hits h = {0};
	struct hits_file *f = hits_file(&h, "x", before);
	uint32_t lines = 0;
	bool is_whole =
		hitpack_read_shape(shape, f, &lines) && hitpack_read_counts(counts, f, lines);

	HOLDS(lines <= f->lines && f->lines <= HITS_LINES_MOST);
	for (size_t i = 0; i < f->n_functions; i++)
		HOLDS(f->functions[i].first <= f->functions[i].last &&
		      f->functions[i].last <= f->lines);
	if (is_whole)
		try_again(f);
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
	const struct packed shape = {p.at, part, false}, counts = {part, p.end, false};
	if (is_slow(shape))
		return 0;
	try_coverage(shape, counts, 0);
	try_coverage(shape, counts, 3);
	return 0;
}
