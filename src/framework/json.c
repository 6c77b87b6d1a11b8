// SPDX-License-Identifier: MIT
#include "framework/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

// What is nested deeper is no message of a worker's.
#define NESTING_MAX 16

struct reader {
	const char *at, *end;
	int depth;
};

void json_release(struct json *v)
{
	for (size_t i = 0; i < v->parts.n; i++)
		json_release(&v->parts.items[i]);
	free(v->parts.items);
	free(v->key);
	free(v->text);
	*v = (struct json){0};
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

static bool take(struct reader *r, char c)
{
	bool is_next = r->at < r->end && *r->at == c;

	r->at += is_next;
	return is_next;
}

// ---- strings ----

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

// The four digits of \uXXXX; -1 if they are not there.
static long code_unit(struct reader *r)
{
	long unit = 0;

	if (r->end - r->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*r->at++);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static void add_character(struct buf *b, long c)
{
	if (c < 0x80) {
		buf_addch(b, (char)c);
		return;
	}
	if (c >= 0x10000) {
		buf_addch(b, (char)(0xf0 | c >> 18));
		buf_addch(b, (char)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800) {
		buf_addch(b, (char)(0xe0 | c >> 12));
	}
	buf_addch(b, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6));
	buf_addch(b, (char)(0x80 | (c & 0x3f)));
}

static bool is_high(long unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(long unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

// One half of a pair alone stands for nothing.
static bool read_code(struct reader *r, struct buf *b)
{
	long unit = code_unit(r), low = -1;

	if (is_high(unit) && r->end - r->at > 1 && r->at[0] == '\\' && r->at[1] == 'u') {
		const char *before = r->at;
		r->at += 2;
		low = code_unit(r);
		if (!is_low(low))
			r->at = before;
	}
	if (unit < 0)
		return false;
	if (is_low(low))
		add_character(b, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
	else
		add_character(b, is_high(unit) || is_low(unit) ? 0xfffd : unit);
	return true;
}

static bool read_escape(struct reader *r, struct buf *b)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char c = r->at < r->end ? *r->at++ : '\0';
	const char *known = c ? strchr(names, c) : NULL;

	if (c == 'u')
		return read_code(r, b);
	if (known)
		buf_addch(b, values[known - names]);
	return known != NULL;
}

// What stands behind the first quote.
static bool read_string(struct reader *r, struct buf *b)
{
	buf_reserve(b, 0);
	while (r->at < r->end && *r->at != '"') {
		const char *start = r->at;
		while (r->at < r->end && *r->at != '"' && *r->at != '\\' &&
		       (unsigned char)*r->at >= ' ')
			r->at++;
		buf_add(b, start, (size_t)(r->at - start));
		if (r->at < r->end && *r->at != '"' && (!take(r, '\\') || !read_escape(r, b)))
			return false;
	}
	return take(r, '"');
}

// ---- values ----

static bool read_value(struct reader *r, struct json *v);

static size_t digits(struct reader *r)
{
	const char *start = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return (size_t)(r->at - start);
}

static bool read_number(struct reader *r, struct json *v)
{
	const char *start = r->at;

	take(r, '-');
	if (!take(r, '0') && digits(r) == 0)
		return false;
	if (take(r, '.') && digits(r) == 0)
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			take(r, '-');
		if (digits(r) == 0)
			return false;
	}
	v->kind = JSON_NUMBER;
	v->length = (size_t)(r->at - start);
	v->text = xstrndup(start, v->length);
	return true;
}

static bool read_word(struct reader *r, struct json *v)
{
	static const char *const words[] = {
		[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};

	for (int kind = JSON_NULL; kind <= JSON_TRUE; kind++) {
		size_t n = strlen(words[kind]);
		if ((size_t)(r->end - r->at) < n || memcmp(r->at, words[kind], n) != 0)
			continue;
		v->kind = (enum json_kind)kind;
		r->at += n;
		return true;
	}
	return false;
}

static bool read_key(struct reader *r, struct json *part)
{
	struct buf key = {0};

	skip_blanks(r);
	bool is_key = take(r, '"') && read_string(r, &key);
	part->key = key.data;
	skip_blanks(r);
	return is_key && take(r, ':');
}

static bool read_parts(struct reader *r, struct json *v, char close)
{
	skip_blanks(r);
	if (take(r, close))
		return true;
	do {
		VEC_PUSH(&v->parts, (struct json){0});
		struct json *part = &v->parts.items[v->parts.n - 1];
		if ((v->kind == JSON_OBJECT && !read_key(r, part)) || !read_value(r, part))
			return false;
	} while (take(r, ','));
	return take(r, close);
}

static bool read_nested(struct reader *r, struct json *v, char close)
{
	v->kind = close == '}' ? JSON_OBJECT : JSON_ARRAY;
	r->depth++;
	bool is_one = r->depth <= NESTING_MAX && read_parts(r, v, close);
	r->depth--;
	return is_one;
}

static bool read_text(struct reader *r, struct json *v)
{
	struct buf b = {0};
	bool is_one = read_string(r, &b);

	v->kind = JSON_STRING;
	v->text = b.data;
	v->length = b.len;
	return is_one;
}

// And the blanks around it.
static bool read_value(struct reader *r, struct json *v)
{
	bool is_one;

	skip_blanks(r);
	if (take(r, '{'))
		is_one = read_nested(r, v, '}');
	else if (take(r, '['))
		is_one = read_nested(r, v, ']');
	else if (take(r, '"'))
		is_one = read_text(r, v);
	else
		is_one = read_word(r, v) || read_number(r, v);
	skip_blanks(r);
	return is_one;
}

bool json_read(struct json *v, const char *text, size_t n)
{
	struct reader r = {.at = text, .end = text + n};

	*v = (struct json){0};
	return read_value(&r, v) && r.at == r.end;
}

// ---- what it holds ----

const struct json *json_member(const struct json *v, const char *key)
{
	for (size_t i = json_is(v, JSON_OBJECT) ? v->parts.n : 0; i-- > 0;)
		if (strcmp(v->parts.items[i].key, key) == 0)
			return &v->parts.items[i];
	return NULL;
}

bool json_is(const struct json *v, enum json_kind kind)
{
	return v && v->kind == kind;
}

double json_real(const struct json *v, double otherwise)
{
	return json_is(v, JSON_NUMBER) ? strtod(v->text, NULL) : otherwise;
}

int64_t json_integer(const struct json *v, int64_t otherwise)
{
	if (!json_is(v, JSON_NUMBER))
		return otherwise;
	if (!strpbrk(v->text, ".eE"))
		return strtoll(v->text, NULL, 10);
	double d = strtod(v->text, NULL);
	return d >= 9223372036854775807.0    ? INT64_MAX
	       : d <= -9223372036854775807.0 ? INT64_MIN
					     : (int64_t)d;
}
