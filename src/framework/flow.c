// SPDX-License-Identifier: MIT
#include "framework/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "framework/lexer.h"

// A test file that is larger holds data, and is not looked at.
#define SOURCE_MAX_BYTES (4 << 20)

// What an `end` may close.
enum block { BLOCK_PLAIN, BLOCK_LOOP, BLOCK_FUNCTION };

struct scan {
	struct lexer lexer;
	struct token token;
	struct {
		struct {
			enum block kind;
			int line;
		} * items;
		size_t n, cap;
	} blocks;
	bool awaits_do; // of a for or while
};

static void push(struct scan *s, enum block kind)
{
	VEC_PUSH(&s->blocks, ((__typeof__(*s->blocks.items)){kind, s->token.line}));
}

// Goes on by one token, and keeps the blocks that are open.
static void next(struct scan *s)
{
	const struct token *t = &s->token;

	if (token_is_name(t, "function")) {
		push(s, BLOCK_FUNCTION);
	} else if (token_is_name(t, "if")) {
		push(s, BLOCK_PLAIN);
	} else if (token_is_name(t, "repeat")) {
		push(s, BLOCK_LOOP);
	} else if (token_is_name(t, "for") || token_is_name(t, "while")) {
		push(s, BLOCK_LOOP);
		s->awaits_do = true;
	} else if (token_is_name(t, "do")) {
		if (!s->awaits_do)
			push(s, BLOCK_PLAIN);
		s->awaits_do = false;
	} else if ((token_is_name(t, "end") || token_is_name(t, "until")) && s->blocks.n > 0) {
		s->blocks.n--;
	}
	s->token = lexer_next(&s->lexer);
}

static bool opens(const struct token *t)
{
	return token_is_mark(t, '(') || token_is_mark(t, '{') || token_is_mark(t, '[');
}

static bool closes(const struct token *t)
{
	return token_is_mark(t, ')') || token_is_mark(t, '}') || token_is_mark(t, ']');
}

static void skip_brackets(struct scan *s)
{
	int depth = 0;

	do {
		depth += opens(&s->token) - closes(&s->token);
		next(s);
	} while (depth > 0 && s->token.kind != TOKEN_END);
}

// From a name over all that belongs to its call: a.b:c(...)"..."{...}
static void skip_call(struct scan *s)
{
	next(s);
	for (;;) {
		if (token_is_mark(&s->token, '.') || token_is_mark(&s->token, ':')) {
			next(s);
			next(s);
		} else if (opens(&s->token)) {
			skip_brackets(s);
		} else if (s->token.kind == TOKEN_STRING) {
			next(s);
		} else {
			return;
		}
	}
}

// The other branches of the `if` whose branch has ended here, up to its `end`.
static void skip_branches(struct scan *s)
{
	size_t depth = s->blocks.n;

	while (s->token.kind != TOKEN_END &&
	       (s->blocks.n > depth || !token_is_name(&s->token, "end")))
		next(s);
}

// Whether something may be called between t and the token behind it.
static bool calls(const struct token *t, const struct token *next)
{
	static const char *const operators[] = {"and", "or", "not"};

	if (t->kind != TOKEN_NAME && !closes(t))
		return false;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (token_is_name(t, operators[i]))
			return false;
	return opens(next) || next->kind == TOKEN_STRING || token_is_mark(next, ':');
}

// Whether a return comes next that calls nothing.
static bool only_returns(const struct scan *at)
{
	static const char *const ends[] = {"end", "else", "elseif", "until"};
	struct lexer l = at->lexer;
	struct token t = at->token, next;

	if (!token_is_name(&t, "return"))
		return false;
	for (t = lexer_next(&l); t.kind != TOKEN_END; t = next) {
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
			if (token_is_name(&t, ends[i]))
				return true;
		next = lexer_next(&l);
		if (calls(&t, &next))
			return false;
	}
	return true;
}

// Whether os.exit comes next, with nothing called for its arguments: what would not come after it
// does not come after the call in front of it either.
static bool ends_program(const struct scan *at)
{
	static const char *const words[] = {"os", ".", "exit", "("};
	struct lexer l = at->lexer;
	struct token t = at->token, next;

	if (token_is_name(&t, "return"))
		t = lexer_next(&l);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++, t = lexer_next(&l))
		if (t.kind == TOKEN_STRING || !token_is(&t, words[i]))
			return false;
	for (int depth = 1; t.kind != TOKEN_END; t = next) {
		depth += opens(&t) - closes(&t);
		if (depth == 0)
			return true;
		next = lexer_next(&l);
		if (calls(&t, &next))
			return false;
	}
	return false;
}

