// SPDX-License-Identifier: MIT
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"

static void release(struct outfile *f)
{
	free(f->path);
	free(f->temporary);
	*f = (struct outfile){0};
}

static int make_parent(const char *path, struct err *err)
{
	const char *base = path_base(path);

	if (base == path || base == path + 1)
		return 0;
	char *dir = xstrndup(path, (size_t)(base - path - 1));
	int status = path_make_dirs(dir, err);
	free(dir);
	return status;
}

// mkstemp makes private files; a report gets the mode that open(2) would have given it.
static void give_usual_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

// True if path is there and is no regular file: a pipe or a device is written in place.
static int is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int outfile_open(struct outfile *f, const char *path, struct err *err)
{
	*f = (struct outfile){.path = xstrdup(path)};
	if (strcmp(path, "-") == 0) {
		f->stream = stdout;
		return 0;
	}
	if (is_special(path)) {
		f->stream = fopen(path, "we");
	} else if (make_parent(path, err) < 0) {
		release(f);
		return -1;
	} else {
		f->temporary = xasprintf("%s.XXXXXX", path);
		int fd = mkostemp(f->temporary, O_CLOEXEC);
		if (fd >= 0) {
			give_usual_mode(fd);
			f->stream = fdopen(fd, "w");
		}
	}
	if (f->stream)
		return 0;
	err_set(err, errno, "write %s", path);
	release(f);
	return -1;
}

int outfile_commit(struct outfile *f, struct err *err)
{
	int status = 0;
	bool failed = ferror(f->stream);

	if (fflush(f->stream) != 0 || failed)
		status = err_set(err, errno ? errno : EIO, "write %s", f->path);
	if (f->stream != stdout && fclose(f->stream) != 0 && status == 0)
		status = err_set(err, errno, "write %s", f->path);
	if (f->temporary && status == 0 && rename(f->temporary, f->path) != 0)
		status = err_set(err, errno, "write %s", f->path);
	if (f->temporary && status < 0)
		unlink(f->temporary);
	release(f);
	return status;
}
