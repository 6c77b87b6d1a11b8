// SPDX-License-Identifier: MIT
#include "plan/discover.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"

static bool is_test_name(const char *name)
{
	static const char *const patterns[] = {"*_test.lua", "*_spec.lua", "test_*.lua",
					       "spec_*.lua"};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		if (fnmatch(patterns[i], name, FNM_PERIOD) == 0)
			return true;
	return false;
}

static bool is_left_out(const char *folder)
{
	return *folder == '.' || strcmp(folder, "node_modules") == 0 ||
	       strcmp(folder, "vendor") == 0 || strcmp(folder, "fixtures") == 0;
}

static void add(struct jobs *jobs, const char *path, int64_t size)
{
	struct job j = {.path = xstrdup(path),
			.size = size,
			.expected_ns = -1,
			.p99_ns = -1,
			.known = -1,
			.load = {.wall_ns = -1, .cpu_ns = -1}};

	VEC_PUSH(jobs, j);
}

// fnmatch knows no invalid UTF-8 in some locales; the C locale that we run in takes bytes.
static int search(struct jobs *jobs, const char *folder, struct err *err)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int status = 0;

	if (!dir)
		return err_set(err, errno, "cannot search %s", folder);
	while (status == 0 && (e = readdir(dir))) {
		struct stat st;
		bool may_be_folder = e->d_type == DT_DIR || e->d_type == DT_UNKNOWN;
		bool is_test = is_test_name(e->d_name);
		if (!is_test && (!may_be_folder || is_left_out(e->d_name)))
			continue;
		char *path = path_join(folder, e->d_name);
		// A dangling link with a test's name is a test that cannot be read, not nothing. A
		// link to a folder is not followed: it may lead in a circle.
		bool is_link = e->d_type == DT_LNK;
		bool there = (is_link ? stat(path, &st) : lstat(path, &st)) == 0;
		if (there && S_ISDIR(st.st_mode))
			status = is_link || is_left_out(e->d_name) ? 0 : search(jobs, path, err);
		else if (is_test)
			add(jobs, path, there ? st.st_size : 0);
		free(path);
	}
	closedir(dir);
	return status;
}

int discover(struct jobs *jobs, const char *given, struct err *err)
{
	struct stat st;

	if (stat(given, &st) < 0)
		return err_set(err, errno, "%s", given);
	char *cwd = getcwd(NULL, 0), *path = path_below(given, cwd);
	int status = 0;
	if (S_ISDIR(st.st_mode))
		status = search(jobs, path, err);
	else
		add(jobs, path, st.st_size);
	free(cwd);
	free(path);
	return status;
}
