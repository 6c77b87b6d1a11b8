// SPDX-License-Identifier: MIT
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <stdint.h>

struct err;
struct store;

// Whether all of a run's row can be read; -1: no.
int load_check_run(struct store *s, int64_t id, struct err *err);

#endif
