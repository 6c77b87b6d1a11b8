// SPDX-License-Identifier: MIT
#include "report/object.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

void object_put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

struct json_object *object_bytes(const char *s, size_t n)
{
	struct buf b = {0};

	text_add_utf8(&b, s, n);
	struct json_object *o = json_object_new_string_len(b.data ? b.data : "", (int)b.len);
	buf_release(&b);
	return o;
}

struct json_object *object_string(const char *s)
{
	return s ? object_bytes(s, strlen(s)) : NULL;
}

struct json_object *object_integer(int64_t n)
{
	return json_object_new_int64(n);
}

struct json_object *object_boolean(bool b)
{
	return json_object_new_boolean(b);
}

struct json_object *object_seconds(int64_t ns)
{
	char text[32];

	if (ns < 0)
		return NULL;
	// As text, so that 0.1 s is not written as 0.10000000000000001.
	snprintf(text, sizeof text, "%.6f", ns_to_sec(ns));
	return json_object_new_double_s(ns_to_sec(ns), text);
}

void object_write(FILE *out, struct json_object *o)
{
	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							JSON_C_TO_STRING_NOSLASHESCAPE),
	      out);
	json_object_put(o);
}
