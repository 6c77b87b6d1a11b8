// SPDX-License-Identifier: MIT
// Which variables of the environment a worker gets from us, and which say how it is to work.
#ifndef BASE_ENVIRON_H
#define BASE_ENVIRON_H

#include <stdbool.h>
#include <stddef.h>

// Whether workers find the variable as we set it, or not at all, however we were started: such a
// variable is never an input. The name has n bytes; it may go on with the value.
bool environ_is_ours(const char *name, size_t n);
// Whether the loader and the C library take it from the environment before any program runs.
bool environ_is_of_loader(const char *name, size_t n);

#endif
