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
	bool firmo, luaunit, busted, lust, other_library, busted_call, tap;
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
	else if (is(t, "lust") || ends(t, ".lust") || ends(t, "/lust"))
		seen->lust = true;
	else if (is(t, "telescope") || is(t, "laura"))
		seen->other_library = true; // it has a describe of its own
}

// A printed plan or result line: "1..3", "ok 1 - name", "TAP version 13".
static bool looks_like_tap(const struct token *t)
{
	return starts(t, "1..") || starts(t, "TAP version ") || starts(t, "ok 1") ||
	       starts(t, "not ok ") || starts(t, "ok %d") || is(t, "ok ");
}

// A call of one of busted's globals: describe "a queue", it("keeps order", ...), before_each(...).
static bool looks_like_busted(const struct token *name, const struct token *argument)
{
	static const char *const with_a_title[] = {"describe", "it", "pending", "context"};
	static const char *const others[] = {"insulate",   "expose",     "before_each",
					     "after_each", "lazy_setup", "strict_setup",
					     "randomize"};

	for (size_t i = 0; i < sizeof with_a_title / sizeof *with_a_title; i++)
		if (is(name, with_a_title[i]))
			return argument->kind == TOKEN_STRING;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (is(name, others[i]))
			return true;
	return false;
}

static void saw_call(struct seen *seen, const struct token *name, const struct token *argument)
{
	if (looks_like_busted(name, argument))
		seen->busted_call = true;
	if (argument->kind != TOKEN_STRING)
		return;
	if (is(name, "require"))
		saw_module(seen, argument);
	else if ((is(name, "print") || is(name, "write")) && looks_like_tap(argument))
		seen->tap = true;
}

// Reads the argument of the call whose name is `name`: the first token behind an opening bracket,
// or the string behind the name. pcall(require, "module") calls as well. What follows is t then.
static struct token argument_of(struct scan *s, const struct token *name)
{
	struct scan before = *s;
	struct token t = next_token(s);

	if (t.kind == TOKEN_OTHER && (*t.text == '(' || (*t.text == ',' && is(name, "require")))) {
		do
			t = next_token(s);
		while (t.kind == TOKEN_OTHER && *t.text == '(');
		return t;
	}
	if (t.kind == TOKEN_STRING)
		return t;
	*s = before;
	return (struct token){.kind = TOKEN_END};
}

enum framework framework_detect(const char *source, size_t n)
{
	struct scan s = {source, source + n};
	struct seen seen = {0};
	char before = 0; // the punctuation in front of a name: a field is no global

	for (struct token t = next_token(&s); t.kind != TOKEN_END; t = next_token(&s)) {
		if (t.kind == TOKEN_NAME && ((before != '.' && before != ':') || is(&t, "write"))) {
			struct scan behind = s;
			struct token argument = argument_of(&s, &t);
			if (argument.kind != TOKEN_END)
				saw_call(&seen, &t, &argument);
			// The argument may be a call itself: print(require "x").
			if (argument.kind != TOKEN_STRING)
				s = behind;
		}
		before = t.kind == TOKEN_OTHER ? *t.text : 0;
	}
	return seen.firmo           ? FRAMEWORK_FIRMO
	       : seen.luaunit       ? FRAMEWORK_LUAUNIT
	       : seen.busted        ? FRAMEWORK_BUSTED
	       : seen.lust          ? FRAMEWORK_LUST
	       : seen.other_library ? FRAMEWORK_PLAIN
	       : seen.busted_call   ? FRAMEWORK_BUSTED
	       : seen.tap           ? FRAMEWORK_TAP
				    : FRAMEWORK_PLAIN;
}
