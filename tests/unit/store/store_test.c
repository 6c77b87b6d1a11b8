// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/path.h"
#include "model/inputs.h"
#include "model/run.h"
#include "store/database.h"
#include "store/history.h"
#include "store/schema.h"

#define DB      "history.db"
#define HOME_DB ".firmo-jobs/history.db"
#define US      1000
#define MS      NS_PER_MS

// ---- runs to record ----

// A run of up to eight files.
struct trial {
	struct run run;
	struct job jobs[8];
	struct result results[8];
	struct result *list[8];
	size_t n;
};

static void trial_begin(struct trial *s, const char *name)
{
	*s = (struct trial){
		.run = {.name = (char *)name,
			.started_ns = 1000 * NS_PER_SEC,
			.jobs = 4,
			.lower_bound_ns = -1,
			.seed = UINT64_MAX},
	};
}

static struct result *trial_add(struct trial *s, const char *path, enum file_status status,
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
	struct test_case t = {
		.name = xstrdup(name), .status = status, .wall_ns = 5 * US, .own_ns = -1};

	t.path = xcalloc(1, sizeof *t.path);
	t.path[t.npath++] = xstrdup("group");
	t.message = status == TEST_PASSED ? NULL : xstrdup("message");
	r->has_tests = true;
	VEC_PUSH(&r->tests, t);
}

static void trial_end(struct trial *s)
{
	for (size_t i = 0; i < s->n; i++)
		result_release(&s->results[i]);
}

static enum store_status record(struct store *store, struct trial *s)
{
	struct err err = {0};

	return store_record(store, &s->run, s->list, s->n, &err);
}

// One result of one file in a run of its own.
static void record_one(struct store *store, const char *path, enum file_status status,
		       int64_t wall_ns)
{
	struct trial s;

	trial_begin(&s, "run");
	trial_add(&s, path, status, wall_ns);
	assert_int_equal(record(store, &s), STORE_OK);
	trial_end(&s);
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
	check_row(file_load_all(s, past, &err) == 0, "%s", err.message);
	return map_get(past, path);
}

static void unload(struct map *past)
{
	file_free_all(past);
}

static int64_t wall(const struct past *p, size_t i)
{
	return p->series.items[i].wall_ns;
}

static size_t timed(const struct past *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->series.n; i++)
		n += sample_is_timed(&p->series.items[i]);
	return n;
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
	assert_int_equal(raw("PRAGMA user_version"), SCHEMA_FORMAT);
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

