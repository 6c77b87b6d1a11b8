// SPDX-License-Identifier: MIT
// --compare: what is different in a run from what it was in an earlier one, from the history.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/maintenance.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "history/compare.h"
#include "sys/command.h"

static int read_runs(struct settings *o, const char *value, struct err *err)
{
	const char *dots = strstr(value, "..");

	if (!*value || dots == value || (dots && !dots[2]))
		return option_invalid(err, "compare", value,
				      "wants a run or a commit, or two of them as in 5..9");
	o->compared = value;
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	return settings_refuse_path(
		o, "--compare takes no path; a run or a commit follows it as --compare=RUN", err);
}

// What git calls so: a branch, a tag, HEAD~3.
static char *commit_of(const char *name)
{
	if (*name == '-' || strchr(name, '\''))
		return NULL;
	char *words = xasprintf("git rev-parse -q --verify '%s^{commit}' 2>/dev/null", name);
	char *commit = command_first_line(words);
	free(words);
	return commit;
}

static enum firmo_jobs_status show(struct firmo_jobs *s, const struct run_range *r,
				   const struct past_run *old, const struct past_run *now)
{
	enum firmo_jobs_status status = FIRMO_JOBS_BROKEN;
	struct view answer = {0};
	struct err err = {0};
	bool broke = false;

	if (compare_show(&answer, s->context.store, r, old, now, &broke, &err) == 0)
		status = reports_of_view(s, &answer);
	else
		session_warn(err.message);
	view_release(&answer);
	return status == FIRMO_JOBS_OK && broke ? FIRMO_JOBS_FAILED : status;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = maintenance_open(s, STORE_READ);
	const struct past_run *old, *now;
	struct run_range r = {0};
	struct err err = {0};

	if (status != FIRMO_JOBS_OK)
		return status;
	if (run_range_open(&r, s->context.store, &err) < 0)
		status = maintenance_refuse(&err, FIRMO_JOBS_BROKEN);
	else if (compare_find(&r, s->settings->compared, commit_of, &old, &now, &err) < 0)
		status = maintenance_refuse(&err, FIRMO_JOBS_USAGE);
	else
		status = show(s, &r, old, now);
	run_range_release(&r);
	return status;
}

const struct mode mode_compare = {
	.name = "--compare",
	.formats = MODE_DATA_FORMATS,
	.read = read_runs,
	.check = check,
	.carry_out = carry_out,
};
