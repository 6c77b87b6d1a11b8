// SPDX-License-Identifier: MIT
#include "cli/root.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"
#include "cli/project.h"
#include "cli/settings.h"

#define ANYBODY ((uid_t)-1)

// owner: whose it must be.
static bool holds(const char *folder, const char *name, uid_t owner)
{
	char *path = path_join(folder, name);
	struct stat st;
	bool is_there = lstat(path, &st) == 0 && (owner == ANYBODY || st.st_uid == owner);

	free(path);
	return is_there;
}

static bool is_root(const char *folder, uid_t owner)
{
	return holds(folder, PROJECT_FILE, owner) || holds(folder, STATE_FOLDER, owner);
}

// Cuts the last part of an absolute path off; false: it has none.
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !slash[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

// cwd becomes the root; or false, and there is none.
static bool find(char *cwd)
{
	struct stat first, st;
	uid_t owner = ANYBODY;

	if (stat(cwd, &first) < 0)
		return false;
	// In a folder that all may write to, as /tmp, somebody else may have put a marker above us.
	for (; !is_root(cwd, owner); owner = first.st_uid) {
		// A test may run firmo-jobs on a project of its own below ours.
		if (getenv("FIRMO_JOBS_WORKER") || holds(cwd, ".git", ANYBODY) || !go_up(cwd) ||
		    stat(cwd, &st) < 0 || st.st_uid != first.st_uid || st.st_dev != first.st_dev)
			return false;
	}
	return true;
}

int root_enter(const char *named, char **below, struct err *err)
{
	char *cwd = path_cwd(), *root = cwd ? xstrdup(cwd) : NULL;
	bool found = !named && root && find(root);
	int status = 0;

	*below = NULL;
	if (named && chdir(named) < 0) {
		status = err_set(err, errno, "--root=%s", named);
	} else if (named) {
		free(root);
		root = path_cwd();
	} else if (found && strcmp(root, cwd) != 0 && chdir(root) < 0) {
		status = err_set(err, errno, "%s, the root of the project", root);
	}
	if (status == 0 && cwd && root && (named || found))
		*below = path_below(cwd, root);
	if (!*below || strcmp(*below, ".") == 0) {
		free(*below);
		*below = xstrdup("");
	}
	free(root);
	free(cwd);
	return status;
}

bool root_in_repository(void)
{
	char *folder = path_cwd();
	bool is_there = getenv("GIT_DIR") != NULL;

	// HEAD: a repository without a work tree.
	for (bool is_left = folder != NULL; is_left && !is_there; is_left = go_up(folder))
		is_there = holds(folder, ".git", ANYBODY) || holds(folder, "HEAD", ANYBODY);
	free(folder);
	return is_there;
}

char *root_head_log(void)
{
	char *folder = path_cwd(), *log = NULL;

	for (bool is_left = folder != NULL; is_left && !log; is_left = go_up(folder))
		if (holds(folder, ".git", ANYBODY))
			log = path_join(folder, ".git/logs/HEAD");
	free(folder);
	return log;
}

char *root_path(const char *below, const char *path)
{
	if (*path == '/' || !*below)
		return xstrdup(path);
	char *folder = xstrdup(below), *clean = path_clean(path);
	const char *rest = clean;
	bool is_left = *folder == '/';

	// The folders of `below` are no links, so that what leads up from them is what it says.
	while (!is_left && strncmp(rest, "..", 2) == 0 && (!rest[2] || rest[2] == '/') && *folder) {
		char *slash = strrchr(folder, '/');
		*(slash ? slash : folder) = '\0';
		rest += rest[2] ? 3 : 2;
	}
	char *joined = xasprintf("%s%s%s", folder, *folder && *rest ? "/" : "", rest);
	char *result = path_clean(joined);
	free(joined);
	free(folder);
	free(clean);
	return result;
}
