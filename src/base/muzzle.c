// SPDX-License-Identifier: MIT
#include "base/muzzle.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

// ---- marks ----

// Whether c is the second colon of a line that has nothing but blanks before. What is not ASCII may
// be one.
static bool ends_colons(struct muzzle *m, unsigned char c)
{
	bool ends = c == ':' && m->colon;

	if (c == '\n' || c == '\r') {
		m->inside = m->colon = false;
	} else if (c == ':') {
		m->colon = !m->inside;
		m->inside = true;
	} else {
		m->inside |= m->colon || (c > ' ' && c < 0x80);
		m->colon = false;
	}
	return ends;
}

// Whether c is the bracket of "##[" or "##word[".
static bool ends_hashes(struct muzzle *m, unsigned char c)
{
	bool ends = c == '[' && m->hashes == 2;

	if (c == '#') {
		m->hashes = m->word || m->hashes == 0 ? 1 : 2;
		m->word = false;
	} else if (m->hashes == 2 && isalpha(c)) {
		m->word = true;
	} else {
		m->hashes = 0;
		m->word = false;
	}
	return ends;
}

void muzzle_add(struct muzzle *m, struct buf *out, const char *s, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		bool colons = ends_colons(m, (unsigned char)s[i]),
		     hashes = ends_hashes(m, (unsigned char)s[i]);
		if (!colons && !hashes)
			continue;
		buf_add(out, s + from, i - from);
		buf_addf(out, "\\u%04x", (unsigned)s[i]);
		from = i + 1;
	}
	if (from < n)
		buf_add(out, s + from, n - from);
}

// ---- streams ----

struct sink {
	struct muzzle muzzle;
	FILE *to;
};

static ssize_t write_sink(void *cookie, const char *s, size_t n)
{
	struct sink *sink = cookie;
	struct buf b = {0};

	muzzle_add(&sink->muzzle, &b, s, n);
	bool done = fwrite(b.data, 1, b.len, sink->to) == b.len && fflush(sink->to) == 0;
	buf_release(&b);
	return done ? (ssize_t)n : 0;
}

static int close_sink(void *cookie)
{
	struct sink *sink = cookie;
	int status = fclose(sink->to);

	free(sink);
	return status;
}

static bool is_read_for_commands(void)
{
	static const char *const names[] = {"GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return true;
	}
	return false;
}

// to itself where it cannot be opened.
static FILE *open_sink(struct sink *sink, FILE *to, cookie_close_function_t *close)
{
	const cookie_io_functions_t does = {.write = write_sink, .close = close};

	sink->to = to;
	FILE *stream = fopencookie(sink, "w", does);
	return stream ? stream : to;
}

FILE *muzzle_put_on(FILE *stream)
{
	if (!stream || !is_read_for_commands())
		return stream;
	struct sink *sink = xcalloc(1, sizeof *sink);
	FILE *muzzled = open_sink(sink, stream, close_sink);
	if (muzzled == stream)
		free(sink);
	return muzzled;
}

static FILE *bypass; // what stdout was

void muzzle_install(void)
{
	static struct sink out, err; // in use until the end
	int buffering = isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF;

	bypass = stdout;
	if (!is_read_for_commands())
		return;
	stdout = open_sink(&out, stdout, NULL);
	stderr = open_sink(&err, stderr, NULL);
	setvbuf(stdout, NULL, buffering, BUFSIZ);
	setvbuf(stderr, NULL, _IONBF, 0);
}

FILE *muzzle_bypass(void)
{
	return bypass ? bypass : stdout;
}
