// SPDX-License-Identifier: MIT
// The results of one file through time, as figures alone.
#ifndef MODEL_SERIES_H
#define MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/status.h"

// Whether what a file depends on is what it was at the result before. The numbers stand in the
// store: they are never changed or reused.
enum inputs_state {
	INPUTS_UNKNOWN = 0, // it was not watched
	INPUTS_SAME = 1,
	INPUTS_MOVED = 2,
};

struct sample {
	int64_t run; // its id in the store
	enum file_status status;
	enum inputs_state inputs;
	int attempt;             // 1 for the first
	bool concurrent;         // other files ran at some time while it did
	bool partial;            // only some of its tests were wanted
	int64_t wall_ns, cpu_ns; // to the microsecond
	int64_t delay_ns;        // that it was ready to run and got no CPU; -1: unknown
	int64_t peak_bytes;      // to 1 KiB
};

struct series {
	struct sample *items; // owned; in the order of time, the latest last
	size_t n, cap;
};

void series_release(struct series *t);
// Whether it tells how long the whole file takes: what was skipped, would not load or ran in part
// does not.
bool sample_is_timed(const struct sample *s);
// The percentile, as in base/percentile.h, of a figure of the last `most` timed samples; negative
// figures are unknown and left out.
int64_t series_percentile(const struct series *t, size_t most, int percent,
			  int64_t (*figure)(const struct sample *));
int64_t sample_wall_ns(const struct sample *s);
// The same, -1 where the file was ended before it had come to its end: what a deadline made of it
// must not make the next deadline.
int64_t sample_whole_ns(const struct sample *s);
int64_t sample_cpu_ns(const struct sample *s);
int64_t sample_peak_bytes(const struct sample *s);

#endif