static void the_tables_are_those_that_are_listed(void **state)
{
	(void)state;
	store_close(opened(DB, STORE_WRITE));
	sqlite3 *db;
	assert_int_equal(sqlite3_open(DB, &db), SQLITE_OK);
	assert_int_equal(raw_on(db, "PRAGMA user_version"), SCHEMA_FORMAT);
	assert_int_equal(raw_on(db, "PRAGMA application_id"), SCHEMA_MARK);
	for (const struct schema_table *t = schema_tables; t->name; t++) {
		char *sql = xasprintf("SELECT group_concat(name, ', ') = '%s' FROM "
				      "pragma_table_info('%s')",
				      t->columns, t->name);
		check_row(raw_on(db, sql) == 1, "%s", t->name);
		free(sql);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_step_that_fails_changes_nothing(void **state)
{
	struct err err = {0};
	struct store s = {0};

	(void)state;
	assert_int_equal(sqlite3_open(DB, &s.db), SQLITE_OK);
	raw_on(s.db, "CREATE TABLE result(x); INSERT INTO result VALUES(7)");
	assert_int_equal(schema_make(&s, &err), SQLITE_ERROR);
	assert_true(err.message[0]);
	assert_int_equal(raw_on(s.db, "PRAGMA user_version"), 0);
	assert_int_equal(raw_on(s.db, "SELECT count(*) FROM sqlite_master"), 1);
	assert_int_equal(raw_on(s.db, "SELECT x FROM result"), 7);
	// Nor is a transaction left open.
	assert_int_equal(sqlite3_get_autocommit(s.db), 1);
	assert_int_equal(sqlite3_close(s.db), SQLITE_OK);
}

static void an_old_database_keeps_its_results(void **state)
{
	struct map past;

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	record_one(s, "a.lua", FILE_PASSED, 5 * MS);
	store_close(s);
	s = opened(DB, STORE_WRITE);
	assert_int_equal(wall(load(s, &past, "a.lua"), 0), 5 * MS);
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
	raw("PRAGMA application_id=0x466a6f62; PRAGMA user_version=999; CREATE TABLE future(x)");
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

static char *find_set_aside(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	char *found = NULL;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		if (strncmp(e->d_name, DB ".corrupt-", strlen(DB ".corrupt-")) == 0) {
			assert_null(found);
			found = path_join(folder, e->d_name);
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
	// Elsewhere it is not ours to touch.
	write_text(DB, garbage);
	for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		assert_null(store_open(DB, mode, &notice, &err));
		assert_int_equal(err.errnum, STORE_FOREIGN);
		assert_null(notice);
		assert_file_holds(DB, garbage);
	}
	unlink(DB);
	assert_int_equal(mkdir(".firmo-jobs", 0777), 0);
	write_text(HOME_DB, garbage);
	write_text(HOME_DB "-wal", "an old log");
	assert_null(store_open(HOME_DB, STORE_READ, &notice, &err));
	assert_null(notice);
	assert_file_holds(HOME_DB, garbage);

	struct store *s = store_open(HOME_DB, STORE_WRITE, &notice, &err);
	assert_non_null(s);
	assert_non_null(notice);
	char *aside = find_set_aside(".firmo-jobs");
	assert_non_null(aside);
	assert_non_null(strstr(notice, DB));
	assert_non_null(strstr(notice, aside));
	assert_null(strchr(notice, '\n'));
	assert_file_holds(aside, garbage);
	record_one(s, "a.lua", FILE_PASSED, 1);
	store_close(s);
	assert_int_equal(rename(HOME_DB, DB), 0);
	assert_int_equal(rename(HOME_DB "-wal", DB "-wal"), 0);
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
	char *aside = find_set_aside(".");
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
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_PASSED, 5 * MS);
	trial_add(&s, "dir/\xff\n'b.lua", FILE_FAILED, 7 * MS);
	trial_add(&s, "c.lua", FILE_ERROR, 9 * MS);
	assert_int_equal(record(store, &s), STORE_OK);
	assert_true(s.run.id > 0);
	store_close(store);

	store = opened(DB, STORE_READ);
	struct past *p = load(store, &past, "a.lua");
	assert_int_equal(p->status, FILE_PASSED);
	assert_int_equal(p->series.n, 1);
	assert_int_equal(wall(p, 0), 5 * MS);
	assert_int_equal(p->ended_ns, 2000 * NS_PER_SEC + 5 * MS);
	p = map_get(&past, "dir/\xff\n'b.lua");
	assert_int_equal(p->status, FILE_FAILED);
	assert_int_equal(wall(p, 0), 7 * MS);
	p = map_get(&past, "c.lua");
	assert_int_equal(p->status, FILE_ERROR);
	assert_int_equal(timed(p), 0);
	assert_int_equal(past.n, 3);
	assert_null(map_get(&past, "d.lua"));
	unload(&past);
	store_close(store);
	trial_end(&s);
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

// What a file's row cannot hold is moved, in order, to where the whole series is found.
static void see_series(const struct past_file *f, void *arg)
{
	size_t *n = arg;

	*n = f->past.series.n;
	for (size_t i = 0; i < *n; i++)
		check_row(wall(&f->past, i) == (int64_t)(301 - *n + i) * US, "sample %zu", i);
}

static void the_whole_series_is_kept(void **state)
{
	struct map past;
	struct err err = {0};
	size_t n = 0;

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	for (int i = 1; i <= 300; i++) {
		record_one(s, "a.lua", FILE_PASSED, i * US);
		size_t at_hand = load(s, &past, "a.lua")->series.n;
		check_row(at_hand == (size_t)i || at_hand >= 64, "%d: %zu", i, at_hand);
		check_row(at_hand < 128, "%d: %zu", i, at_hand);
		unload(&past);
	}
	assert_int_equal(history_each_file(s, false, NULL, see_series, &n, &err), 0);
	assert_true(n >= 64 && n < 128);
	assert_int_equal(history_each_file(s, true, NULL, see_series, &n, &err), 0);
	assert_int_equal(n, 300);
	// The longest of the last hundred, and the most memory of the last eight.
	assert_int_equal(load(s, &past, "a.lua")->p99_ns, 299 * US);
	assert_int_equal(((struct past *)map_get(&past, "a.lua"))->peak_bytes, 1 << 20);
	unload(&past);
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
	record_one(s, "a.lua", FILE_PASSED, 100 * US);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct map past;
		size_t before = timed(load(s, &past, "a.lua"));
		unload(&past);
		record_one(s, "a.lua", rows[i].status, (200 + (int64_t)i) * US);
		struct past *p = load(s, &past, "a.lua");
		check_row(p->status == rows[i].status, "row %zu", i);
		check_row(timed(p) == before + rows[i].timed, "row %zu", i);
		check_row(!rows[i].timed || wall(p, p->series.n - 1) == (200 + (int64_t)i) * US,
			  "row %zu", i);
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
struct learned {
	enum file_status status;
	long tests;
	size_t timed;
};

static struct learned learned(struct store *s, enum file_status status, bool partial, int attempt)
{
	struct trial run;
	struct map past;

	trial_begin(&run, "run");
	run.run.repeated = attempt > 0;
	struct result *r = trial_add(&run, "a.lua", status, 7);
	r->partial = partial;
	r->attempt = attempt > 0 ? attempt : 1;
	add_test(r, "one", TEST_PASSED);
	assert_int_equal(record(s, &run), STORE_OK);
	trial_end(&run);
	const struct past *p = load(s, &past, "a.lua");
	struct learned l = {p->status, p->tests, timed(p)};
	unload(&past);
	return l;
}

static void a_part_or_a_repetition_takes_no_failure_back(void **state)
{
	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	struct learned p = learned(s, FILE_PASSED, true, 0);
	assert_int_equal(p.status, FILE_NOTRUN);
	assert_int_equal(p.timed, 0);
	assert_int_equal(p.tests, 0);
	p = learned(s, FILE_FAILED, false, 0);
	assert_int_equal(p.status, FILE_FAILED);
	assert_int_equal(p.timed, 1);
	assert_int_equal(p.tests, 1);
	assert_int_equal(learned(s, FILE_PASSED, true, 0).status, FILE_FAILED);
	assert_int_equal(learned(s, FILE_PASSED, false, 2).status, FILE_FAILED);
	assert_int_equal(learned(s, FILE_PASSED, false, 1).status, FILE_PASSED);
	p = learned(s, FILE_TIMEOUT, true, 0);
	assert_int_equal(p.status, FILE_TIMEOUT);
	assert_int_equal(p.timed, 3);
	store_close(s);
}

static void tests_and_errors_are_recorded(void **state)
{
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	struct result *r = trial_add(&s, "a.lua", FILE_FAILED, 1);
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
	assert_int_equal(raw("SELECT count(*) FROM failure"), 1);
	assert_int_equal(
		raw("SELECT count(*) FROM test WHERE name = 'group' || char(31) || 'fails'"), 1);
	assert_int_equal(raw("SELECT seq FROM failure WHERE message='message'"), 1);
	assert_int_equal(
		raw("SELECT line FROM file_error WHERE place='teardown' AND message='broke'"), 3);
	assert_int_equal(raw("SELECT tests FROM result WHERE reason='1 of 3 tests failed'"), 3);
	assert_int_equal(raw("SELECT failed FROM result WHERE tests=3"), 2);
	assert_int_equal(raw("SELECT count(*) FROM result WHERE output IS NOT NULL"), 1);
	assert_int_equal(raw("SELECT length(output) FROM result WHERE output IS NOT NULL"), 6);
	trial_end(&s);
}

static void depend_on(struct result *r, const char *name, const char *content)
{
	struct input in = {.kind = INPUT_PATH, .found = true, .name = xstrdup(name)};

	in.is.present = content != NULL;
	if (content)
		in.is.digest = digest_of(content, strlen(content));
	if (!r->inputs)
		r->inputs = xcalloc(1, sizeof *r->inputs);
	VEC_PUSH(&r->inputs->list, in);
}

static bool is_content(const struct inputs *in, const char *name, const char *content)
{
	const struct input *i = in ? inputs_find(in, INPUT_PATH, name) : NULL;
	const struct digest d = digest_of(content, strlen(content));

	return i && i->is.present && digest_equal(&i->is.digest, &d);
}

// No such file is here: nothing is looked at.
static void inputs_are_recorded_as_the_result_has_them(void **state)
{
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	struct result *r = trial_add(&s, "a.lua", FILE_PASSED, 1);
	snapshot_recall(store, r);
	assert_null(r->last_inputs);
	depend_on(r, "far/a.lua", "one");
	depend_on(r, "far/c.lua", "three");
	assert_int_equal(record(store, &s), STORE_OK);
	struct result *next = trial_add(&s, "a.lua", FILE_PASSED, 1);
	depend_on(next, "far/a.lua", NULL);
	depend_on(next, "far/b.lua", NULL);
	snapshot_recall(store, next);
	assert_int_equal(next->last_inputs->list.n, 1);
	assert_true(is_content(next->last_inputs, "far/c.lua", "three"));
	assert_true(is_content(next->inputs, "far/a.lua", "one"));
	assert_false(next->inputs->list.items[1].is.present);
	struct result *unseen = trial_add(&s, "a.lua", FILE_PASSED, 1);
	snapshot_recall(store, unseen);
	assert_int_equal(unseen->last_inputs->list.n, 2);
	store_close(store);
	assert_int_equal(raw("SELECT count(*) FROM input WHERE name = 'far/a.lua' AND "
			     "length(digest) = 16"),
			 1);
	trial_end(&s);
}

static int64_t record_pass(struct store *store)
{
	struct trial s;

	trial_begin(&s, "run");
	depend_on(trial_add(&s, "a.lua", FILE_PASSED, 1), "far/a.lua", "one");
	assert_int_equal(record(store, &s), STORE_OK);
	trial_end(&s);
	return raw("SELECT result FROM snapshot");
}

static void a_pass_is_told_though_another_one_came(void **state)
{
	struct run run = {0};
	struct err err = {0};

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	struct job job = {.path = (char *)"a.lua", .pass = record_pass(store)};
	const struct jobs jobs = {.items = &job, .n = 1, .cap = 1};
	assert_int_not_equal(record_pass(store), job.pass);
	assert_int_equal(store_load_passes(store, &jobs, &run, &err), 0);
	assert_int_equal(run.results.n, 1);
	assert_int_equal(run.results.items[0]->id, job.pass);
	job.pass = 77;
	assert_int_equal(store_load_passes(store, &jobs, &run, &err), -1);
	assert_string_equal(err.message,
			    "the history has lost the pass of a.lua meanwhile; run again");
	run_release(&run);
	store_close(store);
}

static void a_run_is_recorded_once(void **state)
{
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_PASSED, 1);
	assert_int_equal(record(store, &s), STORE_OK);
	int64_t id = s.run.id;
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(s.run.id, id);
	store_close(store);
	assert_int_equal(raw("SELECT count(*) FROM run"), 1);
	assert_int_equal(raw("SELECT count(*) FROM result"), 2);
	assert_int_equal(raw("SELECT count(*) FROM file"), 1);
	trial_end(&s);
}

// ---- all or nothing ----

static void a_failure_in_mid_record_records_nothing(void **state)
{
	struct err err = {0};
	struct map past;
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	record_one(store, "a.lua", FILE_PASSED, 1);
	raw("ALTER TABLE roster RENAME TO elsewhere");
	trial_begin(&s, "two");
	trial_add(&s, "a.lua", FILE_FAILED, 2);
	add_test(trial_add(&s, "b.lua", FILE_PASSED, 3), "t", TEST_PASSED);
	assert_int_equal(store_record(store, &s.run, s.list, s.n, &err), STORE_FAILED);
	assert_non_null(strstr(err.message, "no such table: roster"));
	assert_true(store_is_broken(store));
	assert_int_equal(s.run.id, 0);

	struct past *p = load(store, &past, "a.lua");
	assert_int_equal(p->status, FILE_PASSED);
	assert_int_equal(p->series.n, 1);
	assert_int_equal(past.n, 1);
	unload(&past);
	assert_int_equal(raw("SELECT count(*) FROM run"), 1);
	assert_int_equal(raw("SELECT count(*) FROM result"), 1);
	assert_int_equal(raw("SELECT count(*) FROM test"), 0);

	// It can be tried again when the cause is gone.
	raw("ALTER TABLE elsewhere RENAME TO roster");
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(raw("SELECT count(*) FROM run"), 2);
	store_close(store);
	trial_end(&s);
}

// The row of the last pass is at hand while the inputs of the next one are written.
static void a_failure_within_another_question_keeps_its_words(void **state)
{
	struct err err = {0};
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	depend_on(trial_add(&s, "a.lua", FILE_PASSED, 1), "far/a.lua", "one");
	assert_int_equal(record(store, &s), STORE_OK);
	raw("ALTER TABLE input RENAME TO elsewhere");
	depend_on(trial_add(&s, "a.lua", FILE_PASSED, 1), "far/b.lua", "two");
	assert_int_equal(store_record(store, &s.run, &s.list[1], 1, &err), STORE_FAILED);
	check_row(strstr(err.message, "no such table: input"), "%s", err.message);
	assert_true(store_is_broken(store));
	store_close(store);
	trial_end(&s);
}

static void a_later_failure_keeps_the_run(void **state)
{
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_PASSED, 1);
	assert_int_equal(record(store, &s), STORE_OK);
	int64_t id = s.run.id;
	raw("ALTER TABLE result RENAME TO elsewhere");
	assert_int_equal(record(store, &s), STORE_FAILED);
	assert_int_equal(s.run.id, id);
	assert_int_equal(raw("SELECT count(*) FROM elsewhere"), 1);
	store_close(store);
	trial_end(&s);
}

// ---- side by side ----

static void a_held_lock_is_busy_at_once(void **state)
{
	struct err err = {0};
	struct trial s;
	sqlite3 *other;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_PASSED, 1);
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
	assert_int_equal(record_finish_run(store, &s.run, &err), STORE_BUSY);
	raw_on(other, "ROLLBACK");
	assert_int_equal(record_finish_run(store, &s.run, &err), STORE_OK);
	assert_int_equal(raw_on(other, "SELECT count(*) FROM result"), 1);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	store_close(store);
	trial_end(&s);
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
	struct trial a, b;

	(void)state;
	struct store *one = opened(DB, STORE_WRITE), *two = opened(DB, STORE_WRITE);
	trial_begin(&a, "a");
	trial_begin(&b, "b");
	add_test(trial_add(&a, "shared.lua", FILE_PASSED, 1 * US), "same", TEST_PASSED);
	add_test(trial_add(&b, "shared.lua", FILE_FAILED, 2 * US), "same", TEST_FAILED);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(record(one, &a), STORE_OK);
		assert_int_equal(record(two, &b), STORE_OK);
	}
	assert_int_not_equal(a.run.id, b.run.id);
	struct past *p = load(one, &past, "shared.lua");
	assert_int_equal(p->series.n, 6);
	assert_int_equal(p->status, FILE_FAILED);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(wall(p, i), (1 + (int)i % 2) * US);
	unload(&past);
	store_close(one);
	assert_int_equal(record(two, &b), STORE_OK);
	store_close(two);
	assert_int_equal(raw("SELECT count(*) FROM test"), 1);
	assert_int_equal(raw("SELECT count(*) FROM roster"), 1);
	trial_end(&a);
	trial_end(&b);
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

static void runs_can_be_listed(void **state)
{
	struct past_runs runs = {0};
	struct err err = {0};
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	assert_int_equal(history_load_runs(store, &runs, &err), 0);
	assert_int_equal(runs.n, 0);
	record_one(store, "a.lua", FILE_PASSED, 1);
	trial_begin(&s, "two");
	s.run.started_ns++;
	s.run.lower_bound_ns = 77;
	s.run.revision = (char *)"abc";
	trial_add(&s, "a.lua", FILE_PASSED, 1);
	add_test(trial_add(&s, "b.lua", FILE_FAILED, 1), "t", TEST_FAILED);
	assert_int_equal(record_finish_run(store, &s.run, &err), STORE_OK); // nothing yet: no run
	assert_int_equal(record(store, &s), STORE_OK);
	for (size_t i = 0; i < s.n; i++)
		VEC_PUSH(&s.run.results, s.list[i]);
	s.run.elapsed_ns = 5 * MS;
	s.run.peak = 3;
	s.run.signal = 2;
	s.run.longest_ns = 3 * MS;
	assert_int_equal(record_finish_run(store, &s.run, &err), STORE_OK);

	assert_int_equal(history_load_runs(store, &runs, &err), 0);
	assert_int_equal(runs.n, 2);
	const struct past_run *r = &runs.items[1];
	assert_int_equal(r->id, s.run.id);
	assert_int_equal(r->started_ns, 1000 * NS_PER_SEC + 1);
	assert_int_equal(r->elapsed_ns, 5 * MS);
	assert_int_equal(r->bound_ns, 3 * MS);
	assert_string_equal(r->revision, "abc");
	assert_int_equal(r->jobs, 4);
	assert_int_equal(r->peak, 3);
	assert_int_equal(r->signal, 2);
	assert_int_equal(r->files, 2);
	assert_int_equal(r->bad, 1);
	assert_int_equal(r->tests, 2);
	assert_int_equal(r->failed, 1);
	// One that was killed before it could say.
	assert_int_equal(runs.items[0].elapsed_ns, -1);
	assert_int_equal(runs.items[0].bound_ns, -1);
	assert_null(runs.items[0].revision);
	past_runs_release(&runs);
	free(s.run.results.items);
	trial_end(&s);
	store_close(store);
}

static void see_file(const struct past_file *f, void *arg)
{
	buf_addf(arg, "%s %s %zu\n", f->path, file_status_name(f->past.status), f->past.series.n);
}

static void files_are_listed_by_path(void **state)
{
	struct err err = {0};
	struct buf b = {0};

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	record_one(s, "t/b.lua", FILE_PASSED, 1);
	record_one(s, "t/a.lua", FILE_FAILED, 1);
	record_one(s, "t/b.lua", FILE_TIMEOUT, 1);
	record_one(s, "\xff/e.lua", FILE_PASSED, 1);
	assert_int_equal(history_each_file(s, true, NULL, see_file, &b, &err), 0);
	assert_string_equal(b.data, "t/a.lua fail 1\nt/b.lua timeout 2\n\xff/e.lua pass 1\n");
	buf_release(&b);
	store_close(s);
}

static int64_t record_tests(struct store *s, const char *path, enum test_status first,
			    int64_t wall_ns, bool third)
{
	struct trial t;

	trial_begin(&t, "run");
	struct result *r = trial_add(&t, path, FILE_PASSED, 1);
	add_test(r, "first", first);
	add_test(r, "second", TEST_SKIPPED);
	if (third)
		add_test(r, "third", TEST_PASSED);
	r->tests.items[0].wall_ns = wall_ns;
	assert_int_equal(record(s, &t), STORE_OK);
	trial_end(&t);
	return t.run.id;
}

static bool begins_with_group(const char *name, void *arg)
{
	return strncmp(name, "group" STORE_SEPARATOR, 6) == 0 && strcmp(name + 6, arg) == 0;
}

static void tests_have_figures_of_their_own(void **state)
{
	struct past_tests tests = {0};
	struct err err = {0};
	int64_t runs[4];

	(void)state;
	struct store *s = opened(DB, STORE_WRITE);
	runs[0] = record_tests(s, "a.lua", TEST_PASSED, 5 * US, false);
	runs[1] = record_tests(s, "a.lua", TEST_FAILED, 9 * US, true);
	runs[2] = record_tests(s, "b.lua", TEST_FAILED, 900 * US, true);
	runs[3] = record_tests(s, "a.lua", TEST_PASSED, 7 * US, true);
	assert_int_equal(history_load_tests(s, 1, runs, 4, NULL, NULL, &tests, &err), 0);
	assert_int_equal(tests.n, 3);
	const struct past_test *t = tests.items;
	assert_string_equal(t->name, "group" STORE_SEPARATOR "first");
	assert_int_equal(t->ran, 3);
	assert_int_equal(t->passed, 2);
	assert_int_equal(t->bad, 1);
	assert_int_equal(t->last, TEST_PASSED);
	assert_int_equal(t->last_run, runs[3]);
	assert_int_equal(t->last_bad_run, runs[1]);
	assert_int_equal(t->median_ns, 7 * US);
	assert_int_equal(t->first_seen, runs[0]);
	assert_int_equal(t[1].ran, 0);
	assert_int_equal(t[1].last, TEST_SKIPPED);
	assert_int_equal(t[1].median_ns, -1);
	assert_int_equal(t[2].ran, 2);
	assert_int_equal(t[2].first_seen, runs[1]);
	past_tests_release(&tests);
	// Only some, in one of the runs.
	assert_int_equal(
		history_load_tests(s, 1, runs, 1, begins_with_group, (void *)"third", &tests, &err),
		0);
	assert_int_equal(tests.n, 1);
	assert_int_equal(tests.items[0].ran, 0);
	assert_int_equal(tests.items[0].last, 0);
	past_tests_release(&tests);
	store_close(s);
}

static void a_reason_is_kept(void **state)
{
	struct run run = {0};
	struct jobs jobs = {0};
	struct err err = {0};
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_ERROR, 3)->reason = xstrdup("killed by SIGSEGV");
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(load_result(store, s.run.id, 1, &run, &jobs, &err), 0);
	assert_int_equal(run.results.n, 1);
	assert_string_equal(run.results.items[0]->reason, "killed by SIGSEGV");
	run_release(&run);
	jobs_release(&jobs);
	trial_end(&s);
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

static enum store_status finish(struct store *store, struct trial *s)
{
	struct err err = {0};
	struct run whole = s->run;

	whole.results.items = s->list;
	whole.results.n = s->n;
	return record_finish_run(store, &whole, &err);
}

static struct result *full_result(struct trial *s)
{
	struct result *r = trial_add(s, "t/a.lua", FILE_FAILED, 7);

	r->framework = FRAMEWORK_BUSTED;
	add_test(r, "passes", TEST_PASSED);
	add_test(r, "fails", TEST_FAILED);
	struct test_case *t = &r->tests.items[1];
	t->file = xstrdup("lib/x.lua");
	t->line = 12;
	t->traceback = xstrdup("stack");
	t->own_ns = 3 * US;
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
	r->leaked = r->concurrent = true;
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
				      {a->concurrent, b->concurrent},
				      {a->partial, b->partial},
				      {a->has_tests, b->has_tests},
				      {(int64_t)a->output_total, (int64_t)b->output_total},
				      {a->framework, b->framework}};

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
	struct trial s;
	struct shown w;
	struct wait waits[] = {{1, 2}, {30, 45}};

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	s.run.lua = (char *)"luajit";
	full_result(&s);
	trial_add(&s, "t/b.lua", FILE_PASSED, 1);
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
	trial_end(&s);
	store_close(store);
}

