// SPDX-License-Identifier: MIT
// What the user has asked for, const once it is read.
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strings.h"
#include "cli/statements.h"
#include "history/request.h"
#include "model/fixture.h"
#include "model/job_settings.h"
#include "plan/plan.h"
#include "report/text.h"
#include "run/supervisor.h"
#include "store/maintenance.h"

struct err;
struct mode;

enum flaky { FLAKY_PASS, FLAKY_FAIL };
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };
enum fork_choice { FORK_AUTO, FORK_ALWAYS, FORK_NEVER };
enum progress_kind { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_NONE };
enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_JUNIT,
	REPORT_TAP,
	REPORT_HTML,
	REPORT_MARKDOWN,
	REPORT_CSV,
	REPORT_LCOV,
	REPORT_COBERTURA,
	REPORT_LUACOV,
	REPORT_EVENTS
};

// The names of the formats, in the order of the enum, ended by NULL.
extern const char *const report_formats[];

struct report_request {
	enum report_format format;
	const char *path; // "-": standard output
	bool at_home;     // no path was given for what does not go there
};

// What we keep for the project in the current folder lies here, unless it is told otherwise.
#define STATE_FOLDER ".firmo-jobs"

// What a project says of the files that match.
struct override {
	struct strings globs; // the strings are owned
	struct statements said;
	char *at; // "firmo-jobs.json: overrides[2]"; owned
};

// Which sources are told of, and how much of them has to run.
struct coverage_settings {
	bool wanted;
	struct strings includes, excludes;
	bool adds_up;     // what LuaCov itself writes in the workers
	const char *diff; // the revision since which changes are told of; NULL: they are not
	struct {
		struct coverage_wish {
			double percent;
			const char *glob; // NULL: all
		} * items;
		size_t n, cap;
	} minima;
};

struct settings {
	struct statements said; // all that these come from
	const struct mode *mode;
	struct plan_settings plan;
	struct job_settings job; // of each file
	struct run_settings run;
	struct text_style text;
	long jobs; // of -j; 0: not given
	struct coverage_settings coverage;
	const char *lua, *command;
	const char *wrap;          // of --wrap, or NULL
	const char *db, *named_db; // the history; the same, where a person has chosen it for this
	const char *profile;       // of --profile, or NULL
	const char *root;          // of --root, or NULL
	char *below; // where the person stands, below the root: "" for there, NULL: no root; owned
	struct strings roots;               // of tests, where no path is given
	struct strings preload;             // modules that workers require before their file
	struct strings lua_path, lua_cpath; // put in front of LUA_PATH and LUA_CPATH of workers
	struct strings env;                 // entries of their environment
	struct strings shared;              // globs of paths that several files may write
	struct {
		struct override *items; // the first that matches counts
		size_t n, cap;
	} overrides;
	struct fixtures fixtures; // all of them whose globs match; their strings are owned
	const char *why;          // the file of --why
	const char *tests_of;     // the source of --tests-of, and perhaps its line
	const char *shown_file;   // of --print-settings, or NULL
	const char *firmo;        // the folder of --install-firmo and --uninstall-firmo
	bool lua_path_of_firmo;   // of --print-lua-path
	bool helps_with_all;      // of --help
	int shell;                // of --print-completion
	int schema;               // of --print-schema
	const char *task;         // of --run, or NULL
	bool join;                // --join
	bool writes_rules;        // --rules, alone or with --gather
	const char *rules;        // its file; NULL: beside the history
	const char *gather;       // the command of --gather
	struct {
		long from;      // bytes
		int64_t for_ns; // -1: until the end
		const char *file;
	} follow; // of --follow
	bool until_fail, trace, capture;
	enum fork_choice forks;
	enum flaky flaky;
	struct buf tags, excluded_tags; // of --tag and --exclude-tag, joined
	int64_t shown_run;              // of --show; 0: the last one
	const char *compared;           // of --compare: a run or a commit, or two
	enum history_view view;
	const char *pattern; // of --history=tests:PATTERN, or NULL
	const char *since;   // of --since, or NULL
	long last_runs;      // of --last, 0: not given
	struct store_bound prune;
	bool repair;             // with --check
	const char *exported;    // the file of --export
	struct strings imported; // those of --import; points to words
	enum when color;
	enum progress_kind progress;
	struct {
		struct report_request *items;
		size_t n, cap;
	} reports;
	char *again;  // the command line that runs what failed once more; owned
	char **extra; // the words behind --; points into words
	char **flags; // the words of FIRMO_JOBS_FLAGS; owned
	char **words; // those of argv; the array is owned
};

// Reads the project's settings, FIRMO_JOBS_FLAGS and argv. On failure err says what is wrong and
// what would be right.
// o points into argv and the environment until settings_release.
int settings_parse(struct settings *o, int argc, char **argv, struct err *err);
// Has all that is said in o hold in it, and settles what excludes each other.
int settings_take(struct settings *o, struct err *err);
// Refuses the paths of a command line that can have none, as what says: "--show takes no path".
int settings_refuse_path(const struct settings *o, const char *what, struct err *err);
void settings_release(struct settings *o);

#endif
