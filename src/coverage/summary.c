// SPDX-License-Identifier: MIT
#include "coverage/summary.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/path.h"
#include "coverage/lines.h"
#include "model/coverage.h"
#include "model/hits.h"

#define SOURCE_MOST (64 << 20) // bytes

// A source's text, by lines.
struct text {
	struct buf all;
	const char **lines; // where each begins, from 1; the one behind the last ends it
	uint32_t n;
};

// As Lua counts them: a line ends in LF, in CR, or in both in either order.
static const char *next_line(const char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '\r')
		at++;
	if (at == end)
		return end;
	bool is_pair = at + 1 < end && (at[1] == '\n' || at[1] == '\r') && at[1] != *at;
	return at + 1 + is_pair;
}

static void split(struct text *t)
{
	const char *at = t->all.data, *end = at + t->all.len;
	size_t cap = 0;

	t->lines = alloc_grow(NULL, 0, &cap, sizeof *t->lines);
	while (at < end && t->n < HITS_LINES_MOST) {
		t->lines = alloc_grow(t->lines, t->n + 1, &cap, sizeof *t->lines);
		t->lines[++t->n] = at;
		at = next_line(at, end);
	}
	t->lines = alloc_grow(t->lines, t->n + 1, &cap, sizeof *t->lines);
	t->lines[t->n + 1] = at;
}

static size_t length_of(const struct text *t, uint32_t line)
{
	const char *first = t->lines[line], *end = t->lines[line + 1];

	while (end > first && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	return (size_t)(end - first);
}

static void release_text(struct text *t)
{
	buf_release(&t->all);
	free(t->lines);
}

// ---- lines ----

// Without a text, what compiles is all that is known.
static enum lines_kind kind_of(struct lines_state *state, const struct text *t, uint32_t line)
{
	if (!t->lines)
		return LINES_ALWAYS;
	return line <= t->n ? lines_next(state, t->lines[line], length_of(t, line)) : LINES_NEVER;
}

static void count_lines(struct covered_file *c, const struct hits_file *f, const struct text *t)
{
	struct lines_state state = {0};

	for (uint32_t i = 1; i <= c->lines; i++) {
		enum lines_kind kind = kind_of(&state, t, i);
		bool is_active = i <= f->lines && f->active[i];
		c->hits[i] = i <= f->lines ? f->counts[i] : 0;
		if (c->hits[i] > 0)
			c->counts[i] = kind != LINES_NEVER;
		else
			c->counts[i] = kind == LINES_ALWAYS && (!f->is_known || is_active);
		c->hit += c->counts[i] && c->hits[i] > 0;
		c->missed += c->counts[i] && c->hits[i] == 0;
	}
	lines_release(&state);
}

// ---- functions ----

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == ':';
}

// "M.f" of "function M.f(" or of "M.f = function(", or nothing.
static void add_name(struct buf *b, const char *line, size_t n)
{
	static const char word[] = "function";
	const char *at = memmem(line, n, word, strlen(word)), *end = line + n;

	if (!at)
		return;
	const char *behind = at + strlen(word);
	while (behind < end && *behind == ' ')
		behind++;
	const char *stop = behind;
	while (stop < end && is_name(*stop))
		stop++;
	if (stop > behind) {
		buf_add(b, behind, (size_t)(stop - behind));
		return;
	}
	while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	if (at == line || at[-1] != '=')
		return;
	for (at--; at > line && (at[-1] == ' ' || at[-1] == '\t');)
		at--;
	for (stop = at; at > line && is_name(at[-1]);)
		at--;
	buf_add(b, at, (size_t)(stop - at));
}

// No two of a file have the same.
static char *function_name(const struct text *t, uint32_t line, struct map *taken)
{
	struct buf name = {0};

	buf_reserve(&name, 0);
	if (t->lines && line <= t->n)
		add_name(&name, t->lines[line], length_of(t, line));
	if (name.len == 0 || map_get(taken, name.data))
		buf_addf(&name, "%s@%u", name.len ? "" : "function", line);
	map_put(taken, name.data, taken);
	return buf_detach(&name);
}

