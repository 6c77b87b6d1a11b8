// SPDX-License-Identifier: MIT
#include "framework/tap.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"
#include "framework/tap_line.h"

#define LINE_MAX_BYTES    (64 << 10) // what is longer is no TAP line worth reading to its end
#define MESSAGE_MAX_BYTES (64 << 10)
#define SEAM_BYTES        64 // what may be TAP within a line is shorter
#define SUBTEST_INDENT    4
// What the tests may take: text that merely looks like results must not fill the memory.
#define UNPLANNED_MAX_BYTES (size_t)(16 << 20)
#define PLANNED_MAX_BYTES   (size_t)(256 << 20)

void tap_init(struct tap *t)
{
	*t = (struct tap){0};
}

static void drop_tests(struct tap *t)
{
	for (size_t i = 0; i < t->tests.n; i++)
		test_case_release(&t->tests.items[i]);
	free(t->tests.items);
	t->tests.items = NULL;
	t->tests.n = t->tests.cap = 0;
}

void tap_release(struct tap *t)
{
	drop_tests(t);
	buf_release(&t->line);
	buf_release(&t->rest);
	free(t->skip_all);
	free(t->bail_out);
	free(t->fault);
	*t = (struct tap){0};
}

// The first fault is the one to tell: the others may follow from it. Takes text.
static void find_fault(struct tap *t, char *text)
{
	if (t->fault)
		free(text);
	else
		t->fault = text;
}

// ---- results ----

// Whether there is room for n more bytes of tests.
static bool take_room(struct tap *t, size_t n)
{
	size_t most = t->plans || t->version ? PLANNED_MAX_BYTES : UNPLANNED_MAX_BYTES;

	if (t->kept_bytes + n <= most) {
		t->kept_bytes += n;
		return true;
	}
	find_fault(t, xasprintf("more results than are kept, %zu MiB%s", most >> 20,
				t->plans || t->version ? ""
						       : ": a plan in front of them allows more"));
	return false;
}

// The test's number: the given one, or the next. *rest is what stands behind it.
static long read_number(struct tap *t, const char **rest)
{
	const char *s = tap_line_skip_blanks(*rest), *end;
	size_t digits = strspn(s, "0123456789");
	// "2nd bottle" and "3.14 is pi" are names.
	bool numbered = digits > 0 && !tap_line_is_word(s[digits]) &&
			!(s[digits] == '.' && isdigit((unsigned char)s[digits + 1]));

	if (numbered)
		t->last_number = tap_line_number(s, &end);
	else
		t->last_number += t->last_number < LONG_MAX;
	*rest = numbered ? end : s;
	return numbered ? t->last_number : -1;
}

static char *test_name(const struct tap *t, const char *s, const char *end)
{
	s = tap_line_skip_blanks(s);
	if (s[0] == '-' && tap_line_is_blank(s[1]))
		s = tap_line_skip_blanks(s + 1);
	char *name = s < end ? tap_line_text(s, end, t->version) : NULL;
	if (name && *name)
		return name;
	free(name);
	return xasprintf("test %ld", t->last_number);
}

static enum test_status test_status(const struct tap_directive *d, bool ok)
{
	// A failure that is marked TODO is expected: it does not fail the file.
	return d->skip ? TEST_SKIPPED : ok ? TEST_PASSED : d->todo ? TEST_PENDING : TEST_FAILED;
}

// What the directive says of the test, or NULL. A TODO that passes is good news.
static char *test_message(const struct tap *t, const struct tap_directive *d, bool ok)
{
	char *reason = d->reason ? tap_line_reason(d->reason, t->version) : NULL;

	if (ok && d->todo) {
		char *bonus = xasprintf("passes, though TODO%s%s", *reason ? ": " : "", reason);
		free(reason);
		return bonus;
	}
	if (reason && *reason)
		return reason;
	free(reason);
	return NULL;
}

