// SPDX-License-Identifier: MIT
// Lua's own loading of files, told apart from a program's reading of them.
#ifndef TRACE_PRELOAD_CHUNKS_H
#define TRACE_PRELOAD_CHUNKS_H

#include <stdbool.h>

// Takes the arguments of main, which stay where they are.
void chunks_begin(int argc, char **argv);
// Them, ended by NULL.
char **chunks_arguments(void);
// Whether the caller, a return address, is in Lua's function that opens a file to compile it:
// require, dofile and loadfile end there. False where the interpreter does not export it, and for
// the script that the interpreter was started for, which is a program of its own and no part of
// another: its path is the argument itself, and no copy.
bool chunks_loads(const void *caller, const char *path);

#endif
