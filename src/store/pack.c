// SPDX-License-Identifier: MIT
#include "store/pack.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/result.h"
#include "store/range.h"

#define US  1000 // nanoseconds
#define KIB 1024
// Bytes of a number of 64 bits.
#define LONGEST 10

// ---- numbers ----

void pack_number(struct buf *b, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_addch(b, (char)(n | 0x80));
	buf_addch(b, (char)n);
}

static uint64_t unpack_near_end(struct packed *p)
{
	uint64_t n = 0;

	for (unsigned shift = 0; p->at < p->end; shift += 7) {
		unsigned char byte = *p->at++;
		if (shift < 64)
			n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return n;
	}
	p->torn = true;
	return n;
}

// Views unpack millions: where the longest number fits in, the end is not looked for at each byte.
static inline uint64_t unpack(struct packed *p)
{
	const unsigned char *at = p->at;

	if (p->end - at < LONGEST)
		return unpack_near_end(p);
	uint64_t n = *at & 0x7f;
	for (unsigned shift = 7; *at & 0x80 && shift < 64; shift += 7)
		n |= (uint64_t)(*++at & 0x7f) << shift;
	if (*at & 0x80)
		return unpack_near_end(p);
	p->at = at + 1;
	return n;
}

uint64_t packed_number(struct packed *p)
{
	return unpack(p);
}

void pack_signed(struct buf *b, int64_t n)
{
	pack_number(b, n < 0 ? ~((uint64_t)n << 1) : (uint64_t)n << 1);
}

int64_t packed_signed(struct packed *p)
{
	uint64_t n = unpack(p);

	return n & 1 ? (int64_t) ~(n >> 1) : (int64_t)(n >> 1);
}

// Where -1 stands for what is not known.
static void pack_known(struct buf *b, int64_t n)
{
	pack_number(b, n < 0 ? 0 : (uint64_t)n + 1);
}

static int64_t unpack_known(struct packed *p)
{
	return (int64_t)(unpack(p) - 1);
}

// To the microsecond, and as far as it can be: what is written is read again.
static int64_t to_us(int64_t ns)
{
	return ns < 0 ? -1 : (range_nearest('d', ns) + US / 2) / US;
}

// Damaged bytes may hold any number.
static int64_t from_us(int64_t us)
{
	return us < 0 || us > INT64_MAX / US ? -1 : us * US;
}

int64_t pack_wrapping_sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

// ---- lists of numbers ----

int pack_compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void pack_ids(struct buf *b, const int64_t *ids, size_t n)
{
	int64_t before = 0;

	for (size_t i = 0; i < n; i++) {
		pack_number(b, (uint64_t)pack_wrapping_sum(ids[i], -before));
		before = ids[i];
	}
}

int64_t *packed_ids(struct packed p, size_t *count)
{
	int64_t *ids = xmalloc(((size_t)(p.end - p.at) + 1) * sizeof *ids), id = 0;

	for (*count = 0; p.at < p.end && !p.torn; ids[(*count)++] = id) {
		int64_t more = (int64_t)packed_number(&p);
		p.torn = p.torn || more < 0 || more > INT64_MAX - id;
		id = pack_wrapping_sum(id, more);
	}
	if (!p.torn)
		return ids;
	*count = 0;
	free(ids);
	return NULL;
}

// ---- series ----

enum {
	STATUS_BITS = 7,
	IS_CONCURRENT = 1 << 3,
	IS_PARTIAL = 1 << 4,
	IS_RETRY = 1 << 5, // the number of its attempt follows
	INPUTS_SHIFT = 6,
};

static void pack_sample(struct buf *b, const struct sample *s)
{
	pack_number(b, (uint64_t)s->status | (s->concurrent ? IS_CONCURRENT : 0) |
			       (s->partial ? IS_PARTIAL : 0) | (s->attempt > 1 ? IS_RETRY : 0) |
			       (uint64_t)s->inputs << INPUTS_SHIFT);
	if (s->attempt > 1)
		pack_number(b, (uint64_t)s->attempt);
	pack_number(b, (uint64_t)to_us(s->wall_ns));
	pack_number(b, (uint64_t)to_us(s->cpu_ns));
	pack_known(b, to_us(s->delay_ns));
	pack_number(b, (uint64_t)range_nearest('z', s->peak_bytes) / KIB);
}

static int64_t unpack_in_range(struct packed *p, char letter)
{
	int64_t n = (int64_t)unpack(p);

	p->torn = p->torn || !range_holds(letter, n);
	return n;
}

// Spans are whole microseconds.
static int64_t unpack_span(struct packed *p, bool is_known)
{
	int64_t us = is_known ? (int64_t)unpack(p) : unpack_known(p), ns = from_us(us);

	p->torn = p->torn || us < -1 || (us >= 0) != (ns >= 0) || !range_holds('d', ns);
	return ns;
}

