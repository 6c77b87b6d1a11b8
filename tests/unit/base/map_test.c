// SPDX-License-Identifier: MIT
#include "base/map.h"

#include "../unit.h"

static int values[20000];

static void an_empty_map_has_nothing(void **state)
{
	struct map m = {0};

	(void)state;
	assert_null(map_get(&m, "a"));
	assert_null(map_get(&m, ""));
	map_release(&m);
	map_release(&m);
}

static void put_returns_what_was_there(void **state)
{
	struct map m = {0};

	(void)state;
	assert_null(map_put(&m, "a", &values[1]));
	assert_null(map_put(&m, "b", &values[2]));
	assert_ptr_equal(map_put(&m, "a", &values[3]), &values[1]);
	assert_ptr_equal(map_get(&m, "a"), &values[3]);
	assert_ptr_equal(map_get(&m, "b"), &values[2]);
	assert_null(map_get(&m, "c"));
	assert_int_equal(m.n, 2);
	map_release(&m);
	assert_null(map_get(&m, "a"));
}

static void keys_are_copied(void **state)
{
	char key[] = "key";
	struct map m = {0};

	(void)state;
	map_put(&m, key, &values[1]);
	key[0] = 'x';
	assert_ptr_equal(map_get(&m, "key"), &values[1]);
	assert_null(map_get(&m, "xey"));
	map_release(&m);
}

static void any_bytes_are_a_key(void **state)
{
	static const char *const keys[] = {"",    " ",    "a",        "A", "a/",
					   "a\n", "\xff", "\xff\xff", "aa"};
	struct map m = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_null(map_put(&m, keys[i], &values[i]));
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_ptr_equal(map_get(&m, keys[i]), &values[i]);
	map_release(&m);
}

static void it_grows_without_losing_a_key(void **state)
{
	struct map m = {0};
	char key[32];

	(void)state;
	for (int i = 0; i < (int)COUNT(values); i++) {
		snprintf(key, sizeof key, "tests/%d_test.lua", i);
		assert_null(map_put(&m, key, &values[i]));
	}
	assert_int_equal(m.n, COUNT(values));
	assert_int_equal(m.cap & (m.cap - 1), 0);
	for (int i = 0; i < (int)COUNT(values); i++) {
		snprintf(key, sizeof key, "tests/%d_test.lua", i);
		if (map_get(&m, key) != &values[i])
			fail_msg("%s", key);
	}
	assert_null(map_get(&m, "tests/20000_test.lua"));
	map_release(&m);
}

// What every owner of values does: walk the slots.
static void every_value_stands_in_one_slot(void **state)
{
	size_t seen = 0;
	struct map m = {0};
	char key[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "%d", i % 500);
		map_put(&m, key, &values[i]);
	}
	for (size_t i = 0; i < m.cap; i++)
		if (m.slots[i].value) {
			int k = (int)((int *)m.slots[i].value - values);
			assert_int_equal(atoi(m.slots[i].key), k - 500);
			seen++;
		}
	assert_int_equal(seen, 500);
	map_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(put_returns_what_was_there),
		cmocka_unit_test(keys_are_copied),
		cmocka_unit_test(any_bytes_are_a_key),
		cmocka_unit_test(it_grows_without_losing_a_key),
		cmocka_unit_test(every_value_stands_in_one_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
