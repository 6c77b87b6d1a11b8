// SPDX-License-Identifier: MIT
#include "sys/capture.h"

#include <inttypes.h>

#include "../unit.h"

// What a capture of n bytes has to say: the plain way.
static void expect_text(struct buf *out, const char *data, size_t n, size_t head, size_t tail)
{
	if (n <= head + tail) {
		buf_add(out, data, n);
		return;
	}
	buf_add(out, data, head);
	buf_addf(out, "\n[... %zu bytes left out ...]\n", n - head - tail);
	buf_add(out, data + n - tail, tail);
}

static const char *letters(void)
{
	static char data[8192];

	if (!data[0])
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = (char)(33 + i % 89);
	return data;
}

static void check(size_t n, size_t piece, size_t head, size_t tail)
{
	struct buf got = {0}, wanted = {0};
	struct capture c;
	size_t kept = n < head + tail ? n : head + tail;

	capture_init(&c, head, tail);
	for (size_t i = 0; i < n; i += piece)
		capture_add(&c, letters() + i, n - i < piece ? n - i : piece);
	check_row(capture_total(&c) == n, "%zu by %zu in %zu+%zu: total %" PRIu64, n, piece, head,
		  tail, capture_total(&c));
	check_row(capture_dropped(&c) == n - kept, "%zu by %zu in %zu+%zu: dropped %" PRIu64, n,
		  piece, head, tail, capture_dropped(&c));
	capture_text(&c, &got);
	expect_text(&wanted, letters(), n, head, tail);
	check_row(got.len == wanted.len &&
			  (got.len == 0 || memcmp(got.data, wanted.data, got.len) == 0),
		  "%zu by %zu in %zu+%zu: '%s'", n, piece, head, tail, got.data ? got.data : "");
	buf_release(&got);
	buf_release(&wanted);
	capture_release(&c);
}

static void keeps_beginning_and_end_at_every_offset(void **state)
{
	(void)state;
	for (size_t head = 0; head <= 5; head++)
		for (size_t tail = 0; tail <= 7; tail++)
			for (size_t n = 0; n <= 40; n++)
				for (size_t piece = 1; piece <= n + 1; piece++)
					check(n, piece, head, tail);
}

// Large enough that head and ring grow before they are full.
static void grows_without_losing_a_byte(void **state)
{
	static const size_t sizes[] = {0,    1,    255,  256,  257,  511,  513, 1000,
				       1023, 1025, 1300, 2000, 2047, 3000, 8191};
	static const size_t pieces[] = {1, 7, 100, 255, 256, 257, 700, 8192};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < COUNT(pieces); k++) {
			check(sizes[i], pieces[k], 300, 1000);
			check(sizes[i], pieces[k], 1000, 300);
			check(sizes[i], pieces[k], 0, 1000);
			check(sizes[i], pieces[k], 1000, 0);
			check(sizes[i], pieces[k], 256, 256);
		}
}

static void pieces_of_unequal_size_keep_their_order(void **state)
{
	unsigned r = 11;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct buf got = {0}, wanted = {0};
		struct capture c;
		size_t at = 0, head = round % 17, tail = round % 400;

		capture_init(&c, head, tail);
		for (int i = 0; i < 20; i++) {
			r = r * 1103515245u + 12345u;
			size_t n = (r >> 16) % (round % 2 ? 300 : 5);
			capture_add(&c, letters() + at, n);
			at += n;
		}
		capture_text(&c, &got);
		expect_text(&wanted, letters(), at, head, tail);
		assert_int_equal(got.len, wanted.len);
		if (got.len)
			assert_memory_equal(got.data, wanted.data, got.len);
		buf_release(&got);
		buf_release(&wanted);
		capture_release(&c);
	}
}

static void a_flood_is_counted_in_bounded_memory(void **state)
{
	static char chunk[1 << 16];
	struct buf text = {0};
	struct capture c;

	(void)state;
	memset(chunk, 'f', sizeof chunk);
	capture_init(&c, 1000, 5000);
	for (int i = 0; i < 3200; i++)
		capture_add(&c, chunk, sizeof chunk);
	capture_add(&c, "the end", 7);
	assert_int_equal(capture_total(&c), UINT64_C(3200) * sizeof chunk + 7);
	assert_int_equal(capture_dropped(&c), UINT64_C(3200) * sizeof chunk + 7 - 6000);
	assert_true(c.head_cap <= 1000 && c.tail_cap <= 5000);
	capture_text(&c, &text);
	assert_string_equal(text.data + text.len - 7, "the end");
	buf_release(&text);
	capture_release(&c);
}

static void little_output_costs_little(void **state)
{
	struct capture c;

	(void)state;
	capture_init(&c, 1 << 20, 1 << 20);
	capture_add(&c, "hello\n", 6);
	assert_true(c.head_cap + c.tail_cap <= 4096);
	capture_release(&c);
}

static void nuls_are_bytes_like_others(void **state)
{
	struct buf text = {0};
	struct capture c;

	(void)state;
	capture_init(&c, 2, 3);
	capture_add(&c, "\0a\0b\0", 5);
	capture_text(&c, &text);
	assert_int_equal(text.len, 5);
	assert_memory_equal(text.data, "\0a\0b\0", 5);
	buf_release(&text);
	capture_release(&c);
}

static void the_text_is_appended_and_can_be_had_again(void **state)
{
	struct buf text = {0};
	struct capture c;

	(void)state;
	capture_init(&c, 1, 1);
	buf_addstr(&text, "before ");
	capture_add(&c, "xyz", 3);
	capture_text(&c, &text);
	capture_text(&c, &text);
	assert_string_equal(
		text.data,
		"before x\n[... 1 bytes left out ...]\nzx\n[... 1 bytes left out ...]\nz");
	buf_release(&text);
	capture_release(&c);
}

static void nothing_gives_nothing(void **state)
{
	struct buf text = {0};
	struct capture c = {0};

	(void)state;
	capture_release(&c);
	capture_init(&c, 10, 10);
	capture_add(&c, NULL, 0);
	capture_add(&c, "", 0);
	capture_text(&c, &text);
	assert_int_equal(text.len, 0);
	assert_int_equal(capture_total(&c), 0);
	buf_release(&text);
	capture_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_beginning_and_end_at_every_offset),
		cmocka_unit_test(grows_without_losing_a_byte),
		cmocka_unit_test(pieces_of_unequal_size_keep_their_order),
		cmocka_unit_test(a_flood_is_counted_in_bounded_memory),
		cmocka_unit_test(little_output_costs_little),
		cmocka_unit_test(nuls_are_bytes_like_others),
		cmocka_unit_test(the_text_is_appended_and_can_be_had_again),
		cmocka_unit_test(nothing_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
