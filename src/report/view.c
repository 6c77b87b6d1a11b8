// SPDX-License-Identifier: MIT
#include "report/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/status.h"
#include "model/table.h"
#include "report/object.h"
#include "report/text.h"

#define WIDTH         80
#define LEAST_WIDTH   16 // what a path or a name has at least
#define GAP           2
#define REVISION_SEEN 9
#define MILLION       1e6
#define PER_CENT      10000 // of a million

static int write_out(FILE *out, struct buf *b, struct err *err)
{
	size_t n = b->len;
	bool done = fwrite(b->data ? b->data : "", 1, n, out) == n;

	buf_release(b);
	return done ? 0 : err_set(err, errno, "write the answer");
}

static bool is_text(enum cell_kind k)
{
	return k >= CELL_TEXT;
}

// ---- for people: cells ----

static bool is_time(enum cell_kind k)
{
	return k == CELL_TIME || k == CELL_DAY;
}

static void add_time(struct buf *b, int64_t real_ns, const char *format)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	localtime_r(&t, &tm);
	strftime(text, sizeof text, format, &tm);
	buf_addstr(b, text);
}

// n / unit, not negative, rounded to that many digits behind the point. Lists may have tens of
// thousands of them: printf takes several times as long.
static void add_fraction(struct buf *b, int64_t n, int64_t unit, int digits, const char *behind)
{
	char text[32], *p = text + sizeof text;
	int64_t scale = 1;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	int64_t rest = (n + unit / scale / 2) / (unit / scale);
	for (int i = 0; i <= digits || rest > 0; i++, rest /= 10) {
		if (i == digits && digits > 0)
			*--p = '.';
		*--p = (char)('0' + rest % 10);
	}
	buf_add(b, p, (size_t)(text + sizeof text - p));
	buf_addstr(b, behind);
}

static void add_number(struct buf *b, enum cell_kind kind, int64_t n)
{
	if (kind == CELL_CHANGE)
		buf_addf(b, "%+.0f%%", (double)n / PER_CENT);
	else if (n < 0 || (is_time(kind) && n == 0))
		buf_addstr(b, "-");
	else if (kind == CELL_SECONDS)
		add_fraction(b, n, NS_PER_SEC, 3, "s");
	else if (is_time(kind))
		add_time(b, n, kind == CELL_DAY ? "%Y-%m-%d" : "%Y-%m-%d %H:%M");
	else if (kind == CELL_BYTES)
		buf_addf(b, "%.1f MiB", (double)n / (1 << 20));
	else if (kind == CELL_SHARE)
		add_fraction(b, n, PER_CENT, n < 1000 * PER_CENT ? 1 : 0, "%");
	else
		add_fraction(b, n, 1, 0, "");
}

static void add_cell(struct buf *b, enum cell_kind kind, const struct cell *c)
{
	char beginning[REVISION_SEEN + 1];

	if (!is_text(kind)) {
		add_number(b, kind, c->number);
	} else if (kind == CELL_REVISION && c->text) {
		snprintf(beginning, sizeof beginning, "%s", c->text);
		text_add_visible(b, beginning);
	} else {
		text_add_visible(b, c->text ? c->text : "-");
	}
}

static size_t cells_of(const struct buf *b)
{
	return b->len ? text_cells(b->data, b->len) : 0;
}

// Leaves `width` cells of b, three dots for what was taken off one end included.
static void cut(struct buf *b, size_t width, bool at_its_beginning)
{
	size_t n = b->len, at = 0, cells = cells_of(b);

	if (cells <= width || width < 4)
		return;
	while (cells > width - 3) {
		size_t from = at;
		if (at_its_beginning)
			at += text_utf8_length(b->data + at, n - at);
		else
			for (from = --n; ((unsigned char)b->data[n] & 0xc0) == 0x80; from = --n)
				;
		size_t taken =
			at_its_beginning ? at - from : text_utf8_length(b->data + n, b->len - n);
		cells -= text_cells(b->data + from, taken);
	}
	if (at_its_beginning) {
		// More than three cells were taken, so there is room for as many dots.
		memcpy(b->data + at - 3, "...", 3);
		buf_drop_front(b, at - 3);
	} else {
		b->len = n;
		buf_addstr(b, "...");
	}
}

// ---- for people: tables ----

static bool is_seen(const struct column *c)
{
	return c->title && c->kind != CELL_REMARK;
}

static size_t rows_seen(const struct table *t)
{
	size_t rows = table_rows(t);

	return t->most > 0 && rows > t->most ? t->most : rows;
}

static size_t width_of(const struct table *t, size_t column)
{
	const struct column *c = &t->columns[column];
	size_t width = text_cells(c->title, strlen(c->title));
	struct buf b = {0};

	for (size_t r = 0; r < rows_seen(t); r++) {
		buf_clear(&b);
		add_cell(&b, c->kind, table_cell(t, r, column));
		size_t cells = cells_of(&b);
		width = cells > width ? cells : width;
	}
	buf_release(&b);
	return width;
}

