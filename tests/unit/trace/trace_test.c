// SPDX-License-Identifier: MIT
#include "trace/trace.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "../unit.h"
#include "base/entry.h"
#include "base/err.h"
#include "trace/preload/record.h"

// ---- traces made by hand ----

struct row {
	enum trace_op op;
	const char *path;
	int errnum;
	uint32_t pid;
	const char *second;
	struct trace_sight seen;
};

static void add_head(struct buf *trace)
{
	const struct trace_head head = {.format = TRACE_FORMAT};

	buf_add(trace, &head, sizeof head);
}

static struct trace_head *head_of(const struct buf *trace)
{
	return (struct trace_head *)trace->data;
}

static void add_record(struct buf *trace, const struct row *row)
{
	static const char padding[TRACE_ALIGN];
	size_t n = strlen(row->path) + 1, second = row->second ? strlen(row->second) + 1 : 0;
	struct trace_record r = {.op = (uint8_t)row->op,
				 .errnum = (uint8_t)row->errnum,
				 .pid = row->pid & INT32_MAX,
				 .has_sight = row->seen.mode || row->seen.size || row->seen.extra};
	size_t sight = r.has_sight ? sizeof row->seen : 0, all = sizeof r + sight + n + second;

	r.bytes = (uint16_t)((all + TRACE_ALIGN - 1) / TRACE_ALIGN * TRACE_ALIGN);
	buf_add(trace, &r, sizeof r);
	buf_add(trace, &row->seen, sight);
	buf_add(trace, row->path, n);
	buf_add(trace, row->second ? row->second : "", second);
	buf_add(trace, padding, r.bytes - all);
	head_of(trace)->used += r.bytes;
}

static struct row by(uint32_t pid, enum trace_op op, const char *path)
{
	return (struct row){.op = op, .path = path, .pid = pid};
}

static struct row ok(enum trace_op op, const char *path)
{
	return by(0, op, path);
}

static struct row failed(enum trace_op op, const char *path, int errnum)
{
	return (struct row){.op = op, .path = path, .errnum = errnum};
}

static struct row exec_failed(uint32_t pid, const char *path)
{
	return (struct row){.op = TRACE_EXEC_FAILED, .path = path, .errnum = ENOENT, .pid = pid};
}

static struct row two(enum trace_op op, const char *path, const char *second)
{
	return (struct row){.op = op, .path = path, .second = second};
}

// With what was there: a mode, and when it was last changed, before the call and after it.
static struct row seen(struct row row, mode_t mode, int64_t before, int64_t after)
{
	row.seen.mode = mode;
	row.seen.inode = 5;
	row.seen.ctime_before_ns = before;
	row.seen.ctime_ns = after;
	return row;
}

static struct row with(struct row row, unsigned extra)
{
	row.seen.extra |= extra;
	return row;
}

#define ROOT 7 // the worker's pid

// A trace whose worker has said hello, and then these records up to one without a path.
static struct buf trace_of(const struct row *rows)
{
	const struct row hello = by(ROOT, TRACE_HELLO, "/ignored/lua");
	struct buf trace = {0};

	add_head(&trace);
	add_record(&trace, &hello);
	for (; rows->path; rows++)
		add_record(&trace, rows);
	return trace;
}

// ---- what comes of them, as text ----

static void add_flag(struct buf *text, bool is_set, const char *name)
{
	if (is_set)
		buf_addf(text, "%s\n", name);
}

