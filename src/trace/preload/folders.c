// SPDX-License-Identifier: MIT
// Folders that are listed: by the program, or by libc for it.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "trace/preload/hook.h"
#include "trace/preload/programs.h"

HOOK(DIR *, opendir, const char *path)
{
	DIR *folder = NEXT(opendir)(path);

	log_listed(AT_FDCWD, path, !folder, folder ? dirfd(folder) : -1);
	return folder;
}

HOOK(DIR *, fdopendir, int fd)
{
	DIR *folder = NEXT(fdopendir)(fd);

	if (folder)
		log_fd(TRACE_LISTED, fd);
	return folder;
}

HOOK(ssize_t, getdents64, int fd, void *room, size_t n)
{
	ssize_t got = NEXT(getdents64)(fd, room, n);

	if (got >= 0)
		log_fd(TRACE_LISTED, fd);
	return got;
}

// ---- all entries at once ----

#define HOOK_SCANDIR(name, type)                                                                   \
	HOOK(int, name, const char *path, struct type ***entries,                                  \
	     int (*wanted)(const struct type *),                                                   \
	     int (*compare)(const struct type **, const struct type **))                           \
	{                                                                                          \
		int n = NEXT(name)(path, entries, wanted, compare);                                \
		log_listed(AT_FDCWD, path, n < 0, -1);                                             \
		return n;                                                                          \
	}
HOOK_SCANDIR(scandir, dirent)
HOOK_SCANDIR(scandir64, dirent64)

#define HOOK_SCANDIRAT(name, type)                                                                 \
	HOOK(int, name, int dir, const char *path, struct type ***entries,                         \
	     int (*wanted)(const struct type *),                                                   \
	     int (*compare)(const struct type **, const struct type **))                           \
	{                                                                                          \
		int n = NEXT(name)(dir, path, entries, wanted, compare);                           \
		log_listed(dir, path, n < 0, -1);                                                  \
		return n;                                                                          \
	}
HOOK_SCANDIRAT(scandirat, dirent)
HOOK_SCANDIRAT(scandirat64, dirent64)

// Both of 64 bits.
#define HOOK_GETDIRENTRIES(name, type)                                                             \
	HOOK(ssize_t, name, int fd, char *room, size_t n, type *base)                              \
	{                                                                                          \
		ssize_t got = NEXT(name)(fd, room, n, base);                                       \
		if (got >= 0)                                                                      \
			log_fd(TRACE_LISTED, fd);                                                  \
		return got;                                                                        \
	}
HOOK_GETDIRENTRIES(getdirentries, off_t)
HOOK_GETDIRENTRIES(getdirentries64, off64_t)

// ---- whole trees ----

// The program is told what stat tells of it: ours notes that.
static void walked(const char *path, bool nofollow, bool is_folder)
{
	struct stat st;
	int errnum = errno;

	if (log_is_on() && (nofollow ? lstat(path, &st) : stat(path, &st)) == 0 && is_folder)
		log_listed(AT_FDCWD, path, false, -1);
	errno = errnum;
}

// Of the folder that it lies in others may have come before; it is told of last where its entries
// come first, if the program still wants to know.
static void walked_below(const char *path, size_t base)
{
	char folder[PATH_MAX];

	if (base >= sizeof folder || !log_is_on())
		return;
	memcpy(folder, path, base);
	folder[base] = '\0';
	log_listed(AT_FDCWD, base ? folder : ".", false, -1);
}

// The functions that get no argument of their own get a variable of the thread. One walk may call
// the next.
#define THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))

