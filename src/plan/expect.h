// SPDX-License-Identifier: MIT
// How long a file will take, told from the last times. Pure.
#ifndef PLAN_EXPECT_H
#define PLAN_EXPECT_H

#include <stddef.h>
#include <stdint.h>

// The lower median of the latest five (the latest last): one bad run moves nothing, a lasting
// change is believed after three. -1 if there is none.
int64_t expect_ns(const int64_t *recent, size_t n);

#endif
