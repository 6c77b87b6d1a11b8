// SPDX-License-Identifier: MIT
#include "report/advice.h"

#include <errno.h>
#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/advice.h"
#include "report/layout.h"
#include "report/object.h"
#include "report/text.h"

static double mebibytes(int64_t bytes)
{
	return (double)bytes / (1 << 20);
}

// ---- text ----

static void add_row(struct buf *b, const struct advice *a, size_t i, const struct text_style *style)
{
	const struct advice_row *row = &a->rows.items[i];
	char text[LAYOUT_COLUMNS + 1];

	snprintf(text, sizeof text, "%c %4d %11.3fs %9.2f %11.3fs %-7s %8.1f %8.1f",
		 i == a->enough ? '>' : ' ', row->workers, ns_to_sec(row->wall_ns),
		 advice_speedup(a, row), ns_to_sec(row->lower_bound_ns),
		 advice_bound_name(row->bound), mebibytes(row->memory_bytes),
		 mebibytes(row->worst_bytes));
	layout_coloured(b, style->colours, i == a->enough ? BOLD : PLAIN, text);
	buf_addch(b, '\n');
}

static void add_table(struct buf *b, const struct advice *a, const struct text_style *style)
{
	buf_addf(b, "%zu file%s on %d CPU%s:\n\n", a->files, a->files == 1 ? "" : "s", a->cpus,
		 a->cpus == 1 ? "" : "s");
	buf_addstr(b, "    -j    predicted   speed-up       at least, by     MiB  at worst\n");
	for (size_t i = 0; i < a->rows.n; i++)
		add_row(b, a, i, style);
	buf_addch(b, '\n');
}

// One paragraph, whose lines after the first are indented.
static void add_paragraph(struct buf *b, struct buf *text)
{
	layout_words(b, text->data, 2);
	buf_addch(b, '\n');
	buf_clear(text);
}

static void add_enough(struct buf *b, const struct advice *a)
{
	struct buf text = {0};

	buf_addf(&text, "-j %d is enough: more workers gain less than 5 %%.",
		 a->rows.items[a->enough].workers);
	add_paragraph(b, &text);
	buf_release(&text);
}

static void add_longest(struct buf *b, const struct advice *a)
{
	int64_t now_ns = a->rows.items[a->enough].wall_ns, then_ns = a->longest.split_wall_ns;
	struct buf text = {0};

	if (advice_is_worthwhile(now_ns, then_ns))
		buf_addf(
			&text,
			"%s bounds the run: it takes %.3fs. Were it two files of half the size, -j "
			"%d would take %.3fs in all, %.3fs less.",
			a->longest.path, ns_to_sec(a->longest.wall_ns), a->longest.split_workers,
			ns_to_sec(then_ns), ns_to_sec(now_ns - then_ns));
	else
		buf_addf(&text,
			 "No single file bounds the run: to split the longest, %s (%.3fs), would "
			 "gain less than 5 %%.",
			 a->longest.path, ns_to_sec(a->longest.wall_ns));
	add_paragraph(b, &text);
	buf_release(&text);
}

static void add_memory(struct buf *b, const struct advice *a)
{
	struct buf text = {0};
	size_t i = 0;

	while (i < a->rows.n && a->rows.items[i].worst_bytes <= a->available_bytes)
		i++;
	if (a->available_bytes == 0 || i == a->rows.n)
		return;
	buf_addf(&text, "From -j %d on memory may run short: %.1f MiB are available.",
		 a->rows.items[i].workers, mebibytes(a->available_bytes));
	add_paragraph(b, &text);
	buf_release(&text);
}

static int64_t whole_seconds(int64_t ns)
{
	return ns / NS_PER_SEC;
}

static void add_timeout(struct buf *b, const struct advice *a)
{
	struct buf text = {0};

	if (a->timeout.all_ns == 0)
		return;
	buf_addf(&text, "--timeout=%" PRId64 " leaves room for every file",
		 whole_seconds(a->timeout.all_ns));
	if (a->timeout.others.n > 0)
		buf_addf(&text,
			 ", --timeout=%" PRId64 " for all but %zu; --timeout=auto gives each its "
			 "own:",
			 whole_seconds(a->timeout.most_ns), a->timeout.others.n);
	else
		buf_addch(&text, '.');
	add_paragraph(b, &text);
	buf_release(&text);
	for (size_t i = 0; i < a->timeout.others.n; i++) {
		const struct advice_deadline *d = &a->timeout.others.items[i];
		buf_addf(b, "  %6" PRId64 "s ", whole_seconds(d->deadline_ns));
		layout_path(b, d->path, LAYOUT_COLUMNS - 10);
		buf_addch(b, '\n');
	}
}

