// SPDX-License-Identifier: MIT
// What a quarantine says, until when it holds, and what it forgives.
#include "model/quarantine.h"

#include "../unit.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/result.h"

// The first second of 2027-01-31 and of the day behind it.
#define DAY_S  INT64_C(1801353600)
#define NEXT_S INT64_C(1801440000)

static void it_is_read(void **state)
{
	static const struct {
		const char *text, *until, *reason, *tests;
	} rows[] = {
		{"true", NULL, NULL, ""},
		{"2027-01-31", "2027-01-31", NULL, ""},
		{"until=2027-01-31", "2027-01-31", NULL, ""},
		{"reason=slow disks", NULL, "slow disks", ""},
		{"reason=a\\, b\\\\c = d,until=2028-02-29", "2028-02-29", "a, b\\c = d", ""},
		{"tests=a,test=b c,tests=d\\,e", NULL, NULL, "a|b c|d,e|"},
		{"2027-01-31,tests=a", NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quarantine q = {0};
		struct buf tests = {0};
		struct err err = {0};
		int status = quarantine_read(&q, rows[i].text, &err);
		check_row((status == 0) == (rows[i].tests != NULL), "%s: %s", rows[i].text,
			  err.message);
		if (status < 0)
			continue;
		for (size_t k = 0; k < q.tests.n; k++)
			buf_addf(&tests, "%s|", q.tests.items[k]);
		check_row(strcmp(q.text, rows[i].text) == 0, "%s: %s", rows[i].text, q.text);
		check_row(strcmp(tests.data ? tests.data : "", rows[i].tests) == 0, "%s: %s",
			  rows[i].text, tests.data);
		check_row(rows[i].until ? q.until && strcmp(q.until, rows[i].until) == 0 : !q.until,
			  "%s: %s", rows[i].text, q.until);
		check_row(rows[i].reason ? q.reason && strcmp(q.reason, rows[i].reason) == 0
					 : !q.reason,
			  "%s: %s", rows[i].text, q.reason);
		buf_release(&tests);
		quarantine_release(&q);
	}
}

static void what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{"2027-02-30", "quarantine.until=2027-02-30: wants a day"},
		{"2027-02-29", "quarantine.until=2027-02-29: "},
		{"2100-02-29", "quarantine.until=2100-02-29: "},
		{"2027-04-31", "quarantine.until=2027-04-31: "},
		{"2027-00-01", "quarantine.until=2027-00-01: "},
		{"2027-13-01", "quarantine.until=2027-13-01: "},
		{"2027-1-31", "quarantine.until=2027-1-31: "},
		{"2027-01-31T00", "quarantine.until=2027-01-31T00: "},
		{"20270131", "quarantine.until=20270131: "},
		{"31.01.2027", "quarantine.until=31.01.2027: "},
		{"0000-01-01", "quarantine.until=0000-01-01: "},
		{"until=soon", "quarantine.until=soon: "},
		{"until=2027-01-31,until=2027-02-01", "said twice"},
		{"reason=a,reason=b", "said twice"},
		{"reason=", "quarantine.reason=: "},
		{"tests=", "quarantine.tests=: wants the names of tests"},
		{"tests=a,tests=", "quarantine.tests=: "},
		{"untill=2027-01-31", "quarantine.untill: no such member; did you mean until?"},
		{"owner=me", "quarantine.owner: no such member; it has until, reason and tests"},
		{"reason=a, b", "quarantine= b: wants "},
		{"soon", "quarantine=soon: wants "},
		{"", "quarantine=: wants "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quarantine q = {0};
		struct err err = {0};
		int status = quarantine_read(&q, rows[i].text, &err);
		check_row(status < 0 && strstr(err.message, rows[i].told), "%s: %s", rows[i].text,
			  err.message);
		check_row(!q.text && q.tests.n == 0, "%s", rows[i].text);
	}
}

static void a_member_comes_back_as_it_was(void **state)
{
	static const char nasty[] = "a,b\\,c=\\\\ \t\"'\n\xc3\xa9";
	struct quarantine q = {0};
	struct buf text = {0};
	struct err err;

	(void)state;
	quarantine_add_member(&text, "reason", nasty);
	quarantine_add_member(&text, "tests", nasty);
	quarantine_add_member(&text, "tests", "b");
	assert_int_equal(quarantine_read(&q, text.data, &err), 0);
	struct quarantine *copy = quarantine_copy(&q);
	assert_string_equal(copy->reason, nasty);
	assert_int_equal(copy->tests.n, 2);
	assert_string_equal(copy->tests.items[0], nasty);
	quarantine_free(copy);
	// It is taken back, and nothing is left of it.
	assert_int_equal(quarantine_read(&q, "false", &err), 0);
	assert_null(q.text);
	assert_int_equal(q.tests.n, 0);
	assert_null(quarantine_copy(&q));
	buf_release(&text);
}

static void it_holds_until_its_last_day_is_over(void **state)
{
	static const struct {
		const char *text;
		int64_t end_s;
	} rows[] = {
		{"1970-01-01", 86400},      {"2027-01-31", NEXT_S},
		{"2000-02-29", 951868800},  {"2100-12-31", INT64_C(4133980800)},
		{"2262-04-11", 9223372800}, {"9999-12-31", INT64_C(253402300800)},
		{"2026-12-31", 1798761600}, {"2028-03-01", INT64_C(1835568000)},
	};
	struct quarantine q = {0};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(quarantine_read(&q, rows[i].text, &err), 0);
		check_row(q.end_s == rows[i].end_s, "%s: %lld", rows[i].text, (long long)q.end_s);
	}
	assert_int_equal(quarantine_read(&q, "2027-01-31", &err), 0);
	assert_true(quarantine_holds(&q, DAY_S * NS_PER_SEC));
	assert_true(quarantine_holds(&q, NEXT_S * NS_PER_SEC - 1));
	assert_false(quarantine_holds(&q, NEXT_S * NS_PER_SEC));
	assert_int_equal(quarantine_read(&q, "9999-12-31", &err), 0);
	assert_true(quarantine_holds(&q, INT64_MAX));
	assert_int_equal(quarantine_read(&q, "reason=x", &err), 0);
	assert_true(quarantine_holds(&q, INT64_MAX));
	assert_false(quarantine_holds(NULL, 0));
	quarantine_release(&q);
	assert_false(quarantine_holds(&q, 0));
}

