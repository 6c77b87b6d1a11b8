// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "jobserver/tokens.h"
#include "store/snapshot.h"
#include "worker/framework.h"
#include "worker/pattern.h"

#define TIMEOUT_NS (60 * NS_PER_SEC)

typedef int handler(struct options *o, const char *value, struct err *err);

static int invalid(struct err *err, const char *option, const char *value, const char *wanted)
{
	return err_set(err, 0, "%s=%s: %s", option, value, wanted);
}

// Nobody means two of them, and the second may remove what the first would have shown. --help and
// --version go before all others, and do nothing.
static int set_mode(struct options *o, enum firmo_jobs_mode mode, const char *word, struct err *err)
{
	if (o->mode_word && strcmp(o->mode_word, word) != 0)
		return err_set(err, 0, "%s and %s: only one of them can be done at a time",
			       o->mode_word, word);
	o->mode_word = word;
	if (o->mode != FIRMO_JOBS_HELP && o->mode != FIRMO_JOBS_VERSION_MODE)
		o->mode = mode;
	return 0;
}

// ---- what each option does ----

static int on_workers(struct options *o, const char *value, struct err *err)
{
	long n;

	if (!text_parse_long(value, 1, TOKENS_MAX, &n))
		return invalid(err, "--workers", value, "wants a whole number from 1 to 4096");
	o->jobs = (int)n;
	return 0;
}

static int on_max_load(struct options *o, const char *value, struct err *err)
{
	int64_t billionths;

	if (!text_parse_seconds(value, &billionths) || billionths == 0)
		return invalid(err, "--max-load", value,
			       "wants a number above 0, such as 4 or 2.5");
	o->run.max_load = ns_to_sec(billionths);
	return 0;
}

static int on_min_memory(struct options *o, const char *value, struct err *err)
{
	if (!text_parse_size(value, strlen(value), &o->run.min_memory))
		return invalid(err, "--min-memory", value, "wants a size, such as 512M or 2G");
	return 0;
}

static int on_no_memory_guard(struct options *o, const char *value, struct err *err)
{
	o->run.memory_guard = false;
	return 0;
}

static int on_share_tokens(struct options *o, const char *value, struct err *err)
{
	o->run.share_tokens = true;
	return 0;
}

static int on_timeout(struct options *o, const char *value, struct err *err)
{
	o->run.auto_timeout = strcmp(value, "auto") == 0;
	if (o->run.auto_timeout)
		o->run.timeout_ns = TIMEOUT_NS;
	else if (!text_parse_seconds(value, &o->run.timeout_ns))
		return invalid(err, "--timeout", value,
			       "wants seconds, such as 60 or 0.5; 0 for none; or auto");
	return 0;
}

static int on_grace(struct options *o, const char *value, struct err *err)
{
	if (!text_parse_seconds(value, &o->run.grace_ns))
		return invalid(err, "--grace", value, "wants seconds, such as 2 or 0.5");
	return 0;
}

static int on_limit(struct options *o, const char *value, struct err *err)
{
	return limits_parse(&o->run.limits, value, err);
}

static int on_fail_fast(struct options *o, const char *value, struct err *err)
{
	o->run.max_failures = 1;
	o->run.stop_word = "--fail-fast";
	return 0;
}

static int on_max_failures(struct options *o, const char *value, struct err *err)
{
	if (!text_parse_long(value, 1, 1000000000, &o->run.max_failures))
		return invalid(err, "--max-failures", value, "wants a whole number, 1 or more");
	o->run.stop_word = "--max-failures";
	return 0;
}

static int on_retries(struct options *o, const char *value, struct err *err)
{
	long n;

	if (!text_parse_long(value, 0, 1000, &n))
		return invalid(err, "--retries", value, "wants a whole number, such as 2");
	o->run.retries = (int)n;
	return 0;
}

static int on_flaky(struct options *o, const char *value, struct err *err)
{
	o->flaky_fails = strcmp(value, "fail") == 0;
	if (!o->flaky_fails && strcmp(value, "pass") != 0)
		return invalid(err, "--flaky", value, "wants pass or fail");
	return 0;
}

