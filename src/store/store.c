// SPDX-License-Identifier: MIT
// Opening a history, and setting aside what is damaged.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "store/database.h"
#include "store/input_state.h"
#include "store/query.h"
#include "store/schema.h"
#include "store/unpack.h"
#include "store/vfs.h"

// Moving the log into the database is the one thing here that waits for the disk, so it is not done
// at every close; but whoever opens next reads through the log, so it must not stay long either.
#define CLOSE_PAGES 500

// How long opening waits for another process that migrates; recording itself never waits.
#define OPEN_TIMEOUT_MS 5000

// Nothing that we store is larger.
#define MOST_BYTES (256 << 20)

// What takes more steps of sqlite than that, for its size, is damaged: its pages lead in a circle.
#define STEPS_AT_ONCE  100000
#define USUAL_STEPS    INT64_C(20000000)
#define STEPS_PER_BYTE 50

static int on_progress(void *arg)
{
	struct store *s = arg;

	s->steps += STEPS_AT_ONCE;
	if (s->steps < USUAL_STEPS)
		return 0;
	// A private copy has no file any more.
	int64_t now = store_file_bytes(s), bytes = now > s->bytes ? now : s->bytes;
	if (s->steps < USUAL_STEPS + STEPS_PER_BYTE * (bytes + s->lent_bytes))
		return 0;
	store_damaged(s, "its pages lead in a circle");
	return 1;
}

// ---- memory ----

static sqlite3_mem_methods usual; // what sqlite allocates with, which is of the process

static void *allocate(int bytes)
{
	void *p = usual.xMalloc(bytes);

	if (!p)
		alloc_fail();
	return p;
}

static void *reallocate(void *p, int bytes)
{
	p = usual.xRealloc(p, bytes);
	if (!p)
		alloc_fail();
	return p;
}

void store_use_memory(void)
{
	// Refused where sqlite is in use already: then what fails of it is told as an error.
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK)
		return;
	sqlite3_mem_methods ours = usual;
	ours.xMalloc = allocate;
	ours.xRealloc = reallocate;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

// ---- opening ----

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	((struct store *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	query_forget_all(s);
	input_states_forget(s);
	store_move_log(s, CLOSE_PAGES);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

static int set_up_writing(struct store *s, struct err *err)
{
	// The page cache holds what one question joins, row by row; other pages are read once.
	sqlite3_exec(s->db,
		     "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL; PRAGMA "
		     "synchronous=NORMAL; PRAGMA cache_size=-4096;"
		     "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=4194304",
		     NULL, NULL, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_wal_hook(s->db, on_commit, s);
	return schema_make(s, err);
}

// What stands in a file cannot make sqlite do more than reading it.
static void trust_nothing(struct store *s)
{
	static const struct {
		int option, on;
	} options[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
	};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		sqlite3_db_config(s->db, options[i].option, options[i].on, NULL);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, MOST_BYTES);
	sqlite3_progress_handler(s->db, STEPS_AT_ONCE, on_progress, s);
}

int store_check_files(const char *path, struct err *err)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	int status = 0;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && status == 0; i++) {
		char *name = xasprintf("%s%s", path, suffixes[i]);
		struct stat st;
		if (stat(name, &st) == 0 && !S_ISREG(st.st_mode))
			status = err_set(err, 0, "%s is not a file",
					 *path_base(name) ? path_base(name) : name);
		free(name);
	}
	return status;
}

static struct store *begin(const char *path, enum store_mode mode, struct err *err)
{
	struct store *s = xcalloc(1, sizeof *s);
	int flags = mode == STORE_READ ? SQLITE_OPEN_READONLY
				       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct stat st;

	s->path = xstrdup(path);
	s->mode = mode;
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_NOMUTEX | flags, vfs_name()) != SQLITE_OK) {
		store_reason(s, err);
		store_close(s);
		return NULL;
	}
	if (stat(path, &st) == 0) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
	}
	s->bytes = store_file_bytes(s);
	sqlite3_busy_timeout(s->db, OPEN_TIMEOUT_MS);
	trust_nothing(s);
	if (unpack_add_all(s->db) == SQLITE_OK)
		return s;
	store_reason(s, err);
	store_close(s);
	return NULL;
}

// Makes the tables where there are none, and brings older ones up to date.
static enum verdict make_current(struct store *s, struct err *err)
{
	int code = set_up_writing(s, err);

	return code == SQLITE_OK       ? VERDICT_SOUND
	       : store_is_damage(code) ? VERDICT_DAMAGED
				       : VERDICT_UNUSABLE;
}

// What an older firmo-jobs wrote is brought up to date to be read as well.
struct store *store_open_database(const char *path, enum store_mode mode, enum verdict *verdict,
				  struct err *err)
{
	int version = 0;

