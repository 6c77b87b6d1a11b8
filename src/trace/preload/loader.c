// SPDX-License-Identifier: MIT
#include "trace/preload/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/hook.h"
#include "trace/preload/members.h"
#include "trace/preload/programs.h"

// Only what the loader has left behind is read, without its lock: a process may end, or begin to be
// another, while one of its threads holds that.

// LD_LIBRARY_PATH, as it was when the program began.
static const char *library_path;
// Objects may have been loaded that are not noted yet.
static _Atomic bool loaded;
// How many threads are unloading some.
static _Atomic int unloading;
// The program that the loader was given: ld.so ./program; empty: the kernel has started it.
static char given[PATH_MAX];

static struct link_map *first_object(void)
{
	return _r_debug.r_map;
}

static bool is_us(const struct link_map *o)
{
	return o->l_ld == _DYNAMIC;
}

// ---- what an object says of others ----

// The texts of an object's dynamic section; NULL where it has none of a kind.
struct wishes {
	const char *texts, *rpath, *runpath;
};

static struct wishes wishes_of(const struct link_map *o)
{
	struct wishes w = {0};
	size_t rpath = 0, runpath = 0;

	for (const ElfW(Dyn) *d = o->l_ld; d && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_STRTAB) // as hook.c has it
			w.texts = (const char *)(d->d_un.d_ptr +
						 (d->d_un.d_ptr < o->l_addr ? o->l_addr : 0));
		else if (d->d_tag == DT_RPATH)
			rpath = d->d_un.d_val;
		else if (d->d_tag == DT_RUNPATH)
			runpath = d->d_un.d_val;
	}
	if (w.texts && runpath)
		w.runpath = w.texts + runpath;
	else if (w.texts && rpath)
		w.rpath = w.texts + rpath;
	return w;
}

// ---- folders in lists ----

struct path {
	char text[PATH_MAX];
	size_t n; // PATH_MAX: it has no room
};

static void append(struct path *p, const char *text, size_t n)
{
	if (p->n + n >= sizeof p->text) {
		p->n = sizeof p->text;
		return;
	}
	memcpy(p->text + p->n, text, n);
	p->text[p->n += n] = '\0';
}

// The folder that the object lies in.
static void append_origin(struct path *p, const struct link_map *o)
{
	size_t before = p->n;
	const char *name = o == first_object() ? given : o->l_name;

	if (!*name) {
		ssize_t n = p->n < sizeof p->text
				    ? syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
					      p->text + p->n, sizeof p->text - p->n)
				    : -1;
		p->n = n > 0 && p->n + (size_t)n < sizeof p->text ? p->n + (size_t)n
								  : sizeof p->text;
	} else {
		append(p, name, strlen(name));
	}
	while (p->n > before && p->n < sizeof p->text && p->text[p->n - 1] != '/')
		p->n--;
}

static bool takes_token(const char **text, const char *name)
{
	size_t n = strlen(name);
	const char *at = *text + 1;
	bool braces = *at == '{';

	at += braces;
	if (strncmp(at, name, n) != 0 || (braces && at[n] != '}'))
		return false;
	*text = at + n + braces;
	return true;
}

// The folder between text and end, with the loader's tokens replaced.
static void append_folder(struct path *p, const char *text, const char *end,
			  const struct link_map *o)
{
	while (text < end) {
		const char *before = text;
		if (*text == '$' && takes_token(&text, "ORIGIN")) {
			append_origin(p, o);
		} else if (*text == '$' &&
			   (takes_token(&text, "LIB") || takes_token(&text, "PLATFORM"))) {
			log_unseen("a library's path with $LIB or $PLATFORM");
		} else {
			append(p, before, 1);
			text = before + 1;
		}
	}
}

// ---- looking where the loader has looked ----

static bool look(const struct path *p)
{
	if (p->n >= sizeof p->text)
		return false;
	log_ahead(TRACE_READ, p->text);
	return log_exists(AT_FDCWD, p->text);
}

// Builds for better CPUs come first.
static bool look_for_better(struct path *p, const char *name)
{
	static const char *const levels[] = {"x86-64-v4/", "x86-64-v3/", "x86-64-v2/"};
	size_t folder = p->n;

	append(p, "glibc-hwcaps", strlen("glibc-hwcaps"));
	if (p->n >= sizeof p->text)
		return false;
	log_ahead(TRACE_LOOKED, p->text);
	bool found = false, any = log_exists(AT_FDCWD, p->text);
	append(p, "/", 1);
	for (size_t i = 0, base = p->n; any && !found && i < 3; i++, p->n = base) {
		append(p, levels[i], strlen(levels[i]));
		append(p, name, strlen(name));
		found = look(p);
	}
	p->n = folder;
	return found;
}

