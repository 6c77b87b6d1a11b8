// SPDX-License-Identifier: MIT
// What files below /proc tell of a process.
#ifndef TRACE_PROC_H
#define TRACE_PROC_H

#include <stdbool.h>

// The attributes, as base/attributes.h names them, that stand in the file at path: some, with NULL
// behind them; NULL: it is no such file. Those that count unasked are left out.
const char *const *proc_attributes(const char *path);
// Whether it is the environment of a process.
bool proc_is_environ(const char *path);

#endif
