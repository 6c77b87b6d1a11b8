// SPDX-License-Identifier: MIT
// Sources that no test has loaded.
#ifndef CLI_UNLOADED_H
#define CLI_UNLOADED_H

#include <stdbool.h>

struct hits;

struct unloaded_terms {
	const char *lua;     // the interpreter that tells which of their lines have code, or NULL
	const char *library; // by this
	const char *cwd;     // the working folder
	bool (*wants)(void *owner, const char *path);
	void *owner;
};

// Adds the .lua files that are wanted and not there yet: those roots, or what lies in the folders
// among them and below, without hidden ones. What does not compile is added by its text alone.
void unloaded_add(struct hits *hits, const char *const *roots, const struct unloaded_terms *terms);

#endif
