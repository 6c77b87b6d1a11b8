// SPDX-License-Identifier: MIT
// The failures of a run once more, a line each: what people read first, and editors can step
// through.
#ifndef REPORT_RECAP_H
#define REPORT_RECAP_H

struct buf;
struct run;

// Appends "FILE:LINE: NAME: MESSAGE" for each failure of the run, by file, where the line is 1 if
// it is not known; those that have one cause stand below it, the most frequent cause first. Where
// the past is known, new ones come first, and the others tell since when they are there. Nothing
// where nothing has failed.
void recap_add(struct buf *b, const struct run *run);

#endif
