// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "model/run.h"
#include "store/history.h"
#include "store/schema.h"
#include "unit.h"

#define DB "history.db"
#define MS NS_PER_MS

// ---- runs to record ----

// A run of up to eight files.
struct sample {
	struct run run;
	struct job jobs[8];
	struct result results[8];
	struct result *list[8];
	size_t n;
};

static void sample_begin(struct sample *s, const char *name)
{
	*s = (struct sample){
		.run = {.name = (char *)name,
			.started_ns = 1000 * NS_PER_SEC,
			.jobs = 4,
			.lower_bound_ns = -1,
			.seed = UINT64_MAX},
	};
}

static struct result *sample_add(struct sample *s, const char *path, enum file_status status,
				 int64_t wall_ns)
{
	s->jobs[s->n].path = (char *)path;
	struct result *r = &s->results[s->n];
	*r = (struct result){.job = &s->jobs[s->n],
			     .status = status,
			     .attempt = 1,
			     .started_ns = 2000 * NS_PER_SEC,
			     .wall_ns = wall_ns,
			     .user_ns = 11,
			     .sys_ns = 12,
			     .maxrss = 1 << 20,
			     .expected = -1};
	s->list[s->n++] = r;
	return r;
}

static void add_test(struct result *r, const char *name, enum test_status status)
{
	struct test_case t = {.name = xstrdup(name), .status = status, .wall_ns = 5, .own_ns = -1};

	t.path = xcalloc(1, sizeof *t.path);
	t.path[t.npath++] = xstrdup("group");
	t.message = status == TEST_PASSED ? NULL : xstrdup("message");
	r->has_tests = true;
	VEC_PUSH(&r->tests, t);
}

static void sample_end(struct sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		result_release(&s->results[i]);
}

static enum store_status record(struct store *store, struct sample *s)
{
	struct err err = {0};

	return store_record(store, &s->run, s->list, s->n, &err);
}

// One result of one file in a run of its own.
static void record_one(struct store *store, const char *path, enum file_status status,
		       int64_t wall_ns)
{
	struct sample s;

	sample_begin(&s, "run");
	sample_add(&s, path, status, wall_ns);
	assert_int_equal(record(store, &s), STORE_OK);
	sample_end(&s);
}

static struct store *opened(const char *path, enum store_mode mode)
{
	char *notice;
	struct err err = {0};
	struct store *s = store_open(path, mode, &notice, &err);

	check_row(s, "%s", err.message);
	check_row(!notice, "%s", notice);
	return s;
}

// ---- looking behind it ----

static int keep_first_column(void *arg, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	*(long long *)arg = values[0] ? atoll(values[0]) : -99;
	return 0;
}

static long long raw_on(sqlite3 *db, const char *sql)
{
	long long value = -1;
	char *message = NULL;
	int code = sqlite3_exec(db, sql, keep_first_column, &value, &message);

	check_row(code == SQLITE_OK, "%s: %s", sql, message);
	return value;
}

// Runs sql past the store; the first column of the last row.
static long long raw(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(DB, &db), SQLITE_OK);
	long long value = raw_on(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return value;
}

static struct past *load(struct store *s, struct map *past, const char *path)
{
	struct err err = {0};

	*past = (struct map){0};
	check_row(store_load_past(s, past, &err) == 0, "%s", err.message);
	return map_get(past, path);
}

static void unload(struct map *past)
{
	for (size_t i = 0; i < past->cap; i++)
		free(past->slots[i].value);
	map_release(past);
}

// ---- opening ----

static void creates_what_is_missing(void **state)
{
	(void)state;
	struct store *s = opened("a/b/" DB, STORE_WRITE);
	store_close(s);
	assert_true(is_there("a/b/" DB));
	assert_file_holds("a/b/.gitignore", "*\n");
	assert_false(is_there("a/.gitignore"));
	s = opened("a/b/" DB, STORE_WRITE);
	store_close(s);
	s = opened(DB, STORE_WRITE);
	store_close(s);
	assert_false(is_there(".gitignore"));
	assert_int_equal(raw("PRAGMA user_version"), schema_version());
	store_close(NULL);
}

static void a_folder_that_was_there_gets_no_gitignore(void **state)
{
	(void)state;
	mkdir("mine", 0755);
	store_close(opened("mine/" DB, STORE_WRITE));
	assert_false(is_there("mine/.gitignore"));
}

static void reading_creates_nothing(void **state)
{
	struct err err = {0};
	char *notice;

	(void)state;
	assert_null(store_open("a/" DB, STORE_READ, &notice, &err));
	assert_int_equal(err.errnum, ENOENT);
	assert_non_null(strstr(err.message, "a/" DB));
	assert_null(notice);
	assert_false(is_there("a"));
}

static void what_cannot_be_opened_is_told(void **state)
{
	struct err err = {0};
	char *notice;

	(void)state;
	mkdir("folder", 0755);
	assert_null(store_open("folder", STORE_WRITE, &notice, &err));
	assert_non_null(strstr(err.message, "folder"));
	assert_null(notice);
	write_text("file", "kept");
	err = (struct err){0};
	assert_null(store_open("file/" DB, STORE_WRITE, &notice, &err));
	assert_non_null(strstr(err.message, "file"));
	assert_null(notice);
	assert_file_holds("file", "kept");
}

