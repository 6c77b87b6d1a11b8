// SPDX-License-Identifier: MIT
#include "jobserver/makeflags.h"

#include <limits.h>

#include "../unit.h"

static struct makeflags parsed(const char *value)
{
	struct makeflags m;

	makeflags_parse(&m, value);
	return m;
}

// ---- the jobserver's word ----

struct auth_row {
	const char *value;
	enum auth_kind auth;
	int read_fd, write_fd;
	const char *path, *text;
};

static void check_auth(const struct auth_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct auth_row *row = &rows[i];
		struct makeflags m = parsed(row->value);
		check_row(m.auth == row->auth, "'%s' gives %d", row->value, m.auth);
		if (row->auth == AUTH_FDS)
			check_row(m.read_fd == row->read_fd && m.write_fd == row->write_fd,
				  "'%s' gives %d,%d", row->value, m.read_fd, m.write_fd);
		check_row(same_string(m.path, row->path), "'%s' gives path %s", row->value,
			  m.path ? m.path : "NULL");
		check_row(same_string(m.text, row->text), "'%s' gives text %s", row->value,
			  m.text ? m.text : "NULL");
		makeflags_release(&m);
	}
}

static void finds_both_forms(void **state)
{
	static const struct auth_row rows[] = {
		{" -j4 --jobserver-auth=3,4", AUTH_FDS, 3, 4, NULL, "3,4"},
		{"--jobserver-auth=3,4", AUTH_FDS, 3, 4, NULL, "3,4"},
		{"kw -j --jobserver-auth=10,11 --no-print-directory", AUTH_FDS, 10, 11, NULL,
		 "10,11"},
		{" -j4 --jobserver-fds=3,4 -j", AUTH_FDS, 3, 4, NULL, "3,4"},
		{" --jobserver-auth=0,0", AUTH_FDS, 0, 0, NULL, "0,0"},
		{" -j4 --jobserver-auth=fifo:/tmp/GMfifo12", AUTH_FIFO, 0, 0, "/tmp/GMfifo12",
		 "fifo:/tmp/GMfifo12"},
		{" --jobserver-auth=fifo:./GMfifo12", AUTH_FIFO, 0, 0, "./GMfifo12",
		 "fifo:./GMfifo12"},
		{" --jobserver-auth=fifo:/tmp/a,b", AUTH_FIFO, 0, 0, "/tmp/a,b", "fifo:/tmp/a,b"},
	};

	(void)state;
	check_auth(rows, COUNT(rows));
}

static void finds_none(void **state)
{
	static const struct auth_row rows[] = {
		{NULL, AUTH_NONE, 0, 0, NULL, NULL},
		{"", AUTH_NONE, 0, 0, NULL, NULL},
		{" \t ", AUTH_NONE, 0, 0, NULL, NULL},
		{"kw", AUTH_NONE, 0, 0, NULL, NULL},
		{" -j8", AUTH_NONE, 0, 0, NULL, NULL},
		{"--jobserver-auth", AUTH_NONE, 0, 0, NULL, NULL},
		{"--jobserver-style=fifo", AUTH_NONE, 0, 0, NULL, NULL},
		{"X--jobserver-auth=3,4", AUTH_NONE, 0, 0, NULL, NULL},
		{"\\", AUTH_NONE, 0, 0, NULL, NULL},
		{"\xff\xfe \x01", AUTH_NONE, 0, 0, NULL, NULL},
	};

	(void)state;
	check_auth(rows, COUNT(rows));
}

