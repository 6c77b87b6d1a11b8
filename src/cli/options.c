// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/mistyped.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "framework/pattern.h"
#include "jobserver/tokens.h"

#define TIMEOUT_NS (60 * NS_PER_SEC)
#define COUNT_MAX  1000000000L

// ---- options whose value is more than one number or word ----

static int on_timeout(struct settings *o, const char *value, struct err *err)
{
	struct deadline *d = &o->job.deadline;

	d->by_past = strcmp(value, "auto") == 0;
	if (d->by_past)
		d->ns = TIMEOUT_NS;
	else if (!text_parse_seconds(value, &d->ns))
		return option_invalid(err, "timeout", value,
				      "wants seconds, such as 60 or 0.5; 0 for none; or auto");
	return 0;
}

static int on_limit(struct settings *o, const char *value, struct err *err)
{
	return limits_parse(&o->job.limits, value, err);
}

static int on_max_load(struct settings *o, const char *value, struct err *err)
{
	int64_t billionths;

	if (!text_parse_seconds(value, &billionths) || billionths == 0)
		return option_invalid(err, "max-load", value,
				      "wants a number above 0, such as 4 or 2.5");
	o->run.max_load = ns_to_sec(billionths);
	return 0;
}

static int on_fail_fast(struct settings *o, const char *value, struct err *err)
{
	o->run.max_failures = 1;
	o->run.stop_word = "--fail-fast";
	return 0;
}

static int on_max_failures(struct settings *o, const char *value, struct err *err)
{
	if (!text_parse_long(value, 1, 1000000000, &o->run.max_failures))
		return option_invalid(err, "max-failures", value,
				      "wants a whole number, 1 or more");
	o->run.stop_word = "--max-failures";
	return 0;
}

static int on_filter(struct settings *o, const char *value, struct err *err)
{
	struct err why;

	if (pattern_check(value, &why) < 0)
		return option_invalid(err, "filter", value, why.message);
	o->job.selection.filter = value;
	return 0;
}

// Each --tag adds to those before it.
static int on_tag(struct settings *o, const char *value, struct err *err)
{
	if (!*value || strchr(value, '#') || strchr(value, ' '))
		return option_invalid(
			err, "tag", value,
			"wants tags without the #, separated by commas, such as slow,net");
	buf_addf(&o->tags, "%s%s", o->tags.len ? "," : "", value);
	o->job.selection.tags = o->tags.data;
	return 0;
}

static const char *const trusts[] = {"network", NULL};

static int on_trust(struct settings *o, const char *value, struct err *err)
{
	if (option_find(trusts, value, strlen(value)) < 0)
		return option_refuse(err, "trust", value, trusts, "");
	o->plan.trusted |= DOUBT_NETWORK;
	return 0;
}

static const char *const orders[] = {
	[ORDER_SLOWEST] = "slowest", [ORDER_PATH] = "path", [ORDER_RANDOM] = "random", NULL};

static int read_seed(uint64_t *seed, const char *text, struct err *err)
{
	long n = 0;

	if (*text == '\0')
		n = (long)(clock_real_ns() / 1000 % 1000000000) + 1;
	else if (!text_parse_long(text + 1, 1, LONG_MAX, &n))
		return err_set(err, 0,
			       "--order=random%s: a seed is a whole number, as in random:42", text);
	*seed = (uint64_t)n;
	return 0;
}

static int on_order(struct settings *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, ":");
	int order = option_find(orders, value, n);

	if (order < 0 || (value[n] && order != ORDER_RANDOM))
		return option_refuse(err, "order", value, orders, ", or random:SEED");
	o->plan.order = (enum order)order;
	o->plan.seed = 0;
	return order == ORDER_RANDOM ? read_seed(&o->plan.seed, value + n, err) : 0;
}

static int on_framework(struct settings *o, const char *value, struct err *err)
{
	int which = option_find(framework_words, value, strlen(value));

	if (which < 0)
		return option_refuse(err, "framework", value, framework_words, "");
	o->job.framework = which - 1; // behind "auto"
	return 0;
}

const char *const report_formats[] = {[REPORT_TEXT] = "text",
				      [REPORT_JSON] = "json",
				      [REPORT_JUNIT] = "junit",
				      [REPORT_TAP] = "tap",
				      [REPORT_HTML] = "html",
				      [REPORT_CSV] = "csv",
				      NULL};

