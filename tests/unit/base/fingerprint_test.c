// SPDX-License-Identifier: MIT
#include "base/file_clock.h"
#include "base/fingerprint.h"

#include <fcntl.h>

#include "../unit.h"
#include "base/clock.h"

static bool same(struct fingerprint a, struct fingerprint b)
{
	return fingerprint_equal(&a, &b);
}

// Sets the times of a file back, so that only its content and its change time can tell.
static void set_times(const char *path, int64_t seconds)
{
	const struct timespec times[] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void a_path_is_its_content(void **state)
{
	(void)state;
	struct fingerprint absent = fingerprint_of_path("f", NULL);
	assert_false(absent.present);
	write_text("f", "one");
	struct fingerprint one = fingerprint_of_path("f", NULL);
	assert_false(same(absent, one));
	set_times("f", 1000);
	assert_true(same(one, fingerprint_of_path("f", &one)));
	assert_true(same(one, fingerprint_of_path("f", NULL)));
	write_text("f", "two");
	set_times("f", 1000);
	assert_false(same(one, fingerprint_of_path("f", &one)));
	write_text("g", "one");
	assert_int_equal(rename("g", "f"), 0);
	assert_true(same(one, fingerprint_of_path("f", &one)));
	assert_int_equal(unlink("f"), 0);
	assert_true(same(absent, fingerprint_of_path("f", &one)));
	assert_true(same(absent, fingerprint_of_path("f/below", NULL)));
}

static void a_digest_is_taken_anew_only_when_the_stamp_has_moved(void **state)
{
	(void)state;
	write_text("f", "one");
	struct fingerprint f = fingerprint_of_path("f", NULL);
	f.digest = digest_of("claimed", 7);
	assert_true(same(f, fingerprint_of_path("f", &f)));
	set_times("f", 1000);
	assert_false(same(f, fingerprint_of_path("f", &f)));
}

static void what_is_no_file_is_known_by_its_kind(void **state)
{
	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	struct fingerprint folder = fingerprint_of_path("d", NULL);
	write_text("d/entry", "");
	assert_true(same(folder, fingerprint_of_path("d", &folder)));
	assert_int_equal(mkfifo("p", 0600), 0);
	assert_false(same(folder, fingerprint_of_path("p", NULL)));
	write_text("f", "");
	assert_false(same(folder, fingerprint_of_path("f", NULL)));
}

static void a_listing_is_the_names_of_the_entries(void **state)
{
	(void)state;
	assert_false(fingerprint_of_listing("d", NULL).present);
	assert_int_equal(mkdir("d", 0700), 0);
	struct fingerprint empty = fingerprint_of_listing("d", NULL);
	write_text("d/b", "1");
	write_text("d/a", "1");
	struct fingerprint two = fingerprint_of_listing("d", &empty);
	assert_false(same(empty, two));
	write_text("d/a", "other content");
	assert_true(same(two, fingerprint_of_listing("d", &two)));
	write_text("d/c", "");
	assert_false(same(two, fingerprint_of_listing("d", &two)));
	assert_int_equal(unlink("d/c"), 0);
	assert_true(same(two, fingerprint_of_listing("d", NULL)));
}

static void a_variable_is_its_value(void **state)
{
	(void)state;
	unsetenv("FINGERPRINT_TEST");
	struct fingerprint unset = fingerprint_of_variable("FINGERPRINT_TEST");
	setenv("FINGERPRINT_TEST", "", 1);
	struct fingerprint empty = fingerprint_of_variable("FINGERPRINT_TEST");
	assert_false(same(unset, empty));
	setenv("FINGERPRINT_TEST", "x", 1);
	assert_false(same(empty, fingerprint_of_variable("FINGERPRINT_TEST")));
	unsetenv("FINGERPRINT_TEST");
	assert_true(same(unset, fingerprint_of_variable("FINGERPRINT_TEST")));
}

static void the_environment_is_what_matters_of_it(void **state)
{
	(void)state;
	struct fingerprint before = fingerprint_of_environment();
	setenv("PWD", "/elsewhere", 1);
	setenv("SHLVL", "7", 1);
	setenv("FIRMO_JOBS_SLOT", "7", 1);
	assert_true(same(before, fingerprint_of_environment()));
	setenv("FINGERPRINT_TEST", "", 1);
	assert_false(same(before, fingerprint_of_environment()));
	unsetenv("FINGERPRINT_TEST");
	assert_true(same(before, fingerprint_of_environment()));
}

static void when_it_was_changed_counts_and_no_time_that_was_set(void **state)
{
	(void)state;
	write_text("f", "x");
	set_times("f", 1000);
	struct fingerprint f = fingerprint_of_path("f", NULL);
	assert_int_equal(f.stamp.mtime_ns, 1000 * NS_PER_SEC);
	const int64_t old_ns = f.stamp.ctime_ns + FILE_CLOCK_COARSE_NS;
	assert_true(stamp_is_young(&f.stamp, old_ns - 1));
	assert_false(stamp_is_young(&f.stamp, old_ns));
	set_times("f", INT32_MAX);
	f = fingerprint_of_path("f", NULL);
	assert_false(stamp_is_young(&f.stamp, f.stamp.ctime_ns + FILE_CLOCK_COARSE_NS));
}

// Whether it is as it was before.
static bool is_same(struct fingerprint (*look)(const char *), struct fingerprint *was)
{
	struct fingerprint now = look("f");
	bool same = fingerprint_equal(was, &now);

	*was = now;
	return same;
}

static void each_kind_of_look_sees_its_own(void **state)
{
	struct fingerprint type, access, status, link, real, is_free, room;

	(void)state;
	write_text("f", "x");
	type = fingerprint_of_type("f");
	access = fingerprint_of_access("f");
	status = fingerprint_of_status("f");
	link = fingerprint_of_link("f");
	real = fingerprint_of_real("f");
	is_free = fingerprint_of_free("f");
	room = fingerprint_of_room("f");
	assert_true(room.present && !is_free.present);
	write_text("f", "xx");
	assert_false(is_same(fingerprint_of_status, &status));
	assert_true(is_same(fingerprint_of_access, &access));
	chmod("f", 0700);
	assert_false(is_same(fingerprint_of_access, &access));
	assert_true(is_same(fingerprint_of_type, &type));
	rename("f", "g");
	assert_int_equal(symlink("g", "f"), 0);
	assert_true(is_same(fingerprint_of_type, &type));
	assert_true(is_same(fingerprint_of_access, &access));
	assert_false(is_same(fingerprint_of_link, &link));
	assert_false(is_same(fingerprint_of_real, &real));
	unlink("g"); // a link to nowhere
	assert_true(is_same(fingerprint_of_link, &link));
	assert_false(is_same(fingerprint_of_type, &type));
	assert_true(is_same(fingerprint_of_free, &is_free));
	unlink("f");
	assert_false(is_same(fingerprint_of_free, &is_free));
	assert_true(is_same(fingerprint_of_room, &room));
	mkdir("f", 0755);
	assert_false(is_same(fingerprint_of_room, &room));
	assert_false(fingerprint_of_free("none/f").present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_path_is_its_content),
		WITH_FOLDER(a_digest_is_taken_anew_only_when_the_stamp_has_moved),
		WITH_FOLDER(what_is_no_file_is_known_by_its_kind),
		WITH_FOLDER(a_listing_is_the_names_of_the_entries),
		cmocka_unit_test(a_variable_is_its_value),
		cmocka_unit_test(the_environment_is_what_matters_of_it),
		WITH_FOLDER(when_it_was_changed_counts_and_no_time_that_was_set),
		WITH_FOLDER(each_kind_of_look_sees_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
