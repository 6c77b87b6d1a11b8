// SPDX-License-Identifier: MIT
#include "plan/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file_clock.h"
#include "base/map.h"
#include "base/path.h"
#include "framework/busted.h"
#include "framework/framework.h"
#include "model/job_settings.h"
#include "model/quarantine.h"
#include "model/support.h"
#include "plan/discover.h"
#include "plan/elsewhere.h"
#include "plan/learned.h"
#include "plan/mentions.h"
#include "plan/names.h"
#include "plan/related.h"
#include "plan/sequence.h"
#include "plan/uptodate.h"
#include "store/counted.h"
#include "store/failed.h"
#include "store/store.h"

// How much of a file is looked at for its framework: the requires stand at the top.
#define DETECT_BYTES (256 << 10)
// How long a file will take is the median of its last times, so many of them.
#define EXPECT_OF 5

static int find_files(struct discovery *d, const struct plan_request *request, struct err *err)
{
	if (request->paths->n == 0)
		return discover_usual(d, err);
	for (size_t i = 0; i < request->paths->n; i++)
		if (discover(d, request->paths->items[i], err) < 0)
			return -1;
	return 0;
}

// Keeps the jobs that `keep` wants.
static void filter(struct jobs *jobs, bool (*keep)(const struct job *, void *), void *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		if (keep(&jobs->items[i], arg))
			jobs->items[n++] = jobs->items[i];
		else
			free(jobs->items[i].path);
	}
	jobs->n = n;
}

static bool is_selected(const struct job *j, void *arg)
{
	const struct plan_settings *r = arg;

	return (r->includes.n == 0 || name_matches(&r->includes, j->path)) &&
	       !name_matches(&r->excludes, j->path);
}

// What was forgiven counts again once the quarantine is over, or is removed.
static bool failed_a_run(const struct job *j, void *arg)
{
	const int64_t *now_ns = arg;

	return file_status_is_bad(j->last) &&
	       !(j->last_forgiven && quarantine_holds(&j->settings->quarantine, *now_ns));
}

static void remember(struct job *j, const struct past *p)
{
	if (!p)
		return;
	j->last = p->status;
	j->last_forgiven = p->forgiven;
	j->last_real_ns = p->ended_ns;
	j->usual_tests = p->tests;
	// One bad run moves nothing, a lasting change is believed after three.
	j->expected_ns = series_percentile(&p->series, EXPECT_OF, 50, sample_wall_ns);
	j->p99_ns = p->p99_ns;
	j->peak_bytes = p->peak_bytes;
	j->load = load_of(&p->series);
	j->known = p->framework;
	j->shim = p->shim;
	j->forks = p->forks;
}

int plan_add_past(struct jobs *jobs, struct store *history, struct err *err)
{
	struct map past = {0};

	// Make rules ask for one file at a time.
	int status = jobs->n == 1 ? file_load_one(history, jobs->items[0].path, &past, err)
				  : file_load_all(history, &past, err);
	if (status < 0)
		return -1;
	for (size_t i = 0; i < jobs->n; i++)
		remember(&jobs->items[i], map_get(&past, jobs->items[i].path));
	file_free_all(&past);
	return 0;
}

// A file that does not name its framework is what it turned out to be the last time; should that be
// wrong by now, this run shows it. But a plain one that was changed since may have become busted's,
// and leave before its tests.
static void settle_guess(struct job *j, struct guess guess, bool changed)
{
	j->calls_busted = guess.framework == FRAMEWORK_BUSTED;
	j->source = guess.certain ? READING_NAMED : READING_GUESSED;
	bool is_news = j->calls_busted && j->known == FRAMEWORK_PLAIN && changed;
	// Tests that show no call of busted's only busted finds: it is asked once.
	j->asks_busted = (guess.names_busted || (j->in_root && !j->busted_leaves)) &&
			 (j->known != FRAMEWORK_PLAIN || changed);
	j->framework = guess.certain || j->known < 0 || is_news ? guess.framework
								: (enum framework)j->known;
	// What has told of its tests by TAP owes some, however it was changed since: silence may
	// as well be a script that leaves early.
	j->was_tap = j->known == FRAMEWORK_TAP && j->usual_tests > 0;
	if (j->framework == FRAMEWORK_TAP && !guess.certain && !j->was_tap)
		j->framework = FRAMEWORK_PLAIN;
}

