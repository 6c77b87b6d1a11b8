// SPDX-License-Identifier: MIT
// Which files a change touches, with real files.
#include "plan/touched.h"

#include "../unit.h"

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

// The result of a file depends on this path, which is there or not.
static struct inputs inputs_of(const char *path)
{
	struct inputs in = {0};
	struct input one = {.kind = INPUT_PATH, .name = xstrdup(path)};

	one.is = input_fingerprint(one.kind, path, NULL);
	one.found = one.is.present;
	VEC_PUSH(&in.list, one);
	return in;
}

static void note(struct touched *t, const char *file, const char *path, bool passed)
{
	struct inputs in = inputs_of(path);

	touched_note(t, file, &in, passed);
	inputs_release(&in);
}

static void test_a_change_touches_what_depends_on_it(void **state)
{
	struct touched t = {0};

	write_file("lib", "1");
	write_file("a", "");
	write_file("b", "");
	note(&t, "a", "lib", true);
	note(&t, "b", "absent", false);
	assert_false(touched_look(&t, NULL, true));
	write_file("lib", "22");
	assert_true(touched_look(&t, "lib", false));
	assert_true(touched_is(&t, "a"));
	assert_false(touched_is(&t, "b"));
	assert_false(touched_is(&t, "c"));
	// It is touched until it has been seen to, though the input is looked at again.
	assert_false(touched_look(&t, "lib", false));
	assert_true(touched_is(&t, "a"));
	touched_settle(&t);
	assert_false(touched_is(&t, "a"));
	write_file("absent", "");
	assert_true(touched_look(&t, "absent", false));
	assert_true(touched_is(&t, "b"));
	// Each depends on itself.
	write_file("a", "return");
	assert_true(touched_look(&t, "a", false));
	assert_true(touched_is(&t, "a"));
	touched_release(&t);
}

static void test_what_files_write_is_no_change_while_they_run(void **state)
{
	struct touched t = {0};
	struct inputs in = inputs_of("out");

	write_file("a", "");
	VEC_PUSH(&in.written, xstrdup("out"));
	touched_note(&t, "a", &in, true);
	inputs_release(&in);
	write_file("out", "1");
	t.runs = true;
	assert_false(touched_look(&t, "out", false));
	assert_false(touched_look(&t, NULL, true));
	t.runs = false;
	assert_true(touched_look(&t, "out", false));
	assert_true(touched_is(&t, "a"));
	touched_release(&t);
}

static void test_what_is_not_all_that_is_known_is_touched_by_any_change(void **state)
{
	struct touched t = {0};
	struct inputs in = inputs_of("lib");

	in.blind = true;
	touched_note(&t, "blind", &in, true);
	inputs_release(&in);
	note(&t, "other", "absent", true);
	note(&t, "third", "lib", true);
	write_file("absent", "1");
	assert_true(touched_look(&t, "absent", false));
	assert_true(touched_is(&t, "blind"));
	assert_true(touched_is(&t, "other"));
	assert_false(touched_is(&t, "third"));
	touched_settle(&t);
	touched_mark(&t, "third");
	assert_true(touched_is(&t, "third"));
	touched_forget(&t, "third");
	assert_false(touched_is(&t, "third"));
	touched_release(&t);
}

static void count(void *owner, const struct touched_input *in)
{
	++*(size_t *)owner;
}

static void test_inputs_are_told_once_and_swept(void **state)
{
	struct touched t = {0};
	size_t told = 0, again = 0;

	write_file("a", "");
	for (int i = 0; i < 6000; i++) {
		char *path = xasprintf("absent/%d", i);
		note(&t, "a", path, true);
		free(path);
	}
	touched_each_new(&t, count, &told);
	touched_each_new(&t, count, &told);
	assert_int_equal(told, 6001);
	assert_true(touched_sweep(&t));
	assert_false(touched_sweep(&t));
	touched_each_new(&t, count, &again);
	assert_int_equal(again, 2);
	assert_int_equal(touched_count(&t), 2);
	mkdir("absent", 0700);
	write_file("absent/5999", "");
	assert_true(touched_look(&t, "absent", true));
	assert_true(touched_is(&t, "a"));
	touched_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_a_change_touches_what_depends_on_it),
		WITH_FOLDER(test_what_files_write_is_no_change_while_they_run),
		WITH_FOLDER(test_what_is_not_all_that_is_known_is_touched_by_any_change),
		WITH_FOLDER(test_inputs_are_told_once_and_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
