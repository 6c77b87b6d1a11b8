// SPDX-License-Identifier: MIT
#include "worker/trace/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// System calls are made directly: libc's functions are hooked, here or by another library.

// ---- the trace ----

enum { UNKNOWN, STARTING, ON, OFF };
static _Atomic int state;
static struct trace_head *head; // set before state is ON
static _Atomic bool too_early;  // something was not noted, as state was STARTING

// What follows start in text; NULL: it does not begin so.
static const char *behind(const char *text, const char *start)
{
	while (*start && *text == *start) {
		text++;
		start++;
	}
	return *start ? NULL : text;
}

static const char *trace_path(void)
{
	const char *path = NULL;

	for (char **entry = environ; *entry && !path; entry++)
		path = behind(*entry, TRACE_VARIABLE "=");
	return path;
}

static struct trace_head *map_trace(const char *path)
{
	struct stat st;
	struct trace_head *map = MAP_FAILED;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size >= TRACE_BYTES)
		map = mmap(NULL, TRACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if (map == MAP_FAILED)
		return NULL;
	// The first touch writes, if nothing: one that reads brings the page's neighbours along.
	atomic_fetch_or(&map->lost, 0);
	if (map->format == TRACE_FORMAT)
		return map;
	munmap(map, TRACE_BYTES);
	return NULL;
}

static void say_hello(char **argv);

// Another C library has it not. It may load us all the same, and is left alone.
extern const char *gnu_get_libc_version(void) __attribute__((weak));

// argv: of main; NULL: it is too early to know.
static bool start(char **argv)
{
	int before = UNKNOWN, errnum = errno;

	if (!gnu_get_libc_version) {
		atomic_store(&state, OFF);
		return false;
	}

	// A library may call us before libc has set the environment up: not a time to decide.
	if (!environ || !atomic_compare_exchange_strong(&state, &before, STARTING))
		return before == ON;
	const char *path = trace_path();
	head = path && *path == '/' ? map_trace(path) : NULL;
	if (head)
		say_hello(argv);
	atomic_store(&state, head ? ON : OFF);
	if (head && atomic_load(&too_early))
		log_lost();
	errno = errnum;
	return head != NULL;
}

bool log_is_on(void)
{
	int now = atomic_load_explicit(&state, memory_order_acquire);

	if (now == STARTING) // in a signal handler, or another thread
		atomic_store(&too_early, true);
	return now == ON || (now == UNKNOWN && start(NULL));
}

bool log_begin(char **argv)
{
	return atomic_load(&state) == UNKNOWN ? start(argv) : log_is_on();
}

void log_lost(void)
{
	if (log_is_on())
		atomic_store(&head->lost, 1);
}

// ---- records ----

struct note {
	enum trace_op op;
	int errnum;
	pid_t pid;    // 0: it does not matter
	bool repeats; // noted every time
};

// A path in two pieces, with a slash between them unless one is empty.
struct place {
	const char *base, *name;
	size_t nbase, nname;
};

// Room for a record of that size, or NULL.
static struct trace_record *reserve(size_t bytes)
{
	const uint32_t room = TRACE_BYTES - sizeof *head;
	uint32_t at = atomic_load(&head->used);

	// Once full it stays so: `used` must not run around.
	if (at <= room)
		at = atomic_fetch_add(&head->used, (uint32_t)bytes);
	if (at > room || room - at < bytes)
		return NULL;
	return (struct trace_record *)((char *)(head + 1) + at);
}

static void write_record(const struct note *n, const struct place *p)
{
	size_t slash = p->nbase && p->nname;
	size_t bytes = sizeof(struct trace_record) + p->nbase + slash + p->nname + 1;
	bytes = (bytes + TRACE_ALIGN - 1) & ~(size_t)(TRACE_ALIGN - 1);
	struct trace_record *r = reserve(bytes);

	if (!r)
		return;
	r->bytes = (uint16_t)bytes;
	r->errnum = (uint8_t)n->errnum;
	r->pid = (uint32_t)n->pid;
	memcpy(r->path, p->base, p->nbase);
	if (slash)
		r->path[p->nbase] = '/';
	memcpy(r->path + p->nbase + slash, p->name, p->nname);
	atomic_store_explicit(&r->op, (uint8_t)n->op, memory_order_release);
}

// ---- each record once ----

#define KNOWN_TRIES 8
#define FEW         128
#define MANY        4096

