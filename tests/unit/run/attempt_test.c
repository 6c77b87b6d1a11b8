// SPDX-License-Identifier: MIT
// Every transition of an attempt, under a launcher that has no process.
#include "run/attempt.h"

#include <errno.h>
#include <signal.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/result.h"
#include "run/observation.h"
#include "run/supervisor.h"

// A launcher that writes down what it is asked for, in letters.
struct fake {
	struct launcher launcher; // first
	struct buf asked;
	struct process process;
	bool quiet, leaks, speaks, refuses, watches, loads;
	char shim[128];
	bool own_stderr;
	const struct job_settings *settings; // of the last start
	const char *file;                    // likewise
};

static struct fake *fake_of(const struct process *p)
{
	return (struct fake *)p->launcher;
}

static bool fake_watches(struct launcher *l, const char *program)
{
	(void)program;
	return ((struct fake *)l)->watches;
}

static int fake_start(struct launcher *l, const struct launch *what,
		      const struct process_hooks *hooks, void *owner, struct process **p,
		      bool *transient, struct err *err)
{
	struct fake *f = (struct fake *)l;

	*transient = true;
	if (f->refuses)
		return err_set(err, EAGAIN, "start");
	f->process = (struct process){.launcher = l,
				      .hooks = hooks,
				      .owner = owner,
				      .began_ns = clock_mono_ns(),
				      .started_ns = 42};
	f->own_stderr = what->own_stderr;
	f->settings = what->settings;
	f->file = what->file;
	snprintf(f->shim, sizeof f->shim, "%s", what->shim ? what->shim : "");
	*p = &f->process;
	return 0;
}

static void fake_signal(struct process *p, int signo)
{
	buf_addf(&fake_of(p)->asked, "%s ",
		 signo == SIGINT    ? "int"
		 : signo == SIGTERM ? "term"
		 : signo == SIGCONT ? "cont"
				    : "other");
}

static void fake_kill(struct process *p)
{
	buf_addf(&fake_of(p)->asked, "kill ");
}

static void fake_drain(struct process *p)
{
	buf_addf(&fake_of(p)->asked, "drain ");
}

static bool fake_is_quiet(struct process *p)
{
	return fake_of(p)->quiet;
}

static bool fake_speaks(const struct process *p)
{
	return fake_of(p)->speaks;
}

static bool fake_leaks(struct process *p)
{
	return fake_of(p)->leaks;
}

static int64_t fake_memory(const struct process *p)
{
	(void)p;
	return 0;
}

// What it loads are no files of this machine.
static struct inputs *fake_inputs(struct process *p, const struct strings *whole)
{
	struct inputs *in = xcalloc(1, sizeof *in);

	(void)whole;
	if (!fake_of(p)->loads)
		return in;
	inputs_insert(in, INPUT_PATH, "elsewhere/luaunit.lua");
	inputs_insert(in, INPUT_CHUNK, "elsewhere/helper.lua");
	for (size_t i = 0; i < in->list.n; i++)
		in->list.items[i].found = true;
	return in;
}

static struct hits *fake_hits(struct process *p)
{
	(void)p;
	return NULL;
}

static enum framework fake_library(struct launcher *l, const char *path)
{
	(void)l;
	return strcmp(path, "elsewhere/luaunit.lua") == 0 ? FRAMEWORK_LUAUNIT : FRAMEWORK_PLAIN;
}

static bool fake_names_busted(struct launcher *l, const char *path, int64_t since_ns)
{
	(void)l;
	return strcmp(path, "elsewhere/helper.lua") == 0 && since_ns < 1000;
}

static void fake_look(struct launcher *l, struct result *r)
{
	(void)l;
	(void)r;
}

static void fake_release(struct process *p)
{
	if (p)
		buf_addf(&fake_of(p)->asked, "release ");
}

static const struct launcher_operations operations = {
	.watches = fake_watches,
	.start = fake_start,
	.signal = fake_signal,
	.kill = fake_kill,
	.drain = fake_drain,
	.is_quiet = fake_is_quiet,
	.leaks = fake_leaks,
	.speaks = fake_speaks,
	.memory = fake_memory,
	.inputs = fake_inputs,
	.hits = fake_hits,
	.look = fake_look,
	.library = fake_library,
	.names_busted = fake_names_busted,
	.release = fake_release,
};

