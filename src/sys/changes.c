// SPDX-License-Identifier: MIT
#include "sys/changes.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"
#include "base/strings.h"

// A save ends with a close or a rename: what is written before that is half a file.
#define WATCHED                                                                                    \
	(IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |        \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

// A link leads to a link, and so on; more of them are a circle.
#define LINKS_MAX 40

// ---- what is told of which entry ----

static char *entry_key(int number, const char *name)
{
	return xasprintf("%d/%s", number, name);
}

static bool is_in(const struct strings *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], path) == 0)
			return true;
	return false;
}

// below: the subject has a slash behind it.
static void add_subject(struct changes *c, int number, const char *name, const char *path,
			bool below)
{
	char *key = entry_key(number, name), *subject = xasprintf("%s%s", path, below ? "/" : "");
	void **place = map_at(&c->subjects, key);
	struct strings *list = *place;

	if (!list)
		*place = list = xcalloc(1, sizeof *list);
	if (is_in(list, subject))
		free(subject);
	else
		VEC_PUSH(list, subject);
	free(key);
}

static void tell(struct changes *c, const char *subject)
{
	size_t n = strlen(subject);
	bool below = n > 1 && subject[n - 1] == '/';
	char *path = xstrndup(subject, n - below);

	c->changed(c->owner, path, below);
	free(path);
}

// The owner may add subjects meanwhile.
static void tell_subjects(struct changes *c, int number, const char *name)
{
	char *key = entry_key(number, name);
	const struct strings *list = map_get(&c->subjects, key);

	for (size_t i = 0; list && i < list->n; i++) {
		char *subject = xstrdup(list->items[i]);
		tell(c, subject);
		free(subject);
	}
	free(key);
}

// ---- folders ----

// There is nothing to be told of these.
static bool is_of_system(const char *path)
{
	return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0 ||
	       strncmp(path, "/dev/", 5) == 0;
}

// The folder's number, or -1: there is no such folder, or no room for it.
static int watch_folder(struct changes *c, const char *folder)
{
	uintptr_t known = (uintptr_t)map_get(&c->folders, folder);

	if (known)
		return (int)(known - 1);
	if (c->watch.fd < 0)
		return -1;
	int number = inotify_add_watch(c->watch.fd, folder, WATCHED);
	if (number < 0) {
		c->is_partial |= errno == ENOSPC || errno == ENOMEM;
		return -1;
	}
	map_put(&c->folders, folder, (void *)(uintptr_t)(number + 1));
	return number;
}

// The folder that the path stands in.
static char *folder_of(const char *path)
{
	char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/')
		folder[--n] = '\0';
	if (n == 0) {
		free(folder);
		return xstrdup(".");
	}
	return folder;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// The path's own entry, or that of the first of its folders that is not there.
static void add_entry(struct changes *c, const char *path, const char *subject)
{
	char *at = xstrdup(path), *folder = folder_of(at);
	bool below = false;

	for (;;) {
		int number = watch_folder(c, folder);
		if (number >= 0) {
			add_subject(c, number, path_base(at), below ? at : subject, below);
			break;
		}
		if (is_folder(folder) || strcmp(folder, ".") == 0 || strcmp(folder, "/") == 0)
			break;
		below = true;
		free(at);
		at = folder;
		folder = folder_of(at);
	}
	free(at);
	free(folder);
}

// Each of its folders may be moved away, or be another one from then on where it is a link.
static void add_folders(struct changes *c, const char *path)
{
	char *folder = folder_of(path);

	while (*path != '/' && strcmp(folder, ".") != 0 && strcmp(path_base(folder), "..") != 0) {
		char *above = folder_of(folder);
		int number = watch_folder(c, above);
		if (number >= 0)
			add_subject(c, number, path_base(folder), folder, true);
		free(folder);
		folder = above;
	}
	free(folder);
}

// Where the link at path leads, or NULL: it is none.
static char *follow(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (n <= 0)
		return NULL;
	target[n] = '\0';
	return *target == '/' ? xstrdup(target) : path_beside(path, target);
}

void changes_add(struct changes *c, const char *path)
{
	char *at = xstrdup(path);

	add_folders(c, path);
	for (int i = 0; at && i < LINKS_MAX && !is_of_system(at); i++) {
		add_entry(c, at, path);
		char *next = follow(at);
		free(at);
		at = next;
	}
	free(at);
}

void changes_add_entries(struct changes *c, const char *folder)
{
	int number = is_of_system(folder) ? -1 : watch_folder(c, folder);

	if (number >= 0)
		add_subject(c, number, "", folder, false);
}

// ---- what inotify tells ----

// A folder that is gone, or has another place by now, is watched no more. Who it matters to adds
// its paths anew.
static void lose_folder(struct changes *c, int number)
{
	struct strings lost = {0};

	for (size_t i = 0; i < c->folders.cap; i++) {
		struct map_slot *slot = &c->folders.slots[i];
		if (slot->key && slot->value == (void *)(uintptr_t)(number + 1)) {
			// A map has no way to remove a key: 0 is not watched.
			slot->value = NULL;
			VEC_PUSH(&lost, xstrdup(slot->key));
		}
	}
	for (size_t i = 0; i < lost.n; i++)
		c->changed(c->owner, lost.items[i], true);
	strings_free_all(&lost);
}

static void take(struct changes *c, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW) {
		c->changed(c->owner, NULL, true);
	} else if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
		if (e->mask & IN_MOVE_SELF)
			inotify_rm_watch(c->watch.fd, e->wd);
		lose_folder(c, e->wd);
	} else if (e->len > 0) {
		tell_subjects(c, e->wd, e->name);
		if (e->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO))
			tell_subjects(c, e->wd, "");
	}
}

void changes_read(struct changes *c)
{
	_Alignas(struct inotify_event) char room[65536];
	ssize_t n;

	while (c->watch.fd >= 0 && (n = read(c->watch.fd, room, sizeof room)) > 0) {
		for (const char *at = room; at < room + n;) {
			const struct inotify_event *e = (const void *)at;
			take(c, e);
			at += sizeof *e + e->len;
		}
	}
}

static void on_ready(struct loop_watch *w, short revents)
{
	changes_read(w->owner);
}

// ---- its life ----

static int open_inotify(struct changes *c, struct err *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	c->watch = (struct loop_watch){
		.fd = fd, .events = fd < 0 ? 0 : POLLIN, .ready = on_ready, .owner = c};
	c->is_partial = fd < 0;
	return fd < 0 ? err_set(err, errno, "inotify") : 0;
}

int changes_open(struct changes *c, struct loop *loop, struct err *err)
{
	c->loop = loop;
	int status = open_inotify(c, err);
	loop_add_watch(loop, &c->watch);
	return status;
}

static void forget(struct changes *c)
{
	for (size_t i = 0; i < c->subjects.cap; i++)
		if (c->subjects.slots[i].key && c->subjects.slots[i].value) {
			strings_free_all(c->subjects.slots[i].value);
			free(c->subjects.slots[i].value);
		}
	map_release(&c->subjects);
	map_release(&c->folders);
}

size_t changes_count(const struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->folders.cap; i++)
		n += c->folders.slots[i].key && c->folders.slots[i].value;
	return n;
}

void changes_clear(struct changes *c)
{
	struct err ignored;

	changes_read(c);
	forget(c);
	if (c->watch.fd >= 0)
		close(c->watch.fd);
	open_inotify(c, &ignored);
}

void changes_close(struct changes *c)
{
	loop_remove_watch(c->loop, &c->watch);
	forget(c);
	if (c->watch.fd >= 0)
		close(c->watch.fd);
	c->watch.fd = -1;
}
