// SPDX-License-Identifier: MIT
// Hashes of what this process has written to the trace. Nothing is forgotten, but something may be
// overlooked: a record that does not fit in is written again. As all of log.h, for any thread, in a
// signal handler and in the child of a vfork.
#ifndef TRACE_PRELOAD_KNOWN_H
#define TRACE_PRELOAD_KNOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// h with the n bytes mixed in.
uint64_t known_hash(uint64_t h, const char *s, size_t n);
// Whether h, which is not 0, is there; if not, *hole is where it can be put, NULL: nowhere.
bool known_has(uint64_t h, _Atomic uint64_t **hole);
// Puts it there, once its record is written: who finds a record known may end the process at once.
void known_add(uint64_t h, _Atomic uint64_t *hole);

#endif
