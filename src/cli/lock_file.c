// SPDX-License-Identifier: MIT
#include "cli/lock_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"
#include "sys/places.h"

static int open_beside(struct places *p, const char *history, struct err *err)
{
	char *database = path_target(history);
	char *path = xasprintf("%s" LOCK_FILE_SUFFIX, database);
	int status = places_open(p, path, err);

	free(path);
	free(database);
	return status;
}

// Anybody may have made something of that name in /tmp.
static int make_private(const char *folder, struct err *err)
{
	struct stat st;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return err_set(err, errno, "make the folder %s", folder);
	if (lstat(folder, &st) < 0)
		return err_set(err, errno, "look at %s", folder);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, 0, "%s is no folder of ours alone", folder);
	return 0;
}

// Not in TMPDIR, nor in the folder of the session: runs of one user may differ in those.
static int open_elsewhere(struct places *p, struct err *err)
{
	char *folder = xasprintf("/tmp/firmo-jobs-%jd", (intmax_t)geteuid());
	struct stat root;
	int status = stat(".", &root) < 0 ? err_set(err, errno, "look at the working folder")
					  : make_private(folder, err);

	if (status == 0) {
		char *path = xasprintf("%s/%jx-%jx" LOCK_FILE_SUFFIX, folder,
				       (uintmax_t)root.st_dev, (uintmax_t)root.st_ino);
		status = places_open(p, path, err);
		free(path);
	}
	free(folder);
	return status;
}

int lock_file_open(struct places *p, const char *history, struct err *err)
{
	return history && open_beside(p, history, err) == 0 ? 0 : open_elsewhere(p, err);
}
