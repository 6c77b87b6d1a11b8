// SPDX-License-Identifier: MIT
#include "report/luacov.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "model/coverage.h"
#include "model/run.h"

int report_luacov(FILE *out, const struct run *run, struct err *err)
{
	const struct coverage *c = run->coverage;

	for (size_t i = 0; i < c->n; i++) {
		const struct covered_file *f = &c->files[i];
		uint32_t last = f->lines;
		while (last > 0 && f->hits[last] == 0)
			last--;
		// It has no way to write such a name.
		if (strchr(f->path, '\n'))
			continue;
		fprintf(out, "%u:%s\n", last, f->path);
		for (uint32_t line = 1; line <= last; line++)
			fprintf(out, "%" PRIu64 " ", f->hits[line]);
		putc('\n', out);
	}
	return ferror(out) ? err_set(err, errno, "write the stats of LuaCov") : 0;
}