// What a project's .busted names is busted's where its text does not tell otherwise, and only
// busted can load MoonScript.
static struct guess guess_of(const struct job *j, const struct plan_request *request,
			     const struct buf *source)
{
	const char *end = strrchr(path_base(j->path), '.');
	bool named = request->busted && j->in_root && !j->busted_leaves;

	if (end && strcmp(end, ".moon") == 0)
		return (struct guess){FRAMEWORK_BUSTED, true, true};
	struct guess guess = detect_framework(source->data, source->len);
	// The project says so: where busted finds no test in it, it is no plain one.
	if (named && (guess.framework == FRAMEWORK_PLAIN || guess.framework == FRAMEWORK_BUSTED))
		guess = (struct guess){FRAMEWORK_BUSTED, true, true};
	return guess;
}

// O_NONBLOCK: a fifo with a test's name must not hold us up.
static void look_into(struct job *j, const struct plan_request *request, struct buf *scratch)
{
	struct stat st = {0};
	int fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	buf_clear(scratch);
	buf_reserve(scratch, DETECT_BYTES);
	j->unreadable = 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		// A lack of descriptors is none of the file.
		j->unreadable = errno == EMFILE || errno == ENFILE ? 0 : errno;
	} else if (S_ISREG(st.st_mode)) {
		j->size = st.st_size;
		ssize_t n = read(fd, scratch->data, DETECT_BYTES);
		if (n < 0)
			j->unreadable = errno;
		else
			scratch->len = (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	if (j->settings->framework >= 0) {
		j->framework = (enum framework)j->settings->framework;
		j->source = READING_GIVEN;
		// What the user has called a test is one.
		if (j->found == FOUND_STRANGE)
			j->found = FOUND_NAMED;
	} else {
		settle_guess(j, guess_of(j, request, scratch),
			     file_clock_found_young(&st, j->last_real_ns));
	}
}

// A test of busted's, by its text, that .busted gives other names to than this one has: busted does
// not run it, and so it is not run here.
static bool is_left(const struct job *j, const struct plan_request *request, struct buf *scratch)
{
	struct job seen = *j;

	if (!request->busted || !request->busted->has_pattern || !j->in_root || !j->busted_leaves ||
	    j->found != FOUND_BY_NAME)
		return false;
	look_into(&seen, request, scratch);
	return seen.framework == FRAMEWORK_BUSTED;
}

static void leave_out(struct jobs *jobs, const struct plan_request *request, struct strings *notes)
{
	struct buf scratch = {0}, line = {0};
	struct strings left = {0};
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		if (is_left(j, request, &scratch))
			VEC_PUSH(&left, j->path);
		else
			jobs->items[n++] = *j;
	}
	jobs->n = n;
	strings_sort(&left);
	if (left.n > 0)
		buf_addf(&line, "not run, as the pattern in %s leaves %s out:", BUSTED_FILE,
			 left.n == 1 ? "it" : "them");
	for (size_t i = 0; i < left.n; i++)
		buf_addf(&line, "%s %s", i ? "," : "", left.items[i]);
	if (left.n > 0)
		VEC_PUSH(notes, buf_detach(&line));
	strings_free_all(&left);
	buf_release(&scratch);
}

static int set_settings(struct jobs *jobs, const struct plan_request *request,
			const struct map *lines, struct err *err)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		const struct selection only = {.lines = map_get(lines, j->path)};
		j->settings = request->settings_of(j, &only, request->owner, err);
		if (!j->settings) {
			jobs_release(jobs);
			return -1;
		}
	}
	return 0;
}

// Reading the heads of thousands of files takes longer than all else where nothing is to be done.
static void recall_heads(struct jobs *jobs, const struct plan_request *request,
			 struct store *history)
{
	struct err ignored; // it comes again where that is needed

	if (!request->changed_only || !history || jobs->n < 2)
		return;
	if (uptodate_open(request->uptodate, history, jobs, request->settings->trusted, &ignored) <
	    0) {
		uptodate_release(request->uptodate);
		return;
	}
	request->uptodate->fixtures = request->fixtures;
	uptodate_recall_heads(request->uptodate, jobs);
}

