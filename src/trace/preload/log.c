// SPDX-License-Identifier: MIT
#include "trace/preload/log.h"

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

#include "base/entry.h"
#include "trace/preload/known.h"
#include "trace/preload/resolve.h"

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

bool log_stat(int fd, struct stat *st)
{
	return syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH) == 0;
}

// place: where it is to be mapped, or NULL.
static struct trace_head *map_trace(const char *path, void *place)
{
	struct stat st;
	struct trace_head *map = MAP_FAILED;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return NULL;
	if (log_stat(fd, &st) && (uint64_t)st.st_size >= TRACE_BYTES)
		map = mmap(place, TRACE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_SHARED | (place ? MAP_FIXED : 0), fd, 0);
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

	// Code may call us before libc has set the environment up (.preinit_array): not a time to
	// decide.
	if (!environ)
		atomic_store(&too_early, true);
	if (!environ || !atomic_compare_exchange_strong(&state, &before, STARTING))
		return before == ON;
	const char *path = trace_path();
	head = path && *path == '/' ? map_trace(path, NULL) : NULL;
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

// The same place in memory: what is known to be noted stays known.
bool log_take_over(void)
{
	const char *path = trace_path();

	if (path)
		return *path == '/' && map_trace(path, head) == head;
	atomic_store(&state, OFF);
	return munmap(head, TRACE_BYTES) == 0;
}

void log_lost(void)
{
	if (log_is_on())
		atomic_store(&head->lost, 1);
}

// ---- records ----

// A record to be: a path or name, and behind its NUL a second one, unless that is NULL.
struct note {
	enum trace_op op;
	int errnum;
	pid_t pid; // 0: it does not matter
	const char *name, *second;
	size_t nname, nsecond;
	const struct trace_sight *seen; // NULL: nothing
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

static void write_record(const struct note *n)
{
	size_t second = n->second ? n->nsecond + 1 : 0;
	bool has_sight = n->seen && (n->seen->mode || n->seen->size || n->seen->extra);
	size_t sight = has_sight ? sizeof *n->seen : 0;
	size_t bytes = sizeof(struct trace_record) + sight + n->nname + 1 + second;
	bytes = (bytes + TRACE_ALIGN - 1) & ~(size_t)(TRACE_ALIGN - 1);
	struct trace_record *r = reserve(bytes);

	if (!r)
		return;
	r->bytes = (uint16_t)bytes;
	r->errnum = (uint8_t)n->errnum;
	r->pid = (uint32_t)n->pid & INT32_MAX;
	r->has_sight = has_sight;
	if (has_sight)
		memcpy(r->rest, n->seen, sight);
	char *path = r->rest + sight;
	memcpy(path, n->name, n->nname);
	if (n->second)
		memcpy(path + n->nname + 1, n->second, n->nsecond);
	atomic_store_explicit(&r->op, (uint8_t)n->op, memory_order_release);
}

// ---- each record once ----

// What a name means, or that it was noted, counts in this generation alone.
static uint64_t hash_of(unsigned kind, const char *base, size_t nbase, const char *name, size_t n)
{
	uint64_t h = kind | (uint64_t)atomic_load(&head->generation) << 32;

	h = known_hash(h * UINT64_C(0x9e3779b97f4a7c15), base, nbase);
	h = known_hash(h ^ nbase, name, n);
	return h ? h : 1;
}

#define CROSSED 0x100 // among the kinds of hashes: noted on the way to something

static unsigned kind_of(enum trace_op op, int errnum, bool nofollow)
{
	return (unsigned)op | (unsigned)nofollow << 9 | (unsigned)errnum << 16;
}

// A name, or a path that was come across.
static void note_once(const struct note *n, unsigned kind)
{
	_Atomic uint64_t *hole = NULL;
	uint64_t h = hash_of(kind, n->second ? n->second : "", n->nsecond, n->name, n->nname);

	if (known_has(h, &hole))
		return;
	write_record(n);
	known_add(h, hole);
}

void log_crossed(enum trace_op op, const char *path, size_t n, const char *second, size_t nsecond)
{
	static const struct trace_sight folder = {.mode = S_IFDIR};
	struct note note = {.op = op, .name = path, .nname = n};

	if (op == TRACE_NAMED)
		note.seen = &folder;
	if (op == TRACE_LINK) {
		note.second = second;
		note.nsecond = nsecond;
	}
	if (n > 0)
		note_once(&note, CROSSED | kind_of(op, 0, false));
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

// ---- what was there ----

void log_sight(struct trace_sight *s, const struct stat *st)
{
	*s = (struct trace_sight){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size,
		.mtime_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
		.ctime_ns = st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.user = st->st_uid,
		.group = st->st_gid,
		.links = st->st_nlink,
	};
}

// As getdents64 has it.
struct entry {
	uint64_t inode, offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

// The entries of the folder that is open as fd; where it stands is the same afterwards.
static uint64_t sum_of_entries(int fd)
{
	_Alignas(struct entry) char room[2048];
	uint64_t sum = 0;
	long stood = syscall(SYS_lseek, fd, 0, SEEK_CUR), n;

	syscall(SYS_lseek, fd, 0, SEEK_SET);
	while ((n = syscall(SYS_getdents64, fd, room, sizeof room)) > 0)
		for (long at = 0; at < n;) {
			const struct entry *e = (const void *)(room + at);
			if (!is_dots(e->name))
				sum += entry_hash(e->name, (uint32_t)e->type << 12);
			at += e->bytes;
		}
	syscall(SYS_lseek, fd, stood, SEEK_SET);
	return sum;
}

static void see_entries(struct trace_sight *s, const struct look *l)
{
	int fd = l->fd >= 0 ? l->fd
			    : (int)syscall(SYS_openat, l->dir, l->path,
					   O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct stat st;

	if (fd >= 0 && log_stat(fd, &st)) {
		log_sight(s, &st);
		s->size = (int64_t)sum_of_entries(fd);
	}
	if (fd >= 0 && fd != l->fd)
		syscall(SYS_close, fd);
}

static bool ask(struct stat *st, int dir, const char *path, bool nofollow)
{
	return syscall(SYS_newfstatat, dir, path, st, nofollow ? AT_SYMLINK_NOFOLLOW : 0) == 0;
}

// Asks for what was not told, as late as this: most looks are no news.
static void see(struct trace_sight *s, const struct look *l)
{
	struct stat st;

	if (l->ask == SEEN) {
		*s = l->seen;
	} else if (l->ask == ASK_ENTRIES && l->errnum == 0) {
		see_entries(s, l);
	} else if (l->ask == ASK) {
		if (l->fd >= 0 ? log_stat(l->fd, &st) : ask(&st, l->dir, l->path, l->nofollow))
			log_sight(s, &st);
	}
	s->extra |= l->seen.extra;
}

struct before log_before(int dir, const char *path, bool nofollow)
{
	struct before b = {.exists = true};
	struct stat st;
	int errnum = errno;

	if (log_is_on()) {
		b.exists = ask(&st, dir, path, nofollow);
		b.known = true;
	}
	if (b.known && b.exists) {
		log_sight(&b.seen, &st);
		b.has_more_names = st.st_nlink > 1 && S_ISREG(st.st_mode);
	}
	errno = errnum;
	return b;
}

bool log_is_settled(const struct trace_sight *seen)
{
	if (!log_is_on())
		return false;
	bool fine = seen->device == head->fine_device && seen->ctime_ns % head->coarse_step_ns;
	return seen->ctime_ns < (fine ? head->fine_settled_ns : head->settled_ns);
}

// ---- looks ----

void log_unseen(const char *call)
{
	log_name(TRACE_UNSEEN, call, 0);
}

// Why there is no file path; 0: there is one.
static int look_for(int dir, const char *path)
{
	return syscall(SYS_faccessat, dir, path, F_OK) == 0 ? 0 : errno;
}

// The room that names need, in either size.
struct ways {
	struct way first, second;
};

#define WITH_ROOM(ways, size)                                                                      \
	char ways##_room[4][size];                                                                 \
	struct ways ways = {{ways##_room[0], ways##_room[1], size, 0, false},                      \
			    {ways##_room[2], ways##_room[3], size, 0, false}};

// The folder that a name counts from, where it has been asked for.
struct base {
	char name[PATH_MAX / 16];
	ssize_t n; // 0 or less: unknown
};

// base: NULL, or what dir is.
static enum resolved resolve_from(struct way *w, int dir, const char *path, bool follow,
				  const struct base *base)
{
	if (*path == '/')
		return resolve(w, head, "", 0, path, follow);
	if (base && base->n > 0 && *base->name == '/')
		return resolve(w, head, base->name, (size_t)base->n, path, follow);
	ssize_t n = base_of(dir, w->rest, w->room);
	if (n == -ERANGE)
		return RESOLVED_LONG;
	if (n > 0 && *w->rest != '/' && !*path)
		return RESOLVED_NOT;
	if (n <= 0 || *w->rest != '/')
		return RESOLVED_LONG;
	// It is copied to the other room before this one is used.
	return resolve(w, head, w->rest, (size_t)n, path, follow);
}

static __attribute__((noinline)) bool real_name(char *room, size_t size, int dir, const char *path)
{
	char rest[PATH_MAX / 4];
	struct way w = {room, rest, size < sizeof rest ? size : sizeof rest, 0, false};

	return *path && resolve_from(&w, dir, path, false, NULL) == RESOLVED;
}

bool log_real(char *room, size_t size, int dir, const char *path)
{
	int errnum = errno;
	bool is_known = log_is_on() && real_name(room, size, dir, path);

	errno = errnum;
	return is_known;
}

// The target of a link that was read is told with it.
static enum resolved add_target(const struct way *w, struct way *target)
{
	ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, w->path, target->path, target->room);

	target->n = n > 0 ? (size_t)n : 0;
	return n < (ssize_t)target->room ? RESOLVED : RESOLVED_LONG;
}

static enum resolved add_second(const struct look *l, struct ways *w)
{
	if (l->op == TRACE_LINK)
		return add_target(&w->first, &w->second);
	if (l->op == TRACE_KEPT) { // no path
		w->second.n = strlen(l->second);
		memcpy(w->second.path, l->second, w->second.n + 1);
		return RESOLVED;
	}
	return l->second ? resolve_from(&w->second, l->second_dir, l->second, false, NULL)
			 : RESOLVED;
}

static uint64_t hash_of_look(const struct look *l, size_t n, const struct base *base)
{
	uint32_t appends = l->seen.extra & TRACE_EXTRA_APPENDS ? UINT32_C(1) << 31 : 0;

	// 0: it is noted every time, so far down it lies.
	return base->n < 0 ? 0
			   : hash_of(kind_of(l->op, l->errnum, l->nofollow) ^ appends, base->name,
				     (size_t)base->n, l->path, n);
}

// ---- the file that was read last ----

// Lua looks whether it can open a file, then opens it once more to load it: the second look need
// not resolve the name, nor tell what the first has told.
static struct {
	_Atomic bool busy; // another thread, or what a signal handler has interrupted, is at it
	uint64_t asked;    // hash of its name as a read of it was asked for; 0: none
	size_t n;
	struct trace_sight seen;
	char path[PATH_MAX / 16];
} last_read;

static uint64_t hash_of_read(const struct look *l, const struct base *base)
{
	struct look read = *l;

	read.op = TRACE_READ;
	return base ? hash_of_look(&read, strlen(l->path), base) : 0;
}

static void keep_read(const struct look *l, const struct base *base, const struct way *w,
		      const struct trace_sight *seen)
{
	if (w->n >= sizeof last_read.path || atomic_exchange(&last_read.busy, true))
		return;
	last_read.asked = hash_of_read(l, base);
	last_read.seen = *seen;
	last_read.n = w->n;
	memcpy(last_read.path, w->path, w->n);
	atomic_store(&last_read.busy, false);
}

// Whether what was opened is the same file in the same state, by the same name in the same
// generation; then it is noted.
static bool note_again(const struct look *l, const struct base *base)
{
	struct trace_sight seen;
	struct stat st;
	bool is = false;

	if (l->op != TRACE_CHUNK || l->errnum || l->fd < 0 ||
	    atomic_exchange(&last_read.busy, true))
		return false;
	if (last_read.asked && last_read.asked == hash_of_read(l, base) && log_stat(l->fd, &st)) {
		log_sight(&seen, &st);
		is = memcmp(&seen, &last_read.seen, sizeof seen) == 0;
	}
	if (is)
		write_record(&(struct note){
			.op = TRACE_CHUNK, .name = last_read.path, .nname = last_read.n});
	atomic_store(&last_read.busy, false);
	return is;
}

// ---- one look ----

static enum resolved note_look_in(const struct look *l, const struct base *base, struct ways *w)
{
	struct trace_sight seen = {0};
	w->first.is_missed = l->errnum == ENOENT;
	enum resolved found = resolve_from(&w->first, l->dir, l->path, !l->nofollow, base);

	if (found == RESOLVED)
		found = add_second(l, w);
	if (found != RESOLVED)
		return found;
	see(&seen, l);
	// A file whose name ends as a folder's is there all the same.
	int errnum =
		l->errnum == ENOTDIR && look_for(AT_FDCWD, w->first.path) == 0 ? EEXIST : l->errnum;
	bool has_second = l->second || l->op == TRACE_LINK;
	write_record(&(struct note){.op = l->op,
				    .errnum = errnum,
				    .pid = l->pid,
				    .name = w->first.path,
				    .nname = w->first.n,
				    .second = has_second ? w->second.path : NULL,
				    .nsecond = w->second.n,
				    .seen = &seen});
	if (l->op == TRACE_READ && errnum == 0 && S_ISREG(seen.mode))
		keep_read(l, base, &w->first, &seen);
	return RESOLVED;
}

// Apart, as it needs more stack than a signal handler may have.
static __attribute__((noinline)) enum resolved note_far(const struct look *l,
							const struct base *base)
{
	WITH_ROOM(ways, PATH_MAX)

	return note_look_in(l, base, &ways);
}

static __attribute__((noinline)) enum resolved note_near(const struct look *l,
							 const struct base *base)
{
	WITH_ROOM(ways, PATH_MAX / 16)

	return note_look_in(l, base, &ways);
}

static void note_look(const struct look *l, const struct base *base)
{
	enum resolved found = note_near(l, base);

	if (found == RESOLVED_LONG)
		found = note_far(l, base);
	// What has no name is no file; but what counts from a folder without one may be.
	if (found == RESOLVED_LONG && l->errnum == 0)
		log_lost();
}

static bool note_look_once(const struct look *l)
{
	size_t n = strnlen(l->path, PATH_MAX);
	_Atomic uint64_t *hole = NULL;
	struct base base;
	uint64_t h;

	if (n == PATH_MAX) // no file has such a name
		return false;
	base.n = l->repeats || *l->path == '/' ? 0 : base_of(l->dir, base.name, sizeof base.name);
	h = l->repeats ? 0 : hash_of_look(l, n, &base);
	if (h && known_has(h, &hole))
		return false;
	if (!note_again(l, &base))
		note_look(l, &base);
	known_add(h, hole);
	return true;
}

// ---- what the hooks call ----

bool log_look(const struct look *l)
{
	int errnum = errno;
	bool is_new = false;

	// An empty path is no path: it fails, or stands for a file that is open.
	if (log_is_on() && l->path && l->errnum != EFAULT && l->errnum != EBADF &&
	    (*l->path || l->whole_fd))
		is_new = note_look_once(l);
	errno = errnum;
	return is_new;
}

void log_moved(void)
{
	if (log_is_on())
		atomic_fetch_add(&head->generation, 1);
}

static bool is_followed(enum trace_op op)
{
	return op != TRACE_MADE && op != TRACE_REMOVED && op != TRACE_NAMED && op != TRACE_LINK &&
	       op != TRACE_RENAMED && op != TRACE_LINKED;
}

static bool needs_sight(enum trace_op op)
{
	return op == TRACE_READ || op == TRACE_CHUNK || op == TRACE_LOADED || op == TRACE_EXEC ||
	       op == TRACE_ALLOWED;
}

bool log_path(enum trace_op op, int dir, const char *path, bool failed)
{
	return log_look(&(struct look){.op = op,
				       .dir = dir,
				       .path = path,
				       .errnum = failed ? errno : 0,
				       .nofollow = !is_followed(op),
				       .fd = -1,
				       .ask = needs_sight(op) ? ASK : UNSEEN});
}

void log_listed(int dir, const char *path, bool failed, int fd)
{
	bool is_file = failed && errno == ENOTDIR && log_exists(dir, path);

	log_look(&(struct look){.op = is_file ? TRACE_LOOKED : TRACE_LISTED,
				.dir = dir,
				.path = path,
				.errnum = failed && !is_file ? errno : 0,
				.fd = fd,
				.ask = is_file ? UNSEEN : ASK_ENTRIES});
}

void log_fd(enum trace_op op, int fd)
{
	log_look(&(struct look){.op = op,
				.dir = fd,
				.path = "",
				.whole_fd = true,
				.fd = fd,
				.ask = op == TRACE_LISTED ? ASK_ENTRIES : ASK});
}

void log_name(enum trace_op op, const char *name, int errnum)
{
	struct note n = {
		.op = op, .errnum = errnum, .name = name, .nname = strnlen(name, PATH_MAX - 1)};

	if (log_is_on())
		note_once(&n, kind_of(op, errnum, false));
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
	struct look l = {.op = op,
			 .dir = dir,
			 .path = path,
			 .errnum = op == TRACE_EXEC_FAILED ? errno : 0,
			 .pid = pid,
			 .repeats = true,
			 .whole_fd = !*path && dir != AT_FDCWD,
			 .fd = !*path ? dir : -1,
			 .ask = op == TRACE_EXEC || op == TRACE_SPAWN ? ASK : UNSEEN};

	if (op != TRACE_SHELL && !pid)
		l.pid = (pid_t)syscall(SYS_getpid);
	log_look(&l);
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

void log_told(void)
{
	if (log_is_on())
		log_process(TRACE_TOLD, AT_FDCWD, "/bin/sh", 0);
}

// Of a status the system keeps the low byte: 256 is as good as 0 to whoever waits for it.
void log_exit(int status)
{
	const struct trace_sight asked = {.size = status};
	const struct note n = {.op = TRACE_CUT,
			       .pid = (pid_t)syscall(SYS_getpid),
			       .name = "/",
			       .nname = 1,
			       .seen = &asked};

	if (status != 0 && (status & 0xff) == 0 && log_is_on())
		write_record(&n);
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
	const char *program = argv ? own_program(argv) : NULL;
	struct look l = {.op = TRACE_HELLO,
			 .dir = program ? AT_FDCWD : OWN_PROGRAM,
			 .path = program ? program : "",
			 .pid = (pid_t)syscall(SYS_getpid),
			 .repeats = true,
			 .fd = -1};

	note_look(&l, NULL);
}
