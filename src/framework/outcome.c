// SPDX-License-Identifier: MIT
#include "framework/outcome.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "framework/events.h"
#include "framework/tap.h"
#include "model/failure.h"
#include "model/job.h"
#include "model/job_settings.h"
#include "model/result.h"

static void set_outcome(struct result *r, enum file_status status, char *reason)
{
	r->status = status;
	free(r->reason);
	r->reason = reason;
}

// Where "ARGV0: message\nstack traceback:" begins in the output: the last one. NULL if none. The
// output may hold NULs.
static const char *find_lua_message(const struct result *r, const char *argv0)
{
	const char *found = NULL, *end = r->output + r->output_len;
	size_t n = strlen(argv0);

	for (const char *p = r->output; p && p < end; p = memchr(p, '\n', (size_t)(end - p))) {
		p += *p == '\n';
		if (strncmp(p, argv0, n) == 0 && strncmp(p + n, ": ", 2) == 0)
			found = p + n + 2;
	}
	return found;
}

// The traceback ends with the last line that starts with a tab.
static size_t traceback_length(const char *s)
{
	const char *p = strchr(s, '\n');

	while (p && p[1] == '\t') {
		const char *next = strchr(p + 1, '\n');
		if (!next)
			return strlen(s);
		p = next;
	}
	return p ? (size_t)(p - s) : strlen(s);
}

static void find_place(struct file_error *e, const struct result *r)
{
	const struct failure f = {.message = e->message, .traceback = e->traceback};
	struct place place;

	if (failure_place(&f, r, &place))
		e->file = xstrndup(e->message + place.at, place.n);
	e->line = place.line;
}

static void charge_lua_message(struct result *r, const char *argv0)
{
	static const char title[] = "\nstack traceback:";
	struct file_error e = {0};
	struct buf b = {0};
	const char *message = r->output ? find_lua_message(r, argv0) : NULL;

	if (!message)
		return;
	const char *traceback = strstr(message, title);
	text_add_utf8(&b, message,
		      traceback ? (size_t)(traceback - message) : strcspn(message, "\n"));
	e.where = xstrdup("file");
	e.message = buf_detach(&b);
	if (traceback) {
		text_add_utf8(&b, traceback + 1, traceback_length(traceback + 1));
		e.traceback = buf_detach(&b);
	}
	find_place(&e, r);
	VEC_PUSH(&r->errors, e);
}

static struct test_case *innermost_running(struct result *r)
{
	for (size_t i = r->tests.n; i-- > 0;)
		if (r->tests.items[i].status == 0)
			return &r->tests.items[i];
	return NULL;
}

// The tests that had begun and did not end: the worker's death is theirs.
static void charge_running(struct result *r, const char *why)
{
	for (size_t i = 0; i < r->tests.n; i++) {
		struct test_case *t = &r->tests.items[i];
		if (t->status != 0)
			continue;
		t->status = TEST_ERROR;
		free(t->message);
		t->message = xstrdup(why);
	}
}

// How many tests it has: as it said itself, or as many as it had the last time. -1: unknown.
static long tests_in_all(const struct result *r)
{
	if (r->expected >= 0)
		return r->expected;
	return r->job->usual_tests >= (long)r->tests.n && !r->partial ? r->job->usual_tests : -1;
}

// "WHAT in "its test" (3 of 12 done)": the test that ran when it happened, or NULL, and how many
// had come to their end then.
static char *death_in(const struct result *r, const char *what, const struct test_case *t,
		      long done)
{
	struct buf b = {0};

	buf_addstr(&b, what);
	if (t && t->name) {
		buf_addstr(&b, " in \"");
		for (size_t i = 0; i < t->npath; i++)
			buf_addf(&b, "%s ", t->path[i]);
		buf_addf(&b, "%s\"", t->name);
	}
	long all = tests_in_all(r);
	if (r->tests.n > 0 && all >= 0)
		buf_addf(&b, " (%ld of %ld done)", done, all);
	else if (r->tests.n > 0)
		buf_addf(&b, " (%ld done)", done);
	return buf_detach(&b);
}

static void end_by_death(struct result *r, enum file_status status, const char *what)
{
	set_outcome(r, status, death_in(r, what, innermost_running(r), result_tests_done(r)));
	charge_running(r, what);
}

