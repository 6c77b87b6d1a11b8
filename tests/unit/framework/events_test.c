// SPDX-License-Identifier: MIT
#include "framework/events.h"

#include "../unit.h"
#include "model/result.h"

#define KEY "0123456789abcdef"

struct intake {
	struct result result;
	struct events events;
	long lines; // that bear the key so far
};

static void begin(struct intake *r)
{
	*r = (struct intake){.result.expected = -1};
	events_init(&r->events, &r->result, KEY);
}

// The events of a text, with the key and the number that the shim gives each line.
static struct buf sealed(struct intake *r, const char *text, size_t n)
{
	static const char start[] = "{\"ev\":";
	struct buf b = {0};

	buf_reserve(&b, n);
	for (size_t i = 0; i < n; i++) {
		bool begins = i == 0 || text[i - 1] == '\n';
		if (begins && n - i > strlen(start) &&
		    strncmp(text + i, start, strlen(start)) == 0) {
			buf_addf(&b, "{\"key\":\"%s\",\"n\":%ld,\"ev\":", KEY, ++r->lines);
			i += strlen(start) - 1;
		} else {
			buf_addch(&b, text[i]);
		}
	}
	return b;
}

static void feed(struct intake *r, const char *text, int64_t now_ns)
{
	struct buf b = sealed(r, text, strlen(text));

	events_feed(&r->events, b.data, b.len, now_ns);
	buf_release(&b);
}

// One line that bears that key and number.
static void feed_as(struct intake *r, const char *key, int n, const char *body)
{
	struct buf b = {0};

	buf_addf(&b, "{\"key\":\"%s\",\"n\":%d,\"ev\":%s}\n", key, n, body);
	events_feed(&r->events, b.data, b.len, 5);
	buf_release(&b);
}

static void read_pieces(struct intake *r, const char *data, size_t n, size_t piece)
{
	begin(r);
	struct buf b = sealed(r, data, n);
	for (size_t i = 0; i < b.len; i += piece)
		events_feed(&r->events, b.data + i, b.len - i < piece ? b.len - i : piece, 5);
	events_finish(&r->events);
	buf_release(&b);
}

static void read_text(struct intake *r, const char *text)
{
	read_pieces(r, text, strlen(text), strlen(text) + 1);
}

static void end(struct intake *r)
{
	events_release(&r->events);
	result_release(&r->result);
}

static const struct test_case *test_at(const struct intake *r, size_t i)
{
	assert_true(i < r->result.tests.n);
	return &r->result.tests.items[i];
}

static const char whole_run[] =
	"{\"ev\":\"hello\",\"lua\":\"Lua 5.4\"}\n"
	"{\"ev\":\"attach\",\"framework\":\"busted\"}\n"
	"{\"ev\":\"plan\",\"tests\":3}\n"
	"{\"ev\":\"start\",\"id\":1,\"path\":[\"queue\",\"push\"],\"name\":\"keeps\",\"file\":\"q."
	"lua\",\"line\":7}\n"
	"{\"ev\":\"test\",\"id\":1,\"status\":\"pass\"}\n"
	"{\"ev\":\"start\",\"id\":2,\"path\":[],\"name\":\"fails \\u00e9\"}\n"
	"{\"ev\":\"test\",\"id\":2,\"status\":\"fail\",\"message\":\"1 is not "
	"2\",\"traceback\":\"a\\nb\",\"line\":9}\n"
	"{\"ev\":\"test\",\"id\":3,\"name\":\"left out\",\"status\":\"skip\",\"reason\":\"no "
	"floats\"}\n"
	"{\"ev\":\"error\",\"where\":\"teardown\",\"name\":\"queue\",\"message\":\"m\","
	"\"traceback\":\"t\",\"file\":\"q.lua\","
	"\"line\":3}\n"
	"{\"ev\":\"done\"}\n"
	"{\"ev\":\"exit\",\"how\":\"os.exit\",\"code\":1}\n";

