// SPDX-License-Identifier: MIT
#include "launch/workspace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/path.h"
#include "framework/shim.h"
#include "sys/command.h"

char *workspace_path(const char *run_name)
{
	const char *tmp = getenv("TMPDIR");

	// Workers may change their folder: the path has to be absolute.
	char *folder = path_real(tmp && *tmp ? tmp : "/tmp");
	char *path = xasprintf("%s/firmo-jobs-%s", folder ? folder : tmp, path_base(run_name));
	free(folder);
	return path;
}

int workspace_open(struct workspace *w, const char *path, struct err *err)
{
	*w = (struct workspace){0};
	if (mkdir(path, 0700) < 0)
		return err_set(err, errno, "make the temporary folder %s", path);
	w->dir = xstrdup(path);
	w->stats = path_join(path, "luacov");
	if (mkdir(w->stats, 0700) < 0)
		err_set(err, errno, "make the temporary folder %s", w->stats);
	else if (shim_write(w->dir, err) == 0)
		return 0;
	workspace_close(w);
	return -1;
}

#define COMPILE_NS    (2 * NS_PER_SEC)
#define COMPILE_BYTES 4096 // of complaints

void workspace_compile(const struct workspace *w, const char *interpreter)
{
	const struct embedded *code = shim_compile_code();
	char *const argv[] = {(char *)interpreter, (char *)"-",         w->dir,
			      (char *)"main",      (char *)"events",    (char *)"busted",
			      (char *)"firmo",     (char *)"bdd",       (char *)"lust",
			      (char *)"luaunit",   (char *)"libraries", NULL};
	const struct question q = {.argv = argv,
				   .input = code->start,
				   .input_bytes = embedded_size(code),
				   .timeout_ns = COMPILE_NS,
				   .most_bytes = COMPILE_BYTES};
	struct buf ignored = {0};
	struct err err;
	int status;

	command_ask(&q, &ignored, &status, &err);
	buf_release(&ignored);
}

char *workspace_make_placeholder(const struct workspace *w, struct err *err)
{
	char *path = xasprintf("%s/" WORKSPACE_PLACEHOLDER, w->dir), *name = strrchr(path, '/');

	*name = '\0';
	mkdir(path, 0700);
	*name = '/';
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		return path;
	}
	err_set(err, errno, "make %s", path);
	free(path);
	return NULL;
}

// "$" begins what ld.so replaces, such as $LIB.
static bool can_be_listed(const char *path)
{
	return !path[strcspn(path, " \t\n\v\f\r:$")];
}

const char *workspace_preload(struct workspace *w, const char *library, struct err *err)
{
	if (can_be_listed(library)) {
		w->preload = xstrdup(library);
	} else if (can_be_listed(w->dir)) {
		w->preload = xasprintf("%s/%s", w->dir, path_base(library));
		if (symlink(library, w->preload) < 0)
			goto failed;
	} else {
		w->preload_fd = open(library, O_RDONLY | O_CLOEXEC);
		if (w->preload_fd < 0)
			goto failed;
		w->preload = xasprintf("/proc/%ld/fd/%d", (long)getpid(), w->preload_fd);
	}
	return w->preload;
failed:
	err_set(err, errno, "make %s known to ld.so", library);
	return NULL;
}

static void forget(struct tmpdir *t)
{
	if (t->path)
		close(t->fd);
	free(t->path);
	*t = (struct tmpdir){0};
}

void workspace_close(struct workspace *w)
{
	for (size_t i = 0; i < w->tmpdirs.n; i++)
		forget(&w->tmpdirs.items[i]);
	free(w->tmpdirs.items);
	if (w->preload_fd > 0)
		close(w->preload_fd);
	free(w->preload);
	if (w->dir)
		path_remove_tree(w->dir);
	free(w->dir);
	free(w->stats);
	*w = (struct workspace){0};
}

// Their names begin with it, as framework/lua/luacov.lua has them.
void workspace_forget_stats(const struct workspace *w, long serial)
{
	DIR *d = opendir(w->stats);
	const struct dirent *e;
	char *end;

	while (d && (e = readdir(d)) != NULL)
		if (strtol(e->d_name, &end, 10) == serial && *end == '-')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

static int make_tmpdir(struct tmpdir *t, const struct workspace *w, int slot, struct err *err)
{
	t->path = xasprintf("%s/slot-%d", w->dir, slot);
	if (mkdir(t->path, 0700) < 0) {
		// What the worker before left there could not be removed: another name is as good.
		free(t->path);
		t->path = xasprintf("%s/slot-%d-XXXXXX", w->dir, slot);
		if (!mkdtemp(t->path))
			goto failed;
	}
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd >= 0)
		return 0;
failed:
	err_set(err, errno, "make a temporary folder %s", t->path);
	free(t->path);
	t->path = NULL;
	return -1;
}

const char *workspace_take_tmpdir(struct workspace *w, int slot, struct err *err)
{
	while (w->tmpdirs.n <= (size_t)slot)
		VEC_PUSH(&w->tmpdirs, (struct tmpdir){0});
	struct tmpdir *t = &w->tmpdirs.items[slot];
	if (!t->path && make_tmpdir(t, w, slot, err) < 0)
		return NULL;
	return t->path;
}

// Still the folder that we made, private, and with nothing in it but "." and "..".
static bool is_untouched(const struct tmpdir *t)
{
	_Alignas(struct dirent64) char entries[512];
	struct stat ours, named;

	if (fstat(t->fd, &ours) < 0 || lstat(t->path, &named) < 0 || ours.st_ino != named.st_ino ||
	    ours.st_dev != named.st_dev || (named.st_mode & 07777) != 0700)
		return false;
	lseek(t->fd, 0, SEEK_SET);
	ssize_t n = getdents64(t->fd, entries, sizeof entries);
	for (ssize_t at = 0; at < n;) {
		const struct dirent64 *e = (const void *)(entries + at);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
		at += e->d_reclen;
	}
	return n > 0;
}

void workspace_clear_tmpdir(struct workspace *w, int slot)
{
	struct tmpdir *t = &w->tmpdirs.items[slot];

	if (!t->path || is_untouched(t))
		return;
	path_remove_tree(t->path);
	forget(t);
}
