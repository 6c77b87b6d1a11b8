// SPDX-License-Identifier: MIT
#include "launch/folders.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/file_clock.h"

// What was last changed now is settled then.
static void grow_old(void)
{
	const int64_t ns = FILE_CLOCK_FINE_NS + 50 * NS_PER_MS;
	const struct timespec t = {ns / NS_PER_SEC, ns % NS_PER_SEC};

	nanosleep(&t, NULL);
}

static void change(const char *name)
{
	char *path = xasprintf("%s/it", name);

	if (strcmp(name, "emptied") == 0)
		assert_int_equal(unlink(path), 0);
	else if (strcmp(name, "moved") == 0)
		assert_int_equal(rename("moved", "elsewhere") | mkdir("moved", 0777), 0);
	else if (strcmp(name, "link") == 0)
		assert_int_equal(unlink("link") | symlink("other", "link"), 0);
	else if (strcmp(name, "nowhere") == 0)
		assert_int_equal(mkdir("target", 0777), 0);
	else if (strcmp(name, "none") == 0)
		assert_int_equal(mkdir("none", 0777), 0);
	else if (strcmp(name, "none/below") == 0)
		assert_int_equal(mkdir("none/below", 0777), 0);
	else if (strcmp(name, "filled") == 0)
		write_text(path, "");
	free(path);
}

static void prepare(void)
{
	static const char *const names[] = {"still", "filled", "emptied", "moved", "one", "other"};

	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(mkdir(names[i], 0777), 0);
	assert_int_equal(symlink("one", "link") | symlink("target", "nowhere"), 0);
	write_text("emptied/it", "");
	write_text("still/it", "old");
}

static void a_folder_stands_until_a_name_in_it_changes(void **state)
{
	static const struct {
		const char *name;
		bool stands;
	} rows[] = {
		{"still", true}, {"filled", false},     {"emptied", false}, {"moved", false},
		{"link", false}, {"nowhere", false},    {"none", false},    {"none/below", false},
		{"never", true}, {"never/below", true},
	};
	struct folder_stamp then[COUNT(rows)];
	struct folders f = {0};

	(void)state;
	file_clock_compare(".");
	prepare();
	grow_old();
	for (int round = 0; round < 3; round++) {
		folders_begin(&f);
		for (size_t i = 0; i < COUNT(rows); i++) {
			char *path = xasprintf("%s/it", rows[i].name);
			struct folder_stamp now = folders_of(&f, path);
			bool stands = round == 1 || rows[i].stands;
			if (round > 0)
				check_row(folder_stands(&then[i], &now) == stands, "%s in round %d",
					  rows[i].name, round);
			then[i] = now;
			free(path);
		}
		write_text("still/it", "what a file holds is nothing to its folder");
		for (size_t i = 0; round == 1 && i < COUNT(rows); i++)
			change(rows[i].name);
	}
	folders_release(&f);
}

static void what_was_changed_just_now_may_be_once_more(void **state)
{
	struct folders f = {0};

	(void)state;
	assert_int_equal(mkdir("young", 0777), 0);
	folders_begin(&f);
	struct folder_stamp then = folders_of(&f, "young/it"), none = folders_of(&f, ".");
	assert_false(folder_stands(&then, &then));
	assert_false(folder_stands(&none, &none));
	folders_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_folder_stands_until_a_name_in_it_changes),
		WITH_FOLDER(what_was_changed_just_now_may_be_once_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