static char *text_of(const struct inputs *in)
{
	static const char *const kinds[INPUT_KINDS] = {
		[INPUT_PATH] = "path",         [INPUT_LISTING] = "listing",
		[INPUT_VARIABLE] = "variable", [INPUT_ENVIRONMENT] = "environment",
		[INPUT_TYPE] = "type",         [INPUT_STATUS] = "status",
		[INPUT_ACCESS] = "access",     [INPUT_LINK] = "link",
		[INPUT_REAL] = "real",         [INPUT_FREE] = "free",
		[INPUT_ROOM] = "room",         [INPUT_ATTRIBUTE] = "attribute",
		[INPUT_LIBRARY] = "library",   [INPUT_CHUNK] = "chunk"};
	struct buf text = {0};

	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind != INPUT_DOUBT)
			buf_addf(&text, "%s%s %s\n", kinds[in->list.items[i].kind],
				 in->list.items[i].found ? "" : "-", in->list.items[i].name);
	for (size_t i = 0; i < in->written.n; i++)
		buf_addf(&text, "written %s\n", in->written.items[i]);
	add_flag(&text, in->network, "network");
	add_flag(&text, in->clock, "clock");
	add_flag(&text, in->blind, "blind");
	add_flag(&text, in->overflow, "overflow");
	add_flag(&text, in->young, "young");
	return buf_detach(&text);
}

static const char *const below[] = {"/ignored", "/w/.store", NULL};
static const char *const variables[] = {"FIRMO_JOBS_*", "TMPDIR", NULL};
static const struct trace_rules rules = {.cwd = "/w", .below = below, .variables = variables};

static char *text_of_trace(const struct buf *trace)
{
	struct inputs in = {0};

	trace_parse(trace->data, trace->len, &rules, &in);
	inputs_sort(&in);
	char *text = text_of(&in);
	inputs_release(&in);
	return text;
}

static void check_trace(const struct buf *trace, const char *wanted)
{
	char *text = text_of_trace(trace);

	assert_string_equal(text, wanted);
	free(text);
}

#define CHECK(wanted, ...)                                                                         \
	do {                                                                                       \
		const struct row rows[] = {__VA_ARGS__, {0}};                                      \
		struct buf trace = trace_of(rows);                                                 \
		check_trace(&trace, wanted);                                                       \
		buf_release(&trace);                                                               \
	} while (0)

// ---- looks ----

static void a_look_is_an_input_of_its_kind(void **state)
{
	(void)state;
	CHECK("path- /none\npath a.lua\npath- b.lua\npath lib.so\npath none/x\nlisting .\n"
	      "listing d\ntype /etc/x\nstatus s\naccess denied\naccess tool\nlink n\n",
	      ok(TRACE_READ, "/w/a.lua"), failed(TRACE_READ, "/w/b.lua", ENOENT),
	      ok(TRACE_LOOKED, "/etc/x"), ok(TRACE_LISTED, "/w"), ok(TRACE_LISTED, "/w/d"),
	      ok(TRACE_LOADED, "/w/lib.so"), failed(TRACE_LOOKED, "/w/none/x", ENOTDIR),
	      failed(TRACE_READ, "/w/denied", EACCES), ok(TRACE_STATUS, "/w/s"),
	      ok(TRACE_ALLOWED, "/w/tool"), ok(TRACE_NAMED, "/w/n"),
	      failed(TRACE_LISTED, "/none", ENOENT));
	CHECK("link cur\nlink- gone\nreal d/f\n", two(TRACE_LINK, "/w/cur", "d"),
	      failed(TRACE_NAMED, "/w/gone", ENOENT), ok(TRACE_REAL, "/w/d/f"));
	// What is no link is of a type.
	CHECK("status f\nlink f\n", with(ok(TRACE_STATUS, "/w/f"), TRACE_EXTRA_NAMED));
	CHECK("type d\n", seen(ok(TRACE_READ, "/w/d"), S_IFDIR | 0755, 0, 1));
}

static void each_is_named_once(void **state)
{
	(void)state;
	CHECK("path /wide\npath a/b\ntype /\n", ok(TRACE_READ, "/w/a/b"), ok(TRACE_READ, "/w/a/b"),
	      ok(TRACE_LOOKED, "/"), ok(TRACE_READ, "/wide"));
	// What was there, and then was not, or the other way round, and it was not the worker.
	CHECK("path a\nyoung\n", ok(TRACE_READ, "/w/a"), failed(TRACE_LOOKED, "/w/a", ENOENT));
	CHECK("path- a\nyoung\n", failed(TRACE_LOOKED, "/w/a", ENOENT), ok(TRACE_READ, "/w/a"));
}

