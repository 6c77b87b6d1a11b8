// SPDX-License-Identifier: MIT
// --print-settings: what each setting is, and where that was said.
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "report/object.h"

// One line: what is said of a setting, or of one member of it.
struct line {
	struct buf name, value, origin;
};

static void clear(struct line *l)
{
	buf_clear(&l->name);
	buf_clear(&l->value);
	buf_clear(&l->origin);
}

static void release(struct line *l)
{
	buf_release(&l->name);
	buf_release(&l->value);
	buf_release(&l->origin);
}

typedef void line_printer(void *out, const struct line *line);

// A list is said in several statements of one layer, or of two layers of words.
static void add_list(struct line *l, const struct statements *said, const struct statement *last)
{
	for (size_t i = 0; i < said->n; i++) {
		const struct statement *s = &said->items[i];
		if (!s->value || !statement_joins(s, last))
			continue;
		buf_addf(&l->value, "%s%s", l->value.len ? ", " : "", s->value);
		if (l->origin.len == 0)
			buf_addstr(&l->origin, statement_origin(s));
	}
	if (l->origin.len == 0)
		buf_addstr(&l->origin, statement_origin(last));
}

// Each member is what was said of it last.
static void print_members(const struct statements *said, const struct option_row *row,
			  line_printer *print, void *out, struct line *l)
{
	for (size_t i = 0; i < said->n; i++) {
		const struct statement *s = &said->items[i];
		size_t n = s->row == row ? strcspn(s->value, "=") : 0;
		bool is_last = s->row == row;
		for (size_t k = i + 1; is_last && k < said->n; k++)
			is_last = said->items[k].row != row ||
				  strncmp(said->items[k].value, s->value, n + 1) != 0;
		if (!is_last)
			continue;
		clear(l);
		buf_addf(&l->name, "%s.%.*s", row->name, (int)n, s->value);
		buf_addstr(&l->value, s->value + n + (s->value[n] == '='));
		buf_addstr(&l->origin, statement_origin(s));
		print(out, l);
	}
}

static void for_each_line(const struct settings *o, line_printer *print, void *out)
{
	struct line l = {0};
	const struct option_row *row = options_next(NULL);

	for (; row; row = options_next(row)) {
		const struct statement *last = statements_last(&o->said, row);
		if (!row->places)
			continue;
		clear(&l);
		if (last && row->shape == SHAPE_OBJECT) {
			print_members(&o->said, row, print, out, &l);
			continue;
		}
		buf_addstr(&l.name, row->name);
		if (last && row->shape == SHAPE_LIST)
			add_list(&l, &o->said, last);
		else if (last)
			buf_addstr(&l.value, last->value);
		if (l.origin.len == 0)
			buf_addstr(&l.origin, last ? statement_origin(last) : "not set");
		print(out, &l);
	}
	release(&l);
}

static void print_text(void *out, const struct line *l)
{
	struct buf b = {0};

	text_add_visible(&b, l->value.len ? l->value.data : "-");
	fprintf(out, "%-18s %-24s ", l->name.data, b.data);
	buf_clear(&b);
	text_add_visible(&b, l->origin.data);
	fprintf(out, "%s\n", b.data);
	buf_release(&b);
}

static void add_object(void *list, const struct line *l)
{
	struct json_object *o = object_new();

	object_put(o, "name", object_string(l->name.data));
	object_put(o, "value", l->value.len ? object_string(l->value.data) : NULL);
	object_put(o, "from", object_string(l->origin.data));
	object_append(list, o);
}

static int write_settings(FILE *out, enum report_format format, const struct text_style *style,
			  const void *subject, struct err *err)
{
	if (format == REPORT_JSON) {
		struct json_object *all = object_new(), *list = object_list();
		for_each_line(subject, add_object, list);
		object_put(all, "settings", list);
		object_write(out, all);
		fputc('\n', out);
	} else {
		for_each_line(subject, print_text, out);
	}
	return 0;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	return reports_write(s, write_settings, s->settings);
}

static int check(const struct settings *o, struct err *err)
{
	return options_refuse_path(o, "--print-settings takes no path", err);
}

const struct mode mode_print_settings = {
	.name = "--print-settings",
	.formats = 1u << REPORT_TEXT | 1u << REPORT_JSON,
	.check = check,
	.carry_out = carry_out,
};
