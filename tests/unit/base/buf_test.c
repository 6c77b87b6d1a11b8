// SPDX-License-Identifier: MIT
#include "base/buf.h"

#include "../unit.h"

static void assert_buf(const struct buf *b, const char *data, size_t n)
{
	assert_int_equal(b->len, n);
	assert_memory_equal(b->data, data, n);
	assert_int_equal(b->data[n], '\0');
	assert_true(b->cap > n);
}

static void grows_as_things_are_added(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "", 0);
	assert_buf(&b, "", 0);
	buf_addstr(&b, "one");
	buf_addch(&b, ' ');
	buf_add(&b, "two!", 3);
	buf_addf(&b, " %d%s", 3, "");
	assert_buf(&b, "one two 3", 9);
	buf_release(&b);
	assert_null(b.data);
	buf_release(&b);
}

static void bytes_may_be_nul(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_addch(&b, '\0');
	buf_addf(&b, "%c", '\0');
	assert_buf(&b, "a\0b\0\0", 5);
	buf_release(&b);
}

static void any_length_fits(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t n = 0; n < 5000; n++) {
		assert_int_equal(b.len, n);
		buf_addch(&b, (char)('a' + n % 26));
		assert_int_equal(b.data[b.len], '\0');
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_release(&b);
}

static void formats_of_any_length_fit(void **state)
{
	char text[300];

	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct buf b = {0};
		memset(text, 'x', n);
		text[n] = '\0';
		buf_addf(&b, "%s", text);
		assert_buf(&b, text, n);
		buf_release(&b);
	}
}

static void clear_keeps_the_memory(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	buf_addstr(&b, "something");
	char *data = b.data;
	buf_clear(&b);
	assert_buf(&b, "", 0);
	assert_ptr_equal(b.data, data);
	buf_release(&b);
}

static void reserved_room_needs_no_further_memory(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_reserve(&b, 1000);
	assert_buf(&b, "", 0);
	char *data = b.data;
	for (int i = 0; i < 1000; i++)
		buf_addch(&b, 'x');
	assert_ptr_equal(b.data, data);
	buf_release(&b);
}

static void drops_what_stands_in_front(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_drop_front(&b, 0);
	buf_addstr(&b, "abcdef");
	buf_drop_front(&b, 0);
	assert_buf(&b, "abcdef", 6);
	buf_drop_front(&b, 2);
	assert_buf(&b, "cdef", 4);
	buf_drop_front(&b, 4);
	assert_buf(&b, "", 0);
	buf_release(&b);
}

static void detach_gives_a_string_even_of_nothing(void **state)
{
	struct buf b = {0};

	(void)state;
	char *s = buf_detach(&b);
	assert_string_equal(s, "");
	free(s);
	buf_addstr(&b, "x");
	s = buf_detach(&b);
	assert_string_equal(s, "x");
	assert_null(b.data);
	assert_int_equal(b.len + b.cap, 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_as_things_are_added),
		cmocka_unit_test(bytes_may_be_nul),
		cmocka_unit_test(any_length_fits),
		cmocka_unit_test(formats_of_any_length_fit),
		cmocka_unit_test(clear_keeps_the_memory),
		cmocka_unit_test(reserved_room_needs_no_further_memory),
		cmocka_unit_test(drops_what_stands_in_front),
		cmocka_unit_test(detach_gives_a_string_even_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
