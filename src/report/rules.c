// SPDX-License-Identifier: MIT
#include "report/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/map.h"

#define WILDCARDS  "*?["
#define STAMP_MOST 200 // bytes

bool rules_can_run(const char *path)
{
	return !strchr(path, '\n');
}

// make takes "a(b)" for b in the archive a.
static bool is_member(const char *path)
{
	size_t n = strlen(path);

	return n > 0 && path[n - 1] == ')' && strchr(path, '(');
}

bool rules_can_name(const char *path)
{
	size_t n = strlen(path);
	bool is_special = path[0] == '.' && isupper((unsigned char)path[1]);
	bool is_wild = strpbrk(path, WILDCARDS) && strchr(path, '\\');

	return path[strspn(path, " ")] && *path != '~' && path[n - 1] != '\\' &&
	       !strpbrk(path, "\n\t;") && !is_member(path) && !is_special && !is_wild;
}

// ---- names ----

// What a backslash makes literal.
static bool is_escaped(char c, bool is_target)
{
	return c && (strchr(" #:" WILDCARDS, c) || c == (is_target ? '%' : '|'));
}

void rules_add_name(struct buf *b, const char *path, bool is_target)
{
	size_t backslashes = 0; // in front of *path

	for (; *path; path++) {
		bool escaped = is_escaped(*path, is_target);
		// Backslashes are literal, except in front of a character that gets one itself.
		for (size_t i = 0; escaped && i < backslashes; i++)
			buf_addch(b, '\\');
		backslashes = *path == '\\' ? backslashes + 1 : 0;
		if (escaped)
			buf_addch(b, '\\');
		if (*path == '=')
			buf_addstr(b, "$(firmo_eq)"); // would make the line an assignment
		else if (*path == '$')
			buf_addstr(b, "$$");
		else
			buf_addch(b, *path);
	}
}

void rules_add_stamp(struct buf *b, const char *path)
{
	size_t start = b->len;
	char digits[2 * DIGEST_SIZE + 1];

	for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
		if (isalnum(*c) || *c == '.' || *c == '_' || *c == '-')
			buf_addch(b, (char)*c);
		else if (*c == '/')
			buf_addch(b, ',');
		else
			buf_addf(b, "+%02X", *c);
	}
	if (b->len - start <= STAMP_MOST)
		return;
	struct digest d = digest_of(path, strlen(path));
	digest_text(&d, digits);
	b->len = start + STAMP_MOST - strlen(digits);
	buf_addf(b, "++%s", digits);
}

static void add_stamp(struct buf *b, const char *path)
{
	buf_addstr(b, "$(firmo_s)/");
	rules_add_stamp(b, path);
}

// The path as a word of the shell in a recipe, and never an option.
static void add_word(struct buf *b, const char *path)
{
	buf_addstr(b, *path == '-' ? "'./" : "'");
	for (; *path; path++) {
		if (*path == '\'')
			buf_addstr(b, "'\\''");
		else if (*path == '$')
			buf_addstr(b, "$$");
		else
			buf_addch(b, *path);
	}
	buf_addch(b, '\'');
}

// ---- the file ----

static void add_rule(struct buf *b, const struct rule *r)
{
	add_stamp(b, r->path);
	buf_addstr(b, " :");
	for (size_t i = 0; i < r->n; i++) {
		if (!rules_can_name(r->files[i]))
			continue;
		buf_addch(b, ' ');
		rules_add_name(b, r->files[i], false);
	}
	for (size_t i = 0; i < r->nafter; i++) {
		buf_addch(b, ' ');
		add_stamp(b, r->after[i]);
	}
	if (r->later) {
		buf_addstr(b, " ; @:\n");
		return;
	}
	// In one line, whatever the makefile calls the first character of a recipe's line.
	buf_addstr(b, " ; +@$(firmo_one) ");
	add_word(b, r->path);
	buf_addstr(b, " $(firmo_args)\n");
}

static void add_list(struct buf *b, const struct rule *rules, size_t n)
{
	buf_addstr(b, "firmo_stamps :=");
	for (size_t i = 0; i < n; i++) {
		buf_addstr(b, " \\\n ");
		add_stamp(b, rules[i].path);
	}
	buf_addstr(b, "\n\n");
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct map_slot *)a)->key, ((const struct map_slot *)b)->key);
}

// Calls add() for each key, sorted.
static void for_each_key(const struct map *m, void (*add)(struct buf *b, const char *key),
			 struct buf *b)
{
	struct map_slot *slots = xcalloc(m->n + 1, sizeof *slots);
	size_t n = 0;

	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			slots[n++] = m->slots[i];
	qsort(slots, n, sizeof *slots, compare_keys);
	for (size_t i = 0; i < n; i++)
		add(b, slots[i].key);
	free(slots);
}

// The blank is for names that end with &.
static void add_empty_rule(struct buf *b, const char *path)
{
	rules_add_name(b, path, true);
	buf_addstr(b, " :\n");
}

static void add_suffix(struct buf *b, const char *suffix)
{
	buf_addf(b, " %s", suffix);
}

// A pattern that stands for the file among few others.
static void add_pattern(struct buf *b, const char *path)
{
	buf_add(b, path, strlen(path) - 1);
	buf_addstr(b, "% :\n");
}

static bool is_plain(const char *s)
{
	while (isalnum((unsigned char)*s) || (*s && strchr("._-+/", *s)))
		s++;
	return !*s;
}

// The part from the last dot on, or NULL.
static const char *suffix_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return dot && dot > base && dot[1] ? dot : NULL;
}

// make's built-in rules make any file x from x.c, x.sh, x.o, ..., and a search for these takes
// long. Patterns without a recipe keep make from it, and from the suffixes that it knows.
static void collect(const char *path, struct map *files, struct map *suffixes, struct map *patterns)
{
	const char *suffix = suffix_of(path);

	map_put(files, path, files);
	if (suffix && is_plain(suffix))
		map_put(suffixes, suffix, suffixes);
	else if (!suffix && is_plain(path) && path[1])
		map_put(patterns, path, patterns);
}

// A rule without prerequisites and recipe for each file that some rule names.
static void add_files(struct buf *b, const struct rule *rules, size_t n)
{
	struct map files = {0}, suffixes = {0}, patterns = {0};

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < rules[i].n; j++)
			if (rules_can_name(rules[i].files[j]))
				collect(rules[i].files[j], &files, &suffixes, &patterns);
	buf_addstr(b, "\n# What has vanished stops nobody.\n");
	for_each_key(&files, add_empty_rule, b);
	buf_addstr(b, "\n# No built-in rule is for these.\n.SUFFIXES :");
	for_each_key(&suffixes, add_suffix, b);
	buf_addch(b, '\n');
	for_each_key(&patterns, add_pattern, b);
	map_release(&files);
	map_release(&suffixes);
	map_release(&patterns);
}

int report_rules(FILE *out, const struct rule *rules, size_t n, struct err *err)
{
	struct buf b = {0};

	buf_addstr(&b, "# Made by firmo-jobs --rules, for firmo-jobs.mk. make makes it anew.\n"
		       "firmo_eq := =\n");
	add_list(&b, rules, n);
	for (size_t i = 0; i < n; i++)
		add_rule(&b, &rules[i]);
	add_files(&b, rules, n);
	size_t written = fwrite(b.data, 1, b.len, out);
	bool done = written == b.len;
	buf_release(&b);
	return done ? 0 : err_set(err, errno, "write the make rules");
}