static void on_result(struct tap *t, const char *rest, bool ok)
{
	struct tap_directive d = tap_directive_find(rest, ok);
	struct test_case test = {.wall_ns = -1, .own_ns = -1};

	if (read_number(t, &rest) >= 0)
		*(ok ? &t->numbered_oks : &t->numbered_failures) += 1;
	if (t->ended)
		find_fault(t,
			   xasprintf("a TAP plan, 1..%ld, in the midst of the results", t->plan));
	t->seen++;
	t->follows_result = true;
	t->explains = t->inner_failed = false;
	if (!take_room(t, sizeof test + strlen(rest)))
		return;
	test.id = t->last_number;
	test.name = test_name(t, rest, d.at);
	test.status = test_status(&d, ok);
	test.message = test_message(t, &d, ok);
	t->explains = test.status == TEST_FAILED;
	VEC_PUSH(&t->tests, test);
}

// Comment lines and YAML behind a failed test are its message.
static void add_diagnostic(struct tap *t, const char *text)
{
	if (!t->explains)
		return;
	struct test_case *last = &t->tests.items[t->tests.n - 1];
	size_t have = last->message ? strlen(last->message) : 0;
	if (have + strlen(text) > MESSAGE_MAX_BYTES || !take_room(t, strlen(text)))
		return;
	char *clean = tap_line_copy(text, strlen(text));
	char *message = have ? xasprintf("%s\n%s", last->message, clean) : xstrdup(clean);
	free(last->message);
	free(clean);
	last->message = message;
}

// ---- the other lines ----

static void on_plan(struct tap *t, long n, const char *comment)
{
	t->ranges |= t->plans > 0 && n != t->plan;
	if (t->plans++ > 0) {
		find_fault(t, xasprintf("a second TAP plan, 1..%ld, after 1..%ld (of a child "
					"process?)",
					n, t->plan));
		return;
	}
	t->plan = n;
	t->ended_plan = !t->at_end;
	t->ended = t->seen > 0;
	if (n > 0 || !comment)
		return;
	const char *word = tap_line_skip_blanks(comment + 1);
	bool skip = strncasecmp(word, "SKIP", 4) == 0;
	t->skip_all =
		tap_line_reason(skip ? word + strcspn(word, TAP_LINE_BLANKS) : word, t->version);
}

// What stands behind "1..N", if that is nothing but a comment; else NULL.
static const char *behind_plan(const char *line, long *n)
{
	const char *end;

	if (strncmp(line, "1..", 3) != 0 || !isdigit((unsigned char)line[3]))
		return NULL;
	*n = tap_line_number(line + 3, &end);
	end = tap_line_skip_blanks(end);
	return *end == '\0' || *end == '#' ? end : NULL;
}

static bool take_plan(struct tap *t, const char *line)
{
	long n;
	const char *comment = behind_plan(line, &n);

	if (comment)
		on_plan(t, n, *comment ? comment : NULL);
	return comment;
}

static bool take_version(struct tap *t, const char *line)
{
	const char *s = tap_line_behind_word(line, "TAP"), *end;

	s = s ? tap_line_behind_word(tap_line_skip_blanks(s), "version") : NULL;
	if (!s || !isdigit((unsigned char)*tap_line_skip_blanks(s)))
		return false;
	long version = tap_line_number(s, &end);
	if (*tap_line_skip_blanks(end))
		return false;
	if (t->version || t->plans || t->seen)
		find_fault(t, xstrdup("a TAP version line behind the beginning (of a child "
				      "process?)"));
	else if (version < 12 || version > 14)
		find_fault(t, xasprintf("TAP version %ld; 12 to 14 are understood", version));
	if (!t->version)
		t->version = version < 12 || version > 14 ? 14 : (int)version;
	return true;
}

static bool take_bail_out(struct tap *t, const char *line)
{
	static const char words[] = "Bail out!";

	if (strncasecmp(line, words, sizeof words - 1) != 0)
		return false;
	t->bailed = true;
	// A subtest says it first, and its parents may repeat it without the reason.
	if (!t->bail_out || !*t->bail_out) {
		free(t->bail_out);
		t->bail_out = tap_line_reason(line + sizeof words - 1, t->version);
	}
	return true;
}

