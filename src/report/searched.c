// SPDX-License-Identifier: MIT
#include "report/searched.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"

#define LEAST 3 // lines that are worth one in their place

// Where the words of a line of a list begin, behind what our report puts before it; 0: it is none.
static size_t words_at(const char *line)
{
	size_t n = strspn(line, " |");

	return strncmp(line + n, "\tno file '", 10) == 0 ||
			       strncmp(line + n, "\tno field package.preload[", 26) == 0
		       ? n
		       : 0;
}

// Reads the list at s: its lines, without what stands before them. Returns its length.
static size_t read_list(const char *s, struct buf *words, size_t *lines)
{
	size_t length = 0, at;

	for (*lines = 0; (at = words_at(s + length)) > 0; ++*lines) {
		size_t n = strcspn(s + length, "\n");
		buf_add(words, s + length + at, n - at);
		length += n + (s[length + n] == '\n');
	}
	return length;
}

void searched_fold(struct buf *b, const char *text, struct map *told)
{
	while (*text) {
		struct buf list = {0};
		size_t lines, n = read_list(text, &list, &lines);
		bool is_old = lines >= LEAST && map_get(told, list.data);
		if (is_old)
			buf_addf(b, "%.*s\t(the same %zu places as above)\n", (int)words_at(text),
				 text, lines);
		else if (lines >= LEAST)
			map_put(told, list.data, told);
		n = n ? n : strcspn(text, "\n") + 1;
		if (!is_old)
			buf_add(b, text, strnlen(text, n));
		text += strnlen(text, n);
		buf_release(&list);
	}
}
