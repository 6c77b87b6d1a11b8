// SPDX-License-Identifier: MIT
// What the harnesses share. Each is one file with LLVMFuzzerTestOneInput, which libFuzzer calls
// (make fuzz), and replay.c with what is kept in seeds/ (make check).
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "model/run.h"
#include "report/annotations.h"
#include "report/format.h"
#include "report/html/page.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/tap.h"
#include "report/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Ends the program where something that has to hold does not.
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

// Takes over r, which is of job, and writes every report of a run of it.
static inline void fuzz_report(struct result *r)
{
	int (*const plain[])(FILE *, const struct run *, struct err *) = {
		report_json, report_junit, report_tap, report_html, report_annotations};
	const struct text_style style = {.verbose = true, .worker_output = true};
	struct run run = {.jobs = 2, .peak = 1, .lower_bound_ns = -1};
	struct err err = {0};

	run.name = xstrdup("fuzz");
	run_add(&run, r);
	for (size_t i = 0; i <= sizeof plain / sizeof *plain; i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *out = open_memstream(&text, &n);
		HOLDS(out);
		int status = i < sizeof plain / sizeof *plain
				     ? plain[i](out, &run, &err)
				     : report_text(out, &run, &style, &err);
		HOLDS(status == 0);
		fclose(out);
		HOLDS(i == 4 || n > 0);
		free(text);
	}
	run_release(&run);
}

#endif
