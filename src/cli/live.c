// SPDX-License-Identifier: MIT
#include "cli/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/outfile.h"
#include "base/text.h"
#include "cli/session.h"
#include "report/events.h"
#include "report/object.h"

struct live_report {
	struct outfile file;
	bool is_open;
};

// ---- lines ----

static void warn_of(struct live *live, const char *message)
{
	live->failed = true;
	session_warn(message);
}

// SIGPIPE is ignored while a run is supervised, and not before and after it.
static int write_line(FILE *out, const char *line)
{
	void (*inherited)(int) = signal(SIGPIPE, SIG_IGN);

	errno = 0;
	fputs(line, out);
	putc('\n', out);
	int status = fflush(out);
	int errnum = errno;
	signal(SIGPIPE, inherited);
	errno = errnum;
	return status;
}

// What nobody reads any more is not written later either.
static void discard_stdout(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		close(fd);
	}
	fflush(stdout);
	clearerr(stdout);
}

static void lose(struct live *live, struct live_report *out, int errnum)
{
	out->is_open = false;
	if (errnum == EPIPE) {
		if (out->file.stream == stdout)
			discard_stdout();
		session_warn("--report=events: the reader has gone away, nothing more is written");
		return;
	}
	char *message = xasprintf("write %s: %s", out->file.path, strerror(errnum ? errnum : EIO));
	warn_of(live, message);
	free(message);
}

static void tell(struct live *live, struct json_object *event)
{
	const char *line = object_text(event);

	for (size_t i = 0; i < live->n; i++) {
		struct live_report *out = &live->outs[i];
		if (out->is_open && write_line(out->file.stream, line) != 0)
			lose(live, out, errno);
	}
	json_object_put(event);
}

static void on_warning(void *owner, const char *message)
{
	tell(owner, report_events_warning(message));
}

// ---- what was told ----

// One more of that key; how many there are now.
static uintptr_t count(struct map *m, const char *key)
{
	void **place = map_at(m, key);

	*place = (void *)((uintptr_t)*place + 1);
	return (uintptr_t)*place;
}

static void add_test_key(struct buf *b, const struct result *r, const struct test_case *t)
{
	buf_addf(b, "%d\n%s\n%d\n%s", r->attempt, r->job->path, t->round, t->name ? t->name : "");
	for (size_t i = 0; i < t->npath; i++)
		buf_addf(b, "\n%s", t->path[i]);
}

// Tells of a test unless another process of the attempt has told of it: process is a number of its
// own for each that tells.
static void tell_test(struct live *live, const struct result *r, const struct test_case *t,
		      int64_t process)
{
	struct buf key = {0}, own = {0};

	add_test_key(&key, r, t);
	buf_addf(&own, "%" PRId64 "\n%s", process, key.data);
	uintptr_t told = (uintptr_t)map_get(&live->tests, key.data);
	if (count(&live->tests, own.data) > told) {
		count(&live->tests, key.data);
		tell(live, report_events_test_end(r, t));
	}
	buf_release(&key);
	buf_release(&own);
}

// ---- a file ----

void live_process_started(struct firmo_jobs *s, const struct result *r)
{
	char *key = xasprintf("%d\n%s", r->attempt, r->job->path);
	bool restarted = count(&s->live.processes, key) > 1;

	tell(&s->live, report_events_file_start(r, restarted));
	free(key);
}

void live_test_ended(struct firmo_jobs *s, const struct result *r, const struct test_case *t)
{
	tell_test(&s->live, r, t, r->started_ns);
}

// How many of the n bytes are whole characters, or none of UTF-8: what may yet become one is left.
static size_t whole(const char *data, size_t n)
{
	static const struct {
		unsigned char from;
		size_t length;
	} leads[] = {{0xf0, 4}, {0xe0, 3}, {0xc2, 2}};

	for (size_t back = 1; back <= 3 && back <= n; back++) {
		unsigned char c = (unsigned char)data[n - back];
		for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
			if (c >= leads[i].from)
				return c < 0xf5 && leads[i].length > back ? n - back : n;
		if (c < 0x80)
			return n;
	}
	return n;
}

static void tell_output(struct firmo_jobs *s, const struct result *r, const char *data, size_t n)
{
	if (n > 0)
		tell(&s->live, report_events_output(r, data, n));
}

