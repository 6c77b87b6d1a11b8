// SPDX-License-Identifier: MIT
/*
 * traced - a program to be traced by the preload library, and the tools to look at a trace by hand.
 *
 *	traced new FILE		makes FILE an empty trace
 *	traced show FILE	its records, one a line: `OP ERRNO PATH`, with ` -> SECOND` where
 *there is one; then `lost` and `overflow` where that is so. `hole` is a record whose writer was
 *killed
 *
 * What follows wants LD_PRELOAD and FIRMO_JOBS_TRACE in its environment and an empty folder to work
 * in. It looks into its own trace, prints what is missing there or wrong, and exits 1 then.
 *	traced calls		makes every call that the library takes over, and expects its record
 *	traced threads		8 threads open 2,000 files each at once: no record is lost or torn
 *	traced signals		a signal handler opens files in the middle of opens
 *	traced vfork		the child of a vfork changes its folder, looks, and is gone
 *	traced fds		closes and overwrites all descriptors, may open and write nothing
 *more traced overflow		asks for more than a trace holds, then goes on
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "trace/preload/record.h"

extern char **environ;

static const char *const op_names[TRACE_OPS] = {
	[TRACE_HELLO] = "hello",
	[TRACE_EXEC] = "exec",
	[TRACE_EXEC_FAILED] = "exec-failed",
	[TRACE_SPAWN] = "spawn",
	[TRACE_SHELL] = "shell",
	[TRACE_READ] = "read",
	[TRACE_CHUNK] = "chunk",
	[TRACE_LOADED] = "loaded",
	[TRACE_LOOKED] = "looked",
	[TRACE_STATUS] = "status",
	[TRACE_KEPT] = "kept",
	[TRACE_XATTRS] = "xattrs",
	[TRACE_ALLOWED] = "allowed",
	[TRACE_NAMED] = "named",
	[TRACE_LINK] = "link",
	[TRACE_REAL] = "real",
	[TRACE_LISTED] = "listed",
	[TRACE_MADE] = "made",
	[TRACE_WRITTEN] = "written",
	[TRACE_EXTENDED] = "extended",
	[TRACE_CHANGED] = "changed",
	[TRACE_REMOVED] = "removed",
	[TRACE_RENAMED] = "renamed",
	[TRACE_LINKED] = "linked",
	[TRACE_CONNECTED] = "connected",
	[TRACE_VARIABLE_READ] = "variable",
	[TRACE_ENVIRONMENT] = "environment",
	[TRACE_NETWORK] = "network",
	[TRACE_ATTRIBUTE] = "attribute",
	[TRACE_LIBRARY] = "library",
	[TRACE_TOLD] = "told",
	[TRACE_UNSEEN] = "unseen",
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "traced: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- the trace --------------------------------------------------------------------------- */

static struct trace_head *trace;
static char cwd[PATH_MAX];
static int complaints;

static struct trace_head *map_trace(const char *path)
{
	/* Not by open: that would stand in the trace. */
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED
			   : mmap(NULL, TRACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		die(path);
	close(fd);
	return map;
}

/* The record at *at, which then is behind it; NULL at the end. A hole is a record without bytes. */
static const struct trace_record *next_record(const struct trace_head *head, size_t *at)
{
	size_t end =
		head->used < TRACE_BYTES - sizeof(*head) ? head->used : TRACE_BYTES - sizeof(*head);
	const struct trace_record *r = (const void *)((const char *)(head + 1) + *at);

	if (*at + sizeof(*r) >= end)
		return NULL;
	*at += r->bytes ? r->bytes : TRACE_ALIGN;
	return r;
}

static void complain(int line, const char *what, int op, int errnum, const char *path)
{
	printf("traced.c:%d: %s: %s %d %s\n", line, what, op_names[op], errnum, path);
	complaints++;
}

static size_t mark; /* what is before it has been looked at */

static bool has(size_t at, int op, int errnum, const char *path)
{
	const struct trace_record *r;

	while ((r = next_record(trace, &at)))
		if (r->op == op && r->errnum == errnum && !strcmp(trace_record_path(r), path))
			return true;
	return false;
}

/* The name of a file in this folder as it stands in the trace; names and variables stay. */
static const char *full(int op, const char *path)
{
	static char room[2 * PATH_MAX];

	if (*path == '/' || op == TRACE_VARIABLE_READ || op == TRACE_NETWORK)
		return path;
	snprintf(room, sizeof(room), "%s/%s", cwd, path);
	return room;
}

static void want(int line, int op, int errnum, const char *path)
{
	if (!has(mark, op, errnum, full(op, path)))
		complain(line, "no record", op, errnum, path);
}

#define WANT(op, errnum, path) want(__LINE__, op, errnum, path)

/* A record of two names. */
static void want_two(int line, int op, const char *path, const char *second)
{
	const struct trace_record *r;
	char from[2 * PATH_MAX], to[2 * PATH_MAX];

	snprintf(from, sizeof(from), "%s", full(op, path));
	snprintf(to, sizeof(to), "%s", full(op, second));
	for (size_t at = mark; (r = next_record(trace, &at));)
		if (r->op == op && !strcmp(trace_record_path(r), from) &&
		    !strcmp(trace_record_path(r) + strlen(trace_record_path(r)) + 1, to))
			return;
	complain(line, "no record", op, 0, path);
}

#define WANT_TWO(op, path, second) want_two(__LINE__, op, path, second)

/* The real name of what lies elsewhere. */
static const char *real(const char *path)
{
	static char room[PATH_MAX];
	const char *found = realpath(path, room);

	return found ? found : path;
}

/* What was recorded up to here is not looked at again. */
static void settle(void)
{
	mark = trace->used;
}

/* --- files that nobody has heard of yet --------------------------------------------------- */

/* Makes a file of that name, unseen by the library. */
static const char *make(const char *name)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT, 0755);

	if (fd < 0)
		die(name);
	close(fd);
	return name;
}

