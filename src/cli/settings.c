// SPDX-License-Identifier: MIT
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/firmo_settings.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/root.h"
#include "cli/words.h"

// ---- what goes together ----

// Where one of two that exclude each other was said later, above the layer of the other: that one
// holds. 0: in the same layer.
static int compare_layers(const struct settings *o, const char *name, const char *other)
{
	const struct statement *a = statements_last(&o->said, options_find(name)),
			       *b = statements_last(&o->said, options_find(other));

	return (int)(a ? a->layer : LAYER_BUILT_IN) - (int)(b ? b->layer : LAYER_BUILT_IN);
}

static int refuse_repeats(struct err *err)
{
	return err_set(err, 0,
		       "--retries makes failures go away, --repeat and --until-fail look for "
		       "them: give one of them");
}

// --until-fail repeats without end, unless --repeat says how often.
static int settle_repeats(struct settings *o, struct err *err)
{
	if (o->job.retries > 0 && (o->until_fail || o->run.rounds > 0)) {
		int repeat = compare_layers(o, "repeat", "retries"),
		    until = compare_layers(o, "until-fail", "retries");
		if ((o->run.rounds > 0 && repeat == 0) || (o->until_fail && until == 0))
			return refuse_repeats(err);
		if (repeat > 0 || until > 0)
			o->job.retries = 0;
		else
			o->run.rounds = o->until_fail = 0;
	}
	if (o->until_fail) {
		o->run.max_failures = 1;
		o->run.stop_word = "--until-fail";
	} else if (o->run.rounds == 0) {
		o->run.rounds = 1;
	}
	return 0;
}

static int settle_interpreter(struct settings *o, struct err *err)
{
	int later = compare_layers(o, "command", "lua");

	if (!o->command || !o->lua)
		return 0;
	if (later == 0)
		return err_set(err, 0,
			       "--lua and --command: the command names its interpreter itself; "
			       "give one of them");
	*(later > 0 ? &o->lua : &o->command) = NULL;
	return 0;
}

// Whether what is said last of the option is said for the project, and not for this very run.
static bool is_of_project(const struct settings *o, const char *name)
{
	const struct statement *last = statements_last(&o->said, options_find(name));

	return last && last->layer < LAYER_FLAGS;
}

// The reports that a project asks for are those of its runs, those of coverage where that is asked
// for.
static void settle_reports(struct settings *o)
{
	unsigned formats =
		(o->mode->formats & MODE_RUN_FORMATS) == MODE_RUN_FORMATS ? o->mode->formats : 0;
	size_t n = 0;

	if (!is_of_project(o, "report"))
		return;
	if (!o->coverage.wanted)
		formats &= ~MODE_COVERAGE_FORMATS;
	for (size_t i = 0; i < o->reports.n; i++)
		if (formats & 1u << o->reports.items[i].format)
			o->reports.items[n++] = o->reports.items[i];
	o->reports.n = n;
}

// The few files of a change cover little.
static void settle_coverage(struct settings *o)
{
	if (o->mode == &mode_watch && is_of_project(o, "coverage"))
		o->coverage.wanted = false;
}

static void settle_history(struct settings *o)
{
	const struct statement *last = statements_last(&o->said, options_find("db"));

	if (last && last->layer != LAYER_BUILT_IN && last->layer != LAYER_VARIABLE)
		o->named_db = o->db;
}

static int refuse_report(const struct mode *mode, enum report_format format, struct err *err)
{
	struct buf has = {0};

	buf_reserve(&has, 0);
	for (size_t i = 0; report_formats[i]; i++)
		if (mode->formats & 1u << i)
			buf_addf(&has, "%s %s", has.len ? "," : ": it has", report_formats[i]);
	int status = err_set(err, 0, "--report=%s: %s has no such report%s", report_formats[format],
			     mode->name, has.data);
	buf_release(&has);
	return status;
}

static int check_reports(const struct settings *o, struct err *err)
{
	size_t to_stdout = 0;

	for (size_t i = 0; i < o->reports.n; i++) {
		const struct report_request *r = &o->reports.items[i];
		if (!(o->mode->formats & 1u << r->format))
			return refuse_report(o->mode, r->format, err);
		if (!o->coverage.wanted && 1u << r->format & MODE_COVERAGE_FORMATS)
			return err_set(err, 0, "--report=%s goes with --coverage",
				       report_formats[r->format]);
		to_stdout += strcmp(r->path, "-") == 0;
		if (strcmp(r->path, "-") == 0 && r->format != REPORT_TEXT && !o->capture &&
		    o->mode == &mode_run)
			return err_set(err, 0,
				       "--report=%s: with --no-capture the files write to standard "
				       "output themselves; give the report a :FILE",
				       report_formats[r->format]);
	}
	if (to_stdout > 1)
		return err_set(err, 0,
			       "--report: only one report can go to standard output; give the "
			       "others a :FILE");
	return 0;
}

