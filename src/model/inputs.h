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
	INPUT_DOUBT = 10,      // no input: why the others may not be all; its name: inputs_doubt
	INPUT_KINDS            // one more than the last
};

// Why a pass is not trusted to come again. The numbers stand in the store.
enum doubt {
	DOUBT_NETWORK = 1,
	DOUBT_CLOCK = 2,
	DOUBT_BLIND = 4,
	DOUBT_OVERFLOW = 8,
	DOUBT_YOUNG = 16, // an input was changed while it ran, or up to two seconds before
	DOUBT_RETRY = 32, // it passed only when it was tried again
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
// Adds the doubt, and its cause to the list: a path, a function, a variable; "": unknown.
void inputs_doubt(struct inputs *in, enum doubt doubt, const char *cause);
// Sorts the list and the written paths, and leaves each once.
void inputs_sort(struct inputs *in);
// The name that such a cause has as an INPUT_DOUBT; the caller frees it.
char *doubt_input_name(enum doubt doubt, const char *cause);
// The cause in the name of an INPUT_DOUBT; NULL: it is one of another doubt.
const char *doubt_cause(enum doubt doubt, const char *name);
// Releases what it depended on, and keeps what it wrote: reports need no more.
void inputs_forget(struct inputs *in);
// What an input is at present; known as in base/fingerprint.h.
struct fingerprint input_fingerprint(enum input_kind kind, const char *name,
				     const struct fingerprint *known);

#endif