static const char *make_folder(const char *name)
{
	if (syscall(SYS_mkdirat, AT_FDCWD, name, 0755) < 0)
		die(name);
	return name;
}

static void done(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void done_file(FILE *f)
{
	if (f)
		fclose(f);
}

static void done_folder(DIR *folder)
{
	if (folder)
		closedir(folder);
}

/* --- every call ---------------------------------------------------------------------------- */

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
ssize_t __readlink_chk(const char *path, char *to, size_t n, size_t room);
ssize_t __readlinkat_chk(int dir, const char *path, char *to, size_t n, size_t room);
char *__realpath_chk(const char *path, char *room, size_t size);

static int here; /* this folder, open */

static void call_open(void)
{
	done(open(make("open"), O_RDONLY)), WANT(TRACE_READ, 0, "open");
	done(open64(make("open64"), O_RDONLY)), WANT(TRACE_READ, 0, "open64");
	done(openat(here, make("openat"), O_RDONLY)), WANT(TRACE_READ, 0, "openat");
	done(openat64(AT_FDCWD, make("openat64"), O_RDONLY)), WANT(TRACE_READ, 0, "openat64");
	done(__open_2(make("open_2"), O_RDONLY)), WANT(TRACE_READ, 0, "open_2");
	done(__open64_2(make("open64_2"), O_RDONLY)), WANT(TRACE_READ, 0, "open64_2");
	done(__openat_2(here, make("openat_2"), O_RDONLY)), WANT(TRACE_READ, 0, "openat_2");
	done(__openat64_2(here, make("openat64_2"), O_RDONLY)), WANT(TRACE_READ, 0, "openat64_2");
	done(creat("creat", 0600)), WANT(TRACE_WRITTEN, 0, "creat");
	done(creat64("creat64", 0600)), WANT(TRACE_WRITTEN, 0, "creat64");
	done_file(fopen(make("fopen"), "r")), WANT(TRACE_READ, 0, "fopen");
	done_file(fopen64(make("fopen64"), "rb")), WANT(TRACE_READ, 0, "fopen64");
	FILE *f = fopen("/dev/null", "r");
	f = freopen(make("freopen"), "r", f), WANT(TRACE_READ, 0, "freopen");
	f = freopen64(make("freopen64"), "r", f), WANT(TRACE_READ, 0, "freopen64");
	done_file(f);
}

/* What a way of opening comes to. */
static void call_open_flags(void)
{
	done(open("none", O_RDONLY)), WANT(TRACE_READ, ENOENT, "none");
	done(open("open/none", O_RDONLY)), WANT(TRACE_READ, ENOTDIR, "open/none");
	done(open("made", O_WRONLY | O_CREAT, 0600)), WANT(TRACE_MADE, 0, "made");
	done(open(make("emptied"), O_WRONLY | O_TRUNC)), WANT(TRACE_WRITTEN, 0, "emptied");
	done(open("excl", O_RDWR | O_CREAT | O_EXCL, 0600)), WANT(TRACE_MADE, 0, "excl");
	done(open("excl", O_RDWR | O_CREAT | O_EXCL, 0600)), WANT(TRACE_MADE, EEXIST, "excl");
	done(open("no/folder", O_WRONLY | O_CREAT, 0600)), WANT(TRACE_MADE, ENOENT, "no/folder");
	done(open(make("both"), O_RDWR | O_CREAT, 0600));
	WANT(TRACE_READ, 0, "both"), WANT(TRACE_EXTENDED, 0, "both");
	done(open(make("inplace"), O_WRONLY)), WANT(TRACE_CHANGED, 0, "inplace");
	done(open(make("path"), O_PATH)), WANT(TRACE_LOOKED, 0, "path");
	done(open(make_folder("dir"), O_RDONLY | O_DIRECTORY)), WANT(TRACE_LOOKED, 0, "dir");
	done(open(make("nodir"), O_RDONLY | O_DIRECTORY)), WANT(TRACE_LOOKED, EEXIST, "nodir");
	done(open(".", O_RDWR | O_TMPFILE, 0600));
	done_file(fopen("append-new", "a")), WANT(TRACE_MADE, 0, "append-new");
	done_file(fopen(make("append"), "a")), WANT(TRACE_EXTENDED, 0, "append");
	done_file(fopen(make("update"), "r+b")), WANT(TRACE_READ, 0, "update");
	WANT(TRACE_CHANGED, 0, "update");
	done_file(fopen(make("write"), "w+")), WANT(TRACE_WRITTEN, 0, "write");
	done_file(fopen("excl-file", "wx")), WANT(TRACE_MADE, 0, "excl-file");
}

static void call_stat(void)
{
	struct stat st;
	struct stat64 st64;
	struct statx stx;
	struct statfs fs;
	struct statfs64 fs64;
	struct statvfs vfs;
	struct statvfs64 vfs64;

	stat(make("stat"), &st), WANT(TRACE_STATUS, 0, "stat");
	stat("stat-none", &st), WANT(TRACE_LOOKED, ENOENT, "stat-none");
	lstat(make("lstat"), &st), WANT(TRACE_STATUS, 0, "lstat");
	stat64(make("stat64"), &st64), WANT(TRACE_STATUS, 0, "stat64");
	lstat64(make("lstat64"), &st64), WANT(TRACE_STATUS, 0, "lstat64");
	fstatat(here, make("fstatat"), &st, 0), WANT(TRACE_STATUS, 0, "fstatat");
	fstatat64(here, make("fstatat64"), &st64, 0), WANT(TRACE_STATUS, 0, "fstatat64");
	statx(here, make("statx"), 0, STATX_SIZE, &stx), WANT(TRACE_STATUS, 0, "statx");
	statfs(make("statfs"), &fs), WANT(TRACE_LOOKED, 0, "statfs");
	statfs64(make("statfs64"), &fs64), WANT(TRACE_LOOKED, 0, "statfs64");
	statvfs(make("statvfs"), &vfs), WANT(TRACE_LOOKED, 0, "statvfs");
	statvfs64(make("statvfs64"), &vfs64), WANT(TRACE_LOOKED, 0, "statvfs64");
}

/* What programs of old call; new ones cannot be linked with it. */
static void call_xstat(void)
{
	static const char *const names[] = {"__xstat", "__lxstat", "__xstat64", "__lxstat64"};
	static const char *const at_names[] = {"__fxstatat", "__fxstatat64"};
	int version = sizeof(void *) == 8 ? 1 : 3;
	struct stat64 st;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int (*call)(int, const char *, void *) =
			(int (*)(int, const char *, void *))dlsym(RTLD_DEFAULT, names[i]);
		call(version, make(names[i]), &st), WANT(TRACE_STATUS, 0, names[i]);
	}
	for (size_t i = 0; i < sizeof(at_names) / sizeof(*at_names); i++) {
		int (*call)(int, int, const char *, void *, int) =
			(int (*)(int, int, const char *, void *, int))dlsym(RTLD_DEFAULT,
									    at_names[i]);
		call(version, here, make(at_names[i]), &st, 0);
		WANT(TRACE_STATUS, 0, at_names[i]);
	}
}

