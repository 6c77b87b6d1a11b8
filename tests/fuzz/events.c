// SPDX-License-Identifier: MIT
// What a worker may write on its fd, to the verdict and all reports. The first byte says how the
// worker ended, and in which pieces the rest arrives. Lines get the key and the number that they
// need, unless it says that they do not.
#include "framework/events.h"
#include "base/buf.h"
#include "framework/outcome.h"
#include "framework/reading.h"
#include "fuzz.h"

#define KEY "0123456789abcdef"

// Objects begin as the shim would have them begin.
static void add_keys(struct buf *b, const char *data, size_t size)
{
	bool at_start = true;
	int n = 0;

	for (size_t i = 0; i < size; i++) {
		buf_addch(b, data[i]);
		if (at_start && data[i] == '{')
			buf_addf(b, "\"key\":\"" KEY "\",\"n\":%d,", ++n);
		at_start = data[i] == '\n';
	}
}

static void feed(struct events *ev, const struct buf *b, size_t piece)
{
	for (size_t at = 0; at < b->len; at += piece)
		events_feed(ev, b->data + at, b->len - at < piece ? b->len - at : piece,
			    (int64_t)at * 1000);
	events_finish(ev);
}

static void check(const struct result *r)
{
	if (r->status != FILE_PASSED)
		return;
	HOLDS(r->exit_code == 0 && r->signal == 0 && r->errors.n == 0);
	for (size_t i = 0; i < r->tests.n; i++)
		HOLDS(r->tests.items[i].status != TEST_FAILED &&
		      r->tests.items[i].status != TEST_ERROR && r->tests.items[i].status != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = {.path = (char *)"tests/a_test.lua", .framework = FRAMEWORK_BUSTED};
	struct result *r = result_new(&job);
	unsigned how = size ? data[0] : 0;
	struct buf b = {0};
	struct events ev;
	struct tap tap;

	tap_init(&tap);
	tap_finish(&tap);
	events_init(&ev, r, KEY);
	if (how & 128)
		buf_add(&b, (const char *)data, size);
	else if (size)
		add_keys(&b, (const char *)data + 1, size - 1);
	feed(&ev, &b, how & 3 ? (size_t)(how & 3) * 37 : b.len + 1);
	r->exit_code = how & 4 ? 1 : how & 8 ? -1 : 0;
	r->signal = how & 8 ? 11 : 0;
	r->wall_ns = 5000000;
	r->slot = 0;
	r->output = xstrndup((const char *)data, size);
	r->output_len = strlen(r->output);
	r->output_total = r->output_len;
	const struct observation o = {
		.reading = {.framework = FRAMEWORK_BUSTED}, .events = &ev, .tap = &tap};
	reading_settle(r, &o);
	const struct ending e = {.timeout_ns = how & 16 ? 1000000000 : 0,
				 .hung = how & 16 && r->tests.n ? 0 : -1,
				 .argv0 = "lua",
				 .events = &ev,
				 .tap = &tap};
	outcome_decide(r, &e);
	check(r);
	events_release(&ev);
	tap_release(&tap);
	buf_release(&b);
	fuzz_report(r);
	return 0;
}
