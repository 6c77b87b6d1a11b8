// SPDX-License-Identifier: MIT
// --prune, --export, --import and --check: care of the history.
#include "store/care.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "cli/session.h"
#include "store/store.h"

static enum firmo_jobs_status refuse(const struct err *err, enum firmo_jobs_status status)
{
	session_warn(err->message);
	return status;
}

static void print_visible(const char *s)
{
	struct buf b = {0};

	text_add_visible(&b, s);
	fputs(b.data ? b.data : "", stdout);
	buf_release(&b);
}

static void print_size(int64_t bytes)
{
	if (bytes < 10 * 1024)
		printf("%" PRId64 " bytes", bytes);
	else if (bytes < 10 * 1024 * 1024)
		printf("%" PRId64 " KiB", bytes / 1024);
	else
		printf("%" PRId64 " MiB", bytes / 1024 / 1024);
}

static void print_count(int64_t n, const char *what)
{
	printf("%" PRId64 " %s%s", n, what, n == 1 ? "" : "s");
}

// A history that is missing, or that cannot be used: says so.
static enum firmo_jobs_status open_store(struct firmo_jobs *s, enum store_mode mode)
{
	struct err err = {0};
	char *notice = NULL;

	s->store = store_open(s->options.db, mode, &notice, &err);
	if (notice)
		session_warn(notice);
	free(notice);
	if (s->store)
		return FIRMO_JOBS_OK;
	if (err.errnum == ENOENT)
		err_set(&err, 0, "there is no history in %s", s->options.db);
	return session_refuse_store(s, &err);
}

// To write to a history that has to be there.
static enum firmo_jobs_status open_existing(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = open_store(s, STORE_READ);

	if (status != FIRMO_JOBS_OK)
		return status;
	store_close(s->store);
	return open_store(s, STORE_WRITE);
}

// ---- --prune ----

enum firmo_jobs_status firmo_jobs_prune(struct firmo_jobs *s)
{
	struct pruned out;
	struct err err = {0};

	enum firmo_jobs_status status = open_existing(s);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (store_prune(s->store, &s->options.prune, &out, &err) < 0)
		return refuse(&err, FIRMO_JOBS_BROKEN);
	fputs("Removed ", stdout);
	print_count(out.runs, "run");
	fputs(" with ", stdout);
	print_count(out.results, "result");
	fputs(": ", stdout);
	print_size(out.bytes_before);
	fputs(" before, ", stdout);
	print_size(out.bytes_after);
	puts(" now.");
	if (*out.space.message) {
		char *message = xasprintf("the runs are gone, but the file is not smaller yet: %s",
					  out.space.message);
		session_warn(message);
		free(message);
	}
	return FIRMO_JOBS_OK;
}

// ---- --export ----

enum firmo_jobs_status firmo_jobs_export(struct firmo_jobs *s)
{
	struct err err = {0};
	int64_t bytes;

	enum firmo_jobs_status status = open_store(s, STORE_READ);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (store_export(s->store, s->options.exported, &bytes, &err) < 0)
		return refuse(&err, FIRMO_JOBS_BROKEN);
	fputs("Exported to ", stdout);
	print_visible(s->options.exported);
	fputs(": ", stdout);
	print_size(bytes);
	puts(".");
	return FIRMO_JOBS_OK;
}

// ---- --import ----

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

static int open_source(const char *db, const char *path, struct store **store, struct err *err)
{
	struct store_facts facts = {0};

	if (refuse_itself(db, path, err) < 0 || !(*store = store_open_copy(path, NULL, err)))
		return -1;
	store_check(*store, &facts);
	int status = facts.problems.n == 0 ? 0
					   : err_set(err, 0, "the history %s is damaged: %s", path,
						     facts.problems.items[0]);
	store_facts_release(&facts);
	return status;
}

static int open_sources(const struct options *o, struct sources *sources, struct err *err)
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
	print_visible(path);
	fputs(": ", stdout);
	print_count(out->runs, "run");
	fputs(" with ", stdout);
	print_count(out->results, "result");
	fputs(" imported", stdout);
	if (out->known > 0)
		printf(", %ld known already", out->known);
	putchar('\n');
}

static enum firmo_jobs_status import(struct firmo_jobs *s, struct sources *sources)
{
	struct err err = {0};

	if (open_sources(&s->options, sources, &err) < 0)
		return refuse(&err, FIRMO_JOBS_USAGE);
	enum firmo_jobs_status status = open_store(s, STORE_WRITE);
	if (status != FIRMO_JOBS_OK)
		return status;
	if (store_import(s->store, sources->stores, sources->n, sources->out, &err) < 0)
		return refuse(&err, FIRMO_JOBS_BROKEN);
	for (size_t i = 0; i < sources->n; i++)
		print_imported(sources->paths[i], &sources->out[i]);
	return FIRMO_JOBS_OK;
}

enum firmo_jobs_status firmo_jobs_import(struct firmo_jobs *s)
{
	struct sources sources = {0};
	enum firmo_jobs_status status = import(s, &sources);

	release_sources(&sources);
	return status;
}

// ---- --check ----

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
	print_size(f->bytes);
	if (f->results > 0)
		printf(", %" PRId64 " bytes a result", f->bytes / f->results);
	putchar('\n');
}

static void print_problems(const struct store_facts *f)
{
	for (size_t i = 0; i < f->problems.n; i++) {
		fputs("  ", stdout);
		print_visible(f->problems.items[i]);
		putchar('\n');
	}
	puts("What it says is not to be relied on. Move it away, and the next run begins a new "
	     "one;\nwhat was exported before can be imported into that.");
}

enum firmo_jobs_status firmo_jobs_check(struct firmo_jobs *s)
{
	struct store_facts facts = {0};
	struct err err = {0};
	int format = 0;

	s->store = store_open_copy(s->options.db, &format, &err);
	if (!s->store) {
		if (err.errnum == ENOENT)
			err_set(&err, 0, "there is no history in %s", s->options.db);
		return session_refuse_store(s, &err);
	}
	store_check(s->store, &facts);
	bool sound = facts.problems.n == 0;
	print_visible(s->options.db);
	printf(": %s\n", sound ? "sound" : "damaged");
	if (sound)
		print_facts(&facts, format);
	else
		print_problems(&facts);
	store_facts_release(&facts);
	return sound ? FIRMO_JOBS_OK : FIRMO_JOBS_FAILED;
}
