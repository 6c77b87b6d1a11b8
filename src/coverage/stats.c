// SPDX-License-Identifier: MIT
#include "coverage/stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "coverage/hook/memory.h"
#include "model/hits.h"

struct rest {
	const char *at, *end;
};

static void skip_blanks(struct rest *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at))
		r->at++;
}

// LuaCov's own reads numbers of any form; the largest are written as such.
static bool take_number(struct rest *r, uint64_t *n)
{
	char digits[40], *stop;
	size_t length = 0;

	skip_blanks(r);
	while (r->at + length < r->end && length < sizeof digits - 1 &&
	       strchr("0123456789.e+", r->at[length]))
		length++;
	memcpy(digits, r->at, length);
	digits[length] = '\0';
	bool is_whole = strspn(digits, "0123456789") == length;
	*n = is_whole ? strtoull(digits, &stop, 10) : (uint64_t)strtod(digits, &stop);
	r->at += length;
	return length > 0 && !*stop;
}

static bool take_file(struct hits *h, struct rest *r)
{
	uint64_t lines, count;
	bool is_sound = take_number(r, &lines) && r->at < r->end && *r->at++ == ':' &&
			lines <= HITS_LINES_MOST;
	const char *end = is_sound ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;

	if (!end)
		return false;
	char *name = xstrndup(r->at, (size_t)(end - r->at));
	struct hits_file *f = hits_file(h, name, (uint32_t)lines);
	free(name);
	r->at = end + 1;
	for (uint32_t i = 1; i <= lines; i++) {
		if (!take_number(r, &count))
			return false;
		f->counts[i] += count;
	}
	return true;
}

int stats_parse(struct hits *h, const char *text, size_t n)
{
	struct rest r = {text, text + n};

	for (skip_blanks(&r); r.at < r.end; skip_blanks(&r))
		if (!take_file(h, &r))
			return -1;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct hits_file *const *)a)->path, (*(struct hits_file *const *)b)->path);
}

void stats_write(FILE *out, const struct hits *h)
{
	struct hits_file **files = xmalloc((h->n + 1) * sizeof *files);

	memcpy(files, h->items, h->n * sizeof *files);
	if (h->n > 0)
		qsort(files, h->n, sizeof *files, by_path);
	for (size_t i = 0; i < h->n; i++) {
		fprintf(out, "%u:%s\n", files[i]->lines, files[i]->path);
		for (uint32_t line = 1; line <= files[i]->lines; line++)
			fprintf(out, "%" PRIu64 " ", files[i]->counts[line]);
		putc('\n', out);
	}
	free(files);
}

// ---- what a hook in Lua writes ----

// A line before the counts: which time of writing it is, and how many bytes of counts follow, both
// in HEAD_BYTES bytes. The same line behind them tells that they are whole.
#define HEAD_BYTES 40

static char *read_text(int fd, off_t at, size_t n)
{
	char *text = xmalloc(n + 1);

	if (pread(fd, text, n, at) == (ssize_t)n) {
		text[n] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

// The counts of a place, n bytes; NULL: it has none.
static char *read_place(int fd, int number, unsigned long *time, size_t *n)
{
	off_t at = (off_t)(MEMORY_TEXT + (uint64_t)number * MEMORY_TEXT_BYTES);
	char *head = read_text(fd, at, HEAD_BYTES), *all = NULL;

	if (head && sscanf(head, "firmo-jobs %lu %zu", time, n) == 2 &&
	    *n <= MEMORY_TEXT_BYTES - 2 * HEAD_BYTES)
		all = read_text(fd, at + HEAD_BYTES, *n + HEAD_BYTES);
	if (all && memcmp(all + *n, head, HEAD_BYTES) != 0) {
		free(all);
		all = NULL;
	}
	free(head);
	return all;
}

// The names are those that the worker has loaded its sources by.
static void add_text(struct hits *h, const char *text, size_t n)
{
	struct hits *raw = xcalloc(1, sizeof *raw);

	h->has_begun = h->by_lua = true;
	h->is_bad |= stats_parse(raw, text, n) < 0;
	for (size_t i = 0; i < raw->n; i++) {
		const struct hits_file *from = raw->items[i];
		char *path = path_target(from->path);
		struct hits_file *f = hits_file(h, path, from->lines);
		for (uint32_t line = 1; line <= from->lines; line++)
			f->counts[line] += from->counts[line];
		free(path);
	}
	hits_free(raw);
}

void stats_read_memory(int fd, struct hits *h)
{
	unsigned long times[2] = {0};
	size_t n[2] = {0};
	char *texts[2] = {read_place(fd, 0, &times[0], &n[0]), read_place(fd, 1, &times[1], &n[1])};
	int newer = texts[1] && (!texts[0] || times[1] > times[0]);

	if (texts[newer])
		add_text(h, texts[newer], n[newer]);
	free(texts[0]);
	free(texts[1]);
}