static void unpack_sample(struct packed *p, struct sample *s)
{
	uint64_t flags = unpack(p);

	p->torn = p->torn || flags >> INPUTS_SHIFT > INPUTS_MOVED ||
		  !range_holds('s', (int64_t)(flags & STATUS_BITS));
	s->status = (enum file_status)(flags & STATUS_BITS);
	s->concurrent = flags & IS_CONCURRENT;
	s->partial = flags & IS_PARTIAL;
	s->inputs = (enum inputs_state)(flags >> INPUTS_SHIFT & 3);
	s->attempt = flags & IS_RETRY ? (int)unpack_in_range(p, 'r') : 1;
	s->wall_ns = unpack_span(p, true);
	s->cpu_ns = unpack_span(p, true);
	s->delay_ns = unpack_span(p, false);
	int64_t peak = unpack_in_range(p, 'k');
	s->peak_bytes = p->torn ? 0 : peak * KIB;
}

void pack_series(struct buf *b, const struct sample *samples, size_t n)
{
	int64_t run = 0;

	for (size_t i = 0; i < n; i++) {
		pack_signed(b, pack_wrapping_sum(samples[i].run, -run));
		pack_sample(b, &samples[i]);
		run = samples[i].run;
	}
}

bool packed_series(struct packed p, struct series *t)
{
	size_t before = t->n;
	int64_t run = 0;

	while (p.at < p.end && !p.torn) {
		run = pack_wrapping_sum(run, packed_signed(&p));
		p.torn = p.torn || !range_holds('i', run);
		t->items = alloc_grow(t->items, t->n, &t->cap, sizeof *t->items);
		t->items[t->n].run = run;
		unpack_sample(&p, &t->items[t->n++]);
	}
	if (p.torn)
		t->n = before;
	return !p.torn;
}

// ---- outcomes of tests ----

// Most tests of a file end alike: how many in a row, and how.
static void pack_statuses(struct buf *b, const struct result *r)
{
	const struct test_case *t = r->tests.items;

	for (size_t i = 0, n; i < r->tests.n; i += n) {
		for (n = 1; i + n < r->tests.n && t[i + n].status == t[i].status; n++)
			;
		pack_number(b, (uint64_t)n << 3 | t[i].status);
	}
}

static void unpack_statuses(struct packed *p, struct result *r)
{
	for (size_t i = 0; i < r->tests.n && !p->torn;) {
		uint64_t group = packed_number(p), n = group >> 3;
		p->torn = p->torn || n == 0 || n > r->tests.n - i ||
			  !range_holds('e', (int64_t)(group & 7));
		for (; n > 0 && !p->torn; n--)
			r->tests.items[i++].status = (enum test_status)(group & 7);
	}
}

static bool has_own_times(const struct result *r)
{
	for (size_t i = 0; i < r->tests.n; i++)
		if (r->tests.items[i].own_ns >= 0)
			return true;
	return false;
}

// The framework's own figure is near to ours, as a rule.
static void pack_own(struct buf *b, const struct test_case *t)
{
	int64_t own = to_us(t->own_ns), wall = to_us(t->wall_ns);

	if (own < 0)
		pack_number(b, 0);
	else
		pack_signed(b, wall >= own ? wall - own + 1 : wall - own);
}

static int64_t unpack_own(struct packed *p, int64_t wall)
{
	int64_t less = packed_signed(p);

	return less == 0 ? -1 : pack_wrapping_sum(wall + 1 + (less > 0), ~less);
}

void pack_outcomes(struct buf *b, const struct result *r)
{
	bool own = has_own_times(r);

	pack_statuses(b, r);
	pack_number(b, own);
	for (size_t i = 0; i < r->tests.n; i++)
		pack_known(b, to_us(r->tests.items[i].wall_ns));
	for (size_t i = 0; own && i < r->tests.n; i++)
		pack_own(b, &r->tests.items[i]);
}

bool packed_outcomes(struct packed p, struct result *r)
{
	unpack_statuses(&p, r);
	uint64_t own = packed_number(&p);
	p.torn = p.torn || own > 1;
	for (size_t i = 0; i < r->tests.n; i++) {
		r->tests.items[i].wall_ns = p.torn ? -1 : unpack_span(&p, false);
		r->tests.items[i].own_ns = -1;
	}
	for (size_t i = 0; own && i < r->tests.n && !p.torn; i++) {
		struct test_case *t = &r->tests.items[i];
		t->own_ns = from_us(unpack_own(&p, to_us(t->wall_ns)));
		p.torn = p.torn || !range_holds('d', t->own_ns);
	}
	return !p.torn && p.at == p.end;
}
