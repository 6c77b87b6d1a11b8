// SPDX-License-Identifier: MIT
// What the figures of a file have done in time.
#ifndef MODEL_TREND_H
#define MODEL_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/series.h"

struct flips {
	size_t tries; // pairs of results between which nothing has moved that the file depends on
	size_t flips; // pairs of which one passed and the other did not
	int64_t last_run; // of the latest flip
};

struct flips trend_flips(const struct series *t);

// Where the bad results begin behind which there is no pass; t->n: the latest result is not bad.
size_t trend_bad_since(const struct series *t);

// From items `at` on the values lie around `after`, before around `before` (medians).
struct step {
	size_t at;
	int64_t before, after;
};

// The last lasting step among n values, in the order of time. A step counts if the medians of up to
// 20 values on either side of it differ by more than four times what the values scatter around them
// (1.4826 x the median absolute deviation; eight times where there are fewer than 5 values behind
// it), by a tenth, and by `least`; and if four of five values lie on their side of the middle.
// False if there is none: 3 values behind it and 5 before it there must be at least.
bool trend_step(const int64_t *values, size_t n, int64_t least, struct step *step);

#endif
