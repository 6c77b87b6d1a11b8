// SPDX-License-Identifier: MIT
#include "sys/capture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

void capture_init(struct capture *c, size_t head_max, size_t tail_max)
{
	*c = (struct capture){.head_max = head_max, .tail_max = tail_max};
}

void capture_release(struct capture *c)
{
	free(c->head);
	free(c->tail);
	*c = (struct capture){0};
}

static size_t grown(size_t cap, size_t need, size_t max)
{
	size_t n = cap ? cap : 256;

	while (n < need)
		n *= 2;
	return n < max ? n : max;
}

static size_t add_to_head(struct capture *c, const char *data, size_t n)
{
	size_t room = c->head_max - c->head_len;

	if (n > room)
		n = room;
	if (c->head_len + n > c->head_cap) {
		c->head_cap = grown(c->head_cap, c->head_len + n, c->head_max);
		c->head = xrealloc(c->head, c->head_cap);
	}
	if (n)
		memcpy(c->head + c->head_len, data, n);
	c->head_len += n;
	return n;
}

// Until the ring has its full size it has not wrapped, so that growing is a plain realloc.
static void add_to_tail(struct capture *c, const char *data, size_t n)
{
	uint64_t need = c->tail_total + n;

	if (n == 0 || c->tail_max == 0) {
		c->tail_total += n;
		return;
	}
	if (c->tail_cap < c->tail_max && need > c->tail_cap) {
		c->tail_cap = grown(c->tail_cap, need < c->tail_max ? (size_t)need : c->tail_max,
				    c->tail_max);
		c->tail = xrealloc(c->tail, c->tail_cap);
	}
	if (n > c->tail_cap) {
		c->tail_total += n - c->tail_cap;
		data += n - c->tail_cap;
		n = c->tail_cap;
	}
	size_t at = (size_t)(c->tail_total % c->tail_cap);
	size_t first = n < c->tail_cap - at ? n : c->tail_cap - at;
	memcpy(c->tail + at, data, first);
	memcpy(c->tail, data + first, n - first);
	c->tail_total += n;
}

void capture_add(struct capture *c, const char *data, size_t n)
{
	size_t done = add_to_head(c, data, n);

	add_to_tail(c, data + done, n - done);
}

uint64_t capture_total(const struct capture *c)
{
	return c->head_len + c->tail_total;
}

uint64_t capture_dropped(const struct capture *c)
{
	return c->tail_total > c->tail_cap ? c->tail_total - c->tail_cap : 0;
}

void capture_text(const struct capture *c, struct buf *out)
{
	uint64_t dropped = capture_dropped(c);

	buf_add(out, c->head, c->head_len);
	if (dropped == 0) {
		buf_add(out, c->tail, (size_t)c->tail_total);
		return;
	}
	buf_addf(out, "\n[... %" PRIu64 " bytes left out ...]\n", dropped);
	if (c->tail_cap) {
		size_t at = (size_t)(c->tail_total % c->tail_cap);
		buf_add(out, c->tail + at, c->tail_cap - at);
		buf_add(out, c->tail, at);
	}
}