// Hashes of what this process has written. Most processes write little: they are to touch no more
// memory than they have to, so the second table is made when the first has no room. Nothing is
// forgotten, but something may be overlooked: a record that does not fit in is written again.
static struct {
	_Atomic uint64_t few[FEW];
	_Atomic uint64_t *_Atomic many; // NULL: not made yet
} known;

static _Atomic uint64_t *many_known(void)
{
	_Atomic uint64_t *many = atomic_load(&known.many), *none = NULL;
	const size_t bytes = MANY * sizeof *many;
	int errnum = errno;

	if (many)
		return many;
	many = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = errnum;
	if (many == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&known.many, &none, many))
		return many;
	munmap((void *)many, bytes);
	return none;
}

static uint64_t hash_bytes(uint64_t h, const char *s, size_t n)
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

static uint64_t hash_of(const struct note *n, const struct place *p)
{
	uint64_t h = hash_bytes((uint64_t)n->op << 8 | (uint64_t)n->errnum, p->base, p->nbase);

	h = hash_bytes(h ^ p->nbase, p->name, p->nname);
	return h ? h : 1;
}

// Whether h is in the table; if not, *hole is where it can be put, NULL: nowhere.
static bool is_in(_Atomic uint64_t *table, size_t slots, uint64_t h, _Atomic uint64_t **hole)
{
	*hole = NULL;
	for (size_t i = 0; i < KNOWN_TRIES; i++) {
		_Atomic uint64_t *slot = &table[(h + i) % slots];
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

static bool is_known(uint64_t h, _Atomic uint64_t **hole)
{
	if (is_in(known.few, FEW, h, hole))
		return true;
	_Atomic uint64_t *many = *hole ? NULL : many_known();
	return many && is_in(many, MANY, h, hole);
}

static bool note_place(const struct note *n, const struct place *p)
{
	_Atomic uint64_t *hole = NULL;
	uint64_t h = n->repeats ? 0 : hash_of(n, p), none = 0;

	if (h && is_known(h, &hole))
		return false;
	// In this order: who finds a record known may end the process at once.
	write_record(n, p);
	if (hole)
		atomic_compare_exchange_strong(hole, &none, h);
	return true;
}

// ---- where a path counts from ----

static size_t decimal(char *text, unsigned number)
{
	size_t n = number >= 10 ? decimal(text, number / 10) : 0;

	text[n] = (char)('0' + number % 10);
	return n + 1;
}

#define OWN_PROGRAM (-3) // as a folder to count from; no file descriptor, nor AT_FDCWD

static ssize_t target_of(const char *link, char *room, size_t size)
{
	ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, room, size);

	return n < (ssize_t)size ? n : -ERANGE;
}

static ssize_t name_of_fd(int fd, char *room, size_t size)
{
	char link[sizeof "/proc/self/fd/" + 10] = "/proc/self/fd/";

	if (fd < 0)
		return 0;
	link[strlen(link) + decimal(link + strlen(link), (unsigned)fd)] = '\0';
	return target_of(link, room, size);
}

// The folder dir (or the file that is open as dir) by name; 0 or less: unknown, -ERANGE: it is
// longer than that. Asked for every time: a cache of it would be wrong after a vfork, in threads,
// and when the folder is renamed.
static ssize_t base_of(int dir, char *room, size_t size)
{
	if (dir == OWN_PROGRAM)
		return target_of("/proc/self/exe", room, size);
	if (dir != AT_FDCWD)
		return name_of_fd(dir, room, size);
	ssize_t n = syscall(SYS_getcwd, room, size);
	return n > 0 ? n - 1 : -errno;
}

static bool note_with_base(const struct note *n, const char *base, ssize_t nbase, const char *name)
{
	struct place p = {base, name, (size_t)nbase, strlen(name)};

	if (nbase > 0 && *base == '/')
		return note_place(n, &p);
	if (n->errnum == 0)
		log_lost();
	return false;
}

// Apart, as it needs more stack than a signal handler may have.
static __attribute__((noinline)) bool note_far(const struct note *n, int dir, const char *name)
{
	char room[PATH_MAX];

	return note_with_base(n, room, base_of(dir, room, sizeof room), name);
}

static bool note_near(const struct note *n, int dir, const char *name)
{
	char room[PATH_MAX / 16];
	ssize_t nbase = base_of(dir, room, sizeof room);

	return nbase == -ERANGE ? note_far(n, dir, name) : note_with_base(n, room, nbase, name);
}

static bool note_path(const struct note *n, int dir, const char *path)
{
	struct place p = {"", path, 0, strnlen(path, PATH_MAX)};

	if (p.nname == PATH_MAX) // no file has such a name
		return false;
	return *path == '/' ? note_place(n, &p) : note_near(n, dir, path);
}

// ---- what the hooks call ----

bool log_path(enum trace_op op, int dir, const char *path, bool failed)
{
	int errnum = errno;
	struct note n = {.op = op, .errnum = failed ? errnum : 0};
	bool is_new = false;

	// An empty path is no path: it fails, or stands for a file that is open.
	if (log_is_on() && path && n.errnum != EFAULT && n.errnum != EBADF && *path)
		is_new = note_path(&n, dir, path);
	errno = errnum;
	return is_new;
}

void log_listed(int dir, const char *path, bool failed)
{
	bool is_file = failed && errno == ENOTDIR && log_exists(dir, path);

	log_path(is_file ? TRACE_LOOKED : TRACE_LISTED, dir, path, failed && !is_file);
}

void log_fd(enum trace_op op, int fd)
{
	int errnum = errno;

	if (log_is_on())
		note_near(&(struct note){.op = op}, fd, "");
	errno = errnum;
}

void log_name(enum trace_op op, const char *name, int errnum)
{
	struct place p = {"", name, 0, strnlen(name, PATH_MAX - 1)};

	if (log_is_on())
		note_place(&(struct note){.op = op, .errnum = errnum}, &p);
}

void log_unseen(const char *call)
{
	log_name(TRACE_UNSEEN, call, 0);
}

// Why there is no file path; 0: there is one.
static int look_for(int dir, const char *path)
{
	return syscall(SYS_faccessat, dir, path, F_OK) == 0 ? 0 : errno;
}

bool log_exists(int dir, const char *path)
{
	int errnum = errno;
	bool exists = !log_is_on() || look_for(dir, path) == 0;

	errno = errnum;
	return exists;
}

void log_ahead(enum trace_op op, const char *path)
{
	int before = errno;
	int errnum = log_is_on() ? look_for(AT_FDCWD, path) : 0;

	errno = errnum;
	log_path(op, AT_FDCWD, path, errnum != 0);
	errno = before;
}

static void log_process(enum trace_op op, int dir, const char *path, pid_t pid)
{
	int errnum = errno;
	struct note n = {.op = op, .pid = pid, .repeats = true};

	if (op == TRACE_EXEC_FAILED)
		n.errnum = errnum;
	if (op != TRACE_SHELL && !pid)
		n.pid = (pid_t)syscall(SYS_getpid);
	if (*path)
		note_path(&n, dir, path);
	else if (dir != AT_FDCWD)
		note_near(&n, dir, "");
	errno = errnum;
}

// A bad pointer is for the kernel to refuse.
static bool is_readable(const char *path)
{
	int errnum = errno;
	bool bad = look_for(AT_FDCWD, path) == EFAULT;

	errno = errnum;
	return !bad;
}

void log_exec(int dir, const char *path)
{
	if (log_is_on() && is_readable(path))
		log_process(TRACE_EXEC, dir, path, 0);
}

void log_exec_failed(int dir, const char *path)
{
	if (log_is_on() && is_readable(path))
		log_process(TRACE_EXEC_FAILED, dir, path, 0);
}

void log_spawn(pid_t pid, const char *path)
{
	if (log_is_on())
		log_process(TRACE_SPAWN, AT_FDCWD, path, pid);
}

void log_shell(void)
{
	if (log_is_on())
		log_process(TRACE_SHELL, AT_FDCWD, "/bin/sh", 0);
}

// The kernel tells how the program was named. For a script that is the script's name, which is then
// among the arguments behind the interpreter's.
static const char *own_program(char **argv)
{
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (!name || *name != '/' || behind(name, "/dev/fd/"))
		return NULL;
	while (*argv && *++argv)
		if (strcmp(*argv, name) == 0)
			return NULL;
	return name;
}

static void say_hello(char **argv)
{
	struct note hello = {.op = TRACE_HELLO, .pid = (pid_t)syscall(SYS_getpid), .repeats = true};
	const char *program = argv ? own_program(argv) : NULL;

	if (program)
		note_path(&hello, AT_FDCWD, program);
	else
		note_near(&hello, OWN_PROGRAM, "");
}
