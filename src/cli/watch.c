// SPDX-License-Identifier: MIT
// --watch: runs what a change touches, and waits for the next one, or for a key.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/text.h"
#include "cli/execution.h"
#include "cli/files.h"
#include "cli/mode.h"
#include "cli/reports.h"
#include "cli/run.h"
#include "cli/session.h"
#include "cli/watching.h"
#include "framework/framework.h"
#include "jobserver/tokens.h"
#include "plan/names.h"
#include "report/layout.h"
#include "report/watchline.h"
#include "sys/keyboard.h"

// What is to be run next.
enum wish {
	WISH_NONE,
	WISH_TOUCHED,
	WISH_FAILED,
	WISH_STALE, // all that is not certain to pass again
	WISH_ALL,
};

struct watch {
	struct firmo_jobs *session;
	struct spectator spectator;
	struct watching watching;
	struct keyboard keyboard;
	struct loop_watch signal_watch, output_watch;
	struct supervisor *supervisor; // while files run
	struct map verdicts;           // last of each file: "passed" or "failed"
	enum wish wanted;
	bool reads_settings; // before that
	char *why;           // for a person
	bool ended;
	int signal;         // that has ended it, or 0
	bool on_screen;     // what a person sees is a terminal that can be cleared
	bool line_is_drawn; // the status, at the bottom
	bool has_news;      // since that was drawn
	bool is_typing;
	struct buf typed;
	char *pattern; // of the files that run; NULL: all
};

#define PASSED ((void *)"passed")
#define FAILED ((void *)"failed")

// ---- the screen ----

static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u
									       : 79;
}

static struct watchline line_of(struct watch *w)
{
	const struct jobs *found = &w->watching.found;
	struct watchline line = {.files = found->n,
				 .paths = touched_count(&w->watching.touched),
				 .pattern = w->pattern,
				 .has_keys = w->keyboard.is_taken,
				 .colours =
					 context_uses_colours(w->session->settings, STDERR_FILENO)};

	if (w->is_typing) {
		buf_reserve(&w->typed, 0);
		line.typed = w->typed.data;
	}
	for (size_t i = 0; i < found->n; i++) {
		const void *verdict = map_get(&w->verdicts, found->items[i].path);
		line.bad += verdict == FAILED;
		line.unknown += verdict == NULL;
	}
	return line;
}

static void clear_line(struct watch *w)
{
	if (w->line_is_drawn)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	w->line_is_drawn = false;
}

static void draw_line(struct watch *w)
{
	const struct watchline line = line_of(w);
	struct buf b = {0};

	if (!w->on_screen && !w->has_news)
		return;
	bool has_news = w->has_news;
	w->has_news = false;
	fflush(stdout);
	if (w->on_screen)
		buf_addstr(&b, has_news ? "\n" : "\r");
	else
		buf_addstr(&b, "firmo-jobs: ");
	watchline_render(&b, &line, w->on_screen ? columns() : 1000);
	buf_addstr(&b, w->on_screen ? "\033[K" : "\n");
	fputs(b.data, stderr);
	fflush(stderr);
	buf_release(&b);
	w->line_is_drawn = w->on_screen;
}

// What is told beside runs stays above the line.
static void tell(struct watch *w, const char *message)
{
	clear_line(w);
	session_warn(message);
	w->has_news = true;
}

static void draw_headline(struct watch *w)
{
	const char *bold =
		context_uses_colours(w->session->settings, STDERR_FILENO) ? "\033[1m" : "";
	const char *of = w->wanted == WISH_STALE ? "of " : "";
	size_t n = w->session->jobs.n;
	struct buf b = {0};

	clear_line(w);
	text_add_visible(&b, w->why ? w->why : "");
	fflush(stdout);
	if (w->on_screen)
		fprintf(stderr, "\033[H\033[2J%s%s: %s%zu file%s%s\n", bold, b.data, of, n,
			n == 1 ? "" : "s", *bold ? "\033[0m" : "");
	else
		fprintf(stderr, "firmo-jobs: %s: %s%zu file%s\n", b.data, of, n, n == 1 ? "" : "s");
	fflush(stderr);
	buf_release(&b);
}

// ---- what is wanted ----

// The run that goes on makes room for the next one.
static void cut_short(struct watch *w)
{
	struct run *run = &w->session->run;

	if (!w->supervisor || run->stopped)
		return;
	run->stopped = xstrdup("--watch");
	supervisor_end(w->supervisor);
}

