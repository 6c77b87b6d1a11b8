// SPDX-License-Identifier: MIT
// The open database: its size, its log, and what is wrong with it.
#include "store/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "store/vfs.h"

// How long a statement of a person's waits for other processes.
#define PATIENCE_MS 5000

// ---- what is wrong with it ----

int store_damaged(struct store *s, const char *words)
{
	snprintf(s->damage, sizeof s->damage, "%s", words);
	return SQLITE_CORRUPT;
}

bool store_is_damage(int code)
{
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_INTERRUPT: // by on_progress
		return true;
	case SQLITE_IOERR:
		return vfs_damage() != NULL;
	default:
		return false;
	}
}

// A disk that could not be read, which sqlite calls damage as well.
static bool is_io(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT && (errno == EIO || errno == ENXIO);
}

int store_reason(struct store *s, struct err *err)
{
	int code = s->failed ? s->failed : s->db ? sqlite3_errcode(s->db) : SQLITE_NOMEM;
	const char *words = s->failed ? s->failure
			    : s->db   ? sqlite3_errmsg(s->db)
				      : "out of memory";

	if (!*s->damage && vfs_damage())
		store_damaged(s, vfs_damage());
	if (!*s->damage && is_io(code))
		return err_set(err, 0, "%s", strerror(errno));
	if (!*s->damage && store_is_damage(code))
		store_damaged(s, words);
	return err_set(err, 0, "%s", *s->damage ? s->damage : words);
}

int store_error(struct store *s, struct err *err)
{
	struct err why;

	store_reason(s, &why);
	return err_set(err, 0, "%s%s", why.message, *s->damage ? STORE_HINT : "");
}

bool store_is_broken(const struct store *s)
{
	return *s->damage || s->gone;
}

bool store_is_gone(struct store *s)
{
	int moved = 0;
	struct stat st;

	// Cut to nothing, as a shell's > does: sqlite would write into a file that has no first
	// page.
	s->gone = s->gone || (s->bytes > 0 && stat(s->path, &st) == 0 && st.st_size == 0);
	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK)
		s->gone = s->gone || moved;
	return s->gone;
}

// ---- its size ----

int64_t store_file_bytes(const struct store *s)
{
	char *log = xasprintf("%s-wal", s->path);
	struct stat file = {0}, wal = {0};

	if (stat(s->path, &file) != 0)
		file.st_size = 0;
	if (stat(log, &wal) != 0)
		wal.st_size = 0;
	free(log);
	return (int64_t)file.st_size + (int64_t)wal.st_size;
}

int64_t store_bytes(struct store *s)
{
	sqlite3_stmt *q = NULL;
	int64_t bytes = store_file_bytes(s);

	if (sqlite3_prepare_v2(s->db,
			       "SELECT page_count * page_size FROM pragma_page_count, "
			       "pragma_page_size",
			       -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		bytes = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return bytes;
}

// ---- at the wish of a person ----

void store_take_time(struct store *s)
{
	sqlite3_exec(s->db, "PRAGMA cache_size=-65536", NULL, NULL, NULL);
	sqlite3_busy_timeout(s->db, PATIENCE_MS);
}

// The log stands there as long as we have the database open, unless somebody has removed it: what
// sqlite still writes to it would go with us.
static bool log_is_gone(struct store *s)
{
	char *path = xasprintf("%s-wal", s->path);
	struct stat st = {0};
	bool there = stat(path, &st) == 0, known = s->log != 0;

	free(path);
	if (!known && there)
		s->log = st.st_ino;
	return known && (!there || st.st_ino != s->log);
}

void store_move_log(struct store *s, int most_pages)
{
	// Truncated, it does not only stand in the database but is begun anew by the next writer.
	if (s->wal_pages > most_pages || log_is_gone(s))
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}