static bool look_in_folder(const char *text, const char *end, const struct link_map *o,
			   const char *name)
{
	struct path p = {.n = 0};

	append_folder(&p, text, end, o);
	if (p.n > 0 && p.n < sizeof p.text && p.text[p.n - 1] != '/')
		append(&p, "/", 1);
	if (look_for_better(&p, name))
		return true;
	append(&p, name, strlen(name));
	return look(&p);
}

// A list is folders with one of the separators between them.
static bool look_in_list(const char *list, const char *separators, const struct link_map *o,
			 const char *name)
{
	while (list) {
		const char *end = list + strcspn(list, separators);
		if (look_in_folder(list, end, o, name))
			return true;
		list = *end ? end + 1 : NULL;
	}
	return false;
}

// What object o wants by its name alone: notes the folders where that is looked for before the
// cache is asked. Returns whether it was found there.
static bool look_for(const struct link_map *o, const struct wishes *w, const char *name)
{
	const struct link_map *program = first_object();
	struct wishes of_program = wishes_of(program);

	if (!w->runpath && look_in_list(w->rpath, ":", o, name))
		return true;
	if (!w->runpath && o != program && look_in_list(of_program.rpath, ":", program, name))
		return true;
	if (library_path && *library_path && look_in_list(library_path, ":;", program, name))
		return true;
	return look_in_list(w->runpath, ":", o, name);
}

static void note_wanted(const struct link_map *o)
{
	struct wishes w = wishes_of(o);
	const struct link_map *program = first_object();
	bool is_easy = !w.runpath && !w.rpath && !(library_path && *library_path) &&
		       (o == program || !wishes_of(program).rpath);

	if (is_easy || !w.texts)
		return;
	for (const ElfW(Dyn) *d = o->l_ld; d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_NEEDED && !strchr(w.texts + d->d_un.d_val, '/'))
			look_for(o, &w, w.texts + d->d_un.d_val);
}

// ---- objects that are there ----

static void note_objects(void)
{
	for (const struct link_map *o = first_object(); o; o = o->l_next) {
		if (is_us(o))
			continue;
		// The program itself and what the kernel brings along have no path.
		if (o->l_name && strchr(o->l_name, '/'))
			log_path(TRACE_LOADED, AT_FDCWD, o->l_name, false);
		note_wanted(o);
	}
}

// ---- a program that was given to the loader ----

// Its file is mapped at an address: a line of /proc/self/maps is FROM-TO RIGHTS ... NAME.
static void find_given(uintptr_t address)
{
	char room[PATH_MAX + 256];
	size_t n = 0;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);

	for (ssize_t got = 1; fd >= 0 && got > 0;) {
		got = syscall(SYS_read, fd, room + n, sizeof room - n);
		n += got > 0 ? (size_t)got : 0;
		for (char *end; (end = memchr(room, '\n', n)) != NULL;) {
			char *rest, *name;
			*end = '\0';
			unsigned long from = strtoul(room, &rest, 16);
			unsigned long to = *rest == '-' ? strtoul(rest + 1, NULL, 16) : 0;
			if (from <= address && address < to && (name = strchr(room, '/')) &&
			    strlen(name) < sizeof given)
				strcpy(given, name);
			n -= (size_t)(end + 1 - room);
			memmove(room, end + 1, n);
		}
		if (n == sizeof room)
			break;
	}
	if (fd >= 0)
		syscall(SYS_close, fd);
}

// Options tell the loader to look elsewhere.
static bool has_options(void)
{
	char words[PATH_MAX] = "";
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? syscall(SYS_read, fd, words, sizeof words - 2) : -1;

	if (fd >= 0)
		syscall(SYS_close, fd);
	return n <= 0 || words[strlen(words) + 1] == '-';
}

static void note_given(void)
{
	find_given((uintptr_t)first_object()->l_ld);
	if (*given)
		log_path(TRACE_LOADED, AT_FDCWD, given, false);
	if (!*given || has_options())
		log_unseen("ld.so with options");
}

void loader_begin(void)
{
	int errnum = errno;

	for (char **entry = environ; entry && *entry; entry++) {
		if (strncmp(*entry, "LD_LIBRARY_PATH=", 16) == 0)
			library_path = *entry + 16;
		// Its objects live in a world of their own.
		if (strncmp(*entry, "LD_AUDIT=", 9) == 0)
			log_unseen("LD_AUDIT");
	}
	if (getauxval(AT_BASE) == 0)
		note_given();
	note_objects();
	errno = errnum;
}

void loader_expect(void)
{
	atomic_store(&loaded, true);
}

void loader_end(void)
{
	int errnum = errno;

	if (!atomic_load_explicit(&loaded, memory_order_relaxed) || !log_is_on())
		return;
	if (atomic_load(&unloading))
		log_unseen("a library that was unloaded");
	else if (atomic_exchange(&loaded, false))
		note_objects();
	errno = errnum;
}