// The interpreter answers the signal at the deadline with an error in the line that hangs, which
// the framework takes for one of the test, and goes on; or only a child has ended that the test
// waited for.
static void charge_hung(struct test_case *t, const char *what)
{
	char *message = t->message && t->status != TEST_PASSED
				? xasprintf("%s: %s", what, t->message)
				: xstrdup(what);

	t->status = TEST_ERROR;
	free(t->message);
	t->message = message;
}

static void end_by_deadline(struct result *r, const struct ending *e, const char *what)
{
	bool known = e->hung >= 0 && (size_t)e->hung < r->tests.n;
	struct test_case *t = known ? &r->tests.items[e->hung] : NULL;

	set_outcome(r, FILE_TIMEOUT, death_in(r, what, t, e->done));
	if (t && t->status != 0)
		charge_hung(t, what);
	charge_running(r, what);
}

static bool hit_cpu_limit(const struct result *r, const struct ending *e)
{
	return r->signal == SIGXCPU || (r->signal == SIGKILL && e->cpu_limit_s > 0 &&
					r->user_ns + r->sys_ns >= e->cpu_limit_s * NS_PER_SEC);
}

static bool ran_out_of_memory(const struct result *r, const struct ending *e)
{
	const char *message = r->errors.n ? r->errors.items[r->errors.n - 1].message : NULL;

	// Lua's own words for a malloc that failed; every version has them.
	return e->memory_limit && r->exit_code != 0 && message &&
	       strstr(message, "not enough memory");
}

static bool decide_violence(struct result *r, const struct ending *e)
{
	char what[128];

	if (e->cut_short) {
		set_outcome(r, FILE_NOTRUN, xstrdup("the run was stopped while it ran"));
		charge_running(r, "the run was stopped");
	} else if (e->timeout_ns > 0) {
		snprintf(what, sizeof what, "timed out after %g s", ns_to_sec(e->timeout_ns));
		end_by_deadline(r, e, what);
	} else if (hit_cpu_limit(r, e)) {
		end_by_death(r, FILE_LIMIT, "used up its CPU time (--limit=cpu)");
	} else if (r->signal == SIGXFSZ) {
		end_by_death(r, FILE_LIMIT, "wrote a file beyond --limit=fsize");
	} else if (ran_out_of_memory(r, e)) {
		end_by_death(r, FILE_LIMIT, "not enough memory (--limit=as)");
	} else if (r->signal) {
		const char *name = sigabbrev_np(r->signal);
		if (name)
			snprintf(what, sizeof what, "killed by SIG%s", name);
		else
			snprintf(what, sizeof what, "killed by signal %d", r->signal);
		end_by_death(r, FILE_ERROR, what);
	} else {
		return false;
	}
	return true;
}

// The interpreter could not compile the file: it names a place and what it read there but no
// traceback, and nothing else was written. What ran and ended badly may say such a thing as well.
static bool did_not_compile(const struct result *r, const char *argv0)
{
	const struct file_error *e = r->errors.n ? &r->errors.items[r->errors.n - 1] : NULL;

	if (r->exit_code == 0 || !e || !e->file || e->traceback || !strstr(e->message, " near "))
		return false;
	const char *message = find_lua_message(r, argv0);
	return message && message == r->output + strlen(argv0) + 2 &&
	       message[strcspn(message, "\n") + 1] == '\0';
}

// A file whose exit status is all that is known of it.
static void decide_by_exit(struct result *r)
{
	if (r->exit_code == 0 && r->job->found == FOUND_STRANGE)
		set_outcome(r, FILE_SKIPPED,
			    xstrdup("no test seen; --framework=plain takes its exit status"));
	else if (r->exit_code == 0)
		set_outcome(r, FILE_PASSED, NULL);
	else if (r->exit_code == EXIT_SKIP)
		set_outcome(r, FILE_SKIPPED, xstrdup("exit status 77"));
	else
		set_outcome(r, FILE_FAILED, xasprintf("exit status %d", r->exit_code));
}

// Also those that will be forgiven.
static long failed_tests(const struct result *r)
{
	struct counts c = result_counts(r);

	return c.failed + c.errors + c.forgiven - (long)r->errors.n;
}