static void splits_words_at_unescaped_blanks(void **state)
{
	static const struct auth_row rows[] = {
		{"a\t--jobserver-auth=3,4\t-k", AUTH_FDS, 3, 4, NULL, "3,4"},
		{"  \t --jobserver-auth=3,4  ", AUTH_FDS, 3, 4, NULL, "3,4"},
		{"--jobserver-auth=fifo:/tmp/a\\ b\\\tc -k", AUTH_FIFO, 0, 0, "/tmp/a b\tc",
		 "fifo:/tmp/a b\tc"},
		{"--jobserver-auth=fifo:/a\\\\b", AUTH_FIFO, 0, 0, "/a\\b", "fifo:/a\\b"},
		{"--jobserver-auth=fifo:/a\\", AUTH_FIFO, 0, 0, "/a\\", "fifo:/a\\"},
		{"--job\\server-auth=3,\\4", AUTH_FDS, 3, 4, NULL, "3,4"},
		{"FOO=a\\ --jobserver-auth=9,9", AUTH_NONE, 0, 0, NULL, NULL},
		// Quotes are not special.
		{"--jobserver-auth=fifo:'/a b'", AUTH_FIFO, 0, 0, "'/a", "fifo:'/a"},
		{"\"FOO=a --jobserver-auth=9,8\"", AUTH_MALFORMED, 0, 0, NULL, "9,8\""},
	};

	(void)state;
	check_auth(rows, COUNT(rows));
}

static void stops_at_the_variables(void **state)
{
	static const struct auth_row rows[] = {
		{" -j2 --jobserver-auth=3,4 -- FOO=a\\ --jobserver-auth=9,9", AUTH_FDS, 3, 4, NULL,
		 "3,4"},
		{" --jobserver-auth=3,4 -- --jobserver-auth=9,9", AUTH_FDS, 3, 4, NULL, "3,4"},
		{"-- --jobserver-auth=9,9", AUTH_NONE, 0, 0, NULL, NULL},
		{"--x --jobserver-auth=3,4", AUTH_FDS, 3, 4, NULL, "3,4"},
	};

	(void)state;
	check_auth(rows, COUNT(rows));
}

static void takes_the_last_one(void **state)
{
	static const struct auth_row rows[] = {
		{"--jobserver-auth=3,4 --jobserver-auth=5,6", AUTH_FDS, 5, 6, NULL, "5,6"},
		{"--jobserver-auth=3,4 --jobserver-fds=5,6", AUTH_FDS, 5, 6, NULL, "5,6"},
		{"--jobserver-fds=3,4 --jobserver-auth=5,6", AUTH_FDS, 5, 6, NULL, "5,6"},
		{"--jobserver-auth=fifo:/a --jobserver-auth=5,6", AUTH_FDS, 5, 6, NULL, "5,6"},
		{"--jobserver-auth=5,6 --jobserver-auth=fifo:/a", AUTH_FIFO, 0, 0, "/a", "fifo:/a"},
		{"--jobserver-auth=fifo:/a --jobserver-auth=fifo:/b", AUTH_FIFO, 0, 0, "/b",
		 "fifo:/b"},
		{"--jobserver-auth=5,6 --jobserver-auth=x", AUTH_MALFORMED, 0, 0, NULL, "x"},
		{"--jobserver-auth=x --jobserver-auth=5,6", AUTH_FDS, 5, 6, NULL, "5,6"},
		{"--jobserver-auth=5,6 --jobserver-auth=-2,-2", AUTH_NOT_OURS, 0, 0, NULL, "-2,-2"},
	};

	(void)state;
	check_auth(rows, COUNT(rows));
}

static void negative_fds_are_not_for_us(void **state)
{
	static const struct auth_row rows[] = {
		{"--jobserver-auth=-2,-2", AUTH_NOT_OURS, 0, 0, NULL, "-2,-2"},
		{"--jobserver-auth=-1,-1", AUTH_NOT_OURS, 0, 0, NULL, "-1,-1"},
		{"--jobserver-fds=-1,4", AUTH_NOT_OURS, 0, 0, NULL, "-1,4"},
		{"--jobserver-auth=3,-1", AUTH_NOT_OURS, 0, 0, NULL, "3,-1"},
	};

	(void)state;
	check_auth(rows, COUNT(rows));
}

