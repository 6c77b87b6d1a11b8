// SPDX-License-Identifier: MIT
// Which test files a change touches: what each of them is known to depend on, and what that was
// when the file last ran. That of a file which has failed is known as well, which the history does
// not keep.
#ifndef PLAN_TOUCHED_H
#define PLAN_TOUCHED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "model/inputs.h"

struct err;
struct jobs;
struct store;

struct touched_input {
	enum input_kind kind;
	char *name;
	struct fingerprint was;
	size_t next;    // of the same name: its place, + 1; 0: none
	bool changed;   // and no file that depends on it has been taken since
	bool is_needed; // for touched_sweep
};

// What one file depends on.
struct touched_file {
	size_t *inputs; // places; owned
	size_t n, cap;
	bool partly; // there may be more: any change may touch it
	bool all;    // it is touched, whatever changes
};

struct touched {
	struct {
		struct touched_input *items;
		size_t n, cap;
	} inputs;
	struct map by_name; // the place of the first input of that name, + 1
	struct map files;   // struct touched_file *, by the path of the test file, or another name
	struct map written; // paths that test files write, and
	bool runs;          // while files run that is no change
	size_t told;        // how many inputs touched_each_new has told of
};

// The file depends on what its run was seen to; in as a result has it, and NULL where it was not
// watched: then on itself alone. passed: the fingerprints in there are those after its end.
void touched_note(struct touched *t, const char *file, const struct inputs *in, bool passed);
// The file was ended early: what it wrote counts, and what it depended on where nothing was known.
void touched_note_part(struct touched *t, const char *file, const struct inputs *in);
// Whether anything is known of the file, if only itself.
bool touched_knows(const struct touched *t, const char *file);
// Notes the last passes of those jobs of which nothing is known, as the history has them.
int touched_recall(struct touched *t, const struct jobs *jobs, struct store *history,
		   struct err *err);
// The file depends on that as well, as it is now.
void touched_depend(struct touched *t, const char *file, enum input_kind kind, const char *name);
void touched_forget(struct touched *t, const char *file);
// The file is touched, until it is taken.
void touched_mark(struct touched *t, const char *file);
bool touched_is_written(const struct touched *t, const char *path);
// Looks at the inputs of that name, those below it (below), or all (NULL). Whether one is not what
// it was.
bool touched_look(struct touched *t, const char *path, bool below);
// Whether the entries of the folder are an input: files that come and go leave them as they were.
bool touched_is_listed(const struct touched *t, const char *path);
// Looks at the inputs from that place on.
bool touched_look_from(struct touched *t, size_t from);
// Calls each() for every input that was not told before; or for those below path (NULL: all).
void touched_each_new(struct touched *t, void (*each)(void *owner, const struct touched_input *in),
		      void *owner);
void touched_each_below(struct touched *t, const char *path,
			void (*each)(void *owner, const struct touched_input *in), void *owner);
// How many paths that are.
size_t touched_count(const struct touched *t);
// Whether a change touches the file.
bool touched_is(const struct touched *t, const char *file);
// All that is touched has been seen to.
void touched_settle(struct touched *t);
// Forgets inputs that no file depends on any more, where they are many. True: the rest is new to
// touched_each_new.
bool touched_sweep(struct touched *t);
void touched_release(struct touched *t);

#endif
