// SPDX-License-Identifier: MIT
// What is set up for some files before the first of them runs, once in a run, and torn down at its
// end.
#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strings.h"
#include "model/inputs.h"

struct err;
struct job_settings;

enum fixture_state {
	FIXTURE_IDLE,
	FIXTURE_STARTING, // its setup runs
	FIXTURE_UP,
	FIXTURE_FAILED, // its setup has
	FIXTURE_ENDING, // its teardown runs
	FIXTURE_DOWN,
};

struct fixture {
	const char *name, *at; // what it is called, and where it was said; texts of its owner
	const char *setup, *teardown; // commands of sh, or NULL
	int64_t timeout_ns;           // of each; 0: none
	struct strings globs;         // of its files
	struct strings variables;     // entries NAME=VALUE that its setup has given last; owned
	struct inputs *seen; // what its setup has seen, as that was (input_settled); NULL; owned
	enum fixture_state state;
	bool wanted; // a file of it is to run
	bool above;  // the run that this one is a part of sets it up, and tears it down
};

struct fixtures {
	struct fixture *items;
	size_t n, cap;
};

// What came of a setup or a teardown. Strings are owned.
struct fixture_result {
	char *name;
	bool tears_down, failed;
	char *reason; // why it has failed, or NULL
	char *output; // bounded
	int64_t started_ns, wall_ns;
};

void fixture_result_release(struct fixture_result *r);
void fixture_forget_seen(struct fixture *f);
// Reads what a setup has written for its files: lines NAME=VALUE, or NAME<<END, the lines of the
// value and END. Appends entries NAME=VALUE to variables, each name once, sorted. err names the
// line that is neither.
int fixture_read_variables(const char *text, size_t n, struct strings *variables, struct err *err);
// What was set up among them has seen of the input of that kind and name, before it may have made
// something else of it; or NULL.
const struct input *fixtures_find_seen(const struct fixtures *all, enum input_kind kind,
				       const char *name);
bool fixture_is_settled(const struct fixture *f);
// Whether nothing of these settings is still to be set up.
bool fixtures_are_settled(const struct job_settings *settings);
// One of them whose setup has failed, or NULL.
const struct fixture *fixtures_find_failed(const struct job_settings *settings);

#endif