static void some_paths_never_count(void **state)
{
	(void)state;
	// Of a terminal it counts whether there is one.
	CHECK("path /ignoredx\npath /proceed\nattribute terminal\n", ok(TRACE_READ, "/ignored"),
	      failed(TRACE_READ, "/ignored/a", ENOENT), ok(TRACE_LISTED, "/w/.store/x"),
	      ok(TRACE_WRITTEN, "/w/.store/x"), ok(TRACE_READ, "/proc/self/maps"),
	      ok(TRACE_READ, "/dev/null"), ok(TRACE_CHANGED, "/dev/tty"), ok(TRACE_LISTED, "/sys"),
	      ok(TRACE_READ, "/ignoredx"), ok(TRACE_READ, "/proceed"));
	// Logs beside a database hold rows; without one nothing is an index.
	CHECK("path db\npath- db-journal\npath db-shm\nfree db-wal\nroom db\nwritten db\nwritten "
	      "db-wal\n",
	      ok(TRACE_READ, "/w/db"), ok(TRACE_EXTENDED, "/w/db"),
	      failed(TRACE_LOOKED, "/w/db-journal", ENOENT), ok(TRACE_MADE, "/w/db-wal"),
	      ok(TRACE_READ, "/w/db-shm"));
}

// ---- its own work ----

static void what_the_worker_made_is_no_input(void **state)
{
	(void)state;
	CHECK("free a\nwritten a\n", ok(TRACE_MADE, "/w/a"), ok(TRACE_READ, "/w/a"),
	      failed(TRACE_MADE, "/w/a", EEXIST));
	CHECK("free d\nwritten d\nwritten d/a\n", ok(TRACE_MADE, "/w/d"), ok(TRACE_LISTED, "/w/d"),
	      failed(TRACE_LOOKED, "/w/d/a", ENOENT), ok(TRACE_WRITTEN, "/w/d/a"),
	      failed(TRACE_READ, "/w/d/e/f", ENOENT));
	CHECK("path db\nfree d\nwritten d\n", ok(TRACE_MADE, "/w/d"), ok(TRACE_READ, "/w/db"));
	CHECK("free a\nfree b\nwritten a\nwritten b\n", ok(TRACE_MADE, "/w/a"),
	      ok(TRACE_REMOVED, "/w/a"), ok(TRACE_MADE, "/w/b"), ok(TRACE_READ, "/w/b"),
	      failed(TRACE_READ, "/w/a", ENOENT), ok(TRACE_MADE, "/w/a"));
	// What is emptied may have been there, or not.
	CHECK("room a\nwritten a\n", seen(ok(TRACE_WRITTEN, "/w/a"), S_IFREG, 0, 1),
	      ok(TRACE_READ, "/w/a"));
	CHECK("written a\n", with(ok(TRACE_MADE, "/w/a"), TRACE_EXTRA_CHANCE),
	      ok(TRACE_READ, "/w/a"));
}

static void what_was_there_before_is_one(void **state)
{
	(void)state;
	CHECK("path a\nroom a\nwritten a\n", ok(TRACE_READ, "/w/a"), ok(TRACE_WRITTEN, "/w/a"));
	CHECK("path- a\nfree a\nwritten a\n", failed(TRACE_LOOKED, "/w/a", ENOENT),
	      ok(TRACE_MADE, "/w/a"), ok(TRACE_READ, "/w/a"));
	CHECK("access .\nlink a\nwritten a\n", ok(TRACE_REMOVED, "/w/a"),
	      failed(TRACE_LOOKED, "/w/a", ENOENT));
	CHECK("path a\naccess a\nwritten a\n", ok(TRACE_CHANGED, "/w/a"), ok(TRACE_READ, "/w/a"));
	// Writing behind its end does not tell what it holds; reading what is there does.
	CHECK("room a\nwritten a\n", ok(TRACE_EXTENDED, "/w/a"));
	CHECK("path a\nroom a\nwritten a\n", ok(TRACE_EXTENDED, "/w/a"), ok(TRACE_READ, "/w/a"));
	// Somebody else has put something into the place of what the worker has removed.
	CHECK("access .\nlink a\nwritten a\nyoung\n", ok(TRACE_REMOVED, "/w/a"),
	      ok(TRACE_READ, "/w/a"));
}

