// SPDX-License-Identifier: MIT
#include "cli/reports.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/muzzle.h"
#include "base/outfile.h"
#include "base/path.h"
#include "cli/mode.h"
#include "cli/session.h"
#include "history/since.h"
#include "report/annotations.h"
#include "report/cobertura.h"
#include "report/html/page.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/lcov.h"
#include "report/luacov.h"
#include "report/markdown.h"
#include "report/tap.h"
#include "report/view.h"

static int write_cobertura(FILE *out, const struct run *run, struct err *err)
{
	char *cwd = path_cwd();
	int status = report_cobertura(out, run, cwd ? cwd : ".", err);

	free(cwd);
	return status;
}

static int write_run(FILE *out, enum report_format format, const struct text_style *style,
		     const void *run, struct err *err)
{
	switch (format) {
	case REPORT_JSON:
		return report_json(out, run, err);
	case REPORT_JUNIT:
		return report_junit(out, run, err);
	case REPORT_HTML:
		return report_html(out, run, err);
	case REPORT_TAP:
		return report_tap(out, run, err);
	case REPORT_LCOV:
		return report_lcov(out, run, err);
	case REPORT_LUACOV:
		return report_luacov(out, run, err);
	case REPORT_COBERTURA:
		return write_cobertura(out, run, err);
	case REPORT_MARKDOWN:
		return report_markdown(out, run, style->again, err);
	default:
		return report_text(out, run, style, err);
	}
}

static int make_report(const struct firmo_jobs *s, const struct report_request *r,
		       reports_writer *writer, const void *subject, struct err *err)
{
	struct text_style style = s->context.style;
	struct outfile file;
	struct err write_err = {0};

	// It was written while things happened, see cli/live.h.
	if (r->format == REPORT_EVENTS)
		return 0;
	// That stands there already.
	if (r->format == REPORT_TEXT && strcmp(r->path, "-") == 0)
		return 0;
	if (r->at_home && path_make_home(r->path, err) < 0)
		return -1;
	if (outfile_open(&file, r->path, err) < 0)
		return -1;
	style.colours = style.colours && s->settings->color == WHEN_ALWAYS;
	int status = writer(file.stream, r->format, &style, subject, &write_err);
	if (outfile_commit(&file, err) < 0)
		return -1;
	if (status < 0)
		*err = write_err;
	else if (r->at_home)
		fprintf(s->context.text_to_stdout ? stdout : stderr, "HTML report: %s\n", r->path);
	return status;
}

static enum firmo_jobs_status make_reports(const struct firmo_jobs *s, reports_writer *writer,
					   const void *subject)
{
	enum firmo_jobs_status status = FIRMO_JOBS_OK;
	struct err err = {0};

	for (size_t i = 0; i < s->settings->reports.n; i++) {
		if (make_report(s, &s->settings->reports.items[i], writer, subject, &err) == 0)
			continue;
		session_warn(err.message);
		status = FIRMO_JOBS_BROKEN;
	}
	return status;
}

enum firmo_jobs_status reports_write(const struct firmo_jobs *s, reports_writer *writer,
				     const void *subject)
{
	struct err err = {0};

	if (s->context.text_to_stdout &&
	    writer(stdout, REPORT_TEXT, &s->context.style, subject, &err) < 0) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	return make_reports(s, writer, subject);
}

static int write_view(FILE *out, enum report_format format, const struct text_style *style,
		      const void *view, struct err *err)
{
	switch (format) {
	case REPORT_JSON:
		return report_view_json(out, view, err);
	case REPORT_CSV:
		return report_view_csv(out, view, err);
	default:
		return report_view_text(out, view, style, err);
	}
}

enum firmo_jobs_status reports_of_view(const struct firmo_jobs *s, const struct view *view)
{
	return reports_write(s, write_view, view);
}

// What GitHub shows beside the lines of a change is told by commands of ours.
static int annotate(const struct run *run, struct err *err)
{
	const char *actions = getenv("GITHUB_ACTIONS");
	FILE *out = muzzle_bypass();

	if (!actions || !*actions)
		return 0;
	fflush(stdout);
	int status = report_annotations(out, run, err);
	fflush(out);
	return status;
}

enum firmo_jobs_status reports_of_run(struct firmo_jobs *s, bool whole)
{
	enum firmo_jobs_status status = FIRMO_JOBS_OK;
	struct err err = {0};
	int (*text)(FILE *, const struct run *, const struct text_style *, struct err *) =
		whole ? report_text : report_text_end;

	if (s->context.store && since_tell(&s->run, s->context.store, &err) < 0)
		session_warn(err.message);
	char *cwd = path_cwd();
	if (cwd && !s->run.project)
		s->run.project = xstrdup(path_base(cwd));
	free(cwd);
	s->run.conflicts = s->settings->plan.conflicts;
	// --failed goes by the history, and by files that a person has named.
	if (s->context.store && s->settings->mode == &mode_run)
		s->context.style.again = s->settings->again;
	if (s->context.text_to_stdout &&
	    (text(stdout, &s->run, &s->context.style, &err) < 0 || annotate(&s->run, &err) < 0))
		status = FIRMO_JOBS_BROKEN;
	enum firmo_jobs_status files = make_reports(s, write_run, &s->run);
	return status == FIRMO_JOBS_OK ? files : status;
}
