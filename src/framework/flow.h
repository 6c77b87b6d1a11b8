// SPDX-License-Identifier: MIT
// What would come after a call in a Lua source, had the call returned.
#ifndef FRAMEWORK_FLOW_H
#define FRAMEWORK_FLOW_H

#include <stdbool.h>
#include <stddef.h>

// A call on a stack, as debug.getinfo tells of it.
struct flow_call {
	const char *file;
	const char *name; // of what is called, where Lua knows it; else ""
	int line;         // where the call stands
	int defined; // the line on which the function around it begins; 0: it is the file's own
};

// Whether the function (or the file) surely ends with that call: nothing behind it would run but
// what leads out of it. False wherever that cannot be told.
bool flow_ends_with(const struct flow_call *call);
// The same for a source in memory.
bool flow_source_ends_with(const char *source, size_t n, const struct flow_call *call);

#endif
