// SPDX-License-Identifier: MIT
// What an entry is to the folder that it lies in: its name and its type.
#ifndef BASE_ENTRY_H
#define BASE_ENTRY_H

#include <stdint.h>

// type: as in st_mode, S_IFMT alone. The sum over all entries but "." and ".." stands for the
// folder, whatever their order is; one entry more or less is a sum or a difference.
static inline uint64_t entry_hash(const char *name, uint32_t type)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ type;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 29) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

#endif