// "pragma +strict": from now on a line that is not TAP is a fault. Other keys are left alone.
static bool take_pragma(struct tap *t, const char *line)
{
	const char *s = tap_line_behind_word(line, "pragma");

	if (t->version < 13 || !s)
		return false;
	for (s += strspn(s, TAP_LINE_BLANKS ","); *s == '+' || *s == '-';
	     s += strspn(s, TAP_LINE_BLANKS ",")) {
		bool on = *s++ == '+';
		if (strcspn(s, TAP_LINE_BLANKS ",") == 6 && strncmp(s, "strict", 6) == 0)
			t->strict = on;
		s += strcspn(s, TAP_LINE_BLANKS ",");
	}
	return *s == '\0';
}

static bool take_comment(struct tap *t, const char *line, size_t indent)
{
	static const char subtest[] = "Subtest";
	const char *text = line + indent;

	if (*text != '#')
		return false;
	text = tap_line_skip_blanks(text + 1);
	// It speaks of what comes, not of the test before it.
	if (strncmp(text, subtest, sizeof subtest - 1) == 0)
		t->explains = false;
	if (indent < SUBTEST_INDENT)
		add_diagnostic(t, text);
	return true;
}

// What stands behind ok or not ok, the word, which makes a result whatever follows; else NULL.
static const char *behind_result(const char *line, bool *ok)
{
	*ok = strncmp(line, "not ", 4) != 0;
	const char *word = *ok ? line : line + 4;

	return strncmp(word, "ok", 2) == 0 && !tap_line_is_word(word[2]) ? word + 2 : NULL;
}

static bool take_result(struct tap *t, const char *line)
{
	bool ok;
	const char *rest = behind_result(line, &ok);

	if (rest)
		on_result(t, rest, ok);
	return rest;
}

// ---- lines that are indented ----

static void on_yaml(struct tap *t, const char *line, size_t indent)
{
	const char *text = line + indent;

	if (indent == t->yaml_indent && strncmp(text, "...", 3) == 0 &&
	    !*tap_line_skip_blanks(text + 3))
		t->yaml_indent = 0;
	else if (t->yaml_indent < SUBTEST_INDENT)
		add_diagnostic(t, text);
}

// Whether line is YAML that explains a result. A line that is indented less ends it even without
// its mark: no result must be lost in it.
static bool take_yaml(struct tap *t, const char *line, size_t indent)
{
	const char *text = line + indent;

	if (t->yaml_indent) {
		if (indent >= t->yaml_indent || !*text) {
			on_yaml(t, line, indent);
			return true;
		}
		t->yaml_indent = 0;
	}
	if (!t->follows_result || indent == 0 || strncmp(text, "---", 3) != 0 ||
	    (text[3] && !tap_line_is_blank(text[3])))
		return false;
	t->yaml_indent = indent;
	return true;
}

// A failure of a subtest, which nobody but its parent's result can excuse.
static void on_inner_result(struct tap *t, const char *rest, bool ok, size_t indent)
{
	struct tap_directive d = tap_directive_find(rest, ok);

	bool nested = indent >= SUBTEST_INDENT;

	t->inner_results += nested;
	t->inner_failures += !ok && read_number(&(struct tap){0}, &rest) >= 0;
	t->inner_failed |= !ok && !d.reason && nested;
}

// What is indented by four is a subtest's, whose result is the parent's line behind it; but YAML
// may follow its results, and its Bail out! is everybody's.
static bool take_indented(struct tap *t, const char *line, size_t indent)
{
	const char *text = line + indent, *rest;
	long n;
	bool ok;

	if (take_bail_out(t, text))
		return true;
	t->follows_result = (rest = behind_result(text, &ok));
	if (rest)
		on_inner_result(t, rest, ok, indent);
	else if (behind_plan(text, &n))
		t->inner_plans += indent >= SUBTEST_INDENT;
	return indent >= SUBTEST_INDENT;
}

// ---- the stream ----

