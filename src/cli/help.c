// SPDX-License-Identifier: MIT
// --help: what is needed most, on one screen; --help=all: the whole table of options.
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/session.h"

const char *const help_extents[] = {"all", NULL};

static int read_extent(struct settings *o, const char *value, struct err *err)
{
	o->helps_with_all = *value;
	return !*value || option_find(help_extents, value, strlen(value)) == 0
		       ? 0
		       : option_refuse(err, "help", value, help_extents, "");
}

// Fits a terminal of 30 lines.
static void print_short(void)
{
	static const char *const needed_most[] = {"workers",  "timeout", "changed", "failed",
						  "filter",   "retries", "list",    "fail-fast",
						  "coverage", "verbose", "help"};

	fputs("Usage: firmo-jobs [OPTION]... [PATH]... [-- WORKER-ARG...]\n"
	      "Runs Lua test files side by side: those named, and those in the folders named\n"
	      "[tests, test, spec, specs, t].\n\n",
	      stdout);
	for (size_t i = 0; i < sizeof needed_most / sizeof *needed_most; i++)
		option_print(stdout, options_find(needed_most[i]));
	fputs("\nExamples:\n"
	      "  firmo-jobs                          all tests, on all CPUs\n"
	      "  firmo-jobs -j4 tests/net            those of a folder, four files at once\n"
	      "  firmo-jobs tests/csv_spec.lua:14    the test, or the group, at that line\n"
	      "  firmo-jobs --changed                only what may end otherwise than before\n"
	      "  firmo-jobs --failed --no-capture    what failed, with the terminal to debug it\n"
	      "  firmo-jobs --report=text --report=junit:out.xml    for a CI server as well\n"
	      "  firmo-jobs --report=html            a page to look around in\n"
	      "  firmo-jobs --history=failing        what fails, since when, and why\n"
	      "\nIn a makefile, for `make -j8 test`: include $(shell firmo-jobs --print-mk)\n"
	      "Every option: firmo-jobs --help=all. The manual: man firmo-jobs\n",
	      stdout);
}

static enum firmo_jobs_status print_help(struct firmo_jobs *s)
{
	if (s->settings->helps_with_all)
		options_help(stdout);
	else
		print_short();
	return FIRMO_JOBS_OK;
}

const struct mode mode_help = {.name = "--help",
			       .formats = MODE_ANY_FORMAT,
			       .has_no_project = true,
			       .goes_first = true,
			       .read = read_extent,
			       .carry_out = print_help};
