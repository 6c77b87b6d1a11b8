// SPDX-License-Identifier: MIT
// What the cache of the dynamic loader, /etc/ld.so.cache, says of a library.
#ifndef BASE_LOADER_CACHE_H
#define BASE_LOADER_CACHE_H

struct buf;

// Appends the paths that the cache at path has for the library of that name, each behind a newline,
// in the cache's order: nothing where it has none, or cannot be read.
void loader_cache_add(struct buf *b, const char *path, const char *name);

#endif