static void what_is_renamed_is_what_it_was(void **state)
{
	(void)state;
	CHECK("path a/f\naccess .\nlink a\nroom b\nwritten a\nwritten b\n",
	      two(TRACE_RENAMED, "/w/a", "/w/b"), ok(TRACE_READ, "/w/b/f"),
	      failed(TRACE_READ, "/w/a/f", ENOENT));
	CHECK("path a/f\naccess .\nlink a\nroom b\nwritten a\nwritten b\n",
	      two(TRACE_RENAMED, "/w/a", "/w/b"), two(TRACE_RENAMED, "/w/b", "/w/a"),
	      ok(TRACE_READ, "/w/a/f"));
	// A folder takes along what was made in it, and what came into it.
	CHECK("path x\naccess .\naccess a\nlink a\nlink x\nfree a/n\nfree b\nroom a/x\nwritten "
	      "a\nwritten a/n\n"
	      "written a/x\nwritten b\nwritten x\n",
	      ok(TRACE_MADE, "/w/a/n"), two(TRACE_RENAMED, "/w/x", "/w/a/x"),
	      seen(two(TRACE_RENAMED, "/w/a", "/w/b"), S_IFDIR, 0, 1), ok(TRACE_READ, "/w/b/n"),
	      ok(TRACE_READ, "/w/b/x"));
	CHECK("path a\naccess .\nlink a\nwritten a\n", two(TRACE_RENAMED, "/w/a", "/ignored/a"),
	      ok(TRACE_READ, "/ignored/a"));
	CHECK("free a\nroom b\nwritten a\nwritten b\n", ok(TRACE_MADE, "/w/a"),
	      two(TRACE_RENAMED, "/w/a", "/w/b"), ok(TRACE_READ, "/w/b"));
	// Another name of a file is one that the worker has made, for what was there.
	CHECK("path a\nlink a\nfree b\nwritten a\nwritten b\n",
	      with(two(TRACE_LINKED, "/w/a", "/w/b"), TRACE_EXTRA_ALONE), ok(TRACE_READ, "/w/b"));
}

static struct inputs inputs_of(const struct row *rows)
{
	struct buf trace = trace_of(rows);
	struct inputs in = {0};

	trace_parse(trace.data, trace.len, &rules, &in);
	inputs_sort(&in);
	buf_release(&trace);
	return in;
}

// The last change that the only content among the inputs must have; -2: there is none.
static int64_t last_change(const struct row *rows)
{
	struct inputs in = inputs_of(rows);
	int64_t last = -2;

	for (size_t i = 0; i < in.list.n; i++)
		if (in.list.items[i].kind == INPUT_PATH && in.list.items[i].seen.has_stamp)
			last = in.list.items[i].seen.last_ctime_ns;
	inputs_release(&in);
	return last;
}

#define LAST(...) last_change((const struct row[]){__VA_ARGS__, {0}})

static void a_file_is_followed_through_what_the_worker_does_to_it(void **state)
{
	struct row read = seen(ok(TRACE_READ, "/w/a"), S_IFREG, 0, 10);

	(void)state;
	assert_int_equal(LAST(ok(TRACE_READ, "/w/a")), -2);
	assert_int_equal(LAST(read), 10);
	assert_int_equal(LAST(read, seen(ok(TRACE_CHANGED, "/w/a"), S_IFREG, 10, 20)), 20);
	assert_int_equal(LAST(seen(two(TRACE_RENAMED, "/w/a", "/w/b"), S_IFREG, 5, 10),
			      seen(ok(TRACE_READ, "/w/b"), S_IFREG, 0, 10),
			      seen(two(TRACE_RENAMED, "/w/b", "/w/a"), S_IFREG, 10, 15)),
			 15);
	// Somebody else was there in between.
	assert_int_equal(LAST(read, seen(ok(TRACE_CHANGED, "/w/a"), S_IFREG, 11, 20)), -1);
}

