// SPDX-License-Identifier: MIT
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/muzzle.h"
#include "base/path.h"

static void remove_temporary(void *path)
{
	unlink(path);
}

static void release(struct outfile *f)
{
	will_drop(&f->will);
	free(f->path);
	free(f->temporary);
	*f = (struct outfile){0};
}

// mkstemp makes private files; a report gets the mode of what it replaces, or the one that open(2)
// would have given it.
static void give_usual_mode(int fd, const char *path)
{
	mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	fchmod(fd, stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~mask);
}

static bool is_below(const char *path, const char *folder)
{
	return strncmp(path, folder, strlen(folder)) == 0;
}

// True for what is written in place: pipes and devices, and the names of open files (/dev/stdout),
// which may lead to a regular file that somebody else has opened.
static bool is_special(const char *path)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n = readlink(path, target, sizeof target - 1);

	target[n > 0 ? n : 0] = '\0';
	if (is_below(path, "/dev/") || is_below(path, "/proc/") || is_below(target, "/dev/") ||
	    is_below(target, "/proc/"))
		return true;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool is_pipe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

// A named pipe that nobody reads would keep us waiting for ever.
static FILE *open_special(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);

	if (fd < 0)
		return NULL;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return xgiven(fdopen(fd, "w"));
}

// Where the file is a link, what it leads to is replaced, not the link. The stream is NULL, with
// errno, where it cannot be made; -1: there can be no folder for it.
static int open_temporary(struct outfile *f, struct err *err)
{
	char *target = path_target(f->path);

	free(f->path);
	f->path = target;
	if (path_make_parent(target, err) < 0)
		return -1;
	f->temporary = xasprintf("%s.XXXXXX", target);
	int fd = mkostemp(f->temporary, O_CLOEXEC);
	if (fd >= 0) {
		f->will = (struct will){.act = remove_temporary, .arg = f->temporary};
		will_make(&f->will);
		give_usual_mode(fd, target);
		f->stream = xgiven(fdopen(fd, "w"));
	}
	return 0;
}

// As open_temporary, but for the place.
static int open_in_place(struct outfile *f, struct err *err)
{
	if (path_make_parent(f->path, err) < 0)
		return -1;
	int fd =
		open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	f->stream = fd < 0 ? NULL : xgiven(fdopen(fd, "a"));
	return 0;
}

static int open_by(struct outfile *f, const char *path,
		   int (*open_regular)(struct outfile *f, struct err *err), struct err *err)
{
	*f = (struct outfile){.path = xstrdup(path)};
	if (strcmp(path, "-") == 0) {
		f->stream = stdout;
		return 0;
	}
	if (path_check_links(path, err) < 0) {
		release(f);
		return -1;
	}
	if (is_special(path)) {
		f->stream = muzzle_put_on(open_special(path));
	} else if (open_regular(f, err) < 0) {
		release(f);
		return -1;
	}
	if (f->stream)
		return 0;
	int errnum = errno;
	if (errnum == ENXIO && is_pipe(path))
		err_set(err, 0, "write %s: it is a pipe that nobody reads", path);
	else
		err_set(err, errnum, "write %s", path);
	if (f->temporary)
		unlink(f->temporary);
	release(f);
	return -1;
}

int outfile_open(struct outfile *f, const char *path, struct err *err)
{
	return open_by(f, path, open_temporary, err);
}

int outfile_open_growing(struct outfile *f, const char *path, struct err *err)
{
	return open_by(f, path, open_in_place, err);
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

void outfile_abandon(struct outfile *f)
{
	if (f->stream != stdout)
		fclose(f->stream);
	if (f->temporary)
		unlink(f->temporary);
	release(f);
}
