// SPDX-License-Identifier: MIT
#include "worker/tap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"
#include "model/result.h"

#define LINE_MAX_BYTES    (64 << 10) // what is longer is no TAP line worth reading to its end
#define MESSAGE_MAX_BYTES (64 << 10)

void tap_init(struct tap *t, struct result *result)
{
	*t = (struct tap){.result = result};
}

void tap_release(struct tap *t)
{
	buf_release(&t->line);
	free(t->skip_all);
	free(t->bail_out);
	*t = (struct tap){0};
}

static char *utf8_copy(const char *s, size_t n)
{
	struct buf b = {0};

	text_add_utf8(&b, s, n);
	return buf_detach(&b);
}

// The directive (SKIP or TODO) behind an unescaped " #" in s; *reason is the text behind it.
static const char *find_directive(const char *s, const char *name, const char **reason)
{
	for (const char *p = s; (p = strchr(p, '#')); p++) {
		if (p > s && p[-1] == '\\')
			continue;
		const char *word = p + 1 + strspn(p + 1, " \t");
		size_t n = strlen(name);
		if (strncasecmp(word, name, n) != 0)
			continue;
		const char *r = word + n;
		// "# SKIPPED: why" is seen in the wild; "# todos" is no directive.
		while (strcmp(name, "SKIP") == 0 && isalpha((unsigned char)*r))
			r++;
		if (isalnum((unsigned char)*r))
			continue;
		r += *r == ':';
		*reason = r + strspn(r, " \t");
		return p;
	}
	return NULL;
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

static char *description(const char *s, const char *end)
{
	s += strspn(s, " \t");
	size_t number = strspn(s, "0123456789");
	if (s[number] == ' ' || s[number] == '\t' || s + number == end)
		s += number;
	s += strspn(s, " \t");
	if (s[0] == '-' && (s[1] == ' ' || s[1] == '\t'))
		s += 2;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	return s < end ? utf8_copy(s, (size_t)(end - s)) : NULL;
}

static void on_result(struct tap *t, const char *rest, bool ok)
{
	const char *reason = NULL;
	const char *skip = find_directive(rest, "SKIP", &reason);
	const char *todo = skip ? NULL : find_directive(rest, "TODO", &reason);
	const char *end = skip ? skip : todo ? todo : rest + strlen(rest);
	struct test_case test = {.id = ++t->seen, .wall_ns = -1, .own_ns = -1};

	test.name = description(rest, end);
	if (test.name)
		unescape(test.name, t->version);
	else
		test.name = xasprintf("test %ld", t->seen);
	// A failure that is marked TODO is expected: it does not fail the file.
	test.status = skip ? TEST_SKIPPED : ok ? TEST_PASSED : todo ? TEST_PENDING : TEST_FAILED;
	if (reason && *reason && test.status != TEST_PASSED)
		test.message = utf8_copy(reason, strlen(reason));
	VEC_PUSH(&t->result->tests, test);
}

static void on_plan(struct tap *t, const char *number)
{
	const char *reason = NULL;

	t->planned = true;
	t->plan = strtol(number, NULL, 10);
	t->result->expected = t->plan;
	if (t->plan == 0 && find_directive(number, "SKIP", &reason)) {
		free(t->skip_all);
		t->skip_all = utf8_copy(reason, strlen(reason));
	}
}

// Comment lines and YAML behind a failed test are its message.
static void add_diagnostic(struct tap *t, const char *text)
{
	struct test_case *last =
		t->seen > 0 ? &t->result->tests.items[t->result->tests.n - 1] : NULL;

	if (!last || last->status != TEST_FAILED)
		return;
	size_t have = last->message ? strlen(last->message) : 0;
	if (have + strlen(text) > MESSAGE_MAX_BYTES)
		return;
	char *clean = utf8_copy(text, strlen(text));
	char *message = have ? xasprintf("%s\n%s", last->message, clean) : xstrdup(clean);
	free(last->message);
	free(clean);
	last->message = message;
}

static bool starts_with_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 &&
	       (line[n] == '\0' || line[n] == ' ' || line[n] == '\t');
}

static void take_line(struct tap *t)
{
	char *line = t->line.data;

	line[strcspn(line, "\r")] = '\0';
	if (t->in_yaml) {
		t->in_yaml = strcmp(line, "  ...") != 0;
		if (t->in_yaml)
			add_diagnostic(t, line + strspn(line, " "));
	} else if (strcmp(line, "  ---") == 0) {
		t->in_yaml = t->seen > 0;
	} else if (starts_with_word(line, "ok")) {
		on_result(t, line + 2, true);
	} else if (starts_with_word(line, "not ok")) {
		on_result(t, line + 6, false);
	} else if (strncmp(line, "1..", 3) == 0 && isdigit((unsigned char)line[3])) {
		on_plan(t, line + 3);
	} else if (strncasecmp(line, "Bail out!", 9) == 0) {
		t->bailed = true;
		free(t->bail_out);
		t->bail_out = utf8_copy(line + 9 + strspn(line + 9, " "),
					strlen(line + 9 + strspn(line + 9, " ")));
	} else if (starts_with_word(line, "TAP version")) {
		t->version = atoi(line + strlen("TAP version"));
	} else if (*line == '#') {
		add_diagnostic(t, line + 1 + strspn(line + 1, " "));
	}
	// Anything else, indented subtests included, is no result of this level.
}

void tap_feed(struct tap *t, const char *data, size_t n)
{
	t->result->has_tests = true;
	while (n > 0) {
		const char *newline = memchr(data, '\n', n);
		size_t piece = newline ? (size_t)(newline - data) : n;
		if (t->line.len < LINE_MAX_BYTES)
			buf_add(&t->line, data, piece < LINE_MAX_BYTES ? piece : LINE_MAX_BYTES);
		if (!newline)
			return;
		buf_reserve(&t->line, 0);
		take_line(t);
		buf_clear(&t->line);
		data += piece + 1;
		n -= piece + 1;
	}
}

void tap_finish(struct tap *t)
{
	if (t->line.len > 0)
		take_line(t);
	buf_clear(&t->line);
}
