// SPDX-License-Identifier: MIT
// Text as people and reports need it.
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

// Appends the n bytes at s as valid UTF-8: each byte that is none becomes U+FFFD.
void text_add_utf8(struct buf *out, const char *s, size_t n);
// How many bytes at s are the mark that some editors begin a file of UTF-8 with: 3 or 0.
size_t text_mark_length(const char *s);
// How many bytes the valid UTF-8 character at s has (n bytes are there); 0 if there is none.
size_t text_utf8_length(const char *s, size_t n);
// The code point of the valid UTF-8 character of len bytes at s.
uint32_t text_code_point(const char *s, size_t len);
// Whether a character changes the direction of what stands beside it, so that a line looks like
// another one than it is. Letters of either direction do not.
bool text_is_bidi_control(uint32_t code_point);
// Whether a character is a control character, of C0 or C1, or such a one.
bool text_is_control(uint32_t code_point);
// Appends s for one line of a terminal: what is not printable (control characters, marks of
// direction, invalid UTF-8) becomes \n, \t, \xHH, \u202e.
void text_add_visible(struct buf *out, const char *s);
// Appends the text as one word of a command line, quoted where a shell would read more into it.
void text_add_word(struct buf *out, const char *word);
// How many cells of a terminal the n bytes at s take: East Asian and emoji characters take two.
size_t text_cells(const char *s, size_t n);
// Where s begins with "FILE:LINE:", as interpreters write it: the length of FILE, and *line is set;
// else 0.
size_t text_place(const char *s, int *line);
// Parses all of s as a decimal number, with a fraction if it has one: 0.5, 60. Not negative,
// finite.
bool text_parse_seconds(const char *s, int64_t *ns);
// Parses all of s as a whole number from min to max.
bool text_parse_long(const char *s, long min, long max, long *value);
// Parses the n bytes at s as a size: a whole number of bytes, or of KiB, MiB, GiB, TiB with K, M, G
// or T behind it. Below 2^63.
bool text_parse_size(const char *s, size_t n, int64_t *bytes);
// Splits a command line into words, as a shell does with blanks, quotes and backslashes, and
// nothing else of the shell. Returns a NULL-terminated array (free with text_free_words), or NULL
// if a quote is not closed.
char **text_split_words(const char *s, size_t *count);
void text_free_words(char **words);

#endif