static void assert_whole_run(const struct intake *r)
{
	assert_true(r->events.hello && r->events.attached && r->events.done && r->events.os_exit);
	assert_int_equal(r->events.foreign, 0);
	assert_null(r->events.shim_error);
	assert_true(r->result.has_tests);
	assert_int_equal(r->result.expected, 3);
	assert_int_equal(r->result.tests.n, 3);
	assert_int_equal(r->result.errors.n, 1);

	const struct test_case *t = test_at(r, 0);
	assert_int_equal(t->npath, 2);
	assert_string_equal(t->path[0], "queue");
	assert_string_equal(t->path[1], "push");
	assert_string_equal(t->name, "keeps");
	assert_string_equal(t->file, "q.lua");
	assert_int_equal(t->line, 7);
	assert_int_equal(t->status, TEST_PASSED);
	assert_null(t->message);
	t = test_at(r, 1);
	assert_string_equal(t->name, "fails \xc3\xa9");
	assert_int_equal(t->status, TEST_FAILED);
	assert_string_equal(t->message, "1 is not 2");
	assert_string_equal(t->traceback, "a\nb");
	assert_int_equal(t->line, 9);
	t = test_at(r, 2);
	assert_int_equal(t->status, TEST_SKIPPED);
	assert_string_equal(t->message, "no floats");

	const struct file_error *e = &r->result.errors.items[0];
	assert_string_equal(e->where, "teardown");
	assert_string_equal(e->name, "queue");
	assert_string_equal(e->message, "m");
	assert_string_equal(e->traceback, "t");
	assert_string_equal(e->file, "q.lua");
	assert_int_equal(e->line, 3);
}

static void a_whole_run_arrives_in_one_piece(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, whole_run);
	assert_whole_run(&r);
	end(&r);
}

static void a_run_cut_at_every_byte_reads_the_same(void **state)
{
	struct intake r = {0};
	struct buf b = sealed(&r, whole_run, sizeof whole_run - 1);

	(void)state;
	for (size_t cut = 0; cut <= b.len; cut++) {
		begin(&r);
		events_feed(&r.events, b.data, cut, 1);
		events_feed(&r.events, b.data + cut, b.len - cut, 2);
		events_finish(&r.events);
		assert_whole_run(&r);
		end(&r);
	}
	buf_release(&b);
}

static void pieces_of_any_size_read_the_same(void **state)
{
	struct intake r;

	(void)state;
	for (size_t piece = 1; piece < 100; piece++) {
		read_pieces(&r, whole_run, sizeof whole_run - 1, piece);
		assert_whole_run(&r);
		end(&r);
	}
}

static void nothing_is_nothing(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "");
	assert_false(r.events.hello || r.events.attached || r.events.done || r.events.os_exit);
	assert_int_equal(r.events.foreign, 0);
	assert_false(r.result.has_tests);
	assert_int_equal(r.result.expected, -1);
	end(&r);
	read_text(&r, "\n\n\n");
	assert_int_equal(r.events.foreign, 0);
	end(&r);
}

// ---- times ----

static void wall_time_is_that_of_arrival(void **state)
{
	struct intake r;

	(void)state;
	begin(&r);
	feed(&r, "{\"ev\":\"start\",\"id\":1,\"name\":\"a\"}\n", 1000);
	assert_int_equal(test_at(&r, 0)->status, 0);
	assert_int_equal(test_at(&r, 0)->began_ns, 1000);
	feed(&r, "{\"ev\":\"test\",\"id\":1,\"status\":\"pa", 2000);
	feed(&r, "ss\"}\n", 3500);
	assert_int_equal(test_at(&r, 0)->wall_ns, 3000);
	end(&r);
}