static int on_repeat(struct options *o, const char *value, struct err *err)
{
	if (!text_parse_long(value, 1, 1000000, &o->run.rounds))
		return invalid(err, "--repeat", value, "wants a whole number, 1 or more");
	return 0;
}

static int on_until_fail(struct options *o, const char *value, struct err *err)
{
	o->until_fail = true;
	return 0;
}

static int on_filter(struct options *o, const char *value, struct err *err)
{
	struct err why;

	if (pattern_check(value, &why) < 0)
		return invalid(err, "--filter", value, why.message);
	o->run.selection.filter = value;
	return 0;
}

// Each --tag adds to those before it.
static int on_tag(struct options *o, const char *value, struct err *err)
{
	if (!*value || strchr(value, '#') || strchr(value, ' '))
		return invalid(err, "--tag", value,
			       "wants tags without the #, separated by commas, such as slow,net");
	buf_addf(&o->tags, "%s%s", o->tags.len ? "," : "", value);
	o->run.selection.tags = o->tags.data;
	return 0;
}

static int on_failed(struct options *o, const char *value, struct err *err)
{
	o->plan.failed_only = true;
	return 0;
}

static int on_changed(struct options *o, const char *value, struct err *err)
{
	o->plan.changed_only = true;
	return 0;
}

static int on_no_trace(struct options *o, const char *value, struct err *err)
{
	o->no_trace = true;
	return 0;
}

static int on_trust(struct options *o, const char *value, struct err *err)
{
	if (strcmp(value, "network") != 0)
		return invalid(err, "--trust", value, "wants network");
	o->plan.trusted |= DOUBT_NETWORK;
	return 0;
}

static int on_include(struct options *o, const char *value, struct err *err)
{
	VEC_PUSH(&o->plan.includes, (char *)value);
	return 0;
}

static int on_exclude(struct options *o, const char *value, struct err *err)
{
	VEC_PUSH(&o->plan.excludes, (char *)value);
	return 0;
}

static int on_pattern(struct options *o, const char *value, struct err *err)
{
	if (!*value)
		return invalid(err, "--pattern", value, "wants a glob, such as '*-test.lua'");
	VEC_PUSH(&o->plan.patterns, (char *)value);
	return 0;
}

static int on_run(struct options *o, const char *value, struct err *err)
{
	if (!*value)
		return invalid(err, "--run", value, "wants the name of a task in .busted");
	o->task = value;
	return 0;
}

static int on_random(struct options *o, const char *seed, struct err *err)
{
	long n = 0;

	if (*seed == '\0')
		n = (long)(clock_real_ns() / 1000 % 1000000000) + 1;
	else if (*seed != ':' || !text_parse_long(seed + 1, 1, INT64_MAX, &n))
		return err_set(err, 0,
			       "--order=random%s: a seed is a whole number, as in random:42", seed);
	o->plan.order = ORDER_RANDOM;
	o->plan.seed = (uint64_t)n;
	return 0;
}

static int on_order(struct options *o, const char *value, struct err *err)
{
	o->plan.seed = 0;
	if (strcmp(value, "slowest") == 0)
		o->plan.order = ORDER_SLOWEST;
	else if (strcmp(value, "path") == 0)
		o->plan.order = ORDER_PATH;
	else if (strncmp(value, "random", 6) == 0)
		return on_random(o, value + 6, err);
	else
		return invalid(err, "--order", value, "wants slowest, path, random or random:SEED");
	return 0;
}

static int on_list(struct options *o, const char *value, struct err *err)
{
	return set_mode(o, FIRMO_JOBS_LIST, "--list", err);
}

static int on_framework(struct options *o, const char *value, struct err *err)
{
	o->plan.framework = strcmp(value, "auto") == 0 ? -1 : framework_parse(value);
	if (o->plan.framework < 0 && strcmp(value, "auto") != 0)
		return invalid(err, "--framework", value,
			       "wants auto, firmo, busted, luaunit, lust, tap or plain");
	return 0;
}

static int on_lua(struct options *o, const char *value, struct err *err)
{
	o->lua = value;
	return 0;
}

