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

// The file whose results are being printed.
struct current {
	char *path;
	bool any;
};

static void print_result(const struct past_result *r, void *arg)
{
	struct current *c = arg;

	if (!c->path || strcmp(c->path, r->path) != 0) {
		struct buf b = {0};
		text_add_visible(&b, r->path);
		printf("\n%s\n", b.data);
		buf_release(&b);
		free(c->path);
		c->path = xstrdup(r->path);
		c->any = true;
	}
	printf("%5lld  ", (long long)r->run_id);
	session_print_time(r->started_ns);
	printf("  %-7s %9.3fs  cpu %8.3fs  %5lld MiB", file_status_name(r->status),
	       ns_to_sec(r->wall_ns), ns_to_sec(r->user_ns + r->sys_ns),
	       (long long)(r->maxrss >> 20));
	if (r->reason) {
		struct buf b = {0};
		text_add_visible(&b, r->reason);
		printf("  %s", b.data);
		buf_release(&b);
	} else {
		printf("  %ld test%s", r->tests, r->tests == 1 ? "" : "s");
	}
	putchar('\n');
}

static int print_files(struct firmo_jobs *s, const char *path, struct err *err)
{
	char *cwd = getcwd(NULL, 0), *clean = path ? path_below(path, cwd) : NULL;
	struct current c = {0};
	// "." is where every path of the history starts.
	int status = history_results(s->store, clean && strcmp(clean, ".") != 0 ? clean : NULL,
				     RESULTS, print_result, &c, err);

	if (status == 0 && path && !c.any) {
		char *message = xasprintf("%s: there is nothing in the history", path);
		session_warn(message);
		free(message);
	}
	free(c.path);
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
	if (paths->n == 0) {
		status = history_runs(s->store, RUNS, print_run, &first, &err);
		if (status == 0)
			status = print_files(s, NULL, &err);
	}
	for (size_t i = 0; i < paths->n && status == 0; i++)
		status = print_files(s, paths->items[i], &err);
	if (status == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}