static void nested_tests_end_one_by_one(void **state)
{
	struct intake r;

	(void)state;
	begin(&r);
	feed(&r, "{\"ev\":\"start\",\"id\":1,\"name\":\"outer\"}\n", 10000);
	feed(&r, "{\"ev\":\"start\",\"id\":2,\"name\":\"inner\"}\n", 20000);
	feed(&r, "{\"ev\":\"test\",\"id\":2,\"status\":\"error\"}\n", 50000);
	assert_int_equal(test_at(&r, 0)->status, 0);
	feed(&r, "{\"ev\":\"test\",\"id\":1,\"status\":\"pass\"}\n", 70000);
	assert_int_equal(r.result.tests.n, 2);
	assert_int_equal(test_at(&r, 0)->status, TEST_PASSED);
	assert_int_equal(test_at(&r, 0)->wall_ns, 60000);
	assert_int_equal(test_at(&r, 1)->status, TEST_ERROR);
	assert_int_equal(test_at(&r, 1)->wall_ns, 30000);
	end(&r);
}

static void nested_tests_may_have_the_same_id(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"id\":1,\"name\":\"outer\"}\n{\"ev\":\"start\",\"id\":1,"
		      "\"name\":\"inner\"}\n"
		      "{\"ev\":\"test\",\"id\":1,\"status\":\"fail\"}\n{\"ev\":\"test\",\"id\":1,"
		      "\"status\":\"pass\"}\n");
	assert_int_equal(r.result.tests.n, 2);
	assert_int_equal(test_at(&r, 0)->status, TEST_PASSED);
	assert_int_equal(test_at(&r, 1)->status, TEST_FAILED);
	end(&r);
}

static void a_second_end_is_a_test_of_its_own(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"id\":1,\"name\":\"a\"}\n{\"ev\":\"test\",\"id\":1,"
		      "\"status\":\"fail\"}\n"
		      "{\"ev\":\"test\",\"id\":1,\"status\":\"pass\"}\n");
	assert_int_equal(r.result.tests.n, 2);
	assert_int_equal(test_at(&r, 0)->status, TEST_FAILED);
	assert_int_equal(test_at(&r, 1)->status, TEST_PASSED);
	end(&r);
}

// A framework may number from 1 again: the last that began with the number is meant.
static void an_id_may_be_used_again(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"id\":1,\"name\":\"a\"}\n{\"ev\":\"test\",\"id\":1,"
		      "\"status\":\"fail\"}\n"
		      "{\"ev\":\"start\",\"id\":1,\"name\":\"b\"}\n{\"ev\":\"test\",\"id\":1,"
		      "\"status\":\"pass\"}\n");
	assert_int_equal(r.result.tests.n, 2);
	assert_int_equal(test_at(&r, 0)->status, TEST_FAILED);
	assert_int_equal(test_at(&r, 1)->status, TEST_PASSED);
	end(&r);
}

static void an_unknown_id_is_a_test_of_its_own(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"id\":1,\"name\":\"a\"}\n{\"ev\":\"test\",\"id\":9,"
		      "\"name\":\"b\",\"status\":\"pass\"}\n"
		      "{\"ev\":\"test\",\"id\":8,\"name\":\"c\",\"status\":\"pending\"}\n");
	assert_int_equal(r.result.tests.n, 3);
	assert_int_equal(test_at(&r, 0)->status, 0);
	assert_string_equal(test_at(&r, 1)->name, "b");
	assert_int_equal(test_at(&r, 1)->status, TEST_PASSED);
	assert_int_equal(test_at(&r, 2)->status, TEST_PENDING);
	// It never began, so it took no time that could be told.
	assert_int_equal(test_at(&r, 2)->wall_ns, -1);
	assert_int_equal(r.events.foreign, 0);
	end(&r);
}

static void a_later_event_only_adds(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"id\":1,\"path\":[\"g\"],\"name\":\"a\",\"file\":\"f."
		      "lua\",\"line\":3}\n"
		      "{\"ev\":\"test\",\"id\":1,\"path\":[\"other\"],\"status\":\"fail\","
		      "\"reason\":\"r\",\"message\":\"m\"}\n");
	const struct test_case *t = test_at(&r, 0);
	assert_int_equal(t->npath, 1);
	assert_string_equal(t->path[0], "g");
	assert_string_equal(t->name, "a");
	assert_string_equal(t->file, "f.lua");
	assert_int_equal(t->line, 3);
	assert_string_equal(t->message, "m");
	end(&r);
}

