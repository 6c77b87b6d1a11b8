// SPDX-License-Identifier: MIT
#include "report/place.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/failure.h"
#include "model/result.h"
#include "report/format.h"

static bool ends_with(const char *s, const char *end, size_t n)
{
	size_t len = strlen(s);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

static const char *without_dot(const char *path)
{
	return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

// Whether an interpreter's name for a file, of which it may have cut the beginning, is that of
// path.
static bool is_name_of(const char *name, size_t n, const char *path)
{
	if (n > 3 && strncmp(name, "...", 3) == 0)
		return ends_with(path, name + 3, n - 3);
	if (n > 2 && strncmp(name, "./", 2) == 0)
		return is_name_of(name + 2, n - 2, path);
	return strlen(path) == n && memcmp(path, name, n) == 0;
}

// What a chunk is called that is no file, or of which the beginning is unknown, names none.
static bool names_file(const char *name)
{
	return *name != '[' && strncmp(name, "...", 3) != 0;
}

void place_find(const struct failure *f, const struct result *r, char **file, int *line)
{
	const char *known = f->file ? f->file : r->job->path, *name = f->message;
	struct place place;

	bool told = failure_place(f, r, &place);
	*line = place.line;
	name = told ? name + place.at : "";
	if (told && is_name_of(name, place.n, without_dot(known))) {
		*file = xstrdup(format_source(known, r));
	} else if (told && is_name_of(name, place.n, r->job->path)) {
		*file = xstrdup(r->job->path);
	} else if (told && names_file(name)) {
		char *source = xstrndup(name, place.n);
		*file = xstrdup(format_source(source, r));
		free(source);
	} else {
		*file = xstrdup(format_source(known, r));
		*line = f->file ? f->line : 0;
	}
}
