// SPDX-License-Identifier: MIT
// Reading JSON (RFC 8259), as workers write it. It does not fail for want of memory, unlike
// json-c's reader, which ends in a crash then: base/alloc.h.
#ifndef FRAMEWORK_JSON_H
#define FRAMEWORK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_kind kind;
	char *key; // of a member of an object; NULL elsewhere
	// A string without its escapes, whatever bytes it has; or a number as it was written. Ended
	// by a NUL that does not count; NULL for all other kinds.
	char *text;
	size_t length;
	struct {
		struct json *items; // of an array or an object, in order
		size_t n, cap;
	} parts;
};

// Reads the n bytes at text, which are one value and blanks. False if they are not; v is to be
// released in any case.
bool json_read(struct json *v, const char *text, size_t n);
void json_release(struct json *v);
// The last member of that name; NULL if there is none, or v is NULL or no object.
const struct json *json_member(const struct json *v, const char *key);
// NULL is of no kind.
bool json_is(const struct json *v, enum json_kind kind);
// A number's value, the nearest that there is; otherwise, for what is none.
int64_t json_integer(const struct json *v, int64_t otherwise);
double json_real(const struct json *v, double otherwise);

#endif
