// SPDX-License-Identifier: MIT
// --follow: prints the lines of a stream of events that grows, from some byte on, until the run has
// ended or a time is over. Lua cannot wait for either by itself.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"

// How often a file is looked at whose growth the system does not tell.
#define LOOK_MS 20

// What the last line begins with: that of the run, or that of what has started it.
static const char *const lasts[] = {"{\"event\":\"run_end\"", "{\"event\":\"exit\""};

struct follower {
	const char *path;
	int fd, changes; // changes: -1, the system does not tell
	int64_t end_ns;  // monotonic; -1: never
	struct buf line; // the beginning of one whose end is not there yet
	bool ended;
};

static int read_value(struct settings *o, const char *value, struct err *err)
{
	static const char wanted[] = "wants the first byte, seconds or nothing, and a file, as in "
				     "0,,events or 512,0.1,events";
	const char *seconds = strchr(value, ','), *file = seconds ? strchr(seconds + 1, ',') : NULL;

	if (!file || !file[1])
		return option_invalid(err, "follow", value, wanted);
	char *from = xstrndup(value, (size_t)(seconds - value));
	char *time = xstrndup(seconds + 1, (size_t)(file - seconds - 1));
	o->follow.file = file + 1;
	o->follow.for_ns = -1;
	bool good = text_parse_long(from, 0, LONG_MAX, &o->follow.from) &&
		    (!*time || text_parse_seconds(time, &o->follow.for_ns));
	free(from);
	free(time);
	return good ? 0 : option_invalid(err, "follow", value, wanted);
}

static bool is_last(const struct buf *line)
{
	for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++)
		if (strncmp(line->data, lasts[i], strlen(lasts[i])) == 0)
			return true;
	return false;
}

// Prints the lines that end in the n bytes; there are no more behind the last one.
static void print_lines(struct follower *f, const char *data, size_t n)
{
	while (n > 0 && !f->ended) {
		const char *newline = memchr(data, '\n', n);
		size_t piece = newline ? (size_t)(newline - data) + 1 : n;
		buf_add(&f->line, data, piece);
		data += piece;
		n -= piece;
		if (!newline)
			return;
		fwrite(f->line.data, 1, f->line.len, stdout);
		f->ended = is_last(&f->line);
		buf_clear(&f->line);
	}
}

// Prints what is there. -1: it cannot be read or printed.
static int print_new(struct follower *f, struct err *err)
{
	char data[64 << 10];
	ssize_t n;

	while (!f->ended && (n = read(f->fd, data, sizeof data)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "read %s", f->path);
		print_lines(f, data, (size_t)n);
	}
	return fflush(stdout) != 0 ? err_set(err, errno, "write to standard output") : 0;
}

// Until the file may have grown. False: the time is over, or nobody reads what we print.
static bool await_growth(const struct follower *f)
{
	struct pollfd watched[] = {{.fd = f->changes, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	int64_t ms = f->end_ns < 0 ? -1 : (f->end_ns - clock_mono_ns() + NS_PER_MS - 1) / NS_PER_MS;
	char ignored[4096];

	if (f->end_ns >= 0 && ms <= 0)
		return false;
	if (ms > 1000000)
		ms = 1000000;
	if (f->changes < 0 && (ms < 0 || ms > LOOK_MS))
		ms = LOOK_MS;
	if (poll(watched, 2, (int)ms) > 0 && watched[1].revents & POLLERR)
		return false;
	if (watched[0].revents & POLLIN && read(f->changes, ignored, sizeof ignored) < 0)
		return errno == EAGAIN || errno == EINTR;
	return true;
}

static int follow(struct follower *f, struct err *err)
{
	do
		if (print_new(f, err) < 0)
			return -1;
	while (!f->ended && await_growth(f));
	// What has come at the last moment.
	return print_new(f, err);
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	const struct settings *o = s->settings;
	struct follower f = {.path = o->follow.file, .end_ns = -1};
	struct err err = {0};

	f.fd = open(f.path, O_RDONLY | O_CLOEXEC);
	if (f.fd < 0 || lseek(f.fd, o->follow.from, SEEK_SET) < 0) {
		err_set(&err, errno, "read %s", f.path);
		session_warn(err.message);
		if (f.fd >= 0)
			close(f.fd);
		return FIRMO_JOBS_BROKEN;
	}
	f.changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f.changes >= 0 && inotify_add_watch(f.changes, f.path, IN_MODIFY) < 0) {
		close(f.changes);
		f.changes = -1;
	}
	if (o->follow.for_ns >= 0)
		f.end_ns = clock_mono_ns() + o->follow.for_ns;
	int status = follow(&f, &err);
	buf_release(&f.line);
	close(f.fd);
	if (f.changes >= 0)
		close(f.changes);
	if (status < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	return f.ended ? FIRMO_JOBS_OK : FIRMO_JOBS_FAILED;
}

const struct mode mode_follow = {.name = "--follow",
				 .formats = MODE_ANY_FORMAT,
				 .has_no_project = true,
				 .read = read_value,
				 .carry_out = carry_out};
