// SPDX-License-Identifier: MIT
#include "launch/own_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "model/inputs.h"
#include "model/result.h"

// The path without its last part; the caller frees it. NULL: it has one part.
static char *above(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : NULL;
}

static const char *behind(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

// What a path would be, had it been asked for in the folder, which lies below cwd: the caller frees
// it. NULL: the same, or nothing that could be told. Inputs outside of cwd are absolute.
static char *moved(const char *path, const char *folder, const char *cwd)
{
	char *from = xstrdup(cwd), *to = xstrdup(folder), *result = NULL;

	// A project in a folder of its module's name, which is opened as ../module.lua.
	path = strcmp(path, ".") == 0 ? cwd : path;
	if (*path != '/')
		result = path_join(folder, path);
	while (!result && from && to) {
		char *outer = above(from), *next = above(to);
		const char *rest = outer ? behind(path, outer) : NULL;
		if (rest)
			result = next ? path_join(next, rest) : xstrdup(rest);
		free(from);
		free(to);
		from = outer;
		to = next;
	}
	free(from);
	free(to);
	return result;
}

static bool has_read(const struct inputs *in, const char *path)
{
	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind == INPUT_PATH && in->list.items[i].found &&
		    strcmp(in->list.items[i].name, path) == 0)
			return true;
	return false;
}

static bool is_of_type(const char *path, mode_t type)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

// In vain it may have opened a folder, or looked behind what is none, too.
static bool is_missed(const struct input *in)
{
	return in->kind == INPUT_PATH && (!in->found || !is_of_type(in->name, S_IFREG));
}

// The file that it looked for in vain, as it is named from cwd; the caller frees it.
static char *find_missed(const struct inputs *in, const char *folder, const char *cwd)
{
	for (size_t i = 0; i < in->list.n; i++) {
		const struct input *one = &in->list.items[i];
		char *path = is_missed(one) ? moved(one->name, folder, cwd) : NULL;
		if (path && is_of_type(path, S_IFREG) && !has_read(in, path))
			return path;
		free(path);
	}
	return NULL;
}

void own_folder_explain(struct result *r, const char *cwd)
{
	bool ended_badly = (r->status == FILE_FAILED || r->status == FILE_ERROR) && !r->signal;
	char *folder = ended_badly && r->inputs && r->tests.n == 0 && *r->job->path != '/'
			       ? above(r->job->path)
			       : NULL;
	char *missed = folder ? find_missed(r->inputs, folder, cwd) : NULL;

	if (missed) {
		char *reason =
			xasprintf("%s; run in %s, its own folder, it would find %s (--root=%s)",
				  r->reason ? r->reason : "it failed", folder, missed, folder);
		free(r->reason);
		r->reason = reason;
	}
	free(missed);
	free(folder);
}