int plan_find(struct jobs *jobs, const struct plan_request *request, struct store *history,
	      struct strings *notes, struct err *err)
{
	struct busted_settings defaults = {0};
	struct discovery d = {.globs = &request->settings->patterns,
			      .busted = request->busted ? request->busted : &defaults,
			      .jobs = jobs,
			      .folders = request->folders};

	*jobs = (struct jobs){0};
	busted_settings_default(&defaults);
	int status = find_files(&d, request, err);
	if (status == 0)
		elsewhere_look_at_links(&d);
	if (status < 0)
		jobs_release(jobs);
	filter(jobs, is_selected, (void *)request->settings);
	discover_unite(&d);
	if (status == 0) {
		recall_heads(jobs, request, history);
		status = set_settings(jobs, request, &d.lines, err);
	}
	for (size_t i = 0; i < d.notes.n; i++)
		VEC_PUSH(notes, xstrdup(d.notes.items[i]));
	discovery_release(&d);
	busted_settings_release(&defaults);
	leave_out(jobs, request, notes);
	return status;
}

int plan_keep_apart(struct jobs *jobs, const struct plan_request *request, struct store *history,
		    struct err *err)
{
	return request->settings->conflicts == CONFLICTS_AVOID
		       ? learned_apply(request->learned, jobs, history, err)
		       : 0;
}

char *plan_way(const struct job *job)
{
	return command_way(job->settings->commands, job->framework, job->settings->way);
}

static struct digest key_of(struct uptodate *f, const struct job *job)
{
	if (f->last.settings == job->settings && f->last.framework == job->framework)
		return f->last.key;
	char *way = plan_way(job);
	f->last.settings = job->settings;
	f->last.framework = job->framework;
	// What cannot be run has never passed, and has no key to be equal to.
	f->last.key = way ? digest_of(way, strlen(way)) : (struct digest){0};
	free(way);
	return f->last.key;
}

struct uptodate_finding plan_ask(struct uptodate *f, struct job *j)
{
	const struct snapshot *s = uptodate_snapshot(f, j);
	struct digest key = {0};

	// While a file is what it was, so is its framework: it need not be read for that.
	if (s) {
		j->framework = s->framework;
		key = key_of(f, j);
	}
	// Called by another name it was a test, or said to be one: here its exit status is no
	// proof.
	if (s && j->found == FOUND_STRANGE && s->framework == FRAMEWORK_PLAIN)
		return (struct uptodate_finding){.verdict = STALE_NEW, .snapshot = s};
	return uptodate_ask(f, j, &key, deadline_of(&j->settings->deadline, j->p99_ns));
}

struct loading {
	struct support *support;
	const char *loader;
};

static void note_load(const char *path, bool whole, void *arg)
{
	const struct loading *l = arg;

	support_note(l->support, l->loader, path, whole);
}

// What files have loaded of the others, their last passes tell.
static void note_loads(struct support *support, const struct jobs *jobs,
		       const struct uptodate *uptodate)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct loading l = {support, jobs->items[i].path};
		const struct snapshot *s = map_get(&uptodate->snapshots, l.loader);
		if (s && !support_knows(support, l.loader))
			uptodate_chunks(uptodate, s, note_load, &l);
	}
}

int plan_note_loads(struct support *support, const struct jobs *ran, struct store *history,
		    struct err *err)
{
	struct uptodate uptodate;
	int status = uptodate_open(&uptodate, history, ran, 0, err);

	if (status == 0)
		note_loads(support, ran, &uptodate);
	uptodate_release(&uptodate);
	return status;
}

static int set_uptodate_aside(struct jobs *jobs, struct jobs *reused,
			      const struct plan_request *request, struct store *history,
			      struct support *support, struct err *err)
{
	struct uptodate *uptodate = request->uptodate;
	size_t n = 0;
	int status = uptodate_is_open(uptodate) ? 0
						: uptodate_open(uptodate, history, jobs,
								request->settings->trusted, err);

	uptodate->fixtures = request->fixtures;
	uptodate->counting.store = history;
	uptodate->counting.wish = request->counting;
	for (size_t i = 0; status == 0 && i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		struct uptodate_finding a = plan_ask(uptodate, j);
		j->is_uncounted = a.verdict == STALE_UNCOUNTED;
		if (a.verdict == UPTODATE) {
			j->pass = a.snapshot->result;
			VEC_PUSH(reused, *j);
		} else {
			jobs->items[n++] = *j;
		}
	}
	if (status == 0) {
		jobs->n = n;
		order_jobs(reused, ORDER_PATH, 0, request->slots, request->locks);
		if (jobs->n > 0 && support)
			note_loads(support, reused, uptodate);
		uptodate_renew(uptodate, history);
	}
	uptodate_release(uptodate);
	return status;
}

