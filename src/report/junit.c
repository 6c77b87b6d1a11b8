// SPDX-License-Identifier: MIT
#include "report/junit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/format.h"
#include "report/writers.h"
#include "report/xml.h"

#define CONFLICTS_TOLD 3 // of a file

// ---- what a suite consists of ----

// How a test, an error outside of tests or a whole file ended at one attempt. Its strings are the
// result's.
struct entry_outcome {
	enum test_status status;
	const char *message, *traceback;
	int64_t wall_ns;              // -1: unknown
	const struct result *attempt; // which one
	bool first_bad;               // of its attempt: the output goes with it
	const char *file;             // where it stands; NULL: in the test file
	int line;                     // 0: unknown
	bool forgiven;                // it is bad, and in quarantine
};

// All attempts of one of them, in their order.
struct entry {
	char *class, *name, *tags;
	const char *file; // the result's, where it stands; NULL: in the test file
	int line;         // 0: unknown
	size_t number;    // in the suite
	struct {
		struct entry_outcome *items;
		size_t n, cap;
	} outcomes;
};

// Those of one name, in the order in which an attempt has them: several tests may have one.
struct namesakes {
	struct {
		struct entry **items; // the suite's
		size_t n, cap;
	} entries;
	const struct result *attempt;
	size_t next; // that this attempt will come to
};

struct suite {
	const struct result *last; // attempt
	struct map by_name;        // of namesakes
	struct {
		struct entry **items;
		size_t n, cap;
	} entries;
	bool said_bad; // of the attempt that is being added
};

static void entry_free(struct entry *e)
{
	free(e->class);
	free(e->name);
	free(e->tags);
	free(e->outcomes.items);
	free(e);
}

static void suite_release(struct suite *s)
{
	for (size_t i = 0; i < s->entries.n; i++)
		entry_free(s->entries.items[i]);
	free(s->entries.items);
	for (size_t i = 0; i < s->by_name.cap; i++) {
		struct namesakes *names = s->by_name.slots[i].value;
		if (names)
			free(names->entries.items);
		free(names);
	}
	map_release(&s->by_name);
}

static bool is_bad(const struct entry_outcome *e)
{
	return !e->forgiven && (e->status == TEST_FAILED || e->status == TEST_ERROR);
}

static struct namesakes *namesakes_of(struct suite *s, const char *class, const char *name,
				      int round)
{
	char *key = xasprintf("%d %zu %s %s", round, strlen(class), class, name);
	struct namesakes *names = map_get(&s->by_name, key);

	if (!names) {
		names = xcalloc(1, sizeof *names);
		map_put(&s->by_name, key, names);
	}
	free(key);
	return names;
}

static struct entry *entry_for(struct suite *s, const char *class, const char *name, int round,
			       const struct result *attempt)
{
	struct namesakes *names = namesakes_of(s, class, name, round);

	if (names->attempt != attempt) {
		names->attempt = attempt;
		names->next = 0;
	}
	if (names->next == names->entries.n) {
		struct entry *e = xcalloc(1, sizeof *e);
		e->class = xstrdup(class);
		e->name = xstrdup(name);
		e->number = s->entries.n;
		VEC_PUSH(&names->entries, e);
		VEC_PUSH(&s->entries, e);
	}
	return names->entries.items[names->next++];
}

static struct entry *add_outcome(struct suite *s, const char *class, const char *name, int round,
				 struct entry_outcome outcome)
{
	struct entry *e = entry_for(s, class, name, round, outcome.attempt);

	if (!e->line) {
		e->file = outcome.file;
		e->line = outcome.line;
	}
	outcome.first_bad = is_bad(&outcome) && !s->said_bad;
	s->said_bad |= is_bad(&outcome);
	VEC_PUSH(&e->outcomes, outcome);
	return e;
}

