// SPDX-License-Identifier: MIT
#include "worker/selection.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"

#define CAPTURES_MAX 32 // LUA_MAXCAPTURES

bool selection_is_partial(const struct selection *s)
{
	return s->filter || s->tags;
}

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

int selection_check_pattern(const char *pattern, struct err *err)
{
	struct captures c = {0};

	while (*pattern)
		if (check_item(pattern, &pattern, &c, err) < 0)
			return -1;
	return c.depth == 0 ? 0
			    : err_set(err, 0, "a '(' is not closed; %%( stands for the character");
}
