// SPDX-License-Identifier: MIT
#include "cli/words.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/mistyped.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/settings.h"

// The codes that getopt has for the rows: the letter, or a number above all letters; and for what
// is the opposite of a row, by which a list is emptied, another one.
#define ROW_CODE      256
#define OPPOSITE_CODE 4096

// What getopt is told.
struct getopt_tables {
	struct buf letters;
	struct {
		struct option *items;
		size_t n, cap;
	} names;
};

static void make_getopt_tables(struct getopt_tables *t)
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	buf_addch(&t->letters, ':');
	for (size_t i = 0; i < n; i++) {
		const struct option_row *row = &rows[i];
		if (!option_is_named(row))
			continue;
		int has = !row->argument            ? no_argument
			  : option_is_optional(row) ? optional_argument
						    : required_argument;
		int code = row->letter ? row->letter : ROW_CODE + (int)i;
		VEC_PUSH(&t->names, ((struct option){row->name, has, NULL, code}));
		if (row->opposite)
			VEC_PUSH(&t->names, ((struct option){row->opposite, no_argument, NULL,
							     OPPOSITE_CODE + (int)i}));
		if (row->letter)
			buf_addf(&t->letters, "%c%s", row->letter,
				 has == required_argument ? ":" : "");
	}
	VEC_PUSH(&t->names, (struct option){0});
}

static const struct option_row *find_row(int code)
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	if (code >= ROW_CODE)
		return &rows[code - (code >= OPPOSITE_CODE ? OPPOSITE_CODE : ROW_CODE)];
	for (size_t i = 0; i < n; i++)
		if (rows[i].letter && rows[i].letter == code)
			return &rows[i];
	return NULL;
}

// An empty variable of a script is no wish for what holds without a value.
static int refuse_empty(const struct option_row *row, struct err *err)
{
	const char *wanted = row->argument + strlen("[=");

	return err_set(err, 0, "--%s=: wants %.*s behind the '=', or no '='", row->name,
		       (int)strcspn(wanted, "]"), wanted);
}

// words: the program's name and those behind it; getopt moves them. Behind a "--" none is ours.
static int read_words(struct settings *o, char **words, enum layer layer, struct err *err)
{
	struct getopt_tables t = {0};
	int code, n = 0, status = 0;

	while (words[n])
		n++;
	make_getopt_tables(&t);
	optind = 0;
	opterr = 0;
	while (status == 0 &&
	       (code = getopt_long(n, words, t.letters.data, t.names.items, NULL)) != -1) {
		const struct option_row *row = find_row(code);
		const char *value = code >= OPPOSITE_CODE ? "false" : optarg ? optarg : "";
		if (!row)
			status = mistyped_refuse(code, words, err);
		else if (optarg && !*optarg && option_is_optional(row))
			status = refuse_empty(row, err);
		else if (code >= OPPOSITE_CODE && row->shape == SHAPE_LIST)
			statements_add(&o->said, row, NULL, layer, NULL);
		else
			statements_add_word(&o->said, row, value, layer, NULL);
	}
	for (int i = optind; i < n; i++)
		VEC_PUSH(&o->plan.paths, words[i]);
	buf_release(&t.letters);
	free(t.names.items);
	return status;
}

int words_read_flags(struct settings *o, char *program, struct err *err)
{
	const char *flags = getenv("FIRMO_JOBS_FLAGS");
	size_t n;

	o->flags = text_split_words(flags ? flags : "", &n);
	if (!o->flags)
		return err_set(err, 0, "FIRMO_JOBS_FLAGS: a quote is not closed in: %s", flags);
	for (size_t i = 0; i < n; i++)
		if (strcmp(o->flags[i], "--") == 0)
			return err_set(err, 0, "FIRMO_JOBS_FLAGS: -- belongs on the command line");
	char **words = xcalloc(n + 2, sizeof *words);
	words[0] = program;
	memcpy(words + 1, o->flags, n * sizeof *words);
	int status = read_words(o, words, LAYER_FLAGS, err);
	free(words);
	if (status < 0) {
		struct err word = *err;
		err_set(err, 0, "FIRMO_JOBS_FLAGS: %s", word.message);
	}
	return status;
}

// What stands behind "--" is for the workers: getopt does not get to see it.
int words_read(struct settings *o, int argc, char **argv, struct err *err)
{
	int n = 1;

	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	o->words = xcalloc((size_t)argc + 1, sizeof *o->words);
	memcpy(o->words, argv, (size_t)argc * sizeof *argv);
	o->words[n] = NULL;
	o->extra = o->words + n + (n < argc);
	return read_words(o, o->words, LAYER_COMMAND_LINE, err);
}

// Whether whoever repeats the call leaves out the option of that code.
static bool is_of_call(int code)
{
	const struct option_row *row = code > 1 ? find_row(code) : NULL;

	return row && row->is_of_call;
}

// n words without those that belong to the call.
static void add_lasting(struct buf *b, char **words, int n, bool *has_failed)
{
	struct getopt_tables t = {0};
	int code, from = 1;

	// A - in front: a word that is no option comes as the code 1, in its place.
	buf_addch(&t.letters, '-');
	make_getopt_tables(&t);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long(n, words, t.letters.data, t.names.items, NULL)) != -1) {
		for (; from < optind; from++) {
			// The root has been marked by this run.
			if (is_of_call(code) || strcmp(words[from], "--root=.") == 0)
				continue;
			*has_failed |= strcmp(words[from], "--failed") == 0;
			buf_addch(b, ' ');
			text_add_word(b, words[from]);
		}
	}
	buf_release(&t.letters);
	free(t.names.items);
}

char *words_again(int argc, char **argv)
{
	struct buf b = {0};
	bool has_failed = false;
	int n = 1;

	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	text_add_word(&b, argv[0]);
	add_lasting(&b, argv, n, &has_failed);
	buf_addstr(&b, has_failed ? "" : " --failed");
	for (int i = n; i < argc; i++) {
		buf_addch(&b, ' ');
		text_add_word(&b, argv[i]);
	}
	return buf_detach(&b);
}
