// SPDX-License-Identifier: MIT
#include "launch/folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file_clock.h"
#include "base/path.h"

struct folder {
	long round; // of the last look
	struct folder_stamp is;
	struct folder_stamp
		parent; // as it was at that look; not settled where a link is in between
};

void folders_begin(struct folders *f)
{
	f->round++;
	f->round_ns = clock_real_ns();
}

void folders_release(struct folders *f)
{
	for (size_t i = 0; i < f->known.cap; i++)
		free(f->known.slots[i].value);
	map_release(&f->known);
}

bool folder_stands(const struct folder_stamp *then, const struct folder_stamp *now)
{
	if (then->is_absent || now->is_absent)
		return then->is_absent && now->is_absent;
	return then->is_settled && then->device == now->device && then->inode == now->inode &&
	       then->ctime_ns == now->ctime_ns;
}

static struct folder_stamp look_at(const struct folders *f, const char *name)
{
	struct folder_stamp is = {0};
	struct stat st;

	if (stat(name, &st) < 0) {
		is.is_absent = errno == ENOENT;
		return is;
	}
	is.device = st.st_dev;
	is.inode = st.st_ino;
	is.ctime_ns = st.st_ctim.tv_sec * NS_PER_SEC + st.st_ctim.tv_nsec;
	is.is_settled =
		S_ISDIR(st.st_mode) && !file_clock_is_young(is.device, is.ctime_ns, f->round_ns);
	return is;
}

// A link that leads nowhere has a name, and what it leads to may come.
static bool has_name(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static const struct folder *find(struct folders *f, const char *name)
{
	void **place = map_at(&f->known, name);
	struct folder *folder = *place;

	if (!folder)
		*place = folder = xcalloc(1, sizeof *folder);
	if (folder->round == f->round)
		return folder;
	struct folder_stamp parent = folders_of(f, name);
	// What was not there is not there as long as its own folder stands still.
	if (!folder->is.is_absent || !folder_stands(&folder->parent, &parent)) {
		folder->is = look_at(f, name);
		folder->parent = parent;
		if (folder->is.is_absent && has_name(name))
			folder->parent = (struct folder_stamp){0};
	}
	folder->round = f->round;
	return folder;
}

struct folder_stamp folders_of(struct folders *f, const char *path)
{
	const char *base = path_base(path);
	size_t n = (size_t)(base - path);

	if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return (struct folder_stamp){0};
	char *name = n > 1 ? xstrndup(path, n - 1) : xstrdup(n ? "/" : ".");
	struct folder_stamp is = find(f, name)->is;
	free(name);
	return is;
}