static size_t last_seen(const struct table *t)
{
	size_t last = 0;

	for (size_t c = 0; c < t->n_columns; c++)
		if (is_seen(&t->columns[c]))
			last = c;
	return last;
}

// The widest column that may be cut: paths, and text in the last one.
static size_t *widest(const struct table *t, size_t *widths)
{
	size_t last = last_seen(t), *most = NULL;

	for (size_t c = 0; c < t->n_columns; c++) {
		enum cell_kind kind = t->columns[c].kind;
		if ((kind == CELL_PATH || (c == last && is_text(kind))) &&
		    (!most || widths[c] > *most))
			most = &widths[c];
	}
	return most;
}

static void measure(const struct table *t, size_t *widths)
{
	size_t used = 0;

	for (size_t c = 0; c < t->n_columns; c++) {
		widths[c] = is_seen(&t->columns[c]) ? width_of(t, c) : 0;
		used += widths[c] ? widths[c] + GAP : 0;
	}
	for (size_t *most = widest(t, widths); used > WIDTH + GAP && most && *most > LEAST_WIDTH;
	     used--, most = widest(t, widths))
		--*most;
}

static void pad(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_addch(b, ' ');
}

static bool is_bad_status(const char *s)
{
	return s && (strcmp(s, "fail") == 0 || strcmp(s, "error") == 0 ||
		     strcmp(s, "timeout") == 0 || strcmp(s, "limit") == 0);
}

// Text at the left, numbers at the right of their columns; nothing behind the last one.
static void put_cell(struct buf *b, const struct buf *cell, enum cell_kind kind, size_t width,
		     bool is_last)
{
	size_t cells = cells_of(cell), fill = width > cells ? width - cells : 0;

	if (!is_text(kind) && !is_time(kind))
		pad(b, fill);
	buf_add(b, cell->data ? cell->data : "", cell->len);
	if (is_last)
		return;
	if (is_text(kind) || is_time(kind))
		pad(b, fill);
	pad(b, GAP);
}

static void put_titles(struct buf *b, const struct table *t, const size_t *widths)
{
	size_t last = last_seen(t);

	for (size_t c = 0; c < t->n_columns; c++) {
		struct buf cell = {0};
		if (!is_seen(&t->columns[c]))
			continue;
		buf_addstr(&cell, t->columns[c].title);
		put_cell(b, &cell, t->columns[c].kind, widths[c], c == last);
		buf_release(&cell);
	}
	buf_addch(b, '\n');
}

static void put_remark(struct buf *b, const struct cell *c, const struct text_style *style)
{
	size_t n = c->text ? strcspn(c->text, "\n") : 0;
	struct buf remark = {0};

	if (n == 0)
		return;
	char *first = xstrndup(c->text, n);
	text_add_visible(&remark, first);
	cut(&remark, WIDTH - 4, false);
	buf_addf(b, "%s    %s%s\n", style->colours ? "\033[31m" : "", remark.data,
		 style->colours ? "\033[0m" : "");
	buf_release(&remark);
	free(first);
}

static void put_row(struct buf *b, const struct table *t, size_t row, const size_t *widths,
		    const struct text_style *style)
{
	size_t last = last_seen(t);

	for (size_t c = 0; c < t->n_columns; c++) {
		const struct cell *value = table_cell(t, row, c);
		enum cell_kind kind = t->columns[c].kind;
		struct buf cell = {0};
		if (!is_seen(&t->columns[c]))
			continue;
		add_cell(&cell, kind, value);
		cut(&cell, widths[c], kind == CELL_PATH);
		bool red = style->colours && kind == CELL_STATUS && is_bad_status(value->text);
		buf_addstr(b, red ? "\033[31m" : "");
		put_cell(b, &cell, kind, widths[c], c == last);
		buf_addstr(b, red ? "\033[0m" : "");
		buf_release(&cell);
	}
	buf_addch(b, '\n');
	for (size_t c = 0; c < t->n_columns; c++)
		if (t->columns[c].kind == CELL_REMARK)
			put_remark(b, table_cell(t, row, c), style);
}

// An empty line, unless there is one.
static void begin_block(struct buf *b)
{
	if (b->len > 1 && strcmp(b->data + b->len - 2, "\n\n") != 0)
		buf_addch(b, '\n');
}

static void put_table(struct buf *b, const struct table *t, const struct text_style *style)
{
	size_t *widths = xcalloc(t->n_columns, sizeof *widths), rows = rows_seen(t);

	if (t->title && rows > 0) {
		measure(t, widths);
		if (*t->title) {
			begin_block(b);
			text_add_visible(b, t->title);
			buf_addch(b, '\n');
		}
		put_titles(b, t, widths);
		for (size_t r = 0; r < rows; r++)
			put_row(b, t, r, widths, style);
		if (table_rows(t) > rows)
			buf_addf(b, "... and %zu more, which --report=csv or json has\n",
				 table_rows(t) - rows);
	}
	free(widths);
}

static void put_line(struct buf *b, const struct part *p, const struct text_style *style)
{
	bool red = p->bad && style->colours;

	buf_addstr(b, red ? "\033[31m" : "");
	text_add_visible(b, p->line);
	buf_addstr(b, red ? "\033[0m\n" : "\n");
}

