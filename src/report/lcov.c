// SPDX-License-Identifier: MIT
#include "report/lcov.h"

#include <errno.h>
#include <inttypes.h>

#include "base/err.h"
#include "model/coverage.h"
#include "model/run.h"

static void write_functions(FILE *out, const struct covered_file *f)
{
	for (size_t i = 0; i < f->n_functions; i++)
		fprintf(out, "FN:%u,%s\n", f->functions[i].first, f->functions[i].name);
	for (size_t i = 0; i < f->n_functions; i++)
		fprintf(out, "FNDA:%" PRIu64 ",%s\n", f->functions[i].calls, f->functions[i].name);
	fprintf(out, "FNF:%zu\nFNH:%zu\n", f->n_functions, f->called);
}

// A record is made of lines: a name has none.
static void write_path(FILE *out, const char *path)
{
	for (; *path; path++)
		putc(*path == '\n' || *path == '\r' ? '?' : *path, out);
}

int report_lcov(FILE *out, const struct run *run, struct err *err)
{
	const struct coverage *c = run->coverage;

	for (size_t i = 0; i < c->n; i++) {
		const struct covered_file *f = &c->files[i];
		fputs("TN:\nSF:", out);
		write_path(out, f->path);
		putc('\n', out);
		if (c->has_calls)
			write_functions(out, f);
		for (uint32_t line = 1; line <= f->lines; line++)
			if (f->counts[line])
				fprintf(out, "DA:%u,%" PRIu64 "\n", line, f->hits[line]);
		fprintf(out, "LF:%ld\nLH:%ld\nend_of_record\n", f->hit + f->missed, f->hit);
	}
	return ferror(out) ? err_set(err, errno, "write the LCOV report") : 0;
}
