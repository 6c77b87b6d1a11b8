// SPDX-License-Identifier: MIT
// Which files of a run are support and no tests: a file that was found by its name alone and has
// shown no test, but that another one of the run has loaded, or that busted would leave out among
// its tests. Whether it is, only the whole run tells. One that fails by itself is support only
// where its code has come to its end in the other: to compile it, or to catch its error, proves
// nothing.
#ifndef MODEL_SUPPORT_H
#define MODEL_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"

struct job;
struct jobs;
struct result;

struct support {
	struct map planned;    // paths of all test files that were found
	struct map candidates; // those of them that may be support
	struct map loaders;    // how many of them each file has loaded
	struct map whole;      // loader and path of those that came to their ends, see key_of
	struct map proven;     // paths of the same
	struct map settled;    // paths of files that are known not to have failed
	struct map runners;    // files that have run tests: a bit for their framework
	struct map folders;    // of which frameworks the tests in a folder are, a bit for each
	struct {
		struct load_of {
			char *loader, *path; // owned
		} * items;
		size_t n, cap;
	} loads;
};

// Takes all that was found.
void support_plan(struct support *s, const struct jobs *jobs);
// Takes what is to be run of that, and the valid passes: frameworks are guessed by then. May
// be called anew when some of it has run: what files have loaded stays known.
void support_begin(struct support *s, const struct jobs *jobs, const struct jobs *reused);
void support_release(struct support *s);
// Whether the file of a job that is to be run may turn out to be support.
bool support_may_be(const struct support *s, const struct job *j);
// A file, of this run or of one whose pass is valid, has loaded another one as Lua: what it has
// only read it may have checked. whole: as a chunk it has come to its end there. The rest that it
// has loaded does not matter.
void support_note(struct support *s, const char *loader, const char *path, bool whole);
// Whether it is known what the file has loaded.
bool support_knows(const struct support *s, const char *loader);
// Takes what the result of a file tells of it and of others.
void support_learn(struct support *s, const struct result *r);
// Whether the result's file may yet turn out to be support.
bool support_is_open(const struct support *s, const struct result *r);
// The first file that the result's, which nothing has told of so far, has loaded, and that may turn
// out to be support if it came to its end there; NULL: none.
const char *support_asks(const struct support *s, const struct result *r);
// The first file that has loaded the result's, which is open, where it would be support had it come
// to its end there; NULL: it is support anyway, or nobody has loaded it.
const char *support_unproven(const struct support *s, const struct result *r);
// All is known: where the file is support, the result becomes a skip that says so.
void support_decide(const struct support *s, struct result *r);

#endif
