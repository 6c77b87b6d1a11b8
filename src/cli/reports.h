// SPDX-License-Identifier: MIT
// The reports that a command line asks for, to files and to standard output.
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/settings.h"
#include "firmo-jobs.h"

struct view;

// Writes a report of what a mode has found, the subject, in one of the formats that it has.
typedef int reports_writer(FILE *out, enum report_format format, const struct text_style *style,
			   const void *subject, struct err *err);
// Writes all that are asked for: the text to standard output, unless another report goes there.
enum firmo_jobs_status reports_write(const struct firmo_jobs *s, reports_writer *writer,
				     const void *subject);
// The same with a view.
enum firmo_jobs_status reports_of_view(const struct firmo_jobs *s, const struct view *view);
// Those of the session's run. whole: the text on standard output begins with the lines of the
// files, which a run has printed as they ended.
enum firmo_jobs_status reports_of_run(struct firmo_jobs *s, bool whole);

#endif
