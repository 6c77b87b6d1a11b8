// SPDX-License-Identifier: MIT
#include "model/inputs.h"

#include "../unit.h"

static void insert_all(struct inputs *in)
{
	inputs_insert(in, INPUT_WHOLE, "b.lua");
	inputs_insert(in, INPUT_PATH, "c.lua");
	inputs_insert(in, INPUT_XATTRS, "a.lua");
	inputs_insert(in, INPUT_PATH, "a.lua");
	inputs_insert(in, INPUT_PATH, "c.lua");
	inputs_insert(in, INPUT_WAY, "way");
}

static void what_is_inserted_keeps_the_order(void **state)
{
	static const enum input_kind kinds[] = {INPUT_PATH, INPUT_PATH, INPUT_WAY, INPUT_XATTRS,
						INPUT_WHOLE};
	struct inputs in = {0};

	(void)state;
	insert_all(&in);
	assert_int_equal(in.list.n, COUNT(kinds));
	for (size_t i = 0; i < COUNT(kinds); i++)
		assert_int_equal(in.list.items[i].kind, kinds[i]);
	assert_string_equal(in.list.items[0].name, "a.lua");
	assert_non_null(inputs_find(&in, INPUT_XATTRS, "a.lua"));
	inputs_release(&in);
}

static void only_whole_chunks_are_taken_over(void **state)
{
	struct inputs in = {0}, other = {0};

	(void)state;
	insert_all(&other);
	inputs_insert(&in, INPUT_PATH, "d.lua");
	inputs_take_whole(&in, &other);
	inputs_take_whole(&in, &other);
	assert_int_equal(in.list.n, 2);
	assert_non_null(inputs_find(&in, INPUT_WHOLE, "b.lua"));
	inputs_release(&in);
	inputs_release(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_inserted_keeps_the_order),
		cmocka_unit_test(only_whole_chunks_are_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
