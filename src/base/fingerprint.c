// SPDX-License-Identifier: MIT
#include "base/fingerprint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

static int64_t to_ns(const struct timespec *t)
{
	return t->tv_sec * NS_PER_SEC + t->tv_nsec;
}

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){
		.size = st->st_size,
		.mtime_ns = to_ns(&st->st_mtim),
		.ctime_ns = to_ns(&st->st_ctim),
		.inode = (int64_t)st->st_ino,
	};
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->inode == b->inode;
}

static struct digest digest_of_word(const char *word)
{
	return digest_of(word, strlen(word));
}

static struct digest digest_of_content(const char *path)
{
	struct digest d;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || digest_of_file(&d, fd) < 0)
		d = digest_of_word("a file that cannot be read");
	if (fd >= 0)
		close(fd);
	return d;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct digest digest_of_names(char **names, size_t n)
{
	struct buf b = {0};

	if (n > 0)
		qsort(names, n, sizeof *names, compare_names);
	for (size_t i = 0; i < n; i++)
		buf_add(&b, names[i], strlen(names[i]) + 1);
	struct digest d = digest_of(b.data ? b.data : "", b.len);
	buf_release(&b);
	return d;
}

static const char unreadable_folder[] = "a folder that cannot be read";

static struct digest digest_of_entries(const char *path)
{
	struct {
		char **items;
		size_t n, cap;
	} names = {0};
	DIR *dir = xgiven(opendir(path));

	if (!dir)
		return digest_of_word(unreadable_folder);
	errno = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			VEC_PUSH(&names, xstrdup(e->d_name));
	struct digest d =
		errno ? digest_of_word(unreadable_folder) : digest_of_names(names.items, names.n);
	closedir(dir);
	for (size_t i = 0; i < names.n; i++)
		free(names.items[i]);
	free(names.items);
	return d;
}

// What cannot be looked at may be there.
static struct fingerprint of_none(int errnum)
{
	if (errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP)
		return (struct fingerprint){0};
	return (struct fingerprint){.present = true,
				    .digest = digest_of_word("what cannot be looked at")};
}

struct fingerprint fingerprint_of_path(const char *path, const struct fingerprint *known)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return of_none(errno);
	// The times of a folder are those of its entries, which are not meant here.
	if (!S_ISREG(st.st_mode))
		return (struct fingerprint){
			.present = true,
			.digest = digest_of_word(S_ISDIR(st.st_mode) ? "a folder" : "no file"),
		};
	struct fingerprint f = {.present = true, .stamp = stamp_of(&st)};
	bool still = known && known->present && same_stamp(&known->stamp, &f.stamp);
	f.digest = still ? known->digest : digest_of_content(path);
	return f;
}

struct fingerprint fingerprint_of_listing(const char *path, const struct fingerprint *known)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return of_none(errno);
	struct fingerprint f = {.present = true, .stamp = stamp_of(&st)};
	bool still = known && known->present && same_stamp(&known->stamp, &f.stamp);
	f.digest = still ? known->digest : digest_of_entries(path);
	return f;
}

struct fingerprint fingerprint_of_variable(const char *name)
{
	const char *value = getenv(name);

	return value ? (struct fingerprint){.present = true, .digest = digest_of_word(value)}
		     : (struct fingerprint){0};
}

// What differs between one terminal, one level of make or shell, and another.
static bool is_of_the_place(const char *entry)
{
	static const char *const names[] = {"_",      "COLUMNS",  "LINES",       "MAKELEVEL",
					    "OLDPWD", "PWD",      "SHLVL",       "TERM",
					    "TMPDIR", "WINDOWID", "TERM_PROGRAM"};
	size_t n = strcspn(entry, "=");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == n && strncmp(names[i], entry, n) == 0)
			return true;
	return strncmp(entry, "SSH_", 4) == 0 || strncmp(entry, "FIRMO_JOBS_", 11) == 0;
}

struct fingerprint fingerprint_of_environment(void)
{
	size_t n = 0, all = 0;

	while (environ && environ[all])
		all++;
	char **entries = xmalloc((all + 1) * sizeof *entries);
	for (size_t i = 0; i < all; i++)
		if (!is_of_the_place(environ[i]))
			entries[n++] = environ[i];
	struct fingerprint f = {.present = true, .digest = digest_of_names(entries, n)};
	free(entries);
	return f;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->present == b->present && (!a->present || digest_equal(&a->digest, &b->digest));
}

bool fingerprint_changed_after(const struct fingerprint *f, int64_t real_ns)
{
	return f->stamp.mtime_ns > real_ns || f->stamp.ctime_ns > real_ns;
}