static void an_empty_file_is_a_new_history(void **state)
{
	(void)state;
	write_text(DB, "");
	struct store *s = opened(DB, STORE_WRITE);
	record_one(s, "a.lua", FILE_PASSED, 1);
	store_close(s);
}

// ---- schema ----

static void migrates_from_nothing_to_the_present(void **state)
{
	struct err err = {0};
	sqlite3 *db;

	(void)state;
	assert_true(schema_version() >= 1);
	assert_int_equal(sqlite3_open(DB, &db), SQLITE_OK);
	for (int version = 0; version <= schema_version(); version++) {
		assert_int_equal(schema_migrate(db, version, &err), 0);
		assert_int_equal(raw_on(db, "PRAGMA user_version"), version);
	}
	assert_int_equal(schema_migrate(db, schema_version(), &err), 0);
	assert_int_equal(raw_on(db,
				"SELECT count(*) FROM sqlite_master WHERE type='table' AND name IN "
				"('run','file','result','test','test_result','file_error')"),
			 6);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_step_that_fails_changes_nothing(void **state)
{
	struct err err = {0};
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(DB, &db), SQLITE_OK);
	raw_on(db, "CREATE TABLE result(x); INSERT INTO result VALUES(7)");
	assert_int_equal(schema_migrate(db, schema_version(), &err), SQLITE_ERROR);
	assert_true(err.message[0]);
	assert_int_equal(raw_on(db, "PRAGMA user_version"), 0);
	assert_int_equal(raw_on(db, "SELECT count(*) FROM sqlite_master"), 1);
	assert_int_equal(raw_on(db, "SELECT x FROM result"), 7);
	// Nor is a transaction left open.
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void an_old_database_keeps_its_results(void **state)
{
	struct map past;

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	record_one(s, "a.lua", FILE_PASSED, 5 * MS);
	store_close(s);
	s = opened(DB, STORE_WRITE);
	assert_int_equal(load(s, &past, "a.lua")->wall_ns[0], 5 * MS);
	unload(&past);
	store_close(s);
}

static void assert_same_bytes(const struct buf *before)
{
	struct buf after = read_bytes(DB);

	assert_int_equal(after.len, before->len);
	assert_memory_equal(after.data, before->data, before->len);
	buf_release(&after);
}

static void check_too_new(void)
{
	struct buf before = read_bytes(DB);

	for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		struct err err = {0};
		char *notice;
		assert_null(store_open(DB, mode, &notice, &err));
		check_row(strstr(err.message, "newer"), "%s", err.message);
		assert_null(notice);
		assert_same_bytes(&before);
	}
	buf_release(&before);
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
	(void)state;
	raw("PRAGMA user_version=999; CREATE TABLE future(x)");
	check_too_new();
	unlink(DB);
	struct store *s = opened(DB, STORE_WRITE);
	record_one(s, "a.lua", FILE_PASSED, 1);
	store_close(s);
	// In WAL mode, as ours are.
	raw("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version=2147483647; PRAGMA "
	    "wal_checkpoint(TRUNCATE)");
	check_too_new();
	assert_int_equal(raw("SELECT count(*) FROM file"), 1);
}

// ---- damage ----

static char *find_set_aside(void)
{
	DIR *dir = opendir(".");
	struct dirent *e;
	char *found = NULL;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		if (strncmp(e->d_name, DB ".corrupt-", strlen(DB ".corrupt-")) == 0) {
			assert_null(found);
			found = xstrdup(e->d_name);
		}
	closedir(dir);
	return found;
}

static void a_corrupt_file_is_set_aside(void **state)
{
	static const char garbage[] =
		"this is no database at all, but long enough to be taken for one by its size; "
		"a header of a hundred bytes would fit in here";
	struct err err = {0};
	char *notice;

	(void)state;
	write_text(DB, garbage);
	write_text(DB "-wal", "an old log");
	assert_null(store_open(DB, STORE_READ, &notice, &err));
	assert_null(notice);
	assert_file_holds(DB, garbage);

	struct store *s = store_open(DB, STORE_WRITE, &notice, &err);
	assert_non_null(s);
	assert_non_null(notice);
	char *aside = find_set_aside();
	assert_non_null(aside);
	assert_non_null(strstr(notice, DB));
	assert_non_null(strstr(notice, aside));
	assert_null(strchr(notice, '\n'));
	assert_file_holds(aside, garbage);
	record_one(s, "a.lua", FILE_PASSED, 1);
	store_close(s);
	store_close(opened(DB, STORE_WRITE));
	assert_int_equal(raw("SELECT count(*) FROM file"), 1);
	free(aside);
	free(notice);
}

