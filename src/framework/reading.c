// SPDX-License-Identifier: MIT
#include "framework/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "framework/events.h"
#include "framework/framework.h"
#include "model/result.h"

static void learn(struct result *r, enum framework f, char *how)
{
	r->framework = f;
	free(r->learned);
	r->learned = how;
}

// A framework that was not seen to be loaded was not loaded, if nothing was lost on the way here.
static bool heard_all(const struct result *r, const struct events *ev)
{
	return ev && ev->hello && ev->lost == 0 && ev->foreign == 0 && !ev->shim_error &&
	       r->tests.n == 0;
}

// Whether what the worker printed by itself is TAP, or should have been.
static bool owes_tap(const struct observation *o)
{
	return o->was_tap || o->reading.source != READING_GUESSED ||
	       tap_evidence(o->tap) != TAP_NONE;
}

void reading_settle(struct result *r, const struct observation *o)
{
	enum framework f = o->reading.framework;
	const struct events *ev = o->events;

	r->framework = f;
	if (o->reading.source == READING_GIVEN)
		return;
	if (ev && ev->attached && ev->framework != f)
		learn(r, ev->framework, xasprintf("it loads %s", framework_name(ev->framework)));
	else if (ev && ev->attached)
		return;
	else if (f == FRAMEWORK_TAP && !owes_tap(o))
		learn(r, FRAMEWORK_PLAIN, xstrdup("it prints no TAP"));
	else if (framework_has_events(f) && !o->by_runner && heard_all(r, ev))
		learn(r, FRAMEWORK_PLAIN, xasprintf("it never loads %s", framework_name(f)));
}

// The global that was called and is none, by Lua's own words for it; "" if the message says no such
// thing.
static const char *name_of_nil(const char *message, size_t *n)
{
	static const char *const kinds[] = {"global '", "local '", "upvalue '", "field '"};

	*n = 0;
	if (!message || !strstr(message, "nil value") || !strstr(message, "call"))
		return "";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *name = strstr(message, kinds[i]);
		if (!name)
			continue;
		name += strlen(kinds[i]);
		*n = strcspn(name, "'");
		return name;
	}
	return "";
}

// The name of busted's for want of which the file has ended; NULL: it has not.
static char *missed_busted_name(const struct result *r)
{
	const struct file_error *e = r->errors.n ? &r->errors.items[r->errors.n - 1] : NULL;
	size_t n;
	const char *name = name_of_nil(e ? e->message : NULL, &n);

	return n > 0 && detect_busted_name(name, n) ? xstrndup(name, n) : NULL;
}

// What does not load does so nowhere.
static bool has_syntax_error(const struct result *r)
{
	for (size_t i = 0; i < r->errors.n; i++)
		if (r->errors.items[i].where && strcmp(r->errors.items[i].where, "load") == 0)
			return true;
	return false;
}

static bool ended_by_itself(const struct result *r)
{
	return r->signal == 0 && r->exit_code >= 0 && r->status != FILE_NOTRUN &&
	       r->status != FILE_TIMEOUT && r->status != FILE_LIMIT;
}

// Whether busted has come to blocks of the file: what is wrong with those is no other framework's.
static bool reached_blocks(const struct result *r)
{
	static const char *const kinds[] = {"describe", "setup", "teardown", "before_each",
					    "after_each"};
	bool reached = r->tests.n > 0;

	for (size_t i = 0; i < r->errors.n; i++)
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			reached |= r->errors.items[i].where &&
				   strcmp(r->errors.items[i].where, kinds[k]) == 0;
	return reached;
}

static bool revise_runner(const struct result *r, const struct observation *o, struct reading *next,
			  char **why)
{
	if (o->reading.source != READING_GUESSED || reached_blocks(r) || r->partial ||
	    has_syntax_error(r))
		return false;
	// Nothing is left to learn of a pass that was seen whole.
	if (o->reading.asked && o->before_seen)
		return false;
	*next = (struct reading){.framework = FRAMEWORK_PLAIN, .shim = true};
	*why = xasprintf("%s finds no test in it", framework_name(r->framework));
	return true;
}

