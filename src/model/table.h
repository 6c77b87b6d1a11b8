// SPDX-License-Identifier: MIT
// A view of the history: titled tables and lines, for any format.
#ifndef MODEL_TABLE_H
#define MODEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cell_kind {
	CELL_NUMBER,   // -1: unknown
	CELL_SECONDS,  // nanoseconds; -1: unknown
	CELL_TIME,     // nanoseconds of the real clock; 0: unknown
	CELL_DAY,      // the same; people see the day alone
	CELL_BYTES,    // -1: unknown
	CELL_SHARE,    // parts of a million; -1: unknown. For people: per cent
	CELL_CHANGE,   // the same, which may be negative, and is never unknown
	CELL_TEXT,     // any bytes; NULL: unknown
	CELL_REVISION, // the same; people see its beginning
	CELL_PATH,     // the same; people see its end where there is no room
	CELL_STATUS,   // the same; something bad if it is the name of a bad one
	CELL_REMARK,   // the same; people see its first line, below the row
	CELL_DRAWING,  // the same, for people alone
};

struct column {
	const char *key;   // for programs; NULL: they do not see it
	const char *title; // for people; NULL: they do not see it
	enum cell_kind kind;
};

struct cell {
	int64_t number;
	char *text; // owned
};

struct table {
	const char *key; // for programs
	char *title;     // for people, its heading, or ""; NULL: they do not see the table; owned
	const struct column *columns;
	size_t n_columns;
	struct {
		struct cell *items; // n_columns for each row
		size_t n, cap;
	} cells;
	size_t most; // rows that people see; 0: all
};

// A table, or a line of text for people alone.
struct part {
	struct table table;
	char *line; // owned; NULL: it is a table
	bool bad;   // a line that tells of something bad
};

struct view {
	const char *name;
	char *range; // which runs it is about, in words; NULL: all; owned
	size_t n_runs;
	const char *main; // the key of the table that a format shows which has room for one
	struct {
		struct part *items;
		size_t n, cap;
	} parts;
};

// Begins a table, which is valid until the next part is begun. The columns must outlive it. Tables
// of the same key are parts of one.
struct table *view_table(struct view *v, const char *key, const char *title,
			 const struct column *columns, size_t n_columns);
void view_line(struct view *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Makes the last line one that tells of something bad.
void view_mark(struct view *v);
void view_release(struct view *v);

// The cells of a row are added one after the other.
void table_number(struct table *t, int64_t n);
// text is copied; it may be NULL.
void table_text(struct table *t, const char *text);
size_t table_rows(const struct table *t);
const struct cell *table_cell(const struct table *t, size_t row, size_t column);

#endif
