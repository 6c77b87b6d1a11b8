// SPDX-License-Identifier: MIT
// Locks: names for what two test files must not use at once.
#ifndef MODEL_LOCK_H
#define MODEL_LOCK_H

#include <stddef.h>

// How many files may hold it at once.
struct lock {
	char *name;
	long capacity; // at least 1
};

// Those that more than one file may hold, each once; of all others it is one.
struct locks {
	struct lock *items;
	size_t n, cap;
};

#endif