static void add_test(struct suite *s, const struct result *r, const struct test_case *t)
{
	struct buf class = {0}, tags = {0};

	// Many a file has a group of the same name.
	buf_addstr(&class, r->job->path);
	for (size_t i = 0; i < t->npath; i++)
		buf_addf(&class, "%s%s", i ? " " : ".", t->path[i]);
	for (size_t i = 0; i < t->ntags; i++)
		buf_addf(&tags, "%s%s", i ? "," : "", t->tags[i]);
	struct entry *e = add_outcome(s, class.data, t->name ? t->name : "(no name)", t->round,
				      (struct entry_outcome){t->status, t->message, t->traceback,
							     t->wall_ns, r, false, t->file, t->line,
							     quarantine_forgives(r, t)});
	if (!e->tags && tags.len)
		e->tags = buf_detach(&tags);
	buf_release(&class);
	buf_release(&tags);
}

static enum test_status status_of_file(const struct result *r)
{
	return r->status == FILE_PASSED        ? TEST_PASSED
	       : r->status == FILE_FAILED      ? TEST_FAILED
	       : file_status_is_bad(r->status) ? TEST_ERROR
					       : TEST_SKIPPED;
}

// The file as a test of its own.
static void add_itself(struct suite *s, const struct result *r, const char *message,
		       const char *traceback)
{
	add_outcome(s, r->job->path, r->job->path, 0,
		    (struct entry_outcome){status_of_file(r), message, traceback, r->wall_ns, r,
					   false, NULL, 0, r->forgiven});
}

// A file without tests has no errors outside of them: they are its own.
static void add_error(struct suite *s, const struct result *r, const struct file_error *e)
{
	struct buf name = {0};

	if (!r->has_tests) {
		add_itself(s, r, e->message, e->traceback);
		return;
	}
	format_error_name(&name, e);
	add_outcome(s, r->job->path, name.data, 0,
		    (struct entry_outcome){TEST_ERROR, e->message, e->traceback, -1, r, false,
					   e->file, e->line, r->forgiven});
	buf_release(&name);
}

static void add_attempt(const struct result *r, void *arg)
{
	struct suite *s = arg;

	s->said_bad = false;
	for (size_t i = 0; i < r->errors.n; i++)
		add_error(s, r, &r->errors.items[i]);
	for (size_t i = 0; i < r->tests.n; i++)
		add_test(s, r, &r->tests.items[i]);
	// Where no test shows how the file ended, it does so itself.
	if (file_status_is_bad(r->status) ? !failure_is_explained(r) : r->tests.n == 0)
		add_itself(s, r, r->reason, NULL);
}

static void suite_init(struct suite *s, const struct result *r)
{
	*s = (struct suite){.last = r};
	format_each_earlier(r, add_attempt, s);
	add_attempt(r, s);
}

// ---- names ----