// The header is whole, what it promises is not there.
static void a_truncated_file_is_set_aside_too(void **state)
{
	struct err err = {0};
	char *notice;

	(void)state;
	store_close(opened(DB, STORE_WRITE));
	raw("PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(truncate(DB, 4096), 0);
	struct store *s = store_open(DB, STORE_WRITE, &notice, &err);
	check_row(s, "%s", err.message);
	assert_non_null(notice);
	char *aside = find_set_aside();
	assert_non_null(aside);
	record_one(s, "a.lua", FILE_PASSED, 1);
	store_close(s);
	free(aside);
	free(notice);
}

// ---- recording ----

static void what_is_recorded_can_be_loaded(void **state)
{
	struct map past;
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_PASSED, 5 * MS);
	sample_add(&s, "dir/\xff\n'b.lua", FILE_FAILED, 7 * MS);
	sample_add(&s, "c.lua", FILE_ERROR, 9 * MS);
	assert_int_equal(record(store, &s), STORE_OK);
	assert_true(s.run.id > 0);
	store_close(store);

	store = opened(DB, STORE_READ);
	struct past *p = load(store, &past, "a.lua");
	assert_int_equal(p->status, FILE_PASSED);
	assert_int_equal(p->n, 1);
	assert_int_equal(p->wall_ns[0], 5 * MS);
	assert_int_equal(p->ended_ns, 2000 * NS_PER_SEC + 5 * MS);
	p = map_get(&past, "dir/\xff\n'b.lua");
	assert_int_equal(p->status, FILE_FAILED);
	assert_int_equal(p->wall_ns[0], 7 * MS);
	p = map_get(&past, "c.lua");
	assert_int_equal(p->status, FILE_ERROR);
	assert_int_equal(p->n, 0);
	assert_int_equal(past.n, 3);
	assert_null(map_get(&past, "d.lua"));
	unload(&past);
	store_close(store);
	sample_end(&s);
}

static void an_empty_history_has_no_past(void **state)
{
	struct map past;

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	assert_null(load(s, &past, "a.lua"));
	assert_int_equal(past.n, 0);
	unload(&past);
	store_close(s);
}

static void the_last_eight_times_are_kept(void **state)
{
	struct map past;

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	for (int i = 1; i <= 20; i++) {
		record_one(s, "a.lua", FILE_PASSED, i);
		struct past *p = load(s, &past, "a.lua");
		size_t n = i < STORE_RECENT ? (size_t)i : STORE_RECENT;
		assert_int_equal(p->n, n);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(p->wall_ns[k], i - (int)n + (int)k + 1);
		unload(&past);
	}
	store_close(s);
}

static void only_runs_to_the_end_are_timed(void **state)
{
	static const struct {
		enum file_status status;
		bool timed;
	} rows[] = {
		{FILE_PASSED, true}, {FILE_FAILED, true},   {FILE_TIMEOUT, true},
		{FILE_LIMIT, true},  {FILE_SKIPPED, false}, {FILE_ERROR, false},
	};

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	record_one(s, "a.lua", FILE_PASSED, 100);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct map past;
		size_t before = load(s, &past, "a.lua")->n;
		unload(&past);
		record_one(s, "a.lua", rows[i].status, 200 + (int64_t)i);
		struct past *p = load(s, &past, "a.lua");
		check_row(p->status == rows[i].status, "row %zu", i);
		check_row(p->n == before + rows[i].timed, "row %zu", i);
		check_row(!rows[i].timed || p->wall_ns[p->n - 1] == 200 + (int64_t)i, "row %zu", i);
		unload(&past);
	}
	// What was not run teaches nothing.
	record_one(s, "a.lua", FILE_NOTRUN, 0);
	struct map past;
	assert_int_equal(load(s, &past, "a.lua")->status, FILE_ERROR);
	unload(&past);
	store_close(s);
}

// One result with that mark; what the history knows of the file then.
static struct past learned(struct store *s, enum file_status status, bool partial, int attempt)
{
	struct sample run;
	struct map past;

	sample_begin(&run, "run");
	run.run.repeated = attempt > 0;
	struct result *r = sample_add(&run, "a.lua", status, 7);
	r->partial = partial;
	r->attempt = attempt > 0 ? attempt : 1;
	add_test(r, "one", TEST_PASSED);
	assert_int_equal(record(s, &run), STORE_OK);
	sample_end(&run);
	struct past p = *load(s, &past, "a.lua");
	unload(&past);
	return p;
}

static void a_part_or_a_repetition_takes_no_failure_back(void **state)
{
	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	struct past p = learned(s, FILE_PASSED, true, 0);
	assert_int_equal(p.status, FILE_NOTRUN);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.tests, 0);
	p = learned(s, FILE_FAILED, false, 0);
	assert_int_equal(p.status, FILE_FAILED);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.tests, 1);
	assert_int_equal(learned(s, FILE_PASSED, true, 0).status, FILE_FAILED);
	assert_int_equal(learned(s, FILE_PASSED, false, 2).status, FILE_FAILED);
	assert_int_equal(learned(s, FILE_PASSED, false, 1).status, FILE_PASSED);
	p = learned(s, FILE_TIMEOUT, true, 0);
	assert_int_equal(p.status, FILE_TIMEOUT);
	assert_int_equal(p.n, 3);
	store_close(s);
}