struct scene {
	struct fake fake;
	struct loop loop;
	struct commands commands;
	struct job_settings settings;
	struct run_means means;
	struct attempt_terms terms;
	struct job job;
	struct attempt *attempt;
	int finished, slow;
};

static void on_finished(void *owner, struct attempt *a)
{
	struct scene *s = owner;

	assert_ptr_equal(a, s->attempt);
	s->finished++;
}

static void on_slow(void *owner, const struct result *r)
{
	struct scene *s = owner;

	assert_true(r->slow);
	s->slow++;
}

static void open_scene(struct scene *s, enum framework framework)
{
	*s = (struct scene){
		.fake = {.launcher = {.operations = &operations}, .watches = true},
		.commands = {.lua = (char *)"/bin/lua", .lua_name = (char *)"lua"},
		.settings = {.grace_ns = NS_PER_SEC, .commands = &s->commands, .way = ""},
		.means = {.loop = &s->loop},
		.terms = {.launcher = &s->fake.launcher,
			  .means = &s->means,
			  .finished = on_finished,
			  .slow = on_slow,
			  .owner = s},
		.job = {.path = (char *)"a_test.lua",
			.framework = framework,
			.p99_ns = -1,
			.settings = &s->settings},
	};
}

static void start(struct scene *s)
{
	struct err err;
	bool transient;

	s->attempt = attempt_new(&s->terms, &s->job, 1);
	assert_int_equal(attempt_start(s->attempt, &transient, &err), 0);
	buf_clear(&s->fake.asked);
}

static void close_scene(struct scene *s)
{
	attempt_release(s->attempt);
	attempt_release(s->attempt); // once is enough
	assert_null(strstr(strstr(s->fake.asked.data, "release") + 1, "release"));
	result_free(s->attempt->result);
	free(s->attempt);
	buf_release(&s->fake.asked);
	loop_release(&s->loop);
}

static const char *asked(struct scene *s)
{
	buf_addf(&s->fake.asked, "%s", "");
	return s->fake.asked.data;
}

// Has its process exit with a wait status.
static void exits(struct scene *s, int status)
{
	const struct process_exit e = {.status = status};

	s->fake.process.hooks->exited(s->fake.process.owner, &e);
}

static void lead_to(struct scene *s, enum attempt_state state)
{
	static const enum attempt_event timer = ATTEMPT_TIMER;

	for (int i = 0; i < 3 && s->attempt->state < state && state < ATTEMPT_LINGERING; i++)
		attempt_handle(s->attempt, timer);
	if (state >= ATTEMPT_LINGERING)
		exits(s, 0);
	if (state == ATTEMPT_FINISHED)
		attempt_handle(s->attempt, ATTEMPT_TIMER);
	assert_int_equal(s->attempt->state, state);
	buf_clear(&s->fake.asked);
	s->finished = 0;
}

