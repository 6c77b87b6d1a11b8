// SPDX-License-Identifier: MIT
#include "trace/preload/known.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define FEW       128
#define FEW_TRIES 8
#define TRIES     32
#define TABLES    2

// Most processes write little: they are to touch no more memory than they have to, so a larger
// table is made when those before it have no room.
static struct {
	_Atomic uint64_t few[FEW];
	_Atomic uint64_t *_Atomic more[TABLES]; // NULL: not made yet
} known;

static const size_t more_slots[TABLES] = {1024, 8192}; // powers of two, as FEW is

static _Atomic uint64_t *more_known(size_t i)
{
	_Atomic uint64_t *table = atomic_load(&known.more[i]), *none = NULL;
	const size_t bytes = more_slots[i] * sizeof *table;
	int errnum = errno;

	if (table)
		return table;
	table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = errnum;
	if (table == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&known.more[i], &none, table))
		return table;
	munmap((void *)table, bytes);
	return none;
}

uint64_t known_hash(uint64_t h, const char *s, size_t n)
{
	uint64_t word;

	for (; n > 0; s += sizeof word, n -= n < sizeof word ? n : sizeof word) {
		word = n;
		memcpy(&word, s, n < sizeof word ? n : sizeof word);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

// Whether h is in the table; if not, *hole is where it can be put, NULL: nowhere.
static bool is_in(_Atomic uint64_t *table, size_t slots, size_t tries, uint64_t h,
		  _Atomic uint64_t **hole)
{
	*hole = NULL;
	for (size_t i = 0; i < tries; i++) {
		_Atomic uint64_t *slot = &table[(h + i) & (slots - 1)];
		uint64_t there = atomic_load_explicit(slot, memory_order_relaxed);
		if (there == h)
			return true;
		if (there == 0) {
			*hole = slot;
			return false;
		}
	}
	return false;
}

bool known_has(uint64_t h, _Atomic uint64_t **hole)
{
	bool is = is_in(known.few, FEW, FEW_TRIES, h, hole);

	for (size_t i = 0; i < TABLES && !is && !*hole; i++) {
		_Atomic uint64_t *table = more_known(i);
		is = table && is_in(table, more_slots[i], TRIES, h, hole);
	}
	return is;
}

void known_add(uint64_t h, _Atomic uint64_t *hole)
{
	uint64_t none = 0;

	if (hole)
		atomic_compare_exchange_strong(hole, &none, h);
}
