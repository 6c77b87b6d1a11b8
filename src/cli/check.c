// SPDX-License-Identifier: MIT
// --check: whether the history is sound, and what it holds; --check=repair makes anew what can be
// made of the rest of it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/maintenance.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"
#include "store/maintenance.h"

static void print_facts(const struct store_facts *f, int format)
{
	printf("  format   %d\n  runs     %" PRId64, format, f->runs);
	if (f->runs > 0) {
		fputs(", from ", stdout);
		session_print_time(f->first_ns);
		fputs(" to ", stdout);
		session_print_time(f->last_ns);
	}
	printf("\n  files    %" PRId64 "\n  results  %" PRId64 "\n  tests    %" PRId64
	       "\n  size     ",
	       f->files, f->results, f->tests);
	maintenance_print_size(f->bytes);
	if (f->results > 0)
		printf(", %" PRId64 " bytes a result", f->bytes / f->results);
	putchar('\n');
}

static void print_problems(const struct store_facts *f)
{
	for (size_t i = 0; i < f->problems.n; i++) {
		fputs("  ", stdout);
		maintenance_print(f->problems.items[i]);
		putchar('\n');
	}
	puts("What it says is not to be relied on. Move it away, and the next run begins a new "
	     "one;\nwhat was exported before can be imported into that.");
}

static int read_repair(struct settings *o, const char *value, struct err *err)
{
	o->repair = strcmp(value, "repair") == 0;
	return *value && !o->repair ? option_invalid(err, "check", value, "wants repair or nothing")
				    : 0;
}

static enum firmo_jobs_status repair(struct firmo_jobs *s)
{
	struct err err = {0};
	enum firmo_jobs_status status = maintenance_open_existing(s);

	if (status != FIRMO_JOBS_OK)
		return status;
	if (check_repair(s->context.store, &err) < 0)
		return maintenance_refuse(&err, FIRMO_JOBS_FAILED);
	store_close(s->context.store);
	s->context.store = NULL;
	return FIRMO_JOBS_OK;
}

static enum firmo_jobs_status look(struct firmo_jobs *s)
{
	struct store_facts facts = {0};
	struct err err = {0};
	int format = 0;

	s->context.store = copy_open(s->settings->db, &format, &err);
	if (s->context.store) {
		store_check(s->context.store, &facts);
	} else if (err.errnum == STORE_DAMAGED) {
		VEC_PUSH(&facts.problems, xstrdup(err.message));
	} else {
		if (err.errnum == ENOENT)
			err_set(&err, 0, "there is no history in %s", s->settings->db);
		return context_refuse_store(&s->context, &err);
	}
	bool sound = facts.problems.n == 0;
	maintenance_print(s->settings->db);
	printf(": %s\n", sound ? "sound" : "damaged");
	if (sound)
		print_facts(&facts, format);
	else
		print_problems(&facts);
	check_facts_release(&facts);
	return sound ? FIRMO_JOBS_OK : FIRMO_JOBS_FAILED;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = s->settings->repair ? repair(s) : FIRMO_JOBS_OK;

	return status == FIRMO_JOBS_OK ? look(s) : status;
}

const struct mode mode_check = {
	.name = "--check",
	.read = read_repair,
	.check = maintenance_check,
	.carry_out = carry_out,
};