static int on_command(struct options *o, const char *value, struct err *err)
{
	o->command = value;
	return 0;
}

// Where each goes when no file is named.
static const struct {
	const char *name, *path;
} formats[] = {
	[REPORT_TEXT] = {"text", "-"},
	[REPORT_JSON] = {"json", "-"},
	[REPORT_JUNIT] = {"junit", "-"},
	[REPORT_TAP] = {"tap", "-"},
	[REPORT_HTML] = {"html", ".firmo-jobs/report.html"},
	[REPORT_CSV] = {"csv", "-"},
};

#define FORMATS (sizeof formats / sizeof *formats)

static int on_report(struct options *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, ":");

	for (size_t i = 0; i < FORMATS; i++) {
		if (strlen(formats[i].name) != n || strncmp(formats[i].name, value, n) != 0)
			continue;
		struct report_request r = {.format = (enum report_format)i,
					   .path = value[n] ? value + n + 1 : formats[i].path,
					   .at_home = !value[n] && i == REPORT_HTML};
		if (!*r.path)
			return invalid(err, "--report", value,
				       "a file's name is missing behind the colon");
		VEC_PUSH(&o->reports, r);
		return 0;
	}
	return invalid(err, "--report", value,
		       "wants text, json, junit, tap, html or csv, and :FILE if it is not for "
		       "standard output");
}

static int on_no_worker_output(struct options *o, const char *value, struct err *err)
{
	o->text.worker_output = false;
	return 0;
}

static int on_progress(struct options *o, const char *value, struct err *err)
{
	static const char *const kinds[] = {[PROGRESS_AUTO] = "auto",
					    [PROGRESS_BAR] = "bar",
					    [PROGRESS_PLAIN] = "plain",
					    [PROGRESS_NONE] = "none"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], value) == 0) {
			o->progress = (enum progress_kind)i;
			return 0;
		}
	return invalid(err, "--progress", value, "wants auto, bar, plain or none");
}

static int on_color(struct options *o, const char *value, struct err *err)
{
	static const char *const whens[] = {
		[WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};

	for (size_t i = 0; i < sizeof whens / sizeof *whens; i++)
		if (strcmp(whens[i], value) == 0) {
			o->color = (enum when)i;
			return 0;
		}
	return invalid(err, "--color", value, "wants auto, always or never");
}

static int on_verbose(struct options *o, const char *value, struct err *err)
{
	o->text.verbose = true;
	o->text.quiet = false;
	return 0;
}

static int on_quiet(struct options *o, const char *value, struct err *err)
{
	o->text.quiet = true;
	o->text.verbose = false;
	return 0;
}

static int no_such_view(struct err *err, const char *value)
{
	struct buf known = {0};

	for (int i = 0; i < VIEW_COUNT; i++)
		if (history_view_name((enum history_view)i))
			buf_addf(&known, "%s%s", known.len ? ", " : "",
				 history_view_name((enum history_view)i));
	int status =
		err_set(err, 0, "--history=%s: no such view; it can be %s, or none for an overview",
			value, known.data);
	buf_release(&known);
	return status;
}

// "tests:PATTERN" alone has something behind its name.
static int on_history(struct options *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, ":");

	if (set_mode(o, FIRMO_JOBS_HISTORY, "--history", err) < 0)
		return -1;
	o->view = VIEW_OVERVIEW;
	o->pattern = NULL;
	if (!*value)
		return 0;
	for (int i = 0; i < VIEW_COUNT; i++) {
		const char *name = history_view_name((enum history_view)i);
		if (!name || strlen(name) != n || strncmp(name, value, n) != 0 ||
		    (value[n] && i != VIEW_TESTS))
			continue;
		o->view = (enum history_view)i;
		o->pattern = value[n] && value[n + 1] ? value + n + 1 : NULL;
		return 0;
	}
	return no_such_view(err, value);
}

static int on_since(struct options *o, const char *value, struct err *err)
{
	if (!*value)
		return invalid(err, "--since", value, "wants a run, a commit, a day or an age");
	o->since = value;
	return 0;
}