static void attempts_come_back_as_one_result(void **state)
{
	struct trial s;
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_FAILED, 5)->concurrent = true;
	trial_add(&s, "b.lua", FILE_PASSED, 6);
	trial_add(&s, "a.lua", FILE_PASSED, 7)->attempt = 2;
	assert_int_equal(record(store, &s), STORE_OK);
	assert_int_equal(finish(store, &s), STORE_OK);
	show(store, &w, s.run.id);
	assert_int_equal(w.run.results.n, 2);
	const struct result *r = w.run.results.items[0];
	assert_true(r->flaky && result_fails_only_concurrently(r));
	assert_int_equal(r->attempts, 2);
	assert_int_equal(r->failures, 1);
	assert_int_equal(r->earlier->wall_ns, 5);
	unshow(&w);
	trial_end(&s);
	store_close(store);
}

static void what_was_not_run_comes_back(void **state)
{
	struct err err = {0};
	struct buf b = {0};
	struct trial s;
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	trial_add(&s, "a.lua", FILE_PASSED, 5);
	assert_int_equal(record(store, &s), STORE_OK);
	trial_add(&s, "b.lua", FILE_NOTRUN, 0)->reason = xstrdup("not started");
	assert_int_equal(finish(store, &s), STORE_OK);
	show(store, &w, 0);
	assert_int_equal(w.run.results.n, 2);
	assert_int_equal(w.run.results.items[1]->status, FILE_NOTRUN);
	assert_string_equal(w.run.results.items[1]->reason, "not started");
	// It is no result of its file.
	assert_int_equal(history_each_file(store, true, NULL, see_file, &b, &err), 0);
	assert_string_equal(b.data, "a.lua pass 1\nb.lua notrun 0\n");
	buf_release(&b);
	unshow(&w);
	trial_end(&s);
	store_close(store);
}