// A file whose tests are known and that has come to its end: they decide, the exit status must
// agree.
static void decide_by_tests(struct result *r)
{
	struct counts c = result_counts(r);
	long outside = (long)r->errors.n, bad = failed_tests(r);
	char *errors =
		xasprintf("%ld error%s outside of its tests", outside, outside == 1 ? "" : "s");

	if (bad > 0)
		set_outcome(r, FILE_FAILED,
			    xasprintf("%ld of %ld tests failed%s%s", bad, c.total,
				      outside ? ", " : "", outside ? errors : ""));
	else if (outside > 0 && c.total > 0)
		set_outcome(r, FILE_FAILED, xstrdup(errors));
	else if (outside > 0)
		set_outcome(r, FILE_ERROR, xstrdup("it did not load"));
	else if (c.total == 0 && r->partial)
		set_outcome(r, FILE_SKIPPED,
			    xstrdup(r->job->settings && r->job->settings->selection.names
					    ? "the tests that failed are not there any more"
					    : "none of its tests is selected"));
	else if (c.total == 0 && r->exit_code == EXIT_SKIP)
		decide_by_exit(r);
	else if (r->exit_code != 0)
		set_outcome(r, FILE_ERROR,
			    xasprintf("exit status %d, though no test failed", r->exit_code));
	else if (c.total == 0)
		set_outcome(r, FILE_SKIPPED, xstrdup("it holds no test"));
	else if (c.passed == 0)
		set_outcome(r, FILE_SKIPPED, xstrdup("all its tests are skipped or pending"));
	else
		set_outcome(r, FILE_PASSED, NULL);
	free(errors);
}

// What is missing of the proof that all tests were seen, in words that the caller frees; NULL:
// nothing.
static char *missing_proof(const struct result *r, const struct events *ev)
{
	long ended = result_tests_done(r), all = (long)r->tests.n;

	if (ev->shim_error)
		return xasprintf("its tests cannot be followed: %s", ev->shim_error);
	if (ev->lost > 0)
		return xasprintf("%ld event%s of its tests %s lost", ev->lost,
				 ev->lost == 1 ? "" : "s", ev->lost == 1 ? "was" : "were");
	if (ev->foreign > 0)
		return xasprintf(
			"something else was written to the pipe of its events (%ld line%s)",
			ev->foreign, ev->foreign == 1 ? "" : "s");
	if (ended < all)
		return xasprintf("the end of %ld of %ld tests was not reported", all - ended, all);
	if (ev->announced >= 0 && ended != ev->announced)
		return xasprintf("%ld tests began, and %ld ended", ev->announced, ended);
	if (r->expected >= 0 && ended < r->expected)
		return xasprintf("planned %ld tests but ran %ld", r->expected, ended);
	return NULL;
}

static void decide_by_events(struct result *r, const struct events *ev)
{
	char *missing = missing_proof(r, ev);
	long failed = failed_tests(r) + (long)r->errors.n;

	if (ev->done) {
		charge_running(r, "its end was not reported");
		decide_by_tests(r);
		r->unproven = missing != NULL;
		if (missing && failed == 0)
			set_outcome(r, FILE_ERROR, xstrdup(missing));
	} else if (r->errors.n > 0 && r->tests.n == 0) {
		set_outcome(r, FILE_ERROR, xstrdup("it did not load"));
	} else if (r->tests.n == 0 && r->exit_code == 0 && !ev->os_exit) {
		set_outcome(r, FILE_ERROR,
			    xstrdup("it loads its framework, but never runs its tests"));
	} else {
		char *what = xasprintf("%s (exit status %d) before its tests were done",
				       ev->os_exit ? "it called os.exit" : "it left", r->exit_code);
		end_by_death(r, FILE_ERROR, what);
		free(what);
	}
	free(missing);
}

// A framework's file of whose tests nothing was heard.
static void decide_without_events(struct result *r, const struct events *ev)
{
	const char *name = framework_name(r->framework);
	char *missing = ev && ev->hello ? missing_proof(r, ev) : NULL;

	if (r->exit_code != 0 && r->errors.n > 0)
		set_outcome(r, FILE_ERROR, xstrdup("it did not load"));
	else if (missing)
		set_outcome(r, FILE_ERROR, xstrdup(missing));
	else if (!ev || !ev->hello)
		set_outcome(
			r, FILE_ERROR,
			xasprintf(
				"no results of its %s tests: Lua ran without LUA_INIT (by -E?) or "
				"in a child (exit status %d); --framework=plain takes the exit "
				"status",
				name, r->exit_code));
	else if (ev->attached)
		set_outcome(r, FILE_ERROR,
			    xasprintf("no results of %s tests: it loads %s", name,
				      framework_name(ev->framework)));
	else
		set_outcome(
			r, FILE_ERROR,
			xasprintf("no results of its tests: %s was never loaded (exit status %d)",
				  name, r->exit_code));
	free(missing);
}

