// SPDX-License-Identifier: MIT
#include "framework/pattern.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

#define CAPTURES_MAX 32 // LUA_MAXCAPTURES

// ---- checking ----

// Reads over the set whose '[' is at p. Returns what follows it, NULL if it has no end. The first
// character may be a ']' that belongs to it.
static const char *skip_set(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	do {
		if (*p == '\0' || (*p == '%' && p[1] == '\0'))
			return NULL;
		p += *p == '%' ? 2 : 1;
	} while (*p != ']');
	return p + 1;
}

// What a pattern has opened and closed so far.
struct captures {
	int n, depth;
	bool open[CAPTURES_MAX];
};

static int open_capture(struct captures *c, struct err *err)
{
	if (c->n == CAPTURES_MAX)
		return err_set(err, 0, "it has more than %d captures", CAPTURES_MAX);
	c->open[c->n++] = true;
	c->depth++;
	return 0;
}

static int close_capture(struct captures *c, struct err *err)
{
	for (int i = c->n; i-- > 0;)
		if (c->open[i]) {
			c->open[i] = false;
			c->depth--;
			return 0;
		}
	return err_set(err, 0, "a ')' closes nothing; %%) stands for the character");
}

// The escape at p, a '%'. *next is what follows it.
static int check_escape(const char *p, const char **next, const struct captures *c, struct err *err)
{
	int index = p[1] - '1';

	*next = p + 2;
	if (p[1] == '\0')
		return err_set(err, 0, "it ends with a '%%'; %%%% stands for the character");
	if (p[1] == 'b') {
		if (p[2] == '\0' || p[3] == '\0')
			return err_set(err, 0, "%%b wants two characters behind it");
		*next = p + 4;
	} else if (p[1] == 'f' && p[2] != '[') {
		return err_set(err, 0, "%%f wants a set behind it, as in %%f[%%w]");
	} else if (p[1] >= '0' && p[1] <= '9' && (index < 0 || index >= c->n || c->open[index])) {
		return err_set(err, 0, "%%%c refers to no capture in front of it", p[1]);
	}
	return 0;
}

static int check_item(const char *p, const char **next, struct captures *c, struct err *err)
{
	*next = p + 1;
	switch (*p) {
	case '%':
		return check_escape(p, next, c, err);
	case '(':
		return open_capture(c, err);
	case ')':
		return close_capture(c, err);
	case '[':
		*next = skip_set(p);
		return *next ? 0
			     : err_set(err, 0, "a '[' is not closed; %%[ stands for the character");
	default:
		return 0;
	}
}

int pattern_check(const char *pattern, struct err *err)
{
	struct captures c = {0};

	while (*pattern)
		if (check_item(pattern, &pattern, &c, err) < 0)
			return -1;
	return c.depth == 0 ? 0
			    : err_set(err, 0, "a '(' is not closed; %%( stands for the character");
}

// ---- finding ----

#define STEPS_MAX 1000000 // of single characters compared; a file's name takes some hundred
#define OPEN      (-1)    // the length of a capture that is not closed yet
#define POSITION  (-2)    // and of one that is a position

struct search {
	const char *text; // where the text begins
	const char *end;
	long steps;
	int n; // captures so far
	struct {
		const char *start;
		ptrdiff_t length;
	} captures[CAPTURES_MAX];
};

// What follows the single character that the pattern describes at p.
static const char *after_single(const char *p)
{
	if (*p == '[')
		return skip_set(p);
	return p + (*p == '%' ? 2 : 1);
}

static bool in_class(int c, int class)
{
	bool is;

	switch (tolower(class)) {
	case 'a':
		is = isalpha(c);
		break;
	case 'c':
		is = iscntrl(c);
		break;
	case 'd':
		is = isdigit(c);
		break;
	case 'g':
		is = isgraph(c);
		break;
	case 'l':
		is = islower(c);
		break;
	case 'p':
		is = ispunct(c);
		break;
	case 's':
		is = isspace(c);
		break;
	case 'u':
		is = isupper(c);
		break;
	case 'w':
		is = isalnum(c);
		break;
	case 'x':
		is = isxdigit(c);
		break;
	default:
		return class == c;
	}
	return isupper(class) ? !is : is;
}

// p: at the '['; end: at the ']' that closes it.
static bool in_set(int c, const char *p, const char *end)
{
	bool wanted = true;

	if (p[1] == '^') {
		wanted = false;
		p++;
	}
	while (++p < end) {
		if (*p == '%') {
			p++;
			if (in_class(c, (unsigned char)*p))
				return wanted;
		} else if (p[1] == '-' && p + 2 < end) {
			p += 2;
			if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p)
				return wanted;
		} else if ((unsigned char)*p == c) {
			return wanted;
		}
	}
	return !wanted;
}

