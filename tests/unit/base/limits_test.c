// SPDX-License-Identifier: MIT
#include "base/limits.h"

#include <sys/wait.h>

#include "../unit.h"
#include "base/err.h"

#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define TIB (INT64_C(1) << 40)

static void reads_every_kind_and_unit(void **state)
{
	static const struct {
		const char *text;
		enum limit_kind kind;
		rlim_t value;
	} rows[] = {
		{"as=1G", LIMIT_AS, GIB},
		{"as=4096", LIMIT_AS, 4096},
		{"as=1k", LIMIT_AS, KIB},
		{"as=1K", LIMIT_AS, KIB},
		{"as=3m", LIMIT_AS, 3 * MIB},
		{"as=2T", LIMIT_AS, 2 * TIB},
		{"as=0", LIMIT_AS, 0},
		{"as=007", LIMIT_AS, 7},
		{"as=unlimited", LIMIT_AS, RLIM_INFINITY},
		{"cpu=30", LIMIT_CPU, 30},
		{"cpu=unlimited", LIMIT_CPU, RLIM_INFINITY},
		{"fsize=10M", LIMIT_FSIZE, 10 * MIB},
		{"nofile=256", LIMIT_NOFILE, 256},
		{"nproc=100", LIMIT_NPROC, 100},
		{"stack=8M", LIMIT_STACK, 8 * MIB},
		{"core=0", LIMIT_CORE, 0},
		{"as=9223372036854775807", LIMIT_AS, INT64_MAX},
		{"as=8388607T", LIMIT_AS, 8388607 * TIB},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limits l = {0};
		check_row(limits_parse(&l, rows[i].text, &err) == 0, "%s: %s", rows[i].text,
			  err.message);
		check_row(l.value[rows[i].kind] == rows[i].value, "%s gives %ju", rows[i].text,
			  (uintmax_t)l.value[rows[i].kind]);
		for (int k = 0; k < LIMIT_COUNT; k++)
			check_row(l.set[k] == (k == (int)rows[i].kind), "%s sets %d", rows[i].text,
				  k);
	}
}

static void reads_lists(void **state)
{
	struct limits l = {0};
	struct err err;

	(void)state;
	assert_int_equal(limits_parse(&l, "as=1G,cpu=30,nofile=unlimited", &err), 0);
	assert_int_equal(limits_parse(&l, "cpu=31,core=0", &err), 0);
	assert_int_equal(limits_parse(&l, "", &err), -1);
	assert_int_equal(limits_parse(&l, "core=0,", &err), -1);
	assert_int_equal(l.value[LIMIT_AS], GIB);
	assert_int_equal(l.value[LIMIT_CPU], 31);
	assert_true(l.value[LIMIT_NOFILE] == RLIM_INFINITY);
	assert_true(l.set[LIMIT_CORE] && l.value[LIMIT_CORE] == 0);
	assert_false(l.set[LIMIT_STACK] || l.set[LIMIT_FSIZE] || l.set[LIMIT_NPROC]);
}

static void errors_name_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{"foo=1", "foo"},
		{"as=1G,foo=1", "foo"},
		{"foo", "foo"},
		{"AS=1", "AS"},
		{"asx=1", "asx"},
		{"a=1", "'a'"},
		{"=1", "limit"},
		{",", "limit"},
		{"as=1,,cpu=1", "limit"},
		{" as=1", " as"},
		{"as", "as"},
		{"as,cpu=1", "as"},
		{"as=", "as="},
		{"as=x", "as=x"},
		{"as=-1", "as=-1"},
		{"as=+1", "as=+1"},
		{"as= 1", "as= 1"},
		{"as=1 ", "as=1 "},
		{"as=1.5G", "as=1.5G"},
		{"as=0x10", "as=0x10"},
		{"as=1GB", "as=1GB"},
		{"as=1P", "as=1P"},
		{"as=G", "as=G"},
		{"as=unlimite", "as=unlimite"},
		{"as=unlimitedx", "as=unlimitedx"},
		{"as=Unlimited", "as=Unlimited"},
		{"as=infinity", "as=infinity"},
		{"as=1=2", "as=1=2"},
		{"as=1\xff", "as=1\xff"},
		{"cpu=1K", "cpu=1K"},
		{"nofile=1k", "nofile=1k"},
		{"nproc=1.0", "nproc=1.0"},
		{"cpu=30s", "cpu=30s"},
		{"as=1G;cpu=3", "as=1G;cpu=3"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limits l = {0};
		err.message[0] = '\0';
		check_row(limits_parse(&l, rows[i].text, &err) == -1, "'%s'", rows[i].text);
		check_row(strstr(err.message, rows[i].told), "'%s': %s", rows[i].text, err.message);
		check_row(!strchr(err.message, '\n'), "'%s': %s", rows[i].text, err.message);
	}
}