static void each_event_does_its_part_in_each_state(void **state)
{
	static const struct {
		enum attempt_state from;
		enum attempt_event event;
		enum attempt_state to;
		const char *asked;
	} rows[] = {
		{ATTEMPT_RUNNING, ATTEMPT_TIMER, ATTEMPT_INTERRUPTED, "int cont "},
		{ATTEMPT_RUNNING, ATTEMPT_EXITED, ATTEMPT_LINGERING, "drain "},
		{ATTEMPT_RUNNING, ATTEMPT_QUIET, ATTEMPT_RUNNING, ""},
		{ATTEMPT_RUNNING, ATTEMPT_STOP, ATTEMPT_TERMINATED, "term cont "},
		{ATTEMPT_RUNNING, ATTEMPT_STOP_NOW, ATTEMPT_KILLED, "kill "},
		{ATTEMPT_INTERRUPTED, ATTEMPT_TIMER, ATTEMPT_TERMINATED, "term cont "},
		{ATTEMPT_INTERRUPTED, ATTEMPT_EXITED, ATTEMPT_LINGERING, "drain kill "},
		{ATTEMPT_INTERRUPTED, ATTEMPT_QUIET, ATTEMPT_INTERRUPTED, ""},
		{ATTEMPT_INTERRUPTED, ATTEMPT_STOP, ATTEMPT_TERMINATED, "term cont "},
		{ATTEMPT_INTERRUPTED, ATTEMPT_STOP_NOW, ATTEMPT_KILLED, "kill "},
		{ATTEMPT_TERMINATED, ATTEMPT_TIMER, ATTEMPT_KILLED, "kill "},
		{ATTEMPT_TERMINATED, ATTEMPT_EXITED, ATTEMPT_LINGERING, "drain kill "},
		{ATTEMPT_TERMINATED, ATTEMPT_QUIET, ATTEMPT_TERMINATED, ""},
		{ATTEMPT_TERMINATED, ATTEMPT_STOP, ATTEMPT_TERMINATED, ""},
		{ATTEMPT_TERMINATED, ATTEMPT_STOP_NOW, ATTEMPT_KILLED, "kill "},
		{ATTEMPT_KILLED, ATTEMPT_TIMER, ATTEMPT_FINISHED, ""},
		{ATTEMPT_KILLED, ATTEMPT_EXITED, ATTEMPT_LINGERING, "drain kill "},
		{ATTEMPT_KILLED, ATTEMPT_QUIET, ATTEMPT_KILLED, ""},
		{ATTEMPT_KILLED, ATTEMPT_STOP, ATTEMPT_KILLED, ""},
		{ATTEMPT_KILLED, ATTEMPT_STOP_NOW, ATTEMPT_KILLED, ""},
		{ATTEMPT_LINGERING, ATTEMPT_TIMER, ATTEMPT_FINISHED, "kill "},
		{ATTEMPT_LINGERING, ATTEMPT_EXITED, ATTEMPT_LINGERING, ""},
		{ATTEMPT_LINGERING, ATTEMPT_QUIET, ATTEMPT_FINISHED, ""},
		{ATTEMPT_LINGERING, ATTEMPT_STOP, ATTEMPT_LINGERING, ""},
		{ATTEMPT_LINGERING, ATTEMPT_STOP_NOW, ATTEMPT_FINISHED, "kill "},
		{ATTEMPT_FINISHED, ATTEMPT_TIMER, ATTEMPT_FINISHED, ""},
		{ATTEMPT_FINISHED, ATTEMPT_EXITED, ATTEMPT_FINISHED, ""},
		{ATTEMPT_FINISHED, ATTEMPT_QUIET, ATTEMPT_FINISHED, ""},
		{ATTEMPT_FINISHED, ATTEMPT_STOP, ATTEMPT_FINISHED, ""},
		{ATTEMPT_FINISHED, ATTEMPT_STOP_NOW, ATTEMPT_FINISHED, ""},
	};

	(void)state;
	assert_int_equal(COUNT(rows), ATTEMPT_STATES * ATTEMPT_EVENTS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s;
		open_scene(&s, FRAMEWORK_PLAIN);
		start(&s);
		lead_to(&s, rows[i].from);
		attempt_handle(s.attempt, rows[i].event);
		check_row(s.attempt->state == rows[i].to, "row %zu ends in state %d", i,
			  (int)s.attempt->state);
		check_row(same_string(asked(&s), rows[i].asked), "row %zu asks for: %s", i,
			  asked(&s));
		check_row(s.finished == (rows[i].to == ATTEMPT_FINISHED &&
					 rows[i].from != ATTEMPT_FINISHED),
			  "row %zu is finished %d times", i, s.finished);
		close_scene(&s);
	}
}

static void what_ends_quietly_is_finished_at_once(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	s.fake.quiet = true;
	s.fake.process.hooks->waned(s.fake.process.owner); // while it runs that says nothing
	assert_int_equal(s.attempt->state, ATTEMPT_RUNNING);
	exits(&s, 3 << 8);
	assert_int_equal(s.attempt->state, ATTEMPT_FINISHED);
	assert_int_equal(s.attempt->result->exit_code, 3);
	assert_int_equal(s.attempt->result->signal, 0);
	assert_false(s.attempt->result->leaked);
	assert_int_equal(s.finished, 1);
	close_scene(&s);
}

static void what_is_left_is_waited_for_and_then_told(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	exits(&s, SIGSEGV);
	assert_int_equal(s.attempt->state, ATTEMPT_LINGERING);
	assert_int_equal(s.attempt->result->signal, SIGSEGV);
	assert_true(s.attempt->timer.at_ns != LOOP_NEVER);
	s.fake.process.hooks->waned(s.fake.process.owner);
	assert_int_equal(s.attempt->state, ATTEMPT_LINGERING);
	s.fake.leaks = s.fake.speaks = true;
	attempt_handle(s.attempt, ATTEMPT_TIMER);
	assert_int_equal(s.attempt->state, ATTEMPT_FINISHED);
	assert_true(s.attempt->result->leaked);
	assert_true(s.attempt->unended);
	close_scene(&s);
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	exits(&s, 0);
	s.fake.quiet = true;
	s.fake.process.hooks->waned(s.fake.process.owner);
	assert_int_equal(s.attempt->state, ATTEMPT_FINISHED);
	assert_false(s.attempt->result->leaked);
	close_scene(&s);
}

