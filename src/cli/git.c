// SPDX-License-Identifier: MIT
#include "cli/git.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/path.h"
#include "cli/root.h"
#include "sys/command.h"

#define TIMEOUT_NS   (60 * NS_PER_SEC)
#define ANSWER_BYTES (256 << 20)

// ---- asking ----

// arguments: behind the program's name, ended by NULL.
static int ask(const char *const *arguments, struct buf *answer, struct err *err)
{
	char *git = path_find_program("git", getenv("PATH"));
	const char *argv[16] = {git};
	const struct limits limits = {0};
	struct buf errors = {0};
	const struct question q = {.argv = (char *const *)argv,
				   .input = "",
				   .limits = &limits,
				   .timeout_ns = TIMEOUT_NS,
				   .most_bytes = ANSWER_BYTES,
				   .errors = &errors};
	int status = 0, asked;

	for (size_t i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	asked = git ? command_ask(&q, answer, &status, err) : err_set(err, 0, "there is no git");
	buf_reserve(&errors, 1);
	errors.data[errors.len] = '\0';
	errors.data[strcspn(errors.data, "\n")] = '\0';
	if (asked == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		asked = err_set(err, 0, "git: %s", *errors.data ? errors.data : "it has failed");
	buf_release(&errors);
	free(git);
	return asked;
}

// ---- reading ----

static struct git_file *add(struct git_changes *changes, char *path)
{
	struct git_file f = {.path = path};

	VEC_PUSH(changes, f);
	return &changes->items[changes->n - 1];
}

// What a letter behind a backslash stands for in a name in quotes.
static char escaped(char letter)
{
	static const char letters[] = "abtnvfr", bytes[] = "\a\b\t\n\v\f\r";
	const char *at = strchr(letters, letter);

	return at && *at ? bytes[at - letters] : letter;
}

// A name in quotes, of which the first has been read.
static char *unquote(const char *at, const char *end)
{
	struct buf name = {0};

	buf_reserve(&name, 0);
	for (; at < end && *at != '"'; at++) {
		if (*at != '\\' || at + 1 >= end) {
			buf_addch(&name, *at);
		} else if (at + 3 < end && at[1] >= '0' && at[1] <= '3') {
			buf_addch(&name,
				  (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')));
			at += 3;
		} else {
			buf_addch(&name, escaped(*++at));
		}
	}
	return buf_detach(&name);
}

// Of 'a/NAME b/NAME', or of '"a/NAME" "b/NAME"'. NULL: it is neither.
static char *name_of(const char *at, const char *end)
{
	if (at < end && *at == '"') {
		char *name = unquote(at + 1, end);
		if (strlen(name) > 2)
			memmove(name, name + 2, strlen(name + 2) + 1);
		return name;
	}
	size_t n = (size_t)(end - at);
	return n > 5 ? xstrndup(at + 2, (n - 5) / 2) : NULL;
}

static bool begins(const char **at, const char *end, const char *words)
{
	size_t n = strlen(words);

	if ((size_t)(end - *at) < n || memcmp(*at, words, n) != 0)
		return false;
	*at += n;
	return true;
}

// '-1,2 +3,4 @@': the lines 3 to 6.
static void add_hunk(struct git_file *f, const char *at, const char *end)
{
	const char *plus = memchr(at, '+', (size_t)(end - at));
	char *rest;

	if (!plus)
		return;
	unsigned long first = strtoul(plus + 1, &rest, 10);
	unsigned long n = *rest == ',' ? strtoul(rest + 1, NULL, 10) : 1;
	const struct line_range lines = {(uint32_t)first, (uint32_t)(first + n - 1)};
	if (n > 0 && first > 0 && first + n < UINT32_MAX)
		VEC_PUSH(&f->lines, lines);
}

static void read_line(struct git_changes *changes, const char *at, const char *end)
{
	struct git_file *f = changes->n > 0 ? &changes->items[changes->n - 1] : NULL;

	if (begins(&at, end, "diff --git ")) {
		char *name = name_of(at, end);
		if (name)
			add(changes, name);
	} else if (f &&
		   (begins(&at, end, "new file mode ") || begins(&at, end, "deleted file mode "))) {
		f->is_news = true;
	} else if (f && begins(&at, end, "@@ ")) {
		add_hunk(f, at, end);
	}
}

void git_read_diff(struct git_changes *changes, const char *text, size_t n)
{
	const char *end = text + n;

	for (const char *at = text, *next; at < end; at = next) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		next = newline ? newline + 1 : end;
		read_line(changes, at, newline ? newline : end);
	}
}

static void read_unknown(struct git_changes *changes, const struct buf *names)
{
	for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1) {
		struct git_file *f = add(changes, xstrdup(names->data + at));
		f->is_news = f->is_whole = true;
	}
}

// ---- all of it ----

int git_find_changes(const char *revision, struct git_changes *changes, struct err *err)
{
	const char *const diff[] = {"--no-optional-locks",
				    "diff",
				    "--no-ext-diff",
				    "--no-textconv",
				    "--no-color",
				    "--no-renames",
				    "--src-prefix=a/",
				    "--dst-prefix=b/",
				    "--relative",
				    "-U0",
				    "--inter-hunk-context=0",
				    revision,
				    "--",
				    NULL};
	static const char *const unknown[] = {"ls-files", "-z", "--others", "--exclude-standard",
					      NULL};
	struct buf text = {0}, names = {0};
	int status = -1;

	if (!root_in_repository())
		err_set(err, 0, "there is no repository of git here");
	else if (*revision == '-' || !*revision)
		err_set(err, 0, "'%s' is no revision", revision);
	else if (strstr(revision, ".."))
		err_set(err, 0, "'%s' is a range: what has changed since one revision is asked",
			revision);
	else
		status = ask(diff, &text, err);
	if (status == 0)
		status = ask(unknown, &names, err);
	if (status == 0) {
		git_read_diff(changes, text.data, text.len);
		read_unknown(changes, &names);
	}
	buf_release(&text);
	buf_release(&names);
	return status;
}

void git_changes_release(struct git_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->items[i].path);
		free(changes->items[i].lines.items);
	}
	free(changes->items);
	*changes = (struct git_changes){0};
}
