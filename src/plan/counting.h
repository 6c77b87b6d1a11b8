// SPDX-License-Identifier: MIT
// Whether a pass can stand for its file where coverage is asked for: it was counted, and the
// sources that it has run still have the texts that they had.
#ifndef PLAN_COUNTING_H
#define PLAN_COUNTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

struct err;
struct store;

// What is to be told.
struct counting_wish {
	bool calls;   // of functions, too
	bool is_wide; // of sources outside of the project, too
};

enum counting_lack {
	COUNTING_STANDS,
	COUNTING_NONE,     // the pass was not counted
	COUNTING_NO_CALLS, // its functions were not
	COUNTING_NARROW,   // sources outside of the project were not
	COUNTING_CHANGED,  // a source is not what it was
};

struct counting {
	const struct counting_wish *wish;
	struct store *store;
	struct map sources; // path -> struct fingerprint *: what they are now
	char *changed;      // the source of the last COUNTING_CHANGED; owned
};

// What the result lacks; -1: the history cannot be read, and err says why.
int counting_ask(struct counting *c, int64_t result, struct err *err);
void counting_release(struct counting *c);

#endif