int report_view_text(FILE *out, const struct view *v, const struct text_style *style,
		     struct err *err)
{
	struct buf b = {0};

	if (v->range)
		buf_addf(&b, "%s\n\n", v->range);
	for (size_t i = 0; i < v->parts.n; i++) {
		if (v->parts.items[i].line)
			put_line(&b, &v->parts.items[i], style);
		else
			put_table(&b, &v->parts.items[i].table, style);
	}
	return write_out(out, &b, err);
}

// ---- for programs ----

static struct json_object *fraction(int64_t millionths)
{
	char text[32];

	snprintf(text, sizeof text, "%.6f", (double)millionths / MILLION);
	return object_number((double)millionths / MILLION, text);
}

static struct json_object *value_of(enum cell_kind kind, const struct cell *c)
{
	if (is_text(kind))
		return object_string(c->text);
	if (kind == CELL_CHANGE)
		return fraction(c->number);
	if (c->number < 0 || (is_time(kind) && c->number == 0))
		return NULL;
	if (kind == CELL_SECONDS || is_time(kind))
		return object_seconds(c->number);
	return kind == CELL_SHARE ? fraction(c->number) : object_integer(c->number);
}

static struct json_object *array_of(struct json_object *o, const char *key)
{
	struct json_object *array = json_object_object_get(o, key);

	if (!array) {
		array = object_list();
		object_put(o, key, array);
	}
	return array;
}

static void add_rows(struct json_object *o, const struct table *t)
{
	struct json_object *array = array_of(o, t->key);

	for (size_t r = 0; r < table_rows(t); r++) {
		struct json_object *row = object_new();
		for (size_t c = 0; c < t->n_columns; c++)
			if (t->columns[c].key)
				object_put(row, t->columns[c].key,
					   value_of(t->columns[c].kind, table_cell(t, r, c)));
		object_append(array, row);
	}
}

int report_view_json(FILE *out, const struct view *v, struct err *err)
{
	struct json_object *o = object_new();

	object_put(o, "schema", object_integer(1));
	object_put(o, "view", object_string(v->name));
	object_put(o, "window", object_string(v->range));
	object_put(o, "window_runs", object_integer((int64_t)v->n_runs));
	for (size_t i = 0; i < v->parts.n; i++)
		if (!v->parts.items[i].line)
			add_rows(o, &v->parts.items[i].table);
	object_write(out, o);
	fputc('\n', out);
	return ferror(out) ? err_set(err, errno, "write the answer") : 0;
}

// A character that neither ends nor begins a line or a column, and that no reader shows as one.
static bool is_control(const char *s, size_t len)
{
	return text_is_control(text_code_point(s, len)) && !strchr("\n\r\t", *s);
}

// What a spreadsheet would take for a formula has a ' in front. Numbers are no text.
static void add_field(struct buf *b, const char *s)
{
	bool formula = *s && strchr("=+-@\t\r", *s);
	const char *quote = s[strcspn(s, ",\"\r\n")] ? "\"" : "";

	buf_addf(b, "%s%s", quote, formula ? "'" : "");
	for (size_t n = strlen(s), len; n > 0; s += len, n -= len) {
		len = text_utf8_length(s, n);
		if (len == 0 || is_control(s, len))
			buf_addstr(b, "\xef\xbf\xbd");
		else
			buf_addf(b, "%s%.*s", *s == '"' ? "\"" : "", (int)len, s);
		len = len ? len : 1;
	}
	buf_addstr(b, quote);
}

static void add_csv_cell(struct buf *b, enum cell_kind kind, const struct cell *c)
{
	struct json_object *value = is_text(kind) ? NULL : value_of(kind, c);

	if (is_text(kind))
		add_field(b, c->text ? c->text : "");
	else if (value)
		buf_addstr(b, object_text(value));
	json_object_put(value);
}

// A table that has the keys of the columns in a row (-1) or the cells of one.
static void add_csv_row(struct buf *b, const struct table *t, ptrdiff_t row)
{
	const char *comma = "";

	for (size_t c = 0; c < t->n_columns; c++) {
		if (!t->columns[c].key)
			continue;
		buf_addstr(b, comma);
		if (row < 0)
			buf_addstr(b, t->columns[c].key);
		else
			add_csv_cell(b, t->columns[c].kind, table_cell(t, (size_t)row, c));
		comma = ",";
	}
	buf_addch(b, '\n');
}

int report_view_csv(FILE *out, const struct view *v, struct err *err)
{
	struct buf b = {0};

	for (size_t i = 0; i < v->parts.n; i++) {
		const struct table *t = &v->parts.items[i].table;
		if (v->parts.items[i].line || strcmp(t->key, v->main) != 0)
			continue;
		if (b.len == 0)
			add_csv_row(&b, t, -1);
		for (size_t r = 0; r < table_rows(t); r++)
			add_csv_row(&b, t, (ptrdiff_t)r);
	}
	return write_out(out, &b, err);
}
