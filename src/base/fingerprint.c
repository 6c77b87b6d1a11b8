// SPDX-License-Identifier: MIT
#include "base/fingerprint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attributes.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/entry.h"
#include "base/environ.h"
#include "base/file_clock.h"
#include "base/loader_cache.h"
#include "base/path.h"

static int64_t to_ns(const struct timespec *t)
{
	return t->tv_sec * NS_PER_SEC + t->tv_nsec;
}

struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){
		.size = st->st_size,
		.mtime_ns = to_ns(&st->st_mtim),
		.ctime_ns = to_ns(&st->st_ctim),
		.inode = (int64_t)st->st_ino,
		.device = st->st_dev,
	};
}

bool stamp_equal(const struct stamp *a, const struct stamp *b)
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

struct digest fingerprint_digest_of_entries(uint64_t sum)
{
	return digest_of(&sum, sizeof sum);
}

static const char unreadable_folder[] = "a folder that cannot be read";

static struct digest digest_of_folder(const char *path)
{
	uint64_t sum = 0;
	DIR *dir = xgiven(opendir(path));

	if (!dir)
		return digest_of_word(unreadable_folder);
	errno = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			sum += entry_hash(e->d_name, DTTOIF((uint32_t)e->d_type));
	struct digest d =
		errno ? digest_of_word(unreadable_folder) : fingerprint_digest_of_entries(sum);
	closedir(dir);
	return d;
}

// Programs are told why there is no file; and what cannot be looked at may be there.
static struct fingerprint of_none(int errnum)
{
	const char *why = errnum == ENOTDIR ? "a path through what is no folder"
			  : errnum == ELOOP ? "links without an end"
					    : "what cannot be looked at";

	if (errnum == ENOENT)
		return (struct fingerprint){0};
	return (struct fingerprint){.present = true, .digest = digest_of_word(why)};
}

// ---- what there is ----

static const char *type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a file";
	case S_IFDIR:
		return "a folder";
	case S_IFLNK:
		return "a link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
		return "a device";
	default:
		return "a block device";
	}
}

struct digest fingerprint_digest_of_type(mode_t mode)
{
	return digest_of_word(type_of(mode));
}

static struct digest digest_of_text(char *text)
{
	struct digest d = digest_of_word(text);

	free(text);
	return d;
}

static char *access_text(const struct stat *st)
{
	return xasprintf("%s %o %u %u", type_of(st->st_mode), (unsigned)st->st_mode & 07777u,
			 (unsigned)st->st_uid, (unsigned)st->st_gid);
}

struct digest fingerprint_digest_of_access(const struct stat *st)
{
	return digest_of_text(access_text(st));
}

struct digest fingerprint_digest_of_status(const struct stat *st)
{
	char *access = access_text(st);
	struct digest d;

	if (S_ISREG(st->st_mode))
		d = digest_of_text(xasprintf("%s %lld %lld %llu", access, (long long)st->st_size,
					     (long long)to_ns(&st->st_mtim),
					     (unsigned long long)st->st_nlink));
	else
		d = digest_of_word(access);
	free(access);
	return d;
}

struct digest fingerprint_digest_of_link(const char *target)
{
	return digest_of_text(xasprintf("-> %s", target));
}

// ---- fingerprints ----

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
	bool still = known && known->present && stamp_equal(&known->stamp, &f.stamp);
	f.digest = still ? known->digest : digest_of_content(path);
	return f;
}

struct fingerprint fingerprint_of_listing(const char *path, const struct fingerprint *known)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return of_none(errno);
	struct fingerprint f = {.present = true, .stamp = stamp_of(&st)};
	bool still = known && known->present && stamp_equal(&known->stamp, &f.stamp);
	f.digest = still ? known->digest : digest_of_folder(path);
	return f;
}

// Without a stamp: to look at it is all there is to do.
static struct fingerprint present(struct digest d)
{
	return (struct fingerprint){.present = true, .digest = d};
}

struct fingerprint fingerprint_of_type(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? present(fingerprint_digest_of_type(st.st_mode))
				    : of_none(errno);
}

struct fingerprint fingerprint_of_access(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? present(fingerprint_digest_of_access(&st)) : of_none(errno);
}

struct fingerprint fingerprint_of_status(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? present(fingerprint_digest_of_status(&st)) : of_none(errno);
}

// In no order, as the file system may tell them in any.
static uint64_t sum_of_xattrs(const char *path, const char *names, size_t n)
{
	struct buf b = {0};
	uint64_t sum = 0, part;

	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		buf_clear(&b);
		buf_add(&b, name, strlen(name) + 1);
		buf_reserve(&b, XATTR_SIZE_MAX);
		ssize_t size = getxattr(path, name, b.data + b.len, XATTR_SIZE_MAX);
		b.len += size > 0 ? (size_t)size : 0;
		struct digest d = digest_of(b.data, b.len);
		memcpy(&part, d.bytes, sizeof part);
		sum += part;
	}
	buf_release(&b);
	return sum;
}

