// SPDX-License-Identifier: MIT
// Whether passes are valid, with a real history and real files.
#include "plan/uptodate.h"

#include <sys/stat.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "launch/fingerprints.h"
#include "model/run.h"
#include "store/store.h"

#define DB "h/history.db"

static const struct job jobs[] = {{.path = (char *)"t.lua", .framework = FRAMEWORK_LUAUNIT},
				  {.path = (char *)"other.lua"}};

static struct digest key_of(const char *text)
{
	return digest_of(text, strlen(text));
}

static void add_input(struct inputs *in, enum input_kind kind, const char *name, bool found)
{
	struct input i = {.kind = kind, .name = xstrdup(name), .found = found};

	VEC_PUSH(&in->list, i);
}

// The inputs of every pass here: a module, one that was looked for in vain, a folder, a variable.
static struct inputs *usual_inputs(void)
{
	struct inputs *in = xcalloc(1, sizeof *in);

	add_input(in, INPUT_PATH, "lib/a.lua", true);
	add_input(in, INPUT_PATH, "lib/absent.lua", false);
	add_input(in, INPUT_LISTING, "data", true);
	add_input(in, INPUT_VARIABLE, "FRESH_TEST", getenv("FRESH_TEST") != NULL);
	return in;
}

static struct store *opened(void)
{
	char *notice;
	struct err err = {0};
	struct store *s = store_open(DB, STORE_WRITE, &notice, &err);

	check_row(s, "%s", err.message);
	return s;
}

// Looks at what a result depends on, as it is done at the end of its worker, and records it.
static void look_and_record(struct store *s, struct run *run, struct result *r)
{
	struct fingerprints looks = {0};
	struct err err = {0};

	snapshot_recall(s, r);
	fingerprints_take(&looks, r);
	fingerprints_release(&looks);
	check_row(store_record(s, run, &r, 1, &err) == STORE_OK, "%s", err.message);
}

// Records a result of t.lua that started late enough for no file to be young, or at that time.
static void record_at(struct store *s, enum file_status status, struct inputs *in,
		      int64_t started_ns)
{
	struct run run = {.name = (char *)"run", .started_ns = started_ns, .lower_bound_ns = -1};
	struct result *r = result_new(&jobs[0]);

	r->status = status;
	r->started_ns = started_ns;
	r->inputs = in;
	r->key = key_of("usual");
	look_and_record(s, &run, r);
	result_free(r);
}

static void record(struct store *s, enum file_status status)
{
	record_at(s, status, usual_inputs(), clock_real_ns() + 100 * NS_PER_SEC);
}

static void begin(void)
{
	assert_int_equal(mkdir("lib", 0700), 0);
	assert_int_equal(mkdir("data", 0700), 0);
	write_text("lib/a.lua", "return 1");
	write_text("data/one", "");
	unsetenv("FRESH_TEST");
}

static enum uptodate_verdict asked(struct store *s, const char *key, unsigned trusted,
				   struct uptodate_finding *answer)
{
	struct digest d = key_of(key);
	enum uptodate_verdict verdicts[2];

	// Among others, and alone.
	for (size_t n = 2; n > 0; n--) {
		struct uptodate f;
		struct err err = {0};
		const struct jobs asked = {.items = (struct job *)jobs, .n = n};
		check_row(uptodate_open(&f, s, &asked, trusted, &err) == 0, "%s", err.message);
		*answer = uptodate_ask(&f, &jobs[0], &d, 60 * NS_PER_SEC);
		uptodate_renew(&f, s);
		uptodate_release(&f);
		verdicts[n - 1] = answer->verdict;
	}
	assert_int_equal(verdicts[0], verdicts[1]);
	return verdicts[0];
}

static enum uptodate_verdict verdict(struct store *s)
{
	struct uptodate_finding a;

	return asked(s, "usual", 0, &a);
}

static void a_pass_stands_while_nothing_changes(void **state)
{
	(void)state;
	begin();
	struct store *s = opened();
	assert_int_equal(verdict(s), STALE_NEW);
	record(s, FILE_PASSED);
	assert_int_equal(verdict(s), UPTODATE);
	store_close(s);
	// By another process as well, which knows of it from the store alone.
	s = opened();
	assert_int_equal(verdict(s), UPTODATE);
	record(s, FILE_PASSED);
	assert_int_equal(verdict(s), UPTODATE);
	store_close(s);
}

