// SPDX-License-Identifier: MIT
// --list: the plan, and what it will take.
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/session.h"
#include "plan/forecast.h"
#include "sys/cpus.h"

// without: what stands there for no time.
static void print_duration(int64_t ns, bool known, const char *without)
{
	if (known)
		printf("%9.3fs  ", ns_to_sec(ns));
	else
		printf("%10s  ", without);
}

static void print_job(const struct job *j, const struct settings *o)
{
	struct buf b = {0};

	text_add_visible(&b, j->path);
	print_duration(j->expected_ns, j->expected_ns >= 0, "?");
	if (o->text.verbose) {
		int64_t deadline_ns = deadline_of(&j->settings->deadline, j->p99_ns);
		print_duration(deadline_ns, deadline_ns > 0, "never");
	}
	printf("%-8s %-8s %s\n", j->last == FILE_NOTRUN ? "new" : file_status_name(j->last),
	       framework_name(j->framework), b.data);
	buf_release(&b);
}

static void print_forecast(const struct jobs *jobs, int workers, const struct locks *locks)
{
	struct forecast f;

	forecast_make(&f, jobs, workers, locks);
	printf("\n%zu file%s", jobs->n, jobs->n == 1 ? "" : "s");
	if (f.unknown)
		printf(", %zu of them without a time yet", f.unknown);
	if (f.unknown < jobs->n)
		printf("; at -j %d: predicted %.3fs, lower bound %.3fs (longest file %.3fs, all "
		       "files %.3fs)",
		       workers, ns_to_sec(f.wall_ns), ns_to_sec(f.lower_bound_ns),
		       ns_to_sec(f.longest_ns), ns_to_sec(f.sum_ns));
	putchar('\n');
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = firmo_jobs_plan(s);
	int workers = context_workers(&s->context);

	if (status != FIRMO_JOBS_OK)
		return status;
	// --failed found nothing, and plan has said so.
	if (s->jobs.n == 0)
		return FIRMO_JOBS_OK;
	printf(" expected  %slast     kind     file\n",
	       s->settings->text.verbose ? "  deadline  " : "");
	for (size_t i = 0; i < s->jobs.n; i++)
		print_job(&s->jobs.items[i], s->settings);
	// Under `make -j` without a number nobody knows: the machine's size is the best guess.
	print_forecast(&s->jobs, workers > 0 ? workers : cpus_usable(), &s->settings->run.locks);
	return FIRMO_JOBS_OK;
}

const struct mode mode_list = {.name = "--list", .goes_by_plan = true, .carry_out = carry_out};