// ---- what is no event ----

static void garbage_is_counted_and_does_no_harm(void **state)
{
	static const char *const lines[] = {
		"garbage",
		"{",
		"{}",
		"[]",
		"null",
		"true",
		"5",
		"\"hello\"",
		"{\"ev\":5}",
		"{\"ev\":null}",
		"{\"ev\":\"\"}",
		"{\"ev\":\"unknown\"}",
		"{\"ev\":\"Hello\"}",
		"{\"ev\":\"hello\"} {\"ev\":\"done\"}",
		"{\"ev\":\"hello\"}x",
		"{\"ev\":\"test\"}",
		"{\"ev\":\"test\",\"id\":1}",
		"{\"ev\":\"test\",\"id\":1,\"status\":\"passed\"}",
		"{\"ev\":\"test\",\"id\":1,\"status\":1}",
		"{\"ev\":\"test\",\"id\":1,\"status\":\"\"}",
		"[{\"ev\":\"hello\"}]",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		"\xff\xfe\xfd",
		"\x01\x02",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char *text =
			xasprintf("%s\n{\"ev\":\"attach\",\"framework\":\"lust\"}\n", lines[i]);
		struct intake r;
		read_text(&r, text);
		check_row(r.events.foreign == 1, "'%s': %ld", lines[i], r.events.foreign);
		check_row(!r.events.hello && !r.events.done && r.result.tests.n == 0, "'%s'",
			  lines[i]);
		check_row(r.events.attached, "'%s': the next line was lost", lines[i]);
		end(&r);
		free(text);
	}
}

static void a_half_line_is_garbage(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"hello\"}\n{\"ev\":\"do");
	assert_int_equal(r.events.foreign, 1);
	assert_false(r.events.done);
	end(&r);
	// Even one that would be an event: its newline is the proof that all of it is there.
	read_text(&r, "{\"ev\":\"done\"}");
	assert_int_equal(r.events.foreign, 1);
	assert_false(r.events.done);
	end(&r);
}

static void nuls_are_garbage(void **state)
{
	static const char text[] = "\0\n{\"ev\":\"hello\"}\0\n{\"ev\":\"do\0ne\"}\n\0{\"ev\":"
				   "\"done\"}\n{\"ev\":\"attach\",\"framework\":\"lust\"}\n";

	(void)state;
	for (size_t piece = 1; piece <= sizeof text; piece++) {
		struct intake r;
		read_pieces(&r, text, sizeof text - 1, piece);
		assert_int_equal(r.events.foreign, 4);
		assert_false(r.events.hello || r.events.done);
		assert_true(r.events.attached);
		end(&r);
	}
}

// A line of n bytes that would be an event, then one that is.
static struct buf long_line(size_t n)
{
	struct buf b = {0};

	buf_addstr(&b, "{\"ev\":\"shim\",\"message\":\"");
	buf_reserve(&b, n);
	while (b.len < n - 2)
		buf_addch(&b, 'x');
	buf_addstr(&b, "\"}\n{\"ev\":\"hello\"}\n");
	return b;
}

static void check_long_line(size_t piece)
{
	struct buf line = long_line(5 << 20);
	struct intake r;

	begin(&r);
	struct buf b = sealed(&r, line.data, line.len);
	buf_release(&line);
	for (size_t i = 0; i < b.len; i += piece) {
		events_feed(&r.events, b.data + i, b.len - i < piece ? b.len - i : piece, 1);
		check_row(r.events.line.cap <= 16 << 20, "%zu bytes are held", r.events.line.cap);
	}
	events_finish(&r.events);
	check_row(r.events.foreign == 1, "pieces of %zu: %ld", piece, r.events.foreign);
	check_row(!r.events.shim_error, "pieces of %zu: the line was taken", piece);
	check_row(r.events.hello, "pieces of %zu: the next line was lost", piece);
	end(&r);
	buf_release(&b);
}

static void a_line_beyond_4_mib_is_dropped(void **state)
{
	(void)state;
	check_long_line(64 << 10);
	check_long_line(1000003);
}

