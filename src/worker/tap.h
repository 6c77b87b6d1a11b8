// SPDX-License-Identifier: MIT
// The Test Anything Protocol (versions 12 to 14) as a worker prints it on stdout.
#ifndef WORKER_TAP_H
#define WORKER_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct result;

struct tap {
	struct result *result; // gets the tests; not owned
	struct buf line;
	bool planned, bailed;
	int version;    // of "TAP version N"; 0: it was not told
	long plan;      // N of 1..N
	long seen;      // result lines
	char *skip_all; // the reason behind "1..0 # SKIP", or NULL
	char *bail_out; // the reason behind "Bail out!", or NULL
	bool in_yaml;
};

void tap_init(struct tap *t, struct result *result);
void tap_release(struct tap *t);
void tap_feed(struct tap *t, const char *data, size_t n);
void tap_finish(struct tap *t);

#endif