// The digest that the listing must have.
static struct digest listing(const struct row *rows)
{
	struct inputs in = inputs_of(rows);
	struct digest d = {{0}};

	for (size_t i = 0; i < in.list.n; i++)
		if (in.list.items[i].kind == INPUT_LISTING && in.list.items[i].seen.has_digest)
			d = in.list.items[i].seen.digest;
	inputs_release(&in);
	return d;
}

static struct row lists(uint64_t sum)
{
	struct row row = seen(ok(TRACE_LISTED, "/w/d"), S_IFDIR, 0, 1);

	row.seen.size = (int64_t)sum;
	return row;
}

#define LISTING(...) listing((const struct row[]){__VA_ARGS__, {0}})

static void a_folder_is_listed_as_it_was_before_the_worker_came(void **state)
{
	uint64_t x = entry_hash("x", S_IFREG), n = entry_hash("n", S_IFDIR);
	struct digest just_x = fingerprint_digest_of_entries(x), got;

	(void)state;
	got = LISTING(lists(x));
	assert_true(digest_equal(&got, &just_x));
	got = LISTING(seen(ok(TRACE_MADE, "/w/d/n"), S_IFDIR, 0, 1), lists(x + n));
	assert_true(digest_equal(&got, &just_x));
	got = LISTING(seen(ok(TRACE_REMOVED, "/w/d/x"), S_IFREG, 0, 1), lists(0));
	assert_true(digest_equal(&got, &just_x));
	// It was empty when it could be removed.
	got = LISTING(seen(ok(TRACE_REMOVED, "/w/d/x"), S_IFREG, 0, 1),
		      seen(ok(TRACE_REMOVED, "/w/d"), S_IFDIR, 0, 1));
	assert_true(digest_equal(&got, &just_x));
	got = LISTING(with(seen(two(TRACE_RENAMED, "/w/t", "/w/d/x"), S_IFREG, 0, 1),
			   TRACE_EXTRA_THERE | (uint32_t)S_IFREG << TRACE_EXTRA_TYPE),
		      lists(x));
	assert_true(digest_equal(&got, &just_x));
}

static void what_could_not_be_made_depends_on_the_place(void **state)
{
	(void)state;
	CHECK("path- d/a\nroom- d/a\n", failed(TRACE_WRITTEN, "/w/d/a", ENOENT));
	CHECK("path d/e/a\nroom- d/e/a\n", failed(TRACE_EXTENDED, "/w/d/e/a", ENOTDIR));
	CHECK("free- a\nroom- b\nroom- c\n", failed(TRACE_MADE, "/w/a", EEXIST),
	      failed(TRACE_WRITTEN, "/w/b", EISDIR), failed(TRACE_WRITTEN, "/w/c", EACCES));
	CHECK("", failed(TRACE_WRITTEN, "/w/a", ENOSPC));
	CHECK("path- b\nlink- a\nlink c\n", failed(TRACE_REMOVED, "/w/a", ENOENT),
	      failed(TRACE_CHANGED, "/w/b", ENOENT), failed(TRACE_REMOVED, "/w/c", EBUSY));
}

// ---- variables, network, clocks ----

static void variables_that_were_read_are_inputs(void **state)
{
	(void)state;
	CHECK("variable A\nvariable- B\nvariable FIRMO_JOB\nvariable- TMPDIRS\n",
	      failed(TRACE_VARIABLE_READ, "B", ENOENT), ok(TRACE_VARIABLE_READ, "A"),
	      failed(TRACE_VARIABLE_READ, "A", ENOENT), ok(TRACE_VARIABLE_READ, "B"),
	      ok(TRACE_VARIABLE_READ, "FIRMO_JOBS_SLOT"), ok(TRACE_VARIABLE_READ, "FIRMO_JOB"),
	      ok(TRACE_VARIABLE_READ, "TMPDIR"), failed(TRACE_VARIABLE_READ, "TMPDIRS", ENOENT));
	CHECK("environment env\nenvironment perl\n", ok(TRACE_ENVIRONMENT, "env"),
	      ok(TRACE_ENVIRONMENT, "perl"));
}

