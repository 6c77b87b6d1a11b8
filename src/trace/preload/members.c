// SPDX-License-Identifier: MIT
#include "trace/preload/members.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/preload/hook.h"

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

static void pushes(void)
{
	if (!last.is_set)
		return;
	last.is_set = false;
	note(last.dir, last.path, last.nofollow, &last.seen);
}

// ---- modules whose calls come to us ----

// What tells Lua a number or a truth: by these a module passes on what it made of a size or a time.
enum push { PUSH_INTEGER, PUSH_NUMBER, PUSH_BOOLEAN, PUSH_NIL, PUSHES };

static const char *const push_names[PUSHES] = {"lua_pushinteger", "lua_pushnumber",
					       "lua_pushboolean", "lua_pushnil"};

// Where a module finds a function of Lua's, and what stood there. While the loader has not bound
// it yet, that is a way to the loader.
struct stack_slot {
	void **at; // NULL: it does not call that
	void *next;
	bool is_fixed; // the page is for reading only
};

struct module {
	const struct link_map *map;
	uintptr_t start;
	_Atomic uintptr_t end; // 0: it has been unloaded; set last
	struct stack_slot slots[PUSHES];
};

#define MODULES_MOST 16
static struct module modules[MODULES_MOST];
static _Atomic size_t n_modules;
static _Atomic int making; // one thread adds one

static struct module *module_at(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	for (size_t i = atomic_load(&n_modules); i-- > 0;)
		if (at < atomic_load(&modules[i].end) && at >= modules[i].start)
			return &modules[i];
	return NULL;
}

static void put(const struct stack_slot *s, void *function)
{
	uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *page = (void *)((uintptr_t)s->at & ~(size - 1));

	if (s->is_fixed && mprotect(page, size, PROT_READ | PROT_WRITE) < 0)
		return;
	*s->at = function;
	if (s->is_fixed)
		mprotect(page, size, PROT_READ);
}

// A call in the last place is a jump: whoever is returned to is no module then, and which one it
// was is not known. The functions of Lua itself are found all the same.
static void *next_of(const struct module *m, enum push push)
{
	static void *found[PUSHES];
	void *next = m ? m->slots[push].next : NULL;

	if (!next)
		next = found[push] ? found[push] : hook_find(push_names[push], &found[push]);
	for (size_t i = atomic_load(&n_modules); !next && i-- > 0;)
		next = atomic_load(&modules[i].end) ? modules[i].slots[push].next : NULL;
	return next;
}

// The loader has bound it during the call: what it wrote there is the function.
static void take_back(struct module *m, enum push push, void *ours)
{
	struct stack_slot *s = m ? &m->slots[push] : NULL;

	if (!s || !s->at || *s->at == ours)
		return;
	s->next = *s->at;
	put(s, ours);
}

#define PUSH(name, push, type)                                                                     \
	static void name(void *state, type value)                                                  \
	{                                                                                          \
		struct module *m = module_at(__builtin_return_address(0));                         \
		pushes();                                                                          \
		((void (*)(void *, type))next_of(m, push))(state, value);                          \
		take_back(m, push, (void *)name);                                                  \
	}
PUSH(push_integer, PUSH_INTEGER, long long)
PUSH(push_number, PUSH_NUMBER, double)
PUSH(push_boolean, PUSH_BOOLEAN, int)
PUSH(push_nil, PUSH_NIL, int) // which takes no value, and ignores it

static void *const push_functions[PUSHES] = {(void *)push_integer, (void *)push_number,
					     (void *)push_boolean, (void *)push_nil};

// ---- finding them ----

struct loaded_object {
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Rela) * tables[2];
	size_t bytes[2];
	uintptr_t fixed, fixed_end; // for reading only since it is loaded
};

static struct loaded_object object_of(const struct link_map *map)
{
	struct loaded_object o = {0};

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

static void find_fixed(struct loaded_object *o, const struct link_map *map, const void *start)
{
	const ElfW(Ehdr) *head = start;
	const ElfW(Phdr) *part = (const void *)((const char *)start + head->e_phoff);
	uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);

	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	for (int i = 0; i < head->e_phnum; i++)
		if (part[i].p_type == PT_GNU_RELRO) { // the loader fixes whole pages of it
			o->fixed = map->l_addr + part[i].p_vaddr;
			o->fixed_end = (o->fixed + part[i].p_memsz) & ~(size - 1);
			o->fixed &= ~(size - 1);
		}
}

