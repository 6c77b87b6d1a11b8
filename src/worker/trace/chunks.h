// SPDX-License-Identifier: MIT
// Lua's own loading of files, told apart from a program's reading of them.
#ifndef WORKER_TRACE_CHUNKS_H
#define WORKER_TRACE_CHUNKS_H

#include <stdbool.h>

// Whether the caller, a return address, is in Lua's function that opens a file to compile it:
// require, dofile, loadfile and the interpreter itself end there. False where the interpreter does
// not export it.
bool chunks_loads(const void *caller);

#endif
