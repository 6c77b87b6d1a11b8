// SPDX-License-Identifier: MIT
// --why: the verdict of --changed on one file, in words.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attributes.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/environ.h"
#include "base/text.h"
#include "cli/covering.h"
#include "cli/files.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"
#include "model/way.h"
#include "plan/plan.h"
#include "store/store.h"

static void print_name(const char *name)
{
	struct buf b = {0};

	text_add_visible(&b, name);
	fputs(b.data ? b.data : "", stdout);
	buf_release(&b);
}

static void print_digest(const char *word, const struct fingerprint *f)
{
	char text[2 * DIGEST_SIZE + 1];

	digest_text(&f->digest, text);
	printf("      %s %s", word, text);
}

// What has become of an input.
static const char *change(const struct input_state *was, const struct fingerprint *now)
{
	switch (was->kind) {
	case INPUT_ENVIRONMENT:
		return "this program reads all variables, and there are others now";
	case INPUT_VARIABLE:
		return !was->was.present ? "this variable was not set, and is now"
		       : !now->present   ? "this variable was set, and is not any more"
					 : "this variable has another value";
	case INPUT_ATTRIBUTE:
		return "what it has from its parent is not what it was";
	case INPUT_LIBRARY:
		return "the loader finds this library in another place";
	case INPUT_FREE:
	case INPUT_ROOM:
		return was->was.present ? "it could be made, and cannot be any more"
					: "it could not be made, and can be now";
	default:
		break;
	}
	if (!was->was.present)
		return "it was looked for in vain, and is there now";
	if (!now->present)
		return "it was there, and is gone";
	switch (was->kind) {
	case INPUT_LISTING:
		return "this folder has other entries";
	case INPUT_TYPE:
		return "it is of another type";
	case INPUT_STATUS:
		return "its type, permissions, size or time has changed";
	case INPUT_ACCESS:
		return "its type, permissions or owner has changed";
	case INPUT_XATTRS:
		return "its extended attributes have changed";
	case INPUT_LINK:
		return "it leads elsewhere as a link, or has become one, or is none any more";
	case INPUT_REAL:
		return "its real name has changed";
	default:
		return "its content has changed";
	}
}

static void print_input_name(const struct input_state *v)
{
	if (v->kind == INPUT_ATTRIBUTE)
		fputs(attribute_words(v->name), stdout);
	else
		print_name(v->name);
}

// What an attribute is now, in the words of its own.
static void print_value(const char *name)
{
	struct buf b = {0};

	attribute_add_value(&b, name);
	fputs("      is  ", stdout);
	print_name(b.data ? b.data : "");
	putchar('\n');
	buf_release(&b);
}

// A snapshot and all states.
struct explained {
	const struct uptodate *uptodate;
	const struct snapshot *snapshot;
};

static bool is_known_variable(const struct explained *e, const char *name, size_t n)
{
	for (size_t i = 0; i < e->snapshot->n; i++) {
		const struct input_state *v =
			input_states_find(&e->uptodate->input_states, e->snapshot->inputs[i]);
		if (v && v->kind == INPUT_VARIABLE && strlen(v->name) == n &&
		    memcmp(v->name, name, n) == 0)
			return true;
	}
	return false;
}

// Those that a program which reads all has not seen.
static void print_new_variables(const struct explained *e)
{
	for (char **entry = environ; entry && *entry; entry++) {
		size_t n = strcspn(*entry, "=");
		if (environ_is_ours(*entry, n) || environ_is_of_loader(*entry, n) ||
		    is_known_variable(e, *entry, n))
			continue;
		char *name = xstrndup(*entry, n);
		fputs("      new ", stdout);
		print_name(name);
		putchar('\n');
		free(name);
	}
}

static void print_change(const struct input_state *was, const struct fingerprint *now, void *arg)
{
	fputs("  ", stdout);
	print_input_name(was);
	printf(": %s\n", change(was, now));
	if (was->kind == INPUT_ATTRIBUTE)
		print_value(was->name);
	if (was->kind == INPUT_ENVIRONMENT)
		print_new_variables(arg);
	if (was->kind == INPUT_ATTRIBUTE || was->kind == INPUT_ENVIRONMENT)
		return;
	if (was->was.present) {
		print_digest("was", &was->was);
		putchar('\n');
	}
	if (now->present) {
		print_digest("is ", now);
		if (now->stamp.mtime_ns > 0) {
			fputs(", changed ", stdout);
			session_print_time(now->stamp.mtime_ns);
		}
		putchar('\n');
	}
}

