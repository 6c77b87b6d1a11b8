// SPDX-License-Identifier: MIT
#include "framework/lexer.h"

#include <ctype.h>
#include <string.h>

struct lexer lexer_of(const char *source, size_t n)
{
	return (struct lexer){source, source + n, 1};
}

static void advance(struct lexer *l, const char *to)
{
	for (; l->p < to; l->p++)
		l->line += *l->p == '\n';
}

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

static struct token long_string(struct lexer *l, int level)
{
	const char *start = l->p + level + 2;
	struct token t = {TOKEN_STRING, start, (size_t)(l->end - start), l->line};

	for (const char *p = start; p < l->end; p++) {
		const char *q = p + 1;
		while (*p == ']' && q < l->end && *q == '=')
			q++;
		if (*p == ']' && q < l->end && *q == ']' && q - p - 1 == level) {
			t.n = (size_t)(p - start);
			advance(l, q + 1);
			return t;
		}
	}
	advance(l, l->end);
	return t;
}

// Behind a backslash: a line's end is one, in any of its spellings, and \z takes all blanks.
static const char *skip_escape(const char *p, const char *end)
{
	char c = *p++;

	if ((c == '\r' || c == '\n') && p < end && (*p == '\r' || *p == '\n') && *p != c)
		p++;
	while (c == 'z' && p < end && isspace((unsigned char)*p))
		p++;
	return p;
}

static struct token quoted_string(struct lexer *l)
{
	char quote = *l->p;
	const char *start = l->p + 1, *p = start;
	struct token t = {TOKEN_STRING, start, 0, l->line};

	while (p < l->end && *p != quote && *p != '\n')
		p = *p == '\\' && p + 1 < l->end ? skip_escape(p + 1, l->end) : p + 1;
	t.n = (size_t)(p - start);
	advance(l, p < l->end ? p + 1 : p);
	return t;
}

static void skip_blanks_and_comments(struct lexer *l)
{
	for (;;) {
		const char *p = l->p;
		while (p < l->end && isspace((unsigned char)*p))
			p++;
		advance(l, p);
		if (l->end - p < 2 || p[0] != '-' || p[1] != '-')
			return;
		l->p += 2;
		int level = long_bracket(l->p, l->end);
		const char *newline = memchr(l->p, '\n', (size_t)(l->end - l->p));
		if (level >= 0)
			long_string(l, level);
		else
			l->p = newline ? newline : l->end;
	}
}

struct token lexer_next(struct lexer *l)
{
	skip_blanks_and_comments(l);
	if (l->p >= l->end)
		return (struct token){TOKEN_END, l->end, 0, l->line};
	int level = long_bracket(l->p, l->end);
	if (level >= 0)
		return long_string(l, level);
	if (*l->p == '"' || *l->p == '\'')
		return quoted_string(l);
	const char *start = l->p;
	while (l->p < l->end && (isalnum((unsigned char)*l->p) || *l->p == '_'))
		l->p++;
	if (l->p > start && !isdigit((unsigned char)*start))
		return (struct token){TOKEN_NAME, start, (size_t)(l->p - start), l->line};
	l->p = l->p > start ? l->p : start + 1;
	return (struct token){TOKEN_OTHER, start, (size_t)(l->p - start), l->line};
}

bool token_is(const struct token *t, const char *text)
{
	return t->n == strlen(text) && strncmp(t->text, text, t->n) == 0;
}

bool token_is_name(const struct token *t, const char *name)
{
	return t->kind == TOKEN_NAME && token_is(t, name);
}

bool token_is_mark(const struct token *t, char mark)
{
	return t->kind == TOKEN_OTHER && *t->text == mark;
}
