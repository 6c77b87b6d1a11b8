// SPDX-License-Identifier: MIT
#include "report/yaml.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

// Perl's expressions give up on longer strings in quotes.
#define QUOTED_MAX 4096

// Characters that YAML takes as they are, without line ends of older versions, and without marks
// that make a line look like another.
static bool is_printable(uint32_t c)
{
	return c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f) ||
	       (c >= 0xa0 && !text_is_bidi_control(c) && c != 0x2028 && c != 0x2029 &&
		c != 0xfeff && c != 0xfffe && c != 0xffff);
}

static bool is_blank(uint32_t c)
{
	return c == '\n' || c == '\t' || c == ' ' || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

static uint32_t first_of(const struct buf *s)
{
	return s->len ? text_code_point(s->data, text_utf8_length(s->data, s->len)) : 0;
}

static bool is_all_printable(const struct buf *s)
{
	for (size_t i = 0, len; i < s->len; i += len) {
		len = text_utf8_length(s->data + i, s->len - i);
		if (!is_printable(text_code_point(s->data + i, len)))
			return false;
	}
	return true;
}

static void quote(struct buf *b, const struct buf *s)
{
	buf_addch(b, '"');
	for (size_t i = 0, len; i < s->len; i += len) {
		const char *p = s->data + i;
		len = text_utf8_length(p, s->len - i);
		uint32_t c = text_code_point(p, len);
		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", (char)c);
		else if (c == '\n' || c == '\t' || c == '\r')
			buf_addf(b, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else if (is_printable(c))
			buf_add(b, p, len);
		else
			buf_addf(b, c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
	}
	buf_addch(b, '"');
}

// The first line tells how far the block is indented, so it begins with no blank.
static void add_block(struct buf *b, size_t indent, const struct buf *s)
{
	bool begun = false;

	buf_addf(b, "|\n%*s", (int)indent, "");
	for (size_t i = 0, len; i < s->len; i += len) {
		len = text_utf8_length(s->data + i, s->len - i);
		uint32_t c = text_code_point(s->data + i, len);
		if (!is_printable(c) || (!begun && is_blank(c)))
			buf_addstr(b, "\xef\xbf\xbd");
		else
			buf_add(b, s->data + i, len);
		begun = true;
		if (c == '\n' && i + 1 < s->len)
			buf_addf(b, "%*s", (int)indent, "");
	}
	if (s->len == 0 || s->data[s->len - 1] != '\n')
		buf_addch(b, '\n');
}

void yaml_string(struct buf *b, size_t indent, const char *key, const char *value)
{
	struct buf clean = {0};

	if (!value)
		return;
	buf_addf(b, "%*s%s: ", (int)indent, "", key);
	text_add_utf8(&clean, value, strlen(value));
	buf_reserve(&clean, 0);
	bool lines = strchr(clean.data, '\n') && !is_blank(first_of(&clean));
	if (clean.len > QUOTED_MAX || (lines && is_all_printable(&clean))) {
		add_block(b, indent + 2, &clean);
	} else {
		quote(b, &clean);
		buf_addch(b, '\n');
	}
	buf_release(&clean);
}

void yaml_integer(struct buf *b, size_t indent, const char *key, int64_t value, int64_t least)
{
	if (value >= least)
		buf_addf(b, "%*s%s: %" PRId64 "\n", (int)indent, "", key, value);
}

void yaml_seconds(struct buf *b, size_t indent, const char *key, int64_t ns)
{
	if (ns >= 0)
		buf_addf(b, "%*s%s: %.6f\n", (int)indent, "", key, ns_to_sec(ns));
}
