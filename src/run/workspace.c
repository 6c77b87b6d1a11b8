// SPDX-License-Identifier: MIT
#include "run/workspace.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"
#include "worker/shim.h"

int workspace_open(struct workspace *w, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	*w = (struct workspace){0};
	char *made = path_join(tmp && *tmp ? tmp : "/tmp", "firmo-jobs-XXXXXX");
	if (!mkdtemp(made)) {
		err_set(err, errno, "make a temporary folder %s", made);
		free(made);
		return -1;
	}
	// Workers may change their folder: the path has to be absolute.
	w->dir = realpath(made, NULL);
	if (w->dir)
		free(made);
	else
		w->dir = made;
	if (shim_write(w->dir, err) == 0)
		return 0;
	workspace_close(w);
	return -1;
}

void workspace_close(struct workspace *w)
{
	if (w->dir)
		path_remove_tree(w->dir);
	free(w->dir);
	*w = (struct workspace){0};
}

char *workspace_make_tmpdir(const struct workspace *w, int slot, struct err *err)
{
	char *path = xasprintf("%s/slot-%d", w->dir, slot);

	if (mkdir(path, 0700) == 0)
		return path;
	// What the worker before left there could not be removed: another name is as good.
	if (errno == EEXIST) {
		free(path);
		path = xasprintf("%s/slot-%d-XXXXXX", w->dir, slot);
		if (mkdtemp(path))
			return path;
	}
	err_set(err, errno, "make a temporary folder %s", path);
	free(path);
	return NULL;
}
