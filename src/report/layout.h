// SPDX-License-Identifier: MIT
// Lines that a terminal of 80 columns shows well. What is not printable is made visible.
#ifndef REPORT_LAYOUT_H
#define REPORT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct result;

struct text_style {
	bool colours;
	bool worker_output; // show what a failed worker wrote
	bool verbose;       // list every test
	bool quiet;         // no line for what passed, no list of the slowest
	const char *again;  // the command that runs what failed once more, or NULL
};

#define LAYOUT_COLUMNS 80

// Appends text to the line at the end of b, broken between words where it would become too long;
// what follows a break begins at `indent`. A word that is too long for any line stays whole.
void layout_words(struct buf *b, const char *text, size_t indent);
// Appends a blank and remark to the line at the end of b; on lines of its own, at `indent`, where
// that one has no room for all of it.
void layout_remark(struct buf *b, const char *remark, size_t indent);
// How many of the n bytes at s, which are visible already, fit into `room` cells.
size_t layout_fitting(const char *s, size_t n, size_t room);
// Appends path; its middle is left out where it takes more than `room` cells.
void layout_path(struct buf *b, const char *path, size_t room);

enum colour { PLAIN, RED, GREEN, YELLOW, BOLD };

void layout_coloured(struct buf *b, bool colours, enum colour colour, const char *text);
// As layout_remark.
void layout_coloured_remark(struct buf *b, bool colours, enum colour colour, const char *remark,
			    size_t indent);
// Appends how r ended, as "FAIL" or "FLAKY", to the right end of `width` cells.
void layout_label(struct buf *b, const struct result *r, bool colours, size_t width);

#endif
