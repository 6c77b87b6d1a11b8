// SPDX-License-Identifier: MIT
// Which tests of a file were bad when they last ran, whatever runs those were: what --failed runs.
#ifndef STORE_FAILED_H
#define STORE_FAILED_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct past;
struct result;
struct store;

// Sets *names, which the caller frees, to the full names of the bad tests of that file with
// U+001E between them; NULL: all of it has to run, as something else was wrong as well, or it is
// not known which tests there are.
int failed_tests(struct store *s, const char *path, char **names, struct err *err);
// Whether no test of the file is bad any more, with the tests of r, which were some of them and
// passed, in place of what past tells of these. False where that cannot be read.
bool failed_is_mended(struct store *s, int64_t file, const struct past *past,
		      const struct result *r);

#endif
