// SPDX-License-Identifier: MIT
// What has been said of the settings, and where: the settings are what all of it comes to, in
// order.
#ifndef CLI_STATEMENTS_H
#define CLI_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

struct err;
struct option_row;
struct settings;

// Where settings come from; a later one wins.
enum layer {
	LAYER_BUILT_IN,
	LAYER_FIRMO,     // .firmo-config.lua
	LAYER_USER,      // a person's own firmo-jobs.json
	LAYER_PROJECT,   // firmo-jobs.json
	LAYER_PROFILE,   // one of its profiles
	LAYER_OVERRIDE,  // what it says of some files
	LAYER_DIRECTIVE, // what a file says of itself
	LAYER_VARIABLE,
	LAYER_FLAGS, // FIRMO_JOBS_FLAGS; what it lists, the command line adds to
	LAYER_COMMAND_LINE,
};

struct statement {
	const struct option_row *row;
	const char *value; // as the row takes it; NULL: an empty list
	enum layer layer;
	const char *at; // "firmo-jobs.json: profiles.ci.timeout"; NULL: words of a command line
};

struct statements {
	struct statement *items;
	size_t n, cap;
	struct strings texts; // what value and at point to; owned
};

// Appends it, with copies of both texts.
void statements_add(struct statements *s, const struct option_row *row, const char *value,
		    enum layer layer, const char *at);
// The same of a value in words: "as=1G,cpu=3" of an object are two statements.
void statements_add_word(struct statements *s, const struct option_row *row, const char *value,
			 enum layer layer, const char *at);
// The same of another's.
void statements_copy(struct statements *s, const struct statement *said);
// Appends those of other, which is empty from then on.
void statements_move(struct statements *s, struct statements *other);
void statements_release(struct statements *s);
// Has one of them hold in o, whose texts point to its own. The message of an error begins with what
// is wrong: "--timeout=x: ...", "firmo-jobs.json: timeout=x: ...".
int statement_take(const struct statement *s, struct settings *o, struct err *err);
// Has all of them hold, in order.
int statements_take(const struct statements *s, struct settings *o, struct err *err);
// Whether both are about the same setting: a member of an object is one of its own.
bool statement_is_about(const struct statement *s, const struct statement *other);
// Whether both belong to one list, where the row is one.
bool statement_joins(const struct statement *s, const struct statement *other);
// The last one of the row, or NULL.
const struct statement *statements_last(const struct statements *s, const struct option_row *row);
// Where it was said, for a person.
const char *statement_origin(const struct statement *s);

#endif