static void tests_and_errors_are_recorded(void **state)
{
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	struct result *r = sample_add(&s, "a.lua", FILE_FAILED, 1);
	add_test(r, "passes", TEST_PASSED);
	add_test(r, "fails", TEST_FAILED);
	add_test(r, "passes", TEST_PASSED); // a name may stand twice
	struct file_error e = {
		.where = xstrdup("teardown"), .message = xstrdup("broke"), .line = 3};
	VEC_PUSH(&r->errors, e);
	r->reason = xstrdup("1 of 3 tests failed");
	r->output = xstrdup("shown\n");
	r->output_len = 6;
	assert_int_equal(record(store, &s), STORE_OK);
	store_close(store);
	assert_int_equal(raw("SELECT count(*) FROM test"), 2);
	assert_int_equal(raw("SELECT count(*) FROM test_result"), 3);
	assert_int_equal(
		raw("SELECT count(*) FROM test WHERE name = 'group' || char(31) || 'fails'"), 1);
	assert_int_equal(
		raw("SELECT count(*) FROM test_result WHERE status=2 AND message='message'"), 1);
	assert_int_equal(
		raw("SELECT line FROM file_error WHERE place='teardown' AND message='broke'"), 3);
	assert_int_equal(raw("SELECT tests FROM result WHERE reason='1 of 3 tests failed'"), 3);
	assert_int_equal(raw("SELECT failed FROM result WHERE tests=3"), 2);
	assert_int_equal(raw("SELECT count(*) FROM result WHERE output IS NOT NULL"), 1);
	assert_int_equal(raw("SELECT length(output) FROM result WHERE output IS NOT NULL"), 6);
	sample_end(&s);
}

static void a_run_is_recorded_once(void **state)
{
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_PASSED, 1);
	assert_int_equal(record(store, &s), STORE_OK);
	int64_t id = s.run.id;
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(s.run.id, id);
	store_close(store);
	assert_int_equal(raw("SELECT count(*) FROM run"), 1);
	assert_int_equal(raw("SELECT count(*) FROM result"), 2);
	assert_int_equal(raw("SELECT count(*) FROM file"), 1);
	sample_end(&s);
}

// ---- all or nothing ----

static void a_failure_in_mid_record_records_nothing(void **state)
{
	struct err err = {0};
	struct map past;
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	record_one(store, "a.lua", FILE_PASSED, 1);
	raw("CREATE TRIGGER t BEFORE INSERT ON test_result BEGIN SELECT RAISE(ABORT, 'the disk is "
	    "full'); END");
	sample_begin(&s, "two");
	sample_add(&s, "a.lua", FILE_FAILED, 2);
	add_test(sample_add(&s, "b.lua", FILE_PASSED, 3), "t", TEST_PASSED);
	assert_int_equal(store_record(store, &s.run, s.list, s.n, &err), STORE_FAILED);
	assert_non_null(strstr(err.message, "the disk is full"));
	assert_int_equal(s.run.id, 0);

	struct past *p = load(store, &past, "a.lua");
	assert_int_equal(p->status, FILE_PASSED);
	assert_int_equal(p->n, 1);
	assert_int_equal(past.n, 1);
	unload(&past);
	assert_int_equal(raw("SELECT count(*) FROM run"), 1);
	assert_int_equal(raw("SELECT count(*) FROM result"), 1);
	assert_int_equal(raw("SELECT count(*) FROM test"), 0);

	// It can be tried again when the cause is gone.
	raw("DROP TRIGGER t");
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(raw("SELECT count(*) FROM run"), 2);
	store_close(store);
	sample_end(&s);
}

static void a_later_failure_keeps_the_run(void **state)
{
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_PASSED, 1);
	assert_int_equal(record(store, &s), STORE_OK);
	int64_t id = s.run.id;
	raw("CREATE TRIGGER t BEFORE INSERT ON result BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_int_equal(record(store, &s), STORE_FAILED);
	assert_int_equal(s.run.id, id);
	assert_int_equal(raw("SELECT count(*) FROM result"), 1);
	store_close(store);
	sample_end(&s);
}

// ---- side by side ----

static void a_held_lock_is_busy_at_once(void **state)
{
	struct err err = {0};
	struct sample s;
	sqlite3 *other;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_PASSED, 1);
	assert_int_equal(sqlite3_open(DB, &other), SQLITE_OK);
	raw_on(other, "BEGIN IMMEDIATE");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(record(store, &s), STORE_BUSY);
		assert_int_equal(s.run.id, 0);
	}
	raw_on(other, "COMMIT");
	assert_int_equal(record(store, &s), STORE_OK);
	assert_true(s.run.id > 0);
	raw_on(other, "BEGIN IMMEDIATE");
	assert_int_equal(store_finish_run(store, &s.run, &err), STORE_BUSY);
	raw_on(other, "ROLLBACK");
	assert_int_equal(store_finish_run(store, &s.run, &err), STORE_OK);
	assert_int_equal(raw_on(other, "SELECT count(*) FROM result"), 1);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	store_close(store);
	sample_end(&s);
}

static void a_reader_is_not_in_the_way(void **state)
{
	sqlite3 *reader;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	record_one(store, "a.lua", FILE_PASSED, 1);
	assert_int_equal(sqlite3_open(DB, &reader), SQLITE_OK);
	raw_on(reader, "BEGIN");
	assert_int_equal(raw_on(reader, "SELECT count(*) FROM result"), 1);
	record_one(store, "a.lua", FILE_PASSED, 2);
	assert_int_equal(raw_on(reader, "SELECT count(*) FROM result"), 1);
	raw_on(reader, "COMMIT");
	assert_int_equal(raw_on(reader, "SELECT count(*) FROM result"), 2);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	store_close(store);
}

