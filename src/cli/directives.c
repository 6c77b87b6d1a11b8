// SPDX-License-Identifier: MIT
#include "cli/directives.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/statements.h"

// A head ends with its comments, and here at the latest.
#define HEAD_BYTES (16 << 10)

#define MARK "firmo-jobs:"

// O_NONBLOCK: a fifo with a test's name must not hold us up.
static size_t read_head(const char *path, char *head)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? read(fd, head, HEAD_BYTES - 1) : -1;

	if (fd >= 0)
		close(fd);
	head[n > 0 ? n : 0] = '\0';
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

// What stands behind the mark of a comment in this line; NULL: it is none.
static const char *directive_of(const char *line)
{
	if (strncmp(line, "--", 2) != 0)
		return NULL;
	line += strspn(line, "-");
	line += strspn(line, " \t");
	return strncmp(line, MARK, strlen(MARK)) == 0 ? line + strlen(MARK) : NULL;
}

int directives_read(const char *path, struct statements *said, struct err *err)
{
	char head[HEAD_BYTES], *next = head;
	int number = 0, status = 0;

	if (read_head(path, head) == 0)
		return 0;
	for (char *line = head; status == 0 && *line; line = next) {
		size_t n = strcspn(line, "\n");
		next = line + n + (line[n] == '\n');
		line[n] = '\0';
		if (n > 0 && line[n - 1] == '\r')
			line[n - 1] = '\0';
		line += strspn(line, " \t");
		bool is_first = ++number == 1;
		if (*line && strncmp(line, "--", 2) != 0 &&
		    !(is_first && strncmp(line, "#!", 2) == 0))
			break;
		const char *text = directive_of(line);
		char *place = text ? xasprintf("%s:%d", path, number) : NULL;
		if (text)
			status = read_words(place, text, said, err);
		free(place);
	}
	return status;
}
