// SPDX-License-Identifier: MIT
#include "report/advice.h"

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/advice.h"
#include "report/text.h"

#define MIB (INT64_C(1) << 20)

static struct advice_row rows[] = {
	{.workers = 1,
	 .wall_ns = 20 * NS_PER_SEC,
	 .lower_bound_ns = 20 * NS_PER_SEC,
	 .bound = BOUND_WORKERS,
	 .memory_bytes = 10 * MIB,
	 .worst_bytes = 10 * MIB},
	{.workers = 16,
	 .wall_ns = 12 * NS_PER_SEC + 345 * NS_PER_MS,
	 .lower_bound_ns = 12 * NS_PER_SEC,
	 .bound = BOUND_FILE,
	 .memory_bytes = 15 * MIB,
	 .worst_bytes = 2048 * MIB},
};

static struct advice_deadline others[] = {
	{"tests/\033[31mred_test.lua", 30 * NS_PER_SEC, 150 * NS_PER_SEC},
	{"tests/a/path/that/is/far/too/long/for/one/line/of/a/terminal/of/eighty/columns_test.lua",
	 4 * NS_PER_SEC, 20 * NS_PER_SEC},
};

// Everything that can be told; the arrays are static, so it is not released.
static struct advice everything(void)
{
	return (struct advice){
		.cpus = 8,
		.files = 20,
		.unknown = 2,
		.uncertain = 1,
		.available_bytes = 1000 * MIB,
		.rows = {rows, COUNT(rows), COUNT(rows)},
		.enough = 1,
		.longest = {"tests/\033[31mred_test.lua", 12 * NS_PER_SEC, 8, 6 * NS_PER_SEC},
		.timeout = {150 * NS_PER_SEC, 10 * NS_PER_SEC, {others, COUNT(others), 2}},
	};
}

static char *text_of(const struct advice *a, bool colours)
{
	struct text_style style = {.colours = colours};
	struct err err = {0};
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(report_advice_text(out, a, &style, &err), 0);
	fclose(out);
	return text;
}

static void tells_everything_in_80_columns(void **state)
{
	struct advice a = everything();
	char *text = text_of(&a, false);

	(void)state;
	assert_string_equal(
		text,
		"20 files on 8 CPUs:\n"
		"\n"
		"    -j    predicted   speed-up       at least, by     MiB  at worst\n"
		"     1      20.000s      1.00      20.000s workers     10.0     10.0\n"
		">   16      12.345s      1.62      12.000s file        15.0   2048.0\n"
		"\n"
		"-j 16 is enough: more workers gain less than 5 %.\n"
		"tests/\\x1b[31mred_test.lua bounds the run: it takes 12.000s. Were it two files\n"
		"  of half the size, -j 8 would take 6.000s in all, 6.345s less.\n"
		"From -j 16 on memory may run short: 1000.0 MiB are available.\n"
		"--timeout=150 leaves room for every file, --timeout=10 for all but 2;\n"
		"  --timeout=auto gives each its own:\n"
		"     150s tests/\\x1b[31mred_test.lua\n"
		"      20s tests/a/path/that.../one/line/of/a/terminal/of/eighty/columns_test.lua\n"
		"1 file always ran beside others, and how long it waited for a CPU is not known:\n"
		"  the predictions may be too long.\n"
		"2 files have no time yet, and are left out.\n");
	free(text);
	text = text_of(&a, true);
	assert_non_null(strstr(text, "\033[1m>   16 "));
	assert_non_null(strstr(text, "\n     1 "));
	free(text);
}

static void leaves_out_what_there_is_not(void **state)
{
	struct advice a = everything();

	(void)state;
	a.files = a.cpus = 1;
	a.unknown = a.uncertain = a.timeout.others.n = 0;
	a.available_bytes = 0;
	a.longest.split_wall_ns = 12 * NS_PER_SEC;
	a.timeout.all_ns = a.timeout.most_ns = 0;
	char *text = text_of(&a, false);
	assert_non_null(strstr(text, "1 file on 1 CPU:\n"));
	assert_non_null(strstr(text, "No single file bounds the run: to split the longest, "));
	assert_non_null(strstr(text, "less than 5 %.\n"));
	assert_null(strstr(text, "memory may"));
	assert_null(strstr(text, "--timeout"));
	assert_null(strstr(text, "always ran"));
	assert_null(strstr(text, "no time yet"));
	free(text);
}

// What cannot be written is told.
static void fails_where_the_disk_is_full(void **state)
{
	static int (*const reports[])(FILE *, const struct advice *,
				      struct err *) = {report_advice_json, report_advice_csv};
	struct advice a = everything();

	(void)state;
	for (size_t i = 0; i < COUNT(reports); i++) {
		struct err err = {0};
		FILE *out = fopen("/dev/full", "we");
		assert_non_null(out);
		setvbuf(out, NULL, _IONBF, 0);
		assert_int_equal(reports[i](out, &a, &err), -1);
		assert_non_null(strstr(err.message, "write the advice"));
		fclose(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_everything_in_80_columns),
		cmocka_unit_test(leaves_out_what_there_is_not),
		cmocka_unit_test(fails_where_the_disk_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
