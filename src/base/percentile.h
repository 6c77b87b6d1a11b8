// SPDX-License-Identifier: MIT
#ifndef BASE_PERCENTILE_H
#define BASE_PERCENTILE_H

#include <stddef.h>
#include <stdint.h>

// The value at or below which `percent` of 100 of the n values lie (nearest rank: 50 is the lower
// median); reorders them. -1 without values.
int64_t percentile(int64_t *values, size_t n, int percent);

#endif