// The same bytes mean the same, however many a read(2) brings at once.
static void a_line_beyond_4_mib_in_one_piece_is_dropped_too(void **state)
{
	(void)state;
	check_long_line(16 << 20);
}

static void an_endless_line_costs_no_memory(void **state)
{
	static char chunk[1 << 20];
	struct intake r;

	(void)state;
	memset(chunk, '{', sizeof chunk);
	begin(&r);
	for (int i = 0; i < 100; i++) {
		events_feed(&r.events, chunk, sizeof chunk, 1);
		assert_true(r.events.line.cap <= 16 << 20);
	}
	events_finish(&r.events);
	assert_int_equal(r.events.foreign, 1);
	end(&r);
}

static void a_long_line_within_the_limit_is_taken(void **state)
{
	struct buf b = long_line(3 << 20);
	struct intake r;

	(void)state;
	read_pieces(&r, b.data, b.len, 65536);
	assert_int_equal(r.events.foreign, 0);
	assert_non_null(r.events.shim_error);
	assert_true(strlen(r.events.shim_error) > 3000000);
	end(&r);
	buf_release(&b);
}

// ---- members that are not what they should be ----

static void members_of_a_wrong_type_are_left_out(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"id\":1,\"path\":\"g\",\"name\":5,\"file\":{},"
		      "\"line\":\"seven\"}\n"
		      "{\"ev\":\"test\",\"id\":1,\"path\":[1,\"g\",null,[\"x\"]],\"name\":null,"
		      "\"status\":\"fail\","
		      "\"message\":{\"a\":1},\"traceback\":7,\"line\":null}\n"
		      "{\"ev\":\"error\",\"where\":1,\"message\":[],\"line\":\"x\"}\n"
		      "{\"ev\":\"plan\",\"tests\":\"many\"}\n{\"ev\":\"exit\",\"how\":7}\n{\"ev\":"
		      "\"shim\",\"message\":false}\n");
	assert_int_equal(r.events.foreign, 0);
	const struct test_case *t = test_at(&r, 0);
	assert_int_equal(t->status, TEST_FAILED);
	assert_int_equal(t->npath, 1);
	assert_string_equal(t->path[0], "g");
	assert_null(t->name);
	assert_null(t->file);
	assert_null(t->message);
	assert_null(t->traceback);
	assert_int_equal(t->line, 0);
	assert_int_equal(r.result.errors.n, 1);
	assert_null(r.result.errors.items[0].where);
	assert_null(r.result.errors.items[0].message);
	assert_int_equal(r.result.expected, -1);
	assert_false(r.events.os_exit);
	assert_null(r.events.shim_error);
	end(&r);
}

static void tests_without_a_number_are_no_events(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"start\",\"name\":\"a\"}\n"
		      "{\"ev\":\"test\",\"id\":\"1\",\"name\":\"a\",\"status\":\"pass\"}\n");
	assert_int_equal(r.events.foreign, 2);
	assert_int_equal(r.result.tests.n, 0);
	end(&r);
}

static void numbers_may_have_a_fraction(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r,
		  "{\"ev\":\"plan\",\"tests\":3.0}\n{\"ev\":\"start\",\"id\":1.0,\"line\":7.0}\n"
		  "{\"ev\":\"test\",\"id\":1,\"status\":\"pass\"}\n");
	assert_int_equal(r.result.expected, 3);
	assert_int_equal(r.result.tests.n, 1);
	assert_int_equal(test_at(&r, 0)->line, 7);
	end(&r);
}

static void other_ways_to_exit_are_no_os_exit(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"exit\",\"how\":\"error\",\"code\":1}\n{\"ev\":\"exit\"}\n");
	assert_false(r.events.os_exit);
	assert_int_equal(r.events.foreign, 0);
	end(&r);
}

