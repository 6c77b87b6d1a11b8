// SPDX-License-Identifier: MIT
// A compiled chunk, as lua_dump writes it in Lua 5.1 to 5.4 and LuaJIT: the lines of its functions,
// with those inside of them. Pure.
#ifndef COVERAGE_HOOK_CHUNK_H
#define COVERAGE_HOOK_CHUNK_H

#include <stddef.h>

struct chunk_reader {
	// The line has code. A return that every function ends with, whether anything comes there
	// or not, is none.
	void (*line)(void *owner, int line);
	// A function begins and ends at these lines; the main chunk begins at 0.
	void (*function)(void *owner, int first, int last);
	void *owner;
};

// Tells the reader of all that is in the n bytes. -1: they are no such chunk, or not to their end;
// the reader may have been told of a part.
int chunk_read(const void *data, size_t n, const struct chunk_reader *reader);

#endif
