// SPDX-License-Identifier: MIT
// Finding test files.
#ifndef PLAN_DISCOVER_H
#define PLAN_DISCOVER_H

#include "base/map.h"
#include "base/strings.h"
#include "model/job.h"

struct busted_settings;
struct err;

struct discovery {
	const struct strings *globs; // names that tests have; empty: the usual ones
	const struct busted_settings *busted;
	struct jobs *jobs;     // what was found; discovery sets path, size and how it was found
	struct strings notes;  // lines that tell of files that might be tests, and how to run them
	struct strings missed; // files that busted would run, in folders that are left out; owned
	struct strings searched; // folders, as the system names them; owned
	struct strings links;    // to folders, which are not followed; owned
	struct map lines;        // "12,40": those of FILE:LINE, by the path of the file; owned
	struct strings lined;    // its values; owned
	struct strings
		*folders; // where not NULL: gets copies of all that entries were looked at of
};

// Adds every file that `path` names: the file itself, or the test files in that folder and below
// it: *_test.lua, *_spec.lua, test_*.lua, spec_*.lua, *_spec.moon, a test.lua of the folder itself,
// and what busted takes for one. Folders below it that are hidden or called node_modules, vendor or
// fixtures are left out. FILE:LINE is the file, and notes the line. Fails if there is no such path.
int discover(struct discovery *d, const char *path, struct err *err);
// The same without a path: tests, test, spec, specs and t, as far as they exist, test.lua, and the
// roots in busted's settings, which must exist.
int discover_usual(struct discovery *d, struct err *err);
// All is searched, and jobs has the names that are wanted: leaves one for each file, and notes the
// others.
void discover_unite(struct discovery *d);
void discovery_release(struct discovery *d);

#endif
