// SPDX-License-Identifier: MIT
#include "worker/trace/members.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "worker/trace/hook.h"

#if defined __x86_64__
#define JUMP_SLOT R_X86_64_JUMP_SLOT
#define GLOB_DAT  R_X86_64_GLOB_DAT
#elif defined __aarch64__
#define JUMP_SLOT R_AARCH64_JUMP_SLOT
#define GLOB_DAT  R_AARCH64_GLOB_DAT
#else // no relocation has this number: nothing is a module, and everything is noted
#define JUMP_SLOT UINT32_MAX
#define GLOB_DAT  UINT32_MAX
#endif

// ---- what was told last ----

#define PATH_MOST 512 // a longer one is noted at once

static __thread __attribute__((tls_model("initial-exec"))) struct {
	bool is_set, nofollow;
	int dir;
	struct trace_sight seen;
	char path[PATH_MOST];
} last;

static void note(int dir, const char *path, bool nofollow, const struct trace_sight *seen)
{
	log_look(&(struct look){.op = TRACE_STATUS,
				.dir = dir,
				.path = path,
				.nofollow = nofollow,
				.fd = -1,
				.ask = SEEN,
				.seen = *seen});
}

void members_told(int dir, const char *path, bool nofollow, const struct trace_sight *seen)
{
	size_t n = seen ? strlen(path) : 0;

	last.is_set = false;
	if (!seen)
		return;
	if (n >= PATH_MOST) {
		note(dir, path, nofollow, seen);
		return;
	}
	memcpy(last.path, path, n + 1);
	last.dir = dir;
	last.nofollow = nofollow;
	last.seen = *seen;
	last.is_set = true;
}

static void pushes_number(void)
{
	if (!last.is_set)
		return;
	last.is_set = false;
	note(last.dir, last.path, last.nofollow, &last.seen);
}

// ---- modules whose calls come to us ----

// Where a module finds a function of Lua's, and what stood there. While the loader has not bound
// it yet, that is a way to the loader.
struct slot {
	void **at; // NULL: it does not call that
	void *next;
	bool is_fixed; // the page is for reading only
};

struct module {
	uintptr_t start, end;
	struct slot integer, number;
};

#define MODULES_MOST 16
static struct module modules[MODULES_MOST];
static _Atomic size_t n_modules;
static _Atomic int making; // one thread adds one

static struct module *module_at(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	for (size_t i = atomic_load(&n_modules); i-- > 0;)
		if (at >= modules[i].start && at < modules[i].end)
			return &modules[i];
	return NULL;
}

static void put(const struct slot *s, void *function)
{
	uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *page = (void *)((uintptr_t)s->at & ~(size - 1));

	if (s->is_fixed && mprotect(page, size, PROT_READ | PROT_WRITE) < 0)
		return;
	*s->at = function;
	if (s->is_fixed)
		mprotect(page, size, PROT_READ);
}

// The loader has bound it during the call: what it wrote there is the function.
static void take_back(struct slot *s, void *ours)
{
	if (*s->at == ours)
		return;
	s->next = *s->at;
	put(s, ours);
}

// A call in the last place is a jump: whoever is returned to is no module then, and which one it
// was is not known. The functions of Lua itself are found all the same.
static void push_integer(void *state, long long n)
{
	static void *found;
	struct module *m = module_at(__builtin_return_address(0));
	void *next = m ? m->integer.next : NULL;

	pushes_number();
	if (!next)
		next = found ? found : hook_find("lua_pushinteger", &found);
	for (size_t i = atomic_load(&n_modules); !next && i-- > 0;)
		next = modules[i].integer.next;
	((void (*)(void *, long long))next)(state, n);
	if (m && m->integer.at)
		take_back(&m->integer, (void *)push_integer);
}

static void push_number(void *state, double n)
{
	static void *found;
	struct module *m = module_at(__builtin_return_address(0));
	void *next = m ? m->number.next : NULL;

	pushes_number();
	if (!next)
		next = found ? found : hook_find("lua_pushnumber", &found);
	for (size_t i = atomic_load(&n_modules); !next && i-- > 0;)
		next = modules[i].number.next;
	((void (*)(void *, double))next)(state, n);
	if (m && m->number.at)
		take_back(&m->number, (void *)push_number);
}

// ---- finding them ----

