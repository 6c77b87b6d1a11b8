// SPDX-License-Identifier: MIT
// The log of the watched calls, which a worker may write to as well.
#include "trace/trace.h"
#include "fuzz.h"
#include "trace/preload/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const below[] = {"/tmp/own", NULL}, *const variables[] = {"FIRMO_*",
										     NULL};
	char *const environ[] = {(char *)"A=1", (char *)"PATH=/bin", NULL};
	const struct trace_rules rules = {
		.cwd = "/home/me", .below = below, .variables = variables, .environ = environ};
	struct inputs in = {0};
	uint8_t *log = xmalloc(size + 1);

	memcpy(log, data, size);
	// Behind another head than its own it looks at nothing.
	if (size >= sizeof(struct trace_head))
		memcpy(log, &(uint32_t){TRACE_FORMAT}, sizeof(uint32_t));
	trace_parse(log, size, &rules, &in);
	free(log);
	for (size_t i = 1; i < in.list.n; i++)
		HOLDS(in.list.items[i - 1].kind < in.list.items[i].kind ||
		      (in.list.items[i - 1].kind == in.list.items[i].kind &&
		       strcmp(in.list.items[i - 1].name, in.list.items[i].name) < 0));
	inputs_release(&in);
	return 0;
}
