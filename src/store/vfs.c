// SPDX-License-Identifier: MIT
#include "store/vfs.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/alloc.h"

#define NAME "firmo-jobs"

// Kept behind what the usual VFS keeps of a file.
struct extent {
	const sqlite3_io_methods *does; // as the usual VFS does it
	struct extent *next;            // of those with an index
	struct {
		void **items;
		size_t n, cap;
	} regions;   // of the index, as they are mapped
	size_t size; // of a region
	bool damaged;
};

static sqlite3_vfs *usual, ours;
static sqlite3_io_methods database_methods, log_methods;
static struct extent *mapped;         // private to the handler where it runs
static struct sigaction former;       // of SIGBUS
static volatile sig_atomic_t damaged; // how many open files are
static const char *volatile damage;   // what has befallen the latest of them

static struct extent *extent_of(sqlite3_file *file)
{
	return (struct extent *)(void *)((char *)file + usual->szOsFile);
}

static void set_damage(struct extent *e, const char *words)
{
	damaged += !e->damaged;
	e->damaged = true;
	damage = words;
}

// ---- the index, in a handler ----

static bool is_within(const struct extent *e, const void *at)
{
	for (size_t i = 0; i < e->regions.n; i++) {
		const char *region = e->regions.items[i];
		if ((const char *)at >= region && (const char *)at < region + e->size)
			return true;
	}
	return false;
}

// Puts zeros of our own in the place of all of it: to sqlite that is an index to be made anew.
static bool blank(const struct extent *e)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < e->regions.n; i++) {
		size_t before = (uintptr_t)e->regions.items[i] % page;
		if (mmap((char *)e->regions.items[i] - before, before + e->size,
			 PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			return false;
	}
	return true;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	int errnum = errno;
	bool ours_to_mend = false;

	(void)context;
	for (struct extent *e = mapped; info->si_code > 0 && e; e = e->next)
		if (is_within(e, info->si_addr) && blank(e)) {
			set_damage(e, "the index of its log (-shm) was cut short in mid-use");
			ours_to_mend = true;
		}
	errno = errnum;
	if (ours_to_mend)
		return;
	// The instruction that is repeated now, or the signal, meets what would have met it.
	sigaction(SIGBUS, &former, NULL);
	if (info->si_code <= 0)
		raise(number);
}

static void install_handler(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, present;

	sigaction(SIGBUS, NULL, &present);
	if (present.sa_sigaction != on_fault)
		sigaction(SIGBUS, &sa, &former);
}

// ---- files ----

static bool is_mapped(const struct extent *e, const void *region)
{
	for (size_t i = 0; i < e->regions.n; i++)
		if (e->regions.items[i] == region)
			return true;
	return false;
}

static void forget_index(struct extent *e)
{
	for (struct extent **at = &mapped; *at; at = &(*at)->next)
		if (*at == e) {
			*at = e->next;
			break;
		}
	free(e->regions.items);
	e->regions.items = NULL;
	e->regions.n = e->regions.cap = 0;
}

static int map_index(sqlite3_file *file, int at, int size, int extend, void volatile **region)
{
	struct extent *e = extent_of(file);
	int code = damaged ? SQLITE_IOERR_SHMMAP : e->does->xShmMap(file, at, size, extend, region);

	if (code != SQLITE_OK || !*region || is_mapped(e, (void *)*region))
		return code;
	if (e->regions.n == 0) {
		install_handler();
		e->size = (size_t)size;
		e->next = mapped;
		mapped = e;
	}
	VEC_PUSH(&e->regions, (void *)*region);
	return code;
}

static int unmap_index(sqlite3_file *file, int remove)
{
	forget_index(extent_of(file));
	return extent_of(file)->does->xShmUnmap(file, remove);
}

static int lock_index(sqlite3_file *file, int offset, int n, int flags)
{
	return damaged && flags & SQLITE_SHM_LOCK
		       ? SQLITE_IOERR_SHMLOCK
		       : extent_of(file)->does->xShmLock(file, offset, n, flags);
}

static int write_database(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	return damaged ? SQLITE_IOERR_WRITE : extent_of(file)->does->xWrite(file, bytes, n, at);
}

#define LOG_WAS_CUT "its log (-wal) was cut short in mid-use"

// What is asked for of a log was written before.
static int read_log(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at)
{
	int code = extent_of(file)->does->xRead(file, bytes, n, at);

	if (code == SQLITE_IOERR_SHORT_READ)
		set_damage(extent_of(file), LOG_WAS_CUT);
	return code;
}

// A log grows by what is added at its end.
static int write_log(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	sqlite3_int64 size = at;

	if (at > 0 && extent_of(file)->does->xFileSize(file, &size) == SQLITE_OK && size < at)
		set_damage(extent_of(file), LOG_WAS_CUT);
	return write_database(file, bytes, n, at);
}

static int cut(sqlite3_file *file, sqlite3_int64 size)
{
	return damaged ? SQLITE_IOERR_TRUNCATE : extent_of(file)->does->xTruncate(file, size);
}

static int close_file(sqlite3_file *file)
{
	struct extent *e = extent_of(file);

	forget_index(e);
	damaged -= e->damaged;
	e->damaged = false;
	return extent_of(file)->does->xClose(file);
}

// The methods of a file of that kind. One of a file system of another kind, which maps nothing, has
// none of ours.
static const sqlite3_io_methods *make_methods(const sqlite3_io_methods *does, int flags)
{
	sqlite3_io_methods *m = flags & SQLITE_OPEN_WAL ? &log_methods : &database_methods;

	if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) || does->iVersion < 2)
		return does;
	*m = *does;
	m->xClose = close_file;
	m->xRead = flags & SQLITE_OPEN_WAL ? read_log : does->xRead;
	m->xWrite = flags & SQLITE_OPEN_WAL ? write_log : write_database;
	m->xTruncate = cut;
	m->xShmMap = map_index;
	m->xShmUnmap = unmap_index;
	m->xShmLock = lock_index;
	return m;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		     int *opened_as)
{
	int code = usual->xOpen(usual, name, file, flags, opened_as);

	(void)vfs;
	if (code == SQLITE_OK) {
		*extent_of(file) = (struct extent){.does = file->pMethods};
		file->pMethods = make_methods(file->pMethods, flags);
	}
	return code;
}

// ---- all of it ----

const char *vfs_name(void)
{
	if (usual)
		return NAME;
	if (sqlite3_initialize() != SQLITE_OK || !(usual = sqlite3_vfs_find(NULL)))
		return NULL;
	ours = *usual;
	ours.pNext = NULL;
	ours.zName = NAME;
	ours.szOsFile += (int)sizeof(struct extent);
	ours.xOpen = open_file;
	if (sqlite3_vfs_register(&ours, 0) == SQLITE_OK)
		return NAME;
	usual = NULL;
	return NULL;
}

const char *vfs_damage(void)
{
	return damaged ? damage : NULL;
}