struct object {
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Rela) * tables[2];
	size_t bytes[2];
	uintptr_t fixed, fixed_end; // for reading only since it is loaded
};

static struct object object_of(const struct link_map *map)
{
	struct object o = {0};

	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		ElfW(Addr) at = d->d_un.d_ptr + (d->d_un.d_ptr < map->l_addr ? map->l_addr : 0);
		if (d->d_tag == DT_SYMTAB)
			o.symbols = (const void *)at;
		else if (d->d_tag == DT_STRTAB)
			o.names = (const void *)at;
		else if (d->d_tag == DT_JMPREL)
			o.tables[0] = (const void *)at;
		else if (d->d_tag == DT_PLTRELSZ)
			o.bytes[0] = d->d_un.d_val;
		else if (d->d_tag == DT_RELA)
			o.tables[1] = (const void *)at;
		else if (d->d_tag == DT_RELASZ)
			o.bytes[1] = d->d_un.d_val;
	}
	return o;
}

static void find_fixed(struct object *o, const struct link_map *map, const void *start)
{
	const ElfW(Ehdr) *head = start;
	const ElfW(Phdr) *part = (const void *)((const char *)start + head->e_phoff);

	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	for (int i = 0; i < head->e_phnum; i++)
		if (part[i].p_type == PT_GNU_RELRO) {
			o->fixed = map->l_addr + part[i].p_vaddr;
			o->fixed_end = o->fixed + part[i].p_memsz;
		}
}

static struct slot slot_of(const struct object *o, const struct link_map *map, const char *name)
{
	for (size_t t = 0; t < 2; t++) {
		const ElfW(Rela) *r = o->tables[t];
		for (size_t i = 0; r && i < o->bytes[t] / sizeof *r; i++) {
			uint32_t type = (uint32_t)ELF64_R_TYPE(r[i].r_info);
			const ElfW(Sym) *symbol = &o->symbols[ELF64_R_SYM(r[i].r_info)];
			uintptr_t at = map->l_addr + r[i].r_offset;
			if ((type == JUMP_SLOT || type == GLOB_DAT) &&
			    strcmp(o->names + symbol->st_name, name) == 0)
				return (struct slot){.at = (void **)at,
						     .next = *(void **)at,
						     .is_fixed =
							     at >= o->fixed && at < o->fixed_end};
		}
	}
	return (struct slot){0};
}

// Which object an address lies in, glibc tells in a signal-safe way since 2.35.
#if __GLIBC_PREREQ(2, 35)

// A module is what calls for either and brings neither; an interpreter is none.
static bool add_module(const struct dl_find_object *found)
{
	size_t n = atomic_load(&n_modules);
	struct object o = object_of(found->dlfo_link_map);

	if (n == MODULES_MOST || !o.symbols || !o.names)
		return false;
	find_fixed(&o, found->dlfo_link_map, found->dlfo_map_start);
	struct module m = {
		.start = (uintptr_t)found->dlfo_map_start,
		.end = (uintptr_t)found->dlfo_map_end,
		.integer = slot_of(&o, found->dlfo_link_map, "lua_pushinteger"),
		.number = slot_of(&o, found->dlfo_link_map, "lua_pushnumber"),
	};
	if (!m.integer.at && !m.number.at)
		return false;
	modules[n] = m;
	atomic_store(&n_modules, n + 1);
	if (m.integer.at)
		put(&m.integer, (void *)push_integer);
	if (m.number.at)
		put(&m.number, (void *)push_number);
	return true;
}

bool members_is_module(const void *caller)
{
	static int (*find)(void *, struct dl_find_object *);
	static const void *_Atomic stranger; // the last caller that is in no module
	struct dl_find_object found;
	int free_to_make = 0;

	if (module_at(caller))
		return true;
	if (atomic_load(&stranger) == caller)
		return false;
	if (!find)
		find = (__typeof__(find))hook_find("_dl_find_object", (void **)&find);
	bool is_new = false;
	if (find && atomic_compare_exchange_strong(&making, &free_to_make, 1)) {
		is_new = !module_at(caller) && find((void *)caller, &found) == 0 &&
			 add_module(&found);
		atomic_store(&making, 0);
	}
	if (!is_new)
		atomic_store(&stranger, caller);
	return is_new;
}

#else

bool members_is_module(const void *caller)
{
	return false;
}

#endif