static void two_runs_are_recorded_side_by_side(void **state)
{
	struct map past;
	struct sample a, b;

	(void)state;
	struct store *one = opened(DB, STORE_WRITE), *two = opened(DB, STORE_WRITE);
	sample_begin(&a, "a");
	sample_begin(&b, "b");
	add_test(sample_add(&a, "shared.lua", FILE_PASSED, 1), "same", TEST_PASSED);
	add_test(sample_add(&b, "shared.lua", FILE_FAILED, 2), "same", TEST_FAILED);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(record(one, &a), STORE_OK);
		assert_int_equal(record(two, &b), STORE_OK);
	}
	assert_int_not_equal(a.run.id, b.run.id);
	struct past *p = load(one, &past, "shared.lua");
	assert_int_equal(p->n, 6);
	assert_int_equal(p->status, FILE_FAILED);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(p->wall_ns[i], 1 + (int)i % 2);
	unload(&past);
	store_close(one);
	assert_int_equal(record(two, &b), STORE_OK);
	store_close(two);
	assert_int_equal(raw("SELECT count(*) FROM test"), 1);
	assert_int_equal(raw("SELECT count(*) FROM test_result"), 7);
	sample_end(&a);
	sample_end(&b);
}

// Results are on the disk, or at least with the kernel, before they are announced.
static void others_see_a_result_as_soon_as_it_is_recorded(void **state)
{
	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	record_one(store, "a.lua", FILE_PASSED, 1);
	assert_int_equal(raw("SELECT count(*) FROM result"), 1);
	store_close(store);
}

// ---- questions ----

struct seen_runs {
	struct past_run runs[16];
	size_t n;
};

static void see_run(const struct past_run *r, void *arg)
{
	struct seen_runs *seen = arg;

	assert_true(seen->n < COUNT(seen->runs));
	seen->runs[seen->n++] = *r;
}

static void runs_can_be_listed(void **state)
{
	struct seen_runs seen = {.n = 0};
	struct err err = {0};
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	assert_int_equal(history_runs(store, 10, see_run, &seen, &err), 0);
	assert_int_equal(seen.n, 0);
	record_one(store, "a.lua", FILE_PASSED, 1);
	sample_begin(&s, "two");
	s.run.lower_bound_ns = 77;
	sample_add(&s, "a.lua", FILE_PASSED, 1);
	add_test(sample_add(&s, "b.lua", FILE_FAILED, 1), "t", TEST_FAILED);
	assert_int_equal(store_finish_run(store, &s.run, &err), STORE_OK); // nothing yet: no run
	assert_int_equal(record(store, &s), STORE_OK);
	for (size_t i = 0; i < s.n; i++)
		VEC_PUSH(&s.run.results, s.list[i]);
	s.run.elapsed_ns = 5 * MS;
	s.run.peak = 3;
	s.run.signal = 2;
	assert_int_equal(store_finish_run(store, &s.run, &err), STORE_OK);

	assert_int_equal(history_runs(store, 10, see_run, &seen, &err), 0);
	assert_int_equal(seen.n, 2);
	const struct past_run *r = &seen.runs[0];
	assert_int_equal(r->id, s.run.id);
	assert_int_equal(r->started_ns, 1000 * NS_PER_SEC);
	assert_int_equal(r->elapsed_ns, 5 * MS);
	assert_int_equal(r->lower_bound_ns, 77);
	assert_int_equal(r->jobs, 4);
	assert_int_equal(r->peak, 3);
	assert_int_equal(r->signal, 2);
	assert_int_equal(r->files, 2);
	assert_int_equal(r->bad, 1);
	assert_int_equal(r->tests, 2);
	assert_int_equal(r->failed, 1);
	// One that was killed before it could say.
	assert_int_equal(seen.runs[1].elapsed_ns, -1);
	assert_int_equal(seen.runs[1].lower_bound_ns, -1);
	seen.n = 0;
	assert_int_equal(history_runs(store, 1, see_run, &seen, &err), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.runs[0].id, s.run.id);
	free(s.run.results.items);
	sample_end(&s);
	store_close(store);
}

static void see_result(const struct past_result *r, void *arg)
{
	buf_addf(arg, "%s %jd %s%s%s\n", r->path, (intmax_t)r->wall_ns, file_status_name(r->status),
		 r->reason ? " " : "", r->reason ? r->reason : "");
}

static void assert_results(struct store *s, const char *path, long most, const char *wanted)
{
	struct err err = {0};
	struct buf b = {0};

	buf_reserve(&b, 0);
	check_row(history_results(s, path, most, see_result, &b, &err) == 0, "%s", err.message);
	assert_string_equal(b.data, wanted);
	buf_release(&b);
}

