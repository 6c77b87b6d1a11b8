// SPDX-License-Identifier: MIT
// --print-mk: where firmo-jobs.mk is. MK_FOLDER, where it is installed, comes from mk/build.mk.
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "cli/mode.h"
#include "cli/session.h"

#define NAME "firmo-jobs.mk"

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	char *path = path_find_own(NAME, MK_FOLDER);

	if (!path) {
		session_warn(NAME " is neither beside the program nor in " MK_FOLDER);
		return FIRMO_JOBS_BROKEN;
	}
	for (const char *c = path; *c; c++)
		printf("%s%c", *c == ' ' || *c == '\\' ? "\\" : "", *c);
	putchar('\n');
	free(path);
	return FIRMO_JOBS_OK;
}

const struct mode mode_print_mk = {
	.name = "--print-mk", .formats = MODE_ANY_FORMAT, .carry_out = carry_out};