static void the_deadline_is_no_stop_and_a_stop_no_deadline(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	attempt_handle(s.attempt, ATTEMPT_TIMER);
	attempt_handle(s.attempt, ATTEMPT_STOP);
	assert_true(s.attempt->timed_out);
	assert_false(s.attempt->cut_short);
	close_scene(&s);
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	attempt_handle(s.attempt, ATTEMPT_STOP);
	attempt_handle(s.attempt, ATTEMPT_TIMER);
	assert_false(s.attempt->timed_out);
	assert_true(s.attempt->cut_short);
	close_scene(&s);
}

static void clocks_stand_still_while_the_run_is_suspended(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, FRAMEWORK_PLAIN);
	s.settings.deadline = (struct deadline){.ns = 10 * NS_PER_SEC};
	s.job.p99_ns = NS_PER_SEC;
	start(&s);
	int64_t began = s.attempt->began_ns, deadline = s.attempt->timer.at_ns,
		slow = s.attempt->slow.at_ns;
	assert_true(deadline == began + 10 * NS_PER_SEC);
	assert_true(slow > began && slow != LOOP_NEVER);
	attempt_shift_clocks(s.attempt, 7);
	assert_true(s.attempt->began_ns == began + 7);
	assert_true(s.attempt->timer.at_ns == deadline + 7);
	assert_true(s.attempt->slow.at_ns == slow + 7);
	s.attempt->slow.fire(&s.attempt->slow);
	assert_int_equal(s.slow, 1);
	exits(&s, 0);
	assert_true(s.attempt->slow.at_ns == LOOP_NEVER);
	close_scene(&s);
}

static void writes(struct scene *s, enum stream stream, const char *text)
{
	s->fake.process.hooks->wrote(s->fake.process.owner, stream, text, strlen(text));
}

// TAP is read from stdout alone, and lines of both streams are kept whole.
static void streams_are_told_apart(void **state)
{
	struct scene s;
	struct buf text = {0};

	(void)state;
	open_scene(&s, FRAMEWORK_TAP);
	start(&s);
	assert_true(s.fake.own_stderr);
	assert_string_equal(s.fake.shim, "");
	writes(&s, STREAM_OUT, "1..1\nok");
	writes(&s, STREAM_ERR, "not ok 1\n");
	writes(&s, STREAM_OUT, " 1\n");
	attempt_finish_output(s.attempt);
	assert_int_equal(s.attempt->tap.seen, 1);
	capture_text(&s.attempt->capture, &text);
	assert_string_equal(text.data, "1..1\nnot ok 1\nok 1\n");
	buf_release(&text);
	close_scene(&s);
}

static void the_shim_is_there_where_nothing_else_tells(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, FRAMEWORK_LUST);
	start(&s);
	assert_non_null(strstr(s.fake.shim, ",lust"));
	close_scene(&s);
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	assert_string_equal(s.fake.shim, "");
	close_scene(&s);
	open_scene(&s, FRAMEWORK_PLAIN);
	s.fake.watches = false;
	start(&s);
	assert_non_null(strstr(s.fake.shim, ",plain"));
	close_scene(&s);
	open_scene(&s, FRAMEWORK_PLAIN);
	s.fake.watches = false;
	s.job.source = READING_GIVEN;
	start(&s);
	assert_string_equal(s.fake.shim, "");
	close_scene(&s);
}

static void what_cannot_start_leaves_only_its_result(void **state)
{
	struct scene s;
	struct err err = {0};
	bool transient;

	(void)state;
	open_scene(&s, FRAMEWORK_PLAIN);
	s.fake.refuses = true;
	s.attempt = attempt_new(&s.terms, &s.job, 2);
	assert_int_equal(attempt_start(s.attempt, &transient, &err), -1);
	assert_true(transient);
	assert_int_equal(err.errnum, EAGAIN);
	assert_int_equal(s.attempt->result->attempt, 2);
	result_free(s.attempt->result);
	free(s.attempt);
	buf_release(&s.fake.asked);
	loop_release(&s.loop);
}