static void results_can_be_listed_by_file_and_folder(void **state)
{
	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	for (int i = 1; i <= 3; i++) {
		record_one(s, "t/b.lua", FILE_PASSED, i);
		record_one(s, "t/a.lua", FILE_FAILED, 10 + i);
	}
	record_one(s, "t_/c.lua", FILE_PASSED, 20);
	record_one(s, "tt/d.lua", FILE_PASSED, 30);
	record_one(s, "t%", FILE_PASSED, 40);
	record_one(s, "\xff/e.lua", FILE_PASSED, 50);
	assert_results(s, "t/b.lua", 2, "t/b.lua 3 pass\nt/b.lua 2 pass\n");
	assert_results(s, "t", 1, "t/a.lua 13 fail\nt/b.lua 3 pass\n");
	assert_results(s, "t/a.lua", 10, "t/a.lua 13 fail\nt/a.lua 12 fail\nt/a.lua 11 fail\n");
	assert_results(s, "t_", 9, "t_/c.lua 20 pass\n");
	assert_results(s, "t%", 9, "t% 40 pass\n");
	assert_results(s, "\xff", 9, "\xff/e.lua 50 pass\n");
	assert_results(s, "missing", 9, "");
	assert_results(s, "t/", 9, "");
	assert_results(
		s, NULL, 1,
		"t% 40 pass\nt/a.lua 13 fail\nt/b.lua 3 pass\nt_/c.lua 20 pass\ntt/d.lua 30 pass\n"
		"\xff/e.lua 50 pass\n");
	store_close(s);
}

static void a_reason_is_kept(void **state)
{
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_ERROR, 3)->reason = xstrdup("killed by SIGSEGV");
	assert_int_equal(record(store, &s), STORE_OK);
	assert_results(store, "a.lua", 1, "a.lua 3 error killed by SIGSEGV\n");
	sample_end(&s);
	store_close(store);
}

// ---- bringing a run back ----

struct shown {
	struct run run;
	struct jobs jobs;
};

static void show(struct store *s, struct shown *w, int64_t id)
{
	struct err err = {0};

	*w = (struct shown){0};
	check_row(store_load_run(s, id, &w->run, &w->jobs, &err) == 0, "%s", err.message);
}

static void unshow(struct shown *w)
{
	run_release(&w->run);
	jobs_release(&w->jobs);
}

static enum store_status finish(struct store *store, struct sample *s)
{
	struct err err = {0};
	struct run whole = s->run;

	whole.results.items = s->list;
	whole.results.n = s->n;
	return store_finish_run(store, &whole, &err);
}

static struct result *full_result(struct sample *s)
{
	struct result *r = sample_add(s, "t/a.lua", FILE_FAILED, 7);

	s->jobs[s->n - 1].framework = FRAMEWORK_BUSTED;
	add_test(r, "passes", TEST_PASSED);
	add_test(r, "fails", TEST_FAILED);
	struct test_case *t = &r->tests.items[1];
	t->file = xstrdup("lib/x.lua");
	t->line = 12;
	t->traceback = xstrdup("stack");
	t->own_ns = 3;
	t->round = 2;
	t->tags = xcalloc(2, sizeof *t->tags);
	t->tags[t->ntags++] = xstrdup("slow");
	t->tags[t->ntags++] = xstrdup("net");
	r->tests.items[0].file = xstrdup("t/a.lua");
	struct file_error e = {.where = xstrdup("teardown"),
			       .name = xstrdup("group"),
			       .message = xstrdup("broke"),
			       .traceback = xstrdup("tb"),
			       .file = xstrdup("t/a.lua"),
			       .line = 3};
	VEC_PUSH(&r->errors, e);
	r->reason = xstrdup("1 of 2 tests failed");
	r->output = xcalloc(6, 1);
	memcpy(r->output,
	       "a\0\xff"
	       "b\n",
	       5);
	r->output_len = 5;
	r->output_total = 500;
	r->seed = xstrdup("42");
	r->expected = 2;
	r->slot = 1;
	r->offset_ns = 99;
	r->exit_code = 1;
	r->leaked = r->crowded = true;
	return r;
}

static void assert_same_test(const struct test_case *a, const struct test_case *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->npath, b->npath);
	for (size_t i = 0; i < a->npath; i++)
		assert_string_equal(a->path[i], b->path[i]);
	assert_int_equal(a->ntags, b->ntags);
	for (size_t i = 0; i < a->ntags; i++)
		assert_string_equal(a->tags[i], b->tags[i]);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->wall_ns, b->wall_ns);
	assert_int_equal(a->own_ns, b->own_ns);
	assert_int_equal(a->round, b->round);
	assert_int_equal(a->line, b->line);
	assert_true(same_string(a->file, b->file));
	assert_true(same_string(a->message, b->message));
	assert_true(same_string(a->traceback, b->traceback));
}

