// SPDX-License-Identifier: MIT
// Which lines of a source count, by its text: the rule of LuaCov, whose users know it. Lines of one
// word, of a comment or of a table's constants say nothing of what ran. Pure.
#ifndef COVERAGE_LINES_H
#define COVERAGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum lines_kind {
	LINES_NEVER,  // it does not count
	LINES_IF_HIT, // it counts where it ran: where it did not, it may have left no trace
	LINES_ALWAYS,
};

// Where a line begins: inside of what the lines before it have opened.
struct lines_state {
	bool has_begun;
	bool is_off;         // by "-- luacov: disable"
	bool after_function; // the parameters of a function come next
	bool in_parameters;
	char quote;      // of the string that is open, or '\0'
	long level;      // of the long bracket that is open: how many = it has, from 1; 0: none
	bool is_comment; // that one is
	struct buf simple;
};

// The next line of the source, n bytes without its end. lines is all zero before the first one.
enum lines_kind lines_next(struct lines_state *lines, const char *text, size_t n);
void lines_release(struct lines_state *lines);

#endif
