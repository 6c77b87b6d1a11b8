// SPDX-License-Identifier: MIT
#include "base/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "../unit.h"
#include "base/err.h"

static int entries(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = -2; // . and ..

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void assert_opened(struct outfile *f, const char *path)
{
	struct err err = {0};
	int status = outfile_open(f, path, &err);

	check_row(status == 0, "%s: %s", path, err.message);
	assert_non_null(f->stream);
}

static void assert_committed(struct outfile *f)
{
	struct err err = {0};
	int status = outfile_commit(f, &err);

	check_row(status == 0, "%s", err.message);
	assert_null(f->stream);
	assert_null(f->path);
	assert_null(f->temporary);
}

static void a_file_appears_whole(void **state)
{
	struct outfile f;

	(void)state;
	assert_opened(&f, "report");
	fputs("half", f.stream);
	fflush(f.stream);
	assert_false(is_there("report"));
	fputs(" and half", f.stream);
	assert_committed(&f);
	assert_file_holds("report", "half and half");
	assert_int_equal(entries("."), 1);
}

static void an_old_file_stays_until_the_new_one_is_whole(void **state)
{
	struct outfile f;

	(void)state;
	write_text("report", "old");
	assert_opened(&f, "report");
	fputs("new", f.stream);
	fflush(f.stream);
	assert_file_holds("report", "old");
	assert_committed(&f);
	assert_file_holds("report", "new");
	assert_int_equal(entries("."), 1);
}

static void an_empty_file_is_a_file(void **state)
{
	struct outfile f;

	(void)state;
	write_text("report", "old");
	assert_opened(&f, "report");
	assert_committed(&f);
	assert_file_holds("report", "");
}

static void missing_folders_are_made(void **state)
{
	struct outfile f;

	(void)state;
	assert_opened(&f, "out/put/report.xml");
	fputs("x", f.stream);
	assert_committed(&f);
	assert_file_holds("out/put/report.xml", "x");
}

static void the_mode_is_that_of_a_new_file(void **state)
{
	static const mode_t masks[] = {022, 027, 077, 002};
	mode_t before = umask(0);
	struct outfile f;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		umask(masks[i]);
		unlink("report");
		assert_opened(&f, "report");
		assert_committed(&f);
		assert_int_equal(stat("report", &st), 0);
		check_row((st.st_mode & 07777) == (0666 & ~masks[i]), "mask %o gives %o", masks[i],
			  st.st_mode & 07777);
		assert_int_equal(umask(masks[i]), masks[i]);
	}
	umask(before);
}

static void the_mode_of_an_old_file_stays(void **state)
{
	struct outfile f;
	struct stat st;

	(void)state;
	for (mode_t mode = 0600; mode <= 0666; mode += 022) {
		write_text("report", "old");
		assert_int_equal(chmod("report", mode), 0);
		assert_opened(&f, "report");
		fputs("new", f.stream);
		assert_committed(&f);
		assert_int_equal(stat("report", &st), 0);
		assert_int_equal(st.st_mode & 07777, mode);
		assert_file_holds("report", "new");
	}
}

static void a_link_to_what_is_not_there_yet_stays(void **state)
{
	struct outfile f;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("far", 0777), 0);
	assert_int_equal(symlink("far/on", "link"), 0);
	assert_int_equal(symlink("report", "far/on"), 0);
	assert_opened(&f, "link");
	fputs("x", f.stream);
	assert_committed(&f);
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("far/on", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_file_holds("far/report", "x");

	// Nor is the folder there that it leads to.
	assert_int_equal(symlink("new/folder/report", "deep"), 0);
	assert_opened(&f, "deep");
	fputs("y", f.stream);
	assert_committed(&f);
	assert_file_holds("new/folder/report", "y");
}

// In a folder like /tmp another user's link may lead to what only we may write to.
static void links_of_others_are_not_followed(void **state)
{
	static const char *const paths[] = {"tmp/link", "tmp/chain", "tmp/folder/a", "own"};
	struct outfile f;
	struct err err = {0};

	(void)state;
	if (geteuid() != 0)
		skip(); // nobody else can give a file to another user
	assert_int_equal(mkdir("tmp", 0), 0);
	assert_int_equal(mkdir("mine", 0755), 0);
	write_text("mine/a", "precious");
	assert_int_equal(symlink("../mine/a", "tmp/link"), 0);
	assert_int_equal(symlink("link", "tmp/chain"), 0);
	assert_int_equal(symlink("../mine", "tmp/folder"), 0);
	assert_int_equal(symlink("tmp/link", "own"), 0);
	assert_int_equal(lchown("tmp/link", 65534, 65534), 0);
	assert_int_equal(lchown("tmp/folder", 65534, 65534), 0);
	assert_int_equal(chmod("tmp", 01777), 0);
	for (size_t i = 0; i < COUNT(paths); i++) {
		check_row(outfile_open(&f, paths[i], &err) < 0, "%s", paths[i]);
		check_row(strstr(err.message, "another user"), "%s: %s", paths[i], err.message);
		assert_file_holds("mine/a", "precious");
	}
	// Where the folder is not for all, its owner answers for it.
	assert_int_equal(chmod("tmp", 0755), 0);
	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_opened(&f, paths[i]);
		assert_committed(&f);
		assert_file_holds("mine/a", "");
	}
}

