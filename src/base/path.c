// SPDX-License-Identifier: MIT
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

char *path_join(const char *dir, const char *name)
{
	if (!*dir || strcmp(dir, ".") == 0)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

#define LINKS_MOST 40 // one behind the other, as Linux has it

char *path_real(const char *path)
{
	return xgiven(realpath(path, NULL));
}

char *path_cwd(void)
{
	return xgiven(getcwd(NULL, 0));
}

char *path_clean(const char *path)
{
	struct buf b = {0};

	if (*path == '/')
		buf_addch(&b, '/');
	while (*path) {
		size_t n = strcspn(path, "/");
		if (n > 0 && !(n == 1 && *path == '.')) {
			if (b.len > 0 && b.data[b.len - 1] != '/')
				buf_addch(&b, '/');
			buf_add(&b, path, n);
		}
		path += n;
		path += strspn(path, "/");
	}
	if (b.len == 0)
		buf_addch(&b, '.');
	return buf_detach(&b);
}

char *path_below(const char *path, const char *cwd)
{
	char *clean = path_clean(path);
	size_t n = cwd ? strlen(cwd) : 0;

	if (n > 1 && strncmp(clean, cwd, n) == 0 && (clean[n] == '/' || clean[n] == '\0')) {
		char *below = path_clean(clean[n] ? clean + n + 1 : "");
		free(clean);
		return below;
	}
	return clean;
}

char *path_beside(const char *path, const char *name)
{
	return xasprintf("%.*s%s", (int)(path_base(path) - path), path, name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *path_find_program(const char *name, const char *list)
{
	if (strchr(name, '/'))
		return is_program(name) ? xstrdup(name) : NULL;
	while (list && *name) {
		size_t n = strcspn(list, ":");
		char *dir = n ? xstrndup(list, n) : xstrdup(".");
		char *path = xasprintf("%s/%s", dir, name);
		free(dir);
		if (is_program(path))
			return path;
		free(path);
		list = list[n] ? list + n + 1 : NULL;
	}
	return NULL;
}

static char *if_readable(char *path)
{
	if (path && access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *path_find_own(const char *name, const char *installed)
{
	const char *started = (const char *)getauxval(AT_EXECFN);
	char *program = path_real("/proc/self/exe");
	// Without /proc it is what it was started as.
	if (!program && started)
		program = path_real(started);
	char *path = if_readable(program ? path_beside(program, name) : NULL);

	free(program);
	return path ? path : if_readable(path_join(installed, name));
}

// Where the link at path leads; NULL: it is none. The caller frees it.
static char *link_target(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	return *target == '/' ? xstrdup(target) : path_beside(path, target);
}

char *path_target(const char *path)
{
	char *at = xstrdup(path), *real, *next;

	// A link that leads nowhere yet has no real path.
	for (int depth = LINKS_MOST; !(real = path_real(at)) && depth > 0; depth--) {
		if (!(next = link_target(at)))
			return at;
		free(at);
		at = next;
	}
	free(at);
	return real ? real : xstrdup(path);
}

// As Linux has it under fs.protected_symlinks.
static bool is_foreign(const struct stat *link, const char *folder)
{
	const mode_t shared = S_ISVTX | S_IWOTH;
	struct stat st;

	return stat(folder, &st) == 0 && (st.st_mode & shared) == shared &&
	       link->st_uid != geteuid() && link->st_uid != st.st_uid;
}

static int check_links(const char *path, int depth, struct err *err);

// Checks the link at path, and where it leads.
static int check_link(const char *path, int depth, struct err *err)
{
	char *next = link_target(path);

	if (!next)
		return 0;
	int status =
		depth > 0 ? check_links(next, depth - 1, err) : err_set(err, ELOOP, "%s", path);
	free(next);
	return status;
}

static int check_links(const char *path, int depth, struct err *err)
{
	int status = 0;

	for (size_t n = 0; path[n] && status == 0;) {
		n += strspn(path + n, "/");
		n += strcspn(path + n, "/");
		char *part = xstrndup(path, n), *folder = path_beside(part, ".");
		struct stat st;
		bool is_link = lstat(part, &st) == 0 && S_ISLNK(st.st_mode);
		if (is_link && is_foreign(&st, folder))
			status = err_set(
				err, 0, "%s is a link of another user's: it is not followed", part);
		else if (is_link)
			status = check_link(part, depth, err);
		free(part);
		free(folder);
	}
	return status;
}

int path_check_links(const char *path, struct err *err)
{
	return check_links(path, LINKS_MOST, err);
}

int path_make_dirs(const char *path, struct err *err)
{
	if (mkdir(path, 0777) == 0)
		return 0;
	if (errno == ENOENT && *path && strchr(path + 1, '/')) {
		char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
		int made = *parent ? path_make_dirs(parent, err) : 0;
		free(parent);
		if (made < 0)
			return -1;
		if (mkdir(path, 0777) == 0)
			return 0;
	}
	struct stat st;
	int errnum = errno;
	if (errnum == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_set(err, errnum == EEXIST ? ENOTDIR : errnum, "make folder %s", path);
}

// The folder that path lies in, or NULL for one that is there: the current one, the root.
static char *parent_of(const char *path)
{
	const char *base = path_base(path);

	return base > path + 1 ? xstrndup(path, (size_t)(base - path - 1)) : NULL;
}

int path_make_parent(const char *path, struct err *err)
{
	char *dir = parent_of(path);
	int status = dir ? path_make_dirs(dir, err) : 0;

	free(dir);
	return status;
}

static void write_gitignore(const char *dir)
{
	char *path = path_join(dir, ".gitignore");
	FILE *f = xgiven(fopen(path, "wxe"));

	if (f) {
		fputs("*\n", f);
		fclose(f);
	}
	free(path);
}

int path_make_home(const char *path, struct err *err)
{
	char *dir = parent_of(path);
	bool is_new = dir && access(dir, F_OK) != 0;
	int status = is_new ? path_make_dirs(dir, err) : 0;

	if (is_new && status == 0)
		write_gitignore(dir);
	free(dir);
	return status;
}

static int remove_entries(int dir_fd);

static int remove_entry(int parent_fd, const char *name)
{
	if (unlinkat(parent_fd, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
		return 0;
	// O_NOFOLLOW: a folder that was swapped for a link is not walked into.
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && fchmodat(parent_fd, name, 0700, 0) == 0)
		fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	fchmod(fd, 0700);
	if (remove_entries(fd) < 0)
		return -1;
	return unlinkat(parent_fd, name, AT_REMOVEDIR);
}

// Without opendir, which needs memory. Closes dir_fd.
static int remove_entries(int dir_fd)
{
	_Alignas(struct dirent64) char entries[2048];
	int status = 0;
	ssize_t n;

	while ((n = getdents64(dir_fd, entries, sizeof entries)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const void *)(entries + at);
			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
				status |= remove_entry(dir_fd, e->d_name);
			at += e->d_reclen;
		}
	close(dir_fd);
	return n < 0 ? -1 : status;
}

int path_remove_tree(const char *path)
{
	// Most are empty folders: one call.
	if (unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return remove_entry(AT_FDCWD, path);
}