static void add_doubts(struct buf *b, const struct advice *a)
{
	struct buf text = {0};

	if (a->uncertain > 0) {
		buf_addf(&text,
			 "%zu file%s always ran beside others, and how long %s waited for a CPU is "
			 "not known: the predictions may be too long.",
			 a->uncertain, a->uncertain == 1 ? "" : "s",
			 a->uncertain == 1 ? "it" : "they");
		add_paragraph(b, &text);
	}
	if (a->unknown > 0) {
		buf_addf(&text, "%zu file%s no time yet, and %s left out.", a->unknown,
			 a->unknown == 1 ? " has" : "s have", a->unknown == 1 ? "is" : "are");
		add_paragraph(b, &text);
	}
	buf_release(&text);
}

static int finish(FILE *out, struct err *err)
{
	return ferror(out) ? err_set(err, errno, "write the advice") : 0;
}

int report_advice_text(FILE *out, const struct advice *a, const struct text_style *style,
		       struct err *err)
{
	struct buf b = {0};

	add_table(&b, a, style);
	add_enough(&b, a);
	add_longest(&b, a);
	add_memory(&b, a);
	add_timeout(&b, a);
	add_doubts(&b, a);
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	return finish(out, err);
}

// ---- for programs ----

static struct json_object *row_object(const struct advice *a, const struct advice_row *row)
{
	struct json_object *o = object_new();
	char speedup[32];

	snprintf(speedup, sizeof speedup, "%.3f", advice_speedup(a, row));
	object_put(o, "workers", object_integer(row->workers));
	object_put(o, "wall", object_seconds(row->wall_ns));
	object_put(o, "speedup", object_number(advice_speedup(a, row), speedup));
	object_put(o, "lower_bound", object_seconds(row->lower_bound_ns));
	object_put(o, "bound", object_string(advice_bound_name(row->bound)));
	object_put(o, "memory", object_integer(row->memory_bytes));
	object_put(o, "memory_worst", object_integer(row->worst_bytes));
	return o;
}

static struct json_object *longest_object(const struct advice *a)
{
	struct json_object *o = object_new();

	object_put(o, "path", object_string(a->longest.path));
	object_put(o, "wall", object_seconds(a->longest.wall_ns));
	object_put(o, "split_workers", object_integer(a->longest.split_workers));
	object_put(o, "split_wall", object_seconds(a->longest.split_wall_ns));
	return o;
}

static struct json_object *timeout_object(const struct advice *a)
{
	struct json_object *o = object_new(), *list = object_list();

	for (size_t i = 0; i < a->timeout.others.n; i++) {
		const struct advice_deadline *d = &a->timeout.others.items[i];
		struct json_object *other = object_new();
		object_put(other, "path", object_string(d->path));
		object_put(other, "p99", object_seconds(d->p99_ns));
		object_put(other, "deadline", object_seconds(d->deadline_ns));
		object_append(list, other);
	}
	object_put(o, "all", object_seconds(a->timeout.all_ns));
	object_put(o, "most", object_seconds(a->timeout.most_ns));
	object_put(o, "others", list);
	return o;
}

int report_advice_json(FILE *out, const struct advice *a, struct err *err)
{
	struct json_object *o = object_new(), *rows = object_list();

	for (size_t i = 0; i < a->rows.n; i++)
		object_append(rows, row_object(a, &a->rows.items[i]));
	object_put(o, "schema", object_integer(1));
	object_put(o, "cpus", object_integer(a->cpus));
	object_put(o, "files", object_integer((int64_t)a->files));
	object_put(o, "unknown", object_integer((int64_t)a->unknown));
	object_put(o, "uncertain", object_integer((int64_t)a->uncertain));
	object_put(o, "available", a->available_bytes ? object_integer(a->available_bytes) : NULL);
	object_put(o, "rows", rows);
	object_put(o, "enough", object_integer(a->rows.items[a->enough].workers));
	object_put(o, "longest", longest_object(a));
	object_put(o, "timeout", a->timeout.all_ns ? timeout_object(a) : NULL);
	object_write(out, o);
	fputc('\n', out);
	return finish(out, err);
}

int report_advice_csv(FILE *out, const struct advice *a, struct err *err)
{
	fputs("workers,wall,speedup,lower_bound,bound,memory,memory_worst\n", out);
	for (size_t i = 0; i < a->rows.n; i++) {
		const struct advice_row *row = &a->rows.items[i];
		fprintf(out, "%d,%.6f,%.3f,%.6f,%s,%" PRId64 ",%" PRId64 "\n", row->workers,
			ns_to_sec(row->wall_ns), advice_speedup(a, row),
			ns_to_sec(row->lower_bound_ns), advice_bound_name(row->bound),
			row->memory_bytes, row->worst_bytes);
	}
	return finish(out, err);
}
