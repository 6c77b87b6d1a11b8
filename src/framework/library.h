// SPDX-License-Identifier: MIT
// Frameworks as files: what the source of each holds, whatever the file is called.
#ifndef FRAMEWORK_LIBRARY_H
#define FRAMEWORK_LIBRARY_H

#include <stdbool.h>

#include "model/job.h"

struct buf;

// The framework that the file of that name, which may be missing or anything, is the core of, or
// FRAMEWORK_PLAIN.
enum framework library_in(const char *path);
// Whether the Lua source of that name names what busted gives its files, other than as a module.
bool library_names_busted(const char *path);
// Adds the words by which the shim knows the frameworks that a test file runs itself, as a Lua
// chunk.
void library_add_words(struct buf *b);

#endif
