// SPDX-License-Identifier: MIT
// The Lua files that are injected into workers. They are part of this program, and are laid down in
// a folder of the run, so that nothing needs to be installed beside it.
#ifndef WORKER_SHIM_H
#define WORKER_SHIM_H

struct err;

// Writes the files into the folder dir, which exists. init.lua is the one that LUA_INIT names.
int shim_write(const char *dir, struct err *err);

#endif
