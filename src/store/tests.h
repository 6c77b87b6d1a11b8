// SPDX-License-Identifier: MIT
// The tests of results. Most runs of a file have the same tests in the same order, so that list is
// kept once, as a test list; a result has only how each of them ended, and what the bad ones said.
#ifndef STORE_TESTS_H
#define STORE_TESTS_H

#include <stdint.h>

#include "store/pack.h"

struct buf;
struct result;
struct store;

// What of a test is the same in every run.
struct listed {
	const char *name; // its groups and its own name, STORE_SEPARATOR between them
	const char *tags; // with STORE_SEPARATOR between them, or NULL
	const char *source;
	int line, round;
};

// Adds a test of a list to the bytes that tests_digest makes a number of, by which lists are found.
void tests_pack(struct buf *b, const struct listed *test);
int64_t tests_digest(const struct buf *b);

// The functions below return SQLITE_DONE, or an error's code.

// Finds or makes the test list that lists the tests of the result, which is one of that run and
// file.
int tests_put(struct store *s, int64_t run, int64_t file, const struct result *r,
	      int64_t *test_list);
// Adds the tests of a test list to r, which has none, with their outcomes.
int tests_load(struct store *s, int64_t test_list, struct packed outcomes, struct result *r);
// The messages and tracebacks of the tests, and the errors outside of them.
int tests_put_words(struct store *s, int64_t result, const struct result *r);
int tests_load_words(struct store *s, int64_t result, struct result *r);

#endif
