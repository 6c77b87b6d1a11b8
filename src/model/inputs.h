// SPDX-License-Identifier: MIT
// What the outcome of a test file depends on, as far as it was watched.
#ifndef MODEL_INPUTS_H
#define MODEL_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fingerprint.h"

// The numbers stand in the store: they are never changed or reused.
enum input_kind {
	INPUT_PATH = 1,        // what a path is: a file by its content, or that there is nothing
	INPUT_LISTING = 2,     // which entries a folder has
	INPUT_VARIABLE = 3,    // the value of an environment variable, or that it is not set
	INPUT_ENVIRONMENT = 4, // the environment as a whole, as shells read it; its name is ""
	INPUT_KINDS            // one more than the last
};

struct input {
	enum input_kind kind;
	bool found; // it was there when it was last asked for
	char *name; // any bytes but NUL; a path below the working folder is relative to it
};

struct inputs {
	struct {
		struct input *items; // each once, sorted by kind and name; owned
		size_t n, cap;
	} list;
	struct {
		char **items; // paths that it made, changed or removed: each once, sorted; owned
		size_t n, cap;
	} written;
	// Why all this may not tell the whole:
	bool network;  // it talked to other machines
	bool clock;    // it read a device that never says the same twice
	bool blind;    // a process of its could not be watched
	bool overflow; // there was more than could be noted
};

void inputs_release(struct inputs *in);
// What an input is at present; known as in base/fingerprint.h.
struct fingerprint input_fingerprint(enum input_kind kind, const char *name,
				     const struct fingerprint *known);

#endif