static void the_launcher_is_told_the_file_and_how_it_ran_is_a_remark(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, FRAMEWORK_PLAIN);
	start(&s);
	struct inputs *in = attempt_inputs(s.attempt);
	assert_string_equal(s.fake.file, "a_test.lua");
	assert_int_equal(in->list.n, 1);
	assert_int_equal(in->list.items[0].kind, INPUT_WAY);
	assert_non_null(strstr(in->list.items[0].name, "program=/bin/lua\n"));
	inputs_release(in);
	free(in);
	close_scene(&s);
}

static void two_files_of_a_run_have_each_their_own_settings(void **state)
{
	static const char *const environment[] = {"TZ=UTC", NULL};
	static const struct commands other = {.lua = (char *)"/bin/other",
					      .lua_name = (char *)"other"};
	static const struct job_settings own = {
		.deadline = {.ns = 3 * NS_PER_SEC},
		.grace_ns = 5 * NS_PER_SEC,
		.limits = {.set = {[LIMIT_CPU] = true}, .value = {[LIMIT_CPU] = 7}},
		.selection = {.filter = "add"},
		.environment = environment,
		.commands = &other,
		.way = "variable TZ=UTC\n"};
	struct scene s;
	struct digest keys[2];

	(void)state;
	open_scene(&s, FRAMEWORK_LUST);
	s.settings.deadline.ns = 10 * NS_PER_SEC;
	const struct job_settings *const settings[] = {&s.settings, &own};
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct job_settings *set = s.job.settings = settings[i];
		start(&s);
		struct attempt *a = s.attempt;
		assert_ptr_equal(s.fake.settings, set);
		assert_true(a->result->deadline_ns == set->deadline.ns);
		assert_true(a->timer.at_ns == a->began_ns + set->deadline.ns);
		assert_int_equal(a->result->partial, set == &own);
		assert_ptr_equal(a->command.program, set->commands->lua);
		int64_t before = clock_mono_ns();
		attempt_handle(a, ATTEMPT_TIMER);
		assert_true(a->timer.at_ns >= before + set->grace_ns &&
			    a->timer.at_ns <= clock_mono_ns() + set->grace_ns);
		keys[i] = a->result->key;
		if (i == 0) {
			attempt_release(a);
			result_free(a->result);
			free(a);
		}
	}
	assert_false(digest_equal(&keys[0], &keys[1]));
	close_scene(&s);
}

// What its files are only the machine knows that it ran on.
static void what_it_has_loaded_the_launcher_tells(void **state)
{
	static const struct {
		int known; // enum framework of its last run, or -1
		int64_t last_ns;
		const char *names_busted;
	} rows[] = {
		{-1, 2000, "elsewhere/helper.lua"},
		{FRAMEWORK_PLAIN, 500, "elsewhere/helper.lua"},
		{FRAMEWORK_PLAIN, 2000, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct observation o;
		struct scene s;
		open_scene(&s, FRAMEWORK_PLAIN);
		s.job.known = rows[i].known;
		s.job.last_real_ns = rows[i].last_ns;
		s.fake.loads = true;
		start(&s);
		lead_to(&s, ATTEMPT_FINISHED);
		observation_decide(s.attempt, &o);
		check_row(o.loaded == FRAMEWORK_LUAUNIT &&
				  same_string(o.loaded_from, "elsewhere/luaunit.lua"),
			  "row %zu has loaded framework %d", i, (int)o.loaded);
		check_row(same_string(o.names_busted, rows[i].names_busted), "row %zu: %s", i,
			  o.names_busted);
		close_scene(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_does_its_part_in_each_state),
		cmocka_unit_test(what_ends_quietly_is_finished_at_once),
		cmocka_unit_test(what_is_left_is_waited_for_and_then_told),
		cmocka_unit_test(the_deadline_is_no_stop_and_a_stop_no_deadline),
		cmocka_unit_test(clocks_stand_still_while_the_run_is_suspended),
		cmocka_unit_test(streams_are_told_apart),
		cmocka_unit_test(the_shim_is_there_where_nothing_else_tells),
		cmocka_unit_test(what_cannot_start_leaves_only_its_result),
		cmocka_unit_test(the_launcher_is_told_the_file_and_how_it_ran_is_a_remark),
		cmocka_unit_test(two_files_of_a_run_have_each_their_own_settings),
		cmocka_unit_test(what_it_has_loaded_the_launcher_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
