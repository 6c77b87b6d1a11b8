// SPDX-License-Identifier: MIT
#include "report/cobertura.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "firmo-jobs.h"
#include "model/coverage.h"
#include "model/run.h"
#include "report/xml.h"

// Of 1; nothing at all is covered whole.
static void add_rates(struct buf *b, long hit, long missed)
{
	buf_addf(b, " line-rate=\"%.6f\" branch-rate=\"0\" complexity=\"0\"",
		 coverage_percent(hit, missed) / 100);
}

static void add_line(struct buf *b, const struct covered_file *f, uint32_t line)
{
	if (f->counts[line])
		buf_addf(b, "<line number=\"%u\" hits=\"%" PRIu64 "\"/>\n", line, f->hits[line]);
}

static void add_function(struct buf *b, const struct covered_file *f,
			 const struct covered_function *is)
{
	long hit = 0, missed = 0;

	for (uint32_t i = is->first; i <= is->last && i <= f->lines; i++) {
		hit += f->counts[i] && f->hits[i] > 0;
		missed += f->counts[i] && f->hits[i] == 0;
	}
	buf_addstr(b, "<method");
	xml_add_attribute(b, "name", is->name);
	buf_addstr(b, " signature=\"()\"");
	add_rates(b, hit, missed);
	buf_addstr(b, "><lines>\n");
	for (uint32_t i = is->first; i <= is->last && i <= f->lines; i++)
		add_line(b, f, i);
	buf_addstr(b, "</lines></method>\n");
}

static void add_file(struct buf *b, const struct covered_file *f)
{
	buf_addstr(b, "<class");
	xml_add_attribute(b, "name", path_base(f->path));
	xml_add_attribute(b, "filename", f->path);
	add_rates(b, f->hit, f->missed);
	buf_addstr(b, ">\n<methods>\n");
	for (size_t i = 0; i < f->n_functions; i++)
		add_function(b, f, &f->functions[i]);
	buf_addstr(b, "</methods>\n<lines>\n");
	for (uint32_t i = 1; i <= f->lines; i++)
		add_line(b, f, i);
	buf_addstr(b, "</lines>\n</class>\n");
}

static size_t folder_length(const char *path)
{
	size_t n = (size_t)(path_base(path) - path);

	return n > 1 ? n - 1 : n;
}

static bool is_beside(const struct covered_file *a, const struct covered_file *b)
{
	size_t n = folder_length(a->path);

	return n == folder_length(b->path) && memcmp(a->path, b->path, n) == 0;
}

// A folder is a package: those of its files that are not written yet, from the first of them on.
static void add_package(struct buf *b, const struct coverage *c, size_t first, bool *written)
{
	const struct covered_file *f = &c->files[first];
	size_t n = folder_length(f->path);
	char *name = n > 0 ? xstrndup(f->path, n) : xstrdup(".");
	long hit = 0, missed = 0;

	for (size_t i = first; i < c->n; i++)
		if (is_beside(f, &c->files[i])) {
			hit += c->files[i].hit;
			missed += c->files[i].missed;
		}
	buf_addstr(b, "<package");
	xml_add_attribute(b, "name", name);
	add_rates(b, hit, missed);
	buf_addstr(b, ">\n<classes>\n");
	for (size_t i = first; i < c->n; i++)
		if (is_beside(f, &c->files[i])) {
			add_file(b, &c->files[i]);
			written[i] = true;
		}
	buf_addstr(b, "</classes>\n</package>\n");
	free(name);
}

static void add_head(struct buf *b, const struct run *run, const char *source)
{
	const struct coverage *c = run->coverage;

	buf_addstr(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<!DOCTYPE coverage SYSTEM "
		      "\"http://cobertura.sourceforge.net/xml/coverage-04.dtd\">\n<coverage");
	add_rates(b, c->hit, c->missed);
	buf_addf(b,
		 " lines-covered=\"%ld\" lines-valid=\"%ld\" branches-covered=\"0\" "
		 "branches-valid=\"0\" version=\"" FIRMO_JOBS_VERSION "\" timestamp=\"%" PRId64
		 "\">\n<sources>\n<source>",
		 c->hit, c->hit + c->missed, run->started_ns / NS_PER_SEC);
	xml_add_text(b, source);
	buf_addstr(b, "</source>\n</sources>\n<packages>\n");
}

int report_cobertura(FILE *out, const struct run *run, const char *source, struct err *err)
{
	const struct coverage *c = run->coverage;
	bool *written = xcalloc(c->n + 1, sizeof *written);
	struct buf b = {0};

	add_head(&b, run, source);
	for (size_t i = 0; i < c->n; i++) {
		if (!written[i])
			add_package(&b, c, i, written);
		fwrite(b.data, 1, b.len, out);
		buf_clear(&b);
	}
	buf_addstr(&b, "</packages>\n</coverage>\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	free(written);
	return ferror(out) ? err_set(err, errno, "write the Cobertura report") : 0;
}
