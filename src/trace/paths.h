// SPDX-License-Identifier: MIT
// The records of a trace that are about paths: looks and changes. Private to trace/.
#ifndef TRACE_PATHS_H
#define TRACE_PATHS_H

struct trace_reading;
struct trace_record;

// Takes one into what is known.
void paths_take(struct trace_reading *r, const struct trace_record *rec);

#endif
