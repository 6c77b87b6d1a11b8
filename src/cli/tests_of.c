// SPDX-License-Identifier: MIT
// --tests-of: the test files that ran a source, or a line of it, when they were last counted.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fingerprint.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/maintenance.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "model/hits.h"
#include "model/table.h"
#include "store/counted.h"

static const struct column columns[] = {
	{"hits", "Hits", CELL_NUMBER},
	{"lines", "Lines", CELL_NUMBER},
	{"path", "File", CELL_PATH},
	{"remark", "", CELL_REMARK},
};

struct asked {
	struct view view;
	struct table *table;
	long line; // 0: all of it
	struct fingerprint now;
};

// "FILE:LINE", unless that is a file's name; the caller frees the path, which is the real one where
// there is one, as sources are counted under that.
static char *split(const char *value, long *line)
{
	const char *colon = strrchr(value, ':');
	char *cwd = path_cwd(), *file;

	*line = 0;
	if (colon && access(value, F_OK) < 0 && text_parse_long(colon + 1, 1, INT32_MAX, line))
		file = xstrndup(value, (size_t)(colon - value));
	else
		file = xstrdup(value);
	char *real = path_real(file), *path = path_below(real ? real : file, cwd);
	free(real);
	free(file);
	free(cwd);
	return path;
}

static void add_file(const char *path, const struct hits_file *f, void *arg)
{
	struct asked *a = arg;
	uint64_t hits = 0;
	int64_t lines = 0;
	bool is_same = f->has_digest && a->now.present && digest_equal(&f->digest, &a->now.digest);

	for (uint32_t i = 1; i <= f->lines; i++) {
		if (f->counts[i] == 0 || (a->line > 0 && (long)i != a->line))
			continue;
		lines++;
		hits += f->counts[i];
	}
	if (lines == 0)
		return;
	table_number(a->table, hits > INT64_MAX ? INT64_MAX : (int64_t)hits);
	table_number(a->table, lines);
	table_text(a->table, path);
	table_text(a->table, is_same ? NULL : "the source had another text when it ran");
}

static enum firmo_jobs_status tell(struct firmo_jobs *s, struct err *err)
{
	struct asked a = {.view = {.name = "tests-of", .main = "files"}};
	char *path = split(s->settings->tests_of, &a.line);

	a.now = fingerprint_of_path(path, NULL);
	a.table = view_table(&a.view, "files", "", columns, sizeof columns / sizeof *columns);
	int status = counted_each_of(s->context.store, path, add_file, &a, err);
	if (table_rows(a.table) == 0)
		view_line(&a.view,
			  "No file is known to have run %s: firmo-jobs --coverage --changed "
			  "finds out.",
			  s->settings->tests_of);
	enum firmo_jobs_status written =
		status == 0 ? reports_of_view(s, &a.view) : FIRMO_JOBS_BROKEN;
	view_release(&a.view);
	free(path);
	return written;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};
	enum firmo_jobs_status status = maintenance_open(s, STORE_READ);

	if (status != FIRMO_JOBS_OK)
		return status;
	status = tell(s, &err);
	if (*err.message)
		session_warn(err.message);
	return status;
}

static int read_source(struct settings *o, const char *value, struct err *err)
{
	if (!*value)
		return option_invalid(err, "tests-of", value,
				      "wants a source, or a line of it, as "
				      "in src/parser.lua:42");
	o->tests_of = value;
	return 0;
}

static int check(const struct settings *o, struct err *err)
{
	return settings_refuse_path(
		o, "--tests-of takes no path; its source follows it as --tests-of=FILE:LINE", err);
}

const struct mode mode_tests_of = {
	.name = "--tests-of",
	.formats = MODE_DATA_FORMATS,
	.read = read_source,
	.check = check,
	.carry_out = carry_out,
};
