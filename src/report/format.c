// SPDX-License-Identifier: MIT
#include "report/format.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/run.h"

void format_error_name(struct buf *b, const struct file_error *e)
{
	static const char *const nowhere[] = {"load", "file", "other"};
	const char *where = e->where;

	for (size_t i = 0; where && i < sizeof nowhere / sizeof *nowhere; i++)
		if (strcmp(where, nowhere[i]) == 0)
			where = NULL;
	if (where)
		buf_addf(b, "error in %s", where);
	else
		buf_addstr(b, "error outside of a test");
	if (e->name)
		buf_addf(b, ": %s", e->name);
}

bool format_never_ran(const struct test_case *t)
{
	// The shims' words.
	return t->status == TEST_SKIPPED && t->message && strncmp(t->message, "never ran", 9) == 0;
}

const char *format_source(const char *file, const struct result *r)
{
	const char *path = r->job->path;
	size_t n = strlen(path), len = strlen(file);

	if (*file == '/' && len > n && file[len - n - 1] == '/' &&
	    strcmp(file + len - n, path) == 0)
		return path;
	return strncmp(file, "./", 2) == 0 ? file + 2 : file;
}

void format_each_earlier(const struct result *r,
			 void (*each)(const struct result *attempt, void *arg), void *arg)
{
	if (!r->earlier)
		return;
	format_each_earlier(r->earlier, each, arg);
	each(r->earlier, arg);
}

void format_age(struct buf *b, int64_t ns)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	int64_t seconds = ns > 0 ? ns / NS_PER_SEC : 0;
	size_t i = 0;

	while (units[i].seconds > 1 && seconds < units[i].seconds)
		i++;
	int64_t n = seconds / units[i].seconds;
	buf_addf(b, "%" PRId64 " %s%s", n, units[i].name, n == 1 ? "" : "s");
}

// How many bytes the control sequence "ESC [ ..." at s has (ECMA-48); it ends at the first byte
// that cannot belong to it, which a newline never can.
static size_t csi_length(const char *s, size_t n)
{
	size_t i = 2;

	while (i < n && s[i] >= 0x20 && s[i] < 0x40)
		i++;
	return i < n && s[i] >= 0x40 && s[i] <= 0x7e ? i + 1 : i;
}

// The same of the operating system command "ESC ] ...", which BEL or "ESC \" ends.
static size_t osc_length(const char *s, size_t n)
{
	size_t i = 2;

	while (i < n && s[i] != '\a' && s[i] != '\033' && s[i] != '\n')
		i++;
	if (i < n && s[i] == '\a')
		return i + 1;
	return i + 1 < n && s[i] == '\033' && s[i + 1] == '\\' ? i + 2 : i;
}

static size_t escape_length(const char *s, size_t n)
{
	if (n < 2 || s[1] == '\n')
		return 1;
	return s[1] == '[' ? csi_length(s, n) : s[1] == ']' ? osc_length(s, n) : 2;
}

static bool is_colour(const char *s, size_t n)
{
	return n > 2 && s[1] == '[' && s[n - 1] == 'm';
}

static bool is_control(const char *s, size_t len)
{
	// U+0080 to U+009F are control characters as well; U+009B begins a sequence like ESC [
	// does.
	if (len == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0)
		return true;
	return len == 1 && *s != '\t' && iscntrl((unsigned char)*s);
}

static size_t add_character(struct buf *b, const char *s, size_t n, bool colours)
{
	if (*s == '\033') {
		size_t len = escape_length(s, n);
		if (colours && is_colour(s, len))
			buf_add(b, s, len);
		return len;
	}
	size_t len = text_utf8_length(s, n);
	if (len == 0)
		buf_addstr(b, "\xef\xbf\xbd");
	else if (text_is_bidi_control(text_code_point(s, len)))
		buf_addf(b, "\\u%04x", (unsigned)text_code_point(s, len));
	else if (!is_control(s, len))
		buf_add(b, s, len);
	return len ? len : 1;
}

void format_output(struct buf *b, const char *data, size_t n, const char *prefix, bool colours)
{
	bool at_start = true;

	for (size_t i = 0; i < n;) {
		if (at_start)
			buf_addstr(b, prefix);
		at_start = data[i] == '\n';
		if (at_start) {
			buf_addch(b, '\n');
			i++;
		} else {
			i += add_character(b, data + i, n - i, colours);
		}
	}
	if (!at_start)
		buf_addch(b, '\n');
}