// No more than a page fits, as on a full disk.
static int commit_with_little_room(struct outfile *f, struct err *err)
{
	struct rlimit before, little;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = (struct rlimit){4096, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (int i = 0; i < 20000; i++)
		fputs("a line of the report\n", f->stream);
	int status = outfile_commit(f, err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	return status;
}

static void an_old_file_stays_if_the_new_one_fails(void **state)
{
	struct outfile f;
	struct err err = {0};

	(void)state;
	write_text("report", "old");
	assert_opened(&f, "report");
	assert_int_equal(commit_with_little_room(&f, &err), -1);
	assert_non_null(strstr(err.message, "report"));
	assert_file_holds("report", "old");
	assert_int_equal(entries("."), 1);
	assert_null(f.stream);
	assert_null(f.path);
}

// A line that was lost in the middle is missed, though the disk has room again at the end.
static void an_early_error_is_not_forgotten(void **state)
{
	struct rlimit before, little;
	struct outfile f;
	struct err err = {0};

	(void)state;
	write_text("report", "old");
	assert_opened(&f, "report");
	setvbuf(f.stream, NULL, _IONBF, 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = (struct rlimit){1, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	fputs("1", f.stream);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	fputs("2", f.stream);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	fputs("3", f.stream);
	assert_int_equal(outfile_commit(&f, &err), -1);
	assert_true(err.message[0]);
	assert_file_holds("report", "old");
	assert_int_equal(entries("."), 1);
}

static void no_file_appears_if_it_fails(void **state)
{
	struct outfile f;
	struct err err = {0};

	(void)state;
	assert_opened(&f, "report");
	assert_int_equal(commit_with_little_room(&f, &err), -1);
	assert_int_equal(entries("."), 0);
}

static void a_folder_in_its_place_is_an_error(void **state)
{
	struct outfile f;
	struct err err = {0};

	(void)state;
	mkdir("report", 0755);
	if (outfile_open(&f, "report", &err) == 0)
		assert_int_equal(outfile_commit(&f, &err), -1);
	assert_non_null(strstr(err.message, "report"));
	assert_int_equal(entries("."), 1);
	assert_int_equal(entries("report"), 0);
}

static void a_file_in_place_of_its_folder_is_an_error(void **state)
{
	struct outfile f;
	struct err err = {0};

	(void)state;
	write_text("file", "kept");
	assert_int_equal(outfile_open(&f, "file/report", &err), -1);
	assert_non_null(strstr(err.message, "file"));
	assert_null(f.stream);
	assert_null(f.path);
	assert_file_holds("file", "kept");
}

static void a_device_is_written_in_place(void **state)
{
	struct outfile f;
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_opened(&f, "/dev/null");
	fputs("x", f.stream);
	assert_committed(&f);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_opened(&f, "/dev/full");
	fputs("x", f.stream);
	assert_int_equal(outfile_commit(&f, &err), -1);
	assert_int_equal(err.errnum, ENOSPC);
	assert_non_null(strstr(err.message, "/dev/full"));
}

static void a_pipe_is_written_in_place(void **state)
{
	struct outfile f;
	char got[8] = "";

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_opened(&f, "pipe");
	fputs("x", f.stream);
	assert_committed(&f);
	assert_int_equal(read(reader, got, sizeof got), 1);
	assert_string_equal(got, "x");
	close(reader);
	assert_int_equal(entries("."), 1);
}

static void a_dash_is_stdout_and_stays_open(void **state)
{
	struct outfile f;

	(void)state;
	assert_opened(&f, "-");
	assert_ptr_equal(f.stream, stdout);
	assert_committed(&f);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	assert_int_equal(ferror(stdout), 0);
	assert_int_equal(entries("."), 0);
	assert_opened(&f, "./-");
	fputs("x", f.stream);
	assert_committed(&f);
	assert_file_holds("./-", "x");
}

static void names_may_hold_any_bytes(void **state)
{
	static const char *const names[] = {"a b", "-x", "\xff\n'\"", "XXXXXX", "%s"};
	struct outfile f;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_opened(&f, names[i]);
		fputs("x", f.stream);
		assert_committed(&f);
		assert_file_holds(names[i], "x");
	}
	assert_int_equal(entries("."), COUNT(names));
}

static void workers_do_not_inherit_it(void **state)
{
	struct outfile f;

	(void)state;
	assert_opened(&f, "report");
	assert_true(fcntl(fileno(f.stream), F_GETFD) & FD_CLOEXEC);
	assert_committed(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_file_appears_whole),
		WITH_FOLDER(an_old_file_stays_until_the_new_one_is_whole),
		WITH_FOLDER(an_empty_file_is_a_file),
		WITH_FOLDER(missing_folders_are_made),
		WITH_FOLDER(the_mode_is_that_of_a_new_file),
		WITH_FOLDER(the_mode_of_an_old_file_stays),
		WITH_FOLDER(a_link_to_what_is_not_there_yet_stays),
		WITH_FOLDER(links_of_others_are_not_followed),
		WITH_FOLDER(an_old_file_stays_if_the_new_one_fails),
		WITH_FOLDER(an_early_error_is_not_forgotten),
		WITH_FOLDER(no_file_appears_if_it_fails),
		WITH_FOLDER(a_folder_in_its_place_is_an_error),
		WITH_FOLDER(a_file_in_place_of_its_folder_is_an_error),
		WITH_FOLDER(a_device_is_written_in_place),
		WITH_FOLDER(a_pipe_is_written_in_place),
		WITH_FOLDER(a_dash_is_stdout_and_stays_open),
		WITH_FOLDER(names_may_hold_any_bytes),
		WITH_FOLDER(workers_do_not_inherit_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
