// SPDX-License-Identifier: MIT
// --help.
#include <stdio.h>

#include "cli/mode.h"
#include "cli/options.h"

static enum firmo_jobs_status print_help(struct firmo_jobs *s)
{
	options_help(stdout);
	return FIRMO_JOBS_OK;
}

const struct mode mode_help = {.name = "--help",
			       .formats = MODE_ANY_FORMAT,
			       .has_no_project = true,
			       .goes_first = true,
			       .carry_out = print_help};
