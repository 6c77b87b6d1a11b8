// SPDX-License-Identifier: MIT
#include "plan/names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/text.h"

bool name_is_usual(const char *name)
{
	static const char *const patterns[] = {"*_test.lua", "*_spec.lua", "test_*.lua",
					       "spec_*.lua", "*_spec.moon"};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		if (fnmatch(patterns[i], name, FNM_PERIOD) == 0)
			return true;
	return false;
}

// fnmatch knows no invalid UTF-8 in some locales; the C locale that we run in takes bytes.
bool name_matches(const struct strings *globs, const char *path)
{
	for (size_t i = 0; i < globs->n; i++) {
		const char *glob = globs->items[i];
		if (fnmatch(glob, strchr(glob, '/') ? path : path_base(path), 0) == 0)
			return true;
	}
	return false;
}

// The ending of source, or NULL.
static const char *ending(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot > name && (strcasecmp(dot, ".lua") == 0 || strcasecmp(dot, ".moon") == 0)
		       ? dot
		       : NULL;
}

bool name_is_source(const char *name)
{
	return ending(name) != NULL;
}

// ---- words in names ----

static bool is_separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

// "test" of urltest.lua, where both words are written as one. What begins so is as often a tester.
static size_t glued_last(const char *stem, size_t n)
{
	static const char *const words[] = {"tests", "test", "specs", "spec"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);
		if (n > length && strncasecmp(stem + n - length, words[i], length) == 0)
			return length;
	}
	return 0;
}

// "test-" of test-a.lua, "Test" of TestA.lua: the length of the first word, with what ends it; 0
// where there is only one.
static size_t first_word(const char *stem, size_t n)
{
	size_t i = 0;

	while (i < n && !is_separator(stem[i]) &&
	       !(i > 0 && isupper((unsigned char)stem[i]) && islower((unsigned char)stem[i - 1])))
		i++;
	if (i == 0 || i >= n)
		return 0;
	return i + is_separator(stem[i]);
}

// "-test" of a-test.lua, "Test" of ATest.lua.
static size_t last_word(const char *stem, size_t n)
{
	size_t i = n;

	while (i > 0 && !is_separator(stem[i - 1]) &&
	       !(i < n && isupper((unsigned char)stem[i]) && islower((unsigned char)stem[i - 1])))
		i--;
	if (i == 0)
		return glued_last(stem, n);
	return n - i + is_separator(stem[i - 1]);
}

static bool says_test(const char *word, size_t n)
{
	static const char *const words[] = {"test", "tests", "spec", "specs"};

	while (n > 0 && is_separator(*word)) {
		word++;
		n--;
	}
	while (n > 0 && is_separator(word[n - 1]))
		n--;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && strncasecmp(words[i], word, n) == 0)
			return true;
	return false;
}

static bool is_near(const char *name, const char *end)
{
	size_t n = (size_t)(end - name), first = first_word(name, n), last = last_word(name, n);

	return says_test(name, first) || says_test(end - last, last);
}

bool name_is_near(const char *name)
{
	const char *end = ending(name);

	return end && !name_is_usual(name) && is_near(name, end);
}

// ---- one glob for many names ----

// Backslashes in front of what a glob gives a meaning.
static void add_quoted(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("*?[\\", text[i]))
			buf_addch(b, '\\');
		buf_addch(b, text[i]);
	}
}

struct proposal {
	struct buf glob;
	size_t covers;
	bool says_test;
};

static bool is_better(const struct proposal *a, const struct proposal *b)
{
	if (a->says_test != b->says_test)
		return a->says_test;
	return a->covers > b->covers;
}

// Takes over the glob.
static void propose(struct proposal *best, const struct strings *names, struct buf glob, bool says)
{
	struct proposal p = {.glob = glob, .says_test = says};

	for (size_t i = 0; i < names->n; i++)
		p.covers += fnmatch(glob.data, names->items[i], 0) == 0;
	if (is_better(&p, best)) {
		buf_release(&best->glob);
		*best = p;
	} else {
		buf_release(&p.glob);
	}
}

static void propose_words(struct proposal *best, const struct strings *names, const char *name)
{
	const char *end = ending(name);
	size_t n = (size_t)(end - name), first = first_word(name, n), last = last_word(name, n);
	struct buf glob = {0};

	if (first > 0) {
		add_quoted(&glob, name, first);
		buf_addf(&glob, "*%s", end);
		propose(best, names, glob, says_test(name, first));
	}
	if (last > 0) {
		glob = (struct buf){0};
		buf_addch(&glob, '*');
		add_quoted(&glob, end - last, last);
		buf_addstr(&glob, end);
		propose(best, names, glob, says_test(end - last, last));
	}
}

size_t names_glob(const struct strings *names, struct buf *glob)
{
	struct proposal best = {0};

	for (size_t i = 0; i < names->n && names->n > 1; i++)
		propose_words(&best, names, names->items[i]);
	// A word that has nothing to do with tests is one only if most have it.
	if (best.says_test ? best.covers < 1 : 2 * best.covers <= names->n || best.covers < 2) {
		struct buf all = {0};
		best.covers = 0;
		if (names->n == 1)
			add_quoted(&all, names->items[0], strlen(names->items[0]));
		else
			buf_addf(&all, "*%s", ending(names->items[0]));
		propose(&best, names, all, true);
	}
	buf_add(glob, best.glob.data, best.glob.len);
	buf_release(&best.glob);
	return best.covers;
}

// ---- what is told of them ----

void names_keep_near(struct strings *names)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		if (name_is_near(names->items[i]))
			names->items[n++] = names->items[i];
		else
			free(names->items[i]);
	}
	names->n = n;
}

void names_keep_one_ending(struct strings *names)
{
	size_t moon = 0, n = 0;

	for (size_t i = 0; i < names->n; i++)
		moon += strcasecmp(strrchr(names->items[i], '.'), ".moon") == 0;
	const char *ending = 2 * moon > names->n ? ".moon" : ".lua";
	for (size_t i = 0; i < names->n; i++) {
		if (strcasecmp(strrchr(names->items[i], '.'), ending) == 0)
			names->items[n++] = names->items[i];
		else
			free(names->items[i]);
	}
	names->n = n;
}

void names_add_advice(struct buf *b, const struct strings *names)
{
	struct buf glob = {0};
	size_t covers = names_glob(names, &glob);

	if (covers < names->n)
		buf_addf(b, "; to run %zu of them: firmo-jobs --pattern=", covers);
	else
		buf_addf(b, "; to run %s: firmo-jobs --pattern=", names->n == 1 ? "it" : "them");
	text_add_word(b, glob.data);
	buf_release(&glob);
}

void names_add_words(struct buf *b, const struct strings *words)
{
	for (size_t i = 0; i < words->n; i++) {
		buf_addch(b, ' ');
		text_add_word(b, words->items[i]);
	}
}