static int on_last(struct options *o, const char *value, struct err *err)
{
	if (!text_parse_long(value, 1, 1000000000, &o->last_runs))
		return invalid(err, "--last", value, "wants a number of runs, 1 or more");
	return 0;
}

static int on_show(struct options *o, const char *value, struct err *err)
{
	long n = 0;

	if (*value && !text_parse_long(value, 1, INT64_MAX, &n))
		return invalid(err, "--show", value,
			       "wants the number of a run, as --history lists them");
	o->shown_run = n;
	return set_mode(o, FIRMO_JOBS_SHOW, "--show", err);
}

static int on_why(struct options *o, const char *value, struct err *err)
{
	if (!*value)
		return invalid(err, "--why", value, "a test file's name is missing");
	o->why = value;
	return set_mode(o, FIRMO_JOBS_WHY, "--why", err);
}

static int on_rules(struct options *o, const char *value, struct err *err)
{
	o->rules = *value ? value : NULL;
	return set_mode(o, FIRMO_JOBS_RULES, "--rules", err);
}

static int on_print_mk(struct options *o, const char *value, struct err *err)
{
	return set_mode(o, FIRMO_JOBS_PRINT_MK, "--print-mk", err);
}

static int on_gather(struct options *o, const char *value, struct err *err)
{
	size_t n = 0;
	char **words = text_split_words(value, &n);

	text_free_words(words);
	if (n == 0)
		return invalid(err, "--gather", value, "wants a command with its quotes closed");
	o->gather = value;
	return set_mode(o, FIRMO_JOBS_GATHER, "--gather", err);
}

static int on_advise(struct options *o, const char *value, struct err *err)
{
	return set_mode(o, FIRMO_JOBS_ADVISE, "--advise", err);
}

// An age as nanoseconds: a whole number and a letter. 0 if it is none.
static int64_t parse_age(const char *value)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}, {'y', 365 * 86400}};
	size_t n = strspn(value, "0123456789");
	char *digits = xstrndup(value, n);
	int64_t age = 0;
	long number;

	for (size_t i = 0; i < sizeof units / sizeof *units && value[n] && !value[n + 1]; i++)
		if (value[n] == units[i].letter && text_parse_long(digits, 1, 100000, &number))
			age = number * units[i].seconds;
	free(digits);
	// Nothing is older, and more might be before the time that we can count.
	return age > 100 * INT64_C(365) * 86400 ? 0 : age * NS_PER_SEC;
}

static int on_prune(struct options *o, const char *value, struct err *err)
{
	int64_t age = parse_age(value);
	long runs = STORE_KEPT_RUNS;

	if (*value && age == 0 && !text_parse_long(value, 0, 1000000000, &runs))
		return invalid(err, "--prune", value,
			       "wants how many runs stay, such as 500, or how old they may be, "
			       "such as 90m, 12h, 30d, 8w or 1y");
	o->prune = age ? (struct store_bound){-1, clock_real_ns() - age}
		       : (struct store_bound){runs, 0};
	return set_mode(o, FIRMO_JOBS_PRUNE, "--prune", err);
}

static int on_export(struct options *o, const char *value, struct err *err)
{
	if (!*value || strcmp(value, "-") == 0)
		return invalid(err, "--export", value, "wants a file's name");
	o->exported = value;
	return set_mode(o, FIRMO_JOBS_EXPORT, "--export", err);
}

static int on_import(struct options *o, const char *value, struct err *err)
{
	if (*value)
		VEC_PUSH(&o->imported, (char *)value);
	return set_mode(o, FIRMO_JOBS_IMPORT, "--import", err);
}

static int on_check(struct options *o, const char *value, struct err *err)
{
	return set_mode(o, FIRMO_JOBS_CHECK, "--check", err);
}

static int on_db(struct options *o, const char *value, struct err *err)
{
	if (!*value)
		return invalid(err, "--db", value, "a file's name is missing");
	o->db = value;
	o->names_db = true;
	return 0;
}

static int on_help(struct options *o, const char *value, struct err *err)
{
	o->mode = FIRMO_JOBS_HELP;
	return 0;
}