static bool take_outer(struct tap *t, const char *line)
{
	t->follows_result = false;
	if (take_result(t, line) || take_plan(t, line))
		return true;
	if (!take_bail_out(t, line))
		return take_version(t, line) || take_pragma(t, line);
	t->bailed_outright |= *line == 'B';
	return true;
}

// What would be TAP if nothing stood in front of it in its line.
static void look_within(struct tap_hidden *h, const char *line)
{
	long n;
	bool ok;

	for (const char *p = line; (p = strpbrk(p, "1noB")); p++) {
		const char *rest = behind_result(p, &ok);
		if (rest && isdigit((unsigned char)*tap_line_skip_blanks(rest)))
			*(ok ? &h->results : &h->failures) += 1;
		h->plans += behind_plan(p, &n) != NULL;
		h->results += strncmp(p, "Bail out!", 9) == 0;
	}
}

// How long what tells a terminal to do something is, if s begins with it: colours and all other
// control sequences, and the change of the set of characters that goes with their end.
static size_t control_length(const char *s)
{
	size_t n = 2;

	if (*s == '\017')
		return 1;
	if (*s != '\033')
		return 0;
	if (s[1] == '(')
		return s[2] ? 3 : 0;
	while (s[1] == '[' && s[n] >= ' ' && s[n] <= '?')
		n++;
	return s[1] == '[' && s[n] >= '@' && s[n] <= '~' ? n + 1 : 0;
}

// It is no part of a line, nor is a mark of UTF-8 in front of one.
static void drop_controls(char *s)
{
	char *to = s;

	s += text_mark_length(s);
	while (*s) {
		size_t n = control_length(s);
		if (n > 0)
			s += n;
		else
			*to++ = *s++;
	}
	*to = '\0';
}

static void take_line(struct tap *t)
{
	drop_controls(t->line.data);
	const char *line = t->line.data;
	size_t indent = strspn(line, TAP_LINE_BLANKS);

	if (take_yaml(t, line, indent) || line[indent] == '\0' || take_comment(t, line, indent))
		return;
	if (indent > 0 ? take_indented(t, line, indent) : take_outer(t, line))
		return;
	look_within(&t->hidden, line);
	t->hidden.plans += t->in_rest.plans;
	t->hidden.results += t->in_rest.results;
	t->hidden.failures += t->in_rest.failures;
	if (t->strict) {
		char *start = tap_line_copy(line, strnlen(line, 60));
		find_fault(t, xasprintf("no TAP under pragma +strict: %s", start));
		free(start);
	}
}

// How many bytes come before the end of the line.
static size_t line_length(const char *data, size_t n)
{
	size_t i = 0;

	while (i < n && data[i] != '\n' && data[i] != '\r')
		i++;
	return i;
}

// A NUL must not hide what stands behind it.
static void add_piece(struct buf *line, const char *data, size_t n)
{
	for (const char *nul; (nul = memchr(data, '\0', n));) {
		buf_add(line, data, (size_t)(nul - data));
		buf_addstr(line, "\xef\xbf\xbd");
		n -= (size_t)(nul - data) + 1;
		data = nul + 1;
	}
	buf_add(line, data, n);
}

// Looks into what is there of the rest, and leaves what may be continued.
static void look_into_rest(struct tap *t)
{
	struct buf *rest = &t->rest;

	look_within(&t->in_rest, rest->data);
	size_t left = rest->len < SEAM_BYTES ? rest->len : SEAM_BYTES;
	memmove(rest->data, rest->data + rest->len - left, left + 1);
	rest->len = left;
}

// Of a line that is too long only the beginning is kept, and the rest looked into.
static void add_to_line(struct tap *t, const char *data, size_t n)
{
	size_t room = t->line.len < LINE_MAX_BYTES ? LINE_MAX_BYTES - t->line.len : 0;
	size_t first = n < room ? n : room;

	add_piece(&t->line, data, first);
	if (first < n && t->rest.len == 0)
		add_piece(&t->rest, t->line.data + t->line.len - SEAM_BYTES, SEAM_BYTES);
	for (data += first, n -= first; n > 0; data += first, n -= first) {
		first = n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES;
		add_piece(&t->rest, data, first);
		if (t->rest.len >= LINE_MAX_BYTES)
			look_into_rest(t);
	}
}