static void want(struct watch *w, enum wish what, char *why)
{
	if (what > w->wanted) {
		w->wanted = what;
		free(w->why);
		w->why = why;
	} else {
		free(why);
	}
	cut_short(w);
}

static void on_changed(void *owner, const char *path, size_t more)
{
	char *why = !path      ? xstrdup("files have changed")
		    : more > 0 ? xasprintf("%s and %zu more have changed", path, more)
			       : xasprintf("%s has changed", path);

	want(owner, WISH_TOUCHED, why);
}

static void finish(struct watch *w)
{
	w->ended = true;
	cut_short(w);
}

// ---- keys ----

static void end_typing(struct watch *w, bool takes)
{
	w->is_typing = false;
	if (takes) {
		free(w->pattern);
		w->pattern = w->typed.len > 0 ? xstrdup(w->typed.data) : NULL;
		want(w, WISH_ALL,
		     w->pattern ? xasprintf("files %s", w->pattern) : xstrdup("all files"));
	} else {
		// A run may have been cut short for this.
		want(w, WISH_TOUCHED, xstrdup("files that have not run"));
	}
	draw_line(w);
}

// Takes the last character off, all bytes of it.
static void rub_out(struct buf *typed)
{
	while (typed->len > 0 && ((unsigned char)typed->data[--typed->len] & 0xC0) == 0x80)
		;
	buf_reserve(typed, 0);
	typed->data[typed->len] = '\0';
}

static void on_typed(struct watch *w, int key)
{
	enum { ESCAPE = 27, RUBOUT = 127, KILL = 'U' & 31 };

	if (key == '\n' || key == '\r') {
		end_typing(w, true);
		return;
	}
	if (key == ESCAPE) {
		end_typing(w, false);
		return;
	}
	if (key == RUBOUT || key == '\b')
		rub_out(&w->typed);
	else if (key == KILL)
		buf_clear(&w->typed);
	else if (key >= ' ')
		buf_addch(&w->typed, (char)key);
	draw_line(w);
}

static void begin_typing(struct watch *w)
{
	buf_clear(&w->typed);
	buf_addstr(&w->typed, w->pattern ? w->pattern : "");
	w->is_typing = true;
	if (w->supervisor)
		cut_short(w);
	else
		draw_line(w);
}

static void on_key(void *owner, int key)
{
	struct watch *w = owner;

	if (key == KEYBOARD_GONE) {
		finish(w);
		return;
	}
	if (w->is_typing) {
		on_typed(w, key);
		return;
	}
	switch (key) {
	case '\n':
	case '\r':
		want(w, WISH_ALL, xstrdup("all files"));
		break;
	case 'f':
		want(w, WISH_FAILED, xstrdup("files that failed"));
		break;
	case 'p':
		begin_typing(w);
		break;
	case 'u':
		w->reads_settings = true;
		want(w, WISH_STALE, xstrdup("settings read anew"));
		break;
	case 'q':
		finish(w);
		break;
	}
}

// ---- a run ----

static void on_begun(void *owner, struct supervisor *supervisor)
{
	((struct watch *)owner)->supervisor = supervisor;
}

static void on_ended(void *owner, const struct result *r)
{
	watching_note(&((struct watch *)owner)->watching, r);
}

static void on_suspended(void *owner, bool now)
{
	struct watch *w = owner;

	if (now)
		keyboard_give(&w->keyboard);
	else
		keyboard_take(&w->keyboard);
}

// A word without a wildcard may stand anywhere in the path.
static bool matches(const struct watch *w, const char *path)
{
	char *glob = w->pattern;
	const struct strings globs = {&glob, 1, 1};

	if (!glob)
		return true;
	return strpbrk(glob, "*?[") ? name_matches(&globs, path) : strstr(path, glob) != NULL;
}

static bool is_selected(const struct watch *w, const char *path)
{
	if (!matches(w, path))
		return false;
	if (w->wanted == WISH_TOUCHED)
		return touched_is(&w->watching.touched, path);
	return w->wanted != WISH_FAILED || map_get(&w->verdicts, path) == FAILED;
}

// Fills the session's jobs with copies of those that are selected: what they say of their own
// settings may have changed.
static int select_jobs(struct watch *w, struct err *err)
{
	struct firmo_jobs *s = w->session;

	for (size_t i = 0; i < w->watching.found.n; i++) {
		struct job job = w->watching.found.items[i];
		if (!is_selected(w, job.path))
			continue;
		const struct selection only = {.lines = map_get(&w->watching.lines, job.path)};
		job.head = (struct job_head){0};
		job.settings = s->request.settings_of(&job, &only, s->request.owner, err);
		if (!job.settings)
			return -1;
		job.path = xstrdup(job.path);
		VEC_PUSH(&s->jobs, job);
	}
	return 0;
}

