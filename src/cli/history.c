// SPDX-License-Identifier: MIT
// --history: the last runs, and the last times and outcomes of the files.
#include "store/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/session.h"

#define RUNS    10
#define RESULTS 5

static void print_run(const struct past_run *r, void *first)
{
	if (*(bool *)first)
		puts("  run  when                  -j  files   bad   tests  failed       time");
	*(bool *)first = false;
	printf("%5lld  ", (long long)r->id);
	session_print_time(r->started_ns);
	if (r->jobs > 0)
		printf(" %4d", r->jobs);
	else
		printf("    -");
	if (r->elapsed_ns < 0) {
		puts("  (it was killed)");
		return;
	}
	printf(" %6ld %5ld %7ld %7ld %9.3fs%s\n", r->files, r->bad, r->tests, r->failed,
	       ns_to_sec(r->elapsed_ns), r->signal ? "  interrupted" : "");
}

static void print_sample(const struct past_runs *runs, const struct sample *s)
{
	printf("%5lld  ", (long long)s->run);
	for (size_t i = 0; i < runs->n; i++)
		if (runs->items[i].id == s->run)
			session_print_time(runs->items[i].started_ns);
	printf("  %-7s %9.3fs  cpu %8.3fs  %5lld MiB\n", file_status_name(s->status),
	       ns_to_sec(s->wall_ns), ns_to_sec(s->cpu_ns), (long long)(s->peak_bytes >> 20));
}

struct wanted {
	const struct past_runs *runs;
	const char *path; // NULL: every file
	bool any;
};

static void print_file(const struct past_file *f, void *arg)
{
	struct wanted *w = arg;
	size_t n = w->path ? strlen(w->path) : 0;
	struct buf b = {0};

	if (w->path && (strncmp(f->path, w->path, n) != 0 || (f->path[n] && f->path[n] != '/')))
		return;
	w->any = true;
	text_add_visible(&b, f->path);
	printf("\n%s\n", b.data);
	buf_release(&b);
	for (size_t i = f->past.trail.n, k = 0; i-- > 0 && k < RESULTS; k++)
		print_sample(w->runs, &f->past.trail.items[i]);
}

static int print_files(struct firmo_jobs *s, const struct past_runs *runs, const char *path,
		       struct err *err)
{
	char *cwd = getcwd(NULL, 0), *clean = path ? path_below(path, cwd) : NULL;
	// "." is where every path of the history starts.
	struct wanted w = {runs, clean && strcmp(clean, ".") != 0 ? clean : NULL, false};
	int status = history_each_file(s->store, false, print_file, &w, err);

	if (status == 0 && path && !w.any) {
		char *message = xasprintf("%s: there is nothing in the history", path);
		session_warn(message);
		free(message);
	}
	free(clean);
	free(cwd);
	return status;
}

enum firmo_jobs_status firmo_jobs_history(struct firmo_jobs *s)
{
	const struct strings *paths = &s->options.plan.paths;
	struct err err = {0};
	bool first = true;
	int status = 0;

	session_open_store(s, false);
	if (!s->store) {
		puts("No history yet.");
		return FIRMO_JOBS_OK;
	}
	struct past_runs runs = {0};
	status = history_load_runs(s->store, &runs, &err);
	for (size_t i = runs.n, k = 0; status == 0 && paths->n == 0 && i-- > 0 && k < RUNS; k++)
		print_run(&runs.items[i], &first);
	if (status == 0 && paths->n == 0)
		status = print_files(s, &runs, NULL, &err);
	for (size_t i = 0; i < paths->n && status == 0; i++)
		status = print_files(s, &runs, paths->items[i], &err);
	past_runs_release(&runs);
	if (status == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}
