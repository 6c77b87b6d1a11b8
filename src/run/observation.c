// SPDX-License-Identifier: MIT
#include "run/observation.h"

#include <string.h>

#include "framework/outcome.h"
#include "launch/environment.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "run/attempt.h"

static void keep_output(struct result *r, const struct capture *c)
{
	struct buf b = {0};

	capture_text(c, &b);
	r->output_total = capture_total(c);
	r->output_len = b.len;
	r->output = buf_detach(&b);
}

// The framework whose core the worker has read, and from where.
static void find_library(struct launcher *l, const struct inputs *in, struct observation *o)
{
	for (size_t i = 0; in && i < in->list.n; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind != INPUT_PATH || !input->found)
			continue;
		enum framework f = l->operations->library(l, input->name);
		if (f > o->loaded) {
			o->loaded = f;
			o->loaded_from = input->name;
		}
	}
}

// What the worker has loaded from below the working folder and that may test by busted's names,
// where they are defined; but not if it is known that the file is a plain one with that helper, as
// it is now.
static void find_names(struct launcher *l, const struct result *r, struct observation *o)
{
	const struct inputs *in = r->inputs;
	int64_t since_ns = r->job->known == FRAMEWORK_PLAIN ? r->job->last_real_ns : 0;

	for (size_t i = 0; in && i < in->list.n && !o->names_busted; i++) {
		const struct input *input = &in->list.items[i];
		if (input->kind == INPUT_CHUNK && *input->name != '/' &&
		    strcmp(input->name, r->job->path) != 0 &&
		    l->operations->names_busted(l, input->name, since_ns))
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

void observation_decide(struct attempt *a, struct observation *o)
{
	struct result *r = a->result;
	struct launcher *l = a->terms->launcher;
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
	r->inputs = attempt_inputs(a);
	r->hits = attempt_hits(a);
	r->process = a->process->serial;
	if (o->events && o->events->cut)
		outcome_charge_cut(r, o->events->cut);
	else if (r->inputs && r->inputs->cut)
		outcome_charge_cut(r, r->inputs->cut);
	o->heard = o->events && o->events->hello;
	// Without /proc no file can be looked into: the run goes by what there is.
	o->watched = !l->sees_files || (r->inputs && !r->inputs->blind);
	a->seen = o->heard || o->watched;
	a->lacks_modules = !o->heard && environment_preloads(r->job->settings);
	o->before_seen = a->before_seen;
	if (!framework_has_events(r->framework) && !o->heard)
		find_library(l, r->inputs, o);
	if (r->status == FILE_PASSED && r->framework == FRAMEWORK_PLAIN)
		find_names(l, r, o);
}
