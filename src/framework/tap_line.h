// SPDX-License-Identifier: MIT
// What stands in a line of TAP: words, numbers, texts, directives. Pure.
#ifndef FRAMEWORK_TAP_LINE_H
#define FRAMEWORK_TAP_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define TAP_LINE_BLANKS " \t"

bool tap_line_is_blank(char c);
// Whether it is part of a word: a letter of any language, a digit, an underscore.
bool tap_line_is_word(char c);
const char *tap_line_skip_blanks(const char *s);
// What stands behind the word that s begins with, a blank or the end of the line; else NULL.
const char *tap_line_behind_word(const char *s, const char *word);
// One that is too large for a long is LONG_MAX.
long tap_line_number(const char *s, const char **end);

// Texts that the caller frees. The bytes, as UTF-8.
char *tap_line_copy(const char *s, size_t n);
// Up to end, without what that version of TAP escapes with, nor blanks at the end.
char *tap_line_text(const char *s, const char *end, int version);
// The same up to the end of the line, without blanks in front.
char *tap_line_reason(const char *s, int version);

struct tap_directive {
	bool skip, todo;
	const char *at;     // its #, or the end of the line
	const char *reason; // behind its word
};

// Of a result, ok or not, behind its word. Without one neither skip nor todo is set.
struct tap_directive tap_directive_find(const char *s, bool ok);

#endif