// A plain file, whose shim may have had something to say that did not arrive.
static void decide_plain(struct result *r, const struct events *ev, const char *argv0)
{
	char *missing = ev && ev->hello ? missing_proof(r, ev) : NULL;

	decide_by_exit(r);
	if (did_not_compile(r, argv0))
		set_outcome(r, FILE_ERROR, xstrdup("it did not load"));
	if (r->errors.n > 0 && !file_status_is_bad(r->status))
		set_outcome(r, FILE_ERROR, xstrdup("an error outside of its tests"));
	else if (missing && !file_status_is_bad(r->status))
		set_outcome(r, FILE_ERROR, xstrdup(missing));
	free(missing);
}

// TAP that has no results, in a file that does not say that it is TAP's: perhaps it is not.
static char *explain_silence(const struct result *r, const struct tap *t, char *what)
{
	const char *hint = r->job->was_tap
				   ? "it printed TAP before; if it is to print none any more, run "
				     "it once with --framework=plain"
				   : "--framework=plain takes its exit status";

	if (t->seen > 0 || r->job->source != READING_GUESSED)
		return what;
	char *all = xasprintf("%s; %s", what, hint);
	free(what);
	return all;
}

static void decide_by_tap(struct result *r, const struct ending *e)
{
	const struct tap *t = e->tap;

	if (t->bailed)
		set_outcome(r, FILE_ERROR, xasprintf("Bail out! %s", t->bail_out));
	else if (t->fault)
		set_outcome(r, FILE_ERROR, explain_silence(r, t, xstrdup(t->fault)));
	else if (t->skip_all && r->exit_code == 0)
		set_outcome(r, FILE_SKIPPED, xstrdup(*t->skip_all ? t->skip_all : "skipped"));
	else if (t->plans == 0 && t->seen == 0 && r->exit_code == EXIT_SKIP)
		decide_by_exit(r);
	else if (t->plans == 0)
		set_outcome(r, FILE_ERROR,
			    explain_silence(r, t,
					    xasprintf("no TAP plan; %ld results, exit status %d",
						      t->seen, r->exit_code)));
	else
		decide_by_tests(r);
	r->unproven = e->unended;
	if (e->unended && !file_status_is_bad(r->status))
		set_outcome(r, FILE_ERROR,
			    xstrdup("its output did not end: what it left behind may have had more "
				    "TAP to tell"));
}

// lust ends where its file does: the interpreter has ended it between two tests, or after them.
static bool died_outside_of_tests(const struct result *r, const struct ending *e)
{
	return r->framework == FRAMEWORK_LUST && e->events && e->events->done &&
	       !e->events->os_exit;
}

static bool reported_tests(const struct result *r, const struct events *ev)
{
	return ev && ev->attached && ev->framework == r->framework;
}

void outcome_decide(struct result *r, const struct ending *e)
{
	bool failed = r->exit_code != 0 || r->signal != 0;

	if (failed && r->errors.n == 0 && (failed_tests(r) == 0 || died_outside_of_tests(r, e)))
		charge_lua_message(r, e->argv0);
	if (decide_violence(r, e))
		return;
	if (r->framework == FRAMEWORK_TAP)
		decide_by_tap(r, e);
	else if (r->framework == FRAMEWORK_PLAIN)
		decide_plain(r, e->events, e->argv0);
	else if (reported_tests(r, e->events))
		decide_by_events(r, e->events);
	else
		decide_without_events(r, e->events);
}

void outcome_charge_cut(struct result *r, int64_t asked)
{
	if (r->exit_code == 0 && !file_status_is_bad(r->status) && r->status != FILE_NOTRUN)
		set_outcome(r, FILE_FAILED,
			    xasprintf("exit status %" PRId64 ", of which the system keeps only 0",
				      asked));
}