static void what_stands_still_is_not_written_again(void **state)
{
	struct inputs *in = xcalloc(1, sizeof *in);
	const struct digest d = key_of("usual");
	const struct jobs asking = {.items = (struct job *)jobs, .n = 1};
	struct uptodate f;
	struct err err;

	(void)state;
	add_input(in, INPUT_PATH, "/bin/sh", true);
	struct store *s = opened();
	record_at(s, FILE_PASSED, in, clock_real_ns() + 100 * NS_PER_SEC);
	assert_int_equal(uptodate_open(&f, s, &asking, 0, &err), 0);
	assert_int_equal(uptodate_ask(&f, &jobs[0], &d, 60 * NS_PER_SEC).verdict, UPTODATE);
	assert_int_equal(f.moved, 0);
	uptodate_release(&f);
	store_close(s);
}

static void every_kind_of_change_is_seen(void **state)
{
	(void)state;
	begin();
	struct store *s = opened();
	record(s, FILE_PASSED);
	write_text("lib/a.lua", "return 2");
	assert_int_equal(verdict(s), STALE_CHANGED);
	write_text("lib/a.lua", "return 1");
	assert_int_equal(verdict(s), UPTODATE);
	write_text("lib/absent.lua", "");
	assert_int_equal(verdict(s), STALE_CHANGED);
	assert_int_equal(unlink("lib/absent.lua"), 0);
	assert_int_equal(verdict(s), UPTODATE);
	write_text("data/two", "");
	assert_int_equal(verdict(s), STALE_CHANGED);
	assert_int_equal(unlink("data/two"), 0);
	assert_int_equal(verdict(s), UPTODATE);
	setenv("FRESH_TEST", "1", 1);
	assert_int_equal(verdict(s), STALE_CHANGED);
	unsetenv("FRESH_TEST");
	assert_int_equal(verdict(s), UPTODATE);
	assert_int_equal(unlink("lib/a.lua"), 0);
	assert_int_equal(verdict(s), STALE_CHANGED);
	store_close(s);
}

static void the_way_it_is_run_counts(void **state)
{
	struct uptodate_finding a;

	(void)state;
	begin();
	struct store *s = opened();
	record(s, FILE_PASSED);
	assert_int_equal(asked(s, "other", 0, &a), STALE_OTHER_KEY);
	store_close(s);
}

static void only_passes_that_were_watched_stand(void **state)
{
	(void)state;
	begin();
	struct store *s = opened();
	record(s, FILE_PASSED);
	record(s, FILE_FAILED);
	assert_int_equal(verdict(s), STALE_NEW);
	record(s, FILE_PASSED);
	assert_int_equal(verdict(s), UPTODATE);
	// A pass that was not watched and a run that was cut short tell nothing new.
	record_at(s, FILE_PASSED, NULL, clock_real_ns());
	assert_int_equal(verdict(s), UPTODATE);
	record(s, FILE_NOTRUN);
	assert_int_equal(verdict(s), UPTODATE);
	store_close(s);
}

static void doubts_are_kept_unless_they_are_trusted(void **state)
{
	struct uptodate_finding a;

	(void)state;
	begin();
	struct store *s = opened();
	struct inputs *in = usual_inputs();
	in->network = true;
	record_at(s, FILE_PASSED, in, clock_real_ns() + 100 * NS_PER_SEC);
	assert_int_equal(asked(s, "usual", 0, &a), STALE_DOUBTED);
	assert_int_equal(a.doubts, DOUBT_NETWORK);
	assert_int_equal(asked(s, "usual", DOUBT_NETWORK, &a), UPTODATE);
	in = usual_inputs();
	in->clock = in->blind = in->overflow = true;
	record_at(s, FILE_PASSED, in, clock_real_ns() + 100 * NS_PER_SEC);
	assert_int_equal(asked(s, "usual", DOUBT_NETWORK, &a), STALE_DOUBTED);
	assert_int_equal(a.doubts, DOUBT_CLOCK | DOUBT_BLIND | DOUBT_OVERFLOW);
	store_close(s);
}

// A file that was written a moment before the test began may have been written once more since it
// was read, with the same times.
static void a_young_input_is_doubted(void **state)
{
	struct uptodate_finding a;

	(void)state;
	begin();
	struct store *s = opened();
	record_at(s, FILE_PASSED, usual_inputs(), clock_real_ns());
	assert_int_equal(asked(s, "usual", 0, &a), STALE_DOUBTED);
	assert_int_equal(a.doubts, DOUBT_YOUNG);
	store_close(s);
}

