// SPDX-License-Identifier: MIT
// Whose a database is: ours has a mark and the tables that we make, and nothing besides. Histories
// of formats that had no mark are known by their tables.
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "store/database.h"
#include "store/schema.h"

#define HOME         ".firmo-jobs"
#define LAST_NO_MARK 6

// The tables of all formats, with the columns that they have in the present one, and the indexes.
static const struct {
	const char *name, *columns; // "" is an index; NULL: there was such a table once
} known[] = {
	{"run", "id name started elapsed jobs peak files bad tests failed lower_bound bound seed "
		"signal repeated flaky_fails version revision stopped lua waits reused"},
	{"file", "id path born status ended tests state trail reading"},
	{"result", "id run file attempt started wall user sys maxrss status reason exit signal "
		   "slot leaked tests failed output offset framework crowded partial has_tests "
		   "expected seed output_total roster endings delay learned"},
	{"test", "id file name tags born"},
	{"roster", "id file digest tests"},
	{"trail", "file seq samples"},
	{"failure", "result seq message traceback"},
	{"file_error", "result seq place name source line message traceback"},
	{"input", "id kind name digest size mtime ctime inode"},
	{"snapshot", "file result started key doubts inputs written stands deadline"},
	{"test_result", NULL},
	{"result_by_run", ""},
	{"result_by_file", ""},
	{"input_by_name", ""},
	{"roster_by_digest", ""},
	{"run_by_started", ""},
};

#define KNOWN  (sizeof known / sizeof *known)
#define TABLES 10 // of the present format: the first ones

