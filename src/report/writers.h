// SPDX-License-Identifier: MIT
// What reports say of files that write the same paths. Pure.
#ifndef REPORT_WRITERS_H
#define REPORT_WRITERS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conflict;
struct run;

// "build/x.txt", "build/x.txt and 3 more": the paths.
void writers_add_paths(struct buf *b, const struct conflict *c);
// What became of the files in this run, and what will: "they ran at once; the next run keeps them
// apart".
const char *writers_fate(const struct run *run, const struct conflict *c);
// The object that keeps them apart, for overrides of firmo-jobs.json, in one line; the caller frees
// it. Many files are meant by the folder that all of them lie in.
char *writers_override(const struct conflict *c);

#endif
