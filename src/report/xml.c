// SPDX-License-Identifier: MIT
#include "report/xml.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

// XML 1.0 has no way to write most control characters, U+FFFE and U+FFFF: they become U+FFFD. What
// a parser would turn into a blank or a newline is written as a reference, and so are the marks of
// commands that CI servers look for (base/muzzle.h).
static void add_character(struct buf *b, const char *s, size_t len, const char *referred)
{
	unsigned char c = (unsigned char)*s;

	if (c == '<')
		buf_addstr(b, "&lt;");
	else if (c == '>')
		buf_addstr(b, "&gt;");
	else if (c == '&')
		buf_addstr(b, "&amp;");
	else if (c == '"')
		buf_addstr(b, "&quot;");
	else if (c == '#' || (c == ':' && s[1] == ':') || (c && strchr(referred, c)))
		buf_addf(b, "&#%d;", c);
	else if ((c < 0x20 && c != '\n' && c != '\t') || strncmp(s, "\xef\xbf\xbe", len) == 0 ||
		 strncmp(s, "\xef\xbf\xbf", len) == 0)
		buf_addstr(b, "\xef\xbf\xbd");
	else
		buf_add(b, s, len);
}

static void add_xml(struct buf *b, const char *s, size_t n, const char *referred)
{
	struct buf clean = {0};

	text_add_utf8(&clean, s, n);
	buf_reserve(&clean, 0);
	for (size_t i = 0, len; i < clean.len; i += len) {
		len = text_utf8_length(clean.data + i, clean.len - i);
		add_character(b, clean.data + i, len, referred);
	}
	buf_release(&clean);
}

void xml_add_bytes(struct buf *b, const char *s, size_t n)
{
	add_xml(b, s, n, "\r");
}

void xml_add_text(struct buf *b, const char *s)
{
	xml_add_bytes(b, s, strlen(s));
}

void xml_add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, " %s=\"", name);
	add_xml(b, value, strlen(value), "\r\n\t");
	buf_addch(b, '"');
}