int settings_refuse_path(const struct settings *o, const char *what, struct err *err)
{
	if (o->plan.paths.n == 0)
		return 0;
	return err_set(err, 0, "%s (%s)", what, o->plan.paths.items[0]);
}

// A project may say what is to be covered, for the runs that count it.
static int check_coverage(const struct settings *o, struct err *err)
{
	static const char *const names[] = {"coverage-include", "coverage-exclude", "coverage-min",
					    "coverage-diff"};

	for (size_t i = 0; i < sizeof names / sizeof *names && !o->coverage.wanted; i++) {
		const struct statement *last = statements_last(&o->said, options_find(names[i]));
		if (last && last->layer >= LAYER_FLAGS && last->value)
			return err_set(err, 0, "--%s goes with --coverage", names[i]);
	}
	return 0;
}

static int check_together(const struct settings *o, struct err *err)
{
	if (check_coverage(o, err) < 0)
		return -1;
	if ((o->since || o->last_runs) && o->mode != &mode_history)
		return err_set(err, 0, "%s goes with --history", o->since ? "--since" : "--last");
	if (!o->capture && o->mode == &mode_gather)
		return err_set(err, 0,
			       "--gather and --no-capture: make runs files side by side, and only "
			       "one can have the terminal; run them without --gather");
	if (!o->capture && o->run.end_with_input)
		return err_set(err, 0,
			       "--end-with-input and --no-capture: standard input is the file's "
			       "then");
	if (o->mode->check && o->mode->check(o, err) < 0)
		return -1;
	return check_reports(o, err);
}

// The parts of a list, which stand between commas.
static void add_built_in_list(struct settings *o, const struct option_row *row)
{
	for (const char *at = row->initial; *at;) {
		size_t n = strcspn(at, ",");
		char *value = xstrndup(at, n);
		statements_add(&o->said, row, value, LAYER_BUILT_IN, NULL);
		free(value);
		at += n + strspn(at + n, ", ");
	}
}

static void add_built_in(struct settings *o)
{
	for (const struct option_row *row = options_next(NULL); row; row = options_next(row))
		if (row->initial && row->shape == SHAPE_LIST)
			add_built_in_list(o, row);
		else if (row->initial)
			statements_add(&o->said, row, row->initial, LAYER_BUILT_IN, NULL);
}

static void add_variables(struct settings *o)
{
	const char *db = getenv("FIRMO_JOBS_DB");

	if (!db || !*db)
		return;
	char *moved = o->below ? root_path(o->below, db) : xstrdup(db);
	statements_add(&o->said, options_find("db"), moved, LAYER_VARIABLE, NULL);
	free(moved);
}

// Help has to come whatever is wrong with the settings of the project.
static bool needs_project(const struct mode *mode)
{
	return !mode->has_no_project;
}

static bool goes_by_plan(const struct mode *mode)
{
	return mode->goes_by_plan;
}

// Whether it is so of each mode that is asked for; a run is one if there is no other.
static bool modes_are(const struct statements *words, bool (*of)(const struct mode *mode))
{
	bool is_run = true, all = true;

	for (size_t i = 0; i < words->n; i++) {
		const struct option_row *row = words->items[i].row;
		if (row->type != OPTION_MODE)
			continue;
		is_run = false;
		all &= of(row->mode);
	}
	return is_run ? of(&mode_run) : all;
}

// A value with the path in it as it is from the root; the caller frees it.
static char *move_path(const struct settings *o, const struct option_row *row, const char *value)
{
	const char *path = value;

	if (row->path == PATH_NONE || !*o->below || !*value)
		return NULL;
	if (row->path == PATH_PROGRAM && !strchr(value, '/'))
		return NULL;
	if (row->path == PATH_BEHIND_COLON) {
		path = strchr(value, ':');
		if (!path || !path[1] || strcmp(++path, "-") == 0)
			return NULL;
	}
	char *moved = root_path(o->below, path);
	char *all = xasprintf("%.*s%s", (int)(path - value), value, moved);
	free(moved);
	return all;
}

