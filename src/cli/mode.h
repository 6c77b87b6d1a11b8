// SPDX-License-Identifier: MIT
// What firmo-jobs was called for: to run tests, or another of its modes. A mode is one file of
// cli/ with one struct, declared here, and one row in the table of options.
#ifndef CLI_MODE_H
#define CLI_MODE_H

#include <stdbool.h>

#include "firmo-jobs.h"

struct err;
struct settings;

// The formats of --report, as bits of 1u << enum report_format.
#define MODE_DATA_FORMATS (1u << REPORT_TEXT | 1u << REPORT_JSON | 1u << REPORT_CSV)
#define MODE_RUN_FORMATS                                                                           \
	(1u << REPORT_TEXT | 1u << REPORT_JSON | 1u << REPORT_JUNIT | 1u << REPORT_TAP |           \
	 1u << REPORT_HTML | 1u << REPORT_MARKDOWN)
// Those that tell of coverage alone.
#define MODE_COVERAGE_FORMATS (1u << REPORT_LCOV | 1u << REPORT_COBERTURA | 1u << REPORT_LUACOV)
// What is told while it happens.
#define MODE_LIVE_FORMATS (1u << REPORT_EVENTS)
#define MODE_ANY_FORMAT   (~0u)

struct mode {
	const char *name;           // as messages call it
	unsigned formats;           // that it has; any: it writes something else, whatever is asked
	bool goes_first;            // before all other modes of the command line, as --help does
	bool has_no_project;        // the project's settings are no concern of its
	bool goes_by_plan;          // what holds for a run of tests is its concern
	bool runs_files;            // and records that
	bool keeps_jobserver;       // for a command of its own, which takes part by itself
	const struct mode *part_of; // the one that does this as well, if both are asked for
	// Reads the value of its option, "" where there is none. NULL: it takes none.
	int (*read)(struct settings *o, const char *value, struct err *err);
	// Refuses what stands beside it on the command line. NULL: all is well.
	int (*check)(const struct settings *o, struct err *err);
	// Does it all, and prints it.
	enum firmo_jobs_status (*carry_out)(struct firmo_jobs *session);
};

extern const struct mode mode_run, mode_list, mode_advise, mode_history, mode_show, mode_compare,
	mode_why, mode_tests_of, mode_watch, mode_rules, mode_gather, mode_print_mk,
	mode_print_lua_path, mode_install_firmo, mode_uninstall_firmo, mode_follow,
	mode_print_schema, mode_print_completion, mode_prune, mode_export, mode_import, mode_check,
	mode_print_settings, mode_help, mode_version;

#endif