static bool is_sqlites(const char *name)
{
	static const char *const names[] = {"sqlite_autoindex_", "sqlite_sequence", "sqlite_stat"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

// Looks at a row of sqlite_master; *seen gets a bit for each of our tables. False: that is not
// ours.
static bool is_ours(sqlite3_stmt *q, bool present, unsigned *seen)
{
	const char *type = (const char *)sqlite3_column_text(q, 0);
	const char *name = (const char *)sqlite3_column_text(q, 1);
	const char *columns = (const char *)sqlite3_column_text(q, 3);
	bool is_index = strcmp(type, "index") == 0;

	if (!is_index && (strcmp(type, "table") != 0 || sqlite3_column_int64(q, 2) < 1))
		return false;
	if (is_sqlites(name))
		return true;
	for (size_t i = 0; i < KNOWN; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		bool as_index = known[i].columns && !*known[i].columns;
		*seen |= 1u << i;
		return is_index == as_index &&
		       (!present || as_index ||
			(known[i].columns && columns && strcmp(columns, known[i].columns) == 0));
	}
	return false;
}

struct look {
	int64_t mark, version;
	unsigned seen;   // a bit for each of the tables
	bool other;      // there is something that is not ours
	char what[64];   // its name
	int64_t entries; // of the schema
};

static int look_at_schema(struct store *s, struct look *l)
{
	sqlite3_stmt *q = database_prepare(
		s, "SELECT type, name, rootpage, (SELECT group_concat(name || CASE hidden WHEN 0 "
		   "THEN '' ELSE '*' END, ' ') FROM pragma_table_xinfo(m.name)) "
		   "FROM sqlite_master m");
	int code = q ? SQLITE_ROW : sqlite3_errcode(s->db);

	while (code == SQLITE_ROW && !l->other &&
	       (code = database_next_as(s, q, "CCac")) == SQLITE_ROW) {
		l->entries++;
		if (is_ours(q, l->version == schema_version(), &l->seen))
			continue;
		l->other = true;
		snprintf(l->what, sizeof l->what, "%s", (const char *)sqlite3_column_text(q, 1));
	}
	sqlite3_finalize(q);
	return code == SQLITE_ROW ? SQLITE_DONE : code;
}

static int look_at_number(struct store *s, const char *pragma, int64_t *number)
{
	sqlite3_stmt *q = database_prepare(s, pragma);
	int code = q ? sqlite3_step(q) : sqlite3_errcode(s->db);

	if (code == SQLITE_ROW) {
		*number = sqlite3_column_int64(q, 0);
		code = SQLITE_DONE;
	}
	sqlite3_finalize(q);
	return code;
}

static int look(struct store *s, struct look *l)
{
	int code = look_at_number(s, "PRAGMA application_id", &l->mark);

	if (code == SQLITE_DONE)
		code = look_at_number(s, "PRAGMA user_version", &l->version);
	if (code == SQLITE_DONE && l->version <= schema_version())
		code = look_at_schema(s, l);
	return code;
}

// Whether the file lies where only we put one.
static bool is_at_home(const char *path)
{
	size_t folder = (size_t)(path_base(path) - path), n = strlen(HOME "/");

	return folder >= n && strncmp(path + folder - n, HOME "/", n) == 0 &&
	       (folder == n || path[folder - n - 1] == '/');
}

static enum verdict foreign(struct err *err)
{
	err_set(err, 0, "it is no history of firmo-jobs, and left alone");
	return VERDICT_FOREIGN;
}

#define HEAD_BYTES 72

// The head of the file as it stands there; false if it has none.
static bool read_head(struct store *s, unsigned char head[HEAD_BYTES])
{
	sqlite3_file *file = NULL;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	return file && file->pMethods &&
	       file->pMethods->xRead(file, head, HEAD_BYTES, 0) == SQLITE_OK &&
	       memcmp(head, "SQLite format 3", 16) == 0;
}

// The mark where sqlite does not get so far.
static int64_t mark_in_head(struct store *s)
{
	unsigned char head[HEAD_BYTES];

	if (!read_head(s, head))
		return 0;
	return (int64_t)head[68] << 24 | head[69] << 16 | head[70] << 8 | head[71];
}

// Of a version of its format that sqlite only reads, and we have never written: 1 is without a log,
// 2 is with one.
static bool is_read_only_format(struct store *s)
{
	unsigned char head[HEAD_BYTES];

	return read_head(s, head) && head[18] > 2;
}

static enum verdict judge_failure(struct store *s, const struct look *l, int code, struct err *err)
{
	int64_t mark = l->mark ? l->mark : mark_in_head(s);

	if (!database_is_damage(code)) {
		database_error(s, err);
		return VERDICT_UNUSABLE;
	}
	if (mark != SCHEMA_MARK && (mark != 0 || !is_at_home(s->path)))
		return foreign(err);
	database_error(s, err);
	return VERDICT_DAMAGED;
}

// What has no mark: nothing yet, an older history, or another program's.
static enum verdict judge_unmarked(const struct look *l, struct err *err)
{
	const unsigned oldest = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3;

	if (l->mark == 0 && l->entries == 0 && l->version == 0)
		return VERDICT_EMPTY;
	if (l->mark != 0 || l->version < 1 || l->version > LAST_NO_MARK || l->other ||
	    (l->seen & oldest) != oldest)
		return foreign(err);
	return VERDICT_SOUND;
}

static enum verdict judge(struct store *s, const struct look *l, struct err *err)
{
	const unsigned all = (1u << TABLES) - 1;

	if (l->mark != SCHEMA_MARK)
		return judge_unmarked(l, err);
	if (l->version > schema_version()) {
		err_set(err, 0,
			"it was written by a newer firmo-jobs (format %lld, this one knows %d)",
			(long long)l->version, schema_version());
		return VERDICT_NEWER;
	}
	bool complete = l->version == schema_version() && !l->other && (l->seen & all) == all;
	if (complete && !is_read_only_format(s))
		return VERDICT_SOUND;
	if (complete)
		err_set(err, 0, "the version of its format cannot be");
	else if (l->other)
		err_set(err, 0, "it has what no history has: %s", l->what);
	else
		err_set(err, 0, "tables are missing");
	return VERDICT_DAMAGED;
}

enum verdict database_identify(struct store *s, int *version, struct err *err)
{
	struct look l = {0};

	// All of it is of one moment: another process may be making the tables.
	sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL);
	int code = look(s, &l);
	enum verdict v = code == SQLITE_DONE ? judge(s, &l, err) : judge_failure(s, &l, code, err);
	sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	*version = (int)l.version;
	return v;
}
