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

static void cut(struct buf *b, size_t start, size_t columns)
{
	size_t at = start, used = 0;

	while (at < b->len) {
		size_t len = text_utf8_length(b->data + at, b->len - at);
		used += text_cells(b->data + at, len ? len : 1);
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