static void a_run_without_an_end_is_unfinished(void **state)
{
	struct trial s;
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	trial_begin(&s, "one");
	struct result *r = trial_add(&s, "a.lua", FILE_PASSED, 5);
	r->offset_ns = 70;
	r->slot = 3;
	assert_int_equal(record(store, &s), STORE_OK);
	show(store, &w, 0);
	assert_true(w.run.unfinished);
	assert_int_equal(w.run.elapsed_ns, 75);
	assert_int_equal(w.run.peak, 4);
	unshow(&w);
	trial_end(&s);
	store_close(store);
}

static void outputs_of_passes_are_forgotten_after_some_runs(void **state)
{
	struct trial s;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE);
	for (int i = 0; i < 12; i++) {
		trial_begin(&s, "run");
		for (int bad = 0; bad < 2; bad++) {
			struct result *r = trial_add(&s, bad ? "bad.lua" : "good.lua",
						     bad ? FILE_FAILED : FILE_PASSED, 1);
			r->output = xstrdup("text");
			r->output_len = 4;
		}
		assert_int_equal(record(store, &s), STORE_OK);
		assert_int_equal(finish(store, &s), STORE_OK);
		trial_end(&s);
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
	struct trial whole, part;
	struct run joined = {0};
	struct shown w;

	(void)state;
	struct store *store = opened(DB, STORE_WRITE), *other = opened(DB, STORE_WRITE);
	trial_begin(&whole, "whole");
	whole.run.started_ns = 5;
	// It is there before it has any result.
	assert_int_equal(record(store, &whole), STORE_OK);
	assert_false(load_find_run(other, "other", &joined));
	assert_true(load_find_run(other, "whole", &joined));
	assert_int_equal(joined.started_ns, 5);
	assert_int_equal(joined.id, whole.run.id);
	trial_begin(&part, "part");
	part.run.id = joined.id;
	trial_add(&part, "b.lua", FILE_PASSED, 1);
	assert_int_equal(record(other, &part), STORE_OK);
	trial_add(&whole, "a.lua", FILE_PASSED, 1);
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
	trial_end(&part);
	trial_end(&whole);
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
		WITH_FOLDER(the_tables_are_those_that_are_listed),
		WITH_FOLDER(a_step_that_fails_changes_nothing),
		WITH_FOLDER(an_old_database_keeps_its_results),
		WITH_FOLDER(a_newer_database_is_refused_and_left_alone),
		WITH_FOLDER(a_corrupt_file_is_set_aside),
		WITH_FOLDER(a_truncated_file_is_set_aside_too),
		WITH_FOLDER(what_is_recorded_can_be_loaded),
		WITH_FOLDER(an_empty_history_has_no_past),
		WITH_FOLDER(the_whole_series_is_kept),
		WITH_FOLDER(only_runs_to_the_end_are_timed),
		WITH_FOLDER(a_part_or_a_repetition_takes_no_failure_back),
		WITH_FOLDER(tests_and_errors_are_recorded),
		WITH_FOLDER(inputs_are_recorded_as_the_result_has_them),
		WITH_FOLDER(a_pass_is_told_though_another_one_came),
		WITH_FOLDER(a_run_is_recorded_once),
		WITH_FOLDER(a_failure_in_mid_record_records_nothing),
		WITH_FOLDER(a_failure_within_another_question_keeps_its_words),
		WITH_FOLDER(a_later_failure_keeps_the_run),
		WITH_FOLDER(a_held_lock_is_busy_at_once),
		WITH_FOLDER(a_reader_is_not_in_the_way),
		WITH_FOLDER(two_runs_are_recorded_side_by_side),
		WITH_FOLDER(others_see_a_result_as_soon_as_it_is_recorded),
		WITH_FOLDER(runs_can_be_listed),
		WITH_FOLDER(files_are_listed_by_path),
		WITH_FOLDER(tests_have_figures_of_their_own),
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
