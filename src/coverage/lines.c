// SPDX-License-Identifier: MIT
#include "coverage/lines.h"

#include <ctype.h>
#include <string.h>

#include "framework/pattern.h"

// A line is first made simple: a name is x, a number 0, nil, true and false are n, t and f, a mark
// of a string is ', all blanks are one, and what stands between the brackets of parameters is left
// out. These are patterns of Lua's.

#define IS      " ?= ?"
#define OPEN    " ?%( ?"
#define NAMES   "x ?, ?x[x, ]*"
#define INDEXED "x ?[%[%.]? ?[ntfx0']* ?%]?" // a name, or one with an index
#define FIELD   "%[? ?[ntfx0']+ ?%]?"
#define OPENS   "[ %(]*"

// What no code stands for, or none that says anything.
static const char *const nevers[] = {
	"",
	"end[,; %)]*",
	"else",
	"repeat",
	"do",
	"if",
	"then",
	"while t do",
	"if t then",
	"local x",
	"local x" IS,
	"local " NAMES,
	"local " NAMES IS,
	"local function x",
};

// What may have code that belongs to another line: parts of tables and of calls, constants, the
// beginnings of functions.
static const char *const unsure[] = {
	"[ntfx0',= ]+,",
	"{ ?} ?,",
	FIELD IS ".+[,;]",
	FIELD IS "function",
	FIELD IS OPENS "'",
	"return function",
	"function",
	"[ntfx0]",
	"''",
	"{ ?}",
	INDEXED,
	"local x" IS "function",
	"local x" IS OPENS "'",
	"local x" IS OPEN OPENS,
	"local " NAMES IS OPEN OPENS,
	"local x" IS "n",
	INDEXED IS OPENS "'",
	INDEXED IS "function",
	"} ?,",
	"} ?, ?function",
	"break",
	"{",
	"}?[ %)]*",
	"[ntf0']+ ?}[ %)]*",
	"goto [%w_]+",
	"::[%w_]+::",
};

static bool matches(const char *const *patterns, size_t count, const char *simple)
{
	struct buf pattern = {0};
	bool found = false;

	for (size_t i = 0; i < count && !found; i++) {
		buf_clear(&pattern);
		buf_addf(&pattern, "^ *%s *$", patterns[i]);
		found = pattern_find(pattern.data, simple) == 1;
	}
	buf_release(&pattern);
	return found;
}

#define MATCHES(patterns, simple) matches(patterns, sizeof(patterns) / sizeof *(patterns), simple)

// ---- the parts of a line ----

// Where it is read.
struct cursor {
	const char *at, *end;
};

static char peek(const struct cursor *p, size_t ahead)
{
	return (size_t)(p->end - p->at) > ahead ? p->at[ahead] : '\0';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

// To behind the end of the string, or to that of the line.
static void skip_string(struct lines_state *l, struct cursor *p)
{
	for (; p->at < p->end; p->at++) {
		if (*p->at == '\\')
			p->at += p->at + 1 < p->end;
		else if (*p->at == l->quote) {
			p->at++;
			l->quote = '\0';
			buf_addch(&l->simple, '\'');
			return;
		}
	}
}

static void skip_long(struct lines_state *l, struct cursor *p)
{
	for (; p->at < p->end; p->at++) {
		size_t n = 1;
		while (*p->at == ']' && peek(p, n) == '=')
			n++;
		if (*p->at != ']' || (long)n != l->level || peek(p, n) != ']')
			continue;
		p->at += n + 1;
		l->level = 0;
		if (!l->is_comment)
			buf_addch(&l->simple, '\'');
		l->is_comment = false;
		return;
	}
}

static void skip_parameters(struct lines_state *l, struct cursor *p)
{
	while (p->at < p->end && l->in_parameters)
		l->in_parameters = *p->at++ != ')';
}

static void skip_digits(struct cursor *p)
{
	while (isxdigit((unsigned char)peek(p, 0)) || peek(p, 0) == '.')
		p->at++;
}

static void take_number(struct lines_state *l, struct cursor *p)
{
	if (peek(p, 0) == '0' && is_one_of(peek(p, 1), "xX"))
		p->at += 2;
	skip_digits(p);
	if (is_one_of(peek(p, 0), "eEpP") && is_one_of(peek(p, 1), "+-")) {
		p->at += 2;
		skip_digits(p);
	}
	while (is_one_of(peek(p, 0), "iul"))
		p->at++;
	buf_addch(&l->simple, '0');
}

static const char *simple_name(const char *name, size_t n)
{
	static const char *const words[] = {
		"and", "break", "do",  "else", "elseif", "end",    "for",  "function", "goto", "if",
		"in",  "local", "not", "or",   "repeat", "return", "then", "until",    "while"};
	static const char *const constants[][2] = {{"nil", "n"}, {"true", "t"}, {"false", "f"}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && memcmp(words[i], name, n) == 0)
			return words[i];
	for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
		if (strlen(constants[i][0]) == n && memcmp(constants[i][0], name, n) == 0)
			return constants[i][1];
	return "x";
}

static void take_name(struct lines_state *l, struct cursor *p)
{
	const char *name = p->at;

	while (isalnum((unsigned char)peek(p, 0)) || peek(p, 0) == '_')
		p->at++;
	const char *simple = simple_name(name, (size_t)(p->at - name));
	buf_addstr(&l->simple, simple);
	if (strcmp(simple, "function") == 0)
		l->after_function = true;
}

// ---- comments ----

static bool says(const char *at, const char *end, const char *who, const char *what)
{
	const char *const words[] = {who, what};

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(words[i]);
		while (at < end && isspace((unsigned char)*at))
			at++;
		if ((size_t)(end - at) < n || memcmp(at, words[i], n) != 0)
			return false;
		at += n;
	}
	while (at < end && isspace((unsigned char)*at))
		at++;
	return at == end;
}