static int by_line(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

// Whether no other entry is written under that name; it is taken then.
static bool take_name(struct map *taken, const char *class, const char *name)
{
	struct buf key = {0};

	xml_add_attribute(&key, "classname", class);
	xml_add_attribute(&key, "name", name);
	bool is_free = !map_get(taken, key.data);
	if (is_free)
		map_put(taken, key.data, taken);
	buf_release(&key);
	return is_free;
}

// A CI server knows a test by its classname and name from run to run, and shows one of several with
// the same. Namesakes are counted by their lines, not in the order of this run.
static void tell_apart(struct suite *s, struct map *taken)
{
	struct entry **sorted = xmalloc((s->entries.n + 1) * sizeof *sorted);

	memcpy(sorted, s->entries.items, s->entries.n * sizeof *sorted);
	qsort(sorted, s->entries.n, sizeof *sorted, by_line);
	for (size_t i = 0; i < s->entries.n; i++) {
		struct entry *e = sorted[i];
		char *name = xstrdup(e->name);
		for (int n = 2; !take_name(taken, e->class, name); n++) {
			free(name);
			name = xasprintf("%s (%d)", e->name, n);
		}
		free(e->name);
		e->name = name;
	}
	free(sorted);
}

// ---- how an entry ended in the end ----

static const struct entry_outcome *last_outcome(const struct entry *e)
{
	return &e->outcomes.items[e->outcomes.n - 1];
}

// What the last attempt lacks is as bad as its file.
static bool ended_badly(const struct suite *s, const struct entry *e)
{
	const struct entry_outcome *last = last_outcome(e);

	return is_bad(last) && (last->attempt == s->last || result_is_bad(s->last));
}

// The first bad outcome, which stands for the entry as Surefire has it; NULL if it ended well.
static const struct entry_outcome *primary_of(const struct suite *s, const struct entry *e)
{
	for (size_t i = 0; ended_badly(s, e) && i < e->outcomes.n; i++)
		if (is_bad(&e->outcomes.items[i]))
			return &e->outcomes.items[i];
	return NULL;
}

static bool is_skipped(const struct entry *e)
{
	const struct entry_outcome *last = last_outcome(e);

	return last->status == TEST_SKIPPED || last->status == TEST_PENDING || last->forgiven;
}

struct tally {
	size_t tests, failures, errors, skipped;
};

// Counted as they are written: the attributes must agree with the elements.
static struct tally tally_of(const struct suite *s)
{
	struct tally n = {.tests = s->entries.n};

	for (size_t i = 0; i < s->entries.n; i++) {
		const struct entry *e = s->entries.items[i];
		const struct entry_outcome *primary = primary_of(s, e);
		n.failures += primary && primary->status == TEST_FAILED;
		n.errors += primary && primary->status == TEST_ERROR;
		n.skipped += is_skipped(e);
	}
	return n;
}

// ---- writing ----

static void add_explanation(struct buf *b, const struct entry_outcome *e)
{
	xml_add_text(b, e->message ? e->message : "");
	if (e->traceback) {
		buf_addch(b, '\n');
		xml_add_text(b, e->traceback);
	}
}

static void add_output(struct buf *b, const struct result *r, const char *indent)
{
	struct buf plain = {0};

	if (r->output_len == 0)
		return;
	format_output(&plain, r->output, r->output_len, "", false);
	buf_addf(b, "%s<system-out>", indent);
	xml_add_bytes(b, plain.data, plain.len);
	buf_addstr(b, "</system-out>\n");
	buf_release(&plain);
}

static void open_problem(struct buf *b, const char *tag, const struct entry_outcome *e)
{
	buf_addf(b, "      <%s", tag);
	xml_add_attribute(b, "message", e->message ? e->message : "");
	xml_add_attribute(b, "type", test_status_name(e->status));
	buf_addch(b, '>');
}

static void add_primary(struct buf *b, const char *tag, const struct entry_outcome *e)
{
	open_problem(b, tag, e);
	add_explanation(b, e);
	buf_addf(b, "</%s>\n", tag);
}

// An outcome that another attempt has put right, or confirmed.
static void add_other(struct buf *b, const char *tag, const struct entry_outcome *e)
{
	open_problem(b, tag, e);
	buf_addstr(b, "\n        <stackTrace>");
	add_explanation(b, e);
	buf_addstr(b, "</stackTrace>\n");
	if (e->first_bad)
		add_output(b, e->attempt, "        ");
	buf_addf(b, "      </%s>\n", tag);
}

static void add_others(struct buf *b, const struct entry *e, const struct entry_outcome *primary,
		       enum test_status status)
{
	const char *tag = status == TEST_FAILED ? primary ? "rerunFailure" : "flakyFailure"
			  : primary             ? "rerunError"
						: "flakyError";

	for (size_t i = 0; i < e->outcomes.n; i++)
		if (&e->outcomes.items[i] != primary && is_bad(&e->outcomes.items[i]) &&
		    e->outcomes.items[i].status == status)
			add_other(b, tag, &e->outcomes.items[i]);
}

// What is in quarantine fails no build, and says what it died of all the same.
static void add_skipped(struct buf *b, const struct entry_outcome *e)
{
	const struct result *r = e->attempt;
	struct buf why = {0};

	if (e->forgiven)
		quarantine_describe(&why, r->quarantine, r->started_ns, true);
	if (e->message && *e->message)
		buf_addf(&why, "%s%s", why.len ? "\n" : "", e->message);
	buf_addstr(b, "      <skipped");
	if (e->message || e->forgiven)
		xml_add_attribute(b, "message", why.len ? why.data : "");
	buf_addstr(b, "/>\n");
	buf_release(&why);
}

// In the order of Surefire's schema.
static void add_outcomes(struct buf *b, const struct suite *s, const struct entry *e)
{
	const struct entry_outcome *primary = primary_of(s, e);

	if (primary && primary->status == TEST_FAILED)
		add_primary(b, "failure", primary);
	add_others(b, e, primary, TEST_FAILED);
	if (is_skipped(e))
		add_skipped(b, last_outcome(e));
	if (primary && primary->status == TEST_ERROR)
		add_primary(b, "error", primary);
	add_others(b, e, primary, TEST_ERROR);
}

static void add_case(struct buf *b, const struct suite *s, const struct entry *e)
{
	int64_t wall_ns = last_outcome(e)->wall_ns;
	struct buf outcomes = {0};

	buf_addstr(b, "    <testcase");
	xml_add_attribute(b, "classname", e->class);
	xml_add_attribute(b, "name", e->name);
	xml_add_attribute(b, "file",
			  e->file ? format_source(e->file, s->last) : s->last->job->path);
	if (e->line > 0)
		buf_addf(b, " line=\"%d\"", e->line);
	if (e->tags)
		xml_add_attribute(b, "group", e->tags);
	buf_addf(b, " time=\"%.6f\"", wall_ns > 0 ? ns_to_sec(wall_ns) : 0.0);
	add_outcomes(&outcomes, s, e);
	if (outcomes.len)
		buf_addf(b, ">\n%s    </testcase>\n", outcomes.data);
	else
		buf_addstr(b, "/>\n");
	buf_release(&outcomes);
}

static void add_property(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addstr(b, "      <property");
	xml_add_attribute(b, "name", name);
	xml_add_attribute(b, "value", value);
	buf_addstr(b, "/>\n");
}

static void add_number(struct buf *b, const char *name, int64_t value, int64_t least)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, value);
	if (value >= least)
		add_property(b, name, text);
}