static int on_report(struct settings *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, ":");
	int format = option_find(report_formats, value, n);

	if (format < 0)
		return option_refuse(err, "report", value, report_formats,
				     ", and :FILE if it is not for standard output");
	struct report_request r = {.format = (enum report_format)format,
				   .path = value[n]                ? value + n + 1
					   : format == REPORT_HTML ? STATE_FOLDER "/report.html"
								   : "-",
				   .at_home = !value[n] && format == REPORT_HTML};
	if (!*r.path)
		return option_invalid(err, "report", value,
				      "a file's name is missing behind the colon");
	VEC_PUSH(&o->reports, r);
	return 0;
}

static int on_no_report(struct settings *o, const char *value, struct err *err)
{
	o->reports.n = 0;
	return 0;
}

static int on_verbose(struct settings *o, const char *value, struct err *err)
{
	o->text.verbose = true;
	o->text.quiet = false;
	return 0;
}

static int on_quiet(struct settings *o, const char *value, struct err *err)
{
	o->text.quiet = true;
	o->text.verbose = false;
	return 0;
}

// ---- the table ----

static const char *const flakies[] = {[FLAKY_PASS] = "pass", [FLAKY_FAIL] = "fail", NULL};
static const char *const progresses[] = {[PROGRESS_AUTO] = "auto",
					 [PROGRESS_BAR] = "bar",
					 [PROGRESS_PLAIN] = "plain",
					 [PROGRESS_NONE] = "none",
					 NULL};
