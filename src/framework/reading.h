// SPDX-License-Identifier: MIT
// What runs decides: a file's framework is guessed before it is run, and the guess is held against
// what its worker did. All of it is pure.
//
//	reading_settle			which framework's result this is, by what came
//	reading_revise			whether the file has to be run another way, for once
//	reading_is_better		and whether that told more
#ifndef FRAMEWORK_READING_H
#define FRAMEWORK_READING_H

#include <stdbool.h>

#include "framework/tap.h"
#include "model/job.h"

struct events;
struct result;

// What is seen of a worker that has ended.
struct observation {
	struct reading reading;      // what it was started as
	const struct events *events; // NULL: it had no shim
	const struct tap *tap;       // its stdout
	bool was_tap;                // see struct job
	enum framework
		loaded; // the framework whose core it has read, by its trace; or FRAMEWORK_PLAIN
	const char *loaded_from;  // that file
	const char *names_busted; // a file of the project's that it has loaded, and that names what
				  // busted gives its files; NULL: none
	bool heard;               // its shim told that it was there
	bool watched;             // nothing that it loaded has escaped its trace
	bool before_seen;         // of the run before, where there was one: it was heard or watched
	bool has_busted;          // busted can be run
	bool by_runner;           // the framework\'s own runner was started, and not the file
};

// Sets r->framework, and r->learned where that is not what the worker was started as.
void reading_settle(struct result *r, const struct observation *o);
// Whether a run of another kind would tell more of the file than r, whose outcome is decided. Then
// *next is that, and *why (owned by the caller) says what it was learned by.
bool reading_revise(const struct result *r, const struct observation *o, struct reading *next,
		    char **why);
// Whether the result of the other run, which was started as that, is to stand, and not that of the
// one before.
bool reading_is_better(const struct result *other, const struct reading *as,
		       const struct result *before);

#endif
