// SPDX-License-Identifier: MIT
#include "model/deadline.h"

#include "base/clock.h"

#define LEAST_NS (10 * NS_PER_SEC)
#define MOST_NS  (600 * NS_PER_SEC)

int64_t deadline_by_past_ns(int64_t p99_ns)
{
	int64_t most = 2 * p99_ns > MOST_NS ? 2 * p99_ns : MOST_NS;
	int64_t deadline = 5 * p99_ns;

	deadline = deadline > LEAST_NS ? deadline : LEAST_NS;
	return deadline < most ? deadline : most;
}

int64_t deadline_of(const struct deadline *d, int64_t p99_ns)
{
	return d->by_past && p99_ns >= 0 ? deadline_by_past_ns(p99_ns) : d->ns;
}

bool deadline_is_enough(int64_t wall_ns, int64_t had_ns, int64_t deadline_ns)
{
	if (deadline_ns == 0 || (had_ns > 0 && deadline_ns >= had_ns))
		return true;
	return wall_ns >= 0 && deadline_ns / 5 >= wall_ns;
}

int64_t deadline_slow_ns(int64_t p99_ns)
{
	if (p99_ns < 0)
		return -1;
	return p99_ns + (p99_ns > NS_PER_SEC ? p99_ns : NS_PER_SEC);
}