static bool revise_plain(const struct result *r, const struct observation *o, struct reading *next,
			 char **why)
{
	if (o->loaded != FRAMEWORK_PLAIN && !o->heard) {
		*next = (struct reading){.framework = o->loaded, .shim = true};
		*why = xasprintf("it loads %s", o->loaded_from);
		return true;
	}
	// With a pipe of its own for stderr, which may have been mixed in here.
	if (o->reading.framework != FRAMEWORK_TAP &&
	    (tap_evidence(o->tap) != TAP_NONE || tap_may_hide(o->tap))) {
		*next = (struct reading){.framework = FRAMEWORK_TAP};
		*why = xstrdup("it prints TAP");
		return true;
	}
	char *name = r->exit_code != 0 && o->has_busted ? missed_busted_name(r) : NULL;
	if (name) {
		*next = (struct reading){.framework = FRAMEWORK_BUSTED, .shim = true};
		*why = xasprintf("it calls %s, which busted has", name);
		free(name);
		return true;
	}
	if (r->framework != FRAMEWORK_PLAIN || r->status != FILE_PASSED)
		return false;
	if ((r->job->asks_busted || o->names_busted) && o->has_busted &&
	    o->reading.source == READING_GUESSED) {
		*next = (struct reading){
			.framework = FRAMEWORK_BUSTED, .shim = true, .asked = true};
		*why = xstrdup("busted finds tests in it");
		return true;
	}
	if (o->watched || o->events)
		return false;
	*next = (struct reading){.framework = FRAMEWORK_PLAIN, .shim = true};
	*why = xstrdup("what it loads cannot be watched");
	return true;
}

bool reading_revise(const struct result *r, const struct observation *o, struct reading *next,
		    char **why)
{
	// A file that printed TAP once may be of another framework by now.
	bool guessed_tap = r->framework == FRAMEWORK_TAP && o->reading.framework == FRAMEWORK_TAP &&
			   o->reading.source == READING_GUESSED;

	if (o->reading.source == READING_GIVEN || !ended_by_itself(r))
		return false;
	if (r->framework == FRAMEWORK_BUSTED || r->framework == FRAMEWORK_FIRMO)
		return revise_runner(r, o, next, why);
	return (r->framework == FRAMEWORK_PLAIN || guessed_tap) && revise_plain(r, o, next, why);
}

bool reading_is_better(const struct result *other, const struct reading *as,
		       const struct result *before)
{
	if (before->framework == FRAMEWORK_BUSTED || before->framework == FRAMEWORK_FIRMO) {
		char *name = missed_busted_name(other);
		bool same = name || (other->tests.n == 0 && file_status_is_bad(before->status) &&
				     file_status_is_bad(other->status));
		free(name);
		// What busted runs by itself, and finds no test in, has none: left early, as
		// where it lacks what it tests, it shows nothing as a plain file either.
		// So has what calls busted's names and passed without one: it never came to
		// its tests.
		bool busteds = before->job->in_root && !before->job->busted_leaves;
		bool unreached = before->job->calls_busted && other->nameless;
		if ((busteds || unreached) && other->framework == FRAMEWORK_PLAIN &&
		    other->status == FILE_PASSED)
			return false;
		return !same;
	}
	bool has_runner =
		other->framework == FRAMEWORK_BUSTED || other->framework == FRAMEWORK_FIRMO;
	// The same command has failed, and that it did not fail the next time is no better news.
	if (!has_runner && before->exit_code != 0 && other->exit_code == 0)
		return false;
	// A file that died is not saved by busted's finding nothing in it; nor has one that passed
	// to be busted's, unless it loads that.
	return other->framework != FRAMEWORK_BUSTED || reached_blocks(other) ||
	       (before->exit_code == 0 && !as->asked);
}