void live_wrote(struct firmo_jobs *s, const struct result *r, const char *data, size_t n)
{
	struct buf **half = (struct buf **)map_at(&s->live.halves, r->job->path);

	if (!*half)
		*half = xcalloc(1, sizeof **half);
	buf_add(*half, data, n);
	size_t length = whole((*half)->data, (*half)->len);
	tell_output(s, r, (*half)->data, length);
	struct buf rest = {0};
	buf_add(&rest, (*half)->data + length, (*half)->len - length);
	buf_release(*half);
	**half = rest;
}

// What a process has left unfinished stays so.
static void finish_output(struct firmo_jobs *s, const struct result *r)
{
	struct buf *half = map_get(&s->live.halves, r->job->path);

	if (!half)
		return;
	tell_output(s, r, half->data, half->len);
	buf_clear(half);
}

// What the run has of the file; the latest results are the last.
static const struct result *find(const struct run *run, const char *path)
{
	for (size_t i = run->results.n; i-- > 0;)
		if (strcmp(run->results.items[i]->job->path, path) == 0)
			return run->results.items[i];
	return NULL;
}

static void tell_file(struct firmo_jobs *s, const struct result *r, int attempt, bool retried)
{
	map_put(&s->live.ended, r->job->path, s);
	tell(&s->live, report_events_file_end(&s->run, r, attempt, retried));
}

void live_add(struct firmo_jobs *s, struct result *r)
{
	const char *path = r->job->path;
	int attempt = r->attempt;
	bool retried = r->again;

	if (live_is_open(s)) {
		finish_output(s, r);
		for (size_t i = 0; i < r->tests.n; i++)
			tell_test(&s->live, r, &r->tests.items[i], -1);
	}
	run_add(&s->run, r);
	if (live_is_open(s))
		tell_file(s, find(&s->run, path), attempt, retried);
}

void live_fixture_ended(struct firmo_jobs *s, const struct fixture_result *r)
{
	tell(&s->live, report_events_fixture_end(r));
}

// ---- from the first to the last ----

bool live_is_open(const struct firmo_jobs *s)
{
	for (size_t i = 0; i < s->live.n; i++)
		if (s->live.outs[i].is_open)
			return true;
	return false;
}

static void open_all(struct firmo_jobs *s)
{
	struct live *live = &s->live;
	struct err err;

	live->outs = xcalloc(s->settings->reports.n + 1, sizeof *live->outs);
	for (size_t i = 0; i < s->settings->reports.n; i++) {
		const struct report_request *r = &s->settings->reports.items[i];
		struct live_report *out = &live->outs[live->n];
		if (r->format != REPORT_EVENTS)
			continue;
		if (outfile_open_growing(&out->file, r->path, &err) < 0) {
			warn_of(live, err.message);
			continue;
		}
		out->is_open = true;
		live->n++;
	}
}

void live_begin(struct firmo_jobs *s)
{
	if (s->live.begun || s->joined)
		return;
	s->live.begun = true;
	open_all(s);
	if (!live_is_open(s))
		return;
	tell(&s->live, report_events_run_start(&s->run, &s->jobs, &s->reused));
	session_listen(on_warning, &s->live);
}

// What was not run in this process, or not at all.
static void tell_rest(struct firmo_jobs *s)
{
	for (size_t i = 0; i < s->run.results.n; i++) {
		const struct result *r = s->run.results.items[i];
		if (!map_get(&s->live.ended, r->job->path))
			tell_file(s, r, r->attempt, false);
	}
}

static void close_all(struct live *live)
{
	void (*inherited)(int) = signal(SIGPIPE, SIG_IGN);
	struct err err;

	session_listen(NULL, NULL);
	for (size_t i = 0; i < live->n; i++)
		outfile_commit(&live->outs[i].file, &err);
	signal(SIGPIPE, inherited);
	free(live->outs);
	live->outs = NULL;
	live->n = 0;
}

enum firmo_jobs_status live_end(struct firmo_jobs *s, enum firmo_jobs_status status)
{
	live_begin(s);
	if (live_is_open(s))
		tell_rest(s);
	if (s->live.failed && status == FIRMO_JOBS_OK)
		status = FIRMO_JOBS_BROKEN;
	if (live_is_open(s))
		tell(&s->live, report_events_run_end(&s->run, (int)status));
	close_all(&s->live);
	return status;
}

void live_release(struct firmo_jobs *s)
{
	struct live *live = &s->live;

	close_all(live);
	for (size_t i = 0; i < live->halves.cap; i++)
		if (live->halves.slots[i].key) {
			buf_release(live->halves.slots[i].value);
			free(live->halves.slots[i].value);
		}
	map_release(&live->halves);
	map_release(&live->processes);
	map_release(&live->ended);
	map_release(&live->tests);
}
