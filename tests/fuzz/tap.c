// SPDX-License-Identifier: MIT
// TAP on standard output, to the verdict and all reports.
#include "framework/tap.h"
#include "framework/outcome.h"
#include "framework/reading.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = {.path = (char *)"tests/a_test.lua", .framework = FRAMEWORK_TAP};
	struct result *r = result_new(&job);
	size_t half = size / 2;
	struct tap tap;

	tap_init(&tap);
	tap_feed(&tap, (const char *)data, half);
	tap_feed(&tap, (const char *)data + half, size - half);
	tap_finish(&tap);
	r->exit_code = 0;
	r->slot = 0;
	const struct observation o = {.reading = {.framework = FRAMEWORK_TAP}, .tap = &tap};
	reading_settle(r, &o);
	if (r->framework == FRAMEWORK_TAP)
		tap_deliver(&tap, r);
	const struct ending e = {.hung = -1, .argv0 = "lua", .tap = &tap};
	outcome_decide(r, &e);
	for (size_t i = 0; i < r->tests.n; i++)
		HOLDS(r->status != FILE_PASSED || (r->tests.items[i].status != TEST_FAILED &&
						   r->tests.items[i].status != TEST_ERROR));
	tap_release(&tap);
	fuzz_report(r);
	return 0;
}