// What it writes and others as well, as far as that is bounded.
static void add_conflicts(struct buf *b, const struct run *run, const struct conflicts *c,
			  const struct result *r)
{
	size_t told = 0;

	for (size_t i = 0; i < c->n && told < CONFLICTS_TOLD; i++) {
		bool is_one = false;
		for (size_t k = 0; k < c->items[i].n && !is_one; k++)
			is_one = c->items[i].results[k] == r;
		if (!is_one)
			continue;
		struct buf value = {0};
		char *override = writers_override(&c->items[i]);
		writers_add_paths(&value, &c->items[i]);
		buf_addf(&value, ", by %zu files; %s; in overrides: %s", c->items[i].n,
			 writers_fate(run, &c->items[i]), override);
		add_property(b, "conflict", value.data);
		buf_release(&value);
		free(override);
		told++;
	}
}

static void add_properties(struct buf *b, const struct run *run, const struct conflicts *conflicts,
			   const struct result *r)
{
	buf_addstr(b, "    <properties>\n");
	add_property(b, "run", run->name);
	add_property(b, "lua", run->lua);
	add_property(b, "framework", framework_name(r->framework));
	add_property(b, "status", file_status_name(r->status));
	add_property(b, "reason", r->reason);
	add_property(b, "seed", r->seed);
	add_property(b, "quarantine", r->quarantine ? r->quarantine->text : NULL);
	add_number(b, "attempt", r->attempt, 1);
	add_number(b, "attempts", r->attempts, 1);
	add_number(b, "failures", r->failures, 0);
	add_number(b, "slot", r->slot, 0);
	add_number(b, "exit", r->exit_code, 0);
	add_number(b, "signal", r->signal, 1);
	add_number(b, "maxrss", r->maxrss, 1);
	add_conflicts(b, run, conflicts, r);
	buf_addstr(b, "    </properties>\n");
}

// time and timestamp have the forms that both Jenkins and Surefire take.
static void add_tally(struct buf *b, const struct tally *n, int64_t wall_ns)
{
	buf_addf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\"", n->tests,
		 n->failures, n->errors, ns_to_sec(wall_ns));
}

