// SPDX-License-Identifier: MIT
#include "report/object.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

static struct json_object *made(struct json_object *o)
{
	if (!o)
		alloc_fail();
	return o;
}

struct json_object *object_new(void)
{
	return made(json_object_new_object());
}

struct json_object *object_list(void)
{
	return made(json_object_new_array());
}

void object_put(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value) < 0)
		alloc_fail();
}

void object_append(struct json_object *list, struct json_object *value)
{
	if (json_object_array_add(list, value) < 0)
		alloc_fail();
}

struct json_object *object_bytes(const char *s, size_t n)
{
	struct buf b = {0};

	text_add_utf8(&b, s, n);
	struct json_object *o = made(json_object_new_string_len(b.data ? b.data : "", (int)b.len));
	buf_release(&b);
	return o;
}

struct json_object *object_string(const char *s)
{
	return s ? object_bytes(s, strlen(s)) : NULL;
}

struct json_object *object_integer(int64_t n)
{
	return made(json_object_new_int64(n));
}

struct json_object *object_unsigned(uint64_t n)
{
	return made(json_object_new_uint64(n));
}

struct json_object *object_number(double n, const char *text)
{
	return made(json_object_new_double_s(n, text));
}

struct json_object *object_boolean(bool b)
{
	return made(json_object_new_boolean(b));
}

struct json_object *object_seconds(int64_t ns)
{
	char text[32];

	if (ns < 0)
		return NULL;
	// As text, so that 0.1 s is not written as 0.10000000000000001.
	snprintf(text, sizeof text, "%.6f", ns_to_sec(ns));
	return object_number(ns_to_sec(ns), text);
}

const char *object_text(struct json_object *o)
{
	// Where memory runs out on the way, json-c leaves a part out and goes on: errno has seen
	// it.
	errno = 0;
	const char *text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text || errno == ENOMEM)
		alloc_fail();
	return text;
}

void object_write(FILE *out, struct json_object *o)
{
	fputs(object_text(o), out);
	json_object_put(o);
}
