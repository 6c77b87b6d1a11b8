// SPDX-License-Identifier: MIT
#include "trace/preload/text.h"

#include <stddef.h>
#include <string.h>

// Much is not understood, and none of it has to be: what is not plain is given up. A word counts
// where a command may stand; what are arguments there, in a pattern of `case`, say, is one word
// more to be careful about.

#define WORD_BYTES 128
#define DEEPEST    8

struct reader {
	const char *at;
	void (*note)(const char *name);
	bool (*is_function)(const char *word);
	int depth;
	bool failed;
};

struct word {
	char text[WORD_BYTES]; // without its quotes
	size_t n;
	bool any;     // it has begun, even if it is empty
	bool expands; // what it comes to is known only to the shell
	bool globs;   // as well, if there are files
	bool quoted;  // a part of it
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

static void add(struct word *w, char c)
{
	w->any = true;
	if (w->n + 1 < sizeof w->text)
		w->text[w->n++] = c;
	else
		w->expands = true;
	w->text[w->n] = '\0';
}

// ---- what begins with $ ----

static void read_commands(struct reader *r, bool in_parentheses);

static void read_name(struct reader *r)
{
	char name[WORD_BYTES];
	size_t n = 0;

	while (is_letter(*r->at) || is_digit(*r->at)) {
		if (n + 1 < sizeof name)
			name[n++] = *r->at;
		r->at++;
	}
	name[n] = '\0';
	if (n + 1 == sizeof name)
		r->failed = true;
	else
		r->note(name);
}

static void read_dollar(struct reader *r);

// The word in "${NAME-WORD}"; with quotes there shells do not agree.
static void read_rest_of_braces(struct reader *r)
{
	while (!r->failed && *r->at != '}') {
		if (!*r->at || is_in(*r->at, "\"'`\\"))
			r->failed = true;
		else if (*r->at == '$')
			read_dollar(r);
		else
			r->at++;
	}
	r->at += !r->failed;
}

// Behind "${".
static void read_braces(struct reader *r)
{
	if (*r->at == '#' && is_letter(r->at[1]))
		r->at++;
	if (is_letter(*r->at))
		read_name(r);
	else if (is_in(*r->at, "0123456789@*#?$!-") && r->at[1] == '}')
		r->at++;
	else
		r->failed = true;
	if (*r->at == ':' && is_in(r->at[1], "-=?+"))
		r->at++;
	if (!is_in(*r->at, "}-=?+%#"))
		r->failed = true;
	read_rest_of_braces(r);
}

static void read_dollar(struct reader *r)
{
	char c = *++r->at;

	if (is_letter(c)) {
		read_name(r);
	} else if (c == '{') {
		r->at++;
		read_braces(r);
	} else if (c == '(') {
		// "$((" computes with variables that have no $.
		r->at++;
		if (*r->at == '(')
			r->failed = true;
		else
			read_commands(r, true);
	} else if (is_in(c, "['\"")) {
		r->failed = true;
	} else if (is_digit(c) || is_in(c, "@*#?$!-")) {
		r->at++;
	}
}

// ---- words ----

static void read_single(struct reader *r, struct word *w)
{
	for (r->at++; *r->at && *r->at != '\''; r->at++)
		add(w, *r->at);
	r->failed |= !*r->at;
	r->at += *r->at != '\0';
}

// A line that goes on in the next one may be in the middle of a word.
static void read_escaped(struct reader *r, struct word *w)
{
	r->at++;
	r->failed |= !*r->at || *r->at == '\n';
	if (!r->failed)
		add(w, *r->at++);
}

static void read_double(struct reader *r, struct word *w)
{
	r->at++;
	while (!r->failed && *r->at && *r->at != '"') {
		if (*r->at == '\\') {
			read_escaped(r, w);
		} else if (*r->at == '$') {
			w->expands = true;
			read_dollar(r);
		} else if (*r->at == '`') {
			r->failed = true;
		} else {
			add(w, *r->at++);
		}
	}
	r->failed |= !*r->at;
	r->at += *r->at != '\0';
}

static void read_piece(struct reader *r, struct word *w)
{
	w->any = true;
	switch (*r->at) {
	case '\'':
		w->quoted = true;
		read_single(r, w);
		break;
	case '"':
		w->quoted = true;
		read_double(r, w);
		break;
	case '\\':
		w->quoted = true;
		read_escaped(r, w);
		break;
	case '$':
		w->expands = true;
		read_dollar(r);
		break;
	case '`':
		r->failed = true;
		break;
	default:
		w->globs |= is_in(*r->at, "*?[{}~");
		add(w, *r->at++);
	}
}

static struct word read_word(struct reader *r)
{
	struct word w = {.n = 0};

