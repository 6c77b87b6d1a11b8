// SPDX-License-Identifier: MIT
// Time as nanoseconds in int64_t: monotonic for durations and deadlines, real for what a person
// reads.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS  INT64_C(1000000)

int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);

static inline double ns_to_sec(int64_t ns)
{
	return (double)ns / 1e9;
}

#endif