static void take_verdicts(struct watch *w)
{
	const struct run *run = &w->session->run;

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		if (r->status == FILE_NOTRUN)
			touched_mark(&w->watching.touched, r->job->path);
		else
			map_put(&w->verdicts, r->job->path, result_is_bad(r) ? FAILED : PASSED);
	}
}

// The jobs are there.
static void run_jobs(struct watch *w)
{
	struct firmo_jobs *s = w->session;
	bool was_cut = false;

	draw_headline(w);
	w->wanted = WISH_NONE;
	watching_begin(&w->watching);
	enum firmo_jobs_status status = run_plan(s);
	if (status == FIRMO_JOBS_OK) {
		status = firmo_jobs_run(s);
		w->supervisor = NULL;
		was_cut = s->run.stopped && (w->wanted != WISH_NONE || w->is_typing);
		w->signal = s->run.signal;
		take_verdicts(w);
		if (!was_cut && !w->ended && status != FIRMO_JOBS_BROKEN)
			firmo_jobs_report(s);
	}
	watching_end(&w->watching, was_cut);
	w->has_news = true;
	w->ended |= w->signal != 0;
}

static void set_request(struct watch *w, struct plan_settings *plan)
{
	struct firmo_jobs *s = w->session;

	// --failed is for the first run alone: what is touched, or wanted by a key, runs.
	*plan = s->settings->plan;
	plan->failed_only &= w->wanted == WISH_STALE;
	s->request.settings = plan;
	s->request.changed_only = w->wanted == WISH_STALE && !plan->failed_only;
	s->request.busted = s->context.has_busted ? &s->context.busted : NULL;
}

static void run_wanted(struct watch *w)
{
	struct firmo_jobs *s = w->session;
	struct plan_settings plan;
	struct err err;

	session_begin_run(s);
	set_request(w, &plan);
	enum firmo_jobs_status status = context_open_store(&s->context, true);
	if (status == FIRMO_JOBS_OK && select_jobs(w, &err) < 0) {
		tell(w, err.message);
		jobs_release(&s->jobs);
	}
	if (status == FIRMO_JOBS_OK && s->jobs.n > 0)
		run_jobs(w);
	else
		w->wanted = WISH_NONE;
	session_begin_run(s);
}

// ---- settings ----

static void read_settings(struct watch *w)
{
	struct err err;

	w->reads_settings = false;
	if (session_read_again(w->session, &err) < 0) {
		tell(w, err.message);
		w->wanted = WISH_NONE;
	} else {
		want(w, WISH_STALE, xstrdup("settings read anew"));
		touched_mark(&w->watching.touched, "");
	}
	watching_renew_settings(&w->watching);
}

// ---- waiting ----

static void suspend(struct watch *w)
{
	clear_line(w);
	keyboard_give(&w->keyboard);
	raise(SIGSTOP);
	keyboard_take(&w->keyboard);
	draw_line(w);
}

static void on_signal(struct loop_watch *watch, short revents)
{
	struct watch *w = watch->owner;
	int signo;

	while ((signo = signals_next(&w->session->context.signals)) != 0) {
		if (signals_is_fatal(signo)) {
			w->signal = signo;
			w->ended = true;
		} else if (signo == SIGTSTP) {
			suspend(w);
		} else if (signo == SIGUSR1 || signo == SIGWINCH) {
			w->has_news |= signo == SIGUSR1;
			draw_line(w);
		}
	}
}

// Nobody reads any more.
static void on_output_gone(struct loop_watch *watch, short revents)
{
	struct watch *w = watch->owner;

	watch->events = 0;
	finish(w);
}

static bool waits(const struct watch *w)
{
	return !w->ended && (w->wanted == WISH_NONE || w->is_typing);
}

static void wait_for_more(struct watch *w)
{
	struct loop *loop = &w->session->context.loop;

	keyboard_take(&w->keyboard);
	draw_line(w);
	w->signal_watch.fd = w->session->context.signals.fd;
	loop_add_watch(loop, &w->signal_watch);
	while (waits(w))
		if (loop_step(loop) < 0)
			w->ended = true;
	loop_remove_watch(loop, &w->signal_watch);
	clear_line(w);
}

