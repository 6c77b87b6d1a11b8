// SPDX-License-Identifier: MIT
// detect_framework: what a test file looks like, by the tokens of its source. A guess decides only
// how the file is run first: what happens then has the last word (framework/reading.h).
#include <stdbool.h>
#include <string.h>

#include "framework/framework.h"
#include "framework/lexer.h"

// What busted gives its files, without a require. The first few take a title, which may be
// computed.
#define TITLED  6
#define TELLING 2 // what is hardly called so elsewhere
static const char *const busted_names[] = {
	"describe",     "it",
	"context",      "pending",
	"insulate",     "expose",
	"setup",        "teardown",
	"before_each",  "after_each",
	"lazy_setup",   "lazy_teardown",
	"strict_setup", "strict_teardown",
	"randomize",
};

#define BUSTED_NAMES (sizeof busted_names / sizeof *busted_names)

static int busted_name(const char *name, size_t n)
{
	for (size_t i = 0; i < BUSTED_NAMES; i++)
		if (strlen(busted_names[i]) == n && strncmp(busted_names[i], name, n) == 0)
			return (int)i;
	return -1;
}

bool detect_busted_name(const char *name, size_t n)
{
	return busted_name(name, n) >= 0;
}

// What was seen so far.
struct seen {
	bool firmo, luaunit, busted, lust, tap;
	bool called[BUSTED_NAMES];  // as busted's files do it
	bool named[BUSTED_NAMES];   // without a call that shows, or as a string
	bool defined[BUSTED_NAMES]; // by the file itself, so it is none of busted's
	const char *locals_end;     // of the names behind the last `local`
};

static bool starts(const struct token *t, const char *text)
{
	return t->n >= strlen(text) && strncmp(t->text, text, strlen(text)) == 0;
}

// Whether t is the module or file of that name, in whatever folder.
static bool names_module(const struct token *t, const char *name)
{
	size_t n = t->n, length = strlen(name);

	if (n > 4 && strncmp(t->text + n - 4, ".lua", 4) == 0)
		n -= 4;
	if (n < length || strncmp(t->text + n - length, name, length) != 0)
		return false;
	return n == length || t->text[n - length - 1] == '.' || t->text[n - length - 1] == '/';
}

static void saw_module(struct seen *seen, const struct token *t)
{
	if (token_is(t, "firmo") || starts(t, "firmo."))
		seen->firmo = true;
	else if (names_module(t, "luaunit"))
		seen->luaunit = true;
	else if (token_is(t, "busted") || starts(t, "busted."))
		seen->busted = true;
	else if (token_is(t, "Test.More") || token_is(t, "Test.Simple"))
		seen->tap = true;
	else if (names_module(t, "lust"))
		seen->lust = true;
}

// ---- names that the file defines ----

static void define(struct seen *seen, const struct token *name)
{
	int i = name->kind == TOKEN_NAME ? busted_name(name->text, name->n) : -1;

	if (i >= 0)
		seen->defined[i] = true;
}

// Skips one expression of a list, up to the comma behind it or to the end of the line.
static bool skip_expression(struct lexer *l, struct token *t)
{
	int depth = 0;

	for (int line = t->line; t->kind != TOKEN_END; *t = lexer_next(l)) {
		if (depth == 0 && (token_is_mark(t, ',') || t->line != line))
			return token_is_mark(t, ',');
		depth += token_is_mark(t, '(') || token_is_mark(t, '{');
		depth -= token_is_mark(t, ')') || token_is_mark(t, '}');
		line = depth > 0 ? t->line : line;
	}
	return false;
}

// local NAMES = EXPRESSIONS; `local it = it` leaves the name what it was.
static void saw_local(struct seen *seen, struct lexer l)
{
	struct token names[16], t = lexer_next(&l);
	size_t n = 0, i = 0;

	for (; t.kind == TOKEN_NAME && n < 16; t = lexer_next(&l)) {
		names[n++] = t;
		t = lexer_next(&l);
		if (!token_is_mark(&t, ','))
			break;
	}
	bool more = token_is_mark(&t, '=');
	seen->locals_end = t.text;
	for (; more && i < n; i++) {
		t = lexer_next(&l);
		if (token_is_name(&t, "_G") || token_is_name(&t, "_ENV")) {
			lexer_next(&l);
			t = lexer_next(&l);
		}
		if (t.kind != TOKEN_NAME || t.n != names[i].n ||
		    strncmp(t.text, names[i].text, t.n) != 0)
			define(seen, &names[i]);
		more = skip_expression(&l, &t);
	}
	for (; i < n; i++)
		define(seen, &names[i]);
}

// function NAME(PARAMETERS), or without a name.
static void saw_function(struct seen *seen, struct lexer l)
{
	struct token name = lexer_next(&l), t = name;

	if (name.kind == TOKEN_NAME)
		t = lexer_next(&l);
	if (token_is_mark(&t, '('))
		define(seen, &name);
	while (token_is_mark(&t, '.') || token_is_mark(&t, ':')) {
		lexer_next(&l);
		t = lexer_next(&l);
	}
	if (!token_is_mark(&t, '('))
		return;
	for (t = lexer_next(&l); t.kind != TOKEN_END && !token_is_mark(&t, ')'); t = lexer_next(&l))
		define(seen, &t);
}

