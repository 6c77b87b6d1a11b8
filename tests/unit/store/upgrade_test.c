// SPDX-License-Identifier: MIT
// Histories of all formats come over whole: formats/N.sql is one as the program of that format
// wrote it, formats/N.txt what was told of it by the last program of format 9.
#include "store/schema.h"

#include "telling.h"

static char *root; // of the sources

static struct buf contents(int format, const char *suffix)
{
	char *path = xasprintf("%s/tests/unit/store/formats/%d.%s", root, format, suffix);
	struct buf b = read_bytes(path);

	buf_addch(&b, '\0');
	free(path);
	return b;
}

// Makes the history of a format, and what brings it to an older one.
static void make(int format, const char *back)
{
	struct buf sql = contents(format, "sql");
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open("h.db", &db), SQLITE_OK);
	if (sqlite3_exec(db, sql.data, NULL, NULL, &message) == SQLITE_OK)
		sqlite3_exec(db, back, NULL, NULL, &message);
	check_row(!message, "format %d: %s", format, message);
	sqlite3_close(db);
	buf_release(&sql);
}

static void comes_over_whole(int format, int made_of, const char *back)
{
	struct buf before = contents(made_of, "txt");

	make(made_of, back);
	struct store *s = opened("h.db");
	assert_int_equal(raw(s, "PRAGMA user_version"), SCHEMA_FORMAT);
	is_sound(s);
	char *after = told(s, true);
	check_row(strcmp(before.data, after) == 0, "format %d: %s", format, after);
	// What was learned of them need not hold: each is run once.
	check_row(raw(s, "SELECT count(*) FROM snapshot WHERE stands") == 0, "%d", format);
	// The number of a run that is gone is never given again.
	raw(s, "INSERT INTO run(name, started, jobs, version) VALUES('new', 1, 1, '')");
	check_row(format < 5 || raw(s, "SELECT max(id) FROM run") == 8, "%d", format);
	store_close(s);
	free(after);
	buf_release(&before);
	unlink("h.db");
}

