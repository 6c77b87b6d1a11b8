// SPDX-License-Identifier: MIT
// LuaCov's settings, as a project's .luacov has them: which sources are told of.
#ifndef FRAMEWORK_LUACOV_H
#define FRAMEWORK_LUACOV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/embed.h"
#include "base/strings.h"

struct err;

#define LUACOV_FILE ".luacov"

struct luacov_settings {
	struct strings includes, excludes; // Lua patterns on paths without .lua; owned
	struct strings untested; // files and folders that count though nothing loads them; owned
};

// The program that evaluates .luacov; see its own head for how it is run.
const struct embedded *luacov_evaluator(void);
// Reads what it has written, n bytes. Fails if that is no whole answer, or says what is wrong with
// the file; s is empty then.
int luacov_settings_parse(struct luacov_settings *s, const char *answer, size_t n, struct err *err);
void luacov_settings_release(struct luacov_settings *s);
// Whether LuaCov would include the source: a path from the project's folder.
bool luacov_wants(const struct luacov_settings *s, const char *path);

#endif
