// SPDX-License-Identifier: MIT
// What a file's past times say of the present one. Pure.
#ifndef MODEL_PACE_H
#define MODEL_PACE_H

#include <stdint.h>

// When to end a file, from its start: five times its 99th percentile p99_ns (not negative), at
// least 10 s; at most 600 s, or twice that percentile where that is more.
int64_t pace_deadline_ns(int64_t p99_ns);
// When a file has become slow, from its start: beyond twice its 99th percentile, and at least 1 s
// beyond it. -1, never, where that is unknown (-1).
int64_t pace_slow_ns(int64_t p99_ns);

#endif