static void every_format_comes_over_whole(void **state)
{
	static const struct {
		int format, made_of;
		const char *back;
	} rows[] = {
		{1, 1, ""},
		{2, 2, ""},
		{3, 3, ""},
		{9, 9, ""},
		{10, 10, ""},
		{11, 10,
		 "PRAGMA user_version=11; CREATE TABLE part(file INTEGER PRIMARY KEY,"
		 " result INTEGER NOT NULL, started INTEGER NOT NULL, key BLOB NOT NULL,"
		 " doubts INTEGER NOT NULL, inputs BLOB NOT NULL, written BLOB NOT NULL,"
		 " deadline INTEGER NOT NULL)"},
		{12, 10,
		 "PRAGMA user_version=12; CREATE TABLE part(file INTEGER PRIMARY KEY,"
		 " result INTEGER NOT NULL, started INTEGER NOT NULL, key BLOB NOT NULL,"
		 " doubts INTEGER NOT NULL, inputs BLOB NOT NULL, written BLOB NOT NULL,"
		 " deadline INTEGER NOT NULL); ALTER TABLE result ADD COLUMN quarantine TEXT;"
		 " ALTER TABLE result ADD COLUMN forgiven INTEGER;"
		 " ALTER TABLE file ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0;"
		 " ALTER TABLE file ADD COLUMN claims BLOB"},
		{13, 10,
		 "PRAGMA user_version=13; CREATE TABLE part(file INTEGER PRIMARY KEY,"
		 " result INTEGER NOT NULL, started INTEGER NOT NULL, key BLOB NOT NULL,"
		 " doubts INTEGER NOT NULL, inputs BLOB NOT NULL, written BLOB NOT NULL,"
		 " deadline INTEGER NOT NULL); ALTER TABLE result ADD COLUMN quarantine TEXT;"
		 " ALTER TABLE result ADD COLUMN forgiven INTEGER;"
		 " ALTER TABLE file ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0;"
		 " ALTER TABLE file ADD COLUMN claims BLOB;"
		 " CREATE TABLE fixture(run INTEGER NOT NULL, seq INTEGER NOT NULL,"
		 " name TEXT NOT NULL, tears_down INTEGER NOT NULL, failed INTEGER NOT NULL,"
		 " reason TEXT, output BLOB, started INTEGER NOT NULL, wall INTEGER NOT NULL,"
		 " PRIMARY KEY(run, seq)) WITHOUT ROWID"},
		{8, 9, "PRAGMA user_version=8"},
		{7, 9,
		 "PRAGMA user_version=7; ALTER TABLE snapshot DROP COLUMN deadline;"
		 "ALTER TABLE result DROP COLUMN learned"},
		{6, 9,
		 "PRAGMA user_version=6; PRAGMA application_id=0;"
		 "ALTER TABLE snapshot DROP COLUMN deadline;"
		 "ALTER TABLE result DROP COLUMN learned"},
		{5, 9,
		 "PRAGMA user_version=5; PRAGMA application_id=0;"
		 "ALTER TABLE snapshot DROP COLUMN deadline;"
		 "ALTER TABLE result DROP COLUMN learned; ALTER TABLE file DROP COLUMN reading"},
		{4, 9,
		 "PRAGMA user_version=4; PRAGMA application_id=0;"
		 "ALTER TABLE snapshot DROP COLUMN deadline;"
		 "ALTER TABLE result DROP COLUMN learned; ALTER TABLE file DROP COLUMN reading;"
		 "DROP INDEX run_by_started; ALTER TABLE run RENAME TO r;"
		 "CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
		 " started INTEGER NOT NULL, elapsed INTEGER, jobs INTEGER NOT NULL, peak INTEGER,"
		 " files INTEGER, bad INTEGER, tests INTEGER, failed INTEGER, lower_bound INTEGER,"
		 " seed INTEGER, signal INTEGER, version TEXT NOT NULL, repeated INTEGER,"
		 " flaky_fails INTEGER, stopped TEXT, lua TEXT, waits BLOB, reused BLOB,"
		 " revision TEXT, bound INTEGER);"
		 "INSERT INTO run SELECT id, name, started, elapsed, jobs, peak, files, bad, tests,"
		 " failed, lower_bound, seed, signal, version, repeated, flaky_fails, stopped, lua,"
		 " waits, reused, revision, bound FROM r; DROP TABLE r"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		comes_over_whole(rows[i].format, rows[i].made_of, rows[i].back);
}

// The tables and indexes of a history that was brought up are those of a new one.
static void what_was_brought_up_is_as_what_is_new(void **state)
{
	static const char shape[] =
		"SELECT group_concat(x, char(10)) FROM (SELECT m.name || ': ' || c.name || ' ' || "
		"c.type || c.\"notnull\" || c.pk || ifnull(c.dflt_value, '') AS x FROM "
		"sqlite_master m, pragma_table_info(m.name) c WHERE m.name NOT LIKE 'sqlite%' "
		"UNION ALL SELECT m.name || ': ' || i.name || ' ' || i.\"unique\" || c.name || "
		"c.desc "
		"FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) c "
		"WHERE m.type = 'table' AND c.key ORDER BY 1)";
	char *shapes[2];

	(void)state;
	make(1, "");
	for (size_t i = 0; i < 2; i++) {
		struct store *s = opened(i ? "new.db" : "h.db");
		struct query *q = query(s, shape, NULL);
		assert_int_equal(query_next(q, "C"), SQLITE_ROW);
		shapes[i] = query_copy(q, 0);
		store_close(s);
	}
	assert_string_equal(shapes[0], shapes[1]);
	free(shapes[0]);
	free(shapes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(every_format_comes_over_whole),
		WITH_FOLDER(what_was_brought_up_is_as_what_is_new),
	};

	root = getcwd(NULL, 0);
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	free(root);
	return status;
}