static void variables_that_the_worker_set_itself_are_none(void **state)
{
	char *given[] = {(char *)"GIVEN=1", (char *)"EMPTY=", (char *)"GIVEN_TOO=1", NULL};
	struct trace_rules with = {.cwd = "/w", .below = below, .environ = given};
	const struct row rows[] = {ok(TRACE_VARIABLE_READ, "GIVEN"),
				   failed(TRACE_VARIABLE_READ, "GIVEN", ENOENT),
				   failed(TRACE_VARIABLE_READ, "GIVEN_TOO", ENOENT),
				   ok(TRACE_VARIABLE_READ, "EMPTY"),
				   ok(TRACE_VARIABLE_READ, "LATE"),
				   failed(TRACE_VARIABLE_READ, "LATE", ENOENT),
				   ok(TRACE_VARIABLE_READ, "GIV"),
				   {0}};
	struct buf trace = trace_of(rows);
	struct inputs in = {0};

	(void)state;
	trace_parse(trace.data, trace.len, &with, &in);
	inputs_sort(&in);
	char *text = text_of(&in);
	assert_string_equal(text, "variable EMPTY\nvariable GIVEN\nvariable- LATE\n");
	free(text);
	inputs_release(&in);
	buf_release(&trace);
}

static void network_and_clocks_are_told(void **state)
{
	(void)state;
	CHECK("network\n", ok(TRACE_NETWORK, "socket"));
	CHECK("type s\nnetwork\n", ok(TRACE_CONNECTED, "/w/s"));
	CHECK("free s\nwritten s\n", ok(TRACE_MADE, "/w/s"), ok(TRACE_CONNECTED, "/w/s"));
	CHECK("path- s\n", failed(TRACE_CONNECTED, "/w/s", ENOENT));
	CHECK("clock\n", seen(ok(TRACE_READ, "/dev/random"), S_IFCHR, 0, 1));
	CHECK("", seen(ok(TRACE_READ, "/dev/urandom"), S_IFCHR, 0, 1));
	CHECK("clock\n", seen(ok(TRACE_READ, "/dev/rtc0"), S_IFCHR, 0, 1));
	CHECK("", ok(TRACE_LOOKED, "/dev/random"));
	// A FIFO that others write to.
	CHECK("clock\n", seen(ok(TRACE_READ, "/w/fifo"), S_IFIFO, 0, 1));
	CHECK("free fifo\nwritten fifo\n", ok(TRACE_MADE, "/w/fifo"),
	      seen(ok(TRACE_READ, "/w/fifo"), S_IFIFO, 0, 1));
}

// ---- processes ----

static void programs_are_inputs(void **state)
{
	(void)state;
	CHECK("path /bin/sh\npath script\n", by(ROOT, TRACE_EXEC, "/w/script"),
	      by(ROOT, TRACE_HELLO, "/bin/sh"));
	CHECK("path- gone\npath- x\n", by(ROOT, TRACE_EXEC, "/w/gone"),
	      exec_failed(ROOT, "/w/gone"), failed(TRACE_LOOKED, "/w/x", ENOENT));
	CHECK("path p\n", by(8, TRACE_SPAWN, "/w/p"), by(8, TRACE_HELLO, "/w/p"));
	CHECK("path p\n", by(8, TRACE_HELLO, "/w/p"), by(8, TRACE_SPAWN, "/w/p"));
	CHECK("path /bin/dash\npath /bin/sh\n", by(8, TRACE_HELLO, "/bin/dash"),
	      ok(TRACE_SHELL, "/bin/sh"), ok(TRACE_SHELL, "/bin/sh"),
	      by(9, TRACE_HELLO, "/bin/dash"));
}

