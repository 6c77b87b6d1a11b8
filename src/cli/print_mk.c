// SPDX-License-Identifier: MIT
// --print-mk: where firmo-jobs.mk is. MK_FOLDER, where it is installed, comes from mk/build.mk.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "cli/mode.h"
#include "cli/session.h"

#define NAME      "firmo-jobs.mk"
#define WILDCARDS "*?["

// As include takes it for the name of one file: first for glob, where there is something to expand;
// then for make, where a backslash counts only in front of a blank.
static void add_name(struct buf *b, const char *path)
{
	const char *special = strpbrk(path, WILDCARDS) ? "\\" WILDCARDS : "";
	struct buf pattern = {0};
	size_t backslashes = 0; // in front of c

	for (; *path; path++) {
		if (strchr(special, *path))
			buf_addch(&pattern, '\\');
		buf_addch(&pattern, *path);
	}
	for (const char *c = pattern.data; *c; c++) {
		bool blank = *c == ' ' || *c == '\t';
		for (size_t i = 0; blank && i < backslashes + 1; i++)
			buf_addch(b, '\\');
		backslashes = *c == '\\' ? backslashes + 1 : 0;
		buf_addch(b, *c);
	}
	buf_release(&pattern);
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	char *path = path_find_own(NAME, MK_FOLDER);
	struct buf name = {0};

	if (!path) {
		session_warn(NAME " is neither beside the program nor in " MK_FOLDER);
		return FIRMO_JOBS_BROKEN;
	}
	if (strchr(path, '\n')) {
		session_warn(NAME " is in a folder with a newline in its name: no makefile can "
				  "include it from there");
		free(path);
		return FIRMO_JOBS_BROKEN;
	}
	add_name(&name, path);
	puts(name.data);
	buf_release(&name);
	free(path);
	return FIRMO_JOBS_OK;
}

const struct mode mode_print_mk = {.name = "--print-mk",
				   .formats = MODE_ANY_FORMAT,
				   .has_no_project = true,
				   .carry_out = carry_out};
