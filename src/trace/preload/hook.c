// SPDX-License-Identifier: MIT
#include "trace/preload/hook.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

// The tables of a shared object's symbols, as it has them in memory.
struct symbols {
	const ElfW(Sym) * table;
	const ElfW(Versym) * versions;
	const char *names;
	const uint32_t *hashes; // DT_GNU_HASH; NULL: it has only older ones
};

static struct symbols symbols_of(const struct link_map *object)
{
	struct symbols s = {0};

	for (const ElfW(Dyn) *d = object->l_ld; d->d_tag != DT_NULL; d++) {
		// Some machines leave these as they are in the file.
		ElfW(Addr) at =
			d->d_un.d_ptr + (d->d_un.d_ptr < object->l_addr ? object->l_addr : 0);
		if (d->d_tag == DT_SYMTAB)
			s.table = (const void *)at;
		else if (d->d_tag == DT_VERSYM)
			s.versions = (const void *)at;
		else if (d->d_tag == DT_STRTAB)
			s.names = (const void *)at;
		else if (d->d_tag == DT_GNU_HASH)
			s.hashes = (const void *)at;
	}
	return s;
}

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

// Without libc: sanitizers take its functions over, and look for ours before they are ready.
static bool is_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

// What a call of name without a version means: no old version, which is marked as hidden.
static bool is_meant(const struct symbols *s, uint32_t i, const char *name)
{
	const ElfW(Sym) *symbol = &s->table[i];

	return symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
	       !(s->versions && s->versions[i] & 0x8000) &&
	       is_same(s->names + symbol->st_name, name);
}

static void *find_in(const struct link_map *object, const struct symbols *s, const char *name)
{
	// The head, a Bloom filter, the first symbol of each bucket, the hashes of all symbols.
	uint32_t buckets = s->hashes[0], first = s->hashes[1], words = s->hashes[2];
	const uint32_t *bucket = s->hashes + 4 + words * (sizeof(ElfW(Addr)) / sizeof *bucket);
	const uint32_t *hash = bucket + buckets, h = hash_of(name);

	if (buckets == 0 || bucket[h % buckets] < first)
		return NULL;
	for (uint32_t i = bucket[h % buckets];; i++) {
		uint32_t there = hash[i - first];
		if ((there | 1) == (h | 1) && is_meant(s, i, name))
			return (void *)(object->l_addr + s->table[i].st_value);
		if (there & 1) // the last of its bucket
			return NULL;
	}
}

// Of glibc, and only of its loader: no reason not to be loaded elsewhere.
#pragma weak _r_debug

static const struct link_map *objects(void)
{
	return &_r_debug ? _r_debug.r_map : NULL;
}

static const struct link_map *own_object(void)
{
	const struct link_map *object = objects();

	while (object && object->l_ld != _DYNAMIC)
		object = object->l_next;
	return object;
}

const char *hook_own_path(void)
{
	const struct link_map *own = own_object();

	return own ? own->l_name : "";
}

const char *hook_loader(void)
{
	ElfW(Addr) base = getauxval(AT_BASE);
	const struct link_map *object = objects();

	while (object && base && object->l_addr != base)
		object = object->l_next;
	return object && base ? object->l_name : NULL;
}

// Only reads what the loader has left behind, so that a signal handler and the child of a fork may
// come here first: dlsym takes a lock, and calls functions that are hooked themselves (with it
// alone every process under watch ended by SIGSEGV). The objects that the program began with come
// first, in the order in which the loader searches them, and stay.
void *hook_find(const char *name, void **next)
{
	const struct link_map *object = own_object();

	while (object && (object = object->l_next)) {
		struct symbols s = symbols_of(object);
		void *found = s.hashes ? find_in(object, &s, name) : NULL;
		if (found)
			return *next = found;
		if (!s.hashes)
			break;
	}
	return *next = dlsym(RTLD_NEXT, name);
}