static void a_program_that_says_nothing_is_noticed(void **state)
{
	struct buf silent = {0};

	(void)state;
	add_head(&silent);
	check_trace(&silent, "blind\n");
	buf_release(&silent);
	CHECK("blind\n", by(ROOT, TRACE_EXEC, "/w/p"));
	CHECK("path p\nblind\n", by(8, TRACE_SPAWN, "/w/p"));
	CHECK("path /bin/sh\nblind\n", ok(TRACE_SHELL, "/bin/sh"));
	CHECK("path /bin/sh\nblind\n", ok(TRACE_SHELL, "/bin/sh"), ok(TRACE_SHELL, "/bin/sh"),
	      by(8, TRACE_HELLO, "/bin/sh"));
	// It is not the hello of the program before, or of another process.
	CHECK("path p\nblind\n", by(8, TRACE_SPAWN, "/w/p"), by(8, TRACE_HELLO, "/w/p"),
	      by(8, TRACE_EXEC, "/w/q"));
	CHECK("path q\nblind\n", by(8, TRACE_SPAWN, "/w/q"), by(9, TRACE_HELLO, "/w/q"));
	// An unwatched program in between.
	CHECK("path q\nblind\n", by(ROOT, TRACE_EXEC, "/w/p"), by(ROOT, TRACE_EXEC, "/w/q"),
	      by(ROOT, TRACE_HELLO, "/w/q"));
}

// ---- broken traces ----

static struct buf trace_of_two_reads(void)
{
	const struct row rows[] = {ok(TRACE_READ, "/w/a"), ok(TRACE_READ, "/w/b"), {0}};

	return trace_of(rows);
}

// The first of the two.
static struct trace_record *first_read(struct buf *trace)
{
	char *hello = trace->data + sizeof(struct trace_head);

	return (struct trace_record *)(hello + ((struct trace_record *)hello)->bytes);
}

static void an_unfinished_record_hides_no_other(void **state)
{
	struct buf trace = trace_of_two_reads();
	struct trace_record *r = first_read(&trace);

	(void)state;
	r->op = 0; // copied, and not declared valid
	check_trace(&trace, "path b\nblind\n");
	memset(r, 0, r->bytes); // reserved only
	check_trace(&trace, "path b\nblind\n");
	buf_release(&trace);
}

static void what_makes_no_sense_is_noticed(void **state)
{
	static const uint16_t sizes[] = {1, 8, 12, 0xfff8};
	struct buf trace = trace_of_two_reads();
	struct trace_record *r = first_read(&trace);
	uint16_t bytes = r->bytes;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		r->bytes = sizes[i];
		check_trace(&trace, "blind\n");
	}
	r->bytes = bytes;
	r->op = TRACE_OPS;
	check_trace(&trace, "path b\nblind\n");
	r->op = TRACE_READ;
	memset(r->rest, 'x', r->bytes - sizeof *r);
	check_trace(&trace, "path b\nblind\n");
	trace.len -= TRACE_ALIGN; // in the middle of the last record
	check_trace(&trace, "blind\n");
	head_of(&trace)->format++;
	check_trace(&trace, "blind\n");
	trace.len = sizeof(struct trace_head) - 1;
	check_trace(&trace, "blind\n");
	buf_release(&trace);
}

static void what_was_lost_is_told(void **state)
{
	struct buf trace = trace_of_two_reads();

	(void)state;
	head_of(&trace)->lost = 1;
	check_trace(&trace, "path a\npath b\nblind\n");
	head_of(&trace)->lost = 0;
	head_of(&trace)->used = TRACE_BYTES;
	check_trace(&trace, "path a\npath b\noverflow\n");
	buf_release(&trace);
}

static void random_bytes_are_no_trouble(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct buf trace = trace_of_two_reads();
		for (int i = 0; i < 20; i++) {
			size_t at = sizeof(struct trace_head) +
				    (size_t)rand_r(&seed) % (trace.len - sizeof(struct trace_head));
			trace.data[at] = (char)rand_r(&seed);
		}
		free(text_of_trace(&trace));
		buf_release(&trace);
	}
}

// ---- the library at work ----

static struct trace opened(void)
{
	struct trace t;
	struct err err = {0};

	check_row(trace_open(&t, &err) == 0, "%s", err.message);
	return t;
}

