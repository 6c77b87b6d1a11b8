// SPDX-License-Identifier: MIT
// The counts of LuaCov's stats file: for each source "LINES:NAME", and below it how often each of
// its lines ran, a blank behind each.
#ifndef COVERAGE_STATS_H
#define COVERAGE_STATS_H

#include <stddef.h>
#include <stdio.h>

struct err;
struct hits;

// Adds what stands in the n bytes of such a text, by the names that it has. -1: it is none from
// some place on; what stands before that was added.
int stats_parse(struct hits *h, const char *text, size_t n);
// Writes all of it, in the order of the names.
void stats_write(FILE *out, const struct hits *h);
// Adds what a hook in Lua has written of itself to a worker's memory, if it has.
void stats_read_memory(int fd, struct hits *h);

#endif