static void call_look(void)
{
	char room[PATH_MAX];

	access(make("access"), R_OK), WANT(TRACE_ALLOWED, 0, "access");
	access("access-none", R_OK), WANT(TRACE_ALLOWED, ENOENT, "access-none");
	eaccess(make("eaccess"), R_OK), WANT(TRACE_ALLOWED, 0, "eaccess");
	euidaccess(make("euidaccess"), R_OK), WANT(TRACE_ALLOWED, 0, "euidaccess");
	faccessat(here, make("faccessat"), R_OK, 0), WANT(TRACE_ALLOWED, 0, "faccessat");
	if (readlink(make("readlink"), room, sizeof(room)) < 0)
		WANT(TRACE_NAMED, 0, "readlink");
	if (readlinkat(here, make("readlinkat"), room, sizeof(room)) < 0)
		WANT(TRACE_NAMED, 0, "readlinkat");
	__readlink_chk(make("readlink_chk"), room, 1, sizeof(room));
	WANT(TRACE_NAMED, 0, "readlink_chk");
	__readlinkat_chk(here, make("readlinkat_chk"), room, 1, sizeof(room));
	WANT(TRACE_NAMED, 0, "readlinkat_chk");
	if (realpath(make("realpath"), room))
		WANT(TRACE_REAL, 0, "realpath");
	if (!realpath("realpath-none", room))
		WANT(TRACE_LOOKED, ENOENT, "realpath-none");
	if (__realpath_chk(make("realpath_chk"), room, sizeof(room)))
		WANT(TRACE_REAL, 0, "realpath_chk");
	free(canonicalize_file_name(make("canonical"))), WANT(TRACE_REAL, 0, "canonical");
	if (chdir(make_folder("chdir")) == 0)
		WANT(TRACE_ALLOWED, 0, "chdir");
	done(open("../none-there", O_RDONLY)), WANT(TRACE_READ, ENOENT, "none-there");
	if (fchdir(here) == 0)
		done(open("none-here", O_RDONLY)), WANT(TRACE_READ, ENOENT, "none-here");
}