// Runs the shell command under the library, with nothing else in its environment but PATH.
static void run_traced(const struct trace *t, const char *command)
{
	const char *library = getenv("TRACE_LIBRARY");
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
	char *preload = xasprintf("LD_PRELOAD=%s", library);
	char *envp[] = {t->variable, preload, (char *)"PATH=/usr/bin:/bin", NULL};
	pid_t pid;
	int status;

	assert_int_equal(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, envp), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(preload);
}

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';
}

static void check_command(const char *folder, const char *command, const char *const *lines)
{
	static const char *const no_variables[] = {"FIRMO_JOBS_*", "LD_PRELOAD", NULL};
	struct trace_rules all = {.cwd = folder, .variables = no_variables};
	struct trace t = opened();
	struct inputs in = {0};
	struct err err;

	run_traced(&t, command);
	assert_int_equal(trace_read(&t, &all, &in, &err), 0);
	inputs_sort(&in);
	trace_close(&t);
	char *text = text_of(&in);
	for (; *lines; lines++)
		check_row(**lines == '!' ? !has_line(text, *lines + 1) : has_line(text, *lines),
			  "%s: %s in\n%s", command, *lines, text);
	free(text);
	inputs_release(&in);
}

static void processes_and_their_children_are_watched(void **state)
{
	static const char *const read[] = {"path data",     "path- gone", "listing d",
					   "written new",   "room new",   "variable- NAME",
					   "variable PATH", "!path new",  "!blind",
					   "!overflow",     "!young",     NULL};
	static const char *const unwatched[] = {"blind", NULL};
	static const char *const whole[] = {"path /usr/bin/env", "!blind", NULL};

	if (!getenv("TRACE_LIBRARY") || !*getenv("TRACE_LIBRARY"))
		return; // there is none with this libc
	mkdir("d", 0755);
	write_text("data", "x");
	check_command(
		*state,
		"exec /bin/sh -c 'cat data gone 2>/dev/null >new$NAME; (ls d; cat new)' >/dev/null",
		read);
	check_command(*state, "env -i /bin/cat data >/dev/null", unwatched);
	check_command(*state, "unset LD_PRELOAD; /bin/cat data >/dev/null", unwatched);
	check_command(*state, "env >/dev/null", whole);
}

static void a_trace_without_a_worker_is_blind(void **state)
{
	struct trace t = opened();
	struct inputs in = {0};
	struct err err;

	(void)state;
	assert_int_equal(trace_read(&t, &rules, &in, &err), 0);
	inputs_sort(&in);
	char *text = text_of(&in);
	assert_string_equal(text, "blind\n");
	free(text);
	inputs_release(&in);
	trace_close(&t);
	trace_close(&t);
	t.fd = -1;
	assert_int_equal(trace_read(&t, &rules, &in, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_is_an_input_of_its_kind),
		cmocka_unit_test(each_is_named_once),
		cmocka_unit_test(some_paths_never_count),
		cmocka_unit_test(what_the_worker_made_is_no_input),
		cmocka_unit_test(what_was_there_before_is_one),
		cmocka_unit_test(what_is_renamed_is_what_it_was),
		cmocka_unit_test(a_file_is_followed_through_what_the_worker_does_to_it),
		cmocka_unit_test(a_folder_is_listed_as_it_was_before_the_worker_came),
		cmocka_unit_test(what_could_not_be_made_depends_on_the_place),
		cmocka_unit_test(variables_that_were_read_are_inputs),
		cmocka_unit_test(variables_that_the_worker_set_itself_are_none),
		cmocka_unit_test(network_and_clocks_are_told),
		cmocka_unit_test(programs_are_inputs),
		cmocka_unit_test(a_program_that_says_nothing_is_noticed),
		cmocka_unit_test(an_unfinished_record_hides_no_other),
		cmocka_unit_test(what_makes_no_sense_is_noticed),
		cmocka_unit_test(what_was_lost_is_told),
		cmocka_unit_test(random_bytes_are_no_trouble),
		WITH_FOLDER(processes_and_their_children_are_watched),
		cmocka_unit_test(a_trace_without_a_worker_is_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
