// SPDX-License-Identifier: MIT
// What names mean to a worker that makes, removes and renames things, held against what they meant
// before: what it has made is its own, and what it has only renamed is what it was.
#ifndef TRACE_NAMES_H
#define TRACE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"

struct names {
	struct map entries; // of the names that it has changed
	struct buf room;
};

enum names_owner {
	NAMES_OTHERS, // it was there, or missing, before the worker came
	NAMES_OWN,    // the worker has made it, or a folder above it
	NAMES_GONE    // the worker has removed or renamed it, or a folder above it
};

void names_release(struct names *n);
// Whose the path is now; *before (NAMES_OTHERS): what it was called before, valid up to the next
// call.
enum names_owner names_owner(struct names *n, const char *path, const char **before);
// Whether the worker has made, removed or renamed something of that very name.
bool names_has(const struct names *n, const char *path);

// What the worker does. type: S_IFMT of a mode, 0: unknown. there: there was something of that name
// before the call, of type_before.
void names_make(struct names *n, const char *path, uint32_t type, bool there, uint32_t type_before);
void names_remove(struct names *n, const char *path, uint32_t type);
void names_rename(struct names *n, const char *from, const char *to, uint32_t type, bool there,
		  uint32_t type_before);
void names_link(struct names *n, const char *from, const char *to, uint32_t type);

// What has to be added to the sum of entry_hash() of a folder's entries, so that it is what it
// would have been before the worker changed them.
uint64_t names_correction(const struct names *n, const char *folder);

#endif