static void rejects_malformed_forms(void **state)
{
	static const char *const values[] = {
		"",
		"3",
		"3,",
		",4",
		",",
		"3,4,",
		"3,4,5",
		"a,b",
		"3,4x",
		"3x,4",
		"0x3,4",
		"3.0,4",
		"fifo",
		"fifo:",
		"fifo",
		"FIFO:",
		"pipe:",
		"3;4",
		"--,--",
		"\xff,4",
		"99999999999999999999,4",
		"3,2147483648",
		"4294967299,4",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		char *value = xasprintf(" -j4 --jobserver-auth=%s", values[i]);
		struct auth_row row = {value, AUTH_MALFORMED, 0, 0, NULL, values[i]};
		check_auth(&row, 1);
		free(value);
	}
}

static void huge_values_do_no_harm(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_addstr(&b, "--jobserver-auth=fifo:/");
	for (int i = 0; i < 100000; i++)
		buf_addstr(&b, "\\ x");
	struct makeflags m = parsed(b.data);
	assert_int_equal(m.auth, AUTH_FIFO);
	assert_int_equal(strlen(m.path), 1 + 2 * 100000);
	makeflags_release(&m);
	buf_release(&b);
}

// ---- one-letter flags ----

static void check_dry_run(const char *const *values, size_t n, bool wanted)
{
	for (size_t i = 0; i < n; i++) {
		struct makeflags m = parsed(values[i]);
		check_row(m.dry_run == wanted, "'%s'", values[i]);
		// Of the words for it only that one has the letter.
		bool question = wanted && strchr(values[i], 'q');
		check_row(m.question == question, "'%s'", values[i]);
		makeflags_release(&m);
	}
}

static void dry_runs_are_seen(void **state)
{
	static const char *const values[] = {
		"n",
		"t",
		"q",
		"kn",
		"nw -j4 --jobserver-auth=3,4",
		"qk -- FOO=1",
		"n\t-j2",
		" --dry-run",
		" -k --just-print",
		"--recon",
		"--touch",
		"--question",
		"k --dry-run",
		"nq",
		"-n",
		" -n",
		"-k -kn",
		" -j4 --jobserver-auth=3,4 -t",
	};

	(void)state;
	check_dry_run(values, COUNT(values), true);
}

static void other_runs_are_real(void **state)
{
	static const char *const values[] = {
		NULL,
		"",
		"w",
		"kse",
		"n=1",
		"target=not",
		" n",
		"\tn",
		" -j4 n",
		"k n",
		"--no-print-directory",
		"--trace",
		"--output-sync=t",
		"-Onone",
		" -Itests -ot",
		"k -fnot.mk",
		"-- n",
		"-- --dry-run",
		"--dry-run=1",
		"--touchy",
		"k -- --question",
	};

	(void)state;
	check_dry_run(values, COUNT(values), false);
}

// ---- -j ----

