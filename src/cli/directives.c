// SPDX-License-Identifier: MIT
#include "cli/directives.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file_clock.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/statements.h"
#include "model/job.h"

// A head ends with its comments, and here at the latest.
#define HEAD_BYTES (16 << 10)

#define MARK "firmo-jobs:"

// O_NONBLOCK: a fifo with a test's name must not hold us up.
static size_t read_head(const char *path, char *text, struct stamp *stamp)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	*stamp = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
				 !file_clock_found_young(&st, clock_real_ns())
			 ? stamp_of(&st)
			 : (struct stamp){0};
	ssize_t n = fd >= 0 ? read(fd, text, HEAD_BYTES - 1) : -1;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static int refuse_name(const char *place, const char *name, struct err *err)
{
	struct nearest near = {.word = name, .n = strlen(name)};

	for (const struct option_row *row = options_next(NULL); row; row = options_next(row))
		if (row->places & IN_DIRECTIVES)
			nearest_offer(&near, row->name);
	if (near.best)
		return err_set(err, 0, "%s: %s: no such directive; did you mean %s?", place, name,
			       near.best);
	return err_set(err, 0, "%s: %s: %s", place, name,
		       options_find(name) ? "a test file cannot set this" : "no such directive");
}

static int read_word(const char *place, char *word, struct statements *said, struct err *err)
{
	char *value = strchr(word, '=');

	if (!value)
		return err_set(err, 0, "%s: %s: wants NAME=VALUE, such as timeout=120", place,
			       word);
	*value++ = '\0';
	const struct option_row *row = options_find(word);
	if (!row || !(row->places & IN_DIRECTIVES))
		return refuse_name(place, word, err);
	char *at = xasprintf("%s: %s", place, row->name);
	statements_add_word(said, row, value, LAYER_DIRECTIVE, at);
	free(at);
	return 0;
}

static int read_words(const char *place, const char *text, struct statements *said, struct err *err)
{
	size_t n;
	char **words = text_split_words(text, &n);
	int status = words ? 0 : err_set(err, 0, "%s: a quote is not closed", place);

	for (size_t i = 0; words && status == 0 && i < n; i++)
		status = read_word(place, words[i], said, err);
	text_free_words(words);
	return status;
}

// ---- the comments of the head ----

static bool may_set(const char *name, size_t n)
{
	for (const struct option_row *row = options_next(NULL); row; row = options_next(row))
		if (row->places & IN_DIRECTIVES && strlen(row->name) == n &&
		    strncmp(row->name, name, n) == 0)
			return true;
	return false;
}

// A comment that says "timeout=120" behind a word that is nearly the mark.
static bool is_meant(const char *text)
{
	struct nearest near = {.word = text, .n = strcspn(text, ": \t\r\n")};
	const char *name = text + near.n;

	name += strspn(name, ": \t");
	size_t n = strcspn(name, "= \t\r\n");
	if (name[n] != '=' || !may_set(name, n))
		return false;
	nearest_offer(&near, "firmo-jobs");
	return near.best;
}

// What a long comment holds; NULL: it is none.
static char *long_text(char *comment)
{
	size_t level = comment[2] == '[' ? strspn(comment + 3, "=") : 0;

	return comment[2] == '[' && comment[3 + level] == '[' ? comment + level + 4 : NULL;
}

// What is behind a long comment, whose text that is, or the end of the head.
static char *skip_long(const char *comment, char *text)
{
	size_t level = (size_t)(text - comment) - 4;
	char *end = text;

	while ((end = strchr(end, ']')) != NULL) {
		end++;
		if (strspn(end, "=") == level && end[level] == ']')
			return end + level + 1;
	}
	return text + strlen(text);
}

static char *place_of(const char *path, const char *head, const char *text)
{
	int line = 1;

	for (; head < text; head++)
		line += *head == '\n';
	return xasprintf("%s:%d", path, line);
}

static int read_directive(const char *place, const char *text, struct statements *said,
			  struct err *err)
{
	char *words = xstrndup(text, strcspn(text, "\r\n"));
	int status = read_words(place, words, said, err);

	free(words);
	return status;
}

// Returns what is behind the comment, or NULL: an error.
static char *read_comment(const char *path, const char *head, char *comment,
			  struct statements *said, struct err *err)
{
	char *inner = long_text(comment);
	const char *text = inner ? inner : comment + strspn(comment, "-");
	int status = 0;

	text += strspn(text, inner ? " \t\r\n" : " \t");
	bool is_directive = !inner && strncmp(text, MARK, strlen(MARK)) == 0;
	if (is_directive || is_meant(text)) {
		char *place = place_of(path, head, text);
		status = is_directive
				 ? read_directive(place, text + strlen(MARK), said, err)
				 : err_set(err, 0,
					   "%s: a directive is a line that begins with -- " MARK,
					   place);
		free(place);
	}
	if (status < 0)
		return NULL;
	return inner ? skip_long(comment, inner) : comment + strcspn(comment, "\n");
}

int directives_read(const char *path, struct job_head *head, struct statements *said,
		    struct err *err)
{
	char start[HEAD_BYTES], *next = start;
	size_t before = said->n;

	if (head->is_bare || read_head(path, start, &head->stamp) == 0)
		return 0;
	next += text_mark_length(next);
	if (strncmp(next, "#!", 2) == 0)
		next += strcspn(next, "\n");
	while (next) {
		next += strspn(next, " \t\r\n");
		if (strncmp(next, "--", 2) != 0)
			break;
		next = read_comment(path, start, next, said, err);
	}
	head->is_bare = next && said->n == before;
	return next ? 0 : -1;
}
