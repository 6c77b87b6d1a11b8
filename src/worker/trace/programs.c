// SPDX-License-Identifier: MIT
#include "worker/trace/programs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/trace/log.h"

enum kind {
	ORDINARY,     // it calls getenv
	READS_TEXT,   // it takes the whole environment, and uses what its text names: $NAME
	READS_WHOLE,  // it takes the whole environment, and nothing tells what it uses
	PRINTS_WHOLE, // unless it is given a command
	PRINTS_NAMED, // or all, if none is named
	READS_ENVIRON // if its text has that word
};

static const struct program {
	const char *name; // a version may follow
	enum kind kind;
} programs[] = {
	{"sh", READS_TEXT},     {"dash", READS_TEXT},       {"bash", READS_TEXT},
	{"ash", READS_TEXT},    {"ksh", READS_TEXT},        {"mksh", READS_TEXT},
	{"zsh", READS_TEXT},    {"yash", READS_TEXT},       {"busybox", READS_TEXT},
	{"make", READS_TEXT},   {"gmake", READS_TEXT},      {"env", PRINTS_WHOLE},
	{"awk", READS_ENVIRON}, {"gawk", READS_ENVIRON},    {"mawk", READS_ENVIRON},
	{"perl", READS_WHOLE},  {"printenv", PRINTS_NAMED}, {"python", READS_WHOLE},
	{"ruby", READS_WHOLE},  {"tclsh", READS_WHOLE},     {"php", READS_WHOLE},
	{"node", READS_WHOLE},
};

static bool reads_text; // set before main begins

// ---- names in a text ----

// A text comes in pieces: where in it we are.
struct scan {
	enum { TEXT, DOLLAR, NAME } at;
	char name[128];
	size_t n;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void scan_byte(struct scan *s, char c)
{
	bool in_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';

	if (s->at == NAME && in_name && s->n + 1 < sizeof s->name) {
		s->name[s->n++] = c;
	} else if (s->at == NAME) {
		s->name[s->n] = '\0';
		environment_note(s->name);
		s->at = TEXT;
	} else if (s->at == DOLLAR && in_name && !is_digit(c)) {
		s->at = NAME;
		s->name[0] = c;
		s->n = 1;
	} else if (s->at == DOLLAR && !strchr("{(#!", c)) {
		s->at = TEXT;
	}
	if (c == '$')
		s->at = DOLLAR;
}

static void scan(struct scan *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		scan_byte(s, text[i]);
}

static void scan_word(const char *word)
{
	struct scan s = {.at = TEXT};

	do
		scan_byte(&s, *word);
	while (*word++);
}

#define TEXT_MAX_BYTES (1 << 20) // what is longer is no script

void programs_have_opened(int fd)
{
	struct scan s = {.at = TEXT};
	struct stat st;
	char piece[4096];
	ssize_t n;
	int errnum = errno;

	if (!reads_text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	for (off_t at = 0; at < TEXT_MAX_BYTES; at += n) {
		n = pread(fd, piece, sizeof piece, at);
		if (n <= 0)
			break;
		scan(&s, piece, (size_t)n);
	}
	scan_byte(&s, '\n');
	errno = errnum;
}

// ---- what a program is ----

// This and what else happens in every process does without libc where that is easy: each of its
// functions has to be looked up before it is called, and most processes do little else.
static bool is_version_of(const char *name, const char *program)
{
	for (; *program; program++, name++)
		if (*name != *program)
			return false;
	while (is_digit(*name) || *name == '.')
		name++;
	return !*name;
}

static enum kind kind_of(const char *argv0)
{
	const char *name = argv0;

	for (const char *c = argv0; *c; c++)
		if (*c == '/')
			name = c + 1;
	name += *name == '-'; // a login shell
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (is_version_of(name, programs[i].name))
			return programs[i].kind;
	return ORDINARY;
}

static bool has_command(char **words)
{
	for (; *words; words++)
		if (**words != '-' && !strchr(*words, '='))
			return true;
	return false;
}

static bool mentions_environ(char **words)
{
	for (; *words; words++)
		if (strncmp(*words, "-f", 2) == 0 || strstr(*words, "ENVIRON"))
			return true;
	return false;
}

static bool names_variables(char **words)
{
	bool any = false;

	for (; *words; words++)
		if (**words != '-') {
			environment_note(*words);
			any = true;
		}
	return any;
}

// What a shell looks at besides.
static void reads_as_a_shell(char **words)
{
	static const char *const names[] = {"PATH", "HOME", "CDPATH", "ENV", "BASH_ENV"};

	reads_text = true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		environment_note(names[i]);
	for (; *words; words++)
		scan_word(*words);
}

void programs_begin(int argc, char **argv)
{
	enum kind kind = argc > 0 ? kind_of(argv[0]) : ORDINARY;

	if (kind == ORDINARY)
		return;
	if (kind == READS_TEXT)
		reads_as_a_shell(argv + 1);
	if (kind == READS_WHOLE || (kind == PRINTS_WHOLE && !has_command(argv + 1)) ||
	    (kind == PRINTS_NAMED && !names_variables(argv + 1)) ||
	    (kind == READS_ENVIRON && mentions_environ(argv + 1)))
		log_name(TRACE_ENVIRONMENT, argv[0], 0);
}
