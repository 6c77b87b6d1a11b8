// SPDX-License-Identifier: MIT
// The Lua files that are injected into workers. They are part of this program, and are laid down in
// a folder of the run, so that nothing needs to be installed beside it.
#ifndef FRAMEWORK_SHIM_H
#define FRAMEWORK_SHIM_H

struct embedded;
struct err;

// Writes the files into the folder dir, which exists. init.lua is the one that LUA_INIT names.
int shim_write(const char *dir, struct err *err);
// What an interpreter runs to compile parts of the shim for itself: its arguments are that folder
// and the names of the parts. Where it has not, the parts are read as they are.
const struct embedded *shim_compile_code(void);

#endif
