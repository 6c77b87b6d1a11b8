// SPDX-License-Identifier: MIT
// The counters of this process, in the memory that the runner has made (coverage/hook/memory.h).
#ifndef COVERAGE_HOOK_ENTRIES_H
#define COVERAGE_HOOK_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coverage/hook/memory.h"

struct counters {
	uint32_t *counts, *calls; // by line
	uint32_t lines;           // the last one
};

// Maps the memory at that path. False: it cannot be.
bool entries_open(const char *path);
// Its head.
struct memory_head *entries_head(void);
// Makes an entry with room for so many lines. The n bytes at chunk are the compiled source; without
// them, or where they are none, it is not known which lines have code. False: there is no room.
bool entries_add(const char *name, uint32_t lines, const void *chunk, size_t n, struct counters *c);

#endif