static void the_shim_tells_of_its_own_failure(void **state)
{
	struct intake r;

	(void)state;
	read_text(&r, "{\"ev\":\"shim\",\"where\":\"busted\",\"message\":\"one\"}\n{\"ev\":"
		      "\"shim\",\"message\":\"two\"}\n");
	assert_string_equal(r.events.shim_error, "two");
	end(&r);
}

// ---- strings ----

static void strings_become_valid_utf8(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"plain", "plain"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"caf\xe9", "caf\xef\xbf\xbd"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x9f", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
		{"a\\u0000b", "a b"},
		{"\\u0000", " "},
		{"a\\nb\\tc\\\"d\\\\", "a\nb\tc\"d\\"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *line =
			xasprintf("{\"ev\":\"start\",\"id\":1,\"path\":[\"%s\"],\"name\":\"%s\"}\n",
				  rows[i].json, rows[i].json);
		struct intake r;
		read_text(&r, line);
		check_row(r.events.foreign == 0, "row %zu", i);
		check_row(strcmp(test_at(&r, 0)->name, rows[i].text) == 0, "row %zu: '%s'", i,
			  test_at(&r, 0)->name);
		check_row(strcmp(test_at(&r, 0)->path[0], rows[i].text) == 0, "row %zu", i);
		end(&r);
		free(line);
	}
}

static void many_tests_are_kept_in_order(void **state)
{
	struct buf b = {0};
	struct intake r;

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_addf(&b,
			 "{\"ev\":\"start\",\"id\":%d,\"name\":\"t%d\"}\n{\"ev\":\"test\",\"id\":%"
			 "d,\"status\":\"pass\"}\n",
			 i, i, i);
	read_pieces(&r, b.data, b.len, 4096);
	assert_int_equal(r.result.tests.n, 3000);
	assert_string_equal(test_at(&r, 2999)->name, "t2999");
	end(&r);
	buf_release(&b);
}

// ---- keys and numbers ----

#define LINE(n, body) "{\"key\":\"" KEY "\",\"n\":" #n ",\"ev\":" body "}\n"
#define HELLO         "\"hello\",\"lua\":\"Lua 5.4\""
#define ATTACH        "\"attach\",\"framework\":\"lust\""
#define TEST(id)      "\"test\",\"id\":" #id ",\"name\":\"a\",\"status\":\"pass\""

static void lines_are_known_by_key_and_number(void **state)
{
	static const struct {
		const char *text;
		long lost, foreign;
		size_t tests;
	} rows[] = {
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(3, TEST(1)), 0, 0, 1},
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(4, TEST(1)), 1, 0, 1},
		{LINE(2, ATTACH) LINE(9, TEST(1)), 7, 0, 1},
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(2, TEST(1)), 0, 1, 0},
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(3, TEST(1)) LINE(3, TEST(1)), 0, 1, 1},
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(0, TEST(1)), 0, 1, 0},
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(-1, TEST(1)), 0, 1, 0},
		{LINE(1, HELLO) LINE(2, ATTACH) "{\"ev\":" TEST(1) "}\n", 0, 1, 0},
		{LINE(1, HELLO) LINE(2, ATTACH) "{\"key\":\"x\",\"n\":3,\"ev\":" TEST(1) "}\n", 0,
		 1, 0},
		// What stands in front of a line spoils it.
		{LINE(1, HELLO) LINE(2, ATTACH) "x" LINE(3, TEST(1)) LINE(4, TEST(2)), 1, 1, 1},
		// Another program in the same process begins anew; but not once there are tests.
		{LINE(1, HELLO) LINE(2, HELLO) LINE(1, HELLO) LINE(2, ATTACH) LINE(3, TEST(1)), 0,
		 0, 1},
		{LINE(1, HELLO) LINE(2, ATTACH) LINE(1, HELLO) LINE(2, ATTACH), 0, 2, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intake r;
		begin(&r);
		events_feed(&r.events, rows[i].text, strlen(rows[i].text), 1);
		events_finish(&r.events);
		check_row(r.events.lost == rows[i].lost && r.events.foreign == rows[i].foreign,
			  "row %zu: %ld lost, %ld foreign", i, r.events.lost, r.events.foreign);
		check_row(r.result.tests.n == rows[i].tests, "row %zu: %zu tests", i,
			  r.result.tests.n);
		end(&r);
	}
}