static void call_make(void)
{
	char name[PATH_MAX];

	mkdir("mkdir", 0755), WANT(TRACE_MADE, 0, "mkdir");
	mkdirat(here, "mkdirat", 0755), WANT(TRACE_MADE, 0, "mkdirat");
	mkfifo("mkfifo", 0600), WANT(TRACE_MADE, 0, "mkfifo");
	mkfifoat(here, "mkfifoat", 0600), WANT(TRACE_MADE, 0, "mkfifoat");
	mknod("mknod", S_IFREG | 0600, 0), WANT(TRACE_MADE, 0, "mknod");
	mknodat(here, "mknodat", S_IFREG | 0600, 0), WANT(TRACE_MADE, 0, "mknodat");
	if (symlink("target", "symlink") == 0)
		WANT(TRACE_MADE, 0, "symlink");
	if (symlinkat("target", here, "symlinkat") == 0)
		WANT(TRACE_MADE, 0, "symlinkat");
	if (link(make("link"), "link-new") == 0)
		WANT_TWO(TRACE_LINKED, "link", "link-new");
	if (linkat(here, make("linkat"), here, "linkat-new", 0) == 0)
		WANT_TWO(TRACE_LINKED, "linkat", "linkat-new");
	if (link("link-none", "x") < 0)
		WANT(TRACE_NAMED, ENOENT, "link-none");
#define MAKE_UNIQUE(template, call)                                                                \
	strcpy(name, template);                                                                    \
	done(call);                                                                                \
	WANT(TRACE_MADE, 0, name)
	MAKE_UNIQUE("mkstemp.XXXXXX", mkstemp(name));
	MAKE_UNIQUE("mkstemp64.XXXXXX", mkstemp64(name));
	MAKE_UNIQUE("mkstemps.XXXXXX.c", mkstemps(name, 2));
	MAKE_UNIQUE("mkstemps64.XXXXXX.c", mkstemps64(name, 2));
	MAKE_UNIQUE("mkostemp.XXXXXX", mkostemp(name, O_CLOEXEC));
	MAKE_UNIQUE("mkostemp64.XXXXXX", mkostemp64(name, O_CLOEXEC));
	MAKE_UNIQUE("mkostemps.XXXXXX.c", mkostemps(name, 2, O_CLOEXEC));
	MAKE_UNIQUE("mkostemps64.XXXXXX.c", mkostemps64(name, 2, O_CLOEXEC));
	MAKE_UNIQUE("mkdtemp.XXXXXX", mkdtemp(name) ? -1 : -1);
}

static void call_change(void)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	if (truncate(make("truncate"), 1) == 0)
		WANT(TRACE_CHANGED, 0, "truncate");
	if (truncate64(make("truncate64"), 1) == 0)
		WANT(TRACE_CHANGED, 0, "truncate64");
	chmod(make("chmod"), 0600), WANT(TRACE_CHANGED, 0, "chmod");
	chmod("chmod-none", 0600), WANT(TRACE_CHANGED, ENOENT, "chmod-none");
	fchmodat(here, make("fchmodat"), 0600, 0), WANT(TRACE_CHANGED, 0, "fchmodat");
	if (chown(make("chown"), (uid_t)-1, (gid_t)-1) == 0)
		WANT(TRACE_CHANGED, 0, "chown");
	if (lchown(make("lchown"), (uid_t)-1, (gid_t)-1) == 0)
		WANT(TRACE_CHANGED, 0, "lchown");
	if (fchownat(here, make("fchownat"), (uid_t)-1, (gid_t)-1, 0) == 0)
		WANT(TRACE_CHANGED, 0, "fchownat");
	utime(make("utime"), NULL), WANT(TRACE_CHANGED, 0, "utime");
	utimes(make("utimes"), NULL), WANT(TRACE_CHANGED, 0, "utimes");
	lutimes(make("lutimes"), NULL), WANT(TRACE_CHANGED, 0, "lutimes");
	futimesat(here, make("futimesat"), NULL), WANT(TRACE_CHANGED, 0, "futimesat");
	utimensat(here, make("utimensat"), times, 0), WANT(TRACE_CHANGED, 0, "utimensat");
#define CHANGE_OPEN(name, call)                                                                    \
	do {                                                                                       \
		int fd = open(make(name), O_WRONLY);                                               \
		settle();                                                                          \
		if (call == 0)                                                                     \
			WANT(TRACE_CHANGED, 0, name);                                              \
		close(fd);                                                                         \
	} while (0)
	CHANGE_OPEN("fchmod", fchmod(fd, 0600));
	CHANGE_OPEN("fchown", fchown(fd, (uid_t)-1, (gid_t)-1));
	CHANGE_OPEN("futimens", futimens(fd, times));
	CHANGE_OPEN("futimes", futimes(fd, NULL));
}