// ---- loading ----

// The object that holds an address of code.
struct search {
	ElfW(Addr) address, base;
	bool found;
};

static int holds_address(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct search *s = arg;

	for (int i = 0; i < object->dlpi_phnum && !s->found; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		ElfW(Addr) start = object->dlpi_addr + p->p_vaddr;
		s->found = p->p_type == PT_LOAD && s->address - start < p->p_memsz;
		s->base = object->dlpi_addr;
	}
	return s->found;
}

static const struct link_map *object_at(const void *address)
{
	struct search s = {.address = (ElfW(Addr))address};

	dl_iterate_phdr(holds_address, &s);
	for (const struct link_map *o = first_object(); s.found && o; o = o->l_next)
		if (o->l_addr == s.base)
			return o;
	return first_object();
}

// Behind the cache: the C library's own folder, and those of old.
static void look_in_system(const char *name)
{
	static const char folders[] = "/lib:/usr/lib:/lib64:/usr/lib64";
	const struct link_map *o = object_at((const void *)strtoul);
	const char *slash = o->l_name ? strrchr(o->l_name, '/') : NULL;

	if (slash && look_in_folder(o->l_name, slash, o, name))
		return;
	look_in_list(folders, ":", first_object(), name);
}

static void note_ahead(const char *path, const void *caller)
{
	int errnum = errno;
	const struct link_map *o = object_at(caller);
	struct wishes w = wishes_of(o);
	struct path p = {.n = 0};

	if (strchr(path, '/')) {
		append_folder(&p, path, path + strlen(path), o);
		if (p.n < sizeof p.text)
			log_ahead(TRACE_READ, p.text);
	} else if (!look_for(o, &w, path)) {
		log_name(TRACE_LIBRARY, path, 0);
		look_in_system(path);
	}
	errno = errnum;
}

// The next ones end in a jump: libc looks at where it was called from, to know whose RUNPATH
// counts, and that must be the program. So what was loaded besides is seen later.
HOOK(void *, dlopen, const char *path, int flags)
{
	if (path && *path && log_is_on())
		note_ahead(path, __builtin_return_address(0));
	loader_expect();
	return NEXT(dlopen)(path, flags);
}

// Another namespace has another libc, which knows nothing of us.
HOOK(void *, dlmopen, Lmid_t space, const char *path, int flags)
{
	if (space != LM_ID_BASE)
		log_unseen("dlmopen");
	loader_expect();
	return NEXT(dlmopen)(space, path, flags);
}

HOOK(int, dlclose, void *handle)
{
	loader_end();
	atomic_fetch_add(&unloading, 1);
	int status = NEXT(dlclose)(handle);
	members_unloaded();
	atomic_fetch_sub(&unloading, 1);
	return status;
}

// Without libc, as in hook.c.
static void note_symbol(const char *name)
{
	const char *wanted = "environ";

	while (name && *name == '_')
		name++;
	while (name && *wanted && *name == *wanted) {
		name++;
		wanted++;
	}
	if (name && !*name && !*wanted)
		log_name(TRACE_ENVIRONMENT, "dlsym", 0);
}

// ---- a function of libc that libc itself is asked for ----

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool is_our_own(const void *function)
{
	Dl_info info;

	return dladdr(function, &info) && info.dli_fbase == (const void *)&__ehdr_start;
}

static void *usual_of(void *found, const char *name);

HOOK(void *, dlsym, void *handle, const char *name)
{
	note_symbol(name);
	if (handle != RTLD_NEXT && handle != RTLD_DEFAULT && log_is_on())
		return usual_of(NEXT(dlsym)(handle, name), name);
	return NEXT(dlsym)(handle, name);
}

// Whoever asks a library for what it has taken over is given what is called by that name everywhere
// else. To ask for the next one is to know of that.
static void *usual_of(void *found, const char *name)
{
	void *usual = found ? NEXT(dlsym)(RTLD_DEFAULT, name) : NULL;

	if (!usual || usual == found || !is_our_own(usual))
		return found;
	return NEXT(dlsym)(RTLD_NEXT, name) == found ? usual : found;
}

HOOK(void *, dlvsym, void *handle, const char *name, const char *version)
{
	note_symbol(name);
	return NEXT(dlvsym)(handle, name, version);
}

// ---- the end of the process: of all but exit past all destructors ----

#define HOOK_EXIT(name, past)                                                                      \
	HOOK(void, name, int status)                                                               \
	{                                                                                          \
		log_exit(status);                                                                  \
		if (past)                                                                          \
			loader_end();                                                              \
		NEXT(name)(status);                                                                \
		__builtin_unreachable();                                                           \
	}
HOOK_EXIT(exit, false)
HOOK_EXIT(_exit, true)
HOOK_EXIT(_Exit, true)
HOOK_EXIT(quick_exit, true)
