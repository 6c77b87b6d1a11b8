// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <string.h>

#include "cli/mode.h"
#include "cli/option.h"
#include "cli/settings.h"
#include "cli/values.h"
#include "jobserver/tokens.h"

static const char *const flakies[] = {[FLAKY_PASS] = "pass", [FLAKY_FAIL] = "fail", NULL};
static const char *const conflicts_rules[] = {[CONFLICTS_AVOID] = "avoid",
					      [CONFLICTS_WARN] = "warn",
					      [CONFLICTS_IGNORE] = "ignore",
					      NULL};
static const char *const progresses[] = {[PROGRESS_AUTO] = "auto",
					 [PROGRESS_BAR] = "bar",
					 [PROGRESS_PLAIN] = "plain",
					 [PROGRESS_NONE] = "none",
					 NULL};
static const char *const whens[] = {
	[WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never", NULL};

static const struct option_member quarantine_members[] = {
	{"until", "the last day on which it holds, of UTC, such as 2027-01-31", false},
	{"reason", "why, for reports", false},
	{"tests", "the tests that it is about, by name; all without it", true},
	{0},
};
static const char *const forks[] = {
	[FORK_AUTO] = "auto", [FORK_ALWAYS] = "always", [FORK_NEVER] = "never", NULL};

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
// Switches: SWITCH_OFF is called "no-" and the name, and clears the field.
#define SWITCH_ON(n, help, field, ...)                                                             \
	ROW(OPTION_ON, 0, n, NULL, help, AT(bool, field), .opposite = "no-" n, .initial = "false", \
	    __VA_ARGS__)
#define SWITCH_OFF(n, help, field, ...)                                                            \
	ROW(OPTION_OFF, 0, "no-" n, NULL, help, AT(bool, field), .opposite = n,                    \
	    .initial = "false", __VA_ARGS__)
#define SWITCH(l, n, help, function, ...)                                                          \
	ROW(OPTION_READ, l, n, NULL, help, .read = function, .opposite = "no-" n,                  \
	    .initial = "false", __VA_ARGS__)
#define NUMBER(letter, name, argument, help, field, low, high, words, ...)                         \
	ROW(OPTION_NUMBER, letter, name, argument, help, AT(long, field), .min = low, .max = high, \
	    .wanted = words, __VA_ARGS__)
#define SECONDS(name, argument, help, field, words, ...)                                           \
	ROW(OPTION_SECONDS, 0, name, argument, help, AT(int64_t, field), .wanted = words,          \
	    __VA_ARGS__)
#define SIZE(name, argument, help, field, words, ...)                                              \
	ROW(OPTION_SIZE, 0, name, argument, help, AT(int64_t, field), .wanted = words, __VA_ARGS__)
#define CHOICE(type, name, argument, help, field, words, ...)                                      \
	ROW(OPTION_CHOICE, 0, name, argument, help, AT(type, field), .choices = words, __VA_ARGS__)
#define TEXT(name, argument, help, field, words, ...)                                              \
	ROW(OPTION_TEXT, 0, name, argument, help, AT(const char *, field), .wanted = words,        \
	    __VA_ARGS__)
#define LIST(n) .shape = SHAPE_LIST, .opposite = "no-" n
#define TEXTS(n, argument, help, field, words, ...)                                                \
	ROW(OPTION_TEXTS, 0, n, argument, help, AT(struct strings, field), .wanted = words,        \
	    LIST(n), __VA_ARGS__)
#define READ(letter, name, argument, help, function, ...)                                          \
	ROW(OPTION_READ, letter, name, argument, help, .read = function, __VA_ARGS__)
#define MODE(letter, name, argument, help, what)                                                   \
	ROW(OPTION_MODE, letter, name, argument, help, .mode = what)
#define MODE_ON(name, argument, help, what)                                                        \
	ROW(OPTION_MODE, 0, name, argument, help, .mode = what, .path = PATH_WHOLE)
#define MODE_OF(name, argument, help, what, words)                                                 \
	ROW(OPTION_MODE, 0, name, argument, help, .mode = what, .choices = words)
// In which places, and in which shape, a row may stand.
#define PROJECT   .places = IN_PROJECT
#define OF_USER   .places = IN_PROJECT | IN_USER
#define OVERRIDE  .places = IN_PROJECT | IN_OVERRIDES
#define DIRECTIVE .places = IN_PROJECT | IN_OVERRIDES | IN_DIRECTIVES
#define OF_FILES  .places = IN_OVERRIDES | IN_DIRECTIVES

static const struct option_row rows[] = {
	HEADLINE("Workers"),
	NUMBER('j', "workers", "N", "run N files at once; at most N below make", jobs, 1,
	       TOKENS_MAX, "wants a whole number from 1 to 4096", PROJECT),
	SWITCH_ON("share-tokens", "lend unused slots to make or cargo in tests", run.share_tokens,
		  PROJECT),
	READ(0, "max-load", "N", "no further file while N processes run", values_max_load, PROJECT),
	SIZE("min-memory", "SIZE", "nor while less than that is available", run.min_memory,
	     "wants a size, such as 512M or 2G", PROJECT),
	SWITCH_OFF("memory-guard", "start files whatever memory they took before", run.memory_guard,
		   PROJECT),
	SWITCH_OFF("trace", "do not watch what files depend on", trace, PROJECT),
	CHOICE(enum fork_choice, "fork", "WHEN",
	       "fork an interpreter for each file: auto, always, never [auto]", forks, forks,
	       .initial = "auto", PROJECT),
	TEXTS("preload", "MODULE", "every worker requires MODULE before its file; repeatable",
	      preload, "wants the name of a module", OVERRIDE),
	READ(0, "framework", "NAME", "firmo, busted, luaunit, lust, tap, plain [auto]",
	     values_framework, .choices = framework_words, .initial = "auto", OVERRIDE),
	TEXT("lua", "PROGRAM", "the interpreter [lua, else lua5.4, 5.3, ..]", lua, NULL,
	     .path = PATH_PROGRAM, OVERRIDE),
	TEXT("command", "WORDS", "run each file by this; {} stands for it", command, NULL,
	     OVERRIDE),
	TEXT("wrap", "WORDS", "put them before each command: 'valgrind -q'", wrap, NULL, OVERRIDE),
	HEADLINE("Limits of each file"),
	READ('t', "timeout", "SEC", "end a file after so long; 0: never; auto [60]", values_timeout,
	     .initial = "60", DIRECTIVE),
	SECONDS("grace", "SEC", "wait between SIGINT, SIGTERM and SIGKILL [2]", job.grace_ns,
		"wants seconds, such as 2 or 0.5", .initial = "2", OVERRIDE),
	READ(0, "limit", "LIST", "as=1G,cpu=30,fsize=..,nofile=..,nproc=..", values_limit,
	     .shape = SHAPE_OBJECT, DIRECTIVE),
	HEADLINE("Selection and order"),
	SWITCH_ON("changed", "only files that are not certain to pass again", plan.changed_only,
		  PROJECT),
	READ(0, "trust", "network", "passes that used the network count as certain", values_trust,
	     .choices = values_trusts, LIST("trust"), PROJECT),
	SWITCH_ON("failed", "only the files, and tests, that failed last time", plan.failed_only,
		  PROJECT),
	TEXTS("related", "FILE", "only the files that were seen to use FILE; repeatable",
	      plan.related, "wants a source, or a folder of them", .path = PATH_WHOLE),
	READ(0, "related-git", "[=REV]", "and what git says has changed since REV [HEAD]",
	     values_related_git),
	TEXTS("pattern", "GLOB", "what tests in folders are called; repeatable", plan.patterns,
	      "wants a glob, such as '*-test.lua'", PROJECT),
	TEXT("run", "TASK", "a task of .busted chooses busted's files", task,
	     "wants the name of a task in .busted", PROJECT),
	TEXTS("include", "GLOB", "only the files that match; repeatable", plan.includes, NULL,
	      PROJECT),
	TEXTS("exclude", "GLOB", "not the files that match; repeatable", plan.excludes, NULL,
	      PROJECT),
	READ(0, "filter", "PATTERN", "only tests whose full name has the Lua pattern",
	     values_filter, PROJECT),
	READ(0, "tag", "TAG[,TAG]", "only tests with one of the tags; repeatable", values_tag,
	     LIST("tag"), PROJECT),
	READ(0, "exclude-tag", "TAG[,TAG]", "only tests with none of the tags; repeatable",
	     values_exclude_tag, LIST("exclude-tag"), PROJECT),
	READ(0, "order", "ORDER", "slowest, path, random or random:SEED [slowest]", values_order,
	     .choices = values_orders, .initial = "slowest", PROJECT),
	CHOICE(enum conflicts_rule, "conflicts", "WHAT",
	       "files that write one path: avoid, warn, ignore [avoid]", plan.conflicts,
	       conflicts_rules, .initial = "avoid", PROJECT),
	TEXTS("shared", "GLOB", "what several files may write; repeatable [luacov.*.out, *.gcda]",
	      shared, "wants a glob, such as 'build/*.log'", .initial = "luacov.*.out, *.gcda",
	      PROJECT),
	SWITCH(0, "fail-fast", "start no further file after the first failure", values_fail_fast,
	       PROJECT),
	READ(0, "max-failures", "N", "start no further file after N failures", values_max_failures,
	     PROJECT),
	SECONDS("run-limit", "SEC", "end the whole run after so long; 0: never [0]", run.limit_ns,
		"wants seconds, such as 600 or 0.5; 0 for none", .initial = "0", PROJECT),
	SWITCH_ON("end-with-input", "end the run where standard input ends", run.end_with_input,
		  .is_of_call = true),
	HEADLINE("Unsteady tests"),
	NUMBER(0, "retries", "N", "run failed files again, up to N times [0]", job.retries, 0, 1000,
	       "wants a whole number, such as 2", .initial = "0", DIRECTIVE),
	SECONDS("retry-delay", "SEC", "wait so long before a file is run again [0]",
		job.retry_delay_ns, "wants seconds, such as 5 or 0.5", .initial = "0", OVERRIDE),
	CHOICE(enum flaky, "flaky", "VERDICT", "a pass on retry is a pass or a fail [pass]", flaky,
	       flakies, .initial = "pass", PROJECT),
	NUMBER(0, "repeat", "N", "run every file N times; once failed is failed", run.rounds, 1,
	       1000000, "wants a whole number, 1 or more", PROJECT),
	SWITCH_ON("until-fail", "again and again until something fails", until_fail, PROJECT),
	HEADLINE("Output"),
	READ(0, "report", "FORMAT[:FILE]", "text, json, junit, tap, html, markdown, csv,",
	     values_report, .choices = report_formats, LIST("report"), .path = PATH_BEHIND_COLON,
	     .is_of_call = true, PROJECT),
	HELP("events; of coverage: lcov, cobertura, luacov;"),
	HELP("repeatable [text]"),
	HELP("--no-report: none of those asked for before it"),
	SWITCH_OFF("worker-output", "do not show what failed files wrote", text.worker_output,
		   PROJECT),
	CHOICE(enum progress_kind, "progress", "KIND", "auto, bar, plain or none [auto]", progress,
	       progresses, .initial = "auto", .is_of_call = true, OF_USER),
	CHOICE(enum when, "color", "WHEN", "auto, always or never [auto]", color, whens,
	       .initial = "auto", OF_USER),
	SWITCH('v', "verbose", "list every test", values_verbose, PROJECT),
	SWITCH('q', "quiet", "only failures and the sums", values_quiet, PROJECT),
	SWITCH_OFF("capture", "one file at a time, with the terminal, as for a debugger", capture,
		   PROJECT),
	HEADLINE("Coverage"),
	SWITCH_ON("coverage", "count which lines of the sources run", coverage.wanted, PROJECT),
	TEXTS("coverage-include", "GLOB", "only the sources that match, loaded or not; repeatable",
	      coverage.includes, "wants a glob, such as 'src/*'", PROJECT),
	TEXTS("coverage-exclude", "GLOB", "not the sources that match; repeatable",
	      coverage.excludes, "wants a glob, such as '*/generated/*'", PROJECT),
	READ(0, "coverage-min", "PERCENT[:GLOB]", "fail below that; repeatable",
	     values_coverage_min, LIST("coverage-min"), PROJECT),
	SWITCH_OFF("aggregate-coverage", "leave the stats of workers' own LuaCov apart",
		   coverage.adds_up, PROJECT),
	READ(0, "coverage-diff", "[=REV]", "and how much of what has changed since REV [HEAD]",
	     values_coverage_diff),
	HEADLINE("Settings"),
	TEXT("root", "DIR", "the project's root [up to firmo-jobs.json or .firmo-jobs]", root,
	     "wants a folder"),
	TEXT("profile", "NAME", "a profile of firmo-jobs.json counts as well", profile,
	     "wants the name of a profile in firmo-jobs.json"),
	MODE_ON("print-settings", "[=FILE]", "print the settings, of a file, and their origins",
		&mode_print_settings),
	HEADLINE("Other modes and the history"),
	MODE(0, "list", NULL, "show the plan and its time, run nothing", &mode_list),
	MODE(0, "watch", NULL, "run what a change touches, again and again; with keys",
	     &mode_watch),
	MODE(0, "advise", NULL, "predict the time for each -j, run nothing", &mode_advise),
	MODE_OF("history", "[=VIEW]", "what the past tells: the last runs, or of PATHs;",
		&mode_history, history_view_names),
	HELP("runs, slowest, failing, flaky, regressions, new,"),
	HELP("coverage, tests[:PATTERN]"),
	TEXT("since", "WHEN", "only from that run, commit, day or age (3d) on", since,
	     "wants a run, a commit, a day or an age"),
	NUMBER(0, "last", "N", "only the last N runs", last_runs, 1, VALUES_COUNT_MAX,
	       "wants a number of runs, 1 or more"),
	MODE_ON("why", "FILE", "tell why --changed would run a file, or not", &mode_why),
	MODE_ON("tests-of", "FILE[:LINE]", "the files that ran a source, or a line of it",
		&mode_tests_of),
	MODE(0, "show", "[=RUN]", "the report of the last run, or of that one", &mode_show),
	MODE_ON("compare", "RUN|COMMIT", "what broke, is mended, slower, new or gone since then;",
		&mode_compare),
	HELP("A..B compares two runs"),
	MODE(0, "print-mk", NULL, "print the path of firmo-jobs.mk, for makefiles", &mode_print_mk),
	MODE_OF("print-schema", "[=NAME]", "print a JSON Schema: settings, report or events",
		&mode_print_schema, print_schema_names),
	MODE_OF("print-completion", "SHELL", "print what bash, zsh or fish completes by",
		&mode_print_completion, completion_shells),
	MODE(0, "print-lua-path", "[=firmo]", "print where Lua finds the module firmo-jobs",
	     &mode_print_lua_path),
	HELP("firmo: and, before Firmo's own, lib.tools.parallel"),
	MODE_ON("install-firmo", "DIR", "have a Firmo run its tests in parallel by firmo-jobs",
		&mode_install_firmo),
	MODE_ON("uninstall-firmo", "DIR", "take that back", &mode_uninstall_firmo),
	MODE(0, "follow", "FROM,SEC,FILE", "print events from byte FROM on, for SEC or to the end",
	     &mode_follow),
	MODE_ON("rules", "[=FILE]", "write make rules [rules.mk beside the history]", &mode_rules),
	MODE(0, "gather", "WORDS", "run a command; report on all it ran, as one run", &mode_gather),
	ROW(OPTION_ON, 0, "join", NULL, "below --gather: have that one run the file",
	    AT(bool, join)),
	TEXT("db", "FILE", "the history [" STATE_FOLDER "/history.db]", db,
	     "a file's name is missing", .initial = STATE_FOLDER "/history.db", .path = PATH_WHOLE,
	     PROJECT),
	MODE(0, "prune", "[=RUNS|AGE]", "remove old runs: RUNS stay [2000], or AGE, 30d",
	     &mode_prune),
	MODE_ON("export", "FILE", "write a copy of the history; runs may go on", &mode_export),
	MODE_ON("import", "[=FILE] FILE...", "take over the runs of other histories", &mode_import),
	MODE_OF("check", "[=repair]", "is the history sound? Make anew what can be", &mode_check,
		repairs),
	ROW(OPTION_MODE, 'h', "help", "[=all]", "the options needed most, with examples; or all",
	    .mode = &mode_help, .choices = help_extents),
	MODE('V', "version", NULL, "show the version; -v: what it was built with and finds",
	     &mode_version),
};

#define ROWS (sizeof rows / sizeof *rows)

// Settings that are no options.
static const struct option_row own_rows[] = {
	TEXTS("roots", "PATH", "files and folders of tests, where no PATH is given", roots,
	      "wants a file or a folder", PROJECT),
	TEXTS("path", "TEMPLATE", "where Lua looks for modules, put in front of LUA_PATH", lua_path,
	      "wants templates, such as src/?.lua", OVERRIDE),
	TEXTS("cpath", "TEMPLATE", "the same of LUA_CPATH", lua_cpath,
	      "wants templates, such as build/?.so", OVERRIDE),
	READ(0, "env", "NAME=VALUE", "variables of the workers", values_env, .shape = SHAPE_OBJECT,
	     OVERRIDE),
	// In front of the row whose plural it is.
	READ(0, "locks", "NAME=N", "how many files may hold a lock at once", values_locks,
	     .shape = SHAPE_OBJECT, PROJECT),
	READ(0, "lock", "NAME", "files that share a lock do not run at once", values_lock,
	     LIST("lock"), DIRECTIVE),
	NUMBER(0, "slots", "N", "how many workers a file counts as", job.slots, 1, TOKENS_MAX,
	       "wants a whole number from 1 to 4096", .initial = "1", DIRECTIVE),
	SWITCH_ON("exclusive", "nothing else runs meanwhile", job.exclusive, OVERRIDE),
	READ(0, "quarantine", "DAY", "what fails is shown, and fails no run until a day is over",
	     values_quarantine, .shape = SHAPE_RECORD, .members = quarantine_members, OF_FILES),
};

#define OWN_ROWS (sizeof own_rows / sizeof *own_rows)

const struct option_row *options_next(const struct option_row *row)
{
	do
		row = !row                             ? rows
		      : row == rows + ROWS - 1         ? own_rows
		      : row == own_rows + OWN_ROWS - 1 ? NULL
						       : row + 1;
	while (row && !option_is_named(row));
	return row;
}

const struct option_row *options_find(const char *name)
{
	const struct option_row *row = options_next(NULL);

	for (; row; row = options_next(row)) {
		size_t n = strlen(row->name);
		bool has_plural = row->shape == SHAPE_LIST && row->name[n - 1] != 's';
		if (strncmp(row->name, name, n) == 0 &&
		    (!name[n] || (has_plural && strcmp(name + n, "s") == 0)))
			break;
	}
	return row;
}

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
	fputs("\n--no-NAME takes back what settings or words before it have turned on or listed\n"
	      "(--worker-output that of --no-worker-output).\n"
	      "\nExit status: 0 all passed, 1 a file failed, 2 wrong usage, 3 the run could not\n"
	      "be carried out, 4 no test was found.\n"
	      "Environment: FIRMO_JOBS_FLAGS (options put in front), FIRMO_JOBS_DB, NO_COLOR,\n"
	      "FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE, MAKEFLAGS, GITHUB_ACTIONS, TF_BUILD,\n"
	      "TEAMCITY_VERSION.\n",
	      out);
}
