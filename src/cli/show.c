// SPDX-License-Identifier: MIT
// --show: the report of a run that is over, from the history.
#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "store/store.h"

static int read_run(struct settings *o, const char *value, struct err *err)
{
	long n = 0;

	if (*value && !text_parse_long(value, 1, LONG_MAX, &n))
		return option_invalid(err, "show", value,
				      "wants the number of a run, as --history lists them");
	o->shown_run = n;
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	return settings_refuse_path(
		o, "--show takes no path; a run's number follows it as --show=RUN", err);
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};

	if (context_open_store(&s->context, false) != FIRMO_JOBS_OK)
		return FIRMO_JOBS_USAGE;
	if (!s->context.store) {
		char *message =
			xasprintf("there is no history in %s, so no run to show", s->settings->db);
		session_warn(message);
		free(message);
		return FIRMO_JOBS_BROKEN;
	}
	if (store_load_run(s->context.store, s->settings->shown_run, &s->run, &s->jobs, &err) == 0)
		return reports_of_run(s, true);
	session_warn(err.message);
	return err.errnum ? FIRMO_JOBS_USAGE : FIRMO_JOBS_BROKEN;
}

const struct mode mode_show = {
	.name = "--show",
	.formats = MODE_RUN_FORMATS,
	.read = read_run,
	.check = check,
	.carry_out = carry_out,
};
