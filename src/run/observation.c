// SPDX-License-Identifier: MIT
#include "run/observation.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_clock.h"
#include "framework/library.h"
#include "framework/outcome.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "run/attempt.h"

void observer_open(struct observer *w)
{
	*w = (struct observer){.has_proc = access("/proc/self/fd", F_OK) == 0};
}

void observer_close(struct observer *w)
{
	map_release(&w->libraries);
	map_release(&w->busted_names);
}

static void keep_output(struct result *r, const struct capture *c)
{
	struct buf b = {0};

	capture_text(c, &b);
	r->output_total = capture_total(c);
	r->output_len = b.len;
	r->output = buf_detach(&b);
}

// Each file is looked into once: most of them every worker loads.
enum framework observer_library(struct observer *w, const char *path)
{
	// A framework and 1 stands in place of a pointer.
	uintptr_t known = (uintptr_t)map_get(&w->libraries, path);

	if (known == 0) {
		known = (uintptr_t)library_in(path) + 1;
		map_put(&w->libraries, path, (void *)known);
	}
	return (enum framework)(known - 1);
}

// The framework whose core the worker has read, and from where.
static void find_library(struct observer *w, const struct inputs *in, struct observation *o)
{
	for (size_t i = 0; in && i < in->list.n; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind != INPUT_PATH || !input->found)
			continue;
		enum framework f = observer_library(w, input->name);
		if (f > o->loaded) {
			o->loaded = f;
			o->loaded_from = input->name;
		}
	}
}

static bool names_busted(struct observer *w, const char *path)
{
	uintptr_t known = (uintptr_t)map_get(&w->busted_names, path);

	if (known == 0) {
		known = (uintptr_t)library_names_busted(path) + 1;
		map_put(&w->busted_names, path, (void *)known);
	}
	return known == 2;
}

// Whether it is not known yet that the job's file is a plain one with that helper, as it is now.
static bool is_news(const struct job *j, const char *helper)
{
	struct stat st;

	return j->known != FRAMEWORK_PLAIN ||
	       (stat(helper, &st) == 0 && file_clock_found_young(&st, j->last_real_ns));
}

// What the worker has loaded from below the working folder and that may test by busted's names,
// where they are defined.
static void find_names(struct observer *w, const struct result *r, struct observation *o)
{
	const struct inputs *in = r->inputs;

	for (size_t i = 0; in && i < in->list.n && !o->names_busted; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind == INPUT_CHUNK && *input->name != '/' &&
		    strcmp(input->name, r->job->path) != 0 && names_busted(w, input->name) &&
		    is_news(r->job, input->name))
			o->names_busted = input->name;
	}
}

static void observe(struct attempt *a, struct observation *o)
{
	*o = (struct observation){
		.reading = a->reading,
		.events = a->has_shim ? &a->events : NULL,
		.tap = &a->tap,
		.was_tap = a->result->job->was_tap,
		.has_busted = a->result->job->settings->commands->busted != NULL,
		.by_runner = a->command.by_runner,
	};
	reading_settle(a->result, o);
	if (a->result->framework == FRAMEWORK_TAP)
		tap_deliver(&a->tap, a->result);
}

void observation_decide(struct observer *w, struct attempt *a, struct observation *o)
{
	struct result *r = a->result;
	const struct limits *limits = &r->job->settings->limits;

	attempt_finish_output(a);
	keep_output(r, &a->capture);
	observe(a, o);
	const struct ending ending = {
		.timeout_ns = a->timed_out ? r->deadline_ns : 0,
		.hung = a->hung,
		.done = a->done,
		.cut_short = a->cut_short,
		.unended = a->unended,
		.cpu_limit_s = limits->set[LIMIT_CPU] ? (int64_t)limits->value[LIMIT_CPU] : 0,
		.memory_limit = limits->set[LIMIT_AS],
		.argv0 = a->command.argv[a->command.first],
		.events = o->events,
		.tap = o->tap,
	};
	outcome_decide(r, &ending);
	// What has failed has loaded others, too.
	if (r->status != FILE_NOTRUN)
		r->inputs = attempt_inputs(a);
	r->hits = attempt_hits(a);
	if (o->events && o->events->cut)
		outcome_charge_cut(r, o->events->cut);
	else if (r->inputs && r->inputs->cut)
		outcome_charge_cut(r, r->inputs->cut);
	o->heard = o->events && o->events->hello;
	// Without /proc no file can be looked into: the run goes by what there is.
	o->watched = !w->has_proc || (r->inputs && !r->inputs->blind);
	a->seen = o->heard || o->watched;
	o->before_seen = a->before_seen;
	if (!framework_has_events(r->framework) && !o->heard)
		find_library(w, r->inputs, o);
	if (r->status == FILE_PASSED && r->framework == FRAMEWORK_PLAIN)
		find_names(w, r, o);
}
