// SPDX-License-Identifier: MIT
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#include "../unit.h"
#include "base/err.h"

// ---- names alone ----

static void cleans_paths(void **state)
{
	static const struct {
		const char *path, *clean;
	} rows[] = {
		{"", "."},
		{".", "."},
		{"./", "."},
		{"././.", "."},
		{"a", "a"},
		{"./a", "a"},
		{"././a", "a"},
		{"a/", "a"},
		{"a//b///c//", "a/b/c"},
		{"a/./b/.", "a/b"},
		{"/", "/"},
		{"//", "/"},
		{"/.", "/"},
		{"//a//b/", "/a/b"},
		{"..", ".."},
		{"../a/..", "../a/.."},
		{"a/../b", "a/../b"},
		{"...", "..."},
		{".a/.b", ".a/.b"},
		{"./-x", "-x"},
		{"a /\nb", "a /\nb"},
		{"\xff/\xfe", "\xff/\xfe"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *clean = path_clean(rows[i].path);
		check_row(strcmp(clean, rows[i].clean) == 0, "'%s' gives '%s'", rows[i].path,
			  clean);
		free(clean);
	}
}

static void joins_folder_and_name(void **state)
{
	static const struct {
		const char *dir, *name, *path;
	} rows[] = {
		{"a", "b", "a/b"},   {"", "b", "b"},        {".", "b", "b"},
		{"/", "b", "/b"},    {"a/", "b", "a/b"},    {"a/b", "c", "a/b/c"},
		{"..", "b", "../b"}, {"./a", "b", "./a/b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *path = path_join(rows[i].dir, rows[i].name);
		check_row(strcmp(path, rows[i].path) == 0, "'%s' '%s' gives '%s'", rows[i].dir,
			  rows[i].name, path);
		free(path);
	}
}

static void names_a_file_below_the_folder_once(void **state)
{
	static const struct {
		const char *path, *cwd, *below;
	} rows[] = {
		{"/w/a/t.lua", "/w/a", "t.lua"},
		{"/w/a//b/./t.lua", "/w/a", "b/t.lua"},
		{"/w/a", "/w/a", "."},
		{"/w/a/", "/w/a", "."},
		{"/w/ab/t.lua", "/w/a", "/w/ab/t.lua"},
		{"/w", "/w/a", "/w"},
		{"./t.lua", "/w/a", "t.lua"},
		{"w/a/t.lua", "/w/a", "w/a/t.lua"},
		{"../t.lua", "/w/a", "../t.lua"},
		{"/w/a/../t.lua", "/w/a", "../t.lua"},
		{"/t.lua", "/", "/t.lua"},
		{"/w/a/t.lua", NULL, "/w/a/t.lua"},
		{"", "/w/a", "."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *below = path_below(rows[i].path, rows[i].cwd);
		check_row(strcmp(below, rows[i].below) == 0, "'%s' gives '%s'", rows[i].path,
			  below);
		free(below);
	}
}

static void knows_the_last_part(void **state)
{
	(void)state;
	assert_string_equal(path_base("a"), "a");
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("/b"), "b");
	assert_string_equal(path_base("a/"), "");
	assert_string_equal(path_base(""), "");
}

// ---- programs ----

static void check_program(const char *name, const char *list, const char *wanted)
{
	char *path = path_find_program(name, list);

	check_row(same_string(path, wanted), "%s in %s is %s", name, list ? list : "NULL",
		  path ? path : "NULL");
	free(path);
}

static void finds_the_first_program_of_a_name(void **state)
{
	(void)state;
	mkdir("one", 0755);
	mkdir("two", 0755);
	mkdir("one/prog", 0755); // a folder is no program
	write_text("two/prog", "#!/bin/sh\n");
	write_text("two/text", "x");
	write_text("here", "#!/bin/sh\n");
	chmod("two/prog", 0755);
	chmod("two/text", 0644);
	chmod("here", 0755);
	check_program("prog", "one:two", "two/prog");
	check_program("prog", "two:one", "two/prog");
	check_program("prog", "missing:two/prog:two", "two/prog");
	check_program("prog", "one", NULL);
	check_program("text", "two", NULL);
	check_program("prog", "", NULL);
	check_program("prog", NULL, NULL);
	check_program("", "two", NULL);
	// An empty entry is the folder we are in.
	check_program("here", "", "./here");
	check_program("here", "two:", "./here");
	check_program("here", ":two", "./here");
	check_program("here", "two", NULL);
}

static void a_name_with_a_slash_is_not_searched(void **state)
{
	(void)state;
	mkdir("bin", 0755);
	write_text("bin/prog", "#!/bin/sh\n");
	chmod("bin/prog", 0755);
	check_program("bin/prog", "/nowhere", "bin/prog");
	check_program("bin/prog", NULL, "bin/prog");
	check_program("./prog", "bin", NULL);
	check_program("bin/", "bin", NULL);
}

// ---- making folders ----

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void makes_folders(void **state)
{
	static const char *const paths[] = {"a",    "a/b/c", "a/b/c", "x//y",
					    "x/z/", ".",     "./p/q", "x/../r/s"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		check_row(path_make_dirs(paths[i], &err) == 0, "%s: %s", paths[i], err.message);
		check_row(is_folder(paths[i]), "%s", paths[i]);
	}
	assert_int_equal(path_make_dirs("/", &err), 0);
	char *absolute = xasprintf("%s/new/er", (char *)*state);
	assert_int_equal(path_make_dirs(absolute, &err), 0);
	assert_true(is_folder("new/er"));
	free(absolute);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(path_make_dirs("link", &err), 0);
	assert_int_equal(path_make_dirs("link/d", &err), 0);
	assert_true(is_folder("a/d"));
}

static void folders_that_cannot_be_made_are_errors(void **state)
{
	struct err err;

	(void)state;
	write_text("file", "kept");
	assert_int_equal(path_make_dirs("file", &err), -1);
	assert_non_null(strstr(err.message, "file"));
	assert_int_equal(path_make_dirs("file/a", &err), -1);
	assert_int_equal(err.errnum, ENOTDIR);
	assert_int_equal(path_make_dirs("file/a/b", &err), -1);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(path_make_dirs("dangling", &err), -1);
	assert_file_holds("file", "kept");
}

static void the_empty_path_is_an_error(void **state)
{
	struct err err = {0};
	// In memory of its own: a sanitizer sees a read behind it.
	char *empty = xstrdup("");

	(void)state;
	assert_int_equal(path_make_dirs(empty, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	free(empty);
}

static void makes_the_folder_of_a_file(void **state)
{
	static const char *const names[] = {"file", "/file", "a/b/file", "./c/file"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		check_row(path_make_parent(names[i], &err) == 0, "%s: %s", names[i], err.message);
	assert_true(is_folder("a/b") && is_folder("c"));
	assert_false(is_there("a/b/.gitignore") || is_there("file"));
}

static void a_home_that_is_new_ignores_itself(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(path_make_home("new/home/file", &err), 0);
	assert_file_holds("new/home/.gitignore", "*\n");
	assert_false(is_there("new/.gitignore"));
	assert_int_equal(path_make_home("new/other", &err), 0);
	assert_int_equal(path_make_home("file", &err), 0);
	assert_false(is_there("new/.gitignore") || is_there(".gitignore"));
	write_text("file", "");
	assert_int_equal(path_make_home("file/in/it", &err), -1);
}

// ---- removing trees ----

static void removes_files_links_and_folders(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(path_remove_tree("missing"), 0);
	assert_int_equal(path_remove_tree("missing/too"), 0);
	write_text("file", "x");
	assert_int_equal(path_remove_tree("file"), 0);
	assert_false(is_there("file"));
	mkdir("empty", 0755);
	assert_int_equal(path_remove_tree("empty"), 0);
	assert_false(is_there("empty"));
	assert_int_equal(path_make_dirs("t/a/b/c", &err), 0);
	write_text("t/a/b/file", "x");
	write_text("t/.hidden", "x");
	write_text("t/a/\xff\n", "x");
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	assert_int_equal(path_remove_tree("t"), 0);
	assert_false(is_there("t"));
}

static void links_are_not_followed(void **state)
{
	(void)state;
	mkdir("outside", 0755);
	write_text("outside/file", "kept");
	mkdir("t", 0755);
	assert_int_equal(symlink("../outside", "t/folder"), 0);
	assert_int_equal(symlink("../outside/file", "t/file"), 0);
	assert_int_equal(symlink("nowhere", "t/dangling"), 0);
	assert_int_equal(symlink(".", "t/self"), 0);
	assert_int_equal(path_remove_tree("t"), 0);
	assert_false(is_there("t"));
	assert_file_holds("outside/file", "kept");
	// The path itself may be one.
	assert_int_equal(symlink("outside", "link"), 0);
	assert_int_equal(path_remove_tree("link"), 0);
	assert_false(is_there("link"));
	assert_file_holds("outside/file", "kept");
}

#define NOBODY 65534

// Folders that their owner may not write, read or enter. Root may do all: nobody does the work
// then.
static void folders_without_permissions_are_removed(void **state)
{
	static const mode_t modes[] = {0500, 0400, 0100, 0000};
	uid_t me = geteuid();
	struct err err;

	(void)state;
	chmod(".", 0777);
	assert_int_equal(me == 0 ? seteuid(NOBODY) : 0, 0);
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(path_make_dirs("t/a/b", &err), 0);
		write_text("t/a/b/file", "x");
		write_text("t/a/file", "x");
		chmod("t/a/b", modes[i]);
		chmod("t/a", modes[i]);
		chmod("t", modes[i]);
		int status = path_remove_tree("t");
		check_row(status == 0 && !is_there("t"), "mode %o", modes[i]);
	}
	assert_int_equal(me == 0 ? seteuid(0) : 0, 0);
}

static void what_cannot_be_removed_stays_and_is_told(void **state)
{
	uid_t me = geteuid();
	struct err err;

	(void)state;
	if (me != 0)
		skip(); // needs the files of two users
	chmod(".", 0777);
	assert_int_equal(seteuid(NOBODY), 0);
	assert_int_equal(path_make_dirs("t/ours", &err), 0);
	write_text("t/ours/file", "x");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(path_make_dirs("t/theirs", &err), 0);
	write_text("t/theirs/file", "kept");
	assert_int_equal(seteuid(NOBODY), 0);
	int status = path_remove_tree("t");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(status, -1);
	assert_file_holds("t/theirs/file", "kept");
	assert_false(is_there("t/ours"));
}

static void deep_trees_are_removed(void **state)
{
	struct buf path = {0};
	struct err err;

	(void)state;
	buf_addstr(&path, "t");
	for (int i = 0; i < 200; i++)
		buf_addstr(&path, "/d");
	assert_int_equal(path_make_dirs(path.data, &err), 0);
	assert_int_equal(path_remove_tree("t"), 0);
	assert_false(is_there("t"));
	buf_release(&path);
}

static void no_descriptor_is_left_open(void **state)
{
	struct err err;

	(void)state;
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	assert_int_equal(path_make_dirs("t/a/b", &err), 0);
	write_text("t/a/file", "x");
	assert_int_equal(path_remove_tree("t"), 0);
	int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
}

static void names_what_lies_beside_a_file(void **state)
{
	static const struct {
		const char *path, *wanted;
	} rows[] = {{"file", "name"}, {"a/file", "a/name"}, {"/file", "/name"}, {"a/", "a/name"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *beside = path_beside(rows[i].path, "name");
		check_row(same_string(beside, rows[i].wanted), "%s: %s", rows[i].path, beside);
		free(beside);
	}
}

// Beside this program lies the object that it was made of.
static void finds_what_comes_with_the_program(void **state)
{
	(void)state;
	assert_null(path_find_own("own", "installed"));
	assert_int_equal(mkdir("installed", 0700), 0);
	write_text("installed/own", "");
	write_text("installed/path_test.o", "");
	char *path = path_find_own("own", "installed");
	assert_string_equal(path, "installed/own");
	free(path);
	path = path_find_own("path_test.o", "installed");
	assert_int_equal(*path, '/');
	assert_string_equal(path_base(path), "path_test.o");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_lies_beside_a_file),
		WITH_FOLDER(finds_what_comes_with_the_program),
		cmocka_unit_test(cleans_paths),
		cmocka_unit_test(joins_folder_and_name),
		cmocka_unit_test(names_a_file_below_the_folder_once),
		cmocka_unit_test(knows_the_last_part),
		WITH_FOLDER(finds_the_first_program_of_a_name),
		WITH_FOLDER(a_name_with_a_slash_is_not_searched),
		WITH_FOLDER(makes_folders),
		WITH_FOLDER(folders_that_cannot_be_made_are_errors),
		WITH_FOLDER(makes_the_folder_of_a_file),
		WITH_FOLDER(a_home_that_is_new_ignores_itself),
		WITH_FOLDER(removes_files_links_and_folders),
		WITH_FOLDER(links_are_not_followed),
		WITH_FOLDER(folders_without_permissions_are_removed),
		WITH_FOLDER(what_cannot_be_removed_stays_and_is_told),
		WITH_FOLDER(deep_trees_are_removed),
		WITH_FOLDER(no_descriptor_is_left_open),
		cmocka_unit_test(the_empty_path_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