#define HOOK_FTW(name, type, function)                                                             \
	THREAD_LOCAL function name##_user;                                                         \
	static int name##_each(const char *path, const struct type *st, int flag)                  \
	{                                                                                          \
		walked(path, false, flag == FTW_D);                                                \
		return name##_user(path, st, flag);                                                \
	}                                                                                          \
	HOOK(int, name, const char *path, function each, int fds)                                  \
	{                                                                                          \
		function before = name##_user;                                                     \
		log_ahead(TRACE_LOOKED, path);                                                     \
		name##_user = each;                                                                \
		int result = NEXT(name)(path, name##_each, fds);                                   \
		name##_user = before;                                                              \
		return result;                                                                     \
	}
HOOK_FTW(ftw, stat, __ftw_func_t)
HOOK_FTW(ftw64, stat64, __ftw64_func_t)

// With FTW_CHDIR the current folder is the one that holds the file.
#define HOOK_NFTW(name, type, function)                                                            \
	THREAD_LOCAL function name##_user;                                                         \
	THREAD_LOCAL int name##_flags;                                                             \
	static int name##_each(const char *path, const struct type *st, int flag,                  \
			       struct FTW *place)                                                  \
	{                                                                                          \
		size_t base = (size_t)place->base;                                                 \
		bool is_inside = name##_flags & FTW_CHDIR;                                         \
		if (place->level > 0)                                                              \
			walked_below(path, is_inside ? 0 : base);                                  \
		walked(path + (is_inside ? base : 0), name##_flags & FTW_PHYS,                     \
		       flag == FTW_D || flag == FTW_DP);                                           \
		return name##_user(path, st, flag, place);                                         \
	}                                                                                          \
	HOOK(int, name, const char *path, function each, int fds, int flags)                       \
	{                                                                                          \
		function before = name##_user;                                                     \
		int flags_before = name##_flags;                                                   \
		log_ahead(TRACE_LOOKED, path);                                                     \
		name##_user = each;                                                                \
		name##_flags = flags;                                                              \
		int result = NEXT(name)(path, name##_each, fds, flags);                            \
		name##_user = before;                                                              \
		name##_flags = flags_before;                                                       \
		return result;                                                                     \
	}
HOOK_NFTW(nftw, stat, __nftw_func_t)
HOOK_NFTW(nftw64, stat64, __nftw64_func_t)

#define HOOK_FTS(name, stream, entry)                                                              \
	HOOK(entry *, name, stream *walk)                                                          \
	{                                                                                          \
		entry *e = NEXT(name)(walk);                                                       \
		if (e && e->fts_info != FTS_DP)                                                    \
			walked(e->fts_accpath, walk->fts_options &FTS_PHYSICAL,                    \
			       e->fts_info == FTS_D);                                              \
		return e;                                                                          \
	}
HOOK_FTS(fts_read, FTS, FTSENT)
HOOK_FTS(fts64_read, FTS64, FTSENT64)

// Before the first step these are the roots; later, what lies in the folder that was met last.
#define HOOK_FTS_CHILDREN(name, stream, entry)                                                     \
	HOOK(entry *, name, stream *walk, int how)                                                 \
	{                                                                                          \
		entry *first = NEXT(name)(walk, how), *folder = walk->fts_cur;                     \
		bool are_roots = folder && folder->fts_info == FTS_INIT;                           \
		char path[PATH_MAX];                                                               \
		for (entry *e = first; e; e = e->fts_link)                                         \
			if (are_roots)                                                             \
				walked(e->fts_accpath, walk->fts_options &FTS_PHYSICAL, false);    \
			else if (join(path, folder->fts_accpath, e->fts_name))                     \
				walked(path, walk->fts_options &FTS_PHYSICAL, false);              \
		return first;                                                                      \
	}
static bool join(char path[PATH_MAX], const char *folder, const char *name)
{
	size_t n = strlen(folder), more = strlen(name);

	if (n + 1 + more >= PATH_MAX)
		return false;
	memcpy(path, folder, n);
	path[n] = '/';
	memcpy(path + n + 1, name, more + 1);
	return true;
}
HOOK_FTS_CHILDREN(fts_children, FTS, FTSENT)
HOOK_FTS_CHILDREN(fts64_children, FTS64, FTSENT64)

// ---- patterns ----

static void *open_folder(const char *path)
{
	return opendir(path);
}

static void close_folder(void *folder)
{
	closedir(folder);
}

// Of somebody else, or where there is no variable, the accounts tell it.
static void note_home(void)
{
	environment_note("HOME");
	log_ahead(TRACE_READ, "/etc/passwd");
}

// libc lets a program bring functions of its own for glob: ours note what they are asked.
#define HOOK_GLOB(name, type, entry, read, look, look_at_link)                                     \
	static struct entry *name##_read(void *folder)                                             \
	{                                                                                          \
		return read(folder);                                                               \
	}                                                                                          \
	static int name##_run(const char *pattern, int flags, int (*failed)(const char *, int),    \
			      type *result);                                                       \
	HOOK(int, name, const char *pattern, int flags, int (*failed)(const char *, int),          \
	     type *result)                                                                         \
	{                                                                                          \
		if (flags & GLOB_ALTDIRFUNC || !log_is_on())                                       \
			return NEXT(name)(pattern, flags, failed, result);                         \
		if (*pattern == '~')                                                               \
			note_home();                                                               \
		return name##_run(pattern, flags, failed, result);                                 \
	}                                                                                          \
	static int name##_run(const char *pattern, int flags, int (*failed)(const char *, int),    \
			      type *result)                                                        \
	{                                                                                          \
		type before = *result;                                                             \
		result->gl_opendir = open_folder;                                                  \
		result->gl_readdir = name##_read;                                                  \
		result->gl_closedir = close_folder;                                                \
		result->gl_stat = look;                                                            \
		result->gl_lstat = look_at_link;                                                   \
		int status = NEXT(name)(pattern, flags | GLOB_ALTDIRFUNC, failed, result);         \
		result->gl_flags &= ~GLOB_ALTDIRFUNC;                                              \
		result->gl_opendir = before.gl_opendir;                                            \
		result->gl_readdir = before.gl_readdir;                                            \
		result->gl_closedir = before.gl_closedir;                                          \
		result->gl_stat = before.gl_stat;                                                  \
		result->gl_lstat = before.gl_lstat;                                                \
		return status;                                                                     \
	}
HOOK_GLOB(glob, glob_t, dirent, readdir, stat, lstat)
HOOK_GLOB(glob64, glob64_t, dirent64, readdir64, stat64, lstat64)