static void reads_the_number_of_jobs(void **state)
{
	static const struct {
		const char *value;
		int jobs;
	} rows[] = {
		{NULL, -1},
		{"", -1},
		{" -j", 0},
		{" -j1", 1},
		{" -j16 -k", 16},
		{" --jobs", 0},
		{" --jobs=7", 7},
		{" --jobs=", 0},
		{" -j2 -j3", 3},
		{" -j2 -j", 0},
		{" -- -j3", -1},
		{" --jobserver-auth=3,4", -1},
		{" -jx", -1},
		{" --jobsx=3", -1},
		{"j4", -1},
		{" -j007", 7},
		{"k -j5 -- A=1", 5},
		{" -j\\4", 4},
		{" -j 4", 4},
		{" --jobs\t16 -k", 16},
		{" -j 4x", 0},
		{" -j -- 4", 0},
		// make refuses these.
		{" --jobs=-4", -1},
		{" -j0", -1},
		{" --jobs=four", -1},
		{" --jobs=4x", -1},
		{" -j2 --jobs=0", 2},
		{" -j2147483647", INT_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct makeflags m = parsed(rows[i].value);
		check_row(m.jobs == rows[i].jobs, "'%s' gives %d", rows[i].value, m.jobs);
		makeflags_release(&m);
	}
}

// Neither "no -j" nor "no limit" nor something negative.
static void a_huge_number_of_jobs_stays_huge(void **state)
{
	static const char *const values[] = {
		" -j2147483648",           " -j4294967295",      " -j4294967296",
		" -j99999999999999999999", " --jobs=4294967296",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct makeflags m = parsed(values[i]);
		check_row(m.jobs > 4096, "'%s' gives %d", values[i], m.jobs);
		makeflags_release(&m);
	}
}

// ---- for workers ----

static void takes_the_jobserver_out(void **state)
{
	static const struct {
		const char *value, *wanted;
	} rows[] = {
		{"", ""},
		{"k", "k"},
		{"kw -j4 --jobserver-auth=3,4", "kw"},
		{"kw -j4 --jobserver-auth=3,4 --no-print-directory", "kw --no-print-directory"},
		{" -j4 --jobserver-auth=3,4", ""},
		{" -j --jobserver-fds=3,4 -k", " -k"},
		{" --jobs=4 --jobs -j2 -l3", " -l3"},
		{"k -j 4 -l3", "k -l3"},
		{" --jobs=-4 4", " 4"},
		{" -j 4x", " 4x"},
		{" -j -- 4", " -- 4"},
		{" --jobserver-auth=fifo:/tmp/a\\ b --trace", " --trace"},
		{" --jobserver-auth=-2,-2", ""},
		{" --jobserver-auth=", ""},
		// What stands behind -- stays as it is, whatever it looks like.
		{" -j2 --jobserver-auth=3,4 -- FOO=a\\ --jobserver-auth=9,9 -j3",
		 " -- FOO=a\\ --jobserver-auth=9,9 -j3"},
		{"-- --jobserver-auth=9,9", "-- --jobserver-auth=9,9"},
		{"n -j2 -- A=1", "n -- A=1"},
		// Escapes and blanks of other words too.
		{"FOO=a\\ b\\\\c -j3 BAR=\\x", "FOO=a\\ b\\\\c BAR=\\x"},
		{"a\t\tb -j3\tc", "a\t\tb\tc"},
		{"FOO=\\ -j3", "FOO=\\ -j3"},
		{"a\\", "a\\"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *got = makeflags_without_jobserver(rows[i].value);
		check_row(strcmp(got, rows[i].wanted) == 0, "'%s' gives '%s'", rows[i].value, got);
		free(got);
	}
}

static void puts_another_in(void **state)
{
	static const struct {
		const char *value, *wanted;
	} rows[] = {
		{NULL, " -j --jobserver-auth=4,5"},
		{"kw -j4 --jobserver-auth=3,4", "kw -j --jobserver-auth=4,5"},
		{"k -j3 -- X=1", "k -j --jobserver-auth=4,5 -- X=1"},
		{"-- X=1", " -j --jobserver-auth=4,5 -- X=1"},
		{" -j2 -- X=-j3", " -j --jobserver-auth=4,5 -- X=-j3"},
		{"--", " -j --jobserver-auth=4,5 --"},
		{"k\t--\tX=1", "k -j --jobserver-auth=4,5\t--\tX=1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *got = makeflags_with_jobserver(rows[i].value, 4, 5);
		check_row(strcmp(got, rows[i].wanted) == 0, "row %zu gives '%s'", i, got);
		free(got);
	}
}

static void cargo_is_asked_where_make_serves_nothing(void **state)
{
	static const struct {
		const char *make, *cargo;
		enum auth_kind auth;
		int jobs, most;
	} rows[] = {
		{NULL, NULL, AUTH_NONE, -1, 0},
		{NULL, "-j --jobserver-fds=8,9 --jobserver-auth=8,9", AUTH_FDS, 0, -1},
		{"", "-j --jobserver-auth=fifo:/x", AUTH_FIFO, 0, -1},
		{" -j4", "-j --jobserver-auth=fifo:/x", AUTH_FIFO, 0, 4},
		{" -j1", "-j --jobserver-auth=fifo:/x", AUTH_FIFO, 0, 1},
		{" -j4", NULL, AUTH_NONE, 4, 0},
		{" -j4", "-j7", AUTH_NONE, 4, 0},
		{" -j4 --jobserver-auth=3,4", "-j --jobserver-auth=fifo:/x", AUTH_FDS, 4, 0},
		{" -j4 --jobserver-auth=-2,-2", "--jobserver-auth=8,9", AUTH_NOT_OURS, 4, 0},
		{" --jobserver-auth=x", "--jobserver-auth=8,9", AUTH_MALFORMED, -1, 0},
		{"n", "--jobserver-auth=8,9", AUTH_FDS, -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct makeflags m;
		makeflags_read(&m, rows[i].make, rows[i].cargo);
		check_row(m.auth == rows[i].auth && m.jobs == rows[i].jobs &&
				  m.most == rows[i].most,
			  "row %zu gives %d %d %d", i, m.auth, m.jobs, m.most);
		check_row(m.dry_run == (i == COUNT(rows) - 1), "row %zu", i);
		makeflags_release(&m);
	}
}

// A word that was not the first must not become the word of one-letter flags.
static void the_first_word_keeps_its_meaning(void **state)
{
	static const char *const values[] = {"-j4 n", "--jobserver-auth=3,4 tq",
					     "n -j4 --jobserver-auth=3,4", " -j4 n"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		char *clean = makeflags_without_jobserver(values[i]);
		struct makeflags before = parsed(values[i]), after = parsed(clean);
		check_row(before.dry_run == after.dry_run, "'%s' gives '%s'", values[i], clean);
		check_row(after.auth == AUTH_NONE && after.jobs == -1, "'%s' gives '%s'", values[i],
			  clean);
		makeflags_release(&before);
		makeflags_release(&after);
		free(clean);
	}
}

static void release_is_safe_on_zeroes(void **state)
{
	struct makeflags m = {0};

	(void)state;
	makeflags_release(&m);
	makeflags_release(&m);
	assert_null(m.path);
}

static void a_load_is_read_as_make_writes_it(void **state)
{
	static const struct {
		const char *flags;
		double load;
	} rows[] = {
		{" -j4 -l2.5 --jobserver-auth=3,4", 2.5},
		{"k -l0", 0},
		{"-l 3 -k", 3},
		{" --load-average=1.25", 1.25},
		{" --max-load=7", 7},
		{" -l4 -l", -1},
		{" -l4 -l -j3", -1},
		{" -l2 -l5", 5},
		{"", -1},
		{"l", -1},
		{" -lx", -1},
		{" -l1.2.3", -1},
		{" -- -l4", -1},
		{" --load-averages=3", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct makeflags m;
		makeflags_parse(&m, rows[i].flags);
		if (m.load != rows[i].load)
			fail_msg("%s: %g", rows[i].flags, m.load);
		makeflags_release(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_is_read_as_make_writes_it),
		cmocka_unit_test(finds_both_forms),
		cmocka_unit_test(finds_none),
		cmocka_unit_test(splits_words_at_unescaped_blanks),
		cmocka_unit_test(stops_at_the_variables),
		cmocka_unit_test(takes_the_last_one),
		cmocka_unit_test(negative_fds_are_not_for_us),
		cmocka_unit_test(rejects_malformed_forms),
		cmocka_unit_test(huge_values_do_no_harm),
		cmocka_unit_test(dry_runs_are_seen),
		cmocka_unit_test(other_runs_are_real),
		cmocka_unit_test(reads_the_number_of_jobs),
		cmocka_unit_test(a_huge_number_of_jobs_stays_huge),
		cmocka_unit_test(takes_the_jobserver_out),
		cmocka_unit_test(puts_another_in),
		cmocka_unit_test(cargo_is_asked_where_make_serves_nothing),
		cmocka_unit_test(the_first_word_keeps_its_meaning),
		cmocka_unit_test(release_is_safe_on_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
