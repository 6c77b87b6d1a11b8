// SPDX-License-Identifier: MIT
// Whether what a program does can be watched.
#ifndef TRACE_INTERPRETER_H
#define TRACE_INTERPRETER_H

#include <stdbool.h>

// Whether LD_PRELOAD works on the program path (no search is made): an ELF file of our own kind
// that is linked dynamically and changes no user or group, or a script whose interpreter is one.
// Looks at nothing but the files. False where they cannot be read.
bool interpreter_can_be_watched(const char *path);

#endif