static void assert_same_result(const struct result *a, const struct result *b)
{
	const int64_t numbers[][2] = {{a->status, b->status},
				      {a->attempt, b->attempt},
				      {a->slot, b->slot},
				      {a->offset_ns, b->offset_ns},
				      {a->started_ns, b->started_ns},
				      {a->wall_ns, b->wall_ns},
				      {a->user_ns, b->user_ns},
				      {a->sys_ns, b->sys_ns},
				      {a->maxrss, b->maxrss},
				      {a->exit_code, b->exit_code},
				      {a->signal, b->signal},
				      {a->expected, b->expected},
				      {a->leaked, b->leaked},
				      {a->crowded, b->crowded},
				      {a->partial, b->partial},
				      {a->has_tests, b->has_tests},
				      {(int64_t)a->output_total, (int64_t)b->output_total},
				      {a->job->framework, b->job->framework}};

	assert_string_equal(a->job->path, b->job->path);
	for (size_t i = 0; i < COUNT(numbers); i++)
		check_row(numbers[i][0] == numbers[i][1], "row %zu", i);
	assert_true(same_string(a->reason, b->reason));
	assert_true(same_string(a->seed, b->seed));
	assert_int_equal(a->output_len, b->output_len);
	assert_memory_equal(a->output ? a->output : "", b->output, b->output_len);
	assert_int_equal(a->tests.n, b->tests.n);
	for (size_t i = 0; i < a->tests.n; i++)
		assert_same_test(&a->tests.items[i], &b->tests.items[i]);
	assert_int_equal(a->errors.n, b->errors.n);
	for (size_t i = 0; i < a->errors.n; i++) {
		const struct file_error *x = &a->errors.items[i], *y = &b->errors.items[i];
		assert_true(same_string(x->where, y->where) && same_string(x->name, y->name));
		assert_true(same_string(x->file, y->file) && x->line == y->line);
		assert_string_equal(x->message, y->message);
		assert_true(same_string(x->traceback, y->traceback));
	}
}

static void a_run_comes_back_as_it_was(void **state)
{
	struct sample s;
	struct shown w;
	struct wait waits[] = {{1, 2}, {30, 45}};

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	s.run.lua = (char *)"luajit";
	full_result(&s);
	sample_add(&s, "t/b.lua", FILE_PASSED, 1);
	assert_int_equal(record(store, &s), STORE_OK);
	s.run.elapsed_ns = 1234;
	s.run.peak = 2;
	s.run.flaky_fails = true;
	s.run.stopped = (char *)"--fail-fast";
	s.run.waits.items = waits;
	s.run.waits.n = 2;
	assert_int_equal(finish(store, &s), STORE_OK);
	show(store, &w, 0);
	assert_int_equal(w.run.id, s.run.id);
	assert_string_equal(w.run.name, "one");
	assert_string_equal(w.run.lua, "luajit");
	assert_string_equal(w.run.stopped, "--fail-fast");
	assert_int_equal(w.run.elapsed_ns, 1234);
	assert_false(w.run.unfinished);
	assert_true(w.run.seed == UINT64_MAX);
	assert_int_equal(w.run.waits.n, 2);
	assert_memory_equal(w.run.waits.items, waits, sizeof waits);
	assert_int_equal(w.run.results.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_same_result(&s.results[i], w.run.results.items[i]);
	unshow(&w);
	sample_end(&s);
	store_close(store);
}

static void attempts_come_back_as_one_result(void **state)
{
	struct sample s;
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_FAILED, 5)->crowded = true;
	sample_add(&s, "b.lua", FILE_PASSED, 6);
	sample_add(&s, "a.lua", FILE_PASSED, 7)->attempt = 2;
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(finish(store, &s), STORE_OK);
	show(store, &w, s.run.id);
	assert_int_equal(w.run.results.n, 2);
	const struct result *r = w.run.results.items[0];
	assert_true(r->flaky && result_fails_only_in_company(r));
	assert_int_equal(r->attempts, 2);
	assert_int_equal(r->failures, 1);
	assert_int_equal(r->earlier->wall_ns, 5);
	unshow(&w);
	sample_end(&s);
	store_close(store);
}

static void what_was_not_run_comes_back(void **state)
{
	struct sample s;
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	sample_add(&s, "a.lua", FILE_PASSED, 5);
	assert_int_equal(record(store, &s), STORE_OK);
	sample_add(&s, "b.lua", FILE_NOTRUN, 0)->reason = xstrdup("not started");
	assert_int_equal(finish(store, &s), STORE_OK);
	show(store, &w, 0);
	assert_int_equal(w.run.results.n, 2);
	assert_int_equal(w.run.results.items[1]->status, FILE_NOTRUN);
	assert_string_equal(w.run.results.items[1]->reason, "not started");
	assert_results(store, NULL, 9, "a.lua 5 pass\n");
	unshow(&w);
	sample_end(&s);
	store_close(store);
}

static void a_run_without_an_end_is_unfinished(void **state)
{
	struct sample s;
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	sample_begin(&s, "one");
	struct result *r = sample_add(&s, "a.lua", FILE_PASSED, 5);
	r->offset_ns = 70;
	r->slot = 3;
	assert_int_equal(record(store, &s), STORE_OK);
	show(store, &w, 0);
	assert_true(w.run.unfinished);
	assert_int_equal(w.run.elapsed_ns, 75);
	assert_int_equal(w.run.peak, 4);
	unshow(&w);
	sample_end(&s);
	store_close(store);
}

