// SPDX-License-Identifier: MIT
#include "trace/preload/host.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/hook.h"

// System calls are made directly: libc's functions are hooked.

#define PRELOAD      "LD_PRELOAD="
#define SCRIPTS_MAX  4   // the kernel's own limit for scripts that run scripts
#define SCRIPT_BYTES 256 // and for what is behind "#!"

// ---- what the loader is told ----

static bool is_between(char c)
{
	return c == ' ' || c == ':';
}

// Where our path stands in the value of LD_PRELOAD, or NULL.
static const char *find_ours(const char *value)
{
	const char *path = hook_own_path();
	size_t n = strlen(path);

	for (const char *at = value; n > 0 && (at = strstr(at, path)); at++)
		if ((at == value || is_between(at[-1])) && (is_between(at[n]) || !at[n]))
			return at;
	return NULL;
}

static const char *preload_of(const char *entry)
{
	size_t n = strlen(PRELOAD);

	return strncmp(entry, PRELOAD, n) == 0 ? find_ours(entry + n) : NULL;
}

char *const *host_without(char *const envp[], void *room)
{
	char **all = room;
	size_t n = 0;

	while (envp[n])
		n++;
	char *text = (char *)(all + n + 1);
	for (size_t i = 0; i <= n; i++) {
		const char *ours = envp[i] ? preload_of(envp[i]) : NULL;
		all[i] = envp[i];
		if (!ours)
			continue;
		memcpy(text, envp[i], (size_t)(ours - envp[i]));
		strcpy(text + (ours - envp[i]), ours + strlen(hook_own_path()));
		all[i] = text;
		text += strlen(text) + 1;
	}
	return all;
}

// ---- what a program is ----

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool read_at(int fd, void *room, size_t n, off_t at)
{
	return syscall(SYS_pread64, fd, room, n, at) == (long)n;
}

static bool is_same_file(const char *a, const char *b)
{
	struct statx x, y;

	return syscall(SYS_statx, AT_FDCWD, a, 0, STATX_INO, &x) == 0 &&
	       syscall(SYS_statx, AT_FDCWD, b, 0, STATX_INO, &y) == 0 && x.stx_ino == y.stx_ino &&
	       x.stx_dev_minor == y.stx_dev_minor && x.stx_dev_major == y.stx_dev_major;
}

// Each C library has a loader of its own, and so has each version of one.
static bool has_our_loader(int fd, const ElfW(Phdr) * part)
{
	char loader[SCRIPT_BYTES];
	const char *own = hook_loader();

	if (!own || part->p_filesz > sizeof loader ||
	    !read_at(fd, loader, part->p_filesz, (off_t)part->p_offset) ||
	    !memchr(loader, '\0', part->p_filesz))
		return true;
	return strcmp(loader, own) == 0 || is_same_file(loader, own);
}

// One without a loader does not look at LD_PRELOAD.
static bool can_elf_host(int fd, const ElfW(Ehdr) * head)
{
	ElfW(Phdr) part;

	if (memcmp(head->e_ident, __ehdr_start.e_ident, EI_VERSION) != 0 ||
	    head->e_machine != __ehdr_start.e_machine)
		return false;
	for (unsigned i = 0; i < head->e_phnum; i++)
		if (!read_at(fd, &part, sizeof part, (off_t)(head->e_phoff + i * sizeof part)))
			return true;
		else if (part.p_type == PT_INTERP)
			return has_our_loader(fd, &part);
	return true;
}

// The end of the interpreter's name in the first line of a script; NULL: it names none.
static char *interpreter_in(char *line, size_t n)
{
	char *at = line + 2;

	line[n] = '\0';
	while (*at == ' ' || *at == '\t')
		at++;
	at[strcspn(at, " \t\n")] = '\0';
	return *at ? at : NULL;
}

static int open_program(int dir, const char *path)
{
	return *path ? (int)syscall(SYS_openat, dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : dir;
}

// What cannot be looked into, the kernel and the loader are to tell of themselves.
static bool can_host(int dir, const char *path, int scripts)
{
	union {
		ElfW(Ehdr) elf;
		char line[SCRIPT_BYTES + 1];
	} head;
	int fd = open_program(dir, path);
	long n = fd < 0 ? -1 : syscall(SYS_pread64, fd, head.line, SCRIPT_BYTES, (off_t)0);
	bool can = true;

	if (n >= (long)sizeof head.elf && memcmp(head.line, ELFMAG, SELFMAG) == 0)
		can = can_elf_host(fd, &head.elf);
	if (fd >= 0 && *path)
		syscall(SYS_close, fd);
	if (n < 2 || head.line[0] != '#' || head.line[1] != '!')
		return can;
	const char *next = interpreter_in(head.line, (size_t)n);
	return !next || scripts == 0 || can_host(AT_FDCWD, next, scripts - 1);
}

// A process may have become somebody else, or look at another root. This call leaves out the
// capabilities that somebody else loses with exec.
static bool is_readable(const char *path)
{
	return syscall(SYS_faccessat, AT_FDCWD, path, R_OK) == 0;
}

// A bad pointer is for the kernel to refuse.
static bool is_text(const char *path)
{
	return path && (syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0 || errno != EFAULT);
}

size_t host_room(int dir, const char *path, char *const envp[])
{
	size_t bytes = 0, n = 0;
	int errnum = errno;

	for (; envp && envp[n]; n++)
		if (preload_of(envp[n]))
			bytes += strlen(envp[n]) + 1;
	if (bytes == 0 || !is_text(path) ||
	    (is_readable(hook_own_path()) && can_host(dir, path, SCRIPTS_MAX)))
		bytes = 0;
	errno = errnum;
	return bytes ? bytes + (n + 1) * sizeof *envp : 0;
}

// ---- who looks around ----

struct looking {
	int (*each)(struct dl_phdr_info *, size_t, void *);
	void *arg;
	struct dl_phdr_info own;
	size_t size; // of that; 0: we were not met
};

static int tell_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct looking *l = arg;

	if (object->dlpi_addr != (ElfW(Addr)) & __ehdr_start || size > sizeof l->own)
		return l->each(object, size, l->arg);
	l->own = *object;
	l->size = size;
	return 0;
}

// We come last: AddressSanitizer refuses to run where its library is not the first one.
HOOK(int, dl_iterate_phdr, int (*each)(struct dl_phdr_info *, size_t, void *), void *arg)
{
	struct looking l = {.each = each, .arg = arg};
	int result = NEXT(dl_iterate_phdr)(tell_object, &l);

	return result == 0 && l.size > 0 ? each(&l.own, l.size, arg) : result;
}