static void saw_for(struct seen *seen, struct lexer l)
{
	struct token t = lexer_next(&l);

	for (; t.kind != TOKEN_END && !token_is_name(&t, "in") && !token_is_mark(&t, '=');
	     t = lexer_next(&l))
		define(seen, &t);
}

// NAME = ..., which is no comparison.
static bool is_assigned(struct lexer l)
{
	struct token t = lexer_next(&l), next = lexer_next(&l);

	return token_is_mark(&t, '=') && !(token_is_mark(&next, '=') && next.text == t.text + 1);
}

// ---- calls ----

// The argument of the call whose name is `name`: the first token behind an opening bracket, or the
// string behind the name. pcall(require, "module") calls as well.
static struct token argument_of(struct lexer *l, const struct token *name)
{
	struct token t = lexer_next(l);
	bool opens = token_is_mark(&t, '(');

	if (opens || (token_is_mark(&t, ',') && token_is_name(name, "require"))) {
		do
			t = lexer_next(l);
		while (token_is_mark(&t, '('));
		return t;
	}
	return t.kind == TOKEN_STRING ? t : (struct token){.kind = TOKEN_END};
}

static bool loads(const struct token *name)
{
	return token_is_name(name, "require") || token_is_name(name, "dofile") ||
	       token_is_name(name, "loadfile");
}

static void saw_call(struct seen *seen, const struct token *name, const struct token *argument)
{
	int i = busted_name(name->text, name->n);

	if (loads(name) && argument->kind == TOKEN_STRING)
		saw_module(seen, argument);
	if (i >= 0 && (argument->kind == TOKEN_STRING || token_is_name(argument, "function") ||
		       (i < TITLED && argument->kind == TOKEN_NAME)))
		seen->called[i] = true;
}

static void saw_word(struct seen *seen, const struct token *word)
{
	int i = busted_name(word->text, word->n);

	if (i >= 0)
		seen->named[i] = true;
}

// A name in code; before: the token in front of it. depth: of open braces, in which `it = 1` is a
// field.
static void saw_name(struct seen *seen, const struct token *name, const struct token *before,
		     const struct lexer *behind, int depth)
{
	struct lexer l = *behind;
	bool is_field = token_is_mark(before, '.') || token_is_mark(before, ':');

	if (token_is_name(name, "local"))
		saw_local(seen, l);
	else if (token_is_name(name, "function"))
		saw_function(seen, l);
	else if (token_is_name(name, "for"))
		saw_for(seen, l);
	else if (depth == 0 && name->text >= seen->locals_end && is_assigned(l))
		define(seen, name); // a field of _G counts, and other fields do no harm
	if (is_field || token_is_name(before, "function"))
		return;
	saw_word(seen, name);
	struct token argument = argument_of(&l, name);
	if (argument.kind != TOKEN_END)
		saw_call(seen, name, &argument);
}

static bool calls_busted(const struct seen *seen)
{
	for (size_t i = 0; i < BUSTED_NAMES; i++)
		if (seen->called[i] && !seen->defined[i])
			return true;
	return false;
}

// The first names alone: others are words for much else.
static bool names_busted(const struct seen *seen)
{
	for (size_t i = 0; i < TELLING; i++)
		if (seen->named[i] && !seen->defined[i])
			return true;
	return false;
}

struct guess detect_framework(const char *source, size_t n)
{
	struct lexer l = lexer_of(source, n);
	struct seen seen = {.locals_end = source};
	struct token before = {.kind = TOKEN_END};
	int depth = 0;

	for (struct token t = lexer_next(&l); t.kind != TOKEN_END; t = lexer_next(&l)) {
		depth += token_is_mark(&t, '{') - (token_is_mark(&t, '}') && depth > 0);
		if (t.kind == TOKEN_NAME)
			saw_name(&seen, &t, &before, &l, depth);
		else if (t.kind == TOKEN_STRING)
			saw_word(&seen, &t);
		before = t;
	}
	if (seen.firmo)
		return (struct guess){FRAMEWORK_FIRMO, true, false};
	if (seen.luaunit)
		return (struct guess){FRAMEWORK_LUAUNIT, true, false};
	if (seen.busted)
		return (struct guess){FRAMEWORK_BUSTED, true, false};
	if (seen.lust)
		return (struct guess){FRAMEWORK_LUST, true, false};
	if (seen.tap)
		return (struct guess){FRAMEWORK_TAP, true, false};
	if (calls_busted(&seen))
		return (struct guess){FRAMEWORK_BUSTED, false, true};
	return (struct guess){FRAMEWORK_PLAIN, false, names_busted(&seen)};
}
