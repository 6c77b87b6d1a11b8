// SPDX-License-Identifier: MIT
// Which files ran which lines of the sources. Lines that the same files ran share a set of them: a
// set is another one and a file more.
#ifndef MODEL_RUNNERS_H
#define MODEL_RUNNERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strings.h"

struct hits;

struct runners {
	struct strings files;
	struct {
		struct runner_set {
			uint32_t before; // the set that it adds to; 0: none
			uint32_t file;   // the place of the file that it adds
		} * items;               // the first one is empty
		size_t n, cap;
	} sets;
	struct map sources; // path -> struct runner_lines *
};

struct runner_lines {
	uint32_t n;
	uint32_t *sets; // of each line from 1 on, n + 1 of them
};

// Adds a file that has run what was counted.
void runners_add(struct runners *r, const char *file, const struct hits *h);
// NULL: nobody has run the source.
const struct runner_lines *runners_of(const struct runners *r, const char *source);
void runners_release(struct runners *r);

#endif