static void too_large_is_an_error(void **state)
{
	static const char *const texts[] = {
		"as=9223372036854775808",
		"as=18446744073709551615",
		"as=18446744073709551616",
		"as=99999999999999999999999999",
		"as=8388608T",
		"as=16777216T",
		"as=18014398509481984K",
		"as=9007199254740992K",
		"cpu=99999999999999999999",
		"nofile=18446744073709551616",
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct limits l = {0};
		check_row(limits_parse(&l, texts[i], &err) == -1, "%s gives %ju", texts[i],
			  (uintmax_t)l.value[LIMIT_AS]);
		check_row(strstr(err.message, texts[i]), "%s", err.message);
	}
}

static void a_huge_text_is_an_error_like_others(void **state)
{
	char *text = xcalloc(1, 100001);
	struct limits l = {0};
	struct err err;

	(void)state;
	memset(text, '9', 100000);
	memcpy(text, "as=", 3);
	assert_int_equal(limits_parse(&l, text, &err), -1);
	memset(text, 'x', 100000);
	assert_int_equal(limits_parse(&l, text, &err), -1);
	free(text);
}

// ---- in force ----

// In a child: its exit status is 0 if `resource` is then cur and max.
static int status_in_child(const struct limits *l, int resource, rlim_t cur, rlim_t max)
{
	struct rlimit r;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (limits_apply(l) != 0 || getrlimit(resource, &r) != 0)
			_exit(2);
		_exit(r.rlim_cur == cur && r.rlim_max == max ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static struct limits limits_of(const char *text)
{
	struct limits l = {0};
	struct err err;

	assert_int_equal(limits_parse(&l, text, &err), 0);
	return l;
}

static void applied_limits_hold(void **state)
{
	struct limits l = limits_of("nofile=64,fsize=1M,core=0");

	(void)state;
	assert_int_equal(status_in_child(&l, RLIMIT_NOFILE, 64, 64), 0);
	assert_int_equal(status_in_child(&l, RLIMIT_FSIZE, MIB, MIB), 0);
	assert_int_equal(status_in_child(&l, RLIMIT_CORE, 0, 0), 0);
}

// SIGXCPU comes first, and can be told from other ends.
static void cpu_time_leaves_a_second_for_the_signal(void **state)
{
	struct limits l = limits_of("cpu=5");

	(void)state;
	assert_int_equal(status_in_child(&l, RLIMIT_CPU, 5, 6), 0);
}

static void the_hard_limit_in_force_is_never_exceeded(void **state)
{
	struct limits low = limits_of("nofile=50"), high = limits_of("nofile=90"),
		      none = limits_of("nofile=unlimited");
	struct rlimit r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (limits_apply(&low) != 0 || limits_apply(&high) != 0 || limits_apply(&none) != 0)
			_exit(2);
		getrlimit(RLIMIT_NOFILE, &r);
		_exit(r.rlim_cur == 50 && r.rlim_max == 50 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(status_in_child(&none, RLIMIT_NOFILE, r.rlim_max, r.rlim_max), 0);
}

static void what_is_not_set_stays(void **state)
{
	struct limits l = {0};
	struct rlimit r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	assert_int_equal(status_in_child(&l, RLIMIT_NOFILE, r.rlim_cur, r.rlim_max), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind_and_unit),
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(errors_name_what_is_wrong),
		cmocka_unit_test(too_large_is_an_error),
		cmocka_unit_test(a_huge_text_is_an_error_like_others),
		cmocka_unit_test(applied_limits_hold),
		cmocka_unit_test(cpu_time_leaves_a_second_for_the_signal),
		cmocka_unit_test(the_hard_limit_in_force_is_never_exceeded),
		cmocka_unit_test(what_is_not_set_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
