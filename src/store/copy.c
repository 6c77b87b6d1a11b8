// SPDX-License-Identifier: MIT
// Copies of stores: private ones to read from, and those that a person wants.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/outfile.h"
#include "base/path.h"
#include "store/database.h"
#include "store/maintenance.h"
#include "store/query.h"
#include "store/vfs.h"

#define CHUNK_BYTES (1 << 20)
// How often a file is copied again that is written to meanwhile.
#define TRIES 5

// ---- the bytes of files ----

static int64_t size_of(const char *path, const char *suffix)
{
	char *name = xasprintf("%s%s", path, suffix);
	struct stat st;
	int64_t size = stat(name, &st) == 0 ? (int64_t)st.st_size : -1;

	free(name);
	return size;
}

static int pump(int from, int to)
{
	char *chunk = xmalloc(CHUNK_BYTES);
	ssize_t n;

	while ((n = read(from, chunk, CHUNK_BYTES)) > 0)
		for (ssize_t done = 0, k; done < n; done += k)
			if ((k = write(to, chunk + done, (size_t)(n - done))) < 0) {
				free(chunk);
				return -1;
			}
	free(chunk);
	return n < 0 ? -1 : 0;
}

// Copies path to copy, with `suffix` behind both.
static int copy_file(const char *path, const char *copy, const char *suffix, struct err *err)
{
	char *source = xasprintf("%s%s", path, suffix), *target = xasprintf("%s%s", copy, suffix);
	int from = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int to = from < 0 ? -1 : open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int status = to < 0 ? -1 : pump(from, to);

	if (status < 0)
		err_set(err, errno, "copy %s", source);
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) < 0 && status == 0)
		status = err_set(err, errno, "write %s", target);
	free(source);
	free(target);
	return status;
}

// When the file and its log were written to last.
struct moment {
	struct timespec file, log;
	off_t file_size, log_size;
};

static struct moment moment_of(const char *path)
{
	char *log = xasprintf("%s-wal", path);
	struct stat file = {0}, wal = {0};

	if (stat(path, &file) != 0 || stat(log, &wal) != 0)
		wal = (struct stat){0};
	free(log);
	return (struct moment){file.st_mtim, wal.st_mtim, file.st_size, wal.st_size};
}

static bool same_moment(const struct moment *a, const struct moment *b)
{
	return a->file.tv_sec == b->file.tv_sec && a->file.tv_nsec == b->file.tv_nsec &&
	       a->log.tv_sec == b->log.tv_sec && a->log.tv_nsec == b->log.tv_nsec &&
	       a->file_size == b->file_size && a->log_size == b->log_size;
}

// What nobody has open can be copied as it is, with its log.
static int copy_at_rest(const char *path, const char *copy, struct err *err)
{
	for (int i = 0; i < TRIES; i++) {
		struct moment before = moment_of(path);
		if (copy_file(path, copy, "", err) < 0 ||
		    (before.log_size > 0 && copy_file(path, copy, "-wal", err) < 0))
			return -1;
		struct moment after = moment_of(path);
		if (same_moment(&before, &after))
			return 0;
	}
	return err_set(err, 0, "it is being written to");
}

// ---- a store in use ----

static int back_up(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(to);

	sqlite3_backup_finish(backup);
	return code == SQLITE_DONE && !vfs_damage() ? 0 : -1;
}

// By way of sqlite, which knows what of the log belongs to it while others write.
static int copy_in_use(const char *path, const char *copy)
{
	sqlite3 *from = NULL, *to = NULL;
	int status = -1;

	if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, vfs_name()) == SQLITE_OK &&
	    sqlite3_open_v2(copy, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
		    SQLITE_OK) {
		sqlite3_db_config(from, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		status = back_up(from, to);
	}
	sqlite3_close(from);
	sqlite3_close(to);
	return status;
}

static int copy(const char *path, const char *to, struct err *err)
{
	// The index of the log is there as long as somebody has the store open. After a crash, and
	// in a folder that is only to be read, it is of no use.
	bool in_use = size_of(path, "-wal") > 0 && size_of(path, "-shm") >= 0;

	if (in_use && copy_in_use(path, to) == 0)
		return 0;
	return copy_at_rest(path, to, err);
}

// ---- private copies ----

// *format is the version of the file; the copy itself is brought up to date.
static enum verdict identify(const char *copy, const char *path, int *format, struct err *err)
{
	struct store s = {.path = (char *)path};
	enum verdict verdict = VERDICT_UNUSABLE;

