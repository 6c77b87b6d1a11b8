// SPDX-License-Identifier: MIT
#include "model/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

struct table *view_table(struct view *v, const char *key, const char *title,
			 const struct column *columns, size_t n_columns)
{
	struct part p = {.table = {.key = key,
				   .title = title ? xstrdup(title) : NULL,
				   .columns = columns,
				   .n_columns = n_columns}};

	VEC_PUSH(&v->parts, p);
	return &v->parts.items[v->parts.n - 1].table;
}

void view_line(struct view *v, const char *format, ...)
{
	struct part p = {0};
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&p.line, format, ap) < 0)
		p.line = xstrdup("");
	va_end(ap);
	VEC_PUSH(&v->parts, p);
}

void view_mark(struct view *v)
{
	v->parts.items[v->parts.n - 1].bad = true;
}

void view_release(struct view *v)
{
	for (size_t i = 0; i < v->parts.n; i++) {
		struct table *t = &v->parts.items[i].table;
		for (size_t k = 0; k < t->cells.n; k++)
			free(t->cells.items[k].text);
		free(t->cells.items);
		free(t->title);
		free(v->parts.items[i].line);
	}
	free(v->parts.items);
	free(v->range);
	*v = (struct view){0};
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
