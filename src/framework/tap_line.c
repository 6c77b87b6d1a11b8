// SPDX-License-Identifier: MIT
#include "framework/tap_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

char *tap_line_copy(const char *s, size_t n)
{
	struct buf b = {0};

	text_add_utf8(&b, s, n);
	return buf_detach(&b);
}

bool tap_line_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool ends_word(const char *s)
{
	return *s == '\0' || tap_line_is_blank(*s);
}

bool tap_line_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

const char *tap_line_skip_blanks(const char *s)
{
	return s + strspn(s, TAP_LINE_BLANKS);
}

const char *tap_line_behind_word(const char *s, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(s, word, n) == 0 && ends_word(s + n) ? s + n : NULL;
}

long tap_line_number(const char *s, const char **end)
{
	char *behind;
	long n = strtol(s, &behind, 10);

	*end = behind;
	return n;
}

// Takes the backslash off what TAP escapes with one: # at all times, and itself since version 14.
static void unescape(char *s, int version)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && (s[1] == '#' || (version >= 14 && s[1] == '\\')))
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

char *tap_line_text(const char *s, const char *end, int version)
{
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	char *text = tap_line_copy(s, (size_t)(end - s));
	unescape(text, version);
	return text;
}

char *tap_line_reason(const char *s, int version)
{
	s = tap_line_skip_blanks(s);
	return tap_line_text(s, s + strlen(s), version);
}

// What stands behind the name of a directive, which a colon may follow; else NULL.
static const char *behind_name(const char *s, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(s, name, n) != 0)
		return NULL;
	s += n;
	s += *s == ':';
	return ends_word(s) ? s : NULL;
}

// Reads the word behind a #. Only the whole word excuses a failure; behind ok, where there is
// nothing to excuse, "# Skipped: why" counts as well, as the specification has it.
static bool read_directive(struct tap_directive *d, const char *word, bool ok)
{
	const char *skip = behind_name(word, "SKIP"), *todo = behind_name(word, "TODO");

	if (!skip && ok && strncasecmp(word, "SKIP", 4) == 0)
		skip = word + strcspn(word, TAP_LINE_BLANKS);
	d->skip = skip != NULL;
	d->todo = todo != NULL;
	d->reason = skip ? skip : todo;
	return d->reason;
}

// The first # that stands between blanks decides. Where one blank is missing, it is a directive
// only behind ok, and only if the missing one is the second: a failure named "fix #todo" fails.
struct tap_directive tap_directive_find(const char *s, bool ok)
{
	struct tap_directive d = {0};

	for (const char *p = s; (p = strchr(p, '#')); p++) {
		bool between = tap_line_is_blank(p[1]) || p[1] == '\0';
		if (p == s || !tap_line_is_blank(p[-1]) || (!between && !ok))
			continue;
		d.at = p;
		if (read_directive(&d, tap_line_skip_blanks(p + 1), ok))
			return d;
		if (between)
			break;
	}
	d.at = s + strlen(s);
	return d;
}