	// To write: what belongs to it of a log that a crash has left is taken in.
	if (sqlite3_open_v2(copy, &s.db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		verdict = identity_find(&s, format, err);
	else
		store_reason(&s, err);
	query_forget_all(&s);
	sqlite3_close(s.db);
	return verdict;
}

static struct store *open_in(const char *folder, const char *path, int *format, struct err *err)
{
	char *file = path_join(folder, "history.db");
	struct store *s = NULL;
	enum verdict verdict = VERDICT_UNUSABLE;

	if (copy(path, file, err) == 0 &&
	    (verdict = identify(file, path, format, err)) == VERDICT_SOUND)
		s = store_open_database(file, STORE_READ, &verdict, err);
	else if (verdict == VERDICT_EMPTY)
		err_set(err, 0, "it is no history of firmo-jobs");
	if (verdict == VERDICT_FOREIGN || verdict == VERDICT_EMPTY)
		err->errnum = STORE_FOREIGN;
	else if (verdict == VERDICT_DAMAGED)
		err->errnum = STORE_DAMAGED;
	free(file);
	return s;
}

static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, 0, "%s is no history: it is not a file", path);
	if (st.st_size == 0)
		return err_set(err, 0, "%s is no history: it is empty", path);
	return store_check_files(path, err);
}

static void remove_folder(void *path)
{
	path_remove_tree(path);
}

static void explain(const char *path, const struct err *why, struct err *err)
{
	if (why->errnum == STORE_DAMAGED)
		err_set(err, 0, "%s", why->message);
	else
		err_set(err, 0, "cannot use the history %s: %s", path, why->message);
	err->errnum =
		why->errnum == STORE_FOREIGN || why->errnum == STORE_DAMAGED ? why->errnum : 0;
}

struct store *copy_open(const char *path, int *format, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = xasprintf("%s/firmo-jobs-copy.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct will will = {.act = remove_folder, .arg = folder};
	struct store *s = NULL;
	struct err why = {0};
	int unused;

	will_make(&will);
	if (check_file(path, err) == 0) {
		if (!mkdtemp(folder))
			err_set(err, errno, "make the folder %s", folder);
		else if (!(s = open_in(folder, path, format ? format : &unused, &why)))
			explain(path, &why, err);
		// What is open stays readable, and nothing stays behind whatever befalls us.
		path_remove_tree(folder);
	}
	will_drop(&will);
	free(folder);
	return s;
}

// ---- exports ----

// What is there may be replaced.
static int check_target(struct store *s, const char *path, struct err *err)
{
	struct stat own, st;

	if (stat(path, &st) != 0)
		return 0;
	if (stat(sqlite3_db_filename(s->db, "main"), &own) == 0 && own.st_ino == st.st_ino &&
	    own.st_dev == st.st_dev)
		return err_set(err, 0, "%s is the history itself", path);
	if (size_of(path, "-wal") > 0)
		return err_set(err, 0, "%s is a history in use: a log is beside it", path);
	struct err why = {0};
	struct store *old = copy_open(path, NULL, &why);
	if (!old && S_ISREG(st.st_mode) && st.st_size == 0)
		return 0;
	if (!old && why.errnum == STORE_DAMAGED)
		err_set(err, 0, "the history %s is damaged: %s", path, why.message);
	else if (!old)
		err_set(err, 0, "%s", why.message);
	store_close(old);
	return old ? 0 : -1;
}

static int vacuum_into(struct store *s, const char *path, struct err *err)
{
	// It reads the state of one moment itself, and not within what a reader has begun.
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return query_do(s, "VACUUM INTO ?", VALUES(TEXT(path))) == SQLITE_DONE
		       ? 0
		       : store_error(s, err);
}

int copy_export(struct store *s, const char *path, int64_t *bytes, struct err *err)
{
	struct outfile out;
	struct err why = {0};

	if (check_target(s, path, &why) < 0)
		return err_set(err, 0, "nothing is exported: %s", why.message);
	if (outfile_open(&out, path, err) < 0)
		return -1;
	if (!out.temporary) {
		outfile_abandon(&out);
		return err_set(err, 0, "%s is not a file: nothing is exported", path);
	}
	query_forget_all(s);
	store_take_time(s);
	if (vacuum_into(s, out.temporary, &why) < 0 || fsync(fileno(out.stream)) < 0 ||
	    (*bytes = size_of(out.temporary, "")) < 0) {
		err_set(err, *why.message ? 0 : errno, "write %s%s%s", path,
			*why.message ? ": " : "", why.message);
		outfile_abandon(&out);
		return -1;
	}
	return outfile_commit(&out, err);
}