static void call_remove(void)
{
	unlink(make("unlink")), WANT(TRACE_REMOVED, 0, "unlink");
	unlink("unlink-none"), WANT(TRACE_REMOVED, ENOENT, "unlink-none");
	unlinkat(here, make("unlinkat"), 0), WANT(TRACE_REMOVED, 0, "unlinkat");
	remove(make("remove")), WANT(TRACE_REMOVED, 0, "remove");
	rmdir(make_folder("rmdir")), WANT(TRACE_REMOVED, 0, "rmdir");
	rename(make("rename"), "rename-new");
	WANT_TWO(TRACE_RENAMED, "rename", "rename-new");
	rename("rename-none", "x"), WANT(TRACE_NAMED, ENOENT, "rename-none");
	rename(make("rename-kept"), "none/x"), WANT(TRACE_NAMED, 0, "rename-kept");
	WANT(TRACE_NAMED, ENOENT, "none/x");
	renameat(here, make("renameat"), here, "renameat-new");
	WANT_TWO(TRACE_RENAMED, "renameat", "renameat-new");
	renameat2(here, make("renameat2"), here, "renameat2-new", 0);
	WANT_TWO(TRACE_RENAMED, "renameat2", "renameat2-new");
}

/* --- folders ------------------------------------------------------------------------------- */

static int ignore_file(const char *path, const struct stat *st, int flag)
{
	return 0;
}

static int ignore_file64(const char *path, const struct stat64 *st, int flag)
{
	return 0;
}

static int ignore_place(const char *path, const struct stat *st, int flag, struct FTW *place)
{
	return 0;
}

static int ignore_place64(const char *path, const struct stat64 *st, int flag, struct FTW *place)
{
	return 0;
}

/* A folder with a folder in it, with a file in it. */
static const char *make_tree(const char *name)
{
	char path[PATH_MAX];

	make_folder(name);
	snprintf(path, sizeof(path), "%s/sub", name);
	make_folder(path);
	snprintf(path, sizeof(path), "%s/sub/file", name);
	make(path);
	return name;
}

static void call_folders(void)
{
	struct dirent **entries;
	struct dirent64 **entries64;

	done_folder(opendir(make_folder("opendir"))), WANT(TRACE_LISTED, 0, "opendir");
	done_folder(opendir("opendir-none")), WANT(TRACE_LISTED, ENOENT, "opendir-none");
	done_folder(opendir(make("opendir-file"))), WANT(TRACE_LOOKED, 0, "opendir-file");
	done_folder(fdopendir(open(make_folder("fdopendir"), O_RDONLY)));
	WANT(TRACE_LISTED, 0, "fdopendir");
	scandir(make_folder("scandir"), &entries, NULL, NULL), WANT(TRACE_LISTED, 0, "scandir");
	scandir64(make_folder("scandir64"), &entries64, NULL, NULL);
	WANT(TRACE_LISTED, 0, "scandir64");
	scandirat(here, make_folder("scandirat"), &entries, NULL, NULL);
	WANT(TRACE_LISTED, 0, "scandirat");
	scandirat64(here, make_folder("scandirat64"), &entries64, NULL, NULL);
	WANT(TRACE_LISTED, 0, "scandirat64");
	ftw(make_tree("ftw"), ignore_file, 4), WANT(TRACE_LISTED, 0, "ftw/sub");
	ftw64(make_tree("ftw64"), ignore_file64, 4), WANT(TRACE_LISTED, 0, "ftw64/sub");
	WANT(TRACE_STATUS, 0, "ftw64/sub/file");
	nftw(make_tree("nftw"), ignore_place, 4, FTW_PHYS), WANT(TRACE_LISTED, 0, "nftw/sub");
	nftw64(make_tree("nftw64"), ignore_place64, 4, FTW_CHDIR),
		WANT(TRACE_LISTED, 0, "nftw64/sub");
	nftw("nftw-none", ignore_place, 4, 0), WANT(TRACE_LOOKED, ENOENT, "nftw-none");
}

