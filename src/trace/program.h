// SPDX-License-Identifier: MIT
// What a program or a shared object may look at unseen, as its file tells.
#ifndef TRACE_PROGRAM_H
#define TRACE_PROGRAM_H

#include <stdbool.h>

struct program {
	char *soname;         // by which the loader finds it; NULL: none; owned
	bool reads_environ;   // it uses the array of all variables, not only getenv
	bool takes_functions; // it finds functions in its environment, as bash does
	bool calls_kernel;    // it has instructions for calls with a path, past the C library
	bool is_unknown;      // its file cannot be read, or tells nothing
};

// The C library itself does neither of the two.
void program_look(struct program *p, const char *path);
void program_release(struct program *p);

#endif
