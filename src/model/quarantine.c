// SPDX-License-Identifier: MIT
#include "model/quarantine.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/result.h"

#define DAY_S 86400

// ---- days ----

static bool is_leap(long year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// From the first of 1970, of the proleptic Gregorian calendar.
static int64_t days_to(long year, long month, long day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	long past = year - 1;
	int64_t days = 365 * past + past / 4 - past / 100 + past / 400 - 719162;

	return days + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

static long days_of(long year, long month)
{
	return (long)(month == 12 ? 31 : days_to(year, month + 1, 1) - days_to(year, month, 1));
}

// The n digits at s.
static bool read_digits(const char *s, size_t n, long least, long most, long *value)
{
	char digits[8] = "";

	if (strspn(s, "0123456789") < n)
		return false;
	memcpy(digits, s, n);
	return text_parse_long(digits, least, most, value);
}

// YYYY-MM-DD; *end_s: when it is over.
static bool read_day(const char *s, int64_t *end_s)
{
	long year, month, day;

	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' ||
	    !read_digits(s, 4, 1970, 9999, &year) || !read_digits(s + 5, 2, 1, 12, &month) ||
	    !read_digits(s + 8, 2, 1, 31, &day) || day > days_of(year, month))
		return false;
	*end_s = (days_to(year, month, day) + 1) * DAY_S;
	return true;
}

// ---- reading ----

static int refuse(struct err *err, const char *name, const char *value, const char *wanted)
{
	return err_set(err, 0, "quarantine.%s=%s: %s", name, value, wanted);
}

static int set_once(char **text, const char *name, const char *value, const char *wanted,
		    struct err *err)
{
	if (*text)
		return refuse(err, name, value, "it is said twice");
	if (!*value)
		return refuse(err, name, value, wanted);
	*text = xstrdup(value);
	return 0;
}

static int set_until(struct quarantine *q, const char *value, struct err *err)
{
	static const char wanted[] = "wants a day that there is, such as 2027-01-31";
	int status = set_once(&q->until, "until", value, wanted, err);

	return status < 0 || read_day(value, &q->end_s) ? status
							: refuse(err, "until", value, wanted);
}

static int add_test(struct quarantine *q, const char *value, struct err *err)
{
	if (!*value)
		return refuse(err, "tests", value, "wants the names of tests");
	VEC_PUSH(&q->tests, xstrdup(value));
	return 0;
}

static int refuse_member(const char *name, struct err *err)
{
	struct nearest near = {.word = name, .n = strlen(name)};

	nearest_offer(&near, "until");
	nearest_offer(&near, "reason");
	nearest_offer(&near, "tests");
	if (near.best)
		return err_set(err, 0, "quarantine.%s: no such member; did you mean %s?", name,
			       near.best);
	return err_set(err, 0, "quarantine.%s: no such member; it has until, reason and tests",
		       name);
}

static int set_member(struct quarantine *q, const char *name, const char *value, struct err *err)
{
	if (strcmp(name, "until") == 0)
		return set_until(q, value, err);
	if (strcmp(name, "reason") == 0)
		return set_once(&q->reason, name, value, "wants a text", err);
	if (strcmp(name, "tests") == 0 || strcmp(name, "test") == 0)
		return add_test(q, value, err);
	return refuse_member(name, err);
}

// Appends what stands at s up to the next comma; returns what follows.
static const char *take_member(struct buf *b, const char *s)
{
	buf_clear(b);
	for (; *s && *s != ','; s++) {
		s += *s == '\\' && s[1];
		buf_addch(b, *s);
	}
	buf_reserve(b, 0);
	b->data[b->len] = '\0';
	return *s ? s + 1 : s;
}

static int read_member(struct quarantine *q, char *member, struct err *err)
{
	char *value = strchr(member, '=');

	if (!value)
		return err_set(err, 0,
			       "quarantine=%s: wants until=2027-01-31, reason=TEXT or tests=NAME, "
			       "with commas between them; a comma in a text is written \\,",
			       member);
	*value++ = '\0';
	return set_member(q, member, value, err);
}

static int read_members(struct quarantine *q, const char *text, struct err *err)
{
	struct buf member = {0};
	int status = 0;

	do {
		text = take_member(&member, text);
		status = read_member(q, member.data, err);
	} while (status == 0 && *text);
	buf_release(&member);
	return status;
}

static bool begins_with_digit(const char *text)
{
	return *text >= '0' && *text <= '9';
}

int quarantine_read(struct quarantine *q, const char *text, struct err *err)
{
	int status = 0;

	quarantine_release(q);
	if (strcmp(text, "false") == 0)
		return 0;
	q->text = xstrdup(text);
	if (begins_with_digit(text) && !strchr(text, ','))
		status = set_until(q, text, err);
	else if (strcmp(text, "true") != 0)
		status = read_members(q, text, err);
	if (status < 0)
		quarantine_release(q);
	return status;
}

void quarantine_add_member(struct buf *text, const char *name, const char *value)
{
	buf_addf(text, "%s%s=", text->len ? "," : "", name);
	for (; *value; value++) {
		if (*value == ',' || *value == '\\')
			buf_addch(text, '\\');
		buf_addch(text, *value);
	}
}

void quarantine_release(struct quarantine *q)
{
	free(q->text);
	free(q->until);
	free(q->reason);
	strings_free_all(&q->tests);
	*q = (struct quarantine){0};
}

struct quarantine *quarantine_copy(const struct quarantine *q)
{
	struct err unused;

	if (!q || !q->text)
		return NULL;
	struct quarantine *copy = xcalloc(1, sizeof *copy);
	quarantine_read(copy, q->text, &unused);
	return copy;
}

void quarantine_free(struct quarantine *q)
{
	if (q)
		quarantine_release(q);
	free(q);
}

// ---- what it means ----

bool quarantine_holds(const struct quarantine *q, int64_t real_ns)
{
	return q && q->text && (!q->until || real_ns / NS_PER_SEC < q->end_s);
}

bool quarantine_names(const struct quarantine *q, const struct test_case *t)
{
	struct buf name = {0};
	bool is = q->tests.n == 0;

	failure_test_name(&name, t);
	for (size_t i = 0; !is && i < q->tests.n; i++)
		is = strcmp(q->tests.items[i], name.data) == 0 ||
		     (t->name && strcmp(q->tests.items[i], t->name) == 0);
	buf_release(&name);
	return is;
}

bool quarantine_forgives(const struct result *r, const struct test_case *t)
{
	return failure_is_test(t) && quarantine_holds(r->quarantine, r->started_ns) &&
	       quarantine_names(r->quarantine, t);
}

// Whether it failed in tests that are forgiven, and in nothing else.
static bool fails_in_forgiven_tests(const struct result *r)
{
	size_t forgiven = 0;

	if (r->status != FILE_FAILED || r->errors.n > 0 || r->unproven)
		return false;
	for (size_t i = 0; i < r->tests.n; i++) {
		if (!failure_is_test(&r->tests.items[i]))
			continue;
		if (!quarantine_forgives(r, &r->tests.items[i]))
			return false;
		forgiven++;
	}
	return forgiven > 0;
}

void quarantine_judge(struct result *r)
{
	r->forgiven = file_status_is_bad(r->status) &&
		      quarantine_holds(r->quarantine, r->started_ns) &&
		      (r->quarantine->tests.n == 0 || fails_in_forgiven_tests(r));
}

void quarantine_describe(struct buf *b, const struct quarantine *q, int64_t real_ns, bool reason)
{
	bool holds = quarantine_holds(q, real_ns);

	buf_addstr(b, holds ? "in quarantine" : "its quarantine ended");
	if (q->until)
		buf_addf(b, " %s %s", holds ? "until" : "on", q->until);
	if (reason && q->reason)
		buf_addf(b, ": %s", q->reason);
}