// Whether only ends of blocks come until the function ends that begins on line `defined`.
static bool leads_out(struct scan *s, int defined)
{
	while (s->token.kind != TOKEN_END) {
		const struct token *t = &s->token;
		if (token_is_name(t, "else") || token_is_name(t, "elseif")) {
			skip_branches(s);
		} else if (token_is_name(t, "end") && s->blocks.n > 0) {
			enum block kind = s->blocks.items[s->blocks.n - 1].kind;
			if (kind == BLOCK_FUNCTION)
				return s->blocks.items[s->blocks.n - 1].line == defined;
			if (kind == BLOCK_LOOP)
				return false;
			next(s);
		} else if (token_is_mark(t, ';')) {
			next(s);
		} else {
			return only_returns(s) || ends_program(s);
		}
	}
	return defined == 0 && s->blocks.n == 0;
}

// Whether nothing comes behind the call that s stands behind.
static bool ends_behind(struct scan *s, int defined)
{
	// `X and os.exit(0) or os.exit(1)`: whichever is called, it is the last.
	while (token_is_name(&s->token, "or") || token_is_name(&s->token, "and")) {
		next(s);
		if (!ends_program(s))
			return false;
		skip_call(s);
	}
	return leads_out(s, defined);
}

static bool is_named_on_line(const struct scan *at, const struct flow_call *call)
{
	struct lexer l = at->lexer;
	bool named = false;

	for (struct token t = at->token; *call->name && t.line == call->line && t.kind != TOKEN_END;
	     t = lexer_next(&l))
		named |= token_is_name(&t, call->name);
	return named;
}

static bool ends_behind_name(struct scan *s, const struct flow_call *call)
{
	while (!token_is_name(&s->token, call->name))
		next(s);
	skip_call(s);
	return ends_behind(s, call->defined);
}

// Whether s stands in the function that begins on that line, and in none inside of it.
static bool is_in(const struct scan *s, int defined)
{
	for (size_t i = s->blocks.n; i-- > 0;)
		if (s->blocks.items[i].kind == BLOCK_FUNCTION)
			return s->blocks.items[i].line == defined;
	return defined == 0;
}

// Whether something is called by what s stands at, with what comes behind it.
static bool begins_call(const struct scan *s)
{
	struct lexer l = s->lexer;
	struct token next = lexer_next(&l);

	return !token_is_name(&s->token, "function") && !token_is_name(&s->token, "if") &&
	       !token_is_name(&s->token, "return") && calls(&s->token, &next);
}

// Behind one of the calls on the line, of which it is not known which is meant.
static bool ends_behind_one(const struct scan *at, int defined)
{
	struct scan s = *at;

	s.blocks.items = xmalloc((at->blocks.n + 1) * sizeof *s.blocks.items);
	s.blocks.cap = at->blocks.n + 1;
	for (size_t i = 0; i < at->blocks.n; i++)
		s.blocks.items[i] = at->blocks.items[i];
	skip_call(&s);
	bool ends = ends_behind(&s, defined);
	free(s.blocks.items);
	return ends;
}

// Whether whichever of the calls of that function on the line was made is the last.
static bool ends_behind_any(struct scan *s, const struct flow_call *call)
{
	bool found = false;

	for (; s->token.line == call->line && s->token.kind != TOKEN_END; next(s)) {
		if (!is_in(s, call->defined) || !begins_call(s))
			continue;
		if (!ends_behind_one(s, call->defined))
			return false;
		found = true;
	}
	return found;
}

bool flow_source_ends_with(const char *source, size_t n, const struct flow_call *call)
{
	struct scan s = {.lexer = lexer_of(source, n)};

	// A first line that begins with # is none of Lua's.
	if (n > 0 && *source == '#') {
		const char *newline = memchr(source, '\n', n);
		s.lexer.p = newline ? newline : source + n;
	}
	s.token = lexer_next(&s.lexer);
	while (s.token.kind != TOKEN_END && s.token.line < call->line)
		next(&s);
	bool out =
		is_named_on_line(&s, call) ? ends_behind_name(&s, call) : ends_behind_any(&s, call);
	free(s.blocks.items);
	return out;
}

bool flow_ends_with(const struct flow_call *call)
{
	struct buf source = {0};
	bool out = *call->file && buf_add_file(&source, call->file, SOURCE_MAX_BYTES) == 0 &&
		   source.len > 0 && flow_source_ends_with(source.data, source.len, call);

	buf_release(&source);
	return out;
}