// What the worker saw and what is there afterwards must be the same thing.
static void what_came_or_went_meanwhile_is_doubted(void **state)
{
	(void)state;
	begin();
	struct store *s = opened();
	for (int gone = 0; gone < 2; gone++) {
		struct uptodate_finding a;
		struct inputs *in = usual_inputs();
		add_input(in, INPUT_PATH, gone ? "lib/gone.lua" : "data/one", gone);
		record_at(s, FILE_PASSED, in, clock_real_ns() + 100 * NS_PER_SEC);
		assert_int_equal(asked(s, "usual", 0, &a), STALE_DOUBTED);
		assert_int_equal(a.doubts, DOUBT_YOUNG);
	}
	store_close(s);
}

static void a_long_list_of_inputs_is_kept_whole(void **state)
{
	struct uptodate_finding a;
	struct inputs *in = xcalloc(1, sizeof *in);

	(void)state;
	begin();
	struct store *s = opened();
	for (int i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof name, "lib/%d.lua", i);
		add_input(in, INPUT_PATH, name, false);
	}
	record_at(s, FILE_PASSED, in, clock_real_ns());
	assert_int_equal(asked(s, "usual", 0, &a), UPTODATE);
	write_text("lib/999.lua", "");
	assert_int_equal(verdict(s), STALE_CHANGED);
	assert_int_equal(unlink("lib/999.lua"), 0);
	write_text("lib/0.lua", "");
	assert_int_equal(verdict(s), STALE_CHANGED);
	store_close(s);
}

// What the present snapshots do not name is forgotten in time, and they stay whole.
static void input_states_that_nobody_needs_are_forgotten(void **state)
{
	struct input_states input_states = {0};
	struct err err = {0};

	(void)state;
	begin();
	struct store *s = opened();
	for (int i = 1; i <= 256; i++) {
		struct run run = {.name = (char *)"run", .lower_bound_ns = -1};
		struct result *r = result_new(&jobs[0]);
		char name[32];
		snprintf(name, sizeof name, "lib/%d.lua", i);
		r->status = FILE_PASSED;
		r->inputs = usual_inputs();
		r->key = key_of("usual");
		r->started_ns = clock_real_ns() + 100 * NS_PER_SEC;
		add_input(r->inputs, INPUT_PATH, name, false);
		look_and_record(s, &run, r);
		assert_int_equal(record_finish_run(s, &run, &err), STORE_OK);
		result_free(r);
	}
	assert_int_equal(input_states_load(s, &input_states, &err), 0);
	assert_int_equal(input_states.n, 5);
	input_states_release(&input_states);
	assert_int_equal(verdict(s), UPTODATE);
	record(s, FILE_PASSED);
	assert_int_equal(verdict(s), UPTODATE);
	store_close(s);
}

static void count_change(const struct input_state *was, const struct fingerprint *now, void *arg)
{
	(void)was;
	(void)now;
	++*(int *)arg;
}

static void every_change_can_be_listed(void **state)
{
	struct uptodate f;
	struct err err = {0};
	struct digest key = key_of("usual");
	int n = 0;

	(void)state;
	begin();
	struct store *s = opened();
	record(s, FILE_PASSED);
	write_text("lib/a.lua", "return 2");
	write_text("lib/absent.lua", "");
	const struct jobs asked = {.items = (struct job *)jobs, .n = 1};
	assert_int_equal(uptodate_open(&f, s, &asked, 0, &err), 0);
	struct uptodate_finding a = uptodate_ask(&f, &jobs[0], &key, 0);
	uptodate_changes(&f, a.snapshot, count_change, &n);
	assert_int_equal(n, 2);
	uptodate_release(&f);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_pass_stands_while_nothing_changes),
		WITH_FOLDER(what_stands_still_is_not_written_again),
		WITH_FOLDER(every_kind_of_change_is_seen),
		WITH_FOLDER(the_way_it_is_run_counts),
		WITH_FOLDER(only_passes_that_were_watched_stand),
		WITH_FOLDER(doubts_are_kept_unless_they_are_trusted),
		WITH_FOLDER(a_young_input_is_doubted),
		WITH_FOLDER(what_came_or_went_meanwhile_is_doubted),
		WITH_FOLDER(a_long_list_of_inputs_is_kept_whole),
		WITH_FOLDER(every_change_can_be_listed),
		WITH_FOLDER(input_states_that_nobody_needs_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
