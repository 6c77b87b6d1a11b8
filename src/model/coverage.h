// SPDX-License-Identifier: MIT
// What of the sources ran in a run: reports are functions of this struct.
#ifndef MODEL_COVERAGE_H
#define MODEL_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct runners;

struct covered_function {
	char *name;           // unique in its file; owned
	uint32_t first, last; // lines
	uint64_t calls;
};

struct covered_file {
	char *path;       // from the working folder, where it lies below that; owned
	uint32_t lines;   // the last one that is known; they are numbered from 1
	uint64_t *hits;   // of each line, whether it counts or not; lines + 1 of them; owned
	bool *counts;     // the line counts; likewise
	bool *changed;    // likewise; NULL: it does not matter; owned
	char *text;       // its lines, each ended by LF; NULL: not kept, or not read; owned
	long hit, missed; // lines that count
	struct covered_function *functions; // by their lines; owned
	size_t n_functions, called;
};

// A part of the sources of which so much is to be covered.
struct coverage_minimum {
	double percent;
	const char *glob; // NULL: all of them together
	long hit, missed;
	bool is_missed; // it is not
	bool is_empty;  // no line is meant
};

struct line_range {
	uint32_t first, last;
};

// Of what has changed since a revision.
struct coverage_diff {
	char *revision;             // owned
	struct covered_file *files; // in which lines count that have changed: these alone; owned
	size_t n, cap;
	long hit, missed;
};

struct coverage {
	struct covered_file *files; // by path
	size_t n, cap;
	long hit, missed;                // lines of all files
	bool has_calls;                  // of functions it is known how often they were called
	const struct runners *runners;   // who ran the lines; NULL: that is not told
	struct coverage_diff *diff;      // NULL: it was not asked for; owned
	struct coverage_minimum *minima; // in the order in which they were asked for; owned
	size_t n_minima;
};

// Of 100; of nothing at all it is 100.
double coverage_percent(long hit, long missed);
// The same with two digits, and never 100 where a line was missed: "99.99".
void coverage_add_percent(struct buf *b, long hit, long missed);
// The lines of the first row of missed ones from line *from on, which is set behind it; lines that
// do not count do not end a row, but those that have not changed, where that matters. False: there
// is none.
bool covered_file_missed(const struct covered_file *f, uint32_t *from, uint32_t *first,
			 uint32_t *last);
// Every minimum holds; c may be NULL.
bool coverage_suffices(const struct coverage *c);
// "coverage is 71.20 %, below 80 % (--coverage-min)", for the one that does not hold.
void coverage_add_minimum(struct buf *b, const struct coverage_minimum *m);
// Adds those lines of the source that have changed, in n ascending ranges, or all of them.
void coverage_diff_add(struct coverage_diff *d, const struct covered_file *f,
		       const struct line_range *ranges, size_t n, bool is_whole);
// c may be NULL.
void coverage_free(struct coverage *c);

#endif
