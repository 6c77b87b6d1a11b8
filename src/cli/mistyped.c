// SPDX-License-Identifier: MIT
#include "cli/mistyped.h"

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/nearest.h"
#include "cli/option.h"
#include "cli/options.h"

static void offer_names(struct nearest *near)
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (option_is_named(&rows[i]))
			nearest_offer(near, rows[i].name);
		if (rows[i].opposite)
			nearest_offer(near, rows[i].opposite);
	}
}

// The options that begin with the letters, n of them, at word, as "--a, --b"; how many they are.
static size_t add_beginning(struct buf *b, const char *word, size_t letters)
{
	size_t n, found = 0;
	const struct option_row *rows = options_rows(&n);

	for (size_t i = 0; i < n; i++) {
		const char *const names[] = {option_is_named(&rows[i]) ? rows[i].name : NULL,
					     rows[i].opposite};
		for (size_t k = 0; k < 2; k++)
			if (names[k] && strncmp(names[k], word, letters) == 0)
				buf_addf(b, "%s--%s", found++ ? ", " : "", names[k]);
	}
	return found;
}

static int refuse_name(const char *word, struct err *err)
{
	struct nearest near = {.word = word + 2, .n = strcspn(word + 2, "=")};
	struct buf several = {0};

	offer_names(&near);
	size_t beginning = near.n > 0 ? add_beginning(&several, near.word, near.n) : 0;
	// A name may be shortened as long as it is the only one.
	if (near.best && near.distance == 0)
		err_set(err, 0, "%s: --%s takes no value; see --help=all", word, near.best);
	else if (beginning == 1)
		err_set(err, 0, "%s: %s takes no value; see --help=all", word, several.data);
	else if (beginning > 0)
		err_set(err, 0, "%s: which of %s is meant? See --help=all", word, several.data);
	else if (near.best)
		err_set(err, 0, "%s: no such option; did you mean --%s? See --help=all", word,
			near.best);
	else
		err_set(err, 0, "%s: no such option; see --help=all", word);
	buf_release(&several);
	return -1;
}

// word holds the letter, unless getopt is done with that one: then it is the next.
static int refuse_letter(const char *word, struct err *err)
{
	bool holds = *word == '-' && word[1] != '-' && strchr(word, optopt);
	struct nearest near = {.word = word + 1, .n = strcspn(word + 1, "=")};

	if (holds && near.n > 1)
		offer_names(&near);
	if (near.best)
		return err_set(err, 0, "%s: no such option; did you mean --%s? See --help=all",
			       word, near.best);
	return err_set(err, 0, "there is no option -%c; see --help=all", optopt);
}

static bool is_letter(int c)
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].letter == c)
			return true;
	return false;
}

int mistyped_refuse(int code, char **words, struct err *err)
{
	const char *word = words[optind - 1];

	if (code == ':')
		return err_set(err, 0, "%s: its value is missing; see --help=all", word);
	// In `-qx` getopt stands before the word, and so behind another one.
	if (optopt && optopt <= UCHAR_MAX && !is_letter(optopt))
		return refuse_letter(words[optind] ? words[optind] : word, err);
	return refuse_name(word, err);
}
