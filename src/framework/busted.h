// SPDX-License-Identifier: MIT
// Which files busted runs: its settings, as the project's .busted has them, and what follows from
// them, as its modules/test_file_loader.lua has it.
#ifndef FRAMEWORK_BUSTED_H
#define FRAMEWORK_BUSTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/embed.h"
#include "base/strings.h"

struct err;

#define BUSTED_FILE ".busted"

struct busted_settings {
	bool there;           // the project has a .busted; if not, these are busted's defaults
	bool has_pattern;     // .busted names the patterns
	bool has_root;        // .busted names the roots
	struct strings roots; // folders and files; all the lists are owned
	struct strings
		patterns; // Lua patterns on file names, each of which makes a test; none: all
	struct strings excludes; // those that take it back
	struct strings loaders;
	struct strings tasks;      // every task's name
	struct strings task_roots; // the roots of every task
	char *helper;              // a file, or the name of a module; NULL: none
	char *lua;                 // the interpreter that it asks for, or NULL
	char *directory;           // where busted goes to, or NULL
	bool shallow;              // folders in a root are not searched
	bool moonscript;           // it is installed
};

// The program that evaluates .busted; see its own head for how it is run.
const struct embedded *busted_evaluator(void);
// What holds in a project without a .busted.
void busted_settings_default(struct busted_settings *s);
// Reads what the evaluator has written, n bytes; there: it was given a file. Fails, with s as
// without a .busted, if that is no whole answer, or says what is wrong with the file.
int busted_settings_parse(struct busted_settings *s, const char *answer, size_t n, bool there,
			  struct err *err);
void busted_settings_release(struct busted_settings *s);

enum busted_wish {
	BUSTED_LEAVES, // the file is none of its tests
	BUSTED_RUNS,
	BUSTED_EXCLUDES, // it would be one, but for exclude-pattern
};

// What busted makes of a file of that name in one of its roots.
enum busted_wish busted_wants(const struct busted_settings *s, const char *name);
// Whether the file at that path is the helper that busted loads before the tests.
bool busted_helps(const struct busted_settings *s, const char *path);

#endif