// Words are said where the person stands, and hold in the root.
static void move_paths(struct settings *o, struct statements *words)
{
	for (size_t i = 0; i < words->n; i++) {
		struct statement *s = &words->items[i];
		char *moved = s->value ? move_path(o, s->row, s->value) : NULL;
		if (moved) {
			VEC_PUSH(&words->texts, moved);
			s->value = moved;
		}
	}
	for (size_t i = 0; *o->below && i < o->plan.paths.n; i++) {
		VEC_PUSH(&words->texts, root_path(o->below, o->plan.paths.items[i]));
		o->plan.paths.items[i] = words->texts.items[words->texts.n - 1];
	}
}

// All that is said, in the order of its layers. The words come first, as they tell which else
// counts.
static int gather_statements(struct settings *o, int argc, char **argv, struct err *err)
{
	if (words_read_flags(o, argv[0], err) < 0 || words_read(o, argc, argv, err) < 0)
		return -1;
	const struct statement *profile = statements_last(&o->said, options_find("profile")),
			       *root = statements_last(&o->said, options_find("root"));
	bool has_project = modes_are(&o->said, needs_project);
	if (has_project &&
	    root_enter(root && *root->value ? root->value : NULL, &o->below, err) < 0)
		return -1;
	struct statements words = o->said, later;

	o->said = (struct statements){0};
	int status = has_project ? project_read_user(o, err) : 0;
	if (status == 0 && has_project)
		status = project_read(o, profile && *profile->value ? profile->value : NULL, err);
	add_variables(o);
	if (has_project)
		move_paths(o, &words);
	statements_move(&o->said, &words);
	later = o->said;
	o->said = (struct statements){0};
	add_built_in(o);
	if (status == 0 && modes_are(&later, goes_by_plan))
		firmo_settings_read(&o->said, &later);
	statements_move(&o->said, &later);
	return status;
}

// With the terminal only one file can run, a person may take any time, and what he types is no
// input that could be looked at again.
static void settle_terminal(struct settings *o)
{
	const struct statement *timeout = statements_last(&o->said, options_find("timeout"));

	if (o->capture)
		return;
	o->jobs = 1;
	o->trace = false;
	o->progress = PROGRESS_NONE;
	o->text.worker_output = false;
	if (timeout && timeout->layer < LAYER_FLAGS)
		o->job.deadline = (struct deadline){0};
}

int settings_take(struct settings *o, struct err *err)
{
	if (statements_take(&o->said, o, err) < 0 || settle_repeats(o, err) < 0 ||
	    settle_interpreter(o, err) < 0)
		return -1;
	settle_coverage(o);
	settle_reports(o);
	settle_history(o);
	settle_terminal(o);
	// A seed stands for an order, whatever files wait for.
	o->run.in_order = o->plan.order == ORDER_RANDOM;
	return 0;
}

int settings_parse(struct settings *o, int argc, char **argv, struct err *err)
{
	*o = (struct settings){.mode = &mode_run};
	o->again = words_again(argc, argv);
	if (gather_statements(o, argc, argv, err) < 0 || settings_take(o, err) < 0)
		return -1;
	return check_together(o, err);
}

static void release_locks(struct locks *locks)
{
	for (size_t i = 0; i < locks->n; i++)
		free(locks->items[i].name);
	free(locks->items);
	*locks = (struct locks){0};
}

static void release_fixture(struct fixture *f)
{
	strings_free_all(&f->globs);
	free((char *)f->name);
	free((char *)f->at);
	free((char *)f->setup);
	free((char *)f->teardown);
}

static void release_override(struct override *v)
{
	strings_free_all(&v->globs);
	statements_release(&v->said);
	free(v->at);
}

void settings_release(struct settings *o)
{
	free(o->plan.paths.items);
	free(o->plan.patterns.items);
	free(o->plan.includes.items);
	free(o->plan.related.items);
	free(o->plan.excludes.items);
	free(o->shared.items);
	free(o->below);
	free(o->roots.items);
	free(o->preload.items);
	free(o->lua_path.items);
	free(o->lua_cpath.items);
	free(o->env.items);
	free(o->job.locks.items);
	quarantine_release(&o->job.quarantine);
	release_locks(&o->run.locks);
	for (size_t i = 0; i < o->overrides.n; i++)
		release_override(&o->overrides.items[i]);
	free(o->overrides.items);
	for (size_t i = 0; i < o->fixtures.n; i++)
		release_fixture(&o->fixtures.items[i]);
	free(o->fixtures.items);
	free(o->imported.items);
	free(o->reports.items);
	free(o->coverage.includes.items);
	free(o->coverage.excludes.items);
	free(o->coverage.minima.items);
	free(o->words);
	text_free_words(o->flags);
	statements_release(&o->said);
	buf_release(&o->tags);
	buf_release(&o->excluded_tags);
	free(o->again);
	*o = (struct settings){0};
}
