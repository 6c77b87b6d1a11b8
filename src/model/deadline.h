// SPDX-License-Identifier: MIT
// What a file's past times say of the present one. Pure.
#ifndef MODEL_DEADLINE_H
#define MODEL_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

// When to end a file, from its start: five times its 99th percentile p99_ns (not negative), at
// least 10 s; at most 600 s, or twice that percentile where that is more.
int64_t deadline_by_past_ns(int64_t p99_ns);
// The deadline of each file, as the user has set it.
struct deadline {
	int64_t ns;   // 0: none
	bool by_past; // that is for files without a past; the others have one by theirs
};

// How long a file may take; 0: as long as it wants. p99_ns: -1 where it has no past.
int64_t deadline_of(const struct deadline *d, int64_t p99_ns);
// Whether a pass that took wall_ns under a deadline of had_ns would come again under one of
// deadline_ns: that is five times as long, or no shorter than the one it had. Deadlines are 0 where
// there is none; wall_ns and had_ns are -1 where they are unknown.
bool deadline_is_enough(int64_t wall_ns, int64_t had_ns, int64_t deadline_ns);
// When a file has become slow, from its start: beyond twice its 99th percentile, and at least 1 s
// beyond it. -1, never, where that is unknown (-1).
int64_t deadline_slow_ns(int64_t p99_ns);

#endif
