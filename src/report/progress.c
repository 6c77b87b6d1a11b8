// SPDX-License-Identifier: MIT
#include "report/progress.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/result.h"

static void add_running(struct buf *b, const struct result *r, int64_t now_real_ns)
{
	int64_t age_ns = now_real_ns - r->started_ns;

	text_add_visible(b, r->job->path);
	buf_addf(b, " %" PRId64 "s", age_ns > 0 ? age_ns / NS_PER_SEC : 0);
}

// The character of len bytes at s, which is valid UTF-8.
static uint32_t code_point(const char *s, size_t len)
{
	uint32_t c = len == 1 ? (unsigned char)*s : (unsigned char)*s & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

// East Asian and emoji characters take two cells (Unicode, UAX #11). Locales, which would tell,
// need not be there.
static size_t cells(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
		    {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
		    {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (c >= wide[i].first && c <= wide[i].last)
			return 2;
	return 1;
}

static void cut(struct buf *b, size_t start, size_t columns)
{
	size_t at = start, used = 0;

	while (at < b->len) {
		size_t len = text_utf8_length(b->data + at, b->len - at);
		used += len ? cells(code_point(b->data + at, len)) : 1;
		if (used > columns)
			break;
		at += len ? len : 1;
	}
	b->len = at;
	b->data[at] = '\0';
}

void progress_render(struct buf *b, const struct progress *p, int64_t now_real_ns, size_t columns)
{
	size_t start = b->len;

	buf_addf(b, "[%zu", p->ended);
	if (p->total > 0)
		buf_addf(b, "/%zu", p->total);
	buf_addch(b, ']');
	if (p->bad)
		buf_addf(b, " %zu failed;", p->bad);
	for (size_t i = 0; i < p->nrunning && b->len - start < columns; i++) {
		buf_addstr(b, i ? ", " : " ");
		add_running(b, p->running[i], now_real_ns);
	}
	cut(b, start, columns);
}
