// SPDX-License-Identifier: MIT
// --export: writes a copy of the history, which others go on using.
#include <stdio.h>
#include <string.h>

#include "cli/maintenance.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"
#include "store/maintenance.h"

static int read_file(struct settings *o, const char *value, struct err *err)
{
	if (!*value || strcmp(value, "-") == 0)
		return option_invalid(err, "export", value, "wants a file's name");
	o->exported = value;
	return 0;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};
	int64_t bytes;

	enum firmo_jobs_status status = maintenance_open(s, STORE_READ);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (copy_export(s->context.store, s->settings->exported, &bytes, &err) < 0)
		return maintenance_refuse(&err, FIRMO_JOBS_BROKEN);
	fputs("Exported to ", stdout);
	maintenance_print(s->settings->exported);
	fputs(": ", stdout);
	maintenance_print_size(bytes);
	puts(".");
	return FIRMO_JOBS_OK;
}

const struct mode mode_export = {
	.name = "--export",
	.read = read_file,
	.check = maintenance_check,
	.carry_out = carry_out,
};