static void print_causes(const struct uptodate *f, const struct snapshot *s, enum doubt doubt)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&f->input_states, s->inputs[i]);
		const char *cause =
			v && v->kind == INPUT_DOUBT ? doubt_cause(doubt, v->name) : NULL;
		if (!cause)
			continue;
		fputs("      ", stdout);
		print_name(cause);
		putchar('\n');
	}
}

static void print_doubts(const struct uptodate *f, const struct uptodate_finding *a)
{
	static const struct {
		enum doubt doubt;
		const char *words;
	} table[] = {
		{DOUBT_NETWORK, "it used the network; --trust=network takes that for certain"},
		{DOUBT_CLOCK, "it read a device that never says the same twice"},
		{DOUBT_BLIND, "a part of it could not be watched (a static program, say)"},
		{DOUBT_OVERFLOW, "it had more inputs than could be noted"},
		{DOUBT_YOUNG, "an input was changed while it ran, or a moment before"},
		{DOUBT_RETRY, "it passed only when it was tried again"},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (a->doubts & table[i].doubt) {
			printf("  its last pass is not trusted: %s\n", table[i].words);
			print_causes(f, a->snapshot, table[i].doubt);
		}
}

static void print_inputs(const struct uptodate *f, const struct snapshot *s)
{
	static const char *const kinds[] = {
		[INPUT_PATH] = "file",         [INPUT_LISTING] = "folder",
		[INPUT_VARIABLE] = "variable", [INPUT_ENVIRONMENT] = "environment",
		[INPUT_TYPE] = "type",         [INPUT_STATUS] = "status",
		[INPUT_ACCESS] = "access",     [INPUT_LINK] = "name",
		[INPUT_REAL] = "name",         [INPUT_FREE] = "place",
		[INPUT_ROOM] = "place",        [INPUT_ATTRIBUTE] = "process",
		[INPUT_LIBRARY] = "library",   [INPUT_XATTRS] = "xattrs"};

	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&f->input_states, s->inputs[i]);
		if (!v || input_is_remark(v->kind))
			continue;
		printf("  %-8s %-6s ", kinds[v->kind], v->was.present ? "" : "absent");
		print_input_name(v);
		putchar('\n');
	}
}

static size_t count_inputs(const struct uptodate *f, const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&f->input_states, s->inputs[i]);
		n += v && !input_is_remark(v->kind);
	}
	return n;
}

static void print_last_pass(const struct snapshot *s)
{
	fputs("its pass of ", stdout);
	session_print_time(s->started_ns);
}

// Behind "its pass of THEN".
static void print_deadline(const struct uptodate_finding *a)
{
	printf(" took %.3f s, and --timeout ", ns_to_sec(a->snapshot->wall_ns));
	if (a->snapshot->deadline_ns == 0)
		fputs("was 0 (never), ", stdout);
	else if (a->snapshot->deadline_ns > 0)
		printf("was %g, ", ns_to_sec(a->snapshot->deadline_ns));
	printf("is %g: less than five times as long\n", ns_to_sec(a->deadline_ns));
}

// ---- another way of running it ----

static void print_value_of_setting(const char *value)
{
	if (!value)
		fputs("not given", stdout);
	else if (!*value)
		fputs("given", stdout);
	else
		print_name(value);
}

static void print_setting(const char *name, const char *was, const char *is)
{
	fputs("  ", stdout);
	print_name(name);
	fputs(" was ", stdout);
	print_value_of_setting(was);
	fputs(", is ", stdout);
	print_value_of_setting(is);
	putchar('\n');
}

static const char *way_of(const struct uptodate *f, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&f->input_states, s->inputs[i]);
		if (v && v->kind == INPUT_WAY)
			return v->name;
	}
	return NULL;
}

static void print_other_way(const struct uptodate *f, const struct snapshot *s,
			    const struct job *job)
{
	const char *was = way_of(f, s);
	char *is = plan_way(job);

	fputs("it would be run in another way than in ", stdout);
	print_last_pass(s);
	putchar('\n');
	if (was && is)
		way_compare(was, is, print_setting);
	free(is);
}

