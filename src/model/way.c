// SPDX-License-Identifier: MIT
#include "model/way.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void way_add(struct buf *way, const char *name, const char *value)
{
	buf_addf(way, "%s=", name);
	for (; *value; value++) {
		if (*value == '\n' || *value == '\\')
			buf_add(way, "\\", 1);
		buf_add(way, *value == '\n' ? "n" : value, 1);
	}
	buf_add(way, "\n", 1);
}

// A line of a way that is being read.
struct setting {
	struct buf name, value;
};

static void release(struct setting *s)
{
	buf_release(&s->name);
	buf_release(&s->value);
}

// Reads the line that *at begins with, and moves *at behind it. False: there is none.
static bool next(const char **at, struct setting *s)
{
	const char *p = *at, *end = strchr(p, '\n'), *value = strchr(p, '=');

	if (!end || !value || value > end)
		return false;
	buf_clear(&s->name);
	buf_clear(&s->value);
	buf_add(&s->name, p, (size_t)(value - p));
	for (p = value + 1; p < end; p++) {
		bool escaped = *p == '\\' && p + 1 < end;
		p += escaped;
		buf_add(&s->value, escaped && *p == 'n' ? "\n" : p, 1);
	}
	buf_add(&s->name, "", 1);
	buf_add(&s->value, "", 1);
	*at = end + 1;
	return true;
}

static bool find(const char *way, const char *name, struct setting *found)
{
	while (next(&way, found))
		if (strcmp(found->name.data, name) == 0)
			return true;
	return false;
}

void way_compare(const char *was, const char *is,
		 void (*told)(const char *name, const char *was, const char *is))
{
	struct setting a = {0}, b = {0};

	for (const char *at = was; next(&at, &a);) {
		bool is_set = find(is, a.name.data, &b);
		if (!is_set || strcmp(a.value.data, b.value.data) != 0)
			told(a.name.data, a.value.data, is_set ? b.value.data : NULL);
	}
	for (const char *at = is; next(&at, &b);)
		if (!find(was, b.name.data, &a))
			told(b.name.data, NULL, b.value.data);
	release(&a);
	release(&b);
}