static int on_version(struct options *o, const char *value, struct err *err)
{
	o->mode = FIRMO_JOBS_VERSION_MODE;
	return 0;
}

// ---- the table ----

// A row without a name is a headline of --help, or, with an argument, goes on with the row above.
static const struct {
	char letter;
	const char *name, *argument, *help;
	handler *handle;
} table[] = {
	{0, NULL, NULL, "Workers", NULL},
	{'j', "workers", "N", "run N files at once; at most N below make", on_workers},
	{0, "share-tokens", NULL, "lend unused slots to make or cargo in tests", on_share_tokens},
	{0, "max-load", "N", "no further file while N processes run", on_max_load},
	{0, "min-memory", "SIZE", "nor while less than that is available", on_min_memory},
	{0, "no-memory-guard", NULL, "start files whatever memory they took before",
	 on_no_memory_guard},
	{0, "no-trace", NULL, "do not watch what files depend on", on_no_trace},
	{0, "framework", "NAME", "firmo, busted, luaunit, lust, tap, plain [auto]", on_framework},
	{0, "lua", "PROGRAM", "the interpreter [lua, else lua5.4, 5.3, ..]", on_lua},
	{0, "command", "WORDS", "run each file by this; {} stands for it", on_command},
	{0, NULL, NULL, "Limits of each file", NULL},
	{'t', "timeout", "SEC", "end it after so long; 0: never; auto [60]", on_timeout},
	{0, "grace", "SEC", "wait between SIGINT, SIGTERM and SIGKILL [2]", on_grace},
	{0, "limit", "LIST", "as=1G,cpu=30,fsize=..,nofile=..,nproc=..", on_limit},
	{0, NULL, NULL, "Selection and order", NULL},
	{0, "changed", NULL, "only the files that are not certain to pass again", on_changed},
	{0, "trust", "network", "passes that used the network count as certain", on_trust},
	{0, "failed", NULL, "only the files that failed last time", on_failed},
	{0, "pattern", "GLOB", "what tests in folders are called; repeatable", on_pattern},
	{0, "run", "TASK", "a task of .busted chooses busted's files", on_run},
	{0, "include", "GLOB", "only the files that match; repeatable", on_include},
	{0, "exclude", "GLOB", "not the files that match; repeatable", on_exclude},
	{0, "filter", "PATTERN", "only tests whose full name has the Lua pattern", on_filter},
	{0, "tag", "TAG[,TAG]", "only tests with one of the tags; repeatable", on_tag},
	{0, "order", "ORDER", "slowest, path, random or random:SEED [slowest]", on_order},
	{0, "fail-fast", NULL, "start no further file after the first failure", on_fail_fast},
	{0, "max-failures", "N", "start no further file after N failures", on_max_failures},
	{0, NULL, NULL, "Unsteady tests", NULL},
	{0, "retries", "N", "run failed files again, up to N times [0]", on_retries},
	{0, "flaky", "VERDICT", "a pass on retry is a pass or a fail [pass]", on_flaky},
	{0, "repeat", "N", "run every file N times; once failed is failed", on_repeat},
	{0, "until-fail", NULL, "again and again until something fails", on_until_fail},
	{0, NULL, NULL, "Output", NULL},
	{0, "report", "FORMAT[:FILE]", "text, json, junit, tap, html, csv; repeatable [text]",
	 on_report},
	{0, "no-worker-output", NULL, "do not show what failed files wrote", on_no_worker_output},
	{0, "progress", "KIND", "auto, bar, plain or none [auto]", on_progress},
	{0, "color", "WHEN", "auto, always or never [auto]", on_color},
	{'v', "verbose", NULL, "list every test", on_verbose},
	{'q', "quiet", NULL, "only failures and the sums", on_quiet},
	{0, NULL, NULL, "Other modes and the history", NULL},
	{0, "list", NULL, "show the plan and its time, run nothing", on_list},
	{0, "advise", NULL, "predict the time for each -j, run nothing", on_advise},
	{0, "history", "[=VIEW]", "what the past tells: the last runs, or of PATHs;", on_history},
	{0, NULL, "", "runs, slowest, failing, flaky, regressions, new,", NULL},
	{0, NULL, "", "tests[:PATTERN]", NULL},
	{0, "since", "WHEN", "only from that run, commit, day or age (3d) on", on_since},
	{0, "last", "N", "only the last N runs", on_last},
	{0, "why", "FILE", "tell why --changed would run a file, or not", on_why},
	{0, "show", "[=RUN]", "the report of the last run, or of that one", on_show},
	{0, "print-mk", NULL, "print the path of firmo-jobs.mk, for makefiles", on_print_mk},
	{0, "rules", "[=FILE]", "write make rules [rules.mk beside the history]", on_rules},
	{0, "gather", "WORDS", "run a command; report on all it ran, as one run", on_gather},
	{0, "db", "FILE", "the history [.firmo-jobs/history.db]", on_db},
	{0, "prune", "[=RUNS|AGE]", "remove old runs: RUNS stay [2000], or AGE, 30d", on_prune},
	{0, "export", "FILE", "write a copy of the history; runs may go on", on_export},
	{0, "import", "[=FILE] FILE...", "take over the runs of other histories", on_import},
	{0, "check", NULL, "whether the history is sound, and what it holds", on_check},
	{'h', "help", NULL, "show this", on_help},
	{'V', "version", NULL, "show the version", on_version},
};

