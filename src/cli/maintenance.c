// SPDX-License-Identifier: MIT
#include "cli/maintenance.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/session.h"

enum firmo_jobs_status maintenance_refuse(const struct err *err, enum firmo_jobs_status status)
{
	session_warn(err->message);
	return status;
}

void maintenance_print(const char *s)
{
	struct buf b = {0};

	text_add_visible(&b, s);
	fputs(b.data ? b.data : "", stdout);
	buf_release(&b);
}

void maintenance_print_size(int64_t bytes)
{
	if (bytes < 10 * 1024)
		printf("%" PRId64 " bytes", bytes);
	else if (bytes < 10 * 1024 * 1024)
		printf("%" PRId64 " KiB", bytes / 1024);
	else
		printf("%" PRId64 " MiB", bytes / 1024 / 1024);
}

void maintenance_print_count(int64_t n, const char *what)
{
	printf("%" PRId64 " %s%s", n, what, n == 1 ? "" : "s");
}

enum firmo_jobs_status maintenance_open(struct firmo_jobs *s, enum store_mode mode)
{
	struct err err = {0};
	char *notice = NULL;

	s->context.store = store_open(s->settings->db, mode, &notice, &err);
	if (notice)
		session_warn(notice);
	free(notice);
	if (s->context.store)
		return FIRMO_JOBS_OK;
	if (err.errnum == ENOENT)
		err_set(&err, 0, "there is no history in %s", s->settings->db);
	return context_refuse_store(&s->context, &err);
}

enum firmo_jobs_status maintenance_open_existing(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = maintenance_open(s, STORE_READ);

	if (status != FIRMO_JOBS_OK)
		return status;
	store_close(s->context.store);
	return maintenance_open(s, STORE_WRITE);
}

int maintenance_check(const struct settings *o, struct err *err)
{
	return settings_refuse_path(o, "--prune, --export and --check take no path", err);
}
