// SPDX-License-Identifier: MIT
// LuaCov's stats: what is read, and what is none.
#include "coverage/stats.h"

#include "../unit.h"
#include "model/hits.h"

static struct hits *parse(const char *text, int wanted)
{
	struct hits *h = xcalloc(1, sizeof *h);

	assert_int_equal(stats_parse(h, text, strlen(text)), wanted);
	return h;
}

static void counts_are_added_by_name(void **state)
{
	struct hits *h = parse("3:a b.lua\n1 0 4294967296 \n0:empty.lua\n\n", 0);

	assert_int_equal(stats_parse(h, "2:a b.lua\n1 1 \n4:c\n0 0 0 1e+15 \n", 31), 0);
	assert_int_equal(h->n, 3);
	const struct hits_file *f = hits_file(h, "a b.lua", 0);
	assert_int_equal(f->lines, 3);
	assert_int_equal(f->counts[1], 2);
	assert_int_equal(f->counts[2], 1);
	assert_int_equal(f->counts[3], INT64_C(4294967296));
	assert_int_equal(hits_file(h, "c", 0)->counts[4], INT64_C(1000000000000000));
	hits_free(h);
}

static void what_is_none(void **state)
{
	static const char *const texts[] = {
		"x",          "3",          "3:a",       "3:a\n1 2 ",
		"3 a\n1 2 3", "-1:a\n1 \n", "1:a\nx \n", "99999999:a\n1 \n"};

	for (size_t i = 0; i < COUNT(texts); i++)
		hits_free(parse(texts[i], -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_added_by_name),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