	// A folder, a pipe or a device is somebody else's.
	*verdict = VERDICT_FOREIGN;
	if (store_check_files(path, err) < 0)
		return NULL;
	*verdict = VERDICT_UNUSABLE;
	struct store *s = begin(path, mode, err);
	if (!s)
		return NULL;
	*verdict = identity_find(s, &version, err);
	bool to_make = *verdict == VERDICT_EMPTY || *verdict == VERDICT_SOUND;
	if (*verdict == VERDICT_EMPTY)
		err_set(err, 0, "there is nothing in it");
	bool is_older = *verdict == VERDICT_SOUND && version < SCHEMA_FORMAT;
	if (mode == STORE_WRITE && to_make)
		*verdict = make_current(s, err);
	if (*verdict == VERDICT_SOUND && !(mode == STORE_READ && is_older)) {
		// What is read is the state of one moment, and each question need not take its
		// locks.
		if (mode == STORE_READ)
			sqlite3_exec(s->db, "PRAGMA cache_size=-16384; BEGIN", NULL, NULL, NULL);
		sqlite3_busy_timeout(s->db, mode == STORE_READ ? OPEN_TIMEOUT_MS : 0);
		return s;
	}
	store_close(s);
	return mode == STORE_READ && is_older ? store_open_database(path, STORE_WRITE, verdict, err)
					      : NULL;
}

// ---- setting aside ----

// Renames path to aside, with `suffix` behind both.
static int move(const char *path, const char *aside, const char *suffix)
{
	char *from = xasprintf("%s%s", path, suffix), *to = xasprintf("%s%s", aside, suffix);
	int status = rename(from, to);

	free(from);
	free(to);
	return status;
}

static char *set_aside(const char *path, const char *why)
{
	char *aside = xasprintf("%s.corrupt-%" PRId64 "-%d", path, clock_real_ns() / NS_PER_SEC,
				getpid());
	char *notice = NULL;

	if (move(path, aside, "") == 0) {
		// Its log belongs to it, and would be played into the new file.
		move(path, aside, "-wal");
		move(path, aside, "-shm");
		move(path, aside, "-journal");
		notice =
			xasprintf("the history %s is damaged (%s): it is kept as %s, and a new one "
				  "is begun; firmo-jobs --check --db=%s tells more",
				  path, why, aside, aside);
	}
	free(aside);
	return notice;
}

// A history and its log are two files. Whoever opens them must not get the one from before and the
// other from after the moment when a damaged one is set aside: nobody opens meanwhile. The caller
// closes what this gives; -1: it cannot be locked.
static int lock_folder(const char *path, int how)
{
	char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(folder);
	if (fd >= 0)
		flock(fd, how);
	return fd;
}

static void unlock_folder(int fd)
{
	if (fd >= 0)
		close(fd);
}

// The first one who finds the history damaged sets it aside: the next one finds the new one.
static struct store *replace_damaged(const char *path, char **notice, enum verdict *verdict,
				     struct err *err)
{
	int lock = lock_folder(path, LOCK_EX);
	struct store *s = store_open_database(path, STORE_WRITE, verdict, err);

	if (!s && *verdict == VERDICT_DAMAGED && (*notice = set_aside(path, err->message)))
		s = store_open_database(path, STORE_WRITE, verdict, err);
	unlock_folder(lock);
	return s;
}

// ---- stores ----

static struct store *fail(const char *path, enum verdict verdict, const struct err *why,
			  struct err *err)
{
	err_set(err, 0, "cannot use the history %s: %s%s", path, why->message,
		verdict == VERDICT_DAMAGED ? STORE_HINT : "");
	err->errnum = verdict == VERDICT_FOREIGN ? STORE_FOREIGN
		      : verdict == VERDICT_EMPTY ? ENOENT
						 : 0;
	return NULL;
}

struct store *store_open(const char *path, enum store_mode mode, char **notice, struct err *err)
{
	struct err why = {0};
	enum verdict verdict;

	*notice = NULL;
	if (mode == STORE_READ && access(path, F_OK) != 0) {
		err_set(err, errno, "%s", path);
		return NULL;
	}
	if (mode == STORE_WRITE && path_make_home(path, err) < 0)
		return NULL;
	int lock = lock_folder(path, LOCK_SH);
	struct store *s = store_open_database(path, mode, &verdict, &why);
	unlock_folder(lock);
	if (!s && mode == STORE_WRITE && verdict == VERDICT_DAMAGED)
		s = replace_damaged(path, notice, &verdict, &why);
	return s ? s : fail(path, verdict, &why, err);
}

// Sets the file aside that was found damaged, unless another process has done it already.
static char *set_own_aside(const struct store *s, const char *path)
{
	struct stat st;

	if (!*s->damage || stat(path, &st) != 0 || st.st_dev != s->device || st.st_ino != s->inode)
		return NULL;
	return set_aside(path, s->damage);
}

struct store *store_renew(struct store *s, char **notice, struct err *err)
{
	char *path = xstrdup(s->path), *of_opening;
	int lock = lock_folder(path, LOCK_EX);

	*notice = set_own_aside(s, path);
	unlock_folder(lock);
	// Closed before: nothing of the old one may be written beside the new one.
	store_close(s);
	struct store *renewed = store_open(path, STORE_WRITE, &of_opening, err);
	if (*notice)
		free(of_opening);
	else
		*notice = of_opening;
	if (renewed && !*notice)
		*notice = xasprintf("the history %s was removed or replaced while the run went on: "
				    "it is made again",
				    path);
	free(path);
	return renewed;
}