// ---- all of it ----

static void open_screen(struct watch *w)
{
	struct firmo_jobs *s = w->session;
	const char *term = getenv("TERM");

	w->on_screen =
		isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	w->keyboard.pressed = on_key;
	w->keyboard.owner = w;
	keyboard_open(&w->keyboard, &s->context.loop);
	w->keyboard.is_there &= isatty(STDERR_FILENO);
	keyboard_take(&w->keyboard);
	w->signal_watch = (struct loop_watch){.events = POLLIN, .ready = on_signal, .owner = w};
	w->output_watch = (struct loop_watch){
		.fd = STDOUT_FILENO, .events = POLLERR, .ready = on_output_gone, .owner = w};
	loop_add_watch(&s->context.loop, &w->output_watch);
	w->spectator = (struct spectator){
		.begun = on_begun, .ended = on_ended, .suspended = on_suspended, .owner = w};
	s->context.spectator = &w->spectator;
}

static void close_screen(struct watch *w)
{
	keyboard_close(&w->keyboard);
	loop_remove_watch(&w->session->context.loop, &w->output_watch);
	w->session->context.spectator = NULL;
}

// The first of all: what cannot be done at all is told, and ends it.
static enum firmo_jobs_status begin(struct watch *w)
{
	struct firmo_jobs *s = w->session;
	enum firmo_jobs_status status = watching_find(&w->watching);

	if (status != FIRMO_JOBS_OK)
		return status;
	if (w->watching.found.n == 0)
		return files_none(s);
	status = context_find_programs(&s->context);
	if (status == FIRMO_JOBS_OK)
		status = context_open_store(&s->context, true);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (!context_watches(&s->context) || !s->context.library)
		session_warn("--watch: what the files depend on is not known: each is run when it "
			     "has changed itself");
	watching_recall(&w->watching);
	want(w, WISH_STALE, xstrdup("what is not certain to pass"));
	return FIRMO_JOBS_OK;
}

static void go_on(struct watch *w)
{
	w->reads_settings |= watching_take_settings(&w->watching);
	if (w->reads_settings)
		read_settings(w);
	if (watching_needs_find(&w->watching))
		watching_find(&w->watching);
	if (w->wanted != WISH_NONE)
		run_wanted(w);
}

static enum firmo_jobs_status watch(struct watch *w)
{
	enum firmo_jobs_status status = begin(w);

	while (status == FIRMO_JOBS_OK && !w->ended) {
		go_on(w);
		if (waits(w))
			wait_for_more(w);
	}
	w->session->run.signal = w->signal;
	return status != FIRMO_JOBS_OK ? status
	       : line_of(w).bad > 0    ? FIRMO_JOBS_FAILED
				       : FIRMO_JOBS_OK;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct watch w = {.session = s,
			  .watching = {.session = s, .changed = on_changed, .owner = &w}};
	struct err err;

	if (s->context.make.dry_run)
		return run_dry(s);
	if (getenv(CONTEXT_GATHER)) {
		session_warn("--watch: below --gather it would never end");
		return FIRMO_JOBS_USAGE;
	}
	if (context_open_signals(&s->context, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	watching_open(&w.watching);
	open_screen(&w);
	enum firmo_jobs_status status = watch(&w);
	close_screen(&w);
	watching_close(&w.watching);
	context_close_signals(&s->context);
	map_release(&w.verdicts);
	buf_release(&w.typed);
	free(w.pattern);
	free(w.why);
	return status;
}

static int check(const struct settings *o, struct err *err)
{
	const struct {
		bool is_said;
		const char *option, *why;
	} others[] = {
		{o->coverage.wanted, "coverage", "the few files of a change cover little"},
		{o->until_fail, "until-fail", "no change would be waited for"},
		{!o->capture, "no-capture", "both want the terminal"},
		{o->join, "join", "another run would run the files"},
		{o->plan.related.n > 0, "related", "every change runs the files that it touches"},
		{o->plan.related_git, "related-git", "every change runs the files that it touches"},
		{o->run.end_with_input, "end-with-input", "keys come from standard input"},
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i].is_said)
			return err_set(err, 0, "--watch and --%s: %s; give one of them",
				       others[i].option, others[i].why);
	return 0;
}

const struct mode mode_watch = {
	.name = "--watch",
	.goes_by_plan = true,
	.runs_files = true,
	.formats = MODE_RUN_FORMATS,
	.check = check,
	.carry_out = carry_out,
};
