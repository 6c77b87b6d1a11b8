// SPDX-License-Identifier: MIT
// Which tests of the files are wanted. Frameworks with events make the choice themselves, or the
// shim does; the others cannot.
#ifndef MODEL_SELECTION_H
#define MODEL_SELECTION_H

#include <stdbool.h>

struct selection {
	const char *filter; // a Lua pattern on the full test name (groups and name, a blank between
			    // them), or NULL
	const char *tags;   // separated by commas: any of them will do; or NULL
	const char *excluded; // the same: none of them may be there
	const char *lines;    // "12,40 PATH": tests of the file that hold one of them, or NULL
	const char *names; // full names with U+001E between them: tests that are called so, or NULL
};

// Whether it leaves out any test.
bool selection_is_partial(const struct selection *s);

#endif
