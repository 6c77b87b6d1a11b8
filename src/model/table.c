// SPDX-License-Identifier: MIT
#include "model/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

struct table *answer_table(struct answer *a, const char *key, const char *title,
			   const struct column *columns, size_t n_columns)
{
	struct part p = {.table = {.key = key,
				   .title = title ? xstrdup(title) : NULL,
				   .columns = columns,
				   .n_columns = n_columns}};

	VEC_PUSH(&a->parts, p);
	return &a->parts.items[a->parts.n - 1].table;
}

void answer_line(struct answer *a, const char *format, ...)
{
	struct part p = {0};
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&p.line, format, ap) < 0)
		p.line = xstrdup("");
	va_end(ap);
	VEC_PUSH(&a->parts, p);
}

void answer_mark(struct answer *a)
{
	a->parts.items[a->parts.n - 1].bad = true;
}

void answer_release(struct answer *a)
{
	for (size_t i = 0; i < a->parts.n; i++) {
		struct table *t = &a->parts.items[i].table;
		for (size_t k = 0; k < t->cells.n; k++)
			free(t->cells.items[k].text);
		free(t->cells.items);
		free(t->title);
		free(a->parts.items[i].line);
	}
	free(a->parts.items);
	free(a->range);
	*a = (struct answer){0};
}

void table_number(struct table *t, int64_t n)
{
	const struct cell c = {.number = n};

	VEC_PUSH(&t->cells, c);
}

void table_text(struct table *t, const char *text)
{
	const struct cell c = {.text = text ? xstrdup(text) : NULL};

	VEC_PUSH(&t->cells, c);
}

size_t table_rows(const struct table *t)
{
	return t->cells.n / t->n_columns;
}

const struct cell *table_cell(const struct table *t, size_t row, size_t column)
{
	return &t->cells.items[row * t->n_columns + column];
}
