// SPDX-License-Identifier: MIT
#include "coverage/own_stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/outfile.h"
#include "base/path.h"
#include "coverage/stats.h"
#include "model/hits.h"

#define NAME_BYTES  (64 << 10)
#define STATS_BYTES (1 << 30)

// One that LuaCov would have written.
struct target {
	struct hits hits;
	bool is_reported;
};

// ---- what there is ----

static bool add_file(struct hits *h, const char *path)
{
	struct buf text = {0};
	int status = buf_add_file(&text, path, STATS_BYTES);

	// As LuaCov, which takes what stands before the damage.
	if (status == 0 && text.len > 0)
		stats_parse(h, text.data, text.len);
	buf_release(&text);
	return status == 0;
}

static char *beside(const char *folder, const char *name, size_t n, const char *ending)
{
	return xasprintf("%s/%.*s%s", folder, (int)n, name, ending);
}

// The file that the stats of a worker go to, of which LuaCov would have written `path`.
static char *target_of(const struct own_stats_told *told, const char *path, const char *name)
{
	char *worker = told->apart ? told->apart(told->owner, strtol(name, NULL, 10)) : NULL;
	char *target = worker ? xasprintf("%s.%s", path, worker) : xstrdup(path);

	free(worker);
	return target;
}

static void take(struct map *targets, const char *folder, const char *name, size_t n,
		 const struct own_stats_told *told)
{
	char *named = beside(folder, name, n, ".name"), *stats = beside(folder, name, n, ".stats"),
	     *report = beside(folder, name, n, ".report");
	struct buf path = {0};

	if (buf_add_file(&path, named, NAME_BYTES) == 0 && path.len > 0) {
		char *target = target_of(told, path.data, name);
		void **at = map_at(targets, target);
		struct target *t = *at ? *at : xcalloc(1, sizeof *t);
		*at = t;
		add_file(&t->hits, stats);
		// A report would be one of all.
		t->is_reported |= !told->apart && access(report, F_OK) == 0;
		free(target);
	}
	buf_release(&path);
	free(named);
	free(stats);
	free(report);
}

static void find(struct map *targets, const char *folder, const struct own_stats_told *told)
{
	static const char ending[] = ".name";
	DIR *d = opendir(folder);
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name), m = strlen(ending);
		if (n > m && strcmp(e->d_name + n - m, ending) == 0)
			take(targets, folder, e->d_name, n - m, told);
	}
	if (d)
		closedir(d);
}

// ---- what becomes of it ----

// Nobody else of us adds to a file of that folder meanwhile. -1: it cannot be locked.
static int lock_folder(const char *path)
{
	char *folder = path_base(path) > path ? xstrndup(path, (size_t)(path_base(path) - path))
					      : xstrdup(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(folder);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

static int write_target(const char *path, struct target *t, struct err *err)
{
	struct outfile file;

	add_file(&t->hits, path);
	if (outfile_open(&file, path, err) < 0)
		return -1;
	stats_write(file.stream, &t->hits);
	return outfile_commit(&file, err);
}

static void settle(const char *path, struct target *t, const struct own_stats_told *told)
{
	struct err err = {0};
	int lock = lock_folder(path);
	int status = write_target(path, t, &err);

	if (lock >= 0)
		close(lock);
	if (status < 0)
		told->failed(told->owner, err.message);
	else if (t->is_reported)
		told->report(told->owner, path);
	else if (told->apart)
		told->left(told->owner, path);
}

void own_stats_gather(const char *folder, const struct own_stats_told *told)
{
	struct map targets = {0};

	find(&targets, folder, told);
	for (size_t i = 0; i < targets.cap; i++) {
		struct target *t = targets.slots[i].value;
		if (!targets.slots[i].key)
			continue;
		settle(targets.slots[i].key, t, told);
		hits_release(&t->hits);
		free(t);
	}
	map_release(&targets);
}