static void end_line(struct tap *t)
{
	if (t->rest.len > 0)
		look_into_rest(t);
	buf_reserve(&t->line, 0);
	take_line(t);
	buf_clear(&t->line);
	buf_clear(&t->rest);
	t->in_rest = (struct tap_hidden){0};
}

void tap_feed(struct tap *t, const char *data, size_t n)
{
	while (n > 0) {
		size_t length = line_length(data, n);
		bool rest_of_crlf = t->after_cr && data[0] == '\n';
		add_to_line(t, data, length);
		t->after_cr = false;
		if (length == n)
			return;
		if (!rest_of_crlf)
			end_line(t);
		t->after_cr = data[length] == '\r';
		data += length + 1;
		n -= length + 1;
	}
}

// ---- the numbers ----

static int by_number(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

// Why the numbers, which are sorted, are not 1, 2, 3 and so on; NULL: they are.
static char *number_fault(const long *numbers, size_t n, long plan)
{
	size_t i = 0;

	while (i < n && numbers[i] == (long)i + 1)
		i++;
	if (i == n)
		return NULL;
	if (i > 0 && numbers[i] == numbers[i - 1])
		return xasprintf("test %ld came twice", numbers[i]);
	if (numbers[i] < 1 || numbers[i] > plan)
		return xasprintf("test %ld is none of its plan 1..%ld", numbers[i], plan);
	return xasprintf("test %zu is missing", i + 1);
}

static char *check_numbers(const struct tap *t)
{
	size_t n = t->tests.n;
	long *numbers = xmalloc((n + 1) * sizeof *numbers);

	for (size_t i = 0; i < n; i++)
		numbers[i] = t->tests.items[i].id;
	qsort(numbers, n, sizeof *numbers, by_number);
	char *fault = number_fault(numbers, n, t->plan);
	free(numbers);
	return fault;
}

void tap_finish(struct tap *t)
{
	t->at_end = true;
	if (t->line.len > 0)
		end_line(t);
	if (t->plans == 0 || t->fault)
		return;
	char *numbers = t->plan > 0 ? check_numbers(t) : NULL;
	if (t->seen != t->plan)
		find_fault(t, xasprintf("planned %ld tests but ran %ld%s%s", t->plan, t->seen,
					numbers ? ": " : "", numbers ? numbers : ""));
	else if (numbers)
		find_fault(t, xstrdup(numbers));
	else if (t->inner_failed)
		find_fault(t, xstrdup("a subtest fails, and its parent gives no result of it"));
	free(numbers);
}

enum tap_evidence tap_evidence(const struct tap *t)
{
	bool answered = t->seen > 0 || t->bailed || t->plan == 0;
	// A plan and no results are tests that never ran. Several are any ranges, as is one whose
	// line goes on somewhere else.
	bool planned = t->ended_plan && !t->ranges;
	bool nested = t->inner_plans > 0 && t->inner_results > 0;

	if (t->version > 0 || (t->plans > 0 && (answered || planned)))
		return TAP_STREAM;
	return t->numbered_failures > 0 || t->inner_failures > 0 || nested || t->bailed_outright
		       ? TAP_BROKEN
		       : TAP_NONE;
}

bool tap_may_hide(const struct tap *t)
{
	const struct tap_hidden *h = &t->hidden;
	long plans = t->plans + h->plans;
	long results = t->seen + t->bailed + h->results + h->failures;

	return h->failures > 0 || (plans > 0 && results > 0);
}

void tap_deliver(struct tap *t, struct result *result)
{
	result->has_tests = true;
	if (t->plans > 0)
		result->expected = t->plan;
	for (size_t i = 0; i < t->tests.n; i++)
		VEC_PUSH(&result->tests, t->tests.items[i]);
	t->tests.n = 0;
	drop_tests(t);
}