// A file with two failed tests, "group a" and "b", and one that passed.
struct sample {
	struct result r;
	struct test_case tests[3];
	char *group[1];
};

static struct sample *make(const char *quarantine, enum file_status status)
{
	struct sample *s = xcalloc(1, sizeof *s);
	struct quarantine q = {0};
	struct err err;

	s->group[0] = (char *)"group";
	s->tests[0] = (struct test_case){
		.path = s->group, .npath = 1, .name = (char *)"a", .status = TEST_FAILED};
	s->tests[1] = (struct test_case){.name = (char *)"b", .status = TEST_ERROR};
	s->tests[2] = (struct test_case){.name = (char *)"c", .status = TEST_PASSED};
	s->r = (struct result){.status = status,
			       .has_tests = true,
			       .started_ns = DAY_S * NS_PER_SEC,
			       .tests = {.items = s->tests, .n = 3}};
	assert_int_equal(quarantine_read(&q, quarantine, &err), 0);
	s->r.quarantine = quarantine_copy(&q);
	quarantine_release(&q);
	return s;
}

static void release(struct sample *s)
{
	quarantine_free(s->r.quarantine);
	free(s);
}

static void it_forgives_what_it_names_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		enum file_status status;
		bool forgiven;
		long counted; // of the tests
	} rows[] = {
		{"true", FILE_FAILED, true, 2},
		{"true", FILE_ERROR, true, 2},
		{"true", FILE_TIMEOUT, true, 2},
		{"true", FILE_LIMIT, true, 2},
		{"true", FILE_PASSED, false, 2},
		{"true", FILE_SKIPPED, false, 2},
		{"true", FILE_NOTRUN, false, 2},
		{"false", FILE_FAILED, false, 0},
		{"2027-01-31", FILE_FAILED, true, 2},
		{"2027-01-30", FILE_FAILED, false, 0},
		{"tests=a,tests=b", FILE_FAILED, true, 2},
		{"tests=group a,tests=b", FILE_FAILED, true, 2},
		{"tests=a,tests=b,tests=c,tests=d", FILE_FAILED, true, 2},
		{"tests=a", FILE_FAILED, false, 1},
		{"tests=c", FILE_FAILED, false, 0},
		{"tests=group,tests=b", FILE_FAILED, false, 1},
		{"tests=a,tests=b", FILE_ERROR, false, 2},
		{"tests=a,tests=b", FILE_TIMEOUT, false, 2},
		{"tests=a,tests=b", FILE_LIMIT, false, 2},
		{"until=2027-01-30,tests=a,tests=b", FILE_FAILED, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample *s = make(rows[i].text, rows[i].status);
		quarantine_judge(&s->r);
		check_row(s->r.forgiven == rows[i].forgiven, "row %zu: %s", i, rows[i].text);
		check_row(result_is_bad(&s->r) ==
				  (file_status_is_bad(rows[i].status) && !rows[i].forgiven),
			  "row %zu", i);
		struct counts c = result_counts(&s->r);
		check_row(c.forgiven == rows[i].counted, "row %zu: %ld", i, c.forgiven);
		check_row(c.total == 3 && c.passed + c.failed + c.errors + c.forgiven == 3,
			  "row %zu: %ld", i, c.total);
		release(s);
	}
}

static void what_else_is_wrong_is_not_forgiven(void **state)
{
	struct file_error error = {0};

	(void)state;
	for (int what = 0; what < 3; what++) {
		struct sample *s = make("tests=a,tests=b", FILE_FAILED);
		s->r.unproven = what == 0;
		s->r.errors.items = &error;
		s->r.errors.n = what == 1;
		// Its exit status alone says that it failed.
		s->r.tests.n = what == 2 ? 0 : 3;
		quarantine_judge(&s->r);
		check_row(!s->r.forgiven, "%d", what);
		release(s);
	}
}

static void it_is_described(void **state)
{
	static const struct {
		const char *text;
		int64_t at_s;
		const char *told;
	} rows[] = {
		{"true", DAY_S, "in quarantine"},
		{"reason=why", DAY_S, "in quarantine: why"},
		{"2027-01-31", DAY_S, "in quarantine until 2027-01-31"},
		{"until=2027-01-31,reason=why", NEXT_S, "its quarantine ended on 2027-01-31: why"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quarantine q = {0};
		struct buf b = {0};
		struct err err;
		assert_int_equal(quarantine_read(&q, rows[i].text, &err), 0);
		quarantine_describe(&b, &q, rows[i].at_s * NS_PER_SEC, true);
		assert_string_equal(b.data, rows[i].told);
		buf_release(&b);
		quarantine_release(&q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_read),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(a_member_comes_back_as_it_was),
		cmocka_unit_test(it_holds_until_its_last_day_is_over),
		cmocka_unit_test(it_forgives_what_it_names_and_nothing_else),
		cmocka_unit_test(what_else_is_wrong_is_not_forgiven),
		cmocka_unit_test(it_is_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