// The rest of the line. Returns whether it is left out for that.
static bool take_comment(struct lines_state *l, struct cursor *p)
{
	const char *at = p->at;

	p->at = p->end;
	if (says(at, p->end, "luacov:", "disable"))
		l->is_off = true;
	else if (says(at, p->end, "luacov:", "enable"))
		l->is_off = false;
	return says(at, p->end, "coverage:", "ignore");
}

// Whether a long bracket opens here, behind the mark of a comment or not.
static bool open_long(struct lines_state *l, struct cursor *p)
{
	size_t n = 1;

	while (peek(p, n) == '=')
		n++;
	if (peek(p, 0) != '[' || peek(p, n) != '[')
		return false;
	p->at += n + 1;
	l->level = (long)n;
	if (!l->is_comment)
		buf_addch(&l->simple, '\'');
	return true;
}

static void take_sign(struct lines_state *l, struct cursor *p)
{
	char c = *p->at++;

	if (c == '\'' || c == '"') {
		buf_addch(&l->simple, '\'');
		l->quote = c;
	} else if (c == '(' && l->after_function) {
		l->after_function = false;
		l->in_parameters = true;
	} else {
		buf_addch(&l->simple, c ? c : '?');
		while (c == '.' && peek(p, 0) == '.') // never the beginning of a number
			buf_addch(&l->simple, *p->at++);
	}
}

static void take_blanks(struct lines_state *l, struct cursor *p)
{
	const char *start = p->at;

	while (p->at < p->end && isspace((unsigned char)*p->at))
		p->at++;
	if (p->at > start)
		buf_addch(&l->simple, ' ');
}

// What stands outside of strings and parameters. Returns whether the line is left out.
static bool take_code(struct lines_state *l, struct cursor *p)
{
	take_blanks(l, p);
	if (peek(p, 0) == '.' && isdigit((unsigned char)peek(p, 1)))
		p->at++;
	if (isdigit((unsigned char)peek(p, 0))) {
		take_number(l, p);
	} else if (isalpha((unsigned char)peek(p, 0)) || peek(p, 0) == '_') {
		take_name(l, p);
	} else if (peek(p, 0) == '-' && peek(p, 1) == '-') {
		p->at += 2;
		l->is_comment = true;
		if (!open_long(l, p)) {
			l->is_comment = false;
			return take_comment(l, p);
		}
	} else if (p->at < p->end && !open_long(l, p)) {
		take_sign(l, p);
	}
	return false;
}

enum lines_kind lines_next(struct lines_state *l, const char *text, size_t n)
{
	struct cursor p = {text, text + n};
	bool is_first = !l->has_begun, is_left_out = false;

	l->has_begun = true;
	if (is_first && n >= 2 && memcmp(text, "#!", 2) == 0)
		return LINES_NEVER;
	buf_clear(&l->simple);
	buf_reserve(&l->simple, 1);
	l->simple.data[0] = '\0';
	while (p.at < p.end)
		if (l->quote)
			skip_string(l, &p);
		else if (l->level)
			skip_long(l, &p);
		else if (l->in_parameters)
			skip_parameters(l, &p);
		else
			is_left_out |= take_code(l, &p);
	if (l->is_off || is_left_out || MATCHES(nevers, l->simple.data))
		return LINES_NEVER;
	return MATCHES(unsure, l->simple.data) ? LINES_IF_HIT : LINES_ALWAYS;
}

void lines_release(struct lines_state *l)
{
	buf_release(&l->simple);
}