static void below_a_wrapper_the_first_process_is_the_worker(void **state)
{
	struct intake r;

	(void)state;
	begin(&r);
	feed_as(&r, KEY ":12", 1, "\"hello\",\"lua\":\"Lua 5.4\"");
	feed_as(&r, KEY ":13", 1, "\"hello\",\"lua\":\"Lua 5.4\"");
	feed_as(&r, KEY ":13", 2, "\"test\",\"id\":1,\"name\":\"another's\",\"status\":\"fail\"");
	feed_as(&r, KEY ":12", 2, "\"test\",\"id\":1,\"name\":\"its own\",\"status\":\"pass\"");
	assert_int_equal(r.events.foreign, 0);
	assert_int_equal(r.events.lost, 0);
	assert_int_equal(r.result.tests.n, 1);
	assert_string_equal(test_at(&r, 0)->name, "its own");
	feed_as(&r, KEY "x", 3, "\"done\"");
	assert_int_equal(r.events.foreign, 1);
	end(&r);
}

static void keys_differ(void **state)
{
	char one[EVENTS_KEY_SIZE], other[EVENTS_KEY_SIZE];

	(void)state;
	events_make_key(one);
	events_make_key(other);
	assert_int_equal(strlen(one), EVENTS_KEY_SIZE - 1);
	assert_string_not_equal(one, other);
}

// 100,000 tests that never began would take minutes if each looked at all others.
static void tests_without_a_start_take_no_longer_each(void **state)
{
	struct intake r;

	(void)state;
	begin(&r);
	for (int i = 1; i <= 100000; i++) {
		char line[160];
		int n = snprintf(line, sizeof line,
				 "{\"key\":\"" KEY
				 "\",\"n\":%d,\"ev\":\"test\",\"id\":%d,\"status\":\"pass\"}\n",
				 i, i);
		events_feed(&r.events, line, (size_t)n, 1);
	}
	assert_int_equal(r.result.tests.n, 100000);
	assert_int_equal(r.events.open.n, 0);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_run_arrives_in_one_piece),
		cmocka_unit_test(a_run_cut_at_every_byte_reads_the_same),
		cmocka_unit_test(pieces_of_any_size_read_the_same),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(wall_time_is_that_of_arrival),
		cmocka_unit_test(nested_tests_end_one_by_one),
		cmocka_unit_test(nested_tests_may_have_the_same_id),
		cmocka_unit_test(a_second_end_is_a_test_of_its_own),
		cmocka_unit_test(an_id_may_be_used_again),
		cmocka_unit_test(an_unknown_id_is_a_test_of_its_own),
		cmocka_unit_test(a_later_event_only_adds),
		cmocka_unit_test(garbage_is_counted_and_does_no_harm),
		cmocka_unit_test(a_half_line_is_garbage),
		cmocka_unit_test(nuls_are_garbage),
		cmocka_unit_test(a_line_beyond_4_mib_is_dropped),
		cmocka_unit_test(a_line_beyond_4_mib_in_one_piece_is_dropped_too),
		cmocka_unit_test(an_endless_line_costs_no_memory),
		cmocka_unit_test(a_long_line_within_the_limit_is_taken),
		cmocka_unit_test(members_of_a_wrong_type_are_left_out),
		cmocka_unit_test(tests_without_a_number_are_no_events),
		cmocka_unit_test(numbers_may_have_a_fraction),
		cmocka_unit_test(other_ways_to_exit_are_no_os_exit),
		cmocka_unit_test(the_shim_tells_of_its_own_failure),
		cmocka_unit_test(strings_become_valid_utf8),
		cmocka_unit_test(many_tests_are_kept_in_order),
		cmocka_unit_test(lines_are_known_by_key_and_number),
		cmocka_unit_test(below_a_wrapper_the_first_process_is_the_worker),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(tests_without_a_start_take_no_longer_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
