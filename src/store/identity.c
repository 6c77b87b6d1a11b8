// SPDX-License-Identifier: MIT
// Whose a database is: ours has a mark and the tables that we make, and nothing besides. Histories
// of formats that had no mark are known by their tables.
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "store/database.h"
#include "store/query.h"
#include "store/schema.h"

#define HOME         ".firmo-jobs"
#define LAST_NO_MARK 6

// What else may stand in the schema of some format.
static const char *const indexes[] = {
	"result_by_run",  "result_by_file",    "input_by_name",  "roster_by_digest",
	"run_by_started", "edition_by_source", "result_counted", NULL};
static const char *const old_tables[] = {"test_result", NULL};

static bool is_sqlites(const char *name)
{
	static const char *const names[] = {"sqlite_autoindex_", "sqlite_sequence", "sqlite_stat"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool is_in(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

// Looks at a row of sqlite_master; *seen gets a bit for each of our tables. False: that is not
// ours.
static bool is_ours(const struct query *q, bool present, unsigned *seen)
{
	const char *type = query_text(q, 0), *name = query_text(q, 1), *columns = query_text(q, 3);
	bool is_index = strcmp(type, "index") == 0;

	if (!is_index && (strcmp(type, "table") != 0 || query_int(q, 2) < 1))
		return false;
	if (is_sqlites(name))
		return true;
	if (is_index)
		return is_in(indexes, name);
	for (size_t i = 0; schema_tables[i].name; i++) {
		if (strcmp(schema_tables[i].name, name) != 0)
			continue;
		*seen |= 1u << i;
		return !present || (columns && strcmp(columns, schema_tables[i].columns) == 0);
	}
	return !present && is_in(old_tables, name);
}

struct finding {
	int64_t mark, version;
	unsigned seen;   // a bit for each of the tables
	bool other;      // there is something that is not ours
	char what[64];   // its name
	int64_t entries; // of the schema
};

static int look_at_schema(struct store *s, struct finding *l)
{
	struct query *q = query(
		s,
		"SELECT type, name, rootpage, (SELECT group_concat(name || CASE hidden WHEN 0 "
		"THEN '' ELSE '*' END, ', ') FROM pragma_table_xinfo(m.name)) "
		"FROM sqlite_master m",
		NULL);
	int code = SQLITE_ROW;

	while (code == SQLITE_ROW && !l->other && (code = query_next(q, "CCac")) == SQLITE_ROW) {
		l->entries++;
		if (is_ours(q, l->version == SCHEMA_FORMAT, &l->seen))
			continue;
		l->other = true;
		snprintf(l->what, sizeof l->what, "%s", query_text(q, 1));
	}
	return query_end(q, code);
}

static int look(struct store *s, struct finding *l)
{
	int code = query_number(s, "PRAGMA application_id", NULL, &l->mark);

	if (code == SQLITE_DONE)
		code = query_number(s, "PRAGMA user_version", NULL, &l->version);
	if (code == SQLITE_DONE && l->version <= SCHEMA_FORMAT)
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

static enum verdict judge_failure(struct store *s, const struct finding *l, int code,
				  struct err *err)
{
	int64_t mark = l->mark ? l->mark : mark_in_head(s);

	if (!store_is_damage(code)) {
		store_reason(s, err);
		return VERDICT_UNUSABLE;
	}
	if (mark != SCHEMA_MARK && (mark != 0 || !is_at_home(s->path)))
		return foreign(err);
	store_reason(s, err);
	return VERDICT_DAMAGED;
}

static unsigned bit_of(const char *table)
{
	unsigned i = 0;

	while (strcmp(schema_tables[i].name, table) != 0)
		i++;
	return 1u << i;
}

// What has no mark: nothing yet, an older history, or another program's.
static enum verdict judge_unmarked(const struct finding *l, struct err *err)
{
	const unsigned oldest = bit_of("run") | bit_of("file") | bit_of("result") | bit_of("test");

	if (l->mark == 0 && l->entries == 0 && l->version == 0)
		return VERDICT_EMPTY;
	if (l->mark != 0 || l->version < 1 || l->version > LAST_NO_MARK || l->other ||
	    (l->seen & oldest) != oldest)
		return foreign(err);
	return VERDICT_SOUND;
}

// Whether all tables are there that a history of such a format has, and nothing else.
static bool is_complete(const struct finding *l)
{
	unsigned missing = 0;

	for (size_t i = 0; schema_tables[i].name; i++)
		missing |= l->seen & 1u << i ? 0 : 1u << i;
	if (l->version < 10)
		missing &= ~(bit_of("reused") | bit_of("listed"));
	if (l->version < 11)
		missing &= ~bit_of("part");
	if (l->version < 13)
		missing &= ~bit_of("fixture");
	if (l->version < 14)
		missing &= ~(bit_of("source") | bit_of("edition") | bit_of("counted") |
			     bit_of("covered"));
	return !l->other && missing == 0;
}

static enum verdict judge(struct store *s, const struct finding *l, struct err *err)
{
	if (l->mark != SCHEMA_MARK)
		return judge_unmarked(l, err);
	if (l->version > SCHEMA_FORMAT) {
		err_set(err, 0,
			"it was written by a newer firmo-jobs (format %lld, this one knows %d)",
			(long long)l->version, SCHEMA_FORMAT);
		return VERDICT_NEWER;
	}
	bool complete = l->version > LAST_NO_MARK && is_complete(l);
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

enum verdict identity_find(struct store *s, int *version, struct err *err)
{
	struct finding l = {0};

	// All of it is of one moment: another process may be making the tables.
	sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL);
	int code = look(s, &l);
	enum verdict v = code == SQLITE_DONE ? judge(s, &l, err) : judge_failure(s, &l, code, err);
	sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	*version = (int)l.version;
	return v;
}
