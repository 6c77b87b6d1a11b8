// SPDX-License-Identifier: MIT
#include "../unit.h"

#include "base/buf.h"
#include "model/way.h"

static struct buf told;

static void tell(const char *name, const char *was, const char *is)
{
	buf_addf(&told, "[%s|%s|%s]", name, was ? was : "-", is ? is : "-");
}

static void assert_told(const char *was, const char *is, const char *wanted)
{
	buf_clear(&told);
	way_compare(was, is, tell);
	buf_addch(&told, '\0');
	assert_string_equal(told.data, wanted);
}

static void what_differs_is_told(void **state)
{
	assert_told("a=1\nb=2\n", "a=1\nb=2\n", "");
	assert_told("a=1\nb=2\n", "a=1\nb=3\n", "[b|2|3]");
	assert_told("a=1\nb=2\n", "b=2\nc=\n", "[a|1|-][c|-|]");
	assert_told("", "a==1\n", "[a|-|=1]");
}

static void a_value_is_any_text(void **state)
{
	struct buf way = {0};

	way_add(&way, "a", "x\nb=\\n\\");
	way_add(&way, "c", "");
	buf_addch(&way, '\0');
	assert_told("", way.data, "[a|-|x\nb=\\n\\][c|-|]");
	buf_release(&way);
	buf_release(&told);
}

static void what_is_torn_is_left_out(void **state)
{
	assert_told("a=1\nb", "a=1\n=\\\nnothing\nc=3\n", "[|-|\\]");
	buf_release(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_told),
		cmocka_unit_test(a_value_is_any_text),
		cmocka_unit_test(what_is_torn_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