static void call_trees(void)
{
	char *roots[] = {(char *)make_tree("fts"), NULL},
	     *roots64[] = {(char *)make_tree("fts64"), NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL, NULL);
	FTS64 *walk64 = fts64_open(roots64, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	glob_t found = {.gl_offs = 0};
	glob64_t found64 = {.gl_offs = 0};

	while (fts_read(walk))
		;
	while (fts64_read(walk64))
		;
	fts_close(walk), WANT(TRACE_LISTED, 0, "fts/sub"), WANT(TRACE_STATUS, 0, "fts/sub/file");
	fts64_close(walk64), WANT(TRACE_LISTED, 0, "fts64/sub");
	make_tree("glob"), make_tree("glob64");
	if (glob("glob/*/f*", 0, NULL, &found) != 0 || found.gl_pathc != 1)
		complain(__LINE__, "glob fails", TRACE_LISTED, 0, "glob");
	WANT(TRACE_LISTED, 0, "glob"), WANT(TRACE_LISTED, 0, "glob/sub");
	if (glob64("glob64/*/f*", 0, NULL, &found64) != 0 || found64.gl_pathc != 1)
		complain(__LINE__, "glob64 fails", TRACE_LISTED, 0, "glob64");
	WANT(TRACE_LISTED, 0, "glob64/sub");
	globfree(&found);
	globfree64(&found64);
}

/* --- the environment, the network --------------------------------------------------------- */

static void call_environment(void)
{
	struct passwd user, *one_user;
	struct group group, *one_group;
	char room[8192];
	time_t now = 0;
	struct tm tm;

	setenv("TRACED_SET", "1", 1);
	getenv("TRACED_SET") ? (void)0 : die("setenv");
	WANT(TRACE_VARIABLE_READ, 0, "TRACED_SET");
	getenv("TRACED_NONE") ? die("getenv") : (void)0;
	WANT(TRACE_VARIABLE_READ, ENOENT, "TRACED_NONE");
	secure_getenv("TRACED_SECURE") ? die("getenv") : (void)0;
	WANT(TRACE_VARIABLE_READ, ENOENT, "TRACED_SECURE");
	unsetenv("TZ");
	localtime_r(&now, &tm), WANT(TRACE_VARIABLE_READ, ENOENT, "TZ");
	WANT(TRACE_READ, access("/etc/localtime", F_OK) == 0 ? 0 : ENOENT, real("/etc/localtime"));
	settle();
	setlocale(LC_ALL, NULL);
	if (has(mark, TRACE_VARIABLE_READ, ENOENT, "LC_NUMERIC"))
		complain(__LINE__, "too much", TRACE_VARIABLE_READ, ENOENT, "LC_NUMERIC");
	unsetenv("LC_NUMERIC");
	setlocale(LC_ALL, ""), WANT(TRACE_VARIABLE_READ, ENOENT, "LC_NUMERIC");
	getpwuid_r(0, &user, room, sizeof(room), &one_user), WANT(TRACE_READ, 0, "/etc/passwd");
	getgrgid_r(0, &group, room, sizeof(room), &one_group), WANT(TRACE_READ, 0, "/etc/group");
}

static void call_network(void)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "socket"};
	struct addrinfo *found;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (has(mark, TRACE_NETWORK, 0, "socket"))
		complain(__LINE__, "too much", TRACE_NETWORK, 0, "socket");
	connect(fd, (struct sockaddr *)&local, sizeof(local)),
		WANT(TRACE_CONNECTED, ENOENT, "socket");
	bind(fd, (struct sockaddr *)&local, sizeof(local)), WANT(TRACE_MADE, 0, "socket");
	close(fd);
	close(socket(AF_INET, SOCK_STREAM, 0)), WANT(TRACE_NETWORK, 0, "socket");
	if (getaddrinfo("127.0.0.1", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
	WANT(TRACE_NETWORK, 0, "getaddrinfo");
	gethostbyname("127.0.0.1"), WANT(TRACE_NETWORK, 0, "gethostbyname");
}

/* --- programs ------------------------------------------------------------------------------- */

enum how { EXECVE, EXECV, EXECVP, EXECVPE, EXECL, EXECLP, EXECLE, EXECVEAT, FEXECVE, WAYS };

static void become(enum how how)
{
	char *argv[] = {(char *)"true", (char *)"a word", NULL};

	switch (how) {
	case EXECVE:
		execve("./program", argv, environ);
		break;
	case EXECV:
		execv("./program", argv);
		break;
	case EXECVP:
		execvp("program", argv);
		break;
	case EXECVPE:
		execvpe("program", argv, environ);
		break;
	case EXECL:
		execl("./program", "true", "a word", NULL);
		break;
	case EXECLP:
		execlp("program", "true", "a word", NULL);
		break;
	case EXECLE:
		execle("./program", "true", "a word", NULL, environ);
		break;
	case EXECVEAT:
		execveat(AT_FDCWD, "./program", argv, environ, 0);
		break;
	default:
		fexecve(open("program", O_RDONLY), argv, environ);
		break;
	}
}

static bool says_hello(pid_t pid)
{
	const struct trace_record *r;

	for (size_t at = mark; (r = next_record(trace, &at));)
		if (r->op == TRACE_HELLO && r->pid == (uint32_t)pid)
			return true;
	return false;
}

static void call_exec(void)
{
	/* A script, found by PATH in ./none and then here. */
	FILE *script = fopen("program", "w");

	fprintf(script,
		"#!/bin/sh\ntest $# -eq 1 && test \"$1\" = 'a word' && echo x >/dev/null\n");
	fclose(script);
	chmod("program", 0755);
	setenv("PATH", "none:.:/bin:/usr/bin", 1);
	for (enum how how = 0; how < WAYS; how++) {
		int status;
		settle();
		pid_t pid = fork();
		if (pid == 0) {
			become(how);
			_exit(127);
		}
		waitpid(pid, &status, 0);
		if (status != 0)
			complain(how, "exec fails", TRACE_EXEC, status, "program");
		WANT(TRACE_EXEC, 0, how == FEXECVE ? "program" : "program");
		if (!says_hello(pid))
			complain(how, "no hello", TRACE_HELLO, 0, "program");
	}
	execv("exec-none", environ), WANT(TRACE_EXEC_FAILED, ENOENT, "exec-none");
}

static void call_spawn(void)
{
	const char *shell = real("/bin/sh");
	char *argv[] = {(char *)"true", (char *)"a word", NULL};
	pid_t pid;
	int status;

	settle();
	if (posix_spawn(&pid, "./program", NULL, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	WANT(TRACE_SPAWN, 0, "program");
	if (!says_hello(pid))
		complain(__LINE__, "no hello", TRACE_SPAWN, 0, "program");
	settle();
	if (posix_spawnp(&pid, "program", NULL, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	WANT(TRACE_SPAWN, 0, "program");
	posix_spawn(&pid, "spawn-none", NULL, NULL, argv, environ);
	WANT(TRACE_EXEC_FAILED, ENOENT, "spawn-none");
	settle();
	if (system("exit 3") != 3 << 8)
		complain(__LINE__, "system fails", TRACE_SHELL, 0, shell);
	WANT(TRACE_SHELL, 0, shell);
	settle();
	pclose(popen("exit 3", "r")), WANT(TRACE_SHELL, 0, shell);
}

static void call_dlopen(void)
{
	void *object = dlopen("libresolv.so.2", RTLD_NOW);
	struct link_map *map;
	char path[PATH_MAX];

	if (!object || dlinfo(object, RTLD_DI_LINKMAP, &map) < 0)
		die("libresolv.so.2");
	snprintf(path, sizeof(path), "%s", map->l_name);
	dlclose(object), WANT(TRACE_LOADED, 0, real(path));
	dlopen("./none.so", RTLD_NOW), WANT(TRACE_READ, ENOENT, "none.so");
}

/* A call that succeeds leaves errno alone; one that fails sets it. Bad pointers are refused. */
static void call_badly(void)
{
	struct stat st;
	const char *volatile nowhere = (const char *)1, *volatile null = NULL;

	errno = 77;
	done(open("open", O_RDONLY));
	stat("new-to-the-trace", &st);
	if (errno != ENOENT)
		complain(__LINE__, "errno is wrong", TRACE_LOOKED, errno, "");
	errno = 77;
	stat(make("also-new"), &st);
	done(openat(here, make("new-here"), O_RDONLY));
	done(open("made-quietly", O_WRONLY | O_CREAT, 0600));
	if (errno != 77)
		complain(__LINE__, "errno is changed", TRACE_LOOKED, errno, "");
	if (open(nowhere, O_RDONLY) != -1 || errno != EFAULT || access(null, F_OK) != -1 ||
	    errno != EFAULT || execv(nowhere, environ) != -1 || errno != EFAULT ||
	    chdir(nowhere) != -1 || errno != EFAULT)
		complain(__LINE__, "a bad pointer is taken", TRACE_READ, errno, "");
	if (fstatat(here, "", &st, AT_EMPTY_PATH) != 0 || open("", O_RDONLY) != -1)
		complain(__LINE__, "an empty path fails", TRACE_READ, errno, "");
}

static void mode_calls(void)
{
	here = (int)syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!has(0, TRACE_VARIABLE_READ, 0, TRACE_VARIABLE))
		complain(__LINE__, "no record", TRACE_VARIABLE_READ, 0, TRACE_VARIABLE);
	call_open();
	call_open_flags();
	call_stat();
	call_xstat();
	call_look();
	call_make();
	call_change();
	call_remove();
	call_folders();
	call_trees();
	call_environment();
	call_network();
	call_exec();
	call_spawn();
	call_dlopen();
	call_badly();
}

/* --- many at once --------------------------------------------------------------------------- */

enum { THREADS = 8, OPENS = 2000 };

static void *open_many(void *arg)
{
	char name[64];

	for (int i = 0; i < OPENS; i++) {
		snprintf(name, sizeof(name), "/none/%ld/%d", (long)(intptr_t)arg, i);
		done(open(name, O_RDONLY));
		done(open(".", O_RDONLY)); /* one that all of them open */
	}
	return NULL;
}

/* Every record is whole, and there are `each` of them for i below n. */
static void check_names(const char *format, int n)
{
	char *seen = calloc((size_t)n, 1);
	const struct trace_record *r;
	int i, length, there = 0;
	size_t at = 0;

	while ((r = next_record(trace, &at))) {
		if (r->bytes == 0 || r->op == 0 || r->op >= TRACE_OPS)
			complain(__LINE__, "a torn record", TRACE_READ, 0, "");
		if (sscanf(trace_record_path(r), format, &i, &length) >= 1 && i >= 0 && i < n &&
		    !seen[i]) {
			seen[i] = 1;
			there++;
		}
	}
	if (there != n)
		complain(__LINE__, "lost records", TRACE_READ, n - there, format);
	free(seen);
}

static void mode_threads(void)
{
	pthread_t threads[THREADS];
	char format[64];

	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, open_many, (void *)(intptr_t)i))
			die("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		snprintf(format, sizeof(format), "/none/%d/%%d", i);
		check_names(format, OPENS);
	}
}

static volatile sig_atomic_t signals;

static void on_signal(int signo)
{
	char name[32] = "/signal/";
	int errnum = errno, n = signals, digits = 8;

	for (int power = 100000; power > 0; power /= 10)
		name[digits++] = (char)('0' + n / power % 10);
	if (open(name, O_RDONLY) == -1 && errno == ENOENT)
		signals = n + 1;
	errno = errnum;
}

static void mode_signals(void)
{
	struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
	stack_t stack = {.ss_size = (size_t)sysconf(_SC_SIGSTKSZ)};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
	char name[64];
	int n = 0;

	stack.ss_sp = malloc(stack.ss_size);
	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (; n < 20000 && (n < 5000 || signals < 20); n++) {
		snprintf(name, sizeof(name), "/main/%d", n);
		done(open(name, O_RDONLY));
	}
	setitimer(ITIMER_REAL, &never, NULL);
	check_names("/main/%d", n);
	check_names("/signal/%6d", signals);
}

/* --- odd circumstances ---------------------------------------------------------------------- */

static void mode_vfork(void)
{
	make_folder("sub");
	pid_t pid = vfork();
	if (pid == 0) {
		if (chdir("sub") == 0)
			access("file", F_OK);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	access("file", F_OK);
	WANT(TRACE_LOOKED, ENOENT, "sub/file");
	WANT(TRACE_LOOKED, ENOENT, "file");
	pid = fork();
	if (pid == 0) {
		access("child", F_OK);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	WANT(TRACE_LOOKED, ENOENT, "child");
}

/* No descriptor of this process is the trace. */
static void check_holds_nothing(void)
{
	struct stat file, st;

	stat(getenv(TRACE_VARIABLE), &file);
	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &st) == 0 && st.st_ino == file.st_ino && st.st_dev == file.st_dev)
			complain(__LINE__, "a descriptor is held", TRACE_READ, fd, "");
}

static void mode_fds(void)
{
	struct rlimit no_files = {0, 0}, no_bytes = {0, 0};

	check_holds_nothing();
	for (int i = 3; i < 256; i++)
		dup2(0, i);
	stat("overwritten", &(struct stat){0}), WANT(TRACE_LOOKED, ENOENT, "overwritten");
	syscall(SYS_close_range, 3, ~0U, 0);
	stat("closed", &(struct stat){0}), WANT(TRACE_LOOKED, ENOENT, "closed");
	setrlimit(RLIMIT_NOFILE, &no_files);
	setrlimit(RLIMIT_FSIZE, &no_bytes);
	stat("limited", &(struct stat){0}), WANT(TRACE_LOOKED, ENOENT, "limited");
	open("limited-open", O_RDONLY);
	WANT(TRACE_READ, EMFILE, "limited-open");
}

static void mode_overflow(void)
{
	char name[PATH_MAX] = "/none/";

	memset(name + 6, 'x', 4000);
	for (int i = 0; i < 2 * (int)(TRACE_BYTES / 4000); i++) {
		snprintf(name + 6, 8, "%06d", i);
		name[12] = 'x';
		if (access(name, F_OK) == 0 || (errno != ENOENT && errno != ENAMETOOLONG))
			die("access");
	}
	if (trace->used <= TRACE_BYTES - sizeof(*trace))
		complain(__LINE__, "no overflow", TRACE_LOOKED, 0, "");
}

/* --- by hand --------------------------------------------------------------------------------- */

static int mode_new(const char *path)
{
	const struct trace_head head = {.format = TRACE_FORMAT};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, TRACE_BYTES) < 0 ||
	    write(fd, &head, sizeof(head)) != sizeof(head))
		die(path);
	return 0;
}