#define ROWS      (sizeof table / sizeof *table)
#define LONG_ONLY 256 // getopt's value of a row without a letter: this plus the row's number

// An argument that may be left out stands in brackets.
static bool is_optional(size_t row)
{
	return table[row].argument && *table[row].argument == '[';
}

void options_help(FILE *out)
{
	fputs("Usage: firmo-jobs [OPTION]... [PATH]... [-- WORKER-ARG...]\n"
	      "Runs Lua test files side by side: those named, and those in the folders named\n"
	      "(*_test.lua *_spec.lua test_*.lua spec_*.lua *_spec.moon, a test.lua right in\n"
	      "it, and what .busted says) [tests, test, spec, specs, t, ROOT of .busted].\n",
	      out);
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];
		if (!table[i].name) {
			if (table[i].argument)
				fprintf(out, "%32s%s\n", "", table[i].help);
			else
				fprintf(out, "\n%s:\n", table[i].help);
			continue;
		}
		snprintf(left, sizeof left, "%c%c%s--%s%s%s", table[i].letter ? '-' : ' ',
			 table[i].letter ? table[i].letter : ' ', table[i].letter ? ", " : "  ",
			 table[i].name, table[i].argument && !is_optional(i) ? "=" : "",
			 table[i].argument ? table[i].argument : "");
		fprintf(out, "  %-30s%s%s\n", left, strlen(left) < 30 ? "" : "  ", table[i].help);
	}
	fputs("\nExit status: 0 all passed, 1 a file failed, 2 wrong usage, 3 the run could not\n"
	      "be carried out, 4 no test was found.\n"
	      "Environment: FIRMO_JOBS_FLAGS (options put in front), FIRMO_JOBS_DB, NO_COLOR,\n"
	      "MAKEFLAGS, GITHUB_ACTIONS.\n",
	      out);
}

static void make_getopt_tables(char *letters, struct option *names)
{
	*letters++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		if (!table[i].name)
			continue;
		int has = !table[i].argument ? no_argument
			  : is_optional(i)   ? optional_argument
					     : required_argument;
		int code = table[i].letter ? table[i].letter : LONG_ONLY + (int)i;
		*names++ = (struct option){table[i].name, has, NULL, code};
		if (table[i].letter) {
			*letters++ = table[i].letter;
			if (table[i].argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	*names = (struct option){0};
}

static handler *find_handler(int code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].name &&
		    code == (table[i].letter ? table[i].letter : LONG_ONLY + (int)i))
			return table[i].handle;
	return NULL;
}

static int bad_option(int code, char **words, struct err *err)
{
	const char *word = words[optind - 1];

	if (code == ':')
		return err_set(err, 0, "%s: its value is missing; see --help", word);
	if (optopt && optopt < LONG_ONLY && word[1] != '-')
		return err_set(err, 0, "there is no option -%c; see --help", optopt);
	return err_set(err, 0, "%s: no such option, or a value it does not take; see --help", word);
}