static bool single(struct search *s, const char *at, const char *p)
{
	s->steps++;
	if (at >= s->end)
		return false;
	int c = (unsigned char)*at;
	switch (*p) {
	case '.':
		return true;
	case '%':
		return in_class(c, (unsigned char)p[1]);
	case '[':
		return in_set(c, p, skip_set(p) - 1);
	default:
		return (unsigned char)*p == c;
	}
}

// The functions below give the end of what was found from `at` on, or NULL.
static const char *match(struct search *s, const char *at, const char *p);

static const char *match_balance(struct search *s, const char *at, const char *p)
{
	int depth = 1;

	if (at >= s->end || *at != p[2])
		return NULL;
	while (++at < s->end) {
		s->steps++;
		if (*at == p[3]) {
			if (--depth == 0)
				return match(s, at + 1, p + 4);
		} else if (*at == p[2]) {
			depth++;
		}
	}
	return NULL;
}

static const char *match_frontier(struct search *s, const char *at, const char *p)
{
	const char *set = p + 2, *next = skip_set(set);
	int before = at == s->text ? 0 : (unsigned char)at[-1];
	int here = at == s->end ? 0 : (unsigned char)*at;

	if (in_set(before, set, next - 1) || !in_set(here, set, next - 1))
		return NULL;
	return match(s, at, next);
}

static const char *match_again(struct search *s, const char *at, const char *p)
{
	int i = p[1] - '1';
	ptrdiff_t n = s->captures[i].length;

	n = n == POSITION ? 0 : n;
	if (n > s->end - at || memcmp(s->captures[i].start, at, (size_t)n) != 0)
		return NULL;
	return match(s, at + n, p + 2);
}

static const char *match_open(struct search *s, const char *at, const char *p)
{
	bool position = p[1] == ')';

	s->captures[s->n].start = at;
	s->captures[s->n++].length = position ? POSITION : OPEN;
	const char *end = match(s, at, p + (position ? 2 : 1));
	if (!end)
		s->n--;
	return end;
}

static const char *match_close(struct search *s, const char *at, const char *p)
{
	int i = s->n - 1;

	while (s->captures[i].length != OPEN)
		i--;
	s->captures[i].length = at - s->captures[i].start;
	const char *end = match(s, at, p + 1);
	if (!end)
		s->captures[i].length = OPEN;
	return end;
}

// As many as there are, from `least` on, giving back what the rest needs.
static const char *match_most(struct search *s, const char *at, const char *p, const char *rest,
			      ptrdiff_t least)
{
	ptrdiff_t n = 0;

	while (single(s, at + n, p))
		n++;
	for (; n >= least && s->steps < STEPS_MAX; n--) {
		const char *end = match(s, at + n, rest);
		if (end)
			return end;
	}
	return NULL;
}

static const char *match_fewest(struct search *s, const char *at, const char *p, const char *rest)
{
	do {
		const char *end = match(s, at, rest);
		if (end)
			return end;
	} while (s->steps < STEPS_MAX && single(s, at++, p));
	return NULL;
}

// One that may have a repetition behind it.
static const char *match_single(struct search *s, const char *at, const char *p)
{
	const char *next = after_single(p), *end;

	switch (*next) {
	case '*':
		return match_most(s, at, p, next + 1, 0);
	case '+':
		return match_most(s, at, p, next + 1, 1);
	case '-':
		return match_fewest(s, at, p, next + 1);
	case '?':
		end = single(s, at, p) ? match(s, at + 1, next + 1) : NULL;
		return end ? end : match(s, at, next + 1);
	default:
		return single(s, at, p) ? match(s, at + 1, next) : NULL;
	}
}

static const char *match(struct search *s, const char *at, const char *p)
{
	if (++s->steps >= STEPS_MAX)
		return NULL;
	switch (*p) {
	case '\0':
		return at;
	case '(':
		return match_open(s, at, p);
	case ')':
		return match_close(s, at, p);
	case '$':
		if (p[1] == '\0')
			return at == s->end ? at : NULL;
		break;
	case '%':
		if (p[1] == 'b')
			return match_balance(s, at, p);
		if (p[1] == 'f')
			return match_frontier(s, at, p);
		if (isdigit((unsigned char)p[1]))
			return match_again(s, at, p);
		break;
	}
	return match_single(s, at, p);
}

int pattern_find(const char *pattern, const char *text)
{
	struct search s = {.text = text, .end = text + strlen(text)};
	bool anchored = *pattern == '^';

	for (const char *at = text; at <= s.end && s.steps < STEPS_MAX; at++) {
		s.n = 0;
		if (match(&s, at, pattern + anchored))
			return 1;
		if (anchored)
			break;
	}
	return s.steps < STEPS_MAX ? 0 : -1;
}