static const char *const whens[] = {
	[WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never", NULL};

static const char *const repairs[] = {"repair", NULL};

// Where a value goes. A field of another type does not compile.
#define AT(kind, field)                                                                            \
	.at = offsetof(struct settings, field) +                                                   \
	      0 * sizeof((kind *)0 == &((struct settings *)0)->field)

#define HEADLINE(text)                                                                             \
	{                                                                                          \
		.type = OPTION_HEADLINE, .help = text                                              \
	}
#define HELP(text)                                                                                 \
	{                                                                                          \
		.type = OPTION_HELP, .help = text                                                  \
	}
#define ROW(kind, l, n, a, h, ...)                                                                 \
	{                                                                                          \
		.type = kind, .letter = l, .name = n, .argument = a, .help = h, __VA_ARGS__        \
	}
#define ON(name, help, field)  ROW(OPTION_ON, 0, name, NULL, help, AT(bool, field))
#define OFF(name, help, field) ROW(OPTION_OFF, 0, name, NULL, help, AT(bool, field))
#define NUMBER(letter, name, argument, help, field, low, high, words)                              \
	ROW(OPTION_NUMBER, letter, name, argument, help, AT(long, field), .min = low, .max = high, \
	    .wanted = words)
#define SECONDS(name, argument, help, field, words)                                                \
	ROW(OPTION_SECONDS, 0, name, argument, help, AT(int64_t, field), .wanted = words)
#define SIZE(name, argument, help, field, words)                                                   \
	ROW(OPTION_SIZE, 0, name, argument, help, AT(int64_t, field), .wanted = words)
#define CHOICE(type, name, argument, help, field, words)                                           \
	ROW(OPTION_CHOICE, 0, name, argument, help, AT(type, field), .choices = words)
#define TEXT(name, argument, help, field, words)                                                   \
	ROW(OPTION_TEXT, 0, name, argument, help, AT(const char *, field), .wanted = words)
#define TEXTS(name, argument, help, field, words)                                                  \
	ROW(OPTION_TEXTS, 0, name, argument, help, AT(struct strings, field), .wanted = words)
#define READ(letter, name, argument, help, function)                                               \
	ROW(OPTION_READ, letter, name, argument, help, .read = function)
#define READ_OF(letter, name, argument, help, function, words)                                     \
	ROW(OPTION_READ, letter, name, argument, help, .read = function, .choices = words)
#define MODE(letter, name, argument, help, what)                                                   \
	ROW(OPTION_MODE, letter, name, argument, help, .mode = what)
#define MODE_OF(name, argument, help, what, words)                                                 \
	ROW(OPTION_MODE, 0, name, argument, help, .mode = what, .choices = words)

static const struct option_row rows[] = {
	HEADLINE("Workers"),
	NUMBER('j', "workers", "N", "run N files at once; at most N below make", jobs, 1,
	       TOKENS_MAX, "wants a whole number from 1 to 4096"),
	ON("share-tokens", "lend unused slots to make or cargo in tests", run.share_tokens),
	READ(0, "max-load", "N", "no further file while N processes run", on_max_load),
	SIZE("min-memory", "SIZE", "nor while less than that is available", run.min_memory,
	     "wants a size, such as 512M or 2G"),
	OFF("no-memory-guard", "start files whatever memory they took before", run.memory_guard),
	ON("no-trace", "do not watch what files depend on", no_trace),
	READ_OF(0, "framework", "NAME", "firmo, busted, luaunit, lust, tap, plain [auto]",
		on_framework, framework_words),
	TEXT("lua", "PROGRAM", "the interpreter [lua, else lua5.4, 5.3, ..]", lua, NULL),
	TEXT("command", "WORDS", "run each file by this; {} stands for it", command, NULL),
	HEADLINE("Limits of each file"),
	READ('t', "timeout", "SEC", "end it after so long; 0: never; auto [60]", on_timeout),
	SECONDS("grace", "SEC", "wait between SIGINT, SIGTERM and SIGKILL [2]", job.grace_ns,
		"wants seconds, such as 2 or 0.5"),
	READ(0, "limit", "LIST", "as=1G,cpu=30,fsize=..,nofile=..,nproc=..", on_limit),
	HEADLINE("Selection and order"),
	ON("changed", "only the files that are not certain to pass again", plan.changed_only),
	READ_OF(0, "trust", "network", "passes that used the network count as certain", on_trust,
		trusts),
	ON("failed", "only the files that failed last time", plan.failed_only),
	TEXTS("pattern", "GLOB", "what tests in folders are called; repeatable", plan.patterns,
	      "wants a glob, such as '*-test.lua'"),
	TEXT("run", "TASK", "a task of .busted chooses busted's files", task,
	     "wants the name of a task in .busted"),
	TEXTS("include", "GLOB", "only the files that match; repeatable", plan.includes, NULL),
	TEXTS("exclude", "GLOB", "not the files that match; repeatable", plan.excludes, NULL),
	READ(0, "filter", "PATTERN", "only tests whose full name has the Lua pattern", on_filter),
	READ(0, "tag", "TAG[,TAG]", "only tests with one of the tags; repeatable", on_tag),
	READ_OF(0, "order", "ORDER", "slowest, path, random or random:SEED [slowest]", on_order,
		orders),
	READ(0, "fail-fast", NULL, "start no further file after the first failure", on_fail_fast),
	READ(0, "max-failures", "N", "start no further file after N failures", on_max_failures),
	SECONDS("run-limit", "SEC", "end the whole run after so long; 0: never [0]", run.limit_ns,
		"wants seconds, such as 600 or 0.5; 0 for none"),
	HEADLINE("Unsteady tests"),
	NUMBER(0, "retries", "N", "run failed files again, up to N times [0]", job.retries, 0, 1000,
	       "wants a whole number, such as 2"),
	CHOICE(enum flaky, "flaky", "VERDICT", "a pass on retry is a pass or a fail [pass]", flaky,
	       flakies),
	NUMBER(0, "repeat", "N", "run every file N times; once failed is failed", run.rounds, 1,
	       1000000, "wants a whole number, 1 or more"),
	ON("until-fail", "again and again until something fails", until_fail),
	HEADLINE("Output"),
	READ_OF(0, "report", "FORMAT[:FILE]",
		"text, json, junit, tap, html, csv; repeatable [text]", on_report, report_formats),
	READ(0, "no-report", NULL, "none of those that are asked for in front of this",
	     on_no_report),
	OFF("no-worker-output", "do not show what failed files wrote", text.worker_output),
	CHOICE(enum progress_kind, "progress", "KIND", "auto, bar, plain or none [auto]", progress,
	       progresses),
	CHOICE(enum when, "color", "WHEN", "auto, always or never [auto]", color, whens),
	READ('v', "verbose", NULL, "list every test", on_verbose),
	READ('q', "quiet", NULL, "only failures and the sums", on_quiet),
	HEADLINE("Other modes and the history"),
	MODE(0, "list", NULL, "show the plan and its time, run nothing", &mode_list),
	MODE(0, "advise", NULL, "predict the time for each -j, run nothing", &mode_advise),
	MODE_OF("history", "[=VIEW]", "what the past tells: the last runs, or of PATHs;",
		&mode_history, history_view_names),
	HELP("runs, slowest, failing, flaky, regressions, new,"),
	HELP("tests[:PATTERN]"),
	TEXT("since", "WHEN", "only from that run, commit, day or age (3d) on", since,
	     "wants a run, a commit, a day or an age"),
	NUMBER(0, "last", "N", "only the last N runs", last_runs, 1, COUNT_MAX,
	       "wants a number of runs, 1 or more"),
	MODE(0, "why", "FILE", "tell why --changed would run a file, or not", &mode_why),
	MODE(0, "show", "[=RUN]", "the report of the last run, or of that one", &mode_show),
	MODE(0, "print-mk", NULL, "print the path of firmo-jobs.mk, for makefiles", &mode_print_mk),
	MODE_OF("print-completion", "SHELL", "print what bash, zsh or fish completes by",
		&mode_print_completion, completion_shells),
	MODE(0, "rules", "[=FILE]", "write make rules [rules.mk beside the history]", &mode_rules),
	MODE(0, "gather", "WORDS", "run a command; report on all it ran, as one run", &mode_gather),
	ON("join", "below --gather: have that one run the file", join),
	TEXT("db", "FILE", "the history [" STATE_FOLDER "/history.db]", named_db,
	     "a file's name is missing"),
	MODE(0, "prune", "[=RUNS|AGE]", "remove old runs: RUNS stay [2000], or AGE, 30d",
	     &mode_prune),
	MODE(0, "export", "FILE", "write a copy of the history; runs may go on", &mode_export),
	MODE(0, "import", "[=FILE] FILE...", "take over the runs of other histories", &mode_import),
	MODE_OF("check", "[=repair]", "is the history sound? Make anew what can be", &mode_check,
		repairs),
	MODE('h', "help", NULL, "show this", &mode_help),
	MODE('V', "version", NULL, "show the version", &mode_version),
};

#define ROWS      (sizeof rows / sizeof *rows)
#define LONG_ONLY 256 // getopt's value of a row without a letter: this plus the row's number

const struct option_row *options_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

void options_help(FILE *out)
{
	fputs("Usage: firmo-jobs [OPTION]... [PATH]... [-- WORKER-ARG...]\n"
	      "Runs Lua test files side by side: those named, and those in the folders named\n"
	      "(*_test.lua *_spec.lua test_*.lua spec_*.lua *_spec.moon, a test.lua right in\n"
	      "it, and what .busted says) [tests, test, spec, specs, t, ROOT of .busted].\n",
	      out);
	for (size_t i = 0; i < ROWS; i++)
		option_print(out, &rows[i]);
	fputs("\nExit status: 0 all passed, 1 a file failed, 2 wrong usage, 3 the run could not\n"
	      "be carried out, 4 no test was found.\n"
	      "Environment: FIRMO_JOBS_FLAGS (options put in front), FIRMO_JOBS_DB, NO_COLOR,\n"
	      "MAKEFLAGS, GITHUB_ACTIONS, TF_BUILD, TEAMCITY_VERSION.\n",
	      out);
}

// ---- reading the words ----

static int code_of(size_t row)
{
	return rows[row].letter ? rows[row].letter : LONG_ONLY + (int)row;
}

static void make_getopt_tables(char *letters, struct option *names)
{
	*letters++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		if (!option_is_named(&rows[i]))
			continue;
		int has = !rows[i].argument              ? no_argument
			  : option_is_optional(&rows[i]) ? optional_argument
							 : required_argument;
		*names++ = (struct option){rows[i].name, has, NULL, code_of(i)};
		if (rows[i].letter) {
			*letters++ = rows[i].letter;
			if (rows[i].argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	*names = (struct option){0};
}

static const struct option_row *find_row(int code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (option_is_named(&rows[i]) && code == code_of(i))
			return &rows[i];
	return NULL;
}

// Nobody means two of them, and the second may remove what the first would have shown.
static int set_mode(struct settings *o, const struct mode *mode, struct err *err)
{
	if (o->mode->goes_first)
		return 0;
	if (mode->part_of && mode->part_of == o->mode)
		return 0;
	if (o->mode != &mode_run && o->mode != mode && o->mode->part_of != mode &&
	    !mode->goes_first)
		return err_set(err, 0, "%s and %s: only one of them can be done at a time",
			       o->mode->name, mode->name);
	o->mode = mode;
	return 0;
}

static int take(struct settings *o, const struct option_row *row, const char *value,
		struct err *err)
{
	if (row->type == OPTION_READ)
		return row->read(o, value, err);
	if (row->type != OPTION_MODE)
		return option_set(o, row, value, err);
	if (row->mode->read && row->mode->read(o, value, err) < 0)
		return -1;
	return set_mode(o, row->mode, err);
}

// What stands behind "--" is for the workers: getopt, which moves words, does not get to see it.
static size_t split_off_extra(struct settings *o, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(o->words[i], "--") == 0) {
			o->extra = o->words + i + 1;
			return i;
		}
	o->extra = o->words + n;
	return n;
}

static int join_words(struct settings *o, int argc, char **argv, size_t *n, struct err *err)
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

// The words as they were typed, with --failed behind the other options: getopt moves them.
static char *make_again(int argc, char **argv)
{
	struct buf b = {0};
	bool has = false;

	for (int i = 0; i <= argc; i++) {
		bool options_end = i == argc || strcmp(argv[i], "--") == 0;
		if (options_end && !has)
			buf_addstr(&b, " --failed");
		has |= options_end || strcmp(argv[i], "--failed") == 0;
		if (i == argc)
			break;
		if (i > 0)
			buf_addch(&b, ' ');
		text_add_word(&b, argv[i]);
	}
	return buf_detach(&b);
}

static int parse_words(struct settings *o, size_t n, struct err *err)
{
	char letters[2 * ROWS + 2];
	struct option names[ROWS + 1];
	int code;

	make_getopt_tables(letters, names);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long((int)n, o->words, letters, names, NULL)) != -1) {
		const struct option_row *row = find_row(code);
		if (!row)
			return mistyped_refuse(code, o->words, err);
		if (take(o, row, optarg ? optarg : "", err) < 0)
			return -1;
	}
	for (size_t i = (size_t)optind; i < n; i++)
		VEC_PUSH(&o->plan.paths, o->words[i]);
	return 0;
}

// ---- what goes together ----

// --until-fail repeats without end, unless --repeat says how often.
static int settle_repeats(struct settings *o, struct err *err)
{
	bool repeats = o->until_fail || o->run.rounds > 0;

	if (repeats && o->job.retries > 0)
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
		to_stdout += strcmp(r->path, "-") == 0;
	}
	if (to_stdout > 1)
		return err_set(err, 0,
			       "--report: only one report can go to standard output; give the "
			       "others a :FILE");
	return 0;
}

