// SPDX-License-Identifier: MIT
// The list of the places where require has looked for a module: long, and the same in each file
// that misses it.
#ifndef REPORT_SEARCHED_H
#define REPORT_SEARCHED_H

struct buf;
struct map;

// Appends text, but a line in place of each such list that stands in *told already; the others are
// added to it.
void searched_fold(struct buf *b, const char *text, struct map *told);

#endif
