// SPDX-License-Identifier: MIT
// --print-settings: what each setting is, for all files or for one, and where that was said.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "cli/variants.h"
#include "plan/names.h"
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
			is_last = !statement_is_about(&said->items[k], s);
		if (!is_last)
			continue;
		clear(l);
		buf_addf(&l->name, "%s.%.*s", row->name, (int)n, s->value);
		buf_addstr(&l->value, s->value + n + (s->value[n] == '='));
		buf_addstr(&l->origin, statement_origin(s));
		print(out, l);
	}
}

// ---- fixtures ----

// One without a name is known by its place: "fixtures[0]".
static bool has_name(const struct fixture *f)
{
	size_t at = strlen(f->at), n = strlen(f->name);

	return at < n || strcmp(f->at + at - n, f->name) != 0;
}

static void print_member(const struct fixture *f, const char *member, const char *value,
			 line_printer *print, void *out, struct line *l)
{
	clear(l);
	buf_addf(&l->name, "%s%s.%s", has_name(f) ? "fixtures." : "", f->name, member);
	buf_addstr(&l->value, value ? value : "");
	buf_addstr(&l->origin, f->at);
	print(out, l);
}

static void print_fixture(const struct fixture *f, line_printer *print, void *out, struct line *l)
{
	struct buf globs = {0};
	char seconds[32];

	for (size_t i = 0; i < f->globs.n; i++)
		buf_addf(&globs, "%s%s", i ? ", " : "", f->globs.items[i]);
	snprintf(seconds, sizeof seconds, "%g", ns_to_sec(f->timeout_ns));
	print_member(f, "match", globs.data, print, out, l);
	print_member(f, "setup", f->setup, print, out, l);
	print_member(f, "teardown", f->teardown, print, out, l);
	print_member(f, "timeout", seconds, print, out, l);
	buf_release(&globs);
}

// All of them, or those that the file needs.
static void print_fixtures(const struct fixtures *all, const char *file, line_printer *print,
			   void *out)
{
	struct line l = {0};

	for (size_t i = 0; i < all->n; i++)
		if (!file || name_matches(&all->items[i].globs, file))
			print_fixture(&all->items[i], print, out, &l);
	release(&l);
}

// ---- all of it ----

struct shown {
	struct statements said;
	const struct fixtures *fixtures;
	char *file; // from the root; NULL: what holds for all; owned
};

static void for_each_line(const struct shown *shown, line_printer *print, void *out)
{
	const struct statements *said = &shown->said;
	struct line l = {0};
	const struct option_row *row = options_next(NULL);

	for (; row; row = options_next(row)) {
		const struct statement *last = statements_last(said, row);
		if (!row->places)
			continue;
		clear(&l);
		if (last && row->shape == SHAPE_OBJECT) {
			print_members(said, row, print, out, &l);
			continue;
		}
		buf_addstr(&l.name, row->name);
		if (last && row->shape == SHAPE_LIST)
			add_list(&l, said, last);
		else if (last)
			buf_addstr(&l.value, last->value);
		if (l.origin.len == 0)
			buf_addstr(&l.origin, last ? statement_origin(last) : "not set");
		print(out, &l);
	}
	release(&l);
	print_fixtures(shown->fixtures, shown->file, print, out);
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

static int read_file(struct settings *o, const char *value, struct err *err)
{
	o->shown_file = *value ? value : NULL;
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	return settings_refuse_path(
		o, "--print-settings takes no path; a file follows it as --print-settings=FILE",
		err);
}

// What is said of the file, which has to be there.
static int find_statements(const struct firmo_jobs *s, struct shown *shown, struct err *err)
{
	const char *file = s->settings->shown_file;
	struct statements own = {0};
	struct job_head head = {0};
	int status = 0;

	if (file && access(file, F_OK) < 0)
		return err_set(err, errno, "--print-settings=%s", file);
	if (file) {
		char *cwd = path_cwd();
		shown->file = path_below(file, cwd);
		status = variants_add_statements(s->settings, shown->file, &head, &own, err);
		free(cwd);
	}
	variants_say(s->settings, &own, &shown->said);
	statements_release(&own);
	// What is wrong with them is told, and not shown as if it held.
	struct settings trial = {.mode = &mode_run};
	if (status == 0)
		status = statements_take(&shown->said, &trial, err);
	settings_release(&trial);
	return status;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct shown shown = {.fixtures = &s->settings->fixtures};
	struct err err = {0};
	enum firmo_jobs_status status = FIRMO_JOBS_USAGE;

	if (find_statements(s, &shown, &err) < 0)
		session_warn(err.message);
	else
		status = reports_write(s, write_settings, &shown);
	statements_release(&shown.said);
	free(shown.file);
	return status;
}

const struct mode mode_print_settings = {
	.name = "--print-settings",
	.goes_by_plan = true,
	.formats = 1u << REPORT_TEXT | 1u << REPORT_JSON,
	.read = read_file,
	.check = check,
	.carry_out = carry_out,
};
