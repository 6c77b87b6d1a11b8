// SPDX-License-Identifier: MIT
// The tokens of a Lua source, as far as it takes to tell code from strings and comments. It knows
// names (keywords are names), strings, and single bytes for the rest; any bytes will do.
#ifndef FRAMEWORK_LEXER_H
#define FRAMEWORK_LEXER_H

#include <stdbool.h>
#include <stddef.h>

struct lexer {
	const char *p, *end;
	int line; // of p, from 1
};

struct token {
	enum { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_OTHER } kind;
	const char *text; // of a string: without its quotes
	size_t n;
	int line; // where it begins
};

// source must outlive the lexer and its tokens.
struct lexer lexer_of(const char *source, size_t n);
// The next token; TOKEN_END from the end of the source on.
struct token lexer_next(struct lexer *l);
bool token_is(const struct token *t, const char *text);
// Whether it is that name or keyword, and no string.
bool token_is_name(const struct token *t, const char *name);
// Whether it is that byte of punctuation.
bool token_is_mark(const struct token *t, char mark);

#endif