static struct stack_slot slot_of(const struct loaded_object *o, const struct link_map *map,
				 const char *name)
{
	for (size_t t = 0; t < 2; t++) {
		const ElfW(Rela) *r = o->tables[t];
		for (size_t i = 0; r && i < o->bytes[t] / sizeof *r; i++) {
			uint32_t type = (uint32_t)ELF64_R_TYPE(r[i].r_info);
			const ElfW(Sym) *symbol = &o->symbols[ELF64_R_SYM(r[i].r_info)];
			uintptr_t at = map->l_addr + r[i].r_offset;
			if ((type == JUMP_SLOT || type == GLOB_DAT) &&
			    strcmp(o->names + symbol->st_name, name) == 0)
				return (struct stack_slot){.at = (void **)at,
							   .next = *(void **)at,
							   .is_fixed = at >= o->fixed &&
								       at < o->fixed_end};
		}
	}
	return (struct stack_slot){0};
}

// Which object an address lies in, glibc tells in a signal-safe way since 2.35.
#if __GLIBC_PREREQ(2, 35)

static const void *_Atomic stranger; // the last caller that is in no module

static bool find_object(const void *address, struct dl_find_object *found)
{
	static int (*find)(void *, struct dl_find_object *);

	if (!find)
		find = (__typeof__(find))hook_find("_dl_find_object", (void **)&find);
	return find && find((void *)address, found) == 0;
}

// Where there is room for one more, NULL: nowhere.
static struct module *room(void)
{
	size_t n = atomic_load(&n_modules);

	for (size_t i = 0; i < n; i++)
		if (!atomic_load(&modules[i].end))
			return &modules[i];
	return n < MODULES_MOST ? &modules[n] : NULL;
}

// This library speaks to Lua as well, where it forks it; what it makes of a look it notes itself.
static bool is_ours(const struct dl_find_object *found)
{
	uintptr_t here = (uintptr_t)is_ours;

	return here >= (uintptr_t)found->dlfo_map_start && here < (uintptr_t)found->dlfo_map_end;
}

// A module is what calls for some of them and brings none; an interpreter is none.
static bool add_module(const struct dl_find_object *found)
{
	struct module *m = room();
	struct loaded_object o = object_of(found->dlfo_link_map);
	bool calls = false;

	if (!m || !o.symbols || !o.names || is_ours(found))
		return false;
	find_fixed(&o, found->dlfo_link_map, found->dlfo_map_start);
	for (int i = 0; i < PUSHES; i++) {
		m->slots[i] = slot_of(&o, found->dlfo_link_map, push_names[i]);
		calls |= m->slots[i].at != NULL;
	}
	if (!calls)
		return false;
	m->map = found->dlfo_link_map;
	m->start = (uintptr_t)found->dlfo_map_start;
	atomic_store(&m->end, (uintptr_t)found->dlfo_map_end);
	if (m == &modules[atomic_load(&n_modules)])
		atomic_fetch_add(&n_modules, 1);
	for (int i = 0; i < PUSHES; i++)
		if (m->slots[i].at)
			put(&m->slots[i], push_functions[i]);
	return true;
}

bool members_is_module(const void *caller)
{
	struct dl_find_object found;
	int free_to_make = 0;
	bool is_new = false;

	if (module_at(caller))
		return true;
	if (atomic_load(&stranger) == caller)
		return false;
	if (atomic_compare_exchange_strong(&making, &free_to_make, 1)) {
		is_new = !module_at(caller) && find_object(caller, &found) && add_module(&found);
		atomic_store(&making, 0);
	}
	if (!is_new)
		atomic_store(&stranger, caller);
	return is_new;
}

void members_unloaded(void)
{
	struct dl_find_object found;

	for (size_t i = atomic_load(&n_modules); i-- > 0;) {
		struct module *m = &modules[i];
		uintptr_t end = atomic_load(&m->end);
		if (end && !(find_object((const void *)m->start, &found) &&
			     found.dlfo_link_map == m->map && (uintptr_t)found.dlfo_map_end == end))
			atomic_store(&m->end, 0);
	}
	atomic_store(&stranger, NULL);
}

#else

bool members_is_module(const void *caller)
{
	return false;
}

void members_unloaded(void)
{
}

#endif
