// SPDX-License-Identifier: MIT
#include "jobserver/makeflags.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

#define JOBS_CHARS "0123456789"
#define LOAD_CHARS JOBS_CHARS "."

// Reads the word at *s into out (unescaped) and moves *s behind it. False if there is none.
static bool next_word(const char **s, struct buf *out)
{
	const char *p = *s + strspn(*s, " \t");

	buf_clear(out);
	if (!*p) {
		*s = p;
		return false;
	}
	for (; *p && *p != ' ' && *p != '\t'; p++) {
		if (*p == '\\' && p[1])
			p++;
		buf_addch(out, *p);
	}
	*s = p;
	return true;
}

static const char *after(const char *word, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(word, prefix, n) == 0 ? word + n : NULL;
}

static const char *auth_value(const char *word)
{
	const char *v = after(word, "--jobserver-auth=");

	return v ? v : after(word, "--jobserver-fds=");
}

// -j, -jN, --jobs, --jobs=N; the number behind it, "" if there is none, NULL if it is another word.
static const char *jobs_value(const char *word)
{
	const char *v = after(word, "--jobs");

	if (v)
		return *v == '=' ? v + 1 : *v ? NULL : v;
	v = after(word, "-j");
	return v && v[strspn(v, JOBS_CHARS)] == '\0' ? v : NULL;
}

// The same for -l, -lN, --load-average=N, --max-load=N.
static const char *load_value(const char *word)
{
	static const char *const names[] = {"--load-average", "--max-load"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = after(word, names[i]);
		if (v && (!*v || *v == '='))
			return *v ? v + 1 : v;
	}
	const char *v = after(word, "-l");
	return v && v[strspn(v, LOAD_CHARS)] == '\0' ? v : NULL;
}

static bool parse_int(const char *s, const char *stop, int *value)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (end == s || end != stop || v < INT_MIN || v > INT_MAX || isspace((unsigned char)*s))
		return false;
	*value = (int)v;
	return true;
}

// A bare -j has no limit. What is no positive number make refuses: such a word counts for nothing.
static void set_jobs(struct makeflags *m, const char *s)
{
	long n = strtol(s, NULL, 10); // LONG_MAX beyond that

	if (!*s)
		m->jobs = 0;
	else if (s[strspn(s, JOBS_CHARS)] == '\0' && n > 0)
		m->jobs = n > INT_MAX ? INT_MAX : (int)n;
}

// As set_jobs; a bare -l lifts the limit.
static void set_load(struct makeflags *m, const char *s)
{
	char *end;
	double load = strtod(s, &end);

	if (!*s)
		m->load = -1;
	else if (!*end && s[strspn(s, LOAD_CHARS)] == '\0')
		m->load = load;
}

// The number of a bare -j or -l may be the next word: reads that into word.
static bool next_number(const char **s, const char *chars, struct buf *word)
{
	const char *p = *s + strspn(*s, " \t");
	size_t n = strspn(p, chars);

	return n > 0 && strchr(" \t", p[n]) && next_word(s, word);
}

static void set_auth(struct makeflags *m, const char *value)
{
	const char *comma = strchr(value, ',');
	const char *path = after(value, "fifo:");

	free(m->text);
	free(m->path);
	m->text = xstrdup(value);
	m->path = NULL;
	if (path && *path) {
		m->auth = AUTH_FIFO;
		m->path = xstrdup(path);
	} else if (!path && comma && parse_int(value, comma, &m->read_fd) &&
		   parse_int(comma + 1, comma + strlen(comma), &m->write_fd)) {
		m->auth = m->read_fd < 0 || m->write_fd < 0 ? AUTH_NOT_OURS : AUTH_FDS;
	} else {
		m->auth = AUTH_MALFORMED;
	}
}

// Those of make's one-letter options that take a word: what follows in the same word is it.
#define WITH_WORD "CEIOWfjlo"

static void note_letters(struct makeflags *m, const char *letters)
{
	for (; *letters && !strchr(WITH_WORD, *letters); letters++) {
		m->dry_run |= strchr("ntq", *letters) != NULL;
		m->question |= *letters == 'q';
	}
}

static void note_dry_run(struct makeflags *m, const char *word, bool first)
{
	static const char *const names[] = {"--question", "--dry-run", "--just-print", "--recon",
					    "--touch"};

	// make writes its one-letter flags as the first word, a user as he would on the command
	// line.
	if (*word == '-' && word[1] != '-')
		note_letters(m, word + 1);
	else if (first && *word != '-' && !strchr(word, '='))
		note_letters(m, word);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		m->dry_run |= strcmp(word, names[i]) == 0;
	m->question |= strcmp(word, names[0]) == 0;
}

void makeflags_parse(struct makeflags *m, const char *value)
{
	struct buf word = {0};
	const char *s = value ? value : "";
	bool first = *s != ' ' && *s != '\t';

	*m = (struct makeflags){
		.auth = AUTH_NONE, .read_fd = -1, .write_fd = -1, .jobs = -1, .load = -1};
	for (; next_word(&s, &word) && strcmp(word.data, "--") != 0; first = false) {
		const char *auth = auth_value(word.data), *jobs = jobs_value(word.data);
		const char *load = load_value(word.data);
		if (auth)
			set_auth(m, auth);
		else if (jobs)
			set_jobs(m,
				 *jobs || !next_number(&s, JOBS_CHARS, &word) ? jobs : word.data);
		else if (load)
			set_load(m,
				 *load || !next_number(&s, LOAD_CHARS, &word) ? load : word.data);
		else
			note_dry_run(m, word.data, first);
	}
	buf_release(&word);
}

void makeflags_read(struct makeflags *m, const char *makeflags, const char *cargo_makeflags)
{
	makeflags_parse(m, makeflags);
	if (m->auth != AUTH_NONE)
		return;
	struct makeflags own = *m;
	makeflags_parse(m, cargo_makeflags);
	m->dry_run = own.dry_run;
	m->question = own.question;
	m->load = own.load;
	m->most = m->auth == AUTH_NONE ? 0 : own.jobs;
	if (m->auth == AUTH_NONE)
		m->jobs = own.jobs;
}

void makeflags_release(struct makeflags *m)
{
	free(m->path);
	free(m->text);
	*m = (struct makeflags){.auth = AUTH_NONE};
}

char *makeflags_without_jobserver(const char *value)
{
	struct buf out = {0}, word = {0};
	const char *s = value;

	for (const char *start = s; next_word(&s, &word); start = s) {
		const char *jobs = jobs_value(word.data);
		if (strcmp(word.data, "--") == 0) {
			buf_addstr(&out, start);
			break;
		}
		if (jobs && !*jobs)
			next_number(&s, JOBS_CHARS, &word);
		else if (!jobs && !auth_value(word.data))
			buf_add(&out, start, (size_t)(s - start));
	}
	buf_release(&word);
	return buf_detach(&out);
}

char *makeflags_with_jobserver(const char *value, int read_fd, int write_fd)
{
	char *clean = makeflags_without_jobserver(value ? value : "");
	struct buf out = {0}, word = {0};
	const char *s = clean, *behind = clean; // behind: the last word of make's own flags

	while (next_word(&s, &word) && strcmp(word.data, "--") != 0)
		behind = s;
	buf_add(&out, clean, (size_t)(behind - clean));
	buf_addf(&out, " -j --jobserver-auth=%d,%d", read_fd, write_fd);
	if (*behind && !strchr(" \t", *behind))
		buf_addch(&out, ' ');
	buf_addstr(&out, behind);
	buf_release(&word);
	free(clean);
	return buf_detach(&out);
}
