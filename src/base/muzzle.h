// SPDX-License-Identifier: MIT
// What keeps a CI server from obeying what tests print, or are called. Some read commands from the
// output of a step: "::error::" at the start of a line (GitHub, and servers like it), "##[..]"
// (GitHub, Azure), "##vso[..]" (Azure), "##teamcity[..]" anywhere. One character of such a mark is
// shown by its number, so that it reads ":\u003aerror::" and "##\u005bgroup]"; within strings of
// JSON and YAML that is the same character.
#ifndef BASE_MUZZLE_H
#define BASE_MUZZLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;

// Where in a line it is; zeroed: at the start of one.
struct muzzle {
	bool inside; // behind something else than blanks
	bool colon;  // right behind the first colon of the line
	int hashes;  // right behind so many of them, at most two, and
	bool word;   // letters
};

// Appends the next n bytes of a text, which may come in any pieces, without marks.
void muzzle_add(struct muzzle *m, struct buf *out, const char *s, size_t n);
// Puts one in front of stdout and stderr, where such a server runs us (GITHUB_ACTIONS, TF_BUILD or
// TEAMCITY_VERSION is set). Call it before anything is printed.
void muzzle_install(void);
// A stream of ours that may lead to where stdout or stderr lead: gets one of its own. NULL stays.
FILE *muzzle_put_on(FILE *stream);
// Standard output without it, for commands of our own. Flush both when you change from one to the
// other.
FILE *muzzle_bypass(void);

#endif