struct fingerprint fingerprint_of_xattrs(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return of_none(errno);
	char *names = xmalloc(XATTR_LIST_MAX);
	ssize_t n = listxattr(path, names, XATTR_LIST_MAX);
	uint64_t sum = n > 0 ? sum_of_xattrs(path, names, (size_t)n) : 0;
	struct fingerprint f = present(digest_of(&sum, sizeof sum));

	// What changes them changes this time; but that of a folder its entries change as well.
	if (!S_ISDIR(st.st_mode))
		f.stamp = stamp_of(&st);
	free(names);
	return f;
}

struct fingerprint fingerprint_of_link(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return of_none(errno);
	if (!S_ISLNK(st.st_mode))
		return present(fingerprint_digest_of_type(st.st_mode));
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	return present(fingerprint_digest_of_link(target));
}

struct digest fingerprint_digest_of_real(const char *real, const char *cwd)
{
	char *below = path_below(real, cwd);
	struct digest d = digest_of_word(below);

	free(below);
	return d;
}

struct fingerprint fingerprint_of_real(const char *path)
{
	char *real = realpath(path, NULL), *cwd = getcwd(NULL, 0);
	struct fingerprint f = {0};

	if (real)
		f = present(fingerprint_digest_of_real(real, cwd));
	free(real);
	free(cwd);
	return f;
}

// Whether something can be made in the folder that the path lies in.
static bool can_make(const char *path)
{
	char *folder = path_beside(path, ".");
	bool can = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;

	free(folder);
	return can;
}

// What is made there belongs to the group of the folder where that is set so, and has the
// permissions that the folder's list gives.
static struct digest digest_of_place(const char *path, const char *word)
{
	static const char list[] = "system.posix_acl_default";
	char *folder = path_beside(path, "."), value[1024];
	struct buf b = {0};
	struct stat st;

	buf_addstr(&b, word);
	if (stat(folder, &st) == 0 && st.st_mode & S_ISGID)
		buf_addf(&b, " of group %u", (unsigned)st.st_gid);
	ssize_t n = getxattr(folder, list, value, sizeof value);
	buf_add(&b, value, n > 0 ? (size_t)n : 0);
	struct digest d = digest_of(b.data, b.len);
	buf_release(&b);
	free(folder);
	return d;
}

struct fingerprint fingerprint_of_place(const char *path, bool to_write)
{
	return can_make(path) ? present(digest_of_place(path, to_write ? "room" : "free"))
			      : (struct fingerprint){0};
}

struct fingerprint fingerprint_of_free(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 && errno == ENOENT ? fingerprint_of_place(path, false)
						       : (struct fingerprint){0};
}

struct fingerprint fingerprint_of_room(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? fingerprint_of_place(path, true) : (struct fingerprint){0};
	bool has_room = !S_ISDIR(st.st_mode) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
	return has_room ? present(digest_of_word("room")) : (struct fingerprint){0};
}

struct fingerprint fingerprint_of_variable(const char *name)
{
	const char *value = getenv(name);

	return value ? (struct fingerprint){.present = true, .digest = digest_of_word(value)}
		     : (struct fingerprint){0};
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

static struct fingerprint fingerprint_of_text(struct buf *text)
{
	struct fingerprint f = {.present = text->len > 0};

	if (f.present)
		f.digest = digest_of(text->data, text->len);
	buf_release(text);
	return f;
}

// There always is one, if only an empty one.
struct fingerprint fingerprint_of_attribute(const char *name)
{
	struct buf text = {0};

	buf_addch(&text, '=');
	attribute_add_value(&text, name);
	return fingerprint_of_text(&text);
}

struct fingerprint fingerprint_of_library(const char *name, const struct fingerprint *known)
{
	static const char cache[] = "/etc/ld.so.cache";
	struct buf text = {0};
	struct stat st;
	struct stamp stamp = stat(cache, &st) == 0 ? stamp_of(&st) : (struct stamp){0};

	if (known && known->present && stamp_equal(&known->stamp, &stamp))
		return *known;
	loader_cache_add(&text, cache, name);
	struct fingerprint f = fingerprint_of_text(&text);
	if (f.present)
		f.stamp = stamp;
	return f;
}

struct fingerprint fingerprint_of_environment(void)
{
	size_t n = 0, all = 0;

	while (environ && environ[all])
		all++;
	char **entries = xmalloc((all + 1) * sizeof *entries);
	for (size_t i = 0; i < all; i++) {
		size_t length = strcspn(environ[i], "=");
		if (!environ_is_ours(environ[i], length) &&
		    !environ_is_of_loader(environ[i], length))
			entries[n++] = xstrndup(environ[i], length);
	}
	struct fingerprint f = {.present = true, .digest = digest_of_names(entries, n)};
	while (n > 0)
		free(entries[--n]);
	free(entries);
	return f;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->present == b->present && (!a->present || digest_equal(&a->digest, &b->digest));
}

bool stamp_is_young(const struct stamp *s, int64_t at_ns)
{
	return file_clock_is_young(s->device, s->ctime_ns, at_ns);
}