static void add_timestamp(struct buf *b, int64_t real_ns)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	xml_add_attribute(b, "timestamp", text);
}

static void write_suite(FILE *out, const struct run *run, const struct conflicts *conflicts,
			const struct suite *s)
{
	const struct result *r = s->last;
	struct tally n = tally_of(s);
	struct buf b = {0};

	buf_addstr(&b, "  <testsuite");
	xml_add_attribute(&b, "name", r->job->path);
	add_tally(&b, &n, r->wall_ns);
	buf_addf(&b, " skipped=\"%zu\"", n.skipped);
	add_timestamp(&b, r->started_ns ? r->started_ns : run->started_ns);
	buf_addstr(&b, ">\n");
	add_properties(&b, run, conflicts, r);
	for (size_t i = 0; i < s->entries.n; i++)
		add_case(&b, s, s->entries.items[i]);
	add_output(&b, r, "    ");
	buf_addstr(&b, "  </testsuite>\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
}

static void add_to_sum(struct tally *sum, const struct result *r)
{
	struct suite s;

	suite_init(&s, r);
	struct tally n = tally_of(&s);
	sum->tests += n.tests;
	sum->failures += n.failures;
	sum->errors += n.errors;
	suite_release(&s);
}

static void write_fixture(FILE *out, const struct fixture_result *r)
{
	const struct tally n = {.tests = 1, .errors = r->failed};
	const char *step = r->tears_down ? "teardown" : "setup";
	char *name = xasprintf("fixture %s", r->name);
	struct buf b = {0}, plain = {0};

	buf_addstr(&b, "  <testsuite");
	xml_add_attribute(&b, "name", name);
	add_tally(&b, &n, r->wall_ns);
	buf_addstr(&b, " skipped=\"0\"");
	add_timestamp(&b, r->started_ns);
	buf_addstr(&b, ">\n    <properties>\n");
	add_property(&b, "status", r->failed ? "fail" : "pass");
	add_property(&b, "reason", r->reason);
	buf_addstr(&b, "    </properties>\n    <testcase");
	xml_add_attribute(&b, "classname", name);
	xml_add_attribute(&b, "name", step);
	xml_add_attribute(&b, "file", "firmo-jobs.json");
	buf_addf(&b, " time=\"%.6f\"", ns_to_sec(r->wall_ns));
	buf_addstr(&b, r->failed ? ">\n      <error" : "/>\n");
	if (r->failed) {
		xml_add_attribute(&b, "message", r->reason);
		buf_addstr(&b, ">");
		format_output(&plain, r->output, strlen(r->output), "", false);
		xml_add_bytes(&b, plain.data, plain.len);
		buf_addstr(&b, "</error>\n    </testcase>\n");
	}
	buf_addstr(&b, "  </testsuite>\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&plain);
	buf_release(&b);
	free(name);
}

int report_junit(FILE *out, const struct run *run, struct err *err)
{
	struct tally sum = {0};
	struct conflicts conflicts;
	struct map taken = {0};
	struct buf b = {0};

	conflicts_find(&conflicts, run);
	for (size_t i = 0; i < run->results.n; i++)
		add_to_sum(&sum, run->results.items[i]);
	for (size_t i = 0; i < run->fixtures.n; i++) {
		sum.tests++;
		sum.errors += run->fixtures.items[i].failed;
	}
	buf_addstr(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	xml_add_attribute(&b, "name", "firmo-jobs");
	add_tally(&b, &sum, run->elapsed_ns);
	buf_addstr(&b, ">\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	for (size_t i = 0; i < run->results.n; i++) {
		struct suite s;
		suite_init(&s, run->results.items[i]);
		tell_apart(&s, &taken);
		write_suite(out, run, &conflicts, &s);
		suite_release(&s);
	}
	for (size_t i = 0; i < run->fixtures.n; i++)
		write_fixture(out, &run->fixtures.items[i]);
	conflicts_release(&conflicts);
	map_release(&taken);
	fputs("</testsuites>\n", out);
	return ferror(out) ? err_set(err, errno, "write the JUnit report") : 0;
}
