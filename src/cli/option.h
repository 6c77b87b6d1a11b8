// SPDX-License-Identifier: MIT
// A row in the table of options: what it is called, what it takes, and where its value goes.
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct err;
struct mode;
struct settings;

enum option_type {
	OPTION_HEADLINE, // of --help=all
	OPTION_HELP,     // goes on with the help of the row above
	OPTION_ON,       // sets a bool
	OPTION_OFF,      // clears a bool
	OPTION_NUMBER,   // a long from min to max
	OPTION_SECONDS,  // an int64_t of nanoseconds
	OPTION_SIZE,     // an int64_t of bytes
	OPTION_CHOICE,   // an int-sized enum: the index of the word in choices
	OPTION_TEXT,     // a const char *, empty only if nothing else is wanted
	OPTION_TEXTS,    // one more of such in a struct strings
	OPTION_MODE,     // mode
	OPTION_READ,     // whatever read makes of it
};

// Where a row may stand besides the command line and FIRMO_JOBS_FLAGS, as bits.
enum option_place {
	IN_PROJECT = 1,    // firmo-jobs.json of the project, and its profiles
	IN_OVERRIDES = 2,  // what that says of some files: the worker of a file depends on it alone
	IN_USER = 8,       // a person's own firmo-jobs.json
	IN_DIRECTIVES = 4, // what a test file says of itself
};

// What a row is in JSON.
enum option_shape {
	SHAPE_VALUE,  // true or false if it has no argument, else a text or a number
	SHAPE_LIST,   // of such; one of a later layer takes the place of those before
	SHAPE_OBJECT, // of them by name, each of which is a setting of its own
	SHAPE_RECORD, // an object of members that are one setting together
};

// What of a value is a path, which a person means from where he stands.
enum option_path {
	PATH_NONE,
	PATH_WHOLE,        // all of it
	PATH_BEHIND_COLON, // FORMAT:FILE, where FILE is not -
	PATH_PROGRAM,      // if it holds a slash
};

// A member of a record.
struct option_member {
	const char *name, *help;
	bool is_list;
};

struct option_row {
	char letter; // 0: none
	const char *name, *argument, *help;
	enum option_type type;
	size_t at; // of the value in struct settings
	long min, max;
	const char *const *choices; // ended by NULL; of another type: words that are completed
	const char *wanted;         // "wants ...", for messages; that of choices is made of them
	const struct mode *mode;
	const struct option_member *members; // of a record, ended by one without a name
	// value: "false" takes back what a row without an argument has set; NULL, for a list: what
	// was said before is forgotten.
	int (*read)(struct settings *o, const char *value, struct err *err);
	unsigned places; // enum option_place; 0: the command line alone
	enum option_shape shape;
	enum option_path path;
	const char *opposite; // the name that turns a switch off or empties a list; NULL: none
	const char *initial;  // the value that is built in; NULL: none
	bool is_of_call;      // it says what becomes of this call: one that repeats it goes without
};

// Whether the row is an option, not a line of --help=all.
bool option_is_named(const struct option_row *row);
// An argument that may be left out stands in brackets.
bool option_is_optional(const struct option_row *row);
// Whether what it takes can be a number in JSON.
bool option_takes_numbers(const struct option_row *row);
// Puts the value of a row that is not OPTION_MODE into o, whose texts point to value from then on;
// as read has it. Fails with a message that begins with NAME=VALUE.
int option_set(struct settings *o, const struct option_row *row, const char *value,
	       struct err *err);
// The place of the word that the first n bytes of value are, or -1.
int option_find(const char *const *choices, const char *value, size_t n);
// The message of a value that is none of the choices; more: what to say behind them, such as
// ", and :FILE". Returns -1.
int option_refuse(struct err *err, const char *option, const char *value,
		  const char *const *choices, const char *more);
// The message of a value that an option does not take: OPTION=VALUE: WANTED. Returns -1.
int option_invalid(struct err *err, const char *option, const char *value, const char *wanted);
// One line of --help=all.
void option_print(FILE *out, const struct option_row *row);

#endif
