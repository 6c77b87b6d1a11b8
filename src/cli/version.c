// SPDX-License-Identifier: MIT
// --version; with -v what the program was built with, what it finds, and what this machine allows.
// TRACE_FOLDER, MK_FOLDER and LUA_FOLDER, where all of it is installed, come from mk/build.mk.
#include <features.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <xxhash.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "base/path.h"
#include "cli/mode.h"
#include "cli/session.h"
#include "sys/features.h"

#define NUMBER_SIZE 24

// A version as XXH_VERSION_NUMBER has it: 801 is 0.8.1.
static const char *dotted(unsigned n, char number[NUMBER_SIZE])
{
	snprintf(number, NUMBER_SIZE, "%u.%u.%u", n / 10000, n / 100 % 100, n % 100);
	return number;
}

static void print_row(const char *name, const char *value)
{
	printf("  %-26s%s\n", name, value);
}

// here: NULL where there is no version but the one that was built with.
static void print_library(const char *name, const char *built, const char *here)
{
	printf("  %-26s%s", name, built);
	if (here && strcmp(built, here) != 0)
		printf(", here %s", here);
	putchar('\n');
}

static void print_build(void)
{
	char built[NUMBER_SIZE], here[NUMBER_SIZE];

	puts("\nBuilt with:");
#ifdef __clang__
	print_row("compiler", __VERSION__);
#else
	print_row("compiler", "GCC " __VERSION__);
#endif
#ifdef __GLIBC__
	snprintf(built, sizeof built, "%d.%d", __GLIBC__, __GLIBC_MINOR__);
	print_library("glibc", built, gnu_get_libc_version());
#endif
	print_library("json-c", JSON_C_VERSION, json_c_version());
	print_library("SQLite", SQLITE_VERSION, sqlite3_libversion());
	print_library("xxHash", dotted(XXH_VERSION_NUMBER, built),
		      dotted(XXH_versionNumber(), here));
}

// What the program looks for beside itself, then where it was installed.
static void print_files(void)
{
	static const struct {
		const char *name, *beside, *folder, *without;
	} files[] = {
		{"firmo-jobs-trace.so", NULL, TRACE_FOLDER,
		 "what files depend on is not learned, interpreters are not forked"},
		{"firmo-jobs-coverage.so", NULL, TRACE_FOLDER, "no --coverage"},
		{"firmo-jobs.mk", NULL, MK_FOLDER, "no --print-mk"},
		{"firmo-jobs.lua", "lua/firmo-jobs.lua", LUA_FOLDER, "no --print-lua-path"},
	};

	puts("\nFiles:");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *path = files[i].beside ? path_find_own(files[i].beside, "") : NULL;
		if (!path)
			path = path_find_own(files[i].name, files[i].folder);
		if (path)
			print_row(files[i].name, path);
		else
			printf("  %-26sneither beside the program nor in %s: %s\n", files[i].name,
			       files[i].folder, files[i].without);
		free(path);
	}
}

static void print_features(void)
{
	struct utsname system;

	puts("\nThis machine allows:");
	if (uname(&system) == 0)
		printf("  %-26s%s %s, %s\n", "system", system.sysname, system.release,
		       system.machine);
	for (const struct feature *f = features; f->name; f++)
		if (f->is_there())
			print_row(f->name, "yes");
		else
			printf("  %-26sno: %s\n", f->name, f->without);
}

static enum firmo_jobs_status print_version(struct firmo_jobs *s)
{
	puts("firmo-jobs " FIRMO_JOBS_VERSION);
	if (s->settings->text.verbose) {
		print_build();
		print_files();
		print_features();
	}
	return FIRMO_JOBS_OK;
}

const struct mode mode_version = {.name = "--version",
				  .formats = MODE_ANY_FORMAT,
				  .has_no_project = true,
				  .goes_first = true,
				  .carry_out = print_version};
