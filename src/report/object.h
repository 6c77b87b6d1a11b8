// SPDX-License-Identifier: MIT
// What the reports for programs are made of. NULL is JSON's null: no function gives it because of
// memory, which ends the process (base/alloc.h).
#ifndef REPORT_OBJECT_H
#define REPORT_OBJECT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_object *object_new(void);
struct json_object *object_list(void);
// Takes over value.
void object_put(struct json_object *o, const char *key, struct json_object *value);
void object_append(struct json_object *list, struct json_object *value);
// A string of valid UTF-8, whatever the n bytes at s are.
struct json_object *object_bytes(const char *s, size_t n);
// The same of a string; null where there is none.
struct json_object *object_string(const char *s);
struct json_object *object_integer(int64_t n);
struct json_object *object_unsigned(uint64_t n);
// text is how it is written.
struct json_object *object_number(double n, const char *text);
struct json_object *object_boolean(bool b);
// Null where ns is negative.
struct json_object *object_seconds(int64_t ns);
// How it is written; the object's.
const char *object_text(struct json_object *o);
// Writes the object and frees it.
void object_write(FILE *out, struct json_object *o);

#endif
