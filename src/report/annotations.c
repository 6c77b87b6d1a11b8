// SPDX-License-Identifier: MIT
#include "report/annotations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/muzzle.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/place.h"

// GitHub's own escapes, of `special` characters; those that change the direction are shown by their
// numbers, other control characters are left out, and marks of other commands are broken.
static void add_escaped(struct buf *b, const char *text, const char *special)
{
	struct muzzle behind = {.inside = true};
	struct buf clean = {0}, line = {0};

	text_add_utf8(&clean, text, strlen(text));
	for (size_t i = 0, len; i < clean.len; i += len) {
		const char *s = clean.data + i;
		len = text_utf8_length(s, clean.len - i);
		uint32_t c = text_code_point(s, len);
		if (len == 1 && strchr(special, *s))
			buf_addf(&line, "%%%02X", (unsigned)c);
		else if (text_is_bidi_control(c))
			buf_addf(&line, "\\u%04x", (unsigned)c);
		else if (c == '\t' || !text_is_control(c))
			buf_add(&line, s, len);
	}
	muzzle_add(&behind, b, line.data, line.len);
	buf_release(&clean);
	buf_release(&line);
}

static void add_property(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s=", name);
	add_escaped(b, value, "%\r\n:,");
}

static void add_command(struct buf *b, const char *command, const char *file, int line,
			const char *title, const char *message)
{
	buf_addf(b, "::%s ", command);
	add_property(b, "file", file);
	if (line > 0)
		buf_addf(b, ",line=%d", line);
	buf_addch(b, ',');
	add_property(b, "title", title);
	buf_addstr(b, "::");
	add_escaped(b, message, "%\r\n");
	buf_addch(b, '\n');
}

// ---- commands ----

struct annotations {
	struct buf *b;
	const struct result *result;
};

// The caller frees it.
static char *forgiven_message(const struct result *r, const char *message)
{
	struct buf b = {0};

	quarantine_describe(&b, r->quarantine, r->started_ns, true);
	buf_addf(&b, "\n%s", message);
	return buf_detach(&b);
}

static void add_failure(const struct failure *f, void *arg)
{
	const struct annotations *a = arg;
	const struct result *r = a->result;
	const char *reason = r->reason ? r->reason : file_status_name(r->status);
	char *title = xasprintf("%s: %s", r->job->path, f->test ? f->test : reason), *file = NULL;
	int line = 0;

	place_find(f, r, &file, &line);
	char *message = f->forgiven ? forgiven_message(r, f->message ? f->message : reason) : NULL;
	add_command(a->b, f->forgiven ? "notice" : "error", file, line, title,
		    message      ? message
		    : f->message ? f->message
				 : reason);
	free(message);
	free(file);
	free(title);
}

static void add_flaky(struct buf *b, const struct result *r)
{
	const struct result *before = r->earlier;
	char *title = xasprintf("%s: flaky", r->job->path);
	char *message = xasprintf(
		"passed at attempt %d%s%s%s", r->attempt,
		before && before->reason ? ", after: " : "",
		before && before->reason ? before->reason : "",
		result_fails_only_concurrently(r) ? "; fails only beside other files" : "");

	add_command(b, "warning", r->job->path, 0, title, message);
	free(title);
	free(message);
}

// What has changed and has not run.
static void add_missed(FILE *out, const struct coverage_diff *d)
{
	for (size_t i = 0; d && i < d->n; i++) {
		uint32_t at = 1, first, last;
		while (covered_file_missed(&d->files[i], &at, &first, &last)) {
			struct buf b = {0};
			char *lines =
				first < last ? xasprintf("lines %u to %u were not run", first, last)
					     : xasprintf("line %u was not run", first);
			char *message = xasprintf("%s, and changed since %s", lines, d->revision);
			add_command(&b, "warning", d->files[i].path, (int)first, "not covered",
				    message);
			fwrite(b.data, 1, b.len, out);
			buf_release(&b);
			free(message);
			free(lines);
		}
	}
}

int report_annotations(FILE *out, const struct run *run, struct err *err)
{
	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		struct buf b = {0};
		struct annotations a = {&b, r};
		if (file_status_is_bad(r->status))
			failure_each(r, add_failure, &a);
		else if (r->flaky)
			add_flaky(&b, r);
		fwrite(b.data ? b.data : "", 1, b.len, out);
		buf_release(&b);
	}
	add_missed(out, run->coverage ? run->coverage->diff : NULL);
	return ferror(out) ? err_set(err, errno, "write the annotations") : 0;
}
