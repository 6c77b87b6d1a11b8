// SPDX-License-Identifier: MIT
// --import: takes over the runs of other histories.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "cli/maintenance.h"
#include "cli/mode.h"
#include "cli/session.h"
#include "store/maintenance.h"

static int read_source(struct settings *o, const char *value, struct err *err)
{
	if (*value)
		VEC_PUSH(&o->imported, (char *)value);
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	if (o->plan.paths.n + o->imported.n == 0)
		return err_set(err, 0, "--import: the names of histories are missing");
	return 0;
}

struct sources {
	struct store **stores;
	const char **paths;
	struct imported *out;
	size_t n;
};

// A history is no news to itself.
static int refuse_itself(const char *db, const char *path, struct err *err)
{
	struct stat own, st;

	if (stat(db, &own) == 0 && stat(path, &st) == 0 && own.st_ino == st.st_ino &&
	    own.st_dev == st.st_dev)
		return err_set(err, 0, "%s is the history itself: nothing to import", path);
	return 0;
}

static int refuse_damaged(const char *path, const char *how, struct err *err)
{
	return err_set(err, 0, "the history %s is damaged: %s", path, how);
}

static int open_source(const char *db, const char *path, struct store **store, struct err *err)
{
	struct store_facts facts = {0};
	struct err why = {0};

	if (refuse_itself(db, path, err) < 0)
		return -1;
	if (!(*store = copy_open(path, NULL, &why))) {
		*err = why;
		return why.errnum == STORE_DAMAGED ? refuse_damaged(path, why.message, err) : -1;
	}
	store_check(*store, &facts);
	int status = facts.problems.n == 0 ? 0 : refuse_damaged(path, facts.problems.items[0], err);
	check_facts_release(&facts);
	return status;
}

static int open_sources(const struct settings *o, struct sources *sources, struct err *err)
{
	const struct strings *lists[] = {&o->imported, &o->plan.paths};
	size_t most = lists[0]->n + lists[1]->n;

	sources->stores = xcalloc(most, sizeof(struct store *));
	sources->paths = xcalloc(most, sizeof(const char *));
	sources->out = xcalloc(most, sizeof *sources->out);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->n; i++) {
			size_t at = sources->n++;
			sources->paths[at] = lists[k]->items[i];
			if (open_source(o->db, sources->paths[at], &sources->stores[at], err) < 0)
				return -1;
		}
	return 0;
}

static void release_sources(struct sources *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		store_close(sources->stores[i]);
	free(sources->stores);
	free(sources->paths);
	free(sources->out);
}

static void print_imported(const char *path, const struct imported *out)
{
	maintenance_print(path);
	fputs(": ", stdout);
	maintenance_print_count(out->runs, "run");
	fputs(" with ", stdout);
	maintenance_print_count(out->results, "result");
	fputs(" imported", stdout);
	if (out->known > 0)
		printf(", %ld known already", out->known);
	putchar('\n');
}

static enum firmo_jobs_status refuse(const char *db, const struct sources *sources,
				     const struct err *why)
{
	struct err err;

	for (size_t i = 0; i < sources->n; i++) {
		if (!sources->out[i].refused)
			continue;
		err_set(&err, 0, "nothing is imported: the history %s: %s", sources->paths[i],
			why->message);
		return maintenance_refuse(&err, FIRMO_JOBS_USAGE);
	}
	err_set(&err, 0, "nothing is imported into the history %s: %s", db, why->message);
	return maintenance_refuse(&err, FIRMO_JOBS_BROKEN);
}

static enum firmo_jobs_status import(struct firmo_jobs *s, struct sources *sources)
{
	struct err err = {0};

	if (open_sources(s->settings, sources, &err) < 0)
		return maintenance_refuse(&err, FIRMO_JOBS_USAGE);
	enum firmo_jobs_status status = maintenance_open(s, STORE_WRITE);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (store_import(s->context.store, sources->stores, sources->n, sources->out, &err) < 0)
		return refuse(s->settings->db, sources, &err);
	for (size_t i = 0; i < sources->n; i++)
		print_imported(sources->paths[i], &sources->out[i]);
	return FIRMO_JOBS_OK;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct sources sources = {0};
	enum firmo_jobs_status status = import(s, &sources);

	release_sources(&sources);
	return status;
}

const struct mode mode_import = {
	.name = "--import",
	.read = read_source,
	.check = check,
	.carry_out = carry_out,
};
