// SPDX-License-Identifier: MIT
// The test frameworks: how a file of theirs is recognised, and how it is run.
#ifndef FRAMEWORK_FRAMEWORK_H
#define FRAMEWORK_FRAMEWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "model/job.h"

struct err;

// Whether the shim reports its tests as events.
bool framework_has_events(enum framework f);

struct guess {
	enum framework framework;
	bool certain; // the file itself names the framework; else it only calls what busted has
	bool names_busted; // it names what busted gives its files to describe tests with
};

// By what the Lua source requires and calls; comments do not count, nor names that it defines
// itself.
struct guess detect_framework(const char *source, size_t n);
// Whether busted gives its files something of that name (describe, it, before_each, ...).
bool detect_busted_name(const char *name, size_t n);

// How workers are run: the programs found, and what the user said of it.
struct commands {
	char *lua;          // the interpreter's path; owned
	char *lua_name;     // the name it was found by: argv[0]; owned
	char *busted;       // busted's script, or NULL; owned
	bool busted_direct; // that script is no Lua source: it is executed, not given to lua
	char **template;    // --command, split into words, or NULL; owned
	// What the project's settings of busted come to, set by the caller:
	const char *task;      // of .busted, or NULL
	bool asks_for_lua;     // they name an interpreter
	bool moves;            // busted leaves the folder that paths are relative to
	char *busted_lua;      // the interpreter of busted's files; NULL: that of all; owned
	char *busted_lua_name; // and its name; owned
	char *const *extra;    // words for every worker (behind --), or NULL
};

// Finds the programs in PATH (path_list). lua: --lua, or NULL for lua, lua5.4, lua5.3, luajit,
// lua5.2, lua5.1 whichever is there first. template: --command, or NULL.
int commands_init(struct commands *c, const char *lua, const char *template, char *const *extra,
		  const char *path_list, struct err *err);
void commands_release(struct commands *c);

// The words that run one file. program is what to execute; argv ends with NULL. Release it with
// command_release.
struct command {
	const char *program;
	char **argv;
	bool by_runner; // the file is loaded by its framework's runner, or by words of the user's
	// Below a wrapper (framework/wrapper.h):
	bool is_wrapped;
	size_t first; // where in argv the words of the worker itself begin
	// Those of its interpreter, behind the first, with newlines between them. NULL: a shell
	// tells which process it is. Owned.
	char *words;
};

// For the file at path, read as one of framework f. Fails if that has a runner of its own which is
// not installed.
int command_make(struct command *cmd, const struct commands *c, const char *path, enum framework f,
		 struct err *err);
void command_release(struct command *cmd);
// What the result of any file depends on besides its inputs, see model/way.h: the program, its
// words with {} for the file, and settings, a way as well. NULL where command_make would fail; the
// caller frees it.
char *command_way(const struct commands *c, enum framework f, const char *settings);

#endif
