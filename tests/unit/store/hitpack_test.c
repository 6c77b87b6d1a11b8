// SPDX-License-Identifier: MIT
#include "store/hitpack.h"

#include <stdlib.h>

#include "../unit.h"
#include "base/buf.h"
#include "model/hits.h"

static struct packed whole(const struct buf *b)
{
	const unsigned char *at = (const unsigned char *)b->data;

	return (struct packed){at, at ? at + b->len : NULL, false};
}

static void fill(struct hits_file *f, unsigned *seed)
{
	const struct hits_function functions[] = {{3, 9}, {4, 4}, {4, 4}, {f->lines, f->lines}};

	for (uint32_t i = 1; i <= f->lines; i++) {
		*seed = *seed * 1103515245 + 12345;
		unsigned chance = *seed >> 16 & 7;
		f->active[i] = chance > 1;
		f->counts[i] = chance > 3 ? *seed >> 8 & 0xff : 0;
		f->calls[i] = chance > 6;
	}
	f->counts[f->lines] = UINT64_MAX;
	if (f->lines > 9)
		hits_file_know(f, functions, sizeof functions / sizeof *functions);
}

static bool is_same(const struct hits_file *a, const struct hits_file *b)
{
	size_t n = (size_t)a->lines + 1;

	return a->lines == b->lines && a->is_known == b->is_known &&
	       a->n_functions == b->n_functions &&
	       memcmp(a->counts, b->counts, n * sizeof *a->counts) == 0 &&
	       memcmp(a->calls, b->calls, n * sizeof *a->calls) == 0 &&
	       memcmp(a->active, b->active, n * sizeof *a->active) == 0 &&
	       (a->n_functions == 0 ||
		memcmp(a->functions, b->functions, a->n_functions * sizeof *a->functions) == 0);
}

// What is packed comes out the same, and no part of it, and nothing behind it, is taken for whole.
static void what_is_packed_comes_out_the_same(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (uint32_t lines = 1; lines < 300; lines += 13) {
		struct hits a = {0}, b = {0};
		struct hits_file *from = hits_file(&a, "x", lines), *to = hits_file(&b, "x", 0);
		struct buf shape = {0}, counts = {0};
		uint32_t n;
		fill(from, &seed);
		hitpack_shape(&shape, from);
		hitpack_counts(&counts, from);
		assert_true(hitpack_read_shape(whole(&shape), to, &n));
		assert_int_equal(n, lines);
		assert_true(hitpack_read_counts(whole(&counts), to, n));
		assert_true(is_same(from, to));
		// Little more than a byte a line that ran, and a bit for others.
		check_row(lines < 50 || counts.len < 3 * lines, "%zu bytes for %u lines",
			  counts.len, lines);
		buf_addch(&counts, 0);
		assert_false(hitpack_read_counts(whole(&counts), to, n));
		for (size_t cut = 0; cut < counts.len - 1; cut++) {
			const struct buf part = {.data = counts.data, .len = cut};
			assert_false(hitpack_read_counts(whole(&part), to, n));
		}
		hits_release(&a);
		hits_release(&b);
		buf_release(&shape);
		buf_release(&counts);
	}
}

// Numbers of any kind are not written outside of the lines that there are.
static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		unsigned char bytes[12];
		size_t n;
	} shapes[] = {{{0xff, 0xff, 0xff, 0x7f, 0, 0}, 6}, // lines
		      {{3, 2, 0}, 3},
		      {{3, 0, 5, 0, 0}, 5},                                   // a long row
		      {{3, 0, 1, 4, 0}, 5},                                   // behind the end
		      {{3, 0, 2, 0, 2, 1, 0}, 7},                             // the second one
		      {{3, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}, 10}, // far behind
		      {{3, 1, 0, 4, 0}, 5},                                   // functions
		      {{3, 1, 0, 2, 2}, 5},
		      {{3, 1, 0, 2}, 4}};
	uint32_t lines;

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct hits h = {0};
		struct packed p = {shapes[i].bytes, shapes[i].bytes + shapes[i].n, false};
		check_row(!hitpack_read_shape(p, hits_file(&h, "x", 0), &lines), "%zu", i);
		hits_release(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_out_the_same),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