// What stands behind "--" is for the workers: getopt, which moves words, does not get to see it.
static size_t split_off_extra(struct options *o, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(o->words[i], "--") == 0) {
			o->extra = o->words + i + 1;
			return i;
		}
	o->extra = o->words + n;
	return n;
}

static int join_words(struct options *o, int argc, char **argv, size_t *n, struct err *err)
{
	const char *flags = getenv("FIRMO_JOBS_FLAGS");
	size_t nflags;

	o->flags = text_split_words(flags ? flags : "", &nflags);
	if (!o->flags)
		return err_set(err, 0, "FIRMO_JOBS_FLAGS: a quote is not closed in: %s", flags);
	for (size_t i = 0; i < nflags; i++)
		if (strcmp(o->flags[i], "--") == 0)
			return err_set(err, 0, "FIRMO_JOBS_FLAGS: -- belongs on the command line");
	*n = (size_t)argc + nflags;
	o->words = xcalloc(*n + 1, sizeof *o->words);
	o->words[0] = argv[0];
	memcpy(o->words + 1, o->flags, nflags * sizeof *o->flags);
	memcpy(o->words + 1 + nflags, argv + 1, (size_t)(argc - 1) * sizeof *argv);
	return 0;
}

static int parse_words(struct options *o, size_t n, struct err *err)
{
	char letters[2 * ROWS + 2];
	struct option names[ROWS + 1];
	int code;

	make_getopt_tables(letters, names);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long((int)n, o->words, letters, names, NULL)) != -1) {
		handler *handle = find_handler(code);
		if (!handle)
			return bad_option(code, o->words, err);
		if (handle(o, optarg ? optarg : "", err) < 0)
			return -1;
	}
	for (size_t i = (size_t)optind; i < n; i++)
		VEC_PUSH(&o->plan.paths, o->words[i]);
	return 0;
}

// --until-fail repeats without end, unless --repeat says how often.
static int settle_repeats(struct options *o, struct err *err)
{
	bool repeats = o->until_fail || o->run.rounds > 0;

	if (repeats && o->run.retries > 0)
		return err_set(
			err, 0,
			"--retries makes failures go away, --repeat and --until-fail look for "
			"them: give one of them");
	if (o->until_fail) {
		o->run.max_failures = 1;
		o->run.stop_word = "--until-fail";
	} else if (o->run.rounds == 0) {
		o->run.rounds = 1;
	}
	return 0;
}

#define BIT(format)  (1u << (format))
#define DATA_FORMATS (BIT(REPORT_TEXT) | BIT(REPORT_JSON) | BIT(REPORT_CSV))
#define RUN_FORMATS                                                                                \
	(BIT(REPORT_TEXT) | BIT(REPORT_JSON) | BIT(REPORT_JUNIT) | BIT(REPORT_TAP) |               \
	 BIT(REPORT_HTML))

// The reports that the modes have. Those without a name write something else, whatever is asked.
static const struct {
	const char *name;
	unsigned formats;
} modes[] = {
	[FIRMO_JOBS_RUN] = {"a run", RUN_FORMATS},
	[FIRMO_JOBS_SHOW] = {"--show", RUN_FORMATS},
	[FIRMO_JOBS_GATHER] = {"--gather", RUN_FORMATS},
	[FIRMO_JOBS_ADVISE] = {"--advise", DATA_FORMATS},
	[FIRMO_JOBS_LIST] = {"--list", 0},
	[FIRMO_JOBS_HISTORY] = {"--history", DATA_FORMATS},
	[FIRMO_JOBS_PRUNE] = {"--prune", 0},
	[FIRMO_JOBS_EXPORT] = {"--export", 0},
	[FIRMO_JOBS_IMPORT] = {"--import", 0},
	[FIRMO_JOBS_CHECK] = {"--check", 0},
	[FIRMO_JOBS_VERSION_MODE] = {NULL, 0},
};

