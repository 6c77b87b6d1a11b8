// SPDX-License-Identifier: MIT
#include "launch/fingerprints.h"

#include <time.h>

#include "../unit.h"
#include "base/clock.h"
#include "model/inputs.h"
#include "model/result.h"

static struct job job = {.path = (char *)"t.lua"};

static void add(struct inputs **in, const char *name, struct fingerprint known)
{
	struct input i = {.kind = INPUT_PATH, .found = true, .name = xstrdup(name), .is = known};

	if (!*in)
		*in = xcalloc(1, sizeof **in);
	VEC_PUSH(&(*in)->list, i);
}

// A pass that depends on f, and started so long after now.
static struct result *pass(int64_t after_s)
{
	struct result *r = result_new(&job);

	r->status = FILE_PASSED;
	r->started_ns = clock_real_ns() + after_s * NS_PER_SEC;
	add(&r->inputs, "f", (struct fingerprint){0});
	return r;
}

static bool is_now(const struct input *in)
{
	const struct fingerprint now = input_fingerprint(in->kind, in->name, NULL);

	return fingerprint_equal(&in->is, &now);
}

static void each_result_has_what_is_there_at_its_end(void **state)
{
	static const char *const texts[] = {"one", "two", "one"};
	struct fingerprints f = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct result *r = pass(100);
		write_text("f", texts[i]);
		fingerprints_take(&f, r);
		check_row(is_now(&r->inputs->list.items[0]), "result %zu", i);
		assert_int_equal(r->inputs->list.n, 1);
		result_free(r);
	}
	assert_int_equal(unlink("f"), 0);
	struct result *r = pass(100);
	fingerprints_take(&f, r);
	assert_false(r->inputs->list.items[0].is.present);
	result_free(r);
	fingerprints_release(&f);
}

// The claim of an earlier time is believed while the stamp stands still.
static void what_is_known_is_not_read_again(void **state)
{
	struct fingerprints f = {0};
	struct result *r = result_new(&job);

	(void)state;
	write_text("f", "one");
	r->started_ns = clock_real_ns();
	struct fingerprint known = fingerprint_of_path("f", NULL);
	known.digest = digest_of("claimed", 7);
	r->status = FILE_PASSED;
	add(&r->inputs, "f", known);
	fingerprints_take(&f, r);
	assert_true(fingerprint_equal(&r->inputs->list.items[0].is, &known));
	result_free(r);
	fingerprints_release(&f);
}

static void a_young_input_is_a_doubt_and_has_no_stamp(void **state)
{
	const struct stamp none = {0};
	struct fingerprints f = {0};

	(void)state;
	write_text("f", "one");
	for (int64_t after_s = 100; after_s >= 0; after_s -= 100) {
		struct result *r = pass(after_s);
		fingerprints_take(&f, r);
		assert_int_equal(r->inputs->young, after_s == 0);
		assert_int_equal(r->inputs->list.n, after_s == 0 ? 2 : 1);
		assert_memory_equal(&r->inputs->list.items[0].is.stamp, &none, sizeof none);
		if (after_s == 0)
			assert_string_equal(doubt_cause(DOUBT_YOUNG, r->inputs->list.items[1].name),
					    "f");
		result_free(r);
	}
	fingerprints_release(&f);
}

static void of_a_failure_only_the_inputs_of_the_last_pass_are_looked_at(void **state)
{
	struct fingerprints f = {0};
	struct result *r = pass(0);

	(void)state;
	write_text("f", "one");
	r->status = FILE_FAILED;
	add(&r->last_inputs, "f", (struct fingerprint){0});
	fingerprints_take(&f, r);
	assert_false(r->inputs->list.items[0].is.present);
	assert_false(r->inputs->young);
	assert_true(is_now(&r->last_inputs->list.items[0]));
	result_free(r);
	fingerprints_release(&f);
}

// The folder is old: while it stands still, nobody looks for its names again.
static void names_that_come_and_go_are_seen_at_the_next_result(void **state)
{
	static const struct input inputs[] = {
		{.kind = INPUT_PATH, .name = (char *)"old/none"},
		{.kind = INPUT_STATUS, .name = (char *)"still/nowhere"},
		{.kind = INPUT_LINK, .name = (char *)"old/link"},
		{.kind = INPUT_TYPE, .name = (char *)"none/below"},
	};
	const struct timespec growing = {2, 100 * NS_PER_MS};
	struct fingerprints f = {0};

	(void)state;
	assert_int_equal(mkdir("old", 0777) | mkdir("still", 0777) | mkdir("other", 0777), 0);
	assert_int_equal(symlink("../other/it", "still/nowhere"), 0);
	assert_int_equal(symlink("one", "old/link"), 0);
	nanosleep(&growing, NULL);
	for (int round = 0; round < 4; round++) {
		struct result *r = pass(100);
		for (size_t i = 0; i < COUNT(inputs); i++) {
			struct input in = inputs[i];
			in.name = xstrdup(in.name);
			VEC_PUSH(&r->inputs->list, in);
		}
		if (round == 2) {
			write_text("old/none", "");
			write_text("other/it", "");
			assert_int_equal(unlink("old/link") | symlink("two", "old/link"), 0);
			assert_int_equal(mkdir("none", 0777) | mkdir("none/below", 0777), 0);
		}
		fingerprints_take(&f, r);
		for (size_t i = 1; i <= COUNT(inputs); i++)
			check_row(is_now(&r->inputs->list.items[i]), "%s in round %d",
				  inputs[i - 1].name, round);
		result_free(r);
	}
	fingerprints_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(each_result_has_what_is_there_at_its_end),
		WITH_FOLDER(what_is_known_is_not_read_again),
		WITH_FOLDER(a_young_input_is_a_doubt_and_has_no_stamp),
		WITH_FOLDER(of_a_failure_only_the_inputs_of_the_last_pass_are_looked_at),
		WITH_FOLDER(names_that_come_and_go_are_seen_at_the_next_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