	while (!r->failed && *r->at && !is_in(*r->at, " \t\n;&|()<>"))
		read_piece(r, &w);
	return w;
}

// ---- commands ----

static bool is_one_of(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

// Another command follows.
static bool goes_on(const char *word)
{
	static const char *const words[] = {"!",    "{",    "}",     "if",      "then",    "elif",
					    "else", "fi",   "while", "until",   "do",      "done",
					    "esac", "time", "exec",  "command", "builtin", NULL};

	return is_one_of(words, word);
}

// The words of shells that evaluate text, name variables by others' values, list or compute them.
static bool is_deep(const char *word)
{
	static const char *const words[] = {
		"eval",    ".",         "source",  "set",    "export",  "readonly", "declare",
		"typeset", "local",     "let",     "trap",   "alias",   "unalias",  "getopts",
		"unset",   "function",  "select",  "coproc", "compgen", "complete", "compopt",
		"mapfile", "readarray", "bind",    "enable", "fc",      "shopt",    "history",
		"print",   "nameref",   "integer", "float",  "setopt",  "autoload", "emulate",
		"whence",  "[[",        NULL};

	return is_one_of(words, word);
}

static bool is_assignment(const struct word *w, const char *start)
{
	const char *c = start;

	while (is_letter(*c) || (c > start && is_digit(*c)))
		c++;
	return w->any && c > start && (*c == '=' || (*c == '+' && c[1] == '='));
}

// Words that are what they are, though they look like patterns.
static bool is_mark(const char *word)
{
	static const char *const words[] = {"[", "{", "}", NULL};

	return is_one_of(words, word);
}

static bool tells_folder(const char *word)
{
	static const char *const words[] = {"pwd", "dirs", "pushd", "popd", NULL};

	return is_one_of(words, word);
}

// The first word of a command, or one more in front of it; returns whether the command has begun.
static bool take_first(struct reader *r, const struct word *w, const char *start)
{
	if (is_assignment(w, start))
		return false;
	if (w->expands || (w->globs && !is_mark(w->text)) || is_deep(w->text) ||
	    r->is_function(w->text))
		r->failed = true;
	// What stands behind `a)` in a substitution would be taken for the words around it.
	if (r->depth > 1 && strcmp(w->text, "case") == 0)
		r->failed = true;
	if (tells_folder(w->text))
		r->note("PWD");
	// An option of `command`, say: what it is about comes yet.
	return !goes_on(w->text) && w->text[0] != '-';
}

// An argument; names: of test, [ or read, where bash looks at variables by their names.
static void take_argument(struct reader *r, const struct word *w, bool names)
{
	if (names && (strcmp(w->text, "-v") == 0 || strcmp(w->text, "-R") == 0 ||
		      (w->n > 1 && memchr(w->text, '[', w->n))))
		r->failed = true;
	if (*w->text == '~' && !w->quoted)
		r->note("PWD");
}

static void skip_comment(struct reader *r)
{
	while (*r->at && *r->at != '\n')
		r->at++;
}

// A redirection: its word is no command. What comes behind << is text to be replaced, and more.
static void read_redirection(struct reader *r)
{
	if (r->at[0] == '<' && r->at[1] == '<')
		r->failed = true;
	while (is_in(*r->at, "<>&|"))
		r->at++;
	while (is_in(*r->at, " \t"))
		r->at++;
	if (*r->at != '(')
		read_word(r);
}

static bool is_number_of_redirection(const struct reader *r, const struct word *w)
{
	return !w->quoted && is_in(*r->at, "<>") && strspn(w->text, "0123456789") == w->n;
}

// One simple command, up to what separates it from the next.
static void read_command(struct reader *r)
{
	static const char *const of_names[] = {"test", "[", "read", NULL};
	bool begun = false, names = false;

	while (!r->failed && *r->at && !is_in(*r->at, "\n;&|()")) {
		if (is_in(*r->at, " \t")) {
			r->at++;
			continue;
		}
		if (*r->at == '#') {
			skip_comment(r);
			continue;
		}
		if (is_in(*r->at, "<>")) {
			read_redirection(r);
			continue;
		}
		const char *start = r->at;
		struct word w = read_word(r);
		if (is_number_of_redirection(r, &w))
			continue;
		if (begun)
			take_argument(r, &w, names);
		else if ((begun = take_first(r, &w, start)))
			names = is_one_of(of_names, w.text);
	}
}

static void read_commands(struct reader *r, bool in_parentheses)
{
	int open = 0;

	if (++r->depth > DEEPEST)
		r->failed = true;
	while (!r->failed && *r->at) {
		read_command(r);
		if (*r->at == ')' && open == 0 && in_parentheses)
			break;
		open += (*r->at == '(') - (*r->at == ')');
		// Two of them compute.
		if (r->at[0] == '(' && r->at[1] == '(')
			r->failed = true;
		r->at += *r->at != '\0';
	}
	if (in_parentheses && !*r->at)
		r->failed = true;
	else if (in_parentheses)
		r->at++;
	r->depth--;
}

bool text_tells_variables(const char *text, void (*note)(const char *name),
			  bool (*is_function)(const char *word))
{
	struct reader r = {.at = text, .note = note, .is_function = is_function};

	read_commands(&r, false);
	return !r.failed;
}