// Those that have not failed are there for what they cover, if that is known.
static int set_counted_aside(struct jobs *jobs, struct jobs *reused,
			     const struct plan_request *request, struct store *history,
			     struct err *err)
{
	struct counting counting = {.wish = request->counting, .store = history};
	size_t n = 0;
	int lack = COUNTING_STANDS;

	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		j->pass = 0;
		if (lack >= 0 && !file_status_is_bad(j->last) &&
		    !selection_is_partial(&j->settings->selection) &&
		    counted_last(history, j->path, &j->pass, err) < 0)
			lack = -1;
		if (lack >= 0 && j->pass)
			lack = counting_ask(&counting, j->pass, err);
		if (lack == COUNTING_STANDS && j->pass)
			VEC_PUSH(reused, *j);
		else
			jobs->items[n++] = *j;
	}
	jobs->n = n;
	order_jobs(reused, ORDER_PATH, 0, request->slots, request->locks);
	counting_release(&counting);
	return lack < 0 ? -1 : 0;
}

void plan_look(struct job *j, const struct plan_request *request)
{
	struct buf scratch = {0};

	look_into(j, request, &scratch);
	buf_release(&scratch);
}

// Texts of files that are not run name others as well.
void plan_look_into(struct jobs *jobs, const struct jobs *reused,
		    const struct plan_request *request)
{
	struct buf scratch = {0};
	struct mentions m;

	mentions_begin(&m, jobs);
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		look_into(j, request, &scratch);
		mentions_look(&m, j, scratch.data, scratch.len);
		j->mentioned |= request->busted && busted_helps(request->busted, j->path);
	}
	for (size_t i = 0; i < reused->n && m.words.n > 0; i++) {
		struct job seen = reused->items[i];
		look_into(&seen, request, &scratch);
		mentions_look(&m, NULL, scratch.data, scratch.len);
	}
	mentions_release(&m);
	buf_release(&scratch);
}

// Of files whose framework can choose, only the tests that are bad are wanted.
static int narrow(struct jobs *jobs, const struct plan_request *request, struct store *history,
		  struct err *err)
{
	int status = 0;

	for (size_t i = 0; i < jobs->n && status == 0; i++) {
		struct job *j = &jobs->items[i];
		struct selection only = j->settings->selection;
		char *names = NULL;
		if (only.lines || !framework_has_events(j->framework))
			continue;
		status = failed_tests(history, j->path, &names, err);
		only.names = names;
		if (names)
			j->settings = request->settings_of(j, &only, request->owner, err);
		status = j->settings ? status : -1;
		free(names);
	}
	return status;
}

int plan_order(struct jobs *jobs, struct jobs *reused, const struct plan_request *request,
	       struct store *history, struct support *support, struct err *err)
{
	int status = history ? plan_add_past(jobs, history, err) : 0;
	int64_t now_ns = clock_real_ns();

	if (history && status == 0)
		status = plan_keep_apart(jobs, request, history, err);

	if (support)
		support_plan(support, jobs);
	if (request->related && status == 0)
		status = related_filter(request->related, jobs, history, err);
	if (request->changed_only && history && status == 0)
		status = set_uptodate_aside(jobs, reused, request, history, support, err);
	else if (request->settings->failed_only && request->counting && history && status == 0)
		status = set_counted_aside(jobs, reused, request, history, err);
	else if (request->settings->failed_only && history && status == 0)
		filter(jobs, failed_a_run, &now_ns);
	plan_look_into(jobs, reused, request);
	// What a file covers is told of all its tests.
	if (request->settings->failed_only && !request->changed_only && !request->counting &&
	    history && status == 0)
		status = narrow(jobs, request, history, err);
	order_for_run(jobs, request->settings->order, request->settings->seed, request->slots,
		      request->locks);
	// Who asks for a chance order looks for what depends on it.
	if (history && status == 0 && request->settings->order != ORDER_RANDOM)
		status = sequence_learn(jobs, history, err);
	return status;
}
