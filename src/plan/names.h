// SPDX-License-Identifier: MIT
// The names by which test files are known. Pure.
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stdbool.h>

#include "base/strings.h"

struct buf;

// *_test.lua, *_spec.lua, test_*.lua, spec_*.lua and *_spec.moon.
#define NAMES_TEXT "*_test.lua, *_spec.lua, test_*.lua, spec_*.lua or *_spec.moon"

bool name_is_usual(const char *name);
// Whether the path matches one of the globs: its last part, or all of it where the glob has a
// slash.
bool name_matches(const struct strings *globs, const char *path);
// Whether it ends like source that a test may be written in: .lua, .moon.
bool name_is_source(const char *name);
// Whether the name of that source has test or spec as the first or the last of its words, in any
// writing, as its last also without anything between, though it is no usual one.
bool name_is_near(const char *name);
// Appends the glob that suits the names, of which there is one at least, best; returns how many of
// them it matches.
size_t names_glob(const struct strings *names, struct buf *glob);
// Leaves those that name_is_near.
void names_keep_near(struct strings *names);
// Leaves those of the language that most of them are written in.
void names_keep_one_ending(struct strings *names);
// "; to run 2 of them: firmo-jobs --pattern='*-test.lua'"
void names_add_advice(struct buf *b, const struct strings *names);
// Each as a word of a command line, behind a blank.
void names_add_words(struct buf *b, const struct strings *words);

#endif
