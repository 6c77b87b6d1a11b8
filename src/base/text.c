// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

size_t text_mark_length(const char *s)
{
	return strncmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

size_t text_utf8_length(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t len = u[0] < 0x80   ? 1
		     : u[0] < 0xc2 ? 0
		     : u[0] < 0xe0 ? 2
		     : u[0] < 0xf0 ? 3
		     : u[0] < 0xf5 ? 4
				   : 0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	// Overlong forms, surrogates and what lies beyond U+10FFFF are not UTF-8 (RFC 3629).
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return len;
}

void text_add_utf8(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = text_utf8_length(s + i, n - i);
		if (len)
			buf_add(out, s + i, len);
		else
			buf_addstr(out, "\xef\xbf\xbd");
		i += len ? len : 1;
	}
}

uint32_t text_code_point(const char *s, size_t len)
{
	uint32_t c = len == 1 ? (unsigned char)*s : (unsigned char)*s & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

bool text_is_bidi_control(uint32_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

bool text_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || text_is_bidi_control(c);
}

// How many printable characters of ASCII s begins with.
static size_t plain_length(const char *s)
{
	size_t n = 0;

	while (s[n] >= ' ' && s[n] <= '~')
		n++;
	return n;
}

// A character that is not printable ASCII; len is 0 where it is no UTF-8.
static void add_visible_character(struct buf *out, const char *s, size_t len)
{
	unsigned char c = (unsigned char)*s;

	// C1 control characters are two bytes of UTF-8: c2 80 .. c2 9f.
	if (c == '\n')
		buf_addstr(out, "\\n");
	else if (c == '\t')
		buf_addstr(out, "\\t");
	else if (c < 0x20 || c == 0x7f || len == 0)
		buf_addf(out, "\\x%02x", c);
	else if (len == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0)
		buf_addf(out, "\\x%02x\\x%02x", c, (unsigned char)s[1]);
	else if (text_is_bidi_control(text_code_point(s, len)))
		buf_addf(out, "\\u%04x", (unsigned)text_code_point(s, len));
	else
		buf_add(out, s, len);
}

void text_add_visible(struct buf *out, const char *s)
{
	for (size_t n = strlen(s); n > 0;) {
		size_t plain = plain_length(s);
		buf_add(out, s, plain);
		s += plain;
		n -= plain;
		if (n == 0)
			break;
		size_t len = text_utf8_length(s, n);
		add_visible_character(out, s, len);
		s += len ? len : 1;
		n -= len ? len : 1;
	}
}

// Unicode, UAX #11. Locales, which would tell, need not be there.
static bool is_wide(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
		    {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
		    {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (c >= wide[i].first && c <= wide[i].last)
			return true;
	return false;
}

size_t text_cells(const char *s, size_t n)
{
	size_t cells = 0;

	for (size_t i = 0; i < n;) {
		if ((unsigned char)s[i] < 0x80) { // most of what there is
			cells++;
			i++;
			continue;
		}
		size_t len = text_utf8_length(s + i, n - i);
		cells += len && is_wide(text_code_point(s + i, len)) ? 2 : 1;
		i += len ? len : 1;
	}
	return cells;
}

size_t text_place(const char *s, int *line)
{
	size_t end = strcspn(s, "\n");

	for (const char *p = s; (p = memchr(p, ':', end - (size_t)(p - s))); p++) {
		char *behind;
		long n = strtol(p + 1, &behind, 10);
		if (p > s && isdigit((unsigned char)p[1]) && *behind == ':' && n > 0 &&
		    n < 100000000) {
			*line = (int)n;
			return (size_t)(p - s);
		}
	}
	return 0;
}

bool text_parse_seconds(const char *s, int64_t *ns)
{
	char *end;

	// strtod also reads hexadecimal, "inf" and "nan"; a person means none of them.
	if (!*s || strspn(s, "0123456789.") != strlen(s))
		return false;
	double v = strtod(s, &end);
	if (*end || end == s || !isfinite(v) || v > 1e9)
		return false;
	*ns = (int64_t)(v * 1e9);
	return true;
}

bool text_parse_long(const char *s, long min, long max, long *value)
{
	char *end;

	if (!*s || strspn(s, "0123456789") != strlen(s))
		return false;
	errno = 0;
	long v = strtol(s, &end, 10);
	if (errno || v < min || v > max)
		return false;
	*value = v;
	return true;
}

bool text_parse_size(const char *s, size_t n, int64_t *bytes)
{
	static const char units[] = "KMGT";
	char *end;

	if (n == 0 || !isdigit((unsigned char)*s))
		return false;
	errno = 0;
	unsigned long long v = strtoull(s, &end, 10);
	int shift = 0;
	const char *unit = end < s + n ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit && *unit) {
		shift = 10 * (int)(unit - units + 1);
		end++;
	}
	if (errno || end != s + n || v > (unsigned long long)INT64_MAX >> shift)
		return false;
	*bytes = (int64_t)(v << shift);
	return true;
}

// Copies one word to out; *s then stands behind it. False if a quote is open at the end.
static bool next_word(const char **s, struct buf *out)
{
	char quote = 0;
	const char *p = *s;

	for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
		// In double quotes a backslash is one, unless it stands before what it can protect.
		bool protects = quote == 0 || (quote == '"' && p[1] && strchr("$`\"\\\n", p[1]));
		if (*p == '\\' && p[1] && protects)
			buf_addch(out, *++p);
		else if (quote ? *p == quote : *p == '\'' || *p == '"')
			quote = quote ? 0 : *p;
		else
			buf_addch(out, *p);
	}
	*s = p;
	return !quote;
}

char **text_split_words(const char *s, size_t *count)
{
	struct {
		char **items;
		size_t n, cap;
	} words = {0};

	for (s += strspn(s, " \t\n"); *s; s += strspn(s, " \t\n")) {
		struct buf word = {0};
		bool closed = next_word(&s, &word);
		VEC_PUSH(&words, buf_detach(&word));
		if (!closed) {
			VEC_PUSH(&words, NULL);
			text_free_words(words.items);
			return NULL;
		}
	}
	if (count)
		*count = words.n;
	VEC_PUSH(&words, NULL);
	return words.items;
}

void text_free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

void text_add_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_./:=+,@%-";

	// Braces without anything between them are themselves.
	if ((*word && word[strspn(word, plain)] == '\0') || strcmp(word, "{}") == 0) {
		buf_addstr(out, word);
		return;
	}
	buf_addch(out, '\'');
	for (; *word; word++)
		buf_addstr(out, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
	buf_addch(out, '\'');
}