static int refuse_report(enum firmo_jobs_mode mode, enum report_format format, struct err *err)
{
	struct buf has = {0};

	buf_reserve(&has, 0);
	for (size_t i = 0; i < FORMATS; i++)
		if (modes[mode].formats & BIT(i))
			buf_addf(&has, "%s %s", has.len ? "," : ": it has", formats[i].name);
	int status = err_set(err, 0, "--report=%s: %s has no such report%s", formats[format].name,
			     modes[mode].name, has.data);
	buf_release(&has);
	return status;
}

static int check_reports(const struct options *o, struct err *err)
{
	size_t to_stdout = 0;

	for (size_t i = 0; i < o->reports.n; i++) {
		const struct report_request *r = &o->reports.items[i];
		if (modes[o->mode].name && !(modes[o->mode].formats & BIT(r->format)))
			return refuse_report(o->mode, r->format, err);
		to_stdout += strcmp(r->path, "-") == 0;
	}
	if (to_stdout > 1)
		return err_set(err, 0,
			       "--report: only one report can go to standard output; give the "
			       "others a :FILE");
	return 0;
}

static int check_care(const struct options *o, struct err *err)
{
	bool takes_none = o->mode == FIRMO_JOBS_PRUNE || o->mode == FIRMO_JOBS_EXPORT ||
			  o->mode == FIRMO_JOBS_CHECK;

	if (takes_none && o->plan.paths.n > 0)
		return err_set(err, 0, "%s: --prune, --export and --check take no path",
			       o->plan.paths.items[0]);
	if (o->mode == FIRMO_JOBS_IMPORT && o->plan.paths.n + o->imported.n == 0)
		return err_set(err, 0, "--import: the names of histories are missing");
	return 0;
}

static int check_together(const struct options *o, struct err *err)
{
	if (o->mode == FIRMO_JOBS_SHOW && o->plan.paths.n > 0)
		return err_set(err, 0,
			       "--show takes no path (%s); a run's number follows it as "
			       "--show=RUN",
			       o->plan.paths.items[0]);
	if (o->mode == FIRMO_JOBS_WHY && o->plan.paths.n > 0)
		return err_set(err, 0,
			       "--why takes no other path (%s); its file follows it as --why=FILE",
			       o->plan.paths.items[0]);
	if (o->mode == FIRMO_JOBS_HISTORY && o->view == VIEW_RUNS && o->plan.paths.n > 0)
		return err_set(err, 0, "--history=runs takes no path (%s)", o->plan.paths.items[0]);
	if ((o->since || o->last_runs) && o->mode != FIRMO_JOBS_HISTORY)
		return err_set(err, 0, "%s goes with --history", o->since ? "--since" : "--last");
	if (o->command && o->lua)
		return err_set(err, 0,
			       "--lua and --command: the command names its interpreter itself; "
			       "give one of them");
	return check_care(o, err) < 0 ? -1 : check_reports(o, err);
}

int options_parse(struct options *o, int argc, char **argv, struct err *err)
{
	const char *db = getenv("FIRMO_JOBS_DB");
	size_t n = 0;

	*o = (struct options){
		.mode = FIRMO_JOBS_RUN,
		.plan = {.order = ORDER_SLOWEST, .framework = -1},
		.run = {.timeout_ns = TIMEOUT_NS, .grace_ns = 2 * NS_PER_SEC, .memory_guard = true},
		.text = {.worker_output = true},
		.db = db && *db ? db : ".firmo-jobs/history.db",
	};
	if (join_words(o, argc, argv, &n, err) < 0)
		return -1;
	size_t own = split_off_extra(o, n);
	o->words[own] = NULL;
	if (parse_words(o, own, err) < 0 || settle_repeats(o, err) < 0)
		return -1;
	return check_together(o, err);
}

void options_release(struct options *o)
{
	free(o->plan.paths.items);
	free(o->plan.patterns.items);
	free(o->plan.includes.items);
	free(o->plan.excludes.items);
	free(o->imported.items);
	free(o->reports.items);
	free(o->words);
	text_free_words(o->flags);
	buf_release(&o->tags);
	*o = (struct options){0};
}