// Those that begin in one line cannot be told apart, and count as one.
static void count_functions(struct covered_file *c, const struct hits_file *f, const struct text *t)
{
	struct map taken = {0};

	c->functions = xcalloc(f->n_functions + 1, sizeof *c->functions);
	for (size_t i = 0; i < f->n_functions; i++) {
		const struct hits_function *is = &f->functions[i];
		if (i > 0 && is->first == is[-1].first)
			continue;
		c->functions[c->n_functions++] = (struct covered_function){
			function_name(t, is->first, &taken), is->first, is->last,
			is->first <= f->lines ? f->calls[is->first] : 0};
		c->called += c->functions[c->n_functions - 1].calls > 0;
	}
	map_release(&taken);
}

// ---- files ----

static uint32_t last_hit(const struct hits_file *f)
{
	uint32_t last = f->lines;

	while (last > 0 && f->counts[last] == 0)
		last--;
	return last;
}

static bool has_changed(const char *path, int64_t since_ns)
{
	struct stat st;

	return stat(path, &st) == 0 &&
	       st.st_ctim.tv_sec * NS_PER_SEC + st.st_ctim.tv_nsec > since_ns;
}

static void read_text(struct text *t, const struct hits_file *f, const char *path,
		      const struct summary_terms *terms)
{
	if (buf_add_file(&t->all, f->path, SOURCE_MOST) < 0) {
		terms->unreadable(terms->owner, path, errno);
		return;
	}
	buf_reserve(&t->all, 1);
	split(t);
	// What has no line returns in its first one.
	if (last_hit(f) > (t->n > 0 ? t->n : 1) || has_changed(f->path, terms->since_ns))
		terms->changed(terms->owner, path);
}

// A NUL ends what is told of a source.
static char *keep(const struct text *t)
{
	struct buf all = {0};

	buf_reserve(&all, t->all.len + 1);
	for (uint32_t i = 1; i <= t->n; i++) {
		buf_add(&all, t->lines[i], length_of(t, i));
		buf_addch(&all, '\n');
	}
	return buf_detach(&all);
}

static void add_file(struct coverage *c, const struct hits_file *f, char *path,
		     const struct summary_terms *terms)
{
	struct text t = {.n = 0};

	read_text(&t, f, path, terms);
	struct covered_file file = {.path = path, .lines = t.lines ? t.n : f->lines};
	file.hits = xcalloc((size_t)file.lines + 1, sizeof *file.hits);
	file.counts = xcalloc((size_t)file.lines + 1, sizeof *file.counts);
	count_lines(&file, f, &t);
	count_functions(&file, f, &t);
	if (terms->keeps_text && t.lines)
		file.text = keep(&t);
	release_text(&t);
	c->hit += file.hit;
	c->missed += file.missed;
	c->files = alloc_grow(c->files, c->n, &c->cap, sizeof *c->files);
	c->files[c->n++] = file;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct covered_file *)a)->path,
		      ((const struct covered_file *)b)->path);
}

struct coverage *summary_make(const struct hits *hits, const struct summary_terms *terms)
{
	struct coverage *c = xcalloc(1, sizeof *c);

	c->has_calls = terms->calls && !hits->by_lua;
	for (size_t i = 0; i < hits->n; i++) {
		char *path = path_below(hits->items[i]->path, terms->cwd);
		if (terms->wants(terms->owner, path))
			add_file(c, hits->items[i], path, terms);
		else
			free(path);
	}
	if (c->n > 0)
		qsort(c->files, c->n, sizeof *c->files, by_path);
	return c;
}

void summary_add_minimum(struct coverage *c, double percent, const char *glob,
			 bool (*matches)(const char *glob, const char *path))
{
	struct coverage_minimum m = {.percent = percent, .glob = glob};

	for (size_t i = 0; i < c->n; i++)
		if (!glob || matches(glob, c->files[i].path)) {
			m.hit += c->files[i].hit;
			m.missed += c->files[i].missed;
		}
	m.is_empty = m.hit + m.missed == 0;
	m.is_missed = m.is_empty || coverage_percent(m.hit, m.missed) < percent;
	c->minima = xrealloc(c->minima, (c->n_minima + 1) * sizeof *c->minima);
	c->minima[c->n_minima++] = m;
}
