// SPDX-License-Identifier: MIT
#include "report/html/page.h"

#include <errno.h>

#include "base/buf.h"
#include "base/embed.h"
#include "base/err.h"
#include "model/run.h"
#include "report/html/failures.h"
#include "report/html/markup.h"
#include "report/html/sources.h"
#include "report/html/summary.h"
#include "report/html/tables.h"
#include "report/html/timeline.h"

EMBED(page_css, "src/report/html/page.css");
EMBED(page_js, "src/report/html/page.js");

static void add_style(struct buf *b)
{
	buf_addstr(b, "<style>\n");
	buf_add(b, page_css.start, embedded_size(&page_css));
	buf_addstr(b, "</style>\n");
}

// The icon in the tab tells the verdict. The policy holds the browser to what is written above:
// whatever this page may come to hold, it loads nothing and calls nobody.
static void add_head(struct buf *b, const struct run *run)
{
	buf_addstr(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
		      "base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	summary_sentence(b, run);
	buf_addf(b,
		 " - firmo-jobs</title>\n<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg "
		 "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%%3E%%3Ccircle cx='4' cy='4' "
		 "r='4' fill='%%23%s'/%%3E%%3C/svg%%3E\">\n",
		 summary_is_good(run) ? "1f883d" : "cf222e");
	add_style(b);
	buf_addstr(b, "</head>\n<body>\n");
}

static void add_jump(struct buf *b, const char *id, const char *word, size_t n)
{
	buf_addf(b, "<a href=\"#%s\">%s", id, word);
	if (n)
		buf_addf(b, " <span class=\"n\">%zu</span>", n);
	buf_addstr(b, "</a>\n");
}

// What the script makes work stays hidden without it.
static void add_bar(struct buf *b, const struct run *run)
{
	struct totals t = run_totals(run);

	buf_addstr(b, "<div id=\"bar\"><nav aria-label=\"Parts of the report\">\n");
	add_jump(b, "timeline", "Timeline", 0);
	if (t.bad + t.flaky + t.forgiven)
		add_jump(b, "failures", "Failures", t.bad + t.flaky + t.forgiven);
	add_jump(b, "slowest", "Slowest", 0);
	add_jump(b, "files", "Files", t.files);
	add_jump(b, "tests", "Tests", tables_tests(run));
	if (run->coverage)
		add_jump(b, "coverage", "Coverage", run->coverage->n);
	buf_addstr(b, "</nav>\n<div id=\"tools\" role=\"search\" hidden>\n"
		      "<input id=\"search\" type=\"search\" placeholder=\"Search\" "
		      "aria-label=\"Search in names, paths, messages and output\">\n"
		      "<div class=\"choice\" role=\"group\" aria-label=\"Show\">\n");
	const struct {
		const char *name;
		size_t n;
	} choices[] = {
		{"All", t.files},
		{"Failed", t.bad},
		{"Flaky", t.flaky + t.forgiven},
		{"Skipped", t.by_status[FILE_SKIPPED] + t.by_status[FILE_NOTRUN]},
		{"Passed", t.by_status[FILE_PASSED]},
	};
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		buf_addf(b,
			 "<button type=\"button\" data-show=\"%s\" aria-pressed=\"%s\">%s <span "
			 "class=\"n\">%zu</span></button>\n",
			 choices[i].name, i == 0 ? "true" : "false", choices[i].name, choices[i].n);
	buf_addstr(b, "</div>\n<button type=\"button\" id=\"dark\" aria-pressed=\"false\">Dark"
		      "</button>\n<p id=\"found\" role=\"status\"></p>\n</div></div>\n");
}

static void add_script(struct buf *b)
{
	buf_addstr(b, "<script>\n");
	buf_add(b, page_js.start, embedded_size(&page_js));
	buf_addstr(b, "</script>\n</body>\n</html>\n");
}

int report_html(FILE *out, const struct run *run, struct err *err)
{
	struct buf b = {0};

	add_head(&b, run);
	summary_add(&b, run);
	add_bar(&b, run);
	buf_addstr(&b, "<main>\n");
	markup_flush(out, &b);
	timeline_write(out, run);
	failures_write(out, run);
	failures_write_conflicts(out, run);
	tables_write_slowest(out, run);
	tables_write_files(out, run);
	tables_write_tests(out, run);
	sources_write(out, run);
	buf_addstr(&b, "</main>\n");
	add_script(&b);
	markup_flush(out, &b);
	buf_release(&b);
	return ferror(out) ? err_set(err, errno, "write the HTML report") : 0;
}