static void print_lack(const struct uptodate *f, const struct uptodate_finding *a)
{
	switch (a->lack) {
	case COUNTING_NONE:
		puts("  its coverage is not known: its last pass was not counted");
		break;
	case COUNTING_NO_CALLS:
		puts("  its coverage is not known whole: its last pass did not count functions");
		break;
	case COUNTING_NARROW:
		puts("  its coverage is not known whole: its last pass did not count sources "
		     "outside of the project");
		break;
	default:
		fputs("  its coverage is not known: this source is not the text that ran: ",
		      stdout);
		print_name(f->counting.changed);
		putchar('\n');
	}
}

static void print_quarantine(const struct job *job)
{
	const struct quarantine *q = &job->settings->quarantine;
	struct buf b = {0}, visible = {0};

	if (!q->text)
		return;
	quarantine_describe(&b, q, clock_real_ns(), true);
	text_add_visible(&visible, b.data);
	printf("  %s\n", visible.data);
	for (size_t i = 0; i < q->tests.n; i++) {
		fputs("    ", stdout);
		print_name(q->tests.items[i]);
		putchar('\n');
	}
	buf_release(&b);
	buf_release(&visible);
}

static void explain(struct firmo_jobs *s, struct uptodate *f, struct job *job)
{
	struct uptodate_finding a = plan_ask(f, job);

	print_name(job->path);
	fputs(a.verdict == UPTODATE ? " would not run: nothing has changed since " : " would run: ",
	      stdout);
	switch (a.verdict) {
	case UPTODATE:
		print_last_pass(a.snapshot);
		printf(" (%zu inputs)\n", count_inputs(f, a.snapshot));
		break;
	case STALE_NEW:
		puts(job->last == FILE_NOTRUN    ? "it has not been run yet"
		     : job->last == FILE_SKIPPED ? "it was skipped the last time"
						 : "nothing is known of what its last pass "
						   "depended on");
		break;
	case STALE_FAILED:
		printf("it did not pass the last time (%s)\n", file_status_name(job->last));
		break;
	case STALE_OTHER_KEY:
		print_other_way(f, a.snapshot, job);
		break;
	case STALE_DEADLINE:
		print_last_pass(a.snapshot);
		print_deadline(&a);
		break;
	case STALE_DOUBTED:
		puts("nothing has changed, but");
		print_doubts(f, &a);
		break;
	case STALE_UNCOUNTED:
		puts("nothing has changed, but --coverage is asked for");
		print_lack(f, &a);
		break;
	case STALE_CHANGED:
		fputs("since ", stdout);
		print_last_pass(a.snapshot);
		puts(" there have been changes");
		uptodate_changes(f, a.snapshot, print_change, &(struct explained){f, a.snapshot});
		break;
	}
	print_quarantine(job);
	if (s->settings->text.verbose && a.snapshot)
		print_inputs(f, a.snapshot);
}

static int explain_all(struct firmo_jobs *s, struct err *err)
{
	struct uptodate uptodate;
	int status = plan_add_past(&s->jobs, s->context.store, err);

	if (status == 0)
		status = uptodate_open(&uptodate, s->context.store, &s->jobs,
				       s->settings->plan.trusted, err);
	else
		return -1;
	uptodate.counting.wish = s->request.counting;
	for (size_t i = 0; status == 0 && i < s->jobs.n; i++)
		explain(s, &uptodate, &s->jobs.items[i]);
	uptodate_release(&uptodate);
	return status;
}

static int read_file(struct settings *o, const char *value, struct err *err)
{
	if (!*value)
		return option_invalid(err, "why", value, "a test file's name is missing");
	o->why = value;
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	return settings_refuse_path(
		o, "--why takes no other path; its file follows it as --why=FILE", err);
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};

	char *path = (char *)s->settings->why;
	const struct strings paths = {&path, 1, 1};
	s->request.paths = &paths;
	enum firmo_jobs_status found = files_find(s);
	if (found == FIRMO_JOBS_OK)
		found = context_find_programs(&s->context);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (context_open_store(&s->context, false) != FIRMO_JOBS_OK)
		return FIRMO_JOBS_USAGE;
	found = covering_begin(s);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (!s->context.store) {
		puts("There is no history yet: every file would run.");
		return FIRMO_JOBS_OK;
	}
	if (explain_all(s, &err) == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

const struct mode mode_why = {
	.name = "--why",
	.goes_by_plan = true,
	.formats = MODE_ANY_FORMAT,
	.read = read_file,
	.check = check,
	.carry_out = carry_out,
};
