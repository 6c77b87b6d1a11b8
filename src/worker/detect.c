// SPDX-License-Identifier: MIT
// framework_detect: a scan over the tokens of a Lua source. It knows names, strings and comments,
// which is all that is needed to tell `require "luaunit"` from a comment that mentions it.
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "worker/framework.h"

struct scan {
	const char *p, *end;
};

struct token {
	enum { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_OTHER } kind;
	const char *text; // of a string: without its quotes
	size_t n;
};

// The level of a long bracket at p ([[ is 0, [=[ is 1), or -1 if there is none.
static int long_bracket(const char *p, const char *end)
{
	int level = 0;

	if (p >= end || *p != '[')
		return -1;
	for (p++; p < end && *p == '='; p++)
		level++;
	return p < end && *p == '[' ? level : -1;
}

static struct token long_string(struct scan *s, int level)
{
	const char *start = s->p + level + 2;

	for (const char *p = start; p < s->end; p++) {
		if (*p != ']')
			continue;
		const char *q = p + 1;
		while (q < s->end && *q == '=')
			q++;
		if (q < s->end && *q == ']' && q - p - 1 == level) {
			s->p = q + 1;
			return (struct token){TOKEN_STRING, start, (size_t)(p - start)};
		}
	}
	s->p = s->end;
	return (struct token){TOKEN_STRING, start, (size_t)(s->end - start)};
}

static struct token quoted_string(struct scan *s)
{
	char quote = *s->p++;
	const char *start = s->p;

	while (s->p < s->end && *s->p != quote && *s->p != '\n')
		s->p += *s->p == '\\' && s->p + 1 < s->end ? 2 : 1;
	if (s->p > s->end)
		s->p = s->end;
	struct token t = {TOKEN_STRING, start, (size_t)(s->p - start)};
	if (s->p < s->end)
		s->p++;
	return t;
}

static void skip_blanks_and_comments(struct scan *s)
{
	for (;;) {
		while (s->p < s->end && isspace((unsigned char)*s->p))
			s->p++;
		if (s->end - s->p < 2 || s->p[0] != '-' || s->p[1] != '-')
			return;
		s->p += 2;
		int level = long_bracket(s->p, s->end);
		if (level >= 0)
			long_string(s, level);
		else
			while (s->p < s->end && *s->p != '\n')
				s->p++;
	}
}

static struct token next_token(struct scan *s)
{
	skip_blanks_and_comments(s);
	if (s->p >= s->end)
		return (struct token){TOKEN_END, s->end, 0};
	int level = long_bracket(s->p, s->end);
	if (level >= 0)
		return long_string(s, level);
	if (*s->p == '"' || *s->p == '\'')
		return quoted_string(s);
	const char *start = s->p;
	if (isalpha((unsigned char)*s->p) || *s->p == '_') {
		while (s->p < s->end && (isalnum((unsigned char)*s->p) || *s->p == '_'))
			s->p++;
		return (struct token){TOKEN_NAME, start, (size_t)(s->p - start)};
	}
	s->p++;
	return (struct token){TOKEN_OTHER, start, 1};
}

static bool is(const struct token *t, const char *text)
{
	return t->n == strlen(text) && strncmp(t->text, text, t->n) == 0;
}

static bool starts(const struct token *t, const char *text)
{
	return t->n >= strlen(text) && strncmp(t->text, text, strlen(text)) == 0;
}

static bool ends(const struct token *t, const char *text)
{
	size_t n = strlen(text);

	return t->n >= n && strncmp(t->text + t->n - n, text, n) == 0;
}

// What was seen so far; the first in this order decides.
struct seen {
	bool firmo, luaunit, busted, other_library, describe, tap;
};

static void saw_module(struct seen *seen, const struct token *t)
{
	if (is(t, "firmo") || starts(t, "firmo."))
		seen->firmo = true;
	else if (is(t, "luaunit") || ends(t, ".luaunit"))
		seen->luaunit = true;
	else if (is(t, "busted") || starts(t, "busted."))
		seen->busted = true;
	else if (is(t, "Test.More") || is(t, "Test.Simple") || is(t, "tap") || ends(t, ".tap"))
		seen->tap = true;
	else if (is(t, "lust") || ends(t, ".lust") || is(t, "telescope") || is(t, "laura"))
		seen->other_library = true; // it has a describe of its own
}

// A printed plan or result line: "1..3", "ok 1 - name", "TAP version 13".
static bool looks_like_tap(const struct token *t)
{
	return starts(t, "1..") || starts(t, "TAP version ") || starts(t, "ok 1") ||
	       starts(t, "not ok ") || starts(t, "ok %d") || is(t, "ok ");
}

enum framework framework_detect(const char *source, size_t n)
{
	struct scan s = {source, source + n};
	struct seen seen = {0};
	bool after_require = false, after_print = false;

	for (struct token t = next_token(&s); t.kind != TOKEN_END; t = next_token(&s)) {
		if (t.kind == TOKEN_NAME) {
			after_require = is(&t, "require");
			after_print = is(&t, "print") || is(&t, "write");
			if (is(&t, "describe") || is(&t, "insulate") || is(&t, "expose"))
				seen.describe = true;
		} else if (t.kind == TOKEN_STRING) {
			if (after_require)
				saw_module(&seen, &t);
			else if (after_print && looks_like_tap(&t))
				seen.tap = true;
			after_require = after_print = false;
		} else if (*t.text != '(' && *t.text != ',') {
			after_require = after_print = false;
		}
	}
	return seen.firmo           ? FRAMEWORK_FIRMO
	       : seen.luaunit       ? FRAMEWORK_LUAUNIT
	       : seen.busted        ? FRAMEWORK_BUSTED
	       : seen.other_library ? FRAMEWORK_PLAIN
	       : seen.describe      ? FRAMEWORK_BUSTED
	       : seen.tap           ? FRAMEWORK_TAP
				    : FRAMEWORK_PLAIN;
}
