// SPDX-License-Identifier: MIT
// --advise: what the past of the files says of how to run them.
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/mode.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "plan/advice.h"
#include "report/advice.h"
#include "sys/cpus.h"
#include "sys/pressure.h"

static int write_advice(FILE *out, enum report_format format, const struct text_style *style,
			const void *advice, struct err *err)
{
	switch (format) {
	case REPORT_JSON:
		return report_advice_json(out, advice, err);
	case REPORT_CSV:
		return report_advice_csv(out, advice, err);
	default:
		return report_advice_text(out, advice, style, err);
	}
}

static enum firmo_jobs_status know_nothing(const struct firmo_jobs *s)
{
	char *message = xasprintf("the history %s has no time of these files: run them once, then "
				  "ask for advice",
				  s->settings->db);

	session_warn(message);
	free(message);
	return FIRMO_JOBS_BROKEN;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	enum firmo_jobs_status planned = firmo_jobs_plan(s);
	if (planned != FIRMO_JOBS_OK)
		return planned;
	int64_t available_bytes = pressure_memory();
	const struct advice_request request = {
		.order = s->settings->plan.order,
		.seed = s->settings->plan.seed,
		.cpus = cpus_usable(),
		.locks = &s->settings->run.locks,
		.asked = (int)s->settings->jobs,
		.available_bytes = available_bytes < INT64_MAX ? available_bytes : 0,
	};
	struct advice advice;

	// Nothing is left by --failed or --changed, and plan has said so.
	if (s->jobs.n == 0)
		return FIRMO_JOBS_OK;
	advice_make(&advice, &s->jobs, &request);
	enum firmo_jobs_status status =
		advice.files > 0 ? reports_write(s, write_advice, &advice) : know_nothing(s);
	advice_release(&advice);
	return status;
}

const struct mode mode_advise = {.name = "--advise",
				 .goes_by_plan = true,
				 .formats = MODE_DATA_FORMATS,
				 .carry_out = carry_out};