static void outputs_of_passes_are_forgotten_after_some_runs(void **state)
{
	struct sample s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	for (int i = 0; i < 12; i++) {
		sample_begin(&s, "run");
		for (int bad = 0; bad < 2; bad++) {
			struct result *r = sample_add(&s, bad ? "bad.lua" : "good.lua",
						      bad ? FILE_FAILED : FILE_PASSED, 1);
			r->output = xstrdup("text");
			r->output_len = 4;
		}
		assert_int_equal(record(store, &s), STORE_OK);
		assert_int_equal(finish(store, &s), STORE_OK);
		sample_end(&s);
	}
	store_close(store);
	assert_int_equal(raw("SELECT count(*) FROM result WHERE output IS NULL AND status=1"), 2);
	assert_int_equal(raw("SELECT max(run) FROM result WHERE output IS NULL"), 2);
	assert_int_equal(raw("SELECT count(*) FROM result WHERE output IS NULL AND status=2"), 0);
}

static void a_run_that_is_not_there_is_told(void **state)
{
	struct run run = {0};
	struct jobs jobs = {0};
	struct err err = {0};

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	assert_int_equal(store_load_run(store, 0, &run, &jobs, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	record_one(store, "a.lua", FILE_PASSED, 1);
	assert_int_equal(store_load_run(store, 7, &run, &jobs, &err), -1);
	assert_string_equal(err.message, "the history has no run 7");
	store_close(store);
}

static void several_processes_record_into_one_run(void **state)
{
	struct sample whole, part;
	struct run joined = {0};
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE), *other = opened(DB, STORE_WRITE);
	sample_begin(&whole, "whole");
	whole.run.started_ns = 5;
	// It is there before it has any result.
	assert_int_equal(record(store, &whole), STORE_OK);
	assert_false(store_find_run(other, "other", &joined));
	assert_true(store_find_run(other, "whole", &joined));
	assert_int_equal(joined.started_ns, 5);
	assert_int_equal(joined.id, whole.run.id);
	sample_begin(&part, "part");
	part.run.id = joined.id;
	sample_add(&part, "b.lua", FILE_PASSED, 1);
	assert_int_equal(record(other, &part), STORE_OK);
	sample_add(&whole, "a.lua", FILE_PASSED, 1);
	assert_int_equal(record(store, &whole), STORE_OK);
	assert_int_equal(raw("SELECT count(*) FROM run"), 1);
	show(store, &w, 0);
	assert_string_equal(w.run.name, "whole");
	assert_int_equal(w.run.results.n, 2);
	// What else was wanted is added to results of other jobs.
	struct job c = {.path = (char *)"c.lua"};
	const struct jobs missing = {.items = &c, .n = 1};
	run_add_missing(&w.run, &missing, "not started");
	run_add_missing(&w.run, &missing, "not started");
	assert_int_equal(w.run.results.n, 3);
	assert_ptr_equal(w.run.results.items[2]->job, &c);
	unshow(&w);
	sample_end(&part);
	sample_end(&whole);
	store_close(other);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(creates_what_is_missing),
		WITH_FOLDER(a_folder_that_was_there_gets_no_gitignore),
		WITH_FOLDER(reading_creates_nothing),
		WITH_FOLDER(what_cannot_be_opened_is_told),
		WITH_FOLDER(an_empty_file_is_a_new_history),
		WITH_FOLDER(migrates_from_nothing_to_the_present),
		WITH_FOLDER(a_step_that_fails_changes_nothing),
		WITH_FOLDER(an_old_database_keeps_its_results),
		WITH_FOLDER(a_newer_database_is_refused_and_left_alone),
		WITH_FOLDER(a_corrupt_file_is_set_aside),
		WITH_FOLDER(a_truncated_file_is_set_aside_too),
		WITH_FOLDER(what_is_recorded_can_be_loaded),
		WITH_FOLDER(an_empty_history_has_no_past),
		WITH_FOLDER(the_last_eight_times_are_kept),
		WITH_FOLDER(only_runs_to_the_end_are_timed),
		WITH_FOLDER(a_part_or_a_repetition_takes_no_failure_back),
		WITH_FOLDER(tests_and_errors_are_recorded),
		WITH_FOLDER(a_run_is_recorded_once),
		WITH_FOLDER(a_failure_in_mid_record_records_nothing),
		WITH_FOLDER(a_later_failure_keeps_the_run),
		WITH_FOLDER(a_held_lock_is_busy_at_once),
		WITH_FOLDER(a_reader_is_not_in_the_way),
		WITH_FOLDER(two_runs_are_recorded_side_by_side),
		WITH_FOLDER(others_see_a_result_as_soon_as_it_is_recorded),
		WITH_FOLDER(runs_can_be_listed),
		WITH_FOLDER(results_can_be_listed_by_file_and_folder),
		WITH_FOLDER(a_reason_is_kept),
		WITH_FOLDER(a_run_comes_back_as_it_was),
		WITH_FOLDER(attempts_come_back_as_one_result),
		WITH_FOLDER(what_was_not_run_comes_back),
		WITH_FOLDER(a_run_without_an_end_is_unfinished),
		WITH_FOLDER(outputs_of_passes_are_forgotten_after_some_runs),
		WITH_FOLDER(a_run_that_is_not_there_is_told),
		WITH_FOLDER(several_processes_record_into_one_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
