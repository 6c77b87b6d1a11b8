// SPDX-License-Identifier: MIT
// --prune: removes old runs from the history.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/maintenance.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"
#include "store/maintenance.h"

// An age as nanoseconds: a whole number and a letter. 0 if it is none.
static int64_t parse_age(const char *value)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}, {'y', 365 * 86400}};
	size_t n = strspn(value, "0123456789");
	char *digits = xstrndup(value, n);
	int64_t age = 0;
	long number;

	for (size_t i = 0; i < sizeof units / sizeof *units && value[n] && !value[n + 1]; i++)
		if (value[n] == units[i].letter && text_parse_long(digits, 1, 100000, &number))
			age = number * units[i].seconds;
	free(digits);
	// Nothing is older, and more might be before the time that we can count.
	return age > 100 * INT64_C(365) * 86400 ? 0 : age * NS_PER_SEC;
}

static int read_bound(struct settings *o, const char *value, struct err *err)
{
	int64_t age = parse_age(value);
	long runs = STORE_KEPT_RUNS;

	if (*value && age == 0 && !text_parse_long(value, 0, 1000000000, &runs))
		return option_invalid(
			err, "prune", value,
			"wants how many runs stay, such as 500, or how old they may be, "
			"such as 90m, 12h, 30d, 8w or 1y");
	o->prune = age ? (struct store_bound){-1, clock_real_ns() - age}
		       : (struct store_bound){runs, 0};
	return 0;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct pruned out;
	struct err err = {0};

	enum firmo_jobs_status status = maintenance_open_existing(s);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (store_prune(s->context.store, &s->settings->prune, &out, &err) < 0)
		return maintenance_refuse(&err, FIRMO_JOBS_BROKEN);
	fputs("Removed ", stdout);
	maintenance_print_count(out.runs, "run");
	fputs(" with ", stdout);
	maintenance_print_count(out.results, "result");
	fputs(": ", stdout);
	maintenance_print_size(out.bytes_before);
	fputs(" before, ", stdout);
	maintenance_print_size(out.bytes_after);
	puts(" now.");
	if (*out.space.message) {
		char *message = xasprintf("the runs are gone, but the file is not smaller yet: %s",
					  out.space.message);
		session_warn(message);
		free(message);
	}
	return FIRMO_JOBS_OK;
}

const struct mode mode_prune = {
	.name = "--prune",
	.read = read_bound,
	.check = maintenance_check,
	.carry_out = carry_out,
};