int options_refuse_path(const struct settings *o, const char *what, struct err *err)
{
	if (o->plan.paths.n == 0)
		return 0;
	return err_set(err, 0, "%s (%s)", what, o->plan.paths.items[0]);
}

static int check_together(const struct settings *o, struct err *err)
{
	if ((o->since || o->last_runs) && o->mode != &mode_history)
		return err_set(err, 0, "%s goes with --history", o->since ? "--since" : "--last");
	if (o->command && o->lua)
		return err_set(err, 0,
			       "--lua and --command: the command names its interpreter itself; "
			       "give one of them");
	if (o->mode->check && o->mode->check(o, err) < 0)
		return -1;
	return check_reports(o, err);
}

int options_parse(struct settings *o, int argc, char **argv, struct err *err)
{
	const char *db = getenv("FIRMO_JOBS_DB");
	size_t n = 0;

	*o = (struct settings){
		.mode = &mode_run,
		.plan = {.order = ORDER_SLOWEST},
		.job = {.framework = -1,
			.deadline = {.ns = TIMEOUT_NS},
			.grace_ns = 2 * NS_PER_SEC},
		.run = {.memory_guard = true},
		.text = {.worker_output = true},
		.db = db && *db ? db : STATE_FOLDER "/history.db",
	};
	if (join_words(o, argc, argv, &n, err) < 0)
		return -1;
	o->again = make_again(argc, argv);
	size_t own = split_off_extra(o, n);
	o->words[own] = NULL;
	if (parse_words(o, own, err) < 0 || settle_repeats(o, err) < 0)
		return -1;
	if (o->named_db)
		o->db = o->named_db;
	return check_together(o, err);
}

void options_release(struct settings *o)
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
	free(o->again);
	*o = (struct settings){0};
}