static bool has_second(int op)
{
	return op == TRACE_KEPT || op == TRACE_LINK || op == TRACE_RENAMED || op == TRACE_LINKED;
}

static void show(const struct trace_record *r)
{
	printf("%s %d %s", op_names[r->op], r->errnum, trace_record_path(r));
	if (has_second(r->op))
		printf(" -> %s", trace_record_path(r) + strlen(trace_record_path(r)) + 1);
	puts("");
}

static int mode_show(const char *path)
{
	struct trace_head *head = map_trace(path);
	const struct trace_record *r;

	for (size_t at = 0; (r = next_record(head, &at));)
		if (r->bytes && r->op && r->op < TRACE_OPS)
			show(r);
		else
			puts("hole");
	if (head->lost)
		puts("lost");
	if (head->used > TRACE_BYTES - sizeof(*head))
		puts("overflow");
	return 0;
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{"calls", mode_calls}, {"threads", mode_threads}, {"signals", mode_signals},
	{"vfork", mode_vfork}, {"fds", mode_fds},         {"overflow", mode_overflow},
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "new"))
		return mode_new(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "show"))
		return mode_show(argv[2]);
	for (size_t i = 0; argc == 2 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(modes[i].name, argv[1]))
			continue;
		const char *path = getenv(TRACE_VARIABLE);
		if (!path || !getcwd(cwd, sizeof(cwd)))
			die(TRACE_VARIABLE);
		trace = map_trace(path);
		modes[i].run();
		return complaints > 0;
	}
	fputs("usage: traced new|show FILE | calls|threads|signals|vfork|fds|overflow\n", stderr);
	return 2;
}
